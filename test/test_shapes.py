"""Shapes of links: boxes, cylinders, spheres and meshes, where the URDF puts them."""

from types import SimpleNamespace

import numpy as np
import pytest

from motionclip_ros.retargeting.robots.correspondence import Correspondence, LinkMatch
from motionclip_ros.retargeting.robots.robot import load_robot, robot_from
from motionclip_ros.retargeting.robots.shapes import missing_meshes, shapes
from motionclip_ros.retargeting.robots.soles import find_sole
from motionclip_ros.retargeting.robots.urdf import read_urdf

FIXED = '<joint name="weld" type="fixed"><parent link="foot"/><child link="sole"/>'
HINGE = (
    '<joint name="hinge" type="revolute"><parent link="base"/><child link="foot"/>'
    '<origin xyz="0 0 -1"/><limit lower="-1" upper="1" velocity="1" effort="1"/></joint>'
)


@pytest.fixture
def robot_with(tmp_path):
    def _robot(geometry: str, origin: str = '<origin xyz="0 0 0"/>'):
        path = tmp_path / 'r.urdf'
        path.write_text(
            f'<robot name="r"><link name="base"/><link name="foot"/><link name="sole"><visual>'
            f'{origin}<geometry>{geometry}</geometry></visual></link>{HINGE}{FIXED}'
            '<origin xyz="0.02 0 -0.05"/></joint></robot>'
        )
        given = Correspondence(
            'test', {'base': LinkMatch('pelvis')}, acceleration_limits={'*': 9.0}
        )
        return robot_from(read_urdf(path), given)

    return _robot


@pytest.mark.parametrize(
    ('geometry', 'half'),
    [
        ('<box size="0.2 0.1 0.04"/>', [0.1, 0.05, 0.02]),
        ('<cylinder radius="0.1" length="0.04"/>', [0.1, 0.1, 0.02]),
        ('<sphere radius="0.1"/>', [0.1, 0.1, 0.1]),
    ],
)
def test_shapes_have_their_size_and_outward_triangles(robot_with, geometry, half) -> None:
    (shape,) = shapes(robot_with(geometry))
    assert (shape.link, shape.body) == ('sole', 0)
    np.testing.assert_allclose(np.ptp(shape.vertices, axis=0) / 2, half, atol=1e-9)
    centre = [0.02, 0.0, -0.05]
    np.testing.assert_allclose(shape.vertices.mean(axis=0), centre, atol=1e-9)
    corners = shape.vertices[shape.triangles]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    assert ((normal * (corners.mean(axis=1) - centre)).sum(axis=1) > 0.0).all()


def test_a_turned_shape_is_turned(robot_with) -> None:
    turned = robot_with('<box size="0.2 0.1 0.04"/>', '<origin rpy="0 0 1.5707963267949"/>')
    (shape,) = shapes(turned)
    np.testing.assert_allclose(np.ptp(shape.vertices, axis=0), [0.1, 0.2, 0.04], atol=1e-9)


def test_a_mesh_that_is_nowhere_is_named_and_does_no_harm(robot_with) -> None:
    robot = robot_with('<mesh filename="package://gone/foot.stl"/>')
    assert shapes(robot) == []
    assert missing_meshes(robot) == ['package://gone/foot.stl']
    assert missing_meshes(load_robot('g1')) == []


def test_a_sole_is_the_lowest_rectangle(robot_with) -> None:
    robot = robot_with('<box size="0.2 0.1 0.04"/>')
    sole = find_sole(robot, 'foot', shapes(robot), np.eye(3), 1.0, np.zeros(1))
    assert sole.heel == ((-0.08, 0.05, -0.07), (-0.08, -0.05, -0.07))
    assert sole.toe == ((0.12, 0.05, -0.07), (0.12, -0.05, -0.07))


def test_a_collada_mesh_is_turned_as_it_says(tmp_path) -> None:
    from motionclip_ros.retargeting.robots.meshes import load_mesh

    points = '0 0 0 1 0 0 0 2 0'
    for up, expected in (('Z_UP', [0, 2, 0]), ('Y_UP', [0, 0, 2])):
        path = tmp_path / f'{up}.dae'
        path.write_text(
            '<?xml version="1.0"?><COLLADA xmlns="http://www.collada.org/2005/11/COLLADASchema" '
            f'version="1.4.1"><asset><up_axis>{up}</up_axis></asset><library_geometries>'
            '<geometry id="g"><mesh><source id="p"><float_array id="a" count="9">'
            f'{points}</float_array><technique_common><accessor source="#a" count="3" stride="3">'
            '<param name="X" type="float"/><param name="Y" type="float"/>'
            '<param name="Z" type="float"/></accessor></technique_common></source>'
            '<vertices id="v"><input semantic="POSITION" source="#p"/></vertices>'
            '<triangles count="1"><input semantic="VERTEX" source="#v" offset="0"/><p>0 1 2</p>'
            '</triangles></mesh></geometry></library_geometries><library_visual_scenes>'
            '<visual_scene id="s"><node><instance_geometry url="#g"/></node></visual_scene>'
            '</library_visual_scenes><scene><instance_visual_scene url="#s"/></scene></COLLADA>'
        )
        mesh = load_mesh(path)
        np.testing.assert_allclose(mesh.vertices[mesh.triangles[0]][2], expected, atol=1e-6)


def test_only_the_urdf_is_needed_to_find_a_mesh(tmp_path) -> None:
    from motionclip_ros.retargeting.robots.meshes import mesh_path

    assert mesh_path(SimpleNamespace(urdf_path=tmp_path / 'r.urdf'), 'none.stl') is None

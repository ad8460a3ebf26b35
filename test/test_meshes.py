"""Meshes: found wherever a package may lie, and read whatever their format."""

from types import SimpleNamespace

import numpy as np
import pytest

from motionclip_model.errors import RobotError
from motionclip_ros.retargeting.robots.meshes import load_mesh, mesh_path
from motionclip_ros.retargeting.robots.robot import load_robot

TRIANGLE = """solid one
facet normal 0 0 1
outer loop
vertex 0 0 0
vertex 1 0 0
vertex 0 2 0
endloop
endfacet
endsolid one
"""


@pytest.fixture
def robot(tmp_path):
    """A URDF in a package whose folder has another name."""
    folder = tmp_path / 'clone-main'
    (folder / 'urdf').mkdir(parents=True)
    (folder / 'package.xml').write_text('<package><name>my_robot</name></package>')
    return SimpleNamespace(urdf_path=folder / 'urdf' / 'my.urdf')


def put(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(TRIANGLE)
    return path


@pytest.mark.parametrize(
    ('uri', 'place'),
    [
        ('package://my_robot/meshes/a.stl', 'clone-main/meshes/a.stl'),
        ('package://clone-main/meshes/a.stl', 'clone-main/meshes/a.stl'),
        ('package://gone/deep/meshes/a.stl', 'clone-main/urdf/meshes/a.stl'),
        ('package://gone/deep/meshes/a.stl', 'clone-main/meshes/a.stl'),
        ('../meshes/a.stl', 'clone-main/meshes/a.stl'),
        ('package://my_robot/with%20space.stl', 'clone-main/with space.stl'),
    ],
)
def test_meshes_are_found_around_the_urdf(robot, tmp_path, uri, place) -> None:
    assert mesh_path(robot, uri) is None
    found = put(tmp_path / place)
    assert mesh_path(robot, uri).samefile(found)
    assert mesh_path(robot, f'file://{found}').samefile(found)
    assert mesh_path(robot, str(found)).samefile(found)


@pytest.mark.parametrize(
    ('variable', 'value', 'place'),
    [
        ('ROS_PACKAGE_PATH', 'ws/src', 'ws/src/arm/a.stl'),
        ('ROS_PACKAGE_PATH', 'ws/src', 'ws/src/stack/arm/a.stl'),
        ('ROS_PACKAGE_PATH', 'ws/src/arm', 'ws/src/arm/a.stl'),
        ('AMENT_PREFIX_PATH', 'install', 'install/share/arm/a.stl'),
    ],
)
def test_meshes_are_found_in_workspaces(
    robot, tmp_path, monkeypatch, variable, value, place
) -> None:
    found = put(tmp_path / place)
    assert mesh_path(robot, 'package://arm/a.stl') is None
    monkeypatch.setenv(variable, f'nowhere:{tmp_path / value}')
    assert mesh_path(robot, 'package://arm/a.stl').samefile(found)


def test_a_package_is_known_by_its_own_name(robot, tmp_path) -> None:
    deep = SimpleNamespace(urdf_path=robot.urdf_path.parent / 'v1' / 'deep' / 'my.urdf')
    found = put(tmp_path / 'clone-main/meshes/a.stl')
    assert mesh_path(deep, 'package://my_robot/meshes/a.stl').samefile(found)
    assert mesh_path(deep, 'package://other/meshes/a.stl') is None


def test_nothing_is_downloaded(robot, tmp_path) -> None:
    put(robot.urdf_path.parent / 'a.stl')
    assert mesh_path(robot, 'https://example.org/a.stl') is None


def test_every_mesh_of_the_g1_is_found() -> None:
    g1 = load_robot('g1')
    text = g1.urdf_path.read_text()
    uris = {part.split('"')[0] for part in text.split('filename="')[1:]}
    assert uris
    assert all(mesh_path(g1, uri) for uri in uris)


def test_a_mesh_is_read_and_scaled(tmp_path) -> None:
    mesh = load_mesh(put(tmp_path / 'a.stl'), (1.0, 0.5, 1.0))
    corners = mesh.vertices[mesh.triangles[0]]
    np.testing.assert_allclose(corners, [[0, 0, 0], [1, 0, 0], [0, 1, 0]])


def test_what_is_no_mesh_is_refused(tmp_path) -> None:
    path = tmp_path / 'a.stl'
    path.write_text('no mesh')
    with pytest.raises(RobotError, match='not a mesh'):
        load_mesh(path)

"""A robot's collision model: read, or fitted once and remembered."""

import json

import numpy as np
import pytest
from collision_cases import build, element, joint, link

from motionclip_model.errors import ConfigError
from motionclip_ros.retargeting.collision import library
from motionclip_ros.retargeting.collision.geometry import read_shape
from motionclip_ros.retargeting.collision.model import collision_model
from motionclip_ros.retargeting.robots.robot import load_robot

SPHERE = (((0.0, 0.0, 0.0), (0.0, 0.0, 0.0), 0.1),)
TWO = (SPHERE[0], ((0.0, 0.0, 0.1), (0.0, 0.0, 0.2), 0.05))
PARTS = (
    link('body', element('<sphere radius="0.1"/>')),
    *(link('arm'), joint('body', 'arm', '0 0 1', xyz='0.3 0 0')),
    *(
        link('hand', element('<sphere radius="0.05"/>')),
        joint('arm', 'hand', '1 0 0', xyz='0.2 0 0'),
    ),
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / 'cache'
    monkeypatch.setenv('XDG_CACHE_HOME', str(folder))
    return folder


@pytest.fixture
def slow_parts_counted(monkeypatch):
    calls = []
    fit = library.fit_capsules
    monkeypatch.setattr(library, 'fit_capsules', lambda robot: calls.append(robot) or fit(robot))
    return calls


def test_the_model_of_the_g1_stands_in_its_file(slow_parts_counted) -> None:
    robot = load_robot('g1')
    model = collision_model(robot)
    given = robot.correspondence
    assert set(model.links) == given.capsules.keys()
    assert set(model.link_pairs) == set(given.collision_pairs)
    assert not slow_parts_counted
    one, other = model.pairs.T
    assert (model.capsules.body[one] != model.capsules.body[other]).all()
    changes = np.flatnonzero(
        [model.links[a] != model.links[c] or model.links[b] != model.links[d]
         for (a, b), (c, d) in zip(model.pairs[1:], model.pairs[:-1], strict=True)]
    )  # fmt: skip
    assert len(changes) + 1 == len(given.collision_pairs), 'pairs of the same links lie together'


def test_given_capsules_and_pairs_are_used_as_they_are(tmp_path, slow_parts_counted) -> None:
    robot = build(
        tmp_path,
        *PARTS,
        capsules={'body': TWO, 'hand': SPHERE},
        collision_pairs=(('body', 'hand'),),
    )
    model = collision_model(robot)
    assert model.links == ('body', 'body', 'hand')
    assert sorted(map(sorted, model.pairs.tolist())) == [[0, 2], [1, 2]]
    np.testing.assert_allclose(model.capsules.radius, [0.1, 0.05, 0.1])
    assert model.capsules.body.tolist() == [-1, -1, 1]
    assert not slow_parts_counted


def test_what_is_not_given_is_fitted_once(tmp_path, cache, slow_parts_counted) -> None:
    first = collision_model(build(tmp_path, *PARTS))
    assert set(first.links) == {'body', 'hand'}
    assert len(slow_parts_counted) == 1
    again = collision_model(build(tmp_path, *PARTS))
    assert len(slow_parts_counted) == 1
    np.testing.assert_array_equal(first.capsules.start, again.capsules.start)
    np.testing.assert_array_equal(first.pairs, again.pairs)
    assert first.links == again.links


def test_a_changed_robot_is_fitted_anew(tmp_path, slow_parts_counted) -> None:
    collision_model(build(tmp_path, *PARTS))
    larger = (link('body', element('<capsule radius="0.1" length="0.4"/>')), *PARTS[1:])
    model = collision_model(build(tmp_path, *larger))
    assert len(slow_parts_counted) == 2
    ends = np.concatenate([model.capsules.start, model.capsules.end])
    assert np.ptp(ends[:, 2]) > 0.3


@pytest.mark.parametrize(
    'content', [b'', b'{', b'[1]', b'{"capsules": {"body": [1]}, "pairs": []}', b'\xff\x00']
)
def test_a_damaged_memory_is_made_again(tmp_path, cache, slow_parts_counted, content) -> None:
    first = collision_model(build(tmp_path, *PARTS))
    (file,) = cache.rglob('*.json')
    file.write_bytes(content)
    again = collision_model(build(tmp_path, *PARTS))
    assert len(slow_parts_counted) == 2
    np.testing.assert_array_equal(first.capsules.end, again.capsules.end)
    assert json.loads(file.read_bytes())['capsules']


def shapes(robot) -> list[tuple[str, bytes]]:
    return [(piece.link, piece.points.tobytes()) for piece in library.pieces(robot)]


@pytest.mark.parametrize('content', [None, b'', b'PK\x03\x04', b'\x93NUMPY'])
def test_pieces_are_the_same_from_the_meshes_from_memory_and_if_that_is_damaged(
    tmp_path, cache, monkeypatch, content
) -> None:
    robot = build(tmp_path, *PARTS)
    first = shapes(robot)
    assert first == [(p.link, p.points.tobytes()) for p in read_shape(robot).pieces]
    (file,) = cache.rglob('*.npz')
    if content is None:
        monkeypatch.setattr(library, 'read_shape', None)  # nobody may ask for it again
    else:
        file.write_bytes(content)
    assert shapes(robot) == first
    larger = (link('body', element('<capsule radius="0.1" length="0.4"/>')), *PARTS[1:])
    if content is not None:
        assert shapes(build(tmp_path, *larger)) != first


def test_a_home_that_cannot_be_written_to_is_no_obstacle(tmp_path, monkeypatch) -> None:
    blocked = tmp_path / 'file'
    blocked.write_text('not a folder')
    monkeypatch.setenv('XDG_CACHE_HOME', str(blocked))
    assert collision_model(build(tmp_path, *PARTS)).links
    assert library.pieces(build(tmp_path, *PARTS))


def test_a_robot_without_geometry_has_an_empty_model(tmp_path) -> None:
    parts = (link('body'), link('arm'), joint('body', 'arm', '0 0 1'))
    model = collision_model(build(tmp_path, *parts))
    assert model.links == ()
    assert model.pairs.shape == (0, 2)
    assert model.capsules.start.shape == (0, 3)
    assert model.link_pairs == ()


def test_a_pair_whose_link_has_no_capsules_is_refused_in_one_line(tmp_path) -> None:
    robot = build(tmp_path, *PARTS, capsules={'body': SPHERE}, collision_pairs=(('body', 'hand'),))
    with pytest.raises(ConfigError, match=r'small.yaml: collision_pairs names hand, .* body$'):
        collision_model(robot)

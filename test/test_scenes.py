"""What is drawn is what was done, in its order, for as long as it was done."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_conversions import random_motion, random_trajectory

from motionclip_model.errors import ConfigError, MotionError
from motionclip_ros import showing
from motionclip_ros.bag import Performed
from motionclip_ros.execution.planning import Departure
from motionclip_ros.film import captioned
from motionclip_ros.provenance import Provenance, Sources
from motionclip_ros.scenes import Scene, load_scenes, recorded

SECOND = 1_000_000_000


def performed(start: float, text: str = 'wave', seed: int = 1, begins: float = 0.2) -> Performed:
    """Something that a robot was told at a time [s]."""
    provenance = Provenance(
        text=text,
        is_stop=False,
        seed=seed,
        requested_seconds=None,
        joints=(),
        posture={},
        velocity_scaling=1.0,
        acceleration_scaling=1.0,
        origin=Departure(None),
        start=round(start * SECOND),
        sources=Sources('base', 'abc', 'g1', 'def', '', '0'),
    )
    report = {'text': text, 'motion_begins_s': begins, 'provenance': provenance.facts()}
    return Performed(report, random_trajectory(seed), random_motion(seed))


@given(st.lists(st.floats(0.01, 3.0), min_size=1, max_size=4))
def test_a_recorded_motion_lasts_until_the_next_takes_over(waits) -> None:
    starts = np.cumsum(waits)
    told = [performed(start, str(number)) for number, start in enumerate(starts)]
    scenes = [scene for scene, _ in recorded(told, 'a bag')]
    assert [each for _, each in recorded(told, 'a bag')] == told
    assert [scene.caption for scene in scenes] == [str(number) for number in range(len(starts))]
    whole = told[0].trajectory.seconds
    expected = [*np.minimum(np.diff(starts), whole), whole]
    np.testing.assert_allclose([scene.seconds for scene in scenes], expected, atol=1e-6)
    assert all(scene.begins == 0.2 for scene in scenes)


def test_the_person_waits_for_the_robot_and_ends_with_it() -> None:
    trajectory = random_trajectory(1)
    scene = Scene('', trajectory.seconds, random_motion(1), trajectory, begins=0.5)
    part = scene.part(np.array([0.0, 0.5, (0.5 + trajectory.seconds) / 2, trajectory.seconds, 99]))
    np.testing.assert_allclose(part, [0.0, 0.0, 0.5, 1.0, 1.0])


@given(st.lists(st.floats(0.3, 2.0), min_size=1, max_size=4), st.sampled_from([None, 12.5, 25.0]))
def test_pictures_are_spread_evenly_over_all_scenes(lengths, rate) -> None:
    scenes = [Scene('', seconds) for seconds in lengths]
    shots = showing._shots(scenes, rate)
    times = np.concatenate([shot.film_times for shot in shots])
    assert times[0] == 0.0
    assert times[-1] == pytest.approx(sum(lengths))
    np.testing.assert_allclose(np.diff(times), times[1] - times[0])
    for shot in shots:
        assert (shot.times >= -1e-9).all()
        assert (shot.times <= shot.scene.seconds + 1e-9).all()


def test_who_has_nothing_to_do_waits() -> None:
    motion, trajectory = random_motion(1), random_trajectory(1)
    scenes = [Scene('a', 1.0, motion, trajectory), Scene('b', 1.0, None, random_trajectory(2))]
    person = showing._person(showing._shots(scenes, showing.FILM_FPS))
    second = person.root_position[round(showing.FILM_FPS) + 1 :]
    np.testing.assert_array_equal(second, np.tile(motion.root_position[-1], (len(second), 1)))
    assert showing._person(showing._shots([scenes[1]], showing.FILM_FPS)) is None


def test_a_folder_of_generate_is_read_in_order(tmp_path: Path) -> None:
    for number in range(2):
        random_motion(number).save(tmp_path / f'motion_{number}.npz')
        random_trajectory(number).save(tmp_path / f'trajectory_{number}.npz')
        (tmp_path / f'report_{number}.json').write_text(json.dumps({'text': f'walk {number}'}))
    scenes, robot = load_scenes(tmp_path)
    assert [scene.caption for scene in scenes] == ['walk 0', 'walk 1']
    assert all(scene.motion is not None for scene in scenes)
    assert robot is None


def test_a_trajectory_may_have_its_person_beside_it(tmp_path: Path, clips) -> None:
    random_trajectory(1).save(tmp_path / 't.npz')
    ((alone,), _) = load_scenes(tmp_path / 't.npz')
    assert (alone.motion, alone.caption) == (None, 't')
    ((both,), _) = load_scenes(tmp_path / 't.npz', clips['wave'])
    assert both.motion is not None
    ((person,), _) = load_scenes(clips['wave'])
    assert person.trajectory is None
    assert person.seconds == person.motion.seconds


def test_what_cannot_be_drawn_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match='neither a recording nor a folder of'):
        load_scenes(tmp_path)
    (tmp_path / 'x.npz').write_bytes(b'no zip')
    with pytest.raises(MotionError, match=r'x\.npz'):
        load_scenes(tmp_path / 'x.npz')
    with pytest.raises(ConfigError, match='neither a person nor a robot'):
        showing.show(tmp_path / 'x.png', [Scene('', 1.0)], None)


def test_a_caption_is_below_the_picture_and_shortened_to_its_width() -> None:
    frame = np.full((60, 200, 3), 128, np.uint8)
    short, long = captioned(frame, 'wave', '1.0 s'), captioned(frame, 'wave ' * 100, '1.0 s')
    for picture in (short, long):
        assert picture.shape == (100, 200, 3)
        np.testing.assert_array_equal(picture[:60], frame)
    ink = [np.nonzero((picture[60:] < 100).any(axis=(0, 2)))[0] for picture in (short, long)]
    assert ink[0].size
    assert ink[1].max() > ink[0].max() + 50
    corner = short[60:, 160:]
    np.testing.assert_array_equal(long[60:, 160:], corner)
    assert (corner < 200).any()

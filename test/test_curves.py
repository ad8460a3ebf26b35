"""A trajectory in a notebook: the joints that move most, with their peaks."""

import re

import numpy as np
import pytest
from cards import SVG, card_of, texts
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from motionclip_model.notebook import COLOURS, printable
from motionclip_ros.retargeting.curves import BOTTOM, COLUMNS, LEFT, RIGHT, TOP
from motionclip_ros.retargeting.trajectory import RobotTrajectory


def trajectory(times, positions, velocities=None, names=None) -> RobotTrajectory:
    points, joints = np.shape(positions)
    return RobotTrajectory(
        tuple(names or (f'joint_{index}' for index in range(joints))),
        np.asarray(times, float),
        np.asarray(positions, float),
        np.zeros((points, joints)) if velocities is None else np.asarray(velocities, float),
        np.zeros((points, 3)),
        np.tile([0.0, 0.0, 0.0, 1.0], (points, 1)),
    )


def waves(joints: int = 9, points: int = 200, seconds: float = 4.0) -> RobotTrajectory:
    """Sines whose amplitudes grow with the number of the joint, but for the last, which rests."""
    times = np.linspace(0.0, seconds, points)
    amplitudes = np.append(np.arange(1, joints) / 10.0, 0.0)
    phase = 2 * np.pi * times[:, None] + np.arange(joints)
    return trajectory(times, amplitudes * np.sin(phase), 2 * np.pi * amplitudes * np.cos(phase))


def curves(picture) -> dict[str, np.ndarray]:
    """Corners [corner, 2] of the curves by their colours."""
    return {
        path.get('stroke'): np.array(re.findall(r'[-\d.]+', path.get('d')), float).reshape(-1, 2)
        for path in picture.iter(f'{SVG}path')
    }


def names_by_colour(picture) -> dict[str, str]:
    return {
        (part.get('style') or '').removeprefix('fill:'): part.text
        for part in reversed(list(picture.iter(f'{SVG}text')))
        if (part.get('style') or '').startswith('fill:') and part.get('text-anchor') == 'start'
    }


def scale(picture) -> tuple[float, float]:
    """Position at the height 0 of the card [rad] and pixels to a radian, read off the ruling."""
    marks = [
        (float(part.text), float(part.get('y')) - 4.0)
        for part in picture.iter(f'{SVG}text')
        if part.get('text-anchor') == 'end' and re.fullmatch(r'-?[\d.]+', part.text)
        and float(part.get('x')) < LEFT
    ]  # fmt: skip
    (one, high), (other, low) = marks[0], marks[-1]
    pixels = (low - high) / (one - other)
    return one + high / pixels, pixels


def test_those_that_move_most_are_drawn_in_their_order() -> None:
    picture = card_of(waves(9))
    named = names_by_colour(picture)
    assert [named[colour] for colour in COLOURS] == [f'joint_{i}' for i in (7, 6, 5, 4, 3, 2)]
    assert '3 more, at most' in texts(picture)
    ranges = [float(text) for text in texts(picture) if re.fullmatch(r'\d\.\d\d', text)]
    assert ranges[:3] == pytest.approx([1.6, 1.4, 1.2], abs=0.01)


def test_a_curve_is_the_path_of_its_joint() -> None:
    shown = waves(9)
    picture = card_of(shown)
    zero, pixels = scale(picture)
    for colour, name in names_by_colour(picture).items():
        corners = curves(picture)[colour]
        times = (corners[:, 0] - LEFT) / (RIGHT - LEFT) * shown.seconds
        path = shown.sample(np.clip(times, 0.0, shown.seconds)).positions
        expected = path[:, shown.joint_names.index(name)]
        # A tenth of a pixel in each direction.
        np.testing.assert_allclose(zero - corners[:, 1] / pixels, expected, atol=0.02)


def test_between_points_the_path_is_a_cubic() -> None:
    picture = card_of(trajectory([0.0, 2.0], [[0.0], [0.0]], [[3.0], [-3.0]]))
    zero, pixels = scale(picture)
    (corners,) = curves(picture).values()
    assert zero - corners[:, 1].min() / pixels == pytest.approx(1.5, abs=0.02)


def test_no_peak_of_a_long_trajectory_is_lost() -> None:
    points = 36_000
    positions = np.zeros((points, 2))
    positions[12_345, 0], positions[30_001, 0] = 2.0, -1.0
    positions[777, 1] = 0.5
    shown = trajectory(np.arange(points) / 60.0, positions)
    picture = card_of(shown)
    assert len(shown._repr_html_()) < 60_000
    zero, pixels = scale(picture)
    by_name = {name: colour for colour, name in names_by_colour(picture).items()}
    heights = {n: zero - curves(picture)[c][:, 1] / pixels for n, c in by_name.items()}
    assert heights['joint_0'].max() == pytest.approx(2.0, abs=0.01)
    assert heights['joint_0'].min() == pytest.approx(-1.0, abs=0.01)
    assert heights['joint_1'].max() == pytest.approx(0.5, abs=0.01)
    assert all(len(each) == 2 * COLUMNS + 1 for each in heights.values())


def test_the_caption_names_the_fastest_joint() -> None:
    shown = trajectory([0.0, 1.0], [[0.0, 0.0], [0.1, 1.0]], [[-4.25, 0.0], [0.0, 1.0]])
    assert texts(card_of(shown))[0] == (
        '1.0 s, 2 points, 2 joints; fastest: joint_0 with 4.2 rad/s'
    )
    assert repr(shown) == '<RobotTrajectory: 1.0 s, 2 points, 2 joints>'


def test_names_are_written_as_they_are_but_not_for_ever() -> None:
    names = ('<b>&amp;</b>', '"quoted" \x00 \ud800', 'a' * 60)
    picture = card_of(trajectory([0.0, 1.0], [[0.0, 0.0, 0.0], [3.0, 2.0, 1.0]], names=names))
    named = names_by_colour(picture)
    assert named[COLOURS[0]] == '<b>&amp;</b>'
    assert named[COLOURS[1]] == printable(names[1])
    assert named[COLOURS[2]] == 'a' * 27 + '…'


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_trajectory_is_drawn_inside_its_frame(data) -> None:
    points, joints = data.draw(st.integers(2, 30)), data.draw(st.integers(1, 8))
    steps = data.draw(arrays(float, points - 1, elements=st.floats(1e-3, 1e3)))
    start = data.draw(st.floats(0.0, 100.0))
    numbers = arrays(float, (points, joints), elements=st.floats(-1e4, 1e4))
    names = data.draw(st.lists(st.text(), min_size=joints, max_size=joints, unique=True))
    times = start + np.append(0.0, np.cumsum(steps))
    shown = trajectory(times, data.draw(numbers), data.draw(numbers), names)
    picture = card_of(shown)
    drawn = curves(picture)
    assert len(drawn) == min(len(shown.joint_names), len(COLOURS))
    for corners in drawn.values():
        assert np.isfinite(corners).all()
        assert corners[:, 0].min() >= LEFT - 0.06
        assert corners[:, 0].max() <= RIGHT + 0.06
        assert corners[:, 1].min() >= TOP - 0.06
        assert corners[:, 1].max() <= BOTTOM + 0.06
        assert (np.diff(corners[:, 0]) >= 0.0).all()


def test_a_robot_that_rests_is_a_level_line() -> None:
    picture = card_of(trajectory([0.0, 5.0], np.full((2, 3), 0.4)))
    for corners in curves(picture).values():
        assert np.ptp(corners[:, 1]) == 0.0
    zero, pixels = scale(picture)
    assert zero - corners[0, 1] / pixels == pytest.approx(0.4, abs=1e-3)

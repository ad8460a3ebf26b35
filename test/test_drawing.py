"""Pictures for an image encoder: the whole figure, the same from wherever it stands."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.spatial import ConvexHull
from scipy.spatial.transform import Rotation

from motionclip_model.body import Body, CapsuleBody
from motionclip_model.drawing import screen
from motionclip_model.drawing.studio import Studio
from motionclip_model.errors import DependencyError
from motionclip_model.motion import Motion

SIZE = 96


@pytest.fixture(scope='module')
def studio() -> Iterator[Studio]:
    try:
        screen.backend()
    except DependencyError as error:
        pytest.skip(str(error))
    with Studio(CapsuleBody(), SIZE) as opened:
        yield opened


def figure(picture: np.ndarray) -> np.ndarray:
    """Mask of what is neither grey floor nor pale sky."""
    colours = picture.astype(int)
    return (colours.max(axis=2) - colours.min(axis=2) > 40) | (colours.max(axis=2) < 110)


def test_views_show_what_changes_in_a_motion(studio: Studio, clips: dict[str, Path]) -> None:
    views = studio.views(Motion.load(clips['cartwheel']), 4)
    assert views.shape == (4, SIZE, SIZE, 3)
    tall = [np.ptp(np.nonzero(figure(view))[0]) for view in views]
    assert min(tall) < 0.8 * max(tall)


@pytest.mark.parametrize('action', ['cartwheel', 'jump', 'sit', 'kick', 'wave'])
def test_the_whole_figure_is_in_every_view(
    studio: Studio, clips: dict[str, Path], action: str
) -> None:
    for view in studio.views(Motion.load(clips[action]), 6):
        mask = figure(view)
        assert mask.sum() > 0.03 * SIZE**2
        assert not np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]]).any()


def test_place_and_heading_do_not_change_a_view(studio: Studio, clips: dict[str, Path]) -> None:
    motion = Motion.load(clips['kick'])
    turn = Rotation.from_rotvec([0.0, 0.0, 2.0]).as_matrix()
    rotations = motion.joint_rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    moved = Motion(rotations, motion.root_position @ turn.T + [3.0, -4.0, 0.0], motion.fps)
    here, there = (studio.views(each, 3).astype(int) for each in (motion, moved))
    assert (np.abs(here - there).max(axis=-1) > 30).mean() < 0.002


def test_a_mirror_image_is_another_view(studio: Studio, clips: dict[str, Path]) -> None:
    motion = Motion.load(clips['wave'])
    here, there = (studio.views(each, 2).astype(int) for each in (motion, motion.mirrored()))
    assert (np.abs(here - there).max(axis=-1) > 30).mean() > 0.01


class Balloon(Body):
    """A mesh that moves with the pelvis: an egg, higher than it is wide."""

    name = 'balloon'

    def __init__(self) -> None:
        super().__init__()
        points = np.random.default_rng(0).normal(size=(400, 3))
        points *= [0.2, 0.8, 0.2] / np.linalg.norm(points, axis=1, keepdims=True)
        hull = ConvexHull(points)
        faces = hull.simplices.astype(np.int32)
        corners = points[faces]
        normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        inwards = (normal * corners[:, 0]).sum(axis=1) < 0.0
        faces[inwards] = faces[inwards][:, ::-1]
        self.faces, self._points = faces, torch.from_numpy(points)

    def forward(self, joint_rotations: torch.Tensor, root_position: torch.Tensor) -> torch.Tensor:
        root = joint_rotations[..., 0, :, :].double()
        return self._points @ root.mT + root_position[..., None, :]


@pytest.mark.usefixtures('studio')
def test_a_mesh_is_drawn_as_it_moves(clips: dict[str, Path]) -> None:
    with Studio(Balloon(), SIZE) as studio:
        masks = [figure(view) for view in studio.views(Motion.load(clips['cartwheel']), 4)]
    for mask in masks:
        assert mask.sum() > 0.015 * SIZE**2
    # Upright the egg is high, and upside down in between it leans.
    high = [np.ptp(np.nonzero(mask)[0]) / np.ptp(np.nonzero(mask)[1]) for mask in masks]
    assert high[0] > 2.5
    assert min(high) < 0.8 * high[0]


@pytest.mark.parametrize('wish', ['osmesa', 'nonsense'])
def test_a_wish_that_mujoco_cannot_serve_is_one_line(wish: str) -> None:
    code = (
        'from motionclip_model.errors import DependencyError\n'
        'try:\n    from motionclip_model.drawing.screen import backend; backend()\n'
        'except DependencyError as error: print(error)\n'
    )
    environment = {**os.environ, 'MUJOCO_GL': wish}
    result = subprocess.run(
        [sys.executable, '-c', code], env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    assert not result.stdout or ('MUJOCO_GL' in result.stdout and 'unset' in result.stdout)

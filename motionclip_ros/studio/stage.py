"""The stage as an element of the page, and what it is told of a take."""

from pathlib import Path
from typing import Any

import nicegui
import numpy as np
from nicegui.element import Element

from motionclip_model.features import headings
from motionclip_ros.studio.takes import Take
from motionclip_ros.studio.timeline import command_segments, foot_lanes

SHAPES, POSES = '/shapes', '/poses'
"""Where the browser fetches bodies and their poses."""

# NiceGUI's build of three.js, which its own 3D scene is made of.
_THREE = Path(nicegui.__file__).parent / 'elements' / 'scene' / 'dist'

_ROW = 1.3
"""Distance between those who stand beside each other [m]."""


class Stage(Element, component='stage.js', esm={'nicegui-scene': str(_THREE)}):
    """People and robots in a room, with a clock and a bar to move in time; see stage.js."""

    def perform(self, takes: list[Take]) -> None:
        """Put takes on the stage side by side, and let them begin.

        Args:
            takes: One, or several to compare.
        """
        first = takes[0]
        self.run_method(
            'show',
            {
                'actors': _actors(takes),
                'seconds': max(take.scene.seconds for take in takes),
                'lanes': foot_lanes(first),
                'segments': command_segments(first),
                'identity': first.identity,
            },
        )


def _actors(takes: list[Take]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    marks = ['', ''] if len(takes) == 1 else [f' {letter}' for letter in 'AB']
    for take, mark in zip(takes, marks, strict=False):
        common = {'fps': take.fps, 'frames': take.frame_count}
        if take.motion is not None:
            found.append(
                {
                    'name': f'person{mark}',
                    'shape': f'{SHAPES}/person',
                    'poses': f'{POSES}/{take.identity}/person',
                    'heading': float(headings(take.motion)[0]),
                    'start': take.motion.root_position[take.motion_frames()[0], :2].tolist(),
                    **common,
                }
            )
        trajectory = take.trajectory
        x, y, z, w = trajectory.base_quaternion_xyzw[0]
        found.append(
            {
                'name': f'{take.robot_title}{mark}',
                'shape': f'{SHAPES}/{take.robot.sha256}',
                'poses': f'{POSES}/{take.identity}/robot',
                'heading': float(np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))),
                'start': trajectory.base_position[0, :2].tolist(),
                **common,
            }
        )
    for place, actor in enumerate(found):
        actor['aside'] = _ROW * (place - (len(found) - 1) / 2)
    return found

"""What stands beside the time bar: feet on the floor, and commands in a row."""

from typing import Any

import numpy as np
from jaxtyping import Bool

from motionclip_model.motion import Motion
from motionclip_ros.preview import FEET
from motionclip_ros.retargeting.contacts import contacts
from motionclip_ros.studio.takes import Take


def foot_lanes(take: Take) -> list[dict[str, Any]]:
    """Tell when each of the person's feet stands on the floor: name and spans [s]."""
    if take.motion is None:
        return []
    standing = _standing(take.motion)[take.motion_frames()]
    return [
        {
            'name': f'{side} foot',
            'spans': [(begin / take.fps, end / take.fps) for begin, end in spans],
        }
        for side, spans in (
            ('left', stretches(standing[:, 0])),
            ('right', stretches(standing[:, 1])),
        )
    ]


def _standing(motion: Motion) -> np.ndarray:
    """Whether heel or toe of the left and of the right foot stand."""
    points = contacts(motion, FEET)
    sides = [[name.startswith(side) for name in FEET] for side in ('left', 'right')]
    return np.stack([points[:, side].any(axis=1) for side in sides], axis=1)


def stretches(values: Bool[np.ndarray, ' frame']) -> list[tuple[int, int]]:
    """Return the first frame of each stretch that is true, and the one in which it has ended."""
    edges = np.diff(np.concatenate([[0], values.astype(int), [0]]))
    last = len(values) - 1
    begins, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [(int(begin), min(int(end), last)) for begin, end in zip(begins, ends, strict=True)]


def command_segments(take: Take) -> list[dict[str, Any]]:
    """Divide the time of a take among its commands: text, start and end [s]."""
    parts = take.report.get('parts', ())
    whole = sum(part['seconds'] for part in parts)
    if not whole:
        return []
    begins, length = take.scene.begins, take.scene.seconds - take.scene.begins
    found, done = [], 0.0
    for part in parts:
        start = begins + length * done / whole
        done += part['seconds']
        found.append({'text': part['text'], 'start': start, 'end': begins + length * done / whole})
    return found

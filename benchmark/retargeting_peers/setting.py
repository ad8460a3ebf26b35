"""What the sections of the benchmark share."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from motionclip_ros.retargeting.retargeter import Retargeter
from retargeting_peers.figures import Table

QUALITY = ('limb direction, deg', 'peak speed, rad/s', 'rms jerk, rad/s^3')
WHOLE = 'retarget with report'
SOLVER = 'solver, all parts'
LINKS = 'solver, no contacts or collisions'


class Setting(NamedTuple):
    """What there is to measure.

    Attributes:
        retargeter: Ours, warm.
        clips: AMASS files for speed and length.
        samples: The folder of sample clips.
        shared: The folder of shared data, if there is one.
    """

    retargeter: Retargeter
    clips: Sequence[Path]
    samples: Path
    shared: Path | None


def left_out(what: str) -> Table:
    """Say why there are no figures."""
    reason = 'left out: the folder of shared data is not here; MOTIONCLIP_SHARED names it'
    return Table(what, ('',), [[reason]], 1)

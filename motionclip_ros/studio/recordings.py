"""Recordings on the stage: what a robot was told, and what it did."""

from pathlib import Path

import numpy as np

from motionclip_model.errors import ConfigError
from motionclip_ros.bag import Bag, RecordedJoints
from motionclip_ros.execution.state import SECOND
from motionclip_ros.retargeting.robots.robot import load_robot
from motionclip_ros.scenes import recorded
from motionclip_ros.studio.takes import Measured, Take


def recorded_takes(
    path: Path, robot: str | None = None, namespace: str | None = None
) -> list[Take]:
    """Read all that a robot was told in a recording, each as long as it was executed.

    Args:
        path: Folder of the recording.
        robot: The robot, if not the one that the recording names.
        namespace: Of the robot; it need not be said where there is only one.

    Raises:
        MotionClipError: The recording is not readable, or its robot is not known here.
    """
    bag = Bag(path, namespace)
    performed = bag.performed()
    name = robot or performed[-1].provenance(path).sources.robot
    known = load_robot(name)
    try:
        joints = bag.joints()
    except ConfigError:  # of a robot that does not tell where its joints are
        joints = None
    takes = []
    for scene, each in recorded(performed, path):
        provenance = each.provenance(path)
        measured = None
        if joints is not None:
            measured = _cut(joints, provenance.start, scene.seconds)
        takes.append(
            Take(
                scene,
                known,
                name,
                each.report,
                provenance.seed,
                provenance.requested_seconds,
                measured,
            )
        )
    return takes


def _cut(joints: RecordedJoints, start: int, seconds: float) -> Measured | None:
    """Take what was measured while a trajectory was executed, if anything was."""
    times = (joints.received - start) / SECOND
    inside = (times >= 0.0) & (times <= seconds)
    if np.count_nonzero(inside) < 2:
        return None
    return Measured(joints.joint_names, times[inside], joints.positions[inside])

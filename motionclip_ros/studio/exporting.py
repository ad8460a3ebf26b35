"""Takes as files to download."""

import io
import json
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from motionclip_model import __version__
from motionclip_model.data.bvh_writing import save_bvh
from motionclip_model.errors import ConfigError
from motionclip_ros.bag_export import export_bag
from motionclip_ros.provenance import Sources
from motionclip_ros.retargeting.export import save_csv, save_mujoco
from motionclip_ros.showing import show
from motionclip_ros.studio.takes import Take


class Export(NamedTuple):
    """A kind of file.

    Attributes:
        title: What people call it.
        name: Name of the file.
        write: Writes a take to a path, with the model's name.
        needs_motion: Whether a take without a person has none.
    """

    title: str
    name: str
    write: Callable[[Take, Path, str], object]
    needs_motion: bool = False


def exported(take: Take, export: Export, model: str) -> bytes:
    """Return the file.

    Args:
        take: What to write.
        export: As what.
        model: Name or path of the checkpoint, for a recording.

    Raises:
        MotionClipError: It cannot be written, or the take lacks what it needs.
    """
    if export.needs_motion and take.motion is None:
        raise ConfigError(f'a stop has no person in it, and no {export.name}')
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / export.name
        export.write(take, path, model)
        return path.read_bytes()


def _write_motion(take: Take, path: Path, _: str) -> None:
    if take.motion is not None:
        take.motion.save(path)


def _write_bvh(take: Take, path: Path, _: str) -> None:
    if take.motion is not None:
        save_bvh(take.motion, path)


def _write_bag(take: Take, path: Path, model: str) -> None:
    """Write the recording, a folder, as a zip file."""
    if take.motion is None or 'model_sha256' not in take.report:
        raise ConfigError('only a motion that was made from a text here can be recorded')
    sources = Sources(
        model=model,
        model_sha256=str(take.report['model_sha256']),
        robot=take.robot_name,
        urdf_sha256=take.robot.sha256,
        joint_limits='',
        version=__version__,
        robot_sha256=take.robot.fingerprint,
        text_encoder=str(take.report.get('text_encoder', '')),
        text_encoder_sha256=str(take.report.get('text_encoder_sha256', '')),
    )
    bag = path.with_suffix('')
    export_bag(
        bag,
        take.robot,
        take.motion,
        take.trajectory,
        take.report,
        sources,
        seed=take.seed,
        requested_seconds=take.requested_seconds,
        start=time.time_ns(),
    )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, 'w', zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(bag.iterdir()):
            archive.write(file, f'{bag.name}/{file.name}')
    path.write_bytes(packed.getvalue())


EXPORTS = (
    Export('Trajectory (npz)', 'trajectory.npz', lambda take, path, _: take.trajectory.save(path)),
    Export(
        'Trajectory (CSV)',
        'trajectory.csv',
        lambda take, path, _: save_csv(take.trajectory, path),
    ),
    Export(
        'Trajectory (MuJoCo npz)',
        'trajectory_mujoco.npz',
        lambda take, path, _: save_mujoco(take.trajectory, take.robot, path),
    ),
    Export('Person (AMASS npz)', 'motion.npz', _write_motion, needs_motion=True),
    Export('Person (BVH)', 'motion.bvh', _write_bvh, needs_motion=True),
    Export('Recording (rosbag2)', 'recording.zip', _write_bag, needs_motion=True),
    Export(
        'Report (JSON)',
        'report.json',
        lambda take, path, _: path.write_bytes(json.dumps(take.report, indent=2).encode()),
    ),
    Export('Film (mp4)', 'film.mp4', lambda take, path, _: show(path, [take.scene], take.robot)),
)
"""What a take can be saved as, in the order of the menu."""

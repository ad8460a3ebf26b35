"""What some commands need, and others do without."""

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from motionclip_ros.doctor.finding import ABSENT, FAILS, WORKS, Finding, first_line
from motionclip_ros.priority import NICENESS

_LEAST_ROOM = 2**30

_ROS_PROBE = """
import os, sys
os.environ.setdefault('AMENT_PREFIX_PATH', sys.prefix)
import rclpy, rclpy.utilities
print(rclpy.__file__)
print(rclpy.utilities.get_rmw_implementation_identifier())
"""


def optional() -> dict[str, Callable[[], Finding]]:
    """Return the looks at what is not always needed, by what they look at, in order."""
    return {
        'GPU': _gpu,
        'pictures': _pictures,
        'films': _films,
        'ROS 2': _ros,
        'ROS 2 goals': _interfaces,
        'priority': _priority,
        'SMPL': _smpl,
        'studio': lambda: _library(
            'studio', 'nicegui', '`motionclip studio`, the page in a browser, does not open'
        ),
        'training': lambda: _library(
            'training', 'lightning_fabric', '`motionclip train` does not run', 'train'
        ),
        'cluster': lambda: _library(
            'cluster', 'ray', '`motionclip retarget --ray` does not run', 'ray'
        ),
        'cache': _cache,
    }


def _gpu() -> Finding:
    import torch

    build = f'this PyTorch is built for CUDA {torch.version.cuda}'
    if torch.version.cuda is None:
        build = 'this PyTorch is built without CUDA'
    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
        named = ', '.join(f'{card.name} {card.total_memory / 2**30:.0f} GiB' for card in cards)
        return Finding('GPU', WORKS, f'{named}; {build}')
    meaning = 'all runs without; training takes longer'
    if shutil.which('nvidia-smi') is None:
        return Finding(
            'GPU',
            ABSENT,
            f'no NVIDIA driver; {build}',
            meaning,
            'nothing to install; use another machine',
        )
    remedy = 'pip install --force-reinstall torch, of a build for CUDA'
    if torch.version.cuda is not None:
        remedy = 'nvidia-smi says what is wrong with the driver'
    return Finding('GPU', ABSENT, f'none that PyTorch can use; {build}', meaning, remedy)


def _pictures() -> Finding:
    from motionclip_model.drawing.screen import backend

    names = {'egl': 'EGL', 'osmesa': 'OSMesa, in software', 'glfw': 'GLFW, on a display'}
    return Finding('pictures', WORKS, f'MuJoCo draws with {names[backend()]}')


def _films() -> Finding:
    import imageio_ffmpeg

    try:
        version = imageio_ffmpeg.get_ffmpeg_version()
    except RuntimeError as error:
        return Finding(
            'films',
            FAILS,
            first_line(str(error)),
            'films (.mp4) cannot be written; .png and .gif can',
            'pip install --force-reinstall imageio-ffmpeg',
        )
    file = Path(imageio_ffmpeg.get_ffmpeg_exe())
    bundled = file.is_relative_to(Path(imageio_ffmpeg.__file__).parent)
    whose = 'bundled with imageio-ffmpeg' if bundled else f'the one of the system, {file}'
    return Finding('films', WORKS, f'ffmpeg {version}, {whose}')


def _ros() -> Finding:
    meaning = 'no demo, replay, nodes; generating, drawing, retargeting go without'
    remedy = 'pip install "motionclip_ros[ros]", or: source /opt/ros/DISTRO/setup.bash'
    if importlib.util.find_spec('rclpy') is None:
        return Finding('ROS 2', ABSENT, 'rclpy cannot be imported', meaning, remedy)
    # In a process of its own: rclpy loads a middleware, and may be of another Python.
    result = subprocess.run(
        [sys.executable, '-c', _ROS_PROBE], capture_output=True, text=True, check=False
    )
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ['no reason given'])[-1]
        return Finding('ROS 2', FAILS, f'rclpy does not start: {reason}', meaning, remedy)
    file, middleware = result.stdout.split('\n')[:2]
    distribution = os.environ.get('ROS_DISTRO') or f'from pip, rclpy {_version("ros-rclpy")}'
    return Finding('ROS 2', WORKS, f'{distribution}, {middleware}, {file}')


def _interfaces() -> Finding:
    if importlib.util.find_spec('motionclip_interfaces') is not None:
        return Finding('ROS 2 goals', WORKS, 'motionclip_interfaces')
    return Finding(
        'ROS 2 goals',
        ABSENT,
        'motionclip_interfaces is not built',
        'the generator takes texts by topic, but no goals of the action',
        'make interfaces, or: colcon build --base-paths . motionclip_interfaces',
    )


def _priority() -> Finding:
    code = (
        'from motionclip_ros.priority import ask_for_priority, hurry\n'
        'raise SystemExit(not (ask_for_priority() and hurry(True)))'
    )
    # In a process and session of its own, which end with it.
    asked = subprocess.run([sys.executable, '-c', code], start_new_session=True, check=False)
    if asked.returncode == 0:
        return Finding('priority', WORKS, 'nodes may run before other programs, in real time')
    return Finding(
        'priority',
        ABSENT,
        f'nodes get no niceness of {NICENESS}, or no real time',
        'beside busy programs a robot may stop some milliseconds later',
        f'"USER - nice {NICENESS}" and "USER - rtprio 1" in /etc/security/limits.conf and a new '
        'login; '
        'in a container --cap-add SYS_NICE',
    )


def _smpl() -> Finding:
    from motionclip_model.body import SMPL_FOLDER_VARIABLE, load_body

    meaning = 'people are drawn as capsules'
    if not os.environ.get(SMPL_FOLDER_VARIABLE):
        return Finding(
            'SMPL',
            ABSENT,
            f'{SMPL_FOLDER_VARIABLE} names no folder',
            meaning,
            f'export {SMPL_FOLDER_VARIABLE}=FOLDER with the npz of SMPL-H or SMPL-X',
        )
    if importlib.util.find_spec('smplx') is None:
        return Finding(
            'SMPL',
            FAILS,
            'smplx is not installed',
            'people are not drawn',
            'pip install "motionclip_ros[smpl]"',
        )
    return Finding('SMPL', WORKS, f'{load_body().name} vertices')


def _library(part: str, module: str, meaning: str, extra: str = '') -> Finding:
    """Look for a library that one of the package's extras brings."""
    if importlib.util.find_spec(module) is not None:
        return Finding(part, WORKS, f'{module} {_version(module)}')
    remedy = f'pip install "motionclip_ros[{extra or part}]"'
    return Finding(part, ABSENT, f'{module} is not installed', meaning, remedy)


def _cache() -> Finding:
    """Look for room for what is remembered: capsules of robots, embeddings of motions."""
    base = os.environ.get('XDG_CACHE_HOME', '')
    folder = (Path(base) if base else Path.home() / '.cache') / 'motionclip'
    place = next(parent for parent in (folder, *folder.parents) if parent.is_dir())
    free = shutil.disk_usage(place).free
    found = f'{free / 2**30:.1f} GiB free in {folder}'
    meaning = 'nothing is remembered between commands; they take longer'
    remedy = 'export XDG_CACHE_HOME=FOLDER on a disk with room'
    if not os.access(place, os.W_OK):
        return Finding('cache', FAILS, f'{folder} cannot be written', meaning, remedy)
    if free < _LEAST_ROOM:
        return Finding('cache', FAILS, found, 'a full disk ends what is written to it', remedy)
    return Finding('cache', WORKS, found)


def _version(package: str) -> str:
    try:
        return metadata.version(package.replace('_', '-'))
    except metadata.PackageNotFoundError:
        return '?'

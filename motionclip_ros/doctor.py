"""What works on this machine, and how to get what does not."""

import importlib.util
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from importlib import metadata
from pathlib import Path

import motionclip_model
from motionclip_model.errors import MotionClipError

_PYTHONS = ((3, 11), (3, 12))


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        part: What was looked at.
        state: "works", "fails", or "absent" for what one can do without.
        found: What is there, or what is wrong.
        remedy: What to do about it; empty where nothing has to be done.
    """

    part: str
    state: str
    found: str
    remedy: str = ''


def examine(clip: str | None = None) -> Iterator[Finding]:
    """Look at everything that the commands need.

    Args:
        clip: CLIP to compare with its known embeddings: a transformers folder or hub id.

    Yields:
        What was found, one after the other, as some take seconds.
    """
    checks: dict[str, Callable[[], Finding]] = {
        'Python': _python,
        'PyTorch': _torch,
        'GPU': _gpu,
        'text encoder': _minilm,
        **{f'checkpoint {name}': partial(_checkpoint, name) for name in _checkpoints()},
        'pictures': _pictures,
        'films': _films,
        'robots': _robots,
        'ROS 2': _ros,
        'SMPL': _smpl,
    }
    if clip is not None:
        checks['CLIP'] = partial(_clip, clip)
    for part, check in checks.items():
        try:
            yield check()
        except MotionClipError as error:
            yield Finding(part, 'fails', *_halves(str(error)))
        except Exception as error:  # a broken library must not hide what comes after it
            yield Finding(part, 'fails', f'{type(error).__name__}: {_first_line(str(error))}')


def _python() -> Finding:
    version = platform.python_version()
    if sys.version_info[:2] in _PYTHONS:
        return Finding('Python', 'works', version)
    wanted = ' or '.join('.'.join(map(str, each)) for each in _PYTHONS)
    return Finding('Python', 'fails', f'{version} was not tested', f'use Python {wanted}')


def _torch() -> Finding:
    import torch

    return Finding('PyTorch', 'works', f'{torch.__version__}, {torch.get_num_threads()} threads')


def _gpu() -> Finding:
    import torch

    if not torch.cuda.is_available():
        return Finding(
            'GPU', 'absent', 'none that PyTorch can use', 'everything runs without, slower'
        )
    cards = [torch.cuda.get_device_properties(i) for i in range(torch.cuda.device_count())]
    found = ', '.join(f'{card.name} {card.total_memory / 2**30:.0f} GiB' for card in cards)
    return Finding('GPU', 'works', found)


def _minilm() -> Finding:
    from motionclip_model.text_encoder import PROBE_TEXT, TextEncoder

    encoder = TextEncoder.load()
    encoder.encode([PROBE_TEXT])
    return Finding('text encoder', 'works', f'{encoder.name}, {encoder.embedding_width} numbers')


def _checkpoints() -> list[str]:
    folder = Path(motionclip_model.__file__).with_name('weights')
    return sorted(path.stem for path in folder.glob('*.safetensors'))


def _checkpoint(name: str) -> Finding:
    from motionclip_model.model import MotionClip

    model = MotionClip.load(name, device='cpu')
    count = sum(parameter.numel() for parameter in model.network.parameters())
    encoder = model.info.get('text_encoder', 'its text encoder')
    return Finding(
        f'checkpoint {name}', 'works', f'{count / 1e6:.1f} M weights, aligned to {encoder}'
    )


def _pictures() -> Finding:
    from motionclip_model.drawing.screen import backend

    return Finding('pictures', 'works', f'MuJoCo draws without a display ({backend()})')


def _films() -> Finding:
    import imageio_ffmpeg

    try:
        version = imageio_ffmpeg.get_ffmpeg_version()
    except RuntimeError as error:
        return Finding(
            'films',
            'fails',
            _first_line(str(error)),
            'pip install imageio-ffmpeg, or sudo apt install ffmpeg',
        )
    return Finding('films', 'works', f'ffmpeg {version}')


def _robots() -> Finding:
    from motionclip_ros.resources import listing
    from motionclip_ros.retargeting.robots.robot import load_robot

    names = listing('config/robots', '.yaml')
    joints = [f'{name} ({len(load_robot(name).joint_names)} joints)' for name in names]
    return Finding('robots', 'works', ', '.join(joints))


def _ros() -> Finding:
    remedy = (
        'source /opt/ros/DISTRO/setup.bash, or: pip install "motionclip_ros[ros]"; only '
        'generating and drawing work without'
    )
    if importlib.util.find_spec('rclpy') is None:
        return Finding('ROS 2', 'absent', 'rclpy cannot be imported', remedy)
    # In a process of its own: rclpy loads a middleware, and may be of another Python.
    result = subprocess.run(
        [sys.executable, '-c', 'import rclpy; print(rclpy.__file__)'],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode != 0:
        reason = (result.stderr.strip().splitlines() or ['no reason given'])[-1]
        return Finding('ROS 2', 'fails', f'rclpy does not start: {reason}', remedy)
    distribution = os.environ.get('ROS_DISTRO') or f'from pip, rclpy {_version("ros-rclpy")}'
    return Finding('ROS 2', 'works', f'{distribution}, {result.stdout.strip()}')


def _smpl() -> Finding:
    from motionclip_model.body import SMPL_FOLDER_VARIABLE, load_body

    if importlib.util.find_spec('smplx') is None:
        return Finding(
            'SMPL', 'absent', 'people are drawn as capsules', 'for the mesh: pip install smplx'
        )
    if not os.environ.get(SMPL_FOLDER_VARIABLE):
        return Finding(
            'SMPL',
            'absent',
            'people are drawn as capsules',
            f'for the mesh, set {SMPL_FOLDER_VARIABLE} to a folder with SMPL-H or SMPL-X',
        )
    return Finding('SMPL', 'works', f'{load_body().name} vertices')


def _clip(source: str) -> Finding:
    from motionclip_model.clip_reference import LEAST_COSINE, compare
    from motionclip_model.image_encoder import ImageEncoder
    from motionclip_model.text_encoder import TextEncoder

    encoder = TextEncoder.load(source)
    agreement = compare(encoder)
    text, cosine = agreement.worst
    if agreement.holds:
        towers = 'text tower alone'
        if encoder.has_image_tower:
            ImageEncoder(encoder).probe()
            towers = 'text and image tower'
        return Finding(
            'CLIP',
            'works',
            f'ViT-B/32, {towers}; {len(agreement.texts)} texts, least cosine {cosine:.4f}',
        )
    wrong = int((agreement.cosines < LEAST_COSINE).sum())
    return Finding(
        'CLIP',
        'fails',
        f'{source} has the size of ViT-B/32 but is another encoder or damaged: {wrong} of '
        f'{len(agreement.texts)} known embeddings differ, most for {text!r} (cosine '
        f'{cosine:.3f}, at least {LEAST_COSINE} is needed)',
        'take a fresh copy of openai/clip-vit-base-patch32',
    )


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return '?'


def _halves(message: str) -> tuple[str, str]:
    """Split "what is wrong; what to do"."""
    wrong, _, remedy = message.partition('; ')
    return wrong, remedy


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0] if text.strip() else 'no reason given'

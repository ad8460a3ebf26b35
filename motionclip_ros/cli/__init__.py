"""The `motionclip` command."""

from motionclip_ros.cli import (
    data,
    doctor,
    evaluation,
    latent,
    mixing,
    motions,
    retargeting,
    training,
)
from motionclip_ros.cli.app import app, main

__all__ = [
    'app',
    'data',
    'doctor',
    'evaluation',
    'latent',
    'main',
    'mixing',
    'motions',
    'retargeting',
    'training',
]

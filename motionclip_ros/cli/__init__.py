"""The `motionclip` command."""

from motionclip_ros.cli import (
    bags,
    checking,
    data,
    doctor,
    evaluation,
    latent,
    mixing,
    motions,
    plotting,
    retargeting,
    robots,
    studio,
    training,
)
from motionclip_ros.cli.app import app
from motionclip_ros.cli.ending import main

__all__ = [
    'app',
    'bags',
    'checking',
    'data',
    'doctor',
    'evaluation',
    'latent',
    'main',
    'mixing',
    'motions',
    'plotting',
    'retargeting',
    'robots',
    'studio',
    'training',
]

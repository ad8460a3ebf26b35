"""The `motionclip` command."""

from motionclip_ros.cli import latent, motions, training
from motionclip_ros.cli.app import app, main

__all__ = ['app', 'latent', 'main', 'motions', 'training']

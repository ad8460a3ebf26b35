"""Nothing reaches out to the internet by itself."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from small_clip import small_clip

ROOT = Path(__file__).resolve().parent.parent

WATCHED = """
import sys

asked = []

def watch(event, arguments):
    if event in ('socket.connect', 'socket.getaddrinfo', 'socket.gethostbyname', 'socket.sendto'):
        asked.append((event, str(arguments[-1])))
        raise OSError(f'{event}: there is no network')

sys.addaudithook(watch)
from motionclip_model.text_encoder import TextEncoder
from motionclip_ros.pipeline import Pipeline

TextEncoder.load(sys.argv[1]).encode(['walk'])
Pipeline.load().generate('a person bows', 1.0)
assert not asked, asked

import urllib.request
try:
    urllib.request.urlopen('http://elsewhere.example')
except OSError:
    pass
assert asked, 'nothing would have been noticed'
"""

pytestmark = pytest.mark.nightly


def test_a_text_becomes_a_motion_without_a_network(tmp_path: Path) -> None:
    """With a text encoder in a folder, too, though transformers would know where to ask."""
    offline = ('HF_HUB_OFFLINE', 'TRANSFORMERS_OFFLINE')
    environment = {name: value for name, value in os.environ.items() if name not in offline}
    run = subprocess.run(
        [sys.executable, '-c', WATCHED, str(small_clip(tmp_path / 'clip'))],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr

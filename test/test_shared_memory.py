"""A node says in one line that shared memory is full, where libraries would be killed for it."""

import os
import shutil
import subprocess
import sys
from types import SimpleNamespace

import pytest
from ros_graph import environment

from motionclip_ros.nodes import require_shared_memory


@pytest.mark.parametrize('blocks', [0, 3])
def test_without_room_one_line_says_so(monkeypatch, capsys, blocks) -> None:
    full = SimpleNamespace(f_bavail=blocks, f_frsize=4096)
    monkeypatch.setattr(os, 'statvfs', lambda folder: full)
    with pytest.raises(SystemExit) as ended:
        require_shared_memory()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith('/dev/shm is full, ROS 2 cannot start; ')
    assert said.count('\n') == 1


def test_with_room_or_without_the_folder_nothing_is_said(monkeypatch, tmp_path) -> None:
    require_shared_memory(str(tmp_path / 'missing'))
    roomy = SimpleNamespace(f_bavail=4, f_frsize=4096)
    monkeypatch.setattr(os, 'statvfs', lambda folder: roomy)
    require_shared_memory()


@pytest.mark.skipif(
    os.geteuid() != 0 or shutil.which('unshare') is None,
    reason='only root with unshare can fill a shared memory of its own',
)
def test_a_node_that_is_started_then_says_so() -> None:
    script = (
        'mount -t tmpfs -o size=64k tmpfs /dev/shm || exit 77; '
        'head -c 65536 /dev/zero > /dev/shm/full; exec "$0" -m motionclip_ros.nodes.recorder'
    )
    done = subprocess.run(
        ['unshare', '--mount', 'sh', '-c', script, sys.executable],
        capture_output=True, text=True, check=False, env=environment(),
    )  # fmt: skip
    if done.returncode not in (2, -7, 135):
        pytest.skip('this machine lets nobody mount')
    assert done.returncode == 2
    assert done.stderr.startswith('/dev/shm is full')

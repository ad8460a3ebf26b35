"""ROS 2 nodes: each converts messages, calls the core and publishes, nothing more."""

import os
import sys

_NEEDED = 16384  # [bytes]


def require_shared_memory(folder: str = '/dev/shm') -> None:
    """End with one line where libraries below rclpy would die of a bus error, before any word.

    They map pages there while they are imported, and find out only when they write to them.

    Args:
        folder: Where shared memory is; systems without it need none.

    Raises:
        SystemExit: There is no room in it.
    """
    try:
        free = os.statvfs(folder)
    except OSError:
        return
    if free.f_bavail * free.f_frsize < _NEEDED:
        sys.stderr.write(
            f'{folder} is full, ROS 2 cannot start; remove what is not needed there (fastdds_* of '
            'processes that were killed), or make it larger\n'
        )
        raise SystemExit(2)


require_shared_memory()

"""Jobs on a Ray cluster. Bytes travel, so the machines need no disk in common."""

import importlib
import socket
from collections.abc import Generator, Iterable
from itertools import islice
from typing import Any

from motionclip_model.errors import DependencyError
from motionclip_ros.batch.job import Job, Outcome, failed, retarget
from motionclip_ros.batch.local import ONE_THREAD
from motionclip_ros.batch.settings import Settings

_RETRIES = 2
"""How often Ray runs a task again whose machine or process is gone."""

_AHEAD = 2
"""Tasks for each core: one at work and one on its way there."""


_PATIENCE = 10.0
"""How long a cluster may take to answer [s]."""


def on_ray(
    settings: Settings, expected: str, jobs: Iterable[Job], address: str, count: int
) -> Generator[tuple[Job, Outcome]]:
    """Work through the jobs.

    Args:
        settings: What to make of each file.
        expected: The `identity` that the results will be filed under.
        jobs: The files; no more are read than the cluster has room for.
        address: Of the cluster, as `ray.init` takes it; `local` starts one here.
        count: How many cores a local one has.

    Yields:
        Jobs with their outcomes, in the order in which they are done.

    Raises:
        DependencyError: Ray is not installed, or there is no cluster.
        MotionClipError: A machine has another robot or another version.
    """
    ray = _connect(address, count)
    try:
        task = ray.remote(num_cpus=1, max_retries=_RETRIES)(retarget)
        shared = ray.put(settings), ray.put(expected)
        room = _AHEAD * max(1, int(ray.cluster_resources().get('CPU', 1)))
        waiting = iter(jobs)
        running: dict[Any, Job] = {}
        while True:
            for job in islice(waiting, room - len(running)):
                running[task.remote(*shared, job)] = job
            if not running:
                return
            finished, _ = ray.wait(list(running))
            for reference in finished:
                yield running.pop(reference), _outcome(ray, reference)
    finally:
        ray.shutdown()


def _connect(address: str, count: int) -> Any:
    """Start or join a cluster."""
    try:
        ray: Any = importlib.import_module('ray')  # takes seconds: only when asked for
    except ImportError:
        raise DependencyError("--ray needs Ray; run: pip install 'motionclip_ros[ray]'") from None
    own = {'num_cpus': count, 'include_dashboard': False} if address == 'local' else {}
    try:
        _check_reachable(address)
        ray.init(
            address=address,
            log_to_driver=False,
            logging_level='ERROR',
            runtime_env={'env_vars': ONE_THREAD},
            **own,
        )
    except (OSError, ImportError, RuntimeError, ValueError) as error:
        reason = str(error).strip().splitlines()[0]
        raise DependencyError(
            f'--ray {address}: no cluster to be reached there ({reason}); give the address that '
            '`ray start --head` shows, or local'
        ) from None
    return ray


def _check_reachable(address: str) -> None:
    """Knock at the door, because Ray itself goes on knocking for many minutes.

    Raises:
        OSError: No one is there.
        ValueError: The address has no port.
    """
    if address not in ('local', 'auto'):
        host, _, port = address.removeprefix('ray://').rpartition(':')
        socket.create_connection((host, int(port)), _PATIENCE).close()


def _outcome(ray: Any, reference: Any) -> Outcome:
    try:
        outcome: Outcome = ray.get(reference)
        return outcome
    except ray.exceptions.RayTaskError as error:
        raise error.cause from None  # the robot cannot be loaded there
    except ray.exceptions.RayError as error:
        return failed(f'lost on the cluster ({type(error).__name__}); is the clip too long?')

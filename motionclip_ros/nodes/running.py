"""How every node starts, serves and stops."""

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import rclpy
from rclpy.executors import SingleThreadedExecutor
from rclpy.impl.implementation_singleton import rclpy_implementation
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.signals import SignalHandlerOptions

from motionclip_model.errors import MotionClipError
from motionclip_ros.priority import ask_for_priority

LATCHED = QoSProfile(
    depth=1,
    durability=DurabilityPolicy.TRANSIENT_LOCAL,
    reliability=ReliabilityPolicy.RELIABLE,
)
"""For what a late subscriber still wants to know: descriptions and last results."""

RELIABLE = QoSProfile(depth=10, reliability=ReliabilityPolicy.RELIABLE)
"""For commands, of which none may be lost."""

LATEST = QoSProfile(depth=1, reliability=ReliabilityPolicy.BEST_EFFORT)
"""For readers of a stream who only want its newest value."""

FLOOD = QoSProfile(depth=2000, reliability=ReliabilityPolicy.RELIABLE)
"""For texts and their outcomes: each text has one, however fast they come."""


def overridable(profile: QoSProfile) -> dict[str, Any]:
    """Return arguments for a topic whose QoS a user can change.

    The parameters are `qos_overrides.TOPIC.publisher.depth` and so on. rclpy writes what it finds
    there into the profile that it gets, so each topic has one of its own.
    """
    own = QoSProfile(
        depth=profile.depth, durability=profile.durability, reliability=profile.reliability
    )
    return {
        'qos_profile': own,
        'qos_overriding_options': QoSOverridingOptions.with_default_policies(),
    }


_IDLE = 1.0  # [s] after which a node that waits looks around


def prepare_environment() -> None:
    """Let ROS find its packages when they came as Python wheels, not from /opt/ros."""
    os.environ.setdefault('AMENT_PREFIX_PATH', sys.prefix)


def stay_on_this_machine() -> None:
    """Look for others on this machine alone, unless ROS_AUTOMATIC_DISCOVERY_RANGE says otherwise.

    For programs that people start without thinking of ROS: they neither hear nor move a robot of
    somebody else in the same network.
    """
    os.environ.setdefault('ROS_AUTOMATIC_DISCOVERY_RANGE', 'LOCALHOST')


@contextlib.contextmanager
def joining() -> Iterator[None]:
    """Say in a line what a secured graph has against a node that joins it.

    Raises:
        MotionClipError: ROS 2 is secured (ROS_SECURITY_ENABLE), and something is missing.
    """
    try:
        yield
    except rclpy_implementation.RCLError as error:
        if os.environ.get('ROS_SECURITY_ENABLE') != 'true':
            raise
        raise MotionClipError(
            f'ROS_SECURITY_ENABLE is set, but {one_line(error)}; docs/security.md says what a '
            'secured graph needs'
        ) from None


def serve(build: Callable[[], Node], *, urgent: bool = False) -> NoReturn:
    """Build a node and serve until SIGINT or SIGTERM, then exit the process.

    The exit status is 0 after a signal and 2, with one line on stderr, when the node cannot
    start.

    Args:
        build: Makes the node; called after ROS is up.
        urgent: Whether a robot waits for it: it runs before other programs, where it may.
    """
    prepare_environment()
    is_refused = urgent and not ask_for_priority()
    try:
        # rclpy's own handlers race with Python's: an interrupt could arrive in the cleanup below
        # and leave a recording unfinished. A flag cannot.
        with joining():
            rclpy.init(args=sys.argv, signal_handler_options=SignalHandlerOptions.NO)
    except MotionClipError as error:
        sys.stderr.write(f'{error}\n')
        sys.exit(2)
    stop = threading.Event()
    node: Node | None = None
    executor = SingleThreadedExecutor()
    status = 0
    try:
        with joining():
            node = build()
        if is_refused:
            node.get_logger().info(
                'this node may not run before other programs: beside busy ones a stop takes '
                'longer; docs/reliability.md says how to allow it'
            )
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        executor.add_node(node)
        with _woken_by_signals(executor):
            while not stop.is_set():
                executor.spin_once(timeout_sec=_IDLE)
    except KeyboardInterrupt:  # while it was being built
        pass
    except MotionClipError as error:
        sys.stderr.write(f'{one_line(error)}\n')
        status = 2
    finally:
        # Ctrl-C reaches a launched node twice. The second must not kill it while it closes.
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        # The node first, because closing it may save something; nothing spins any more.
        if node is not None:
            node.destroy_node()
        executor.shutdown()
        rclpy.try_shutdown()
    sys.exit(status)


@contextlib.contextmanager
def _woken_by_signals(executor: SingleThreadedExecutor) -> Iterator[None]:
    """End an executor's wait when a signal comes; Python's handlers run only after that."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def watch() -> None:
        while _END not in os.read(reader, 64):
            executor.create_task(_nothing)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        os.write(writer, _END)
        watcher.join()
        os.close(reader)
        os.close(writer)


_END = b'\0'  # no signal has this number


def _nothing() -> None:
    """Let a wait return."""


def resume(node: Node, timer: Any) -> None:
    """Start a timer again, from any thread."""
    timer.reset()
    if node.executor is not None:
        node.executor.wake()  # its wait knows of the timer only from the next one on


def one_line(error: Exception | str) -> str:
    """Fold a message into one printable line."""
    folded = ' '.join(str(error).split())
    return ''.join(character if character.isprintable() else '?' for character in folded)

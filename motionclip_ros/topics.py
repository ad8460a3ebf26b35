"""Names of topics and frames, for everything that writes, records or reads them.

They are relative, so that each robot of a graph can have a namespace of its own.
"""

from collections.abc import Iterable

GENERATOR = 'motionclip'
"""Name of the generator node; the topics that begin with it are its private ones."""

TEXT = f'{GENERATOR}/text'
HUMAN_MOTION = f'{GENERATOR}/human_motion'
BASE_TRAJECTORY = f'{GENERATOR}/base_trajectory'
TRAJECTORY = f'{GENERATOR}/joint_trajectory'
"""What the robot is told, for everybody to see, by whatever way the robot is told it."""

REPORT = f'{GENERATOR}/report'
OUTCOME = f'{GENERATOR}/outcome'
MARKERS = f'{GENERATOR}/markers'
PREVIEW = f'{GENERATOR}/preview/joint_states'
GENERATE_MOTION = f'{GENERATOR}/generate_motion'

CONTROLLER = 'joint_trajectory_controller'
"""Usual name of who makes a robot follow trajectories."""

JOINT_TRAJECTORY = f'{CONTROLLER}/joint_trajectory'
"""Where it listens."""

COMMANDER = 'commander'
"""Beside both: where those who may tell it agree on who does."""

FOLLOW_JOINT_TRAJECTORY = f'{CONTROLLER}/follow_joint_trajectory'
"""The action by which it can be told, too."""

JOINT_STATES = 'joint_states'
ROBOT_DESCRIPTION = 'robot_description'
DIAGNOSTICS = '/diagnostics'
TF = '/tf'

RECORDED = (
    TEXT,
    HUMAN_MOTION,
    BASE_TRAJECTORY,
    TRAJECTORY,
    REPORT,
    OUTCOME,
    JOINT_TRAJECTORY,
    JOINT_STATES,
    ROBOT_DESCRIPTION,
    DIAGNOSTICS,
)
"""What a recording holds unless told otherwise, besides transforms."""

REPLAYED = (HUMAN_MOTION, BASE_TRAJECTORY, TRAJECTORY, REPORT)
"""What is played again unless told otherwise; the trajectory goes to `JOINT_TRAJECTORY`."""

WORLD_FRAME = 'odom'
"""Frame of human and base paths: z up, fixed to the floor (REP 105)."""

PREVIEW_PREFIX = 'preview/'
"""Of the frames in which the robot is shown that does what the real one is to do."""


TF_STATIC = '/tf_static'
GLOBAL = (DIAGNOSTICS, TF, TF_STATIC, '/clock', '/rosout', '/parameter_events')
"""Topics that all robots of a graph share."""


def absolute(name: str, namespace: str = '') -> str:
    """Return the full name of a topic in a namespace, "/left" say."""
    return name if name.startswith('/') else f'{namespace.rstrip("/")}/{name}'


def of_controller(name: str, controller: str) -> str:
    """Return a topic or action of the usual controller for one of another name."""
    return f'{controller}/{name.removeprefix(CONTROLLER + "/")}'


def relative(name: str, namespace: str) -> str:
    """Return a full name without a namespace; as it is where it is not inside."""
    inside = f'{namespace.rstrip("/")}/'
    return name if name in GLOBAL or not name.startswith(inside) else name[len(inside) :]


def namespaces(names: Iterable[str]) -> set[str]:
    """Return the namespaces of all robots whose topics are among some full names."""
    ends = tuple(f'/{topic}' for topic in RECORDED if topic not in GLOBAL)
    return {name.removesuffix(end) for name in names for end in ends if name.endswith(end)}

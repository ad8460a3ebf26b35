"""Names of the topics, for everything that writes, records or reads them."""

GENERATOR = 'motionclip'
"""Name of the generator node; the topics below are its private ones."""

TEXT = '/motionclip/text'
HUMAN_MOTION = '/motionclip/human_motion'
BASE_TRAJECTORY = '/motionclip/base_trajectory'
REPORT = '/motionclip/report'
OUTCOME = '/motionclip/outcome'

JOINT_TRAJECTORY = '/joint_trajectory_controller/joint_trajectory'
"""Where a robot listens, simulated or real; the generator's output is remapped to it."""

JOINT_STATES = '/joint_states'
ROBOT_DESCRIPTION = '/robot_description'
DIAGNOSTICS = '/diagnostics'

RECORDED = (
    TEXT,
    HUMAN_MOTION,
    BASE_TRAJECTORY,
    REPORT,
    OUTCOME,
    JOINT_TRAJECTORY,
    JOINT_STATES,
    ROBOT_DESCRIPTION,
    DIAGNOSTICS,
)
"""What a recording holds unless told otherwise."""

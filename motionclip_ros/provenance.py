"""What a trajectory was made from: enough to make it again, bit for bit."""

from dataclasses import asdict, dataclass, field
from typing import Any

from pydantic import TypeAdapter, ValidationError

from motionclip_model.errors import ConfigError
from motionclip_ros.execution.planning import Departure, Takeover


@dataclass(frozen=True)
class Sources:
    """Model and robot, by name and by hash.

    Attributes:
        model: Name or path of the checkpoint.
        model_sha256: Hash of its file.
        robot: Name of the robot, or path of its URDF.
        urdf_sha256: Hash of the URDF.
        joint_limits: Path of a file of joint limits; empty for the robot's own.
        version: Version of motionclip.
        robot_sha256: Hash of URDF, meshes, limits and correspondence. It is empty in recordings of
            older versions, as are the next two.
        text_encoder: Name of the text encoder.
        text_encoder_sha256: Hash of its weights.
    """

    model: str
    model_sha256: str
    robot: str
    urdf_sha256: str
    joint_limits: str
    version: str
    robot_sha256: str = ''
    text_encoder: str = ''
    text_encoder_sha256: str = ''


@dataclass(frozen=True)
class Provenance:
    """How one trajectory came to be.

    Attributes:
        text: The command.
        is_stop: Whether it only brings the robot to rest.
        seed: Number that chose the motion; None for the most typical.
        requested_seconds: Length that was asked for, of all or of each command in a row [s];
            None left it to the text.
        joints: Joints that were to move; empty for all.
        posture: Where the others were to stay [rad].
        velocity_scaling: Part of the velocity limits that might be used.
        acceleration_scaling: Part of the acceleration limits that might be used.
        origin: Where the robot came from.
        start: When the trajectory began [ns].
        sources: Model and robot.
    """

    text: str
    is_stop: bool
    seed: int | None
    requested_seconds: float | tuple[float, ...] | None
    velocity_scaling: float
    acceleration_scaling: float
    origin: Departure | Takeover
    start: int
    sources: Sources
    joints: tuple[str, ...] = ()
    posture: dict[str, float] = field(default_factory=dict)

    def facts(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it."""
        return asdict(self)

    @classmethod
    def read(cls, facts: Any, place: str) -> 'Provenance':
        """Read what `facts` gave.

        Args:
            facts: From a report.
            place: Where the report was, for the message.

        Raises:
            ConfigError: Something is missing.
        """
        try:
            return TypeAdapter(cls).validate_python(facts)
        except ValidationError as error:
            first = error.errors()[0]
            where = '.'.join(map(str, first['loc'])) or 'provenance'
            raise ConfigError(
                f'{place}: the report is no use to make the motion again ({where}: '
                f'{first["msg"]}); record with this version'
            ) from None

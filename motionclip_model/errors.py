"""One tree of errors: each message says what is wrong, what is allowed and what to do."""

_LONGEST = 2000
"""Longest message; names that were read from a file may be of any length."""


class MotionClipError(Exception):
    """Anything a user can cause or mend; the command line prints it as one line."""

    def __init__(self, message: str = ''):
        """Keep the message one line that any terminal takes, whatever names are quoted in it."""
        if len(message) > _LONGEST:
            message = f'{message[: _LONGEST - 200]} ... {message[-195:]}'
        # What moves the cursor, turns the writing round or is half a character is spelled out.
        escaped = (
            letter if letter.isprintable() else letter.encode('unicode_escape').decode()
            for letter in message.replace('\n', ' ')
        )
        super().__init__(''.join(escaped))


class TextError(MotionClipError):
    """A text command that cannot be encoded.

    Attributes:
        text: The offending text, shortened for display.
    """

    def __init__(self, message: str, text: str):
        """Keep the text beside the message."""
        self.text = text if len(text) <= 80 else text[:77] + '...'
        super().__init__(message)


class UnknownTextError(TextError):
    """A text that asks for no motion that the model has seen.

    Attributes:
        score: How familiar it is, from 0 to 1.
        nearest: Known phrases that are most like it.
    """

    def __init__(self, text: str, score: float, needed: float, nearest: list[str]):
        """Say how far the text is from what is known, and what is near."""
        self.score, self.nearest = score, nearest
        known = ', '.join(repr(phrase) for phrase in nearest)
        short = text if len(text) <= 80 else text[:77] + '...'
        super().__init__(
            f'unknown command {short!r} ({score:.2f} of at least {needed:.2f} needed); nearest '
            f'known: {known}; rephrase it, or insist with --force',
            text,
        )


class MotionError(MotionClipError):
    """A motion or motion file with missing, malformed or non-finite content."""


class CheckpointError(MotionClipError):
    """A checkpoint that is missing, truncated, or made for something else."""


class EncoderError(MotionClipError):
    """A text encoder that cannot be loaded or does not fit the checkpoint."""


class RobotError(MotionClipError):
    """A robot description that cannot be read or lacks what was asked for."""


class TrajectoryError(MotionClipError):
    """A robot trajectory that is malformed, non-finite or breaks a hard limit."""


class UnsafeError(TrajectoryError):
    """A trajectory that must not reach a robot in the state in which it is."""


class ConfigError(MotionClipError):
    """A configuration file with an unknown or invalid entry."""


class DependencyError(MotionClipError):
    """A library that this part needs is not installed or cannot start."""

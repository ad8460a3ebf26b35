"""What a text command asks for: motions in a row, a changed or a mixed one."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from motionclip_model.errors import MotionClipError, TextError
from motionclip_model.latent import Term, edited, interpolated, meanings, parse_terms
from motionclip_model.model import MotionClip
from motionclip_model.motion import Motion
from motionclip_model.sequence import generate_sequence, shared_seconds, split_commands
from motionclip_model.text_encoder import TextEmbedding, clean_text

_SUM = re.compile(r'\s[+-]\s')
_MIX = re.compile(
    r'(?:(?P<percent>\d+(?:\.\d+)?)\s*% (?:of the way )?|half ?way )?'
    r'between (?P<first>.+?) and (?P<second>.+)',
    re.IGNORECASE,
)


class Instruction(NamedTuple):
    """A text that was understood.

    Attributes:
        text: The text, with single spaces.
        parts: Motions to be done one after the other; one alone for sums and mixtures.
        terms: A sum of meanings, "walk + tired - normal"; empty if it is none.
        share: Place between the two parts of "between walk and run", 0 to 1; None if the text
            asks for nothing of the kind.
    """

    text: str
    parts: tuple[str, ...]
    terms: tuple[Term, ...] = ()
    share: float | None = None

    @property
    def known_by(self) -> list[str]:
        """The texts that must ask for motions the model has seen; changes need not."""
        return [str(self.terms[0].source)] if self.terms else list(self.parts)


def understand(text: str) -> Instruction:
    """Read a text command.

    "walk, then bow" are two motions in a row; "walk + tired - normal" is a changed motion;
    "between walk and run" lies half way, "30 % between walk and run" nearer to the walk.

    Args:
        text: The command.

    Raises:
        TextError: It is empty, not plain text, has a sign without a text, too many parts, or
            a share above 100 %.
    """
    text = clean_text(text)
    if mix := _MIX.fullmatch(text.strip(' .!')):
        percent = float(mix['percent'] or 50.0)
        if percent > 100.0:
            raise TextError(f'{percent:g} % is no place between two motions; give 0 to 100', text)
        return Instruction(text, (mix['first'], mix['second']), share=percent / 100.0)
    if _SUM.search(f' {text} '):
        return Instruction(text, (text,), parse_terms(text))
    return Instruction(text, tuple(split_commands(text)))


def generate_motion(
    model: MotionClip,
    text: str,
    seconds: float | None = None,
    seed: int | None = None,
    force: bool = False,
) -> Motion:
    """Make the motion that a text command asks for.

    Args:
        model: A trained model.
        text: The command, as `understand` reads it.
        seconds: Duration of all of it [s]; by default what the text suggests.
        seed: Another seed gives another motion of the same meaning, None the most typical.
        force: Serve texts that ask for no motion that the model has seen, too.

    Raises:
        MotionClipError: A text or a duration that cannot be served.
    """
    instruction = understand(text)
    if not force:
        model.refuse_unknown(instruction.known_by)
    return generate_encoded(model, encode(model, instruction), seconds, seed)


def encode(
    model: MotionClip, instruction: Instruction
) -> TextEmbedding | Float[Tensor, '1 embedding']:
    """Place an instruction in the aligned space.

    Returns:
        The texts of a row of motions, or the one meaning of a sum or a mixture.

    Raises:
        MotionClipError: A text that cannot be encoded, or meanings that cancel out.
    """
    if instruction.terms:
        return edited(model, instruction.terms)[None]
    if instruction.share is None:
        return model.encode_text(list(instruction.parts))
    ends = meanings(model, instruction.parts)
    # The nearest of a hundred even steps: `interpolated` refuses what has no middle.
    return interpolated(ends, 101)[round(100 * instruction.share)][None]


def part_seconds(
    model: MotionClip,
    condition: TextEmbedding | Float[Tensor, '1 embedding'],
    seconds: float | Sequence[float] | None,
) -> list[float]:
    """Say how long each motion of an instruction lasts [s].

    Args:
        model: A trained model.
        condition: What `encode` made of the instruction.
        seconds: Duration of all of it, or of each motion in a row [s]; by default what the
            text suggests.

    Raises:
        MotionClipError: A total, or a number of durations, that does not fit the motions.
    """
    meaning = condition.meaning if isinstance(condition, TextEmbedding) else condition
    if isinstance(seconds, Sequence):
        if len(seconds) != len(meaning):
            raise MotionClipError(
                f'{len(seconds)} durations for {len(meaning)} commands; give one for each, or '
                'one for all'
            )
        return list(seconds)
    if len(meaning) == 1 and seconds is not None:
        return [seconds]
    return shared_seconds(model.predict_seconds(meaning).tolist(), seconds)


def generate_encoded(
    model: MotionClip,
    condition: TextEmbedding | Float[Tensor, '1 embedding'],
    seconds: float | Sequence[float] | None,
    seed: int | None,
) -> Motion:
    """Make the motion that an instruction asks for.

    Args:
        model: A trained model.
        condition: What `encode` made of the instruction.
        seconds: See `part_seconds`.
        seed: Another seed gives another motion of the same meaning, None the most typical.

    Raises:
        MotionClipError: A duration that the model has not learned.
    """
    durations = part_seconds(model, condition, seconds)
    if not isinstance(condition, TextEmbedding) or len(condition.meaning) == 1:
        return model.generate(condition, durations[0], seed)
    return generate_sequence(model, condition, durations, seed)

"""Frames into files: films (mp4, gif) and contact sheets."""

import os
import tempfile
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import imageio.v2 as imageio
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from motionclip_model.drawing import Frame
from motionclip_model.errors import ConfigError, DependencyError
from motionclip_model.storage import write_atomically

_CAPTION_HEIGHT = 24
_MARGIN = 4
_STRIP_HEIGHT = 40


def write_film(frames: Iterable[Frame], path: str | os.PathLike[str], fps: float) -> int:
    """Write frames as they come into a film; an unfinished film is never left behind.

    Args:
        frames: Pictures of one size, even in both directions for mp4.
        path: File to write; its ending, .mp4 (H.264) or .gif, decides the format.
        fps: Frames per second.

    Returns:
        The number of frames written.

    Raises:
        ConfigError: Another ending, or no frame at all.
        DependencyError: The encoder does not work.
    """
    target = Path(path)
    if target.suffix not in ('.mp4', '.gif'):
        raise ConfigError(f'{target}: a film is written as .mp4 or .gif, not {target.suffix!r}')
    count = 0
    # The encoder needs a file name of the right ending, which the atomic writer has not.
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f'film{target.suffix}'
        with _writer(draft, fps) as writer:
            for frame in frames:
                _append(writer, frame, target)
                count += 1
        if not count:
            raise ConfigError(f'{target}: a film needs at least one frame')
        with write_atomically(target) as file:
            file.write(draft.read_bytes())
    return count


def _append(writer: Any, frame: Frame, target: Path) -> None:
    try:
        writer.append_data(frame)
    except OSError as error:  # the encoder has ended, and all that it said is in the message
        reason = str(error).strip().splitlines()[0]
        raise DependencyError(
            f'{target}: the film cannot be encoded ({reason}); make room in '
            f'{tempfile.gettempdir()}, or see what `motionclip doctor` says of films'
        ) from None


def captioned(frame: Frame, text: str, corner: str = '') -> Frame:
    """Return a picture with a line of text under it.

    Args:
        frame: The picture.
        text: On the left; shortened where there is no room for all of it.
        corner: On the right.
    """
    height, width = frame.shape[:2]
    picture = Image.new('RGB', (width, height + _STRIP_HEIGHT), 'white')
    picture.paste(Image.fromarray(np.ascontiguousarray(frame)))
    draw, font = ImageDraw.Draw(picture), ImageFont.load_default(_STRIP_HEIGHT // 2)
    middle, right = height + _STRIP_HEIGHT // 2, width - 2 * _MARGIN
    draw.text((right, middle), corner, fill='dimgray', font=font, anchor='rm')
    room = right - 4 * _MARGIN - draw.textlength(corner, font)
    line = _shortened(text, room, draw, font)
    draw.text((2 * _MARGIN, middle), line, fill='black', font=font, anchor='lm')
    return np.asarray(picture)


def _shortened(text: str, room: float, draw: ImageDraw.ImageDraw, font: Any) -> str:
    if draw.textlength(text, font) <= room:
        return text
    lengths = range(len(text) + 1)
    fitting = bisect_right(lengths, room, key=lambda n: draw.textlength(text[:n] + '...', font))
    return text[: max(fitting - 1, 0)] + '...'


def contact_sheet(
    frames: Sequence[Frame],
    path: str | os.PathLike[str],
    columns: int = 4,
    captions: Sequence[str] = (),
) -> None:
    """Write frames side by side into one picture.

    Args:
        frames: Pictures of one size, in reading order.
        path: PNG file to write.
        columns: Pictures in a row.
        captions: A line for under each picture; none, or one per frame.

    Raises:
        ConfigError: No frames, or captions that do not fit their number.
    """
    if not len(frames) or columns < 1 or len(captions) not in (0, len(frames)):
        raise ConfigError(
            f'{path}: {len(frames)} frames, {columns} columns, {len(captions)} captions; a '
            'sheet needs frames, columns, and no caption or one per frame'
        )
    height, width = frames[0].shape[:2]
    cell_width, cell_height = width + _MARGIN, height + _MARGIN
    if captions:
        cell_height += _CAPTION_HEIGHT
    columns = min(columns, len(frames))
    rows = -(-len(frames) // columns)
    sheet = Image.new(
        'RGB', (columns * cell_width + _MARGIN, rows * cell_height + _MARGIN), 'white'
    )
    draw, font = ImageDraw.Draw(sheet), ImageFont.load_default(16)
    for index, frame in enumerate(frames):
        left = _MARGIN + index % columns * cell_width
        top = _MARGIN + index // columns * cell_height
        sheet.paste(Image.fromarray(np.ascontiguousarray(frame)), (left, top))
        if captions:
            line = _shortened(captions[index], width, draw, font)
            draw.text((left + 2, top + height + 2), line, fill='black', font=font)
    with write_atomically(path) as file:
        sheet.save(file, format='PNG')


def _writer(path: Path, fps: float) -> Any:
    if path.suffix == '.gif':
        return imageio.get_writer(path, duration=1000.0 / fps, loop=0)
    return imageio.get_writer(path, fps=fps, codec='libx264', quality=8, macro_block_size=2)

"""Training batches: even over actions, windows of any length, words beside them.

A batch is a pure function of the seed and the step, so that a resumed run sees what an
uninterrupted one would have seen.
"""

from collections import defaultdict
from dataclasses import dataclass, replace

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from motionclip_model import features
from motionclip_model.data.caption_table import CaptionTable
from motionclip_model.data.corpus import Clip
from motionclip_model.network_config import STRIDE

_LONG_CLIP_SECONDS = 8.0
"""A clip counts once for each stretch of this length."""


@dataclass(frozen=True)
class Batch:
    """Windows of clips and one caption for each.

    Attributes:
        rows: [window, frame, width] rows in physical units.
        valid: [window, frame] which frames are not padding.
        sentence: [window, embedding] unit sentence embeddings of the frozen text encoder.
        words: [window, word, token] word embeddings.
        words_valid: [window, word] which words are not padding.
        seconds: [window] duration of the whole clips [s].
        label: [window] number of action and style; equal numbers mean the same.
        image: [window, embedding] unit image embedding of a picture of each clip, where the
            encoder has an image tower.
    """

    rows: Float[Tensor, 'window frame width']
    valid: Bool[Tensor, 'window frame']
    sentence: Float[Tensor, 'window embedding']
    words: Float[Tensor, 'window word token']
    words_valid: Bool[Tensor, 'window word']
    seconds: Float[Tensor, ' window']
    label: Int[Tensor, ' window']
    image: Float[Tensor, 'window embedding'] | None = None

    def to(self, device: str) -> 'Batch':
        """Move to a device."""
        parts = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return replace(
            self, **{name: part.to(device) for name, part in parts.items() if part is not None}
        )


class Sampler:
    """Draws batches from clips.

    An action is drawn in proportion to the root of how often it occurs: plain sampling would
    show little but hand raises, sampling each action alike would show one cartwheel a
    thousand times.
    """

    def __init__(
        self,
        clips: list[Clip],
        captions: CaptionTable,
        seed: int,
        images: Float[Tensor, 'clip view embedding'] | None = None,
    ):
        """Prepare the weights of the clips.

        Args:
            clips: What to draw from.
            captions: Embeddings of their captions.
            seed: Another seed draws other batches.
            images: Image embeddings of pictures of each clip, where there are any.
        """
        self.clips = clips
        self.captions = captions
        self._seed = seed
        self._images = images
        meanings = sorted({(clip.action, clip.style) for clip in clips})
        self._label = {meaning: i for i, meaning in enumerate(meanings)}
        share = np.array([max(1.0, clip.seconds / _LONG_CLIP_SECONDS) for clip in clips])
        total: dict[str, float] = defaultdict(float)
        for clip, part in zip(clips, share, strict=True):
            total[clip.action] += part
        weight = share / np.sqrt([total[clip.action] for clip in clips])
        self._probability = weight / weight.sum()

    def draw(self, step: int, size: int, shortest: int, longest: int) -> Batch:
        """Draw windows.

        Args:
            step: Number of the batch; the same number draws the same batch.
            size: Windows in the batch.
            shortest: Windows are at least this long where the clip is [frames].
            longest: ... and at most this long [frames], a multiple of `STRIDE`.
        """
        random = np.random.default_rng([self._seed, step])
        # Twice as many as needed, of which neighbours in length are kept: little padding.
        drawn = [
            (i, _window(self.clips[i].rows, random, shortest, longest))
            for i in random.choice(len(self.clips), 2 * size, p=self._probability)
        ]
        drawn.sort(key=lambda pair: len(pair[1]))
        first = int(random.integers(size + 1))
        places, windows = zip(*drawn[first : first + size], strict=True)
        chosen = [self.clips[i] for i in places]
        rows, valid = pad(list(windows))
        texts = [clip.captions[random.integers(len(clip.captions))] for clip in chosen]
        found = self.captions.rows(np.array([self.captions.index[text] for text in texts]))
        seconds = torch.tensor([clip.seconds for clip in chosen])
        label = torch.tensor([self._label[clip.action, clip.style] for clip in chosen])
        image = None
        if self._images is not None:
            views = random.integers(self._images.shape[1], size=size)
            image = self._images[list(places), views].float()
        return Batch(rows, valid, *found, seconds, label, image)


def pad(
    windows: list[Float[np.ndarray, '_ width']],
) -> tuple[Float[Tensor, 'window frame width'], Bool[Tensor, 'window frame']]:
    """Put windows side by side, to a common multiple of `STRIDE` frames.

    A window's last frame is repeated: to fill its last latent, so that no latent is half
    padding, and beyond, where it is not valid but still a pose.
    """
    lengths = [-(-len(window) // STRIDE) * STRIDE for window in windows]
    rows = np.zeros((len(windows), max(lengths), features.WIDTH), np.float32)
    valid = np.zeros(rows.shape[:2], bool)
    for i, (window, length) in enumerate(zip(windows, lengths, strict=True)):
        rows[i, : len(window)] = window
        rows[i, len(window) :] = window[-1]
        valid[i, :length] = True
    return torch.from_numpy(rows), torch.from_numpy(valid)


def _window(
    rows: Float[np.ndarray, 'frame width'],
    random: np.random.Generator,
    shortest: int,
    longest: int,
) -> Float[np.ndarray, 'window width']:
    """Cut a random window and change its pace by up to 15 %."""
    pace = random.uniform(0.85, 1.15)
    length = len(rows)
    if length > shortest:
        length = int(random.integers(shortest, min(length, longest) + 1))
    first = int(random.integers(0, len(rows) - length + 1))
    source = rows[first : first + length]
    count = min(max(round((length - 1) / pace) + 1, 2), longest)
    place = np.linspace(0.0, length - 1.0, count)
    left = np.minimum(place.astype(np.int64), length - 2)
    part = (place - left)[:, None].astype(np.float32)
    mixed = source[left] * (1.0 - part) + source[left + 1] * part
    for speed in (features.VELOCITY, features.YAW_RATE):
        mixed[:, speed] *= (length - 1) / (count - 1)
    mixed[:, features.CONTACTS] = mixed[:, features.CONTACTS].round()
    return mixed

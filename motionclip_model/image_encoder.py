"""What CLIP sees in a person: pictures of motions as vectors of the space of their texts."""

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from motionclip_model import features
from motionclip_model.body import Body, load_body
from motionclip_model.data.corpus import Clip
from motionclip_model.errors import EncoderError, MotionClipError, MotionError
from motionclip_model.reading import read_arrays
from motionclip_model.storage import write_atomically
from motionclip_model.text_encoder import TextEncoder

VIEWS = 4
"""Pictures of a clip: the middles of its quarters."""

PICTURE_SIZE = 224
"""Width and height of the pictures [px], what CLIP ViT-B/32 looks at."""

_CHUNK_CLIPS = 16
_SAVE_EVERY = 32
"""Chunks of clips between two savings: minutes of work on a processor."""

_DRAWN_AS = b'studio 1'
"""Change it with the look of the pictures: what was kept of the old ones is made anew."""


class ImageEncoder:
    """The image tower of a CLIP that is loaded already.

    Attributes:
        embedding_width: Width of an embedding.
    """

    def __init__(self, encoder: TextEncoder):
        """Look with the other tower of a text encoder.

        Args:
            encoder: A whole CLIP; its weights are shared, not loaded again.

        Raises:
            EncoderError: It has no image tower, or its `preprocessor_config.json` is damaged.
        """
        if not encoder.has_image_tower:
            raise EncoderError(
                f'{encoder.name} reads text but sees no pictures; give a whole CLIP, such as '
                '--text-encoder openai/clip-vit-base-patch32'
            )
        self.embedding_width = encoder.embedding_width
        self._encoder = encoder
        self._processor = _processor(encoder)

    @torch.no_grad()
    def encode(
        self, pictures: UInt8[np.ndarray, 'picture height width 3']
    ) -> Float[Tensor, 'picture embedding']:
        """Embed pictures as unit vectors, beside those of `TextEncoder.encode`.

        Args:
            pictures: Red, green, blue; first row on top.
        """
        pixels = self._processor(list(pictures), return_tensors='pt')['pixel_values']
        model = self._encoder.model
        seen = model.vision_model(pixel_values=pixels.to(self._encoder.device)).pooler_output
        return torch.nn.functional.normalize(model.visual_projection(seen), dim=-1)

    def probe(self) -> Float[Tensor, ' embedding']:
        """Embedding of a fixed picture, by which kept embeddings know their encoder again."""
        ramp = np.linspace(0.0, 255.0, PICTURE_SIZE).astype(np.uint8)
        across, down = np.meshgrid(ramp, ramp)
        return self.encode(np.stack([across, down, 255 - across], axis=-1)[None])[0].cpu()


def load_or_make_image_embeddings(
    clips: list[Clip],
    encoder: TextEncoder,
    cache_path: Path,
    progress: Callable[[int, int], None] | None = None,
    body: Body | None = None,
) -> Float[Tensor, 'clip view embedding']:
    """Show each clip to CLIP, or take from the cache what it said of it before.

    The cache is saved now and then, so that an interrupted run loses minutes. It belongs to
    one encoder; of other clips, or the same clips cut otherwise, it is completed.

    Args:
        clips: Whose pictures are wanted.
        encoder: A whole CLIP.
        cache_path: npz file that keeps the embeddings.
        progress: Told how many clips are done, of how many.
        body: What is drawn; by default what `load_body` finds.

    Returns:
        Unit vectors, half precision, on the CPU.

    Raises:
        EncoderError: The encoder has no image tower.
        DependencyError: There is no working OpenGL to draw with.
    """
    tower = ImageEncoder(encoder)
    body = load_body() if body is None else body
    keys = [_key(clip, body.name) for clip in clips]
    probe = tower.probe()
    known = _load(cache_path, probe)
    missing = {key: clip for key, clip in zip(keys, clips, strict=True) if key not in known}
    todo = list(missing.items())
    if todo:
        done = len(clips) - len(todo)
        for count, (key, seen) in enumerate(_look(todo, tower, body), start=1):
            known[key] = seen
            if progress is not None:
                progress(done + count, len(clips))
            if count % (_SAVE_EVERY * _CHUNK_CLIPS) == 0 or count == len(todo):
                _save(cache_path, known, probe)
    return torch.from_numpy(np.stack([known[key] for key in keys]))


class _Seen(NamedTuple):
    """A clip's key and what the encoder saw of it."""

    key: str
    views: Float[np.ndarray, 'view embedding']


def _look(todo: list[tuple[str, Clip]], tower: ImageEncoder, body: Body) -> Iterator[_Seen]:
    """Draw and embed clips, some at a time."""
    # Drawing loads MuJoCo, which only those who need pictures should wait for.
    from motionclip_model.drawing.studio import Studio

    with Studio(body, PICTURE_SIZE) as studio:
        for first in range(0, len(todo), _CHUNK_CLIPS):
            chunk = todo[first : first + _CHUNK_CLIPS]
            pictures = [
                studio.views(features.decode(torch.from_numpy(clip.rows)), VIEWS)
                for _, clip in chunk
            ]
            found = tower.encode(np.concatenate(pictures)).half().cpu().numpy()
            by_clip = found.reshape(len(chunk), VIEWS, -1)
            for (key, _), views in zip(chunk, by_clip, strict=True):
                yield _Seen(key, views)


def _key(clip: Clip, body: str) -> str:
    """Digest of everything that a clip's pictures depend on."""
    digest = hashlib.sha256(_DRAWN_AS)
    digest.update(f'{body} {VIEWS} {PICTURE_SIZE} {clip.rows.shape}'.encode())
    # As coarse as rows are kept on disk, so that fresh and cached ones are the same clip.
    digest.update(clip.rows.astype(np.float16).tobytes())
    return digest.hexdigest()[:32]


def _load(path: Path, probe: Tensor) -> dict[str, np.ndarray]:
    """Read what an encoder said before; nothing where it was another or the file is damaged."""
    if not path.exists():
        return {}
    try:
        arrays = read_arrays(path, ('keys', 'embeddings', 'probe'), MotionError)
    except MotionClipError:
        return {}
    kept = torch.from_numpy(arrays['probe'])
    if kept.shape != probe.shape or float(kept @ probe) < 0.999:
        return {}
    return dict(zip(arrays['keys'].tolist(), arrays['embeddings'], strict=True))


def _save(path: Path, known: dict[str, np.ndarray], probe: Tensor) -> None:
    with write_atomically(path) as file:
        np.savez(
            file,
            keys=np.array(list(known)),
            embeddings=np.stack(list(known.values())),
            probe=probe.numpy(),
        )


def _processor(encoder: TextEncoder) -> Any:
    """Load how an encoder wants its pictures: size, mean and deviation of the colours."""
    import transformers

    # The default of transformers 5 needs torchvision; this one works with Pillow.
    kind = getattr(transformers, 'CLIPImageProcessorPil', transformers.CLIPImageProcessor)
    local = Path(encoder.source).exists()
    try:
        return kind.from_pretrained(
            encoder.source, local_files_only=local, trust_remote_code=False
        )
    except (OSError, ValueError) as error:
        reason = str(error).strip().split('\n')[0].rstrip('.')
        raise EncoderError(
            f'cannot tell how {encoder.name} wants its pictures: {reason}; copy its '
            f'preprocessor_config.json into {encoder.source}'
        ) from None

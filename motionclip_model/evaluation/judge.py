"""A judge that was trained apart from the generator: which action, in which style.

A model that judges its own motions only says that its parts agree. The judge is a small
convolutional network on joint positions and speeds, trained on the training clips alone (see
`motionclip_model.evaluation.judge_training`), and it shares nothing with the generator.
"""

import json
import os
from pathlib import Path
from typing import NamedTuple, Self

import safetensors
import safetensors.torch
import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from motionclip_model import features
from motionclip_model.data.sampler import pad
from motionclip_model.errors import CheckpointError
from motionclip_model.motion import Motion
from motionclip_model.reading import parse_json, require_file
from motionclip_model.storage import write_atomically

LONGEST = 200
"""The judge looks at the first frames of a motion, at most so many."""

WIDTH = 4 + 2 * 23 * 3
"""What it sees of a frame: see `look`."""

SPEEDS = [1, 2, 3, *range(4 + 23 * 3, WIDTH)]
"""Which of that a faster pace makes larger."""

_CHANNELS = 128
_CHUNK = 32


class Verdict(NamedTuple):
    """What the judge takes a motion for.

    Attributes:
        action: One of its actions.
        style: One of its styles.
        score: Probability of the action.
    """

    action: str
    style: str
    score: float


def look(rows: Float[Tensor, 'clip frame width']) -> Float[Tensor, 'clip frame seen']:
    """Turn rows into what the judge sees: where the joints are and how they move.

    Height, velocity and turning of the pelvis; positions of the other joints in the heading
    frame [m] and their speeds [m/s]. Foot contacts are left out: a decoder may get them right
    without the feet.
    """
    positions = features.local_positions(rows)[..., 1:, :].flatten(-2)
    speed = torch.diff(positions, dim=1, append=positions[:, -1:]) * features.FPS
    root = [rows[..., part] for part in (features.HEIGHT, features.VELOCITY, features.YAW_RATE)]
    return torch.cat([*root, positions, speed], dim=-1)


class JudgeNetwork(nn.Module):
    """Convolutions over time, averages and peaks over the clip, one answer for each question."""

    def __init__(self, actions: int, styles: int):
        """Build the network; statistics start as the identity."""
        super().__init__()
        self.enter = nn.Conv1d(WIDTH, _CHANNELS, 5, stride=2, padding=2)
        self.blocks = nn.ModuleList(
            nn.Conv1d(_CHANNELS, _CHANNELS, 3, padding=2**i, dilation=2**i) for i in range(4)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(_CHANNELS) for _ in self.blocks)
        self.drop = nn.Dropout(0.3)
        self.action = nn.Linear(2 * _CHANNELS, actions)
        self.style = nn.Linear(2 * _CHANNELS, styles)
        self.register_buffer('mean', torch.zeros(WIDTH))
        self.register_buffer('scale', torch.ones(WIDTH))

    mean: Tensor
    scale: Tensor

    def forward(
        self, seen: Float[Tensor, 'clip frame seen'], valid: Bool[Tensor, 'clip frame']
    ) -> tuple[Float[Tensor, 'clip action'], Float[Tensor, 'clip style']]:
        """Score actions and styles.

        Args:
            seen: Normalised output of `look`.
            valid: Which frames are not padding.
        """
        x = self.enter((seen * valid[..., None]).transpose(1, 2))
        mask = valid[:, None, ::2]
        for block, norm in zip(self.blocks, self.norms, strict=True):
            # Normalised frame by frame: padding must not change what a clip shows.
            level = norm(x.transpose(1, 2)).transpose(1, 2)
            x = x + nn.functional.gelu(block(level * mask))
        mean = (x * mask).sum(-1) / mask.sum(-1)
        peak = x.masked_fill(~mask, -1e4).amax(-1)
        summary = self.drop(torch.cat([mean, peak], dim=1))
        return self.action(summary), self.style(summary)

    def normalise(
        self, seen: Float[Tensor, 'clip frame seen']
    ) -> Float[Tensor, 'clip frame seen']:
        """Bring what is seen to zero mean and unit deviation."""
        return (seen - self.mean) / self.scale


class Judge:
    """A trained judge.

    Attributes:
        network: Its weights.
        actions: Names of what it can tell apart.
        styles: Likewise.
    """

    def __init__(self, network: JudgeNetwork, actions: tuple[str, ...], styles: tuple[str, ...]):
        """Join weights and names; `load` and `judge_training.train_judge` are the ways in."""
        self.network = network.eval()
        self.actions, self.styles = actions, styles

    @torch.no_grad()
    def judge(self, motions: list[Motion]) -> list[Verdict]:
        """Say what motions show."""
        verdicts = []
        for first in range(0, len(motions), _CHUNK):
            rows, valid = pad(
                [features.encode(m)[:LONGEST] for m in motions[first : first + _CHUNK]]
            )
            action, style = self.network(self.network.normalise(look(rows)), valid)
            scores, best = action.softmax(-1).max(-1)
            verdicts += [
                Verdict(self.actions[int(a)], self.styles[int(s)], float(score))
                for a, s, score in zip(best, style.argmax(-1), scores, strict=True)
            ]
        return verdicts

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write weights and names as one safetensors file."""
        header = json.dumps({'actions': self.actions, 'styles': self.styles})
        with write_atomically(path) as file:
            file.write(safetensors.torch.save(self.network.state_dict(), {'judge': header}))

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what `save` wrote.

        Raises:
            CheckpointError: It is not there, damaged, or not a judge.
        """
        require_file(path, CheckpointError)
        try:
            with safetensors.safe_open(path, 'pt') as file:
                header = parse_json((file.metadata() or {})['judge'])
            names = tuple(header['actions']), tuple(header['styles'])
            network = JudgeNetwork(*map(len, names))
            network.load_state_dict(safetensors.torch.load_file(path))
        except (OSError, ValueError, KeyError, RuntimeError, safetensors.SafetensorError) as error:
            reason = str(error).strip().split('\n')[0]
            raise CheckpointError(
                f'{path}: not a readable judge ({reason}); remove it and train one'
            ) from None
        return cls(network, *names)

"""Checkpoints: one safetensors file with weights, sizes and facts."""

import json
import math
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch.overrides import TorchFunctionMode

from motionclip_model.abstention import PREFIX, Familiarity
from motionclip_model.architecture import ARCHITECTURES, architecture_name
from motionclip_model.errors import CheckpointError
from motionclip_model.reading import parse_json, require_file
from motionclip_model.storage import write_atomically

_WEIGHTS = Path(__file__).with_name('weights')

_FORMAT = 2
"""Raised whenever an older version could not use what is written."""

_WIDEST, _MOST_LAYERS = 65_536, 200
"""Largest sizes of a network that are read; what it then needs must be in the file."""

_REMEDY = 'take a complete copy or train one with `motionclip train`'


def checkpoint_path(source: str | os.PathLike[str]) -> Path:
    """Find a checkpoint by name or path.

    Raises:
        CheckpointError: There is none.
    """
    shipped = _WEIGHTS / f'{source}.safetensors'
    path = shipped if shipped.is_file() else Path(source)
    if not path.is_file():
        names = sorted(file.stem for file in _WEIGHTS.glob('*.safetensors'))
        raise CheckpointError(
            f'no checkpoint {os.fspath(source)!r}; give the path of a .safetensors file or one '
            f'of the shipped names: {", ".join(names) or "(none)"}'
        )
    return path


def save_network(
    network: Any,
    path: str | os.PathLike[str],
    info: dict[str, Any],
    known: Familiarity | None = None,
) -> None:
    """Write networks, sizes and facts as one safetensors file."""
    header = {
        'format': _FORMAT,
        'architecture': architecture_name(network),
        'network': asdict(network.config),
        'info': info,
        'familiarity': known.facts() if known else None,
    }
    learned = {name for name, _ in network.named_parameters()}
    weights = {
        name: (value.half() if name in learned else value).contiguous().cpu()
        for name, value in network.state_dict().items()
    }
    weights |= known.tensors() if known else {}
    with write_atomically(path) as file:
        file.write(safetensors.torch.save(weights, {'motionclip': json.dumps(header)}))


def read_header(path: Path) -> dict[str, Any]:
    """Read what a checkpoint says of itself, without its weights.

    Raises:
        CheckpointError: Truncated, or not a checkpoint of this program.
    """
    require_file(path, CheckpointError)
    try:
        with safetensors.safe_open(path, 'pt') as file:
            header = parse_json((file.metadata() or {}).get('motionclip', 'null'))
    except (OSError, ValueError, safetensors.SafetensorError) as error:
        reason = str(error).strip().split('\n')[0]
        raise CheckpointError(f'{path}: damaged checkpoint ({reason}); {_REMEDY}') from None
    if not isinstance(header, dict) or not isinstance(header.get('format'), int):
        raise CheckpointError(f'{path}: not a motionclip checkpoint; {_REMEDY}')
    if header['format'] != _FORMAT:
        raise CheckpointError(
            f'{path}: checkpoint of format {header["format"]}, this version reads format '
            f'{_FORMAT}; install the version of motionclip that wrote it, or train anew'
        )
    return header


def load_network(path: Path) -> tuple[Any, dict[str, Any]]:
    """Read what `save_network` wrote, strictly.

    Raises:
        CheckpointError: Truncated, or not a checkpoint of this program.
    """
    try:
        header = read_header(path)
        kind = ARCHITECTURES[header['architecture']]
        sizes = _bounded(kind.sizes(**header['network']))
        weights = {
            name: value
            for name, value in safetensors.torch.load_file(path).items()
            if not name.startswith(PREFIX)
        }
        with _Allowance(sum(value.numel() for value in weights.values())):
            network = kind.network(sizes)
        network.load_state_dict({name: value.float() for name, value in weights.items()})
        return network, dict(header['info'])
    # torch, safetensors and what reads the header have no common parent
    except CheckpointError:
        raise
    except Exception as error:
        reason = str(error).strip().split('\n')[0]
        raise CheckpointError(f'{path}: damaged checkpoint ({reason:.300}); {_REMEDY}') from None


class _Allowance(TorchFunctionMode):
    """Lets networks be built that are not far larger than the weights that are to fill them."""

    def __init__(self, numbers: int):
        super().__init__()
        # Twice, because a network may have tables beside its weights.
        self._left = 2 * numbers + 1_000_000

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        if func in (torch.empty, torch.zeros, torch.ones, torch.randn) and args:
            shape = args[0] if isinstance(args[0], tuple | list) else args
            self._left -= math.prod(shape)
            if self._left < 0:
                raise ValueError('its weights are far fewer than its sizes ask for')
        return func(*args, **(kwargs or {}))


def _bounded(sizes: Any) -> Any:
    """Refuse sizes of networks that would take for ever to build.

    Raises:
        ValueError: One is no number, or beyond any network that was trained.
    """
    for name, value in vars(sizes).items():
        most = _MOST_LAYERS if name.endswith(('layers', 'blocks')) else _WIDEST
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise ValueError(f'{name} is {value!r:.40}, it must be from 0 to {most}')
    return sizes

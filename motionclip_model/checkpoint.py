"""Checkpoints: one safetensors file with weights, sizes and facts."""

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch

from motionclip_model.abstention import PREFIX, Familiarity
from motionclip_model.architecture import ARCHITECTURES, architecture_name
from motionclip_model.errors import CheckpointError
from motionclip_model.reading import parse_json
from motionclip_model.storage import write_atomically

_WEIGHTS = Path(__file__).with_name('weights')

_FORMAT = 2
"""Raised whenever an older version could not use what is written."""

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
        network = kind.network(kind.sizes(**header['network']))
        weights = safetensors.torch.load_file(path)
        network.load_state_dict(
            {name: value.float() for name, value in weights.items() if not name.startswith(PREFIX)}
        )
    except (OSError, ValueError, TypeError, KeyError, RuntimeError) as error:
        reason = str(error).strip().split('\n')[0]
        raise CheckpointError(f'{path}: damaged checkpoint ({reason}); {_REMEDY}') from None
    except safetensors.SafetensorError as error:
        raise CheckpointError(f'{path}: damaged checkpoint ({error}); {_REMEDY}') from None
    return network, dict(header['info'])

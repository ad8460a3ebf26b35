"""What a run leaves in its folder so that it can go on: who it is, and where it stands."""

import errno
import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from motionclip_model.errors import CheckpointError, ConfigError
from motionclip_model.reading import read_json
from motionclip_model.storage import write_atomically, write_json

_FORMAT = 2
"""Raised whenever an older version could not use what is written."""

_NAMES = {
    'config': 'configuration',
    'data': 'corpus',
    'text_encoder': 'text encoder',
}


@dataclass(frozen=True)
class State:
    """Where training stands.

    Attributes:
        stage: Number of the stage.
        step: Steps that it has made.
        best: Lowest validation loss of the stage; none was measured yet where infinite.
        network: Weights that the optimiser moves.
        average: Their moving average.
        optimizer: The optimiser's state; none where a stage begins.
        facts: What is told at the end: speed, memory, warnings.
    """

    stage: int
    step: int
    best: float
    network: dict[str, Any]
    average: dict[str, Any]
    optimizer: dict[str, Any] | None
    facts: dict[str, Any]


def check_folder(out: Path, identity: dict[str, Any]) -> None:
    """See that a folder holds no other run.

    Args:
        out: Folder of the run.
        identity: What must be the same for a run to go on, as plain JSON.

    Raises:
        ConfigError: Another run has saved its state there.
        CheckpointError: `run.json` is damaged.
    """
    path = out / 'run.json'
    remedy = 'choose another folder, or remove it to start anew'
    if not (out / 'state.pt').exists():
        return
    if not path.exists():
        raise ConfigError(f'{out} holds a run of an older version; {remedy}')
    try:
        found = dict(read_json(path, CheckpointError))
    except (CheckpointError, ValueError, TypeError) as error:
        raise CheckpointError(f'{path}: damaged ({error}); {remedy}') from None
    for key, name in _NAMES.items():
        if found.get(key) != identity[key]:
            raise ConfigError(f'{out} holds a run of another {name}; {remedy}')


def claim_folder(out: Path, identity: dict[str, Any]) -> None:
    """Write down whose folder it is."""
    write_json(out / 'run.json', identity)


def save_state(path: Path, state: State) -> None:
    """Write a state; the old one stays until the new one is whole."""
    buffer = io.BytesIO()
    torch.save({'format': _FORMAT, **vars(state)}, buffer)
    with write_atomically(path) as file:
        file.write(buffer.getbuffer())


def load_state(path: Path, device: torch.device) -> State | None:
    """Read a state, where there is one.

    Raises:
        CheckpointError: Damaged, or written by another version.
    """
    if not path.exists():
        return None
    remedy = f'remove {path} to train anew from the first step'
    try:
        found = torch.load(path, map_location=device, weights_only=True)
        written = found.pop('format')
    except Exception as reason:  # zip, pickle and tensor errors have no common parent
        first = str(reason).strip().split('\n')[0].partition('. ')[0]
        raise CheckpointError(f'{path}: damaged ({first}); {remedy}') from None
    if written != _FORMAT:
        raise CheckpointError(
            f'{path}: state of format {written}, this version reads format {_FORMAT}; go on '
            f'with the version of motionclip that wrote it, or {remedy}'
        )
    return State(**found)


@contextmanager
def room_on_disk(out: Path) -> Iterator[None]:
    """Say in one line that the disk is full.

    Raises:
        CheckpointError: It is.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise CheckpointError(
            f'no space left on the disk of {out}; what was saved before is kept: make room and '
            'run the same command again'
        ) from None

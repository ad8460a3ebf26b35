"""Where the package's configuration, launch and RViz files lie, however it was installed."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from motionclip_model.errors import ConfigError

PACKAGE = 'motionclip_ros'


def find(relative_path: str | os.PathLike[str]) -> Path:
    """Find a file or folder that is installed to `share/motionclip_ros`.

    A source checkout comes first, so that an edited file there takes effect; then the
    environment of the running Python; then the ament index of a sourced workspace.

    Args:
        relative_path: Path inside the package's share folder, `config/robots/g1.yaml` say.

    Returns:
        The absolute path of the first place that has it.

    Raises:
        ConfigError: The path leaves the share folder, or no place has it.
    """
    inside = PurePosixPath(relative_path)
    if inside.is_absolute() or '..' in inside.parts:
        raise ConfigError(f'{relative_path} must be a path inside share/{PACKAGE}')
    places = list(_share_folders())
    for folder in places:
        if (folder / inside).exists():
            return folder / inside
    searched = ', '.join(str(folder) for folder in places)
    raise ConfigError(
        f'{relative_path}: no such file in {searched}; install {PACKAGE} again or source the '
        'workspace that holds it'
    )


def listing(relative_folder: str | os.PathLike[str], suffix: str) -> list[str]:
    """Name what a shared folder holds, for messages that list what is known.

    Args:
        relative_folder: Folder inside the package's share folder.
        suffix: Ending of the files wanted, with its dot.

    Returns:
        The sorted file names without that ending; empty if there is no such folder.
    """
    names = set()
    for folder in _share_folders():
        names |= {path.stem for path in (folder / relative_folder).glob(f'*{suffix}')}
    return sorted(names)


def _share_folders() -> Iterator[Path]:
    checkout = Path(__file__).resolve().parent.parent
    if (checkout / 'package.xml').is_file():
        yield checkout
    yield Path(sys.prefix) / 'share' / PACKAGE
    yield from _ament_share_folder()


def _ament_share_folder() -> Iterator[Path]:
    """Ask the ament index, which exists only where ROS 2 is installed."""
    if not os.environ.get('AMENT_PREFIX_PATH'):
        return
    try:
        packages = importlib.import_module('ament_index_python.packages')
        yield Path(packages.get_package_share_directory(PACKAGE))
    except (ImportError, LookupError):
        return

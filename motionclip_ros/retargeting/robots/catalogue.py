"""The files of a robot: its YAML file, its URDF, its limits."""

from difflib import get_close_matches
from importlib import metadata
from pathlib import Path

from motionclip_model.errors import RobotError
from motionclip_ros import resources
from motionclip_ros.retargeting.robots.correspondence import Correspondence
from motionclip_ros.retargeting.robots.naming import SHIPPED, known


def limits_beside(config: Path) -> Path | None:
    """Find the joint limits that belong to a robot's YAML file."""
    for path in (
        config.with_name(f'{config.stem}.joint_limits.yaml'),
        config.with_name('joint_limits.yaml'),
    ):
        if path.is_file():
            return path
    return None


def locate(text: str) -> tuple[Path, Path | None]:
    """Find the files of a robot.

    Args:
        text: A name, the path of a robot's YAML file, or the path of a URDF.

    Returns:
        The YAML file, and the URDF if its path was given.

    Raises:
        RobotError: No robot has that name.
    """
    if text.endswith(('.yaml', '.yml')):
        return Path(text), None
    if text.endswith('.urdf'):
        beside = Path(text).with_suffix('.yaml')
        shipped = resources.find(f'{SHIPPED}/g1.yaml')
        return (beside if beside.is_file() else shipped), Path(text)
    robots = known()
    if text not in robots:
        near = get_close_matches(text, robots, 1)
        hint = f'did you mean {near[0]}? ' if near else ''
        raise RobotError(
            f'no robot {text!r}; {hint}known are {", ".join(robots)}, or give the path of a '
            '.urdf file; motionclip robot add makes a new one known'
        )
    return robots[text], None


def urdf_of(correspondence: Correspondence) -> Path:
    """Find the URDF that a robot's YAML file names.

    Raises:
        RobotError: It names none, or its distribution is not installed.
    """
    place = correspondence.urdf or {}
    if 'file' not in place or place.keys() - {'file', 'distribution'}:
        raise RobotError(
            f'{correspondence.source}: urdf needs a file, inside a distribution if it is in an '
            'installed Python package'
        )
    if 'distribution' not in place:
        return Path(correspondence.source).parent / Path(place['file']).expanduser()
    try:
        distribution = metadata.distribution(place['distribution'])
    except metadata.PackageNotFoundError:
        raise RobotError(
            f'the URDF is in {place["distribution"]}, which is not installed; '
            f'pip install {place["distribution"]}'
        ) from None
    return Path(str(distribution.locate_file(place['file'])))


def urdf_entry(urdf: Path) -> dict[str, str]:
    """Say where a URDF lies, so that `urdf_of` finds it again.

    Files of installed distributions are named as such: their absolute paths do not last.
    """
    path = urdf.resolve()
    for folder in path.parents:
        if folder.name in ('site-packages', 'dist-packages'):
            inside = path.relative_to(folder)
            for distribution in metadata.distributions(path=[str(folder)]):
                # Asking for each distribution's list of files is slow; the list is text.
                record = distribution.read_text('RECORD') or ''
                if f'\n{inside},' in f'\n{record}':
                    return {'distribution': str(distribution.name), 'file': str(inside)}
    return {'file': str(path)}

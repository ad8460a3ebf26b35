"""What robots and their parts are called; imports next to nothing, so that a TAB is quick."""

import os
from pathlib import Path

from motionclip_ros import resources

SHIPPED = 'config/robots'
"""Where the package keeps its robots."""

PARTS = ('left_arm', 'right_arm', 'left_leg', 'right_leg', 'waist', 'head')
"""What each joint of a robot belongs to at most one of."""

UNIONS = {
    'arms': ('left_arm', 'right_arm'),
    'legs': ('left_leg', 'right_leg'),
    'upper_body': ('left_arm', 'right_arm', 'waist', 'head'),
    'lower_body': ('left_leg', 'right_leg'),
}
"""Parts that go by one name together."""

GROUPS: tuple[str, ...] = (*PARTS, *UNIONS, 'all')
"""Names that stand for several joints of any robot."""


def own_folder() -> Path:
    """Return the folder of the robots that the user added.

    `$MOTIONCLIP_ROBOTS`, else `motionclip/robots` in `$XDG_CONFIG_HOME` or `~/.config`.
    """
    if folder := os.environ.get('MOTIONCLIP_ROBOTS'):
        return Path(folder)
    config = os.environ.get('XDG_CONFIG_HOME') or '~/.config'
    return Path(config).expanduser() / 'motionclip' / 'robots'


def known() -> dict[str, Path]:
    """Return every robot's YAML file by its name; a user's robot hides a shipped one."""
    shipped = resources.listing(SHIPPED, '.yaml')
    found = {name: resources.find(f'{SHIPPED}/{name}.yaml') for name in shipped}
    found |= {path.stem: path for path in own_folder().glob('*.yaml')}
    return {name: found[name] for name in sorted(found) if not name.endswith('joint_limits')}

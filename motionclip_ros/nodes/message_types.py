"""Message types by the names that a graph or a recording gives them."""

import importlib
import re
from typing import Any

from ament_index_python import get_resource

from motionclip_model.errors import MotionClipError

_TYPE = re.compile(r'([a-z][a-z0-9_]*)/msg/([A-Z][A-Za-z0-9]*)')


def message_type(kind: str) -> Any:
    """Import a message type.

    To import is to run a module, and the name comes from strangers: only what is installed as
    message definitions is.

    Args:
        kind: Its name, `std_msgs/msg/String` say.

    Raises:
        MotionClipError: No message type of that name is installed.
    """
    named = _TYPE.fullmatch(kind)
    if named is None:
        raise MotionClipError(f'{kind!a:.60} is no name of a message type')
    package, name = named.groups()
    try:
        definitions, _ = get_resource('rosidl_interfaces', package)
    except LookupError:
        raise MotionClipError(f'{package} is not installed') from None
    if f'msg/{name}.msg' not in definitions.splitlines():
        raise MotionClipError(f'the installed {package} has no message {name}')
    return getattr(importlib.import_module(f'{package}.msg'), name)

"""Files of some content, which may be too large to be held twice."""

from collections.abc import Callable
from pathlib import Path

Content = bytes | Callable[[], bytes]
"""What is in a file, or what makes it, for what should not be made before it is needed."""


def fill(path: Path, content: Content) -> Path:
    """Write a file, its folder as well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content() if callable(content) else content)
    return path

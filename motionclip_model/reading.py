"""Files from outside, read within bounds: whatever they hold, time and memory stay small.

Every reader of this program opens its file here. What is no regular file is refused before it is
opened for good, because a pipe would wait for ever; what is larger than any honest file of its
kind, or claims to be once it is unpacked, is refused before it takes memory.
"""

import io
import json
import math
import os
import re
import stat
import xml.etree.ElementTree as ElementTree
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, Any

import numpy as np
import yaml

from motionclip_model.errors import ConfigError, MotionClipError

Error = type[MotionClipError]

TEXT_BYTES = 64_000_000
"""Largest text that is read whole; ten minutes of a robot's trajectory are 30 MB of CSV."""

YAML_BYTES = 500_000
"""Largest YAML file; a robot with all its capsules has 30 kB."""

LINE_CHARACTERS = 1_000_000
"""Longest line that is read at once; one of a corpus with fifty captions has 5000."""

ARRAY_BYTES = 500_000_000
"""Most that the wanted arrays of a file may hold, unpacked, unless the file itself is as large."""

_YAML_NODES = 100_000
"""Most entries of a YAML file, those counted again that are repeated by an alias."""

_YAML_DEPTH = 50
"""Deepest nesting by brackets."""

_XML_DEPTH = 100
"""Deepest nesting of XML; Pinocchio's parser reads no deeper."""

_LARGEST_WHOLE = 2**64
"""Whole numbers from here on are no quantity of anything, and slow to print."""


@contextmanager
def opened(path: str | os.PathLike[str], error: Error) -> Iterator[IO[bytes]]:
    """Open a regular file, whatever its name says it is.

    Args:
        path: The file.
        error: What to raise.
    """
    try:
        # Without waiting: a pipe that nobody writes to would never be open.
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise error(f'{path}: cannot be read (no such file)') from None
    except OSError as reason:
        raise error(f'{path}: cannot be read ({reason.strerror})') from None
    except ValueError:
        raise error(
            f'{os.fspath(path)!r} is no name of a file; it holds a NUL character'
        ) from None
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = 'a folder' if stat.S_ISDIR(mode) else 'a pipe or device'
        raise error(f'{path}: is {kind}; name a file')
    with open(descriptor, 'rb') as file:
        try:
            yield file
        except OSError as reason:
            raise error(f'{path}: cannot be read ({reason.strerror})') from None


def require_file(path: str | os.PathLike[str], error: Error) -> None:
    """Refuse what is no regular file, for libraries that open it themselves."""
    with opened(path, error):
        pass


def read_bytes(path: str | os.PathLike[str], error: Error, most: int = TEXT_BYTES) -> bytes:
    """Read a file whole.

    Args:
        path: The file.
        error: What to raise.
        most: Largest file that is read [bytes].
    """
    with opened(path, error) as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise error(f'{path}: larger than {most / 1e6:g} MB; name the right file, or divide it')
    return content


def read_text(path: str | os.PathLike[str], error: Error, most: int = TEXT_BYTES) -> str:
    """Read a file of UTF-8 whole."""
    try:
        return read_bytes(path, error, most).decode('utf-8-sig')
    except UnicodeDecodeError as reason:
        raise error(f'{path}: not UTF-8 text ({reason.reason}); save it as UTF-8') from None


def read_lines(path: str | os.PathLike[str], error: Error) -> Iterator[str]:
    """Read a file of UTF-8 line by line, however long it is; what is no UTF-8 is replaced."""
    with opened(path, error) as file, io.TextIOWrapper(file, 'utf-8', 'replace') as text:
        while line := text.readline(LINE_CHARACTERS):
            if len(line) == LINE_CHARACTERS:
                raise error(f'{path}: a line is longer than {LINE_CHARACTERS} characters')
            yield line


def parse_json(text: str | bytes) -> Any:
    """Read JSON.

    Raises:
        ValueError: It is none, or nested too deeply, or holds a number beyond any use.
    """
    try:
        return json.loads(text, parse_int=_whole_number)
    except RecursionError:
        raise ValueError('it is nested too deeply') from None


def read_json(path: str | os.PathLike[str], error: Error) -> Any:
    """Read a JSON file; see `parse_json` for what is refused."""
    text = read_text(path, error)
    try:
        return parse_json(text)
    except ValueError as reason:
        raise error(f'{path}: not JSON ({reason})') from None


def read_yaml(path: str | os.PathLike[str]) -> Any:
    """Read a YAML file of a user's.

    Returns:
        What it holds; None if it is empty.

    Raises:
        ConfigError: It cannot be read, is not YAML, or is larger, once its aliases are written
            out, than any settings are.
    """
    text = read_text(path, ConfigError, YAML_BYTES)
    try:
        return _YamlLoader(text).get_single_data()
    except RecursionError:
        raise ConfigError(f'{path}: not YAML that can be used (nested too deeply)') from None
    except Exception as reason:  # PyYAML lets through what numbers and dates raise that are none
        why = ' '.join(str(reason).split())
        raise ConfigError(f'{path}: not YAML ({why:.300})') from None


def parse_xml(content: bytes) -> ElementTree.Element:
    """Read XML.

    Raises:
        ValueError: It is none, or could do harm.
    """
    try:
        text = content.decode('utf-8-sig')
    except UnicodeDecodeError:
        raise ValueError('it is not UTF-8 text') from None
    # Entities can blow up a parser's memory and read other files.
    if re.search(r'<!(doctype|entity)', text, re.IGNORECASE):
        raise ValueError('it has a DOCTYPE or entities, which are not allowed; remove them')
    parser: Any = ElementTree.XMLPullParser(('start', 'end'))
    root, depth = ElementTree.Element(''), 0
    try:
        # By the piece, so that no tree grows deeper than it is taken apart again.
        for start in range(0, len(text), 65536):
            parser.feed(text[start : start + 65536])
            for event, element in parser.read_events():
                root = root if root.tag else element
                depth += 1 if event == 'start' else -1
                if depth > _XML_DEPTH:
                    raise ValueError(f'it is nested deeper than {_XML_DEPTH} elements')
        parser.close()
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    return root


def read_arrays(
    path: str | os.PathLike[str],
    names: tuple[str, ...],
    error: Error,
    optional: tuple[str, ...] = (),
) -> dict[str, np.ndarray]:
    """Read some arrays of an npz file; objects are never unpickled.

    Args:
        path: The file.
        names: Arrays that it must hold.
        error: What to raise.
        optional: Arrays to read where the file has them.

    Returns:
        The arrays by name.
    """
    with opened(path, error) as file:
        try:
            with zipfile.ZipFile(file) as archive:
                members = {
                    member.filename.removesuffix('.npy'): member for member in archive.infolist()
                }
                wanted = [name for name in (*names, *optional) if name in members]
                _refuse_a_bomb(file, [members[name] for name in wanted])
                arrays = {name: _array(archive, members[name]) for name in wanted}
        # zip, zlib and header errors have no common parent
        except Exception as reason:
            why = ' '.join(str(reason).split()) or type(reason).__name__
            raise error(f'{path}: not a readable npz file ({why:.200})') from None
    missing = [name for name in names if name not in arrays]
    if missing:
        found = ', '.join(sorted(members)[:20]) or 'nothing'
        raise error(
            f'{path}: no array {", ".join(missing)}; it must hold {", ".join(names)}, this file '
            f'has {found}'
        )
    return arrays


def array_names(path: str | os.PathLike[str]) -> set[str]:
    """Name the arrays of an npz file; none where there is no such file."""
    try:
        with opened(path, MotionClipError) as file, zipfile.ZipFile(file) as archive:
            return {name.removesuffix('.npy') for name in archive.namelist()}
    except Exception:  # zip and header errors have no common parent
        return set()


def _refuse_a_bomb(file: IO[bytes], members: list[zipfile.ZipInfo]) -> None:
    """Refuse what unpacks to far more than it is; zipfile gives out no more than is said."""
    total = sum(member.file_size for member in members)
    if total > max(ARRAY_BYTES, os.fstat(file.fileno()).st_size):
        raise ValueError(
            f'its arrays unpack to {total / 1e6:,.0f} MB, at most {ARRAY_BYTES / 1e6:,.0f} are '
            'read'
        )


def _array(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    form = np.lib.format
    headers = {(1, 0): form.read_array_header_1_0, (2, 0): form.read_array_header_2_0}
    with archive.open(member) as file:
        version = form.read_magic(file)
        if version not in headers:
            raise ValueError(f'{member.filename} is of version {version[0]}; save it with NumPy')
        shape, in_columns, kind = headers[version](file)
        if kind.hasobject:
            raise ValueError('it holds Python objects, which are not read')
        size = math.prod(shape) * kind.itemsize
        # Before NumPy takes the memory that the header asks for.
        if file.tell() + size != member.file_size or min(shape, default=0) < 0:
            raise ValueError(f'{member.filename} has not the length that its header says')
        content = bytearray(size)
        place = 0
        while piece := file.read(1 << 20):
            content[place : place + len(piece)] = piece
            place += len(piece)
    if len(content) != size or place != size:
        raise ValueError(f'{member.filename} is cut off')
    # NumPy makes no array of an empty buffer.
    flat = np.frombuffer(content, kind) if size else np.empty(math.prod(shape), kind)
    return flat.reshape(shape, order='F' if in_columns else 'C')


class _YamlLoader(yaml.SafeLoader):
    """PyYAML's safe loader, which also refuses what a few bytes can blow up to."""

    def fetch_flow_collection_start(self, kind: Any) -> None:
        """Note a bracket that opens; each costs as much as there are open ones."""
        if self.flow_level >= _YAML_DEPTH:
            raise yaml.YAMLError(f'nested deeper than {_YAML_DEPTH}')
        super().fetch_flow_collection_start(kind)

    def get_single_node(self) -> yaml.Node | None:
        """Compose the document; its aliases must not repeat too much, nor hold themselves."""
        node: yaml.Node | None = super().get_single_node()
        if node is not None and _nodes(node, {}) > _YAML_NODES:
            raise yaml.YAMLError(f'more than {_YAML_NODES} entries with its aliases written out')
        return node


def _nodes(node: Any, known: dict[int, float]) -> float:
    """Count a node and all below it, once for each time that they are spoken of."""
    count = known.get(id(node))
    if count is None:
        known[id(node)] = math.inf  # as long as it is being counted: it must not hold itself
        parts = node.value if isinstance(node, yaml.CollectionNode) else ()
        pairs = isinstance(node, yaml.MappingNode)
        below = (each for part in parts for each in (part if pairs else (part,)))
        count = known[id(node)] = 1.0 + sum(_nodes(each, known) for each in below)
    return count


def _whole_number(digits: str) -> int:
    if len(digits) > 20 or abs(int(digits)) >= _LARGEST_WHOLE:
        raise ValueError(f'the number {digits:.20} is beyond any use')
    return int(digits)


def _yaml_whole_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> int:
    value: int = loader.construct_yaml_int(node)
    if abs(value) >= _LARGEST_WHOLE:
        raise yaml.YAMLError(f'the number {node.value:.20} is beyond any use')
    return value


_YamlLoader.add_constructor('tag:yaml.org,2002:int', _yaml_whole_number)

"""Reads a pickle as data: nothing that it names is imported, and nothing is called.

A pickle is a program. To read one as Python does is to run it, so files that come from elsewhere
are read here instead: what they would have called stands in the result as a `Made`, for somebody
who knows what is meant. The instructions are those of the standard library's `pickletools`.
"""

import io
import pickletools
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple


class Global(NamedTuple):
    """A class or function that a pickle names.

    Attributes:
        module: Where Python would have imported it from.
        name: Its name there.
    """

    module: str
    name: str


@dataclass(eq=False)
class Made:
    """What a pickle would have made by a call.

    Attributes:
        maker: What it would have called.
        arguments: With what.
        state: What it would have told the result about itself afterwards.
    """

    maker: Any
    arguments: Any
    state: Any = None


class PickleError(ValueError):
    """A pickle that is damaged, or holds what data does not need."""


_MOST = 100_000
"""Instructions that are obeyed; arrays take a dozen each, however large they are."""

_MARK = object()

_VALUES = {
    'INT', 'BININT', 'BININT1', 'BININT2', 'LONG', 'LONG1', 'LONG4', 'FLOAT', 'BINFLOAT',
    'STRING', 'BINSTRING', 'SHORT_BINSTRING', 'UNICODE', 'SHORT_BINUNICODE', 'BINUNICODE',
    'BINUNICODE8', 'BINBYTES', 'SHORT_BINBYTES', 'BINBYTES8', 'BYTEARRAY8',
}  # fmt: skip
"""Instructions that hold the value itself."""

_FRESH: dict[str, Callable[[], Any]] = {
    'NONE': lambda: None,
    'NEWTRUE': lambda: True,
    'NEWFALSE': lambda: False,
    'EMPTY_LIST': list,
    'EMPTY_TUPLE': tuple,
    'EMPTY_DICT': dict,
    'EMPTY_SET': list,
    'MARK': lambda: _MARK,
}
"""Instructions that stand for a value; sets are lists, because their members may be anything."""

_TUPLES = {'TUPLE1': 1, 'TUPLE2': 2, 'TUPLE3': 3}
_SKIPPED = ('PROTO', 'FRAME')


def read_pickle(content: bytes, admitted: Collection[Global]) -> Any:
    """Read a pickle of any protocol.

    Args:
        content: The pickle. Strings of Python 2 are read as Latin-1, one character a byte.
        admitted: What it may name.

    Returns:
        Numbers, texts, bytes, lists, tuples, dicts, `Global` and `Made`.

    Raises:
        PickleError: It names something else, or is damaged.
    """
    machine = _Machine(admitted)
    try:
        instructions = pickletools.genops(io.BytesIO(content))
        for code, argument, _ in islice(instructions, _MOST):
            if code.name == 'STOP':
                return machine.pop()
            machine.obey(code.name, argument)
    except (IndexError, KeyError, MemoryError, OverflowError) as error:
        raise PickleError(f'damaged ({type(error).__name__})') from None
    except ValueError as error:
        raise (
            error if isinstance(error, PickleError) else PickleError(f'damaged ({error})')
        ) from None
    raise PickleError(f'has more than {_MOST} instructions')


class _Machine:
    """Obeys a pickle's instructions, one after the other."""

    def __init__(self, admitted: Collection[Global]):
        self._admitted = admitted
        self._stack: list[Any] = []
        self._kept: dict[int, Any] = {}

    def pop(self) -> Any:
        """Take the value that lies on top."""
        value = self._stack.pop()
        if value is _MARK:
            raise PickleError('damaged (a value is missing)')
        return value

    def obey(self, name: str, argument: Any) -> None:
        """Do what an instruction says, as far as that makes data."""
        if name in _VALUES:
            self._stack.append(argument)
        elif name in _FRESH:
            self._stack.append(_FRESH[name]())
        elif name in _TUPLES:
            self._stack.append(tuple(self._last(_TUPLES[name])))
        elif name not in _SKIPPED:
            handler = getattr(self, f'_{name.lower()}', None)
            if handler is None:
                raise PickleError(f'has an instruction {name}, which arrays do not need')
            handler(argument)

    def _last(self, count: int) -> list[Any]:
        return [self.pop() for _ in range(count)][::-1]

    def _to_mark(self) -> list[Any]:
        found = []
        while (value := self._stack.pop()) is not _MARK:
            found.append(value)
        return found[::-1]

    # Containers.

    def _tuple(self, _: Any) -> None:
        self._stack.append(tuple(self._to_mark()))

    def _list(self, _: Any) -> None:
        self._stack.append(self._to_mark())

    _frozenset = _list

    def _dict(self, _: Any) -> None:
        self._stack.append(_filled({}, self._to_mark()))

    def _append(self, _: Any) -> None:
        self._extend([self.pop()])

    def _appends(self, _: Any) -> None:
        self._extend(self._to_mark())

    _additems = _appends

    def _extend(self, values: Iterable[Any]) -> None:
        if not isinstance(self._stack[-1], list):
            raise PickleError('damaged (something else is filled like a list)')
        self._stack[-1].extend(values)

    def _setitem(self, _: Any) -> None:
        pair = self._last(2)
        _filled(self._stack[-1], pair)

    def _setitems(self, _: Any) -> None:
        pairs = self._to_mark()
        _filled(self._stack[-1], pairs)

    # The stack, and what is kept for later.

    def _pop(self, _: Any) -> None:
        self._stack.pop()

    def _pop_mark(self, _: Any) -> None:
        self._to_mark()

    def _dup(self, _: Any) -> None:
        self._stack.append(self._stack[-1])

    def _get(self, argument: Any) -> None:
        self._stack.append(self._kept[argument])

    _binget = _long_binget = _get

    def _put(self, argument: Any) -> None:
        self._kept[argument] = self._stack[-1]

    _binput = _long_binput = _put

    def _memoize(self, _: Any) -> None:
        self._kept[len(self._kept)] = self._stack[-1]

    # What would have been imported and called.

    def _global(self, argument: str) -> None:
        self._name(*argument.split(' ', 1))

    def _stack_global(self, _: Any) -> None:
        self._name(*self._last(2))

    def _name(self, module: Any, name: Any) -> None:
        found = Global(module, name)
        if not (isinstance(module, str) and isinstance(name, str)) or found not in self._admitted:
            # Quoted, because a name may be any text.
            raise PickleError(f'names {f"{module}.{name}"!a:.60}, which is no part of it')
        self._stack.append(found)

    def _reduce(self, _: Any) -> None:
        self._stack.append(Made(*self._last(2)))

    _newobj = _reduce

    def _build(self, _: Any) -> None:
        state = self.pop()
        if not isinstance(self._stack[-1], Made):
            raise PickleError('damaged (a state of nothing)')
        self._stack[-1].state = state


def _filled(target: Any, pairs: list[Any]) -> Any:
    """Put keys and values into a dict."""
    if not isinstance(target, dict) or len(pairs) % 2:
        raise PickleError('damaged (something else is filled like a dict)')
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        # Others would have to be hashed, and a tuple of tuples can be too deep for that.
        if not isinstance(key, str | int):
            raise PickleError('has keys that are no names')
        target[key] = value
    return target

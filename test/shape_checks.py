"""The checker that verifies types and shapes of every call while the tests run."""

from collections.abc import Callable
from typing import Any

from beartype import BeartypeConf, beartype

# An int is a float for every type checker (PEP 484); beartype wants to be told.
_CHECKED = beartype(conf=BeartypeConf(is_pep484_tower=True))


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """Check arguments and result of a function at every call.

    beartype knows `Self` only when it decorates a class, and jaxtyping hands it functions; so
    an annotation with `Self` is left unchecked.
    """
    function.__annotations__ = {
        name: hint for name, hint in function.__annotations__.items() if 'Self' not in str(hint)
    }
    return _CHECKED(function)

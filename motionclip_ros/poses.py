"""Where frames are, as arrays."""

from typing import NamedTuple

import numpy as np
from jaxtyping import Float


class LinkPoses(NamedTuple):
    """Where some links are in one frame.

    Attributes:
        names: Their names.
        positions: Origins [m].
        quaternions_xyzw: Rotations from link to that frame.
    """

    names: tuple[str, ...]
    positions: Float[np.ndarray, 'link 3']
    quaternions_xyzw: Float[np.ndarray, 'link 4']

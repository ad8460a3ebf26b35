"""Pictures of people in motion, drawn with MuJoCo without a display.

Nothing else of this package loads MuJoCo: who wants a picture imports this when it is time.
"""

import numpy as np
from jaxtyping import UInt8

Frame = UInt8[np.ndarray, 'height width 3']

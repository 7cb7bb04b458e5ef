"""The arrays that rules and interpreter compute with: this package stands alone."""

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]

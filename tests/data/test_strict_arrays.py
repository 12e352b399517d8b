"""Arrays of a file against what they are declared to be."""

import numpy as np
import pytest

from scrl.data.strict_arrays import Declared, check_arrays

#: Bounds that only a double can hold.
WEIGHT = {"weight": Declared("f", ("ballots",), 1e-300, 1e300)}


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64])
def test_bounds_hold_for_floats_of_any_length(kind):
    check_arrays(WEIGHT, [("weight", np.array([1.0, 2.0], kind))], {})
    for bad in (0.0, -1.0):
        with pytest.raises(ValueError, match="outside 1e-300 to 1e"):
            check_arrays(WEIGHT, [("weight", np.array([1.0, bad], kind))], {})
    with pytest.raises(ValueError, match="no finite number"):
        check_arrays(WEIGHT, [("weight", np.array([1.0, np.inf], kind))], {})

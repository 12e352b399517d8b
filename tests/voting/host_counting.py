"""Counting by NumPy, however many ballots there are."""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import pytest

from scrl.voting import counting


@contextmanager
def counted_by_numpy() -> Iterator[None]:
    """Inside, no program is compiled to count whole profiles."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(counting, "MAX_HOST_CONTESTS", np.inf)
        patch.setattr(counting, "MAX_HOST_CELLS", np.inf)
        yield

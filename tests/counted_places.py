"""Places of electorates, counted by few programs and kept for whoever asks again."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import pytest

from scrl.voting.criteria import electorates as e


@contextmanager
def one_batch_size() -> Iterator[None]:
    """All electorates are counted so many at once: one program for each number of candidates."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(e, "BATCH_SIZES", (1_024,))
        yield


@cache
def counted_places(rules: tuple[str, ...], m: int) -> e.PlaceCache:
    """The places of electorates of m candidates, which several criteria ask about."""
    return e.PlaceCache(rules)

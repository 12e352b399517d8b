"""Limits of what is read from files and objects, each stated once, with the words that say it.

A limit is checked before the work that it bounds, so that no input takes long to be refused.
"""

from __future__ import annotations

MAX_COLUMNS = 20_000
#: Bytes of one line of a table or of JSON Lines, and lines of a file.
MAX_LINE, MAX_LINES = 20_000_000, 20_000_000
#: Empty lines, or rows of empty fields, that may follow each other: as many as a sheet has.
MAX_EMPTY = 1_048_576
#: Rows × columns that are looked at, where a file says little in many cells.
MAX_CELLS = 50_000_000
#: Characters of a name of a rater, a group or a candidate; texts may be longer.
MAX_NAME_LENGTH = 10_000
#: Ballots × candidates of one contest, held as one array.
MAX_PLACES = 100_000_000

#: Weight of a ballot as it is written. Sums of products of such weights are float32 numbers, so
#: that no step of a model or a count turns them into infinity or zero.
MIN_WEIGHT, MAX_WEIGHT = 1e-12, 1e12
#: Weights inside: of many equal ballots together, and of one ballot as a share of all.
MIN_SHARE, MAX_TOTAL_WEIGHT = 1e-30, 1e18
#: What a weight may be.
WEIGHT = f"a number from {MIN_WEIGHT:g} to {MAX_WEIGHT:g}"

#: Size of a utility, and of a weight of an attribute of texts, in a scenario.
MAX_UTILITY = 1e30
UTILITY = f"a number from {-MAX_UTILITY:g} to {MAX_UTILITY:g}"
MAX_NOISE = 1e6
NOISE = f"a number from 0 to {MAX_NOISE:g}"


def is_weight(value: float) -> bool:
    """Whether a number may be the weight of a ballot.

    >>> is_weight(0.5), is_weight(1e39), is_weight(float("nan"))
    (True, False, False)
    """
    return MIN_WEIGHT <= value <= MAX_WEIGHT

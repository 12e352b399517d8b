"""A made-up file of ratings with dates, as an example of the format."""

from __future__ import annotations

import csv
import io
from datetime import date, timedelta
from functools import cache

import numpy as np

from scrl.drift.worlds import draw_answers, draw_worlds
from scrl.random_streams import HostStream, host_rng

ANSWERS, RATERS, DAYS = 1_200, 60, 600
ITEMS = ("Brief", "Detailed", "Funny", "Formal", "With sources", "Step by step")
_FIRST_DAY = date(2025, 1, 1)
_GROUPS, _SHARES = ("students", "teachers"), (0.7, 0.3)


@cache
def example_csv() -> str:
    """Pairs of ways to answer, with rater, group and date; the two groups exchange their tastes
    after half of the time."""
    rng = host_rng(0, HostStream.DRIFT_EXAMPLE)
    worlds = draw_worlds(rng, "swap", 1, ANSWERS, len(ITEMS), np.array(_SHARES))
    pairs, group = draw_answers(rng, worlds)
    first_rater = np.cumsum([0, *(round(share * RATERS) for share in _SHARES)])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["rater", "prompt", "chosen", "rejected", "rater_group", "time"])
    for t in range(ANSWERS):
        kind = int(group[0, t])
        rater = int(rng.integers(first_rater[kind], first_rater[kind + 1]))
        both = ITEMS[pairs.first[0, t]], ITEMS[pairs.second[0, t]]
        chosen, rejected = both if pairs.won[0, t] else both[::-1]
        day = _FIRST_DAY + timedelta(days=DAYS * t // ANSWERS)
        writer.writerow(
            [f"rater {rater + 1}", "How should the assistant answer?", chosen, rejected,
             _GROUPS[kind], day.isoformat()]
        )  # fmt: skip
    return out.getvalue()

"""The part on rewards that can be checked."""

from __future__ import annotations

import numpy as np

from scrl.figures import banded_curves
from scrl.proxies import CHECKS
from scrl.studies import load_baked, proxy_hacking
from ui.shared import data_tables, page

_PROBLEM = "Ann has 3 boxes of 4 apples and gives 2 away. How many apples are left?"


def show() -> None:
    """Draw the share of right answers by n for proxies and checks."""
    result = load_baked(proxy_hacking.STUDY.name)["result"]
    numbers, shares = result["numbers"], result["verifiable"]
    strict, careless = CHECKS
    right = {name: np.array(values) for name, values in shares.items()}
    page.say(
        f"Some tasks can be checked: *{_PROBLEM}* A reward that checks the last number has no "
        f"error. With it, best of {numbers[4]} is right in **{right[strict][0, 4]:.1%}** of cases, "
        f"from {right[strict][0, 0]:.0%} at the start. With sentiment as the reward it is right in "
        f"{right['sentiment'][0, 4]:.0%}, since praise is more positive than arithmetic. A "
        f"careless check, which is content with *some* right number, stays at "
        f"{right[careless][0, -1]:.0%}: it is hacked by answers that list many numbers. A reward "
        "is verifiable only as far as the check is right."
    )
    names = {strict: f"check: {strict}", careless: f"check: {careless}",
             "sentiment": "proxy: sentiment", "length": "proxy: length"}  # fmt: skip
    page.chart(
        banded_curves(
            numbers, [(title, right[name], i) for i, (name, title) in enumerate(names.items())],
            x_title="answers written (n)", y_title="right answers", log_axes="x", percent=True,
            value_format=".1%", height=380, **page.style(),
        ),
        "chart-verifiable",
        alt="; ".join(f"{t}: {right[n][0, -1]:.0%}" for n, t in names.items()),
        caption=f"Share of right answers when the best of n by each reward is kept: "
        f"{proxy_hacking.PROBLEMS} made-up problems in each of {proxy_hacking.PROBLEM_SEEDS} seeds,"
        f" {proxy_hacking.ANSWERS} candidate answers each, 95 % intervals. One "
        "answer in twelve praises at length, one in forty lists numbers.",
    )  # fmt: skip
    rows = [
        {"n": n} | {title: float(right[name][0, i]) for name, title in names.items()}
        for i, n in enumerate(numbers)
    ]
    data_tables.numbers_expander(rows, "verifiable")

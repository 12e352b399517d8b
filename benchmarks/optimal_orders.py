"""How long Kemeny's and Slater's orders of 10 to 30 candidates take, and whether they are proved.

    python benchmarks/optimal_orders.py [--seeds N]     measure, print, write the json

Profiles of 11 and of 101 voters: impartial, Mallows with dispersion .8, and near-cyclic (each voter
rotates one order and swaps a third of the neighbours). Random tournaments are the hardest case
known; no electorate of few voters makes them. ``order`` is ``kemeny_ranking``; ``rule`` also finds
every candidate who leads an optimal order, in each round, within ten seconds.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402 (the project is not installed)

from scrl.types import InputError  # noqa: E402
from scrl.voting.rules.order_search import OrderSearch  # noqa: E402
from scrl.voting.rules.orders import optimal_places  # noqa: E402

SIZES, VOTERS, LIMIT = (10, 15, 20, 25, 30), (11, 101), 60.0


def impartial(rng: np.random.Generator, voters: int, m: int) -> np.ndarray:
    """Places of impartial voters ``[voters, candidates]``."""
    return rng.permuted(np.tile(np.arange(m), (voters, 1)), axis=1)


def mallows(rng: np.random.Generator, voters: int, m: int) -> np.ndarray:
    """Places of Mallows voters with dispersion .8, by repeated insertion."""
    place = np.empty((voters, m), int)
    for row in place:
        order: list[int] = []
        for i in range(m):
            weight = 0.8 ** np.arange(i, -1, -1.0)
            order.insert(int(rng.choice(i + 1, p=weight / weight.sum())), i)
        row[order] = np.arange(m)
    return place


def near_cyclic(rng: np.random.Generator, voters: int, m: int) -> np.ndarray:
    """Places of voters who rotate one order and swap a third of the neighbours."""
    place = np.empty((voters, m), int)
    for row in place:
        order = np.roll(np.arange(m), int(rng.integers(m)))
        for i in rng.integers(m - 1, size=m // 3):
            order[[i, i + 1]] = order[[i + 1, i]]
        row[order] = np.arange(m)
    return place


def shares(place: np.ndarray) -> np.ndarray:
    """P(a ≻ b) ``[candidates, candidates]``."""
    return np.mean([0.5 + 0.5 * np.sign(row[None, :] - row[:, None]) for row in place], axis=0)


def tournament(rng: np.random.Generator, m: int) -> np.ndarray:
    """A random tournament as P(a ≻ b)."""
    upper = np.triu(rng.choice([-0.5, 0.5], (m, m)), 1)
    return 0.5 + upper - upper.T


def measure(above: np.ndarray) -> dict:
    """Seconds of the order and of the rule, and what is proved."""
    cost = above.T * (1 - np.eye(len(above)))
    start = time.perf_counter()
    found = OrderSearch(cost, time.monotonic() + LIMIT).least(range(len(above)))
    seconds = time.perf_counter() - start
    start = time.perf_counter()
    try:
        optimal_places(above[None], "")
        counted = True
    except InputError:
        counted = False
    return {"order": seconds, "proved": found.proved, "gap": float(found.cost - found.bound),
            "rule": time.perf_counter() - start, "counted": counted}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    seeds = parser.parse_args().seeds
    found: list[dict] = []
    for m in SIZES:
        cases = [(f.__name__, n, f) for f in (impartial, mallows, near_cyclic) for n in VOTERS]
        for name, voters, draw in cases:
            drawn = [shares(draw(np.random.default_rng(s), voters, m)) for s in range(seeds)]
            for rule in ("kemeny", "slater"):
                if rule == "slater":
                    drawn = [0.5 + 0.5 * np.sign(np.round(a - 0.5, 9)) for a in drawn]
                found.append(summary(m, f"{name}, {voters} voters", rule, drawn))
        drawn = [tournament(np.random.default_rng(s), m) for s in range(min(seeds, 2))]
        found.append(summary(m, "random tournament", "slater", drawn))
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n", "utf-8")


def summary(m: int, profiles: str, rule: str, drawn: list[np.ndarray]) -> dict:
    """Median and largest seconds over the profiles, and how many are proved."""
    measured = [measure(above) for above in drawn]
    row = {
        "candidates": m, "profiles": profiles, "rule": rule, "seeds": len(measured),
        "order_median": round(float(np.median([x["order"] for x in measured])), 3),
        "order_most": round(max(x["order"] for x in measured), 3),
        "proved": sum(bool(x["proved"]) for x in measured),
        "largest_gap": round(max(x["gap"] for x in measured), 6),
        "rule_most": round(max(x["rule"] for x in measured), 3),
        "counted": sum(x["counted"] for x in measured),
    }  # fmt: skip
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()

"""Bradley–Terry and Plackett–Luce by maximum likelihood, beside choix in the same process.

    python benchmarks/likelihood.py          measure and print

Both sides solve the same data to within 1e-6 of the optimum, which choix finds with a tolerance of
1e-12; choix then runs with the loosest tolerance that is still so near. Data come from the model,
rewards drawn from a standard normal distribution, seed 0. Medians of warm runs.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from functools import partial
from pathlib import Path

import choix
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scrl.choice_models import bradley_terry as bt  # noqa: E402 (the project is not installed)
from scrl.choice_models import plackett_luce as pl  # noqa: E402

ACCURACY = 1e-6
FITS = 1_000


def seconds(work, repeats: int) -> float:
    """The median time of ``work``, after a run to warm up."""
    work()
    took = []
    for _ in range(repeats):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return statistics.median(took)


def centred(reward: np.ndarray) -> np.ndarray:
    return reward - reward.mean(-1, keepdims=True)


def choix_time(solve, repeats: int) -> tuple[float, float, np.ndarray]:
    """Of ``solve(tol)``: seconds at the loosest tolerance that is accurate enough, that tolerance,
    and the optimum."""
    optimum = centred(solve(1e-12))
    for tol in 10.0 ** np.arange(-2, -12, -1):
        if np.abs(centred(solve(tol)) - optimum).max() <= ACCURACY:
            return seconds(partial(solve, tol), repeats), float(f"{tol:.0e}"), optimum
    raise AssertionError("choix came nowhere near its own optimum")


def row(name: str, ours: float, theirs: float, route: str, tol: float, error: float) -> dict:
    return {
        "case": name,
        "scrl ms": round(1e3 * ours, 3),
        "choix ms": round(1e3 * theirs, 3),
        "ratio": round(theirs / ours, 1),
        "choix route": route,
        "choix tolerance": tol,
        "scrl error": float(f"{error:.1e}"),
    }


def batch_row(name: str, one: float, fit: float, many: float) -> dict:
    return {
        "case": name,
        "one from raw data ms": round(1e3 * one, 3),
        "one counted ms": round(1e3 * fit, 3),
        f"{FITS:,} counted ms": round(1e3 * many, 3),
        "ratio to one from raw data": round(many / one, 1),
        "ratio to one counted": round(many / fit, 1),
    }


def comparisons(items: int, number: int) -> np.ndarray:
    """Comparisons of random pairs ``[number, 2]``, the winner first."""
    rng = np.random.default_rng(0)
    reward = rng.normal(size=items)
    a = rng.integers(items, size=number)
    b = (a + rng.integers(1, items, number)) % items
    won = rng.random(number) < 1 / (1 + np.exp(reward[b] - reward[a]))
    return np.where(won[:, None], np.stack([a, b], 1), np.stack([b, a], 1))


def bradley_terry_rows(items: int = 20, number: int = 100_000, repeats: int = 15) -> list[dict]:
    """From raw comparisons, counting included; choix counts into its dense matrix by its
    documented loop over a list, the form that is fastest for it, and by NumPy from the array."""
    raw = comparisons(items, number)
    pairs = [tuple(pair) for pair in raw.tolist()]

    def looped():
        wins = np.zeros((items, items))
        for winner, loser in pairs:
            wins[winner, loser] += 1
        return wins

    def added():
        wins = np.zeros((items, items))
        np.add.at(wins, (raw[:, 0], raw[:, 1]), 1)
        return wins

    wins = bt.count_wins(raw)
    dense, tol, optimum = choix_time(lambda tol: choix.ilsr_pairwise_dense(wins, tol=tol), repeats)
    straight, loose, _ = choix_time(lambda tol: choix.ilsr_pairwise(items, pairs, tol=tol), 1)
    ours = seconds(lambda: bt.fit_comparisons(raw, prior_sd=np.inf), repeats)
    from_list = seconds(lambda: bt.fit_comparisons(pairs, prior_sd=np.inf), repeats)
    fit = seconds(lambda: bt.fit_bradley_terry(wins, np.inf), repeats)
    loop, add = seconds(looped, 5), seconds(added, repeats)
    error = np.abs(bt.fit_comparisons(raw, prior_sd=np.inf) - optimum).max()
    name = f"Bradley–Terry, {number:,} comparisons of {items}"
    matrix = "ilsr_pairwise_dense, its matrix "
    rng = np.random.default_rng(0)
    total, chance = (wins + wins.T).astype(int), wins / np.maximum(wins + wins.T, 1)
    upper = np.triu(rng.binomial(total, chance, (FITS, items, items)), 1)
    again = (upper + np.triu(total - upper, 1).swapaxes(1, 2)).astype(float)
    many = seconds(lambda: bt.fit_bradley_terry(again, np.inf), repeats)
    few = again[:, :5, :5].copy()
    small = seconds(lambda: bt.fit_bradley_terry(few[0], np.inf), repeats)
    small_many = seconds(lambda: bt.fit_bradley_terry(few, np.inf), repeats)
    return [
        row(f"{name}, as an array; choix from a list", ours, loop + dense,
            matrix + "by its loop over the list", tol, error),
        row(f"{name}, as an array", ours, add + dense, matrix + "by np.add.at", tol, error),
        row(f"{name}, as a list of pairs", from_list, loop + dense,
            matrix + "by its loop over the list", tol, error),
        row(f"{name}, as an array; choix on comparisons", ours, straight, "ilsr_pairwise", loose,
            error),
        row(f"Bradley–Terry, matrix of {items} given", fit, dense, "ilsr_pairwise_dense", tol,
            error),
        batch_row(f"Bradley–Terry, {FITS:,} resamples at once, {items} items", ours, fit, many),
        batch_row(f"Bradley–Terry, {FITS:,} resamples at once, 5 items", ours, small, small_many),
    ]  # fmt: skip


def plackett_luce_rows(items: int = 5, number: int = 10_000, repeats: int = 15) -> list[dict]:
    """From complete rankings, counting included."""
    rng = np.random.default_rng(0)
    noisy = rng.normal(size=items) + rng.gumbel(size=(number, items))
    raw = np.argsort(-noisy, axis=1)
    rankings = [tuple(ranking) for ranking in raw.tolist()]
    theirs, tol, optimum = choix_time(
        lambda tol: choix.ilsr_rankings(items, rankings, tol=tol), repeats=3
    )
    ours = seconds(lambda: pl.fit_rankings(raw, prior_sd=np.inf), repeats)
    from_list = seconds(lambda: pl.fit_rankings(rankings, prior_sd=np.inf), repeats)
    error = np.abs(pl.fit_rankings(raw, prior_sd=np.inf) - optimum).max()
    counted = pl.count_choices(raw)
    fit = seconds(lambda: pl.fit_plackett_luce(counted, np.inf), repeats)
    resampled = raw[rng.integers(number, size=(FITS, number // 10))]
    again = pl.count_choices(resampled)
    many = seconds(lambda: pl.fit_plackett_luce(again, np.inf), repeats)
    name = f"Plackett–Luce, {number:,} rankings of {items}"
    return [
        row(f"{name}, as an array; choix from a list", ours, theirs, "ilsr_rankings", tol, error),
        row(f"{name}, as a list", from_list, theirs, "ilsr_rankings", tol, error),
        batch_row(f"Plackett–Luce, {FITS:,} resamples at once, {items} items", ours, fit, many),
    ]


def main() -> None:
    for found in bradley_terry_rows() + plackett_luce_rows():
        print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()

"""Bradley–Terry and Plackett–Luce: time beside choix in the same process, and how often intervals
contain the truth.

    python benchmarks/fits.py [times] [coverage]     measure, print, and write fits.json; one part
                                                     keeps the rows of the other

Both sides solve the same data to within 1e-6 of the optimum, which choix finds with a tolerance of
1e-12; choix then runs with the loosest tolerance that is still so near. Data come from the model,
rewards drawn from a standard normal distribution, seed 0. Times are those of the processor, all
threads together, and the least of warm runs on both sides, as the machine may be shared.

Coverage: data sets drawn anew for each of five seeds; the share of 95 % intervals that contain the
truth, of scores and of differences, over all items. The truth of half wins and of raters who differ
is the fit to 400,000 rows. Data sets without a finite maximum are left out and counted.
"""

from __future__ import annotations

import json
import platform
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from pathlib import Path

import choix
import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the project is not installed)
from scrl.choice_models import bradley_terry as bt  # noqa: E402
from scrl.choice_models import plackett_luce as pl  # noqa: E402
from scrl.types import InputError  # noqa: E402

ACCURACY = 1e-6
FITS = 1_000


def seconds(work, repeats: int) -> float:
    """The least processor time of ``work``, after a run to warm up."""
    work()
    took = []
    for _ in range(repeats):
        began = time.process_time()
        work()
        took.append(time.process_time() - began)
    return min(took)


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
        row(f"{name}, as a list of pairs; choix on the list", from_list, straight, "ilsr_pairwise",
            loose, error),
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


REWARD = np.array([1.0, 0.4, 0.0, -0.4, -1.0])
SEEDS, SIZES = 5, (50, 200, 1_000)


def leaderboard_rows() -> list[dict]:
    """Seconds of a leaderboard from columns, with its bootstrap."""
    data = battles(np.random.default_rng(0), 100_000)
    rows = []
    for ties in ("half", "davidson", "rao-kupper"):
        board = scrl.fit_bradley_terry(data, ties=ties)
        fit = seconds(lambda ties=ties: scrl.fit_bradley_terry(data, ties=ties), 3)
        drawn = seconds(lambda board=board: board.bootstrap(1_000), 3)
        rows.append(
            {
                "case": f"Leaderboard of 100,000 comparisons of 5 from columns, ties {ties}",
                "fit ms": round(1e3 * fit, 1),
                "1,000 resamples ms": round(1e3 * drawn, 1),
            }
        )
    return rows


def battles(
    rng: np.random.Generator, rows: int, model: str = "davidson", spread: float = 0.0
) -> dict:
    """Comparisons of random pairs from a model of ties, five rows a rater, whose rewards vary with
    standard deviation ``spread``."""
    m = len(REWARD)
    rater = np.arange(rows) // 5
    own = REWARD + spread * rng.normal(size=(rater[-1] + 1, m))
    a = rng.integers(m, size=rows)
    b = (a + rng.integers(1, m, rows)) % m
    gap = own[rater, a] - own[rater, b]
    if model == "none":
        win, tie = 1 / (1 + np.exp(-gap)), 0.0
    elif model == "davidson":
        total = 1 + np.exp(-gap) + 0.7 * np.exp(-gap / 2)
        win, tie = 1 / total, 0.7 * np.exp(-gap / 2) / total
    else:
        win, loss = 1 / (1 + 1.8 * np.exp(-gap)), 1 / (1 + 1.8 * np.exp(gap))
        tie = 1 - win - loss
    u = rng.random(rows)
    result = np.where(u < win, "model_a", np.where(u < win + tie, "tie", "model_b"))
    return {
        "model_a": a.tolist(), "model_b": b.tolist(), "winner": result.tolist(),
        "weight": rng.exponential(size=rows).tolist(), "rater": rater.tolist(),
    }  # fmt: skip


def rankings(rng: np.random.Generator, rows: int) -> list[list[int]]:
    """Plackett–Luce rankings of three to five items drawn at random."""
    found = []
    for noisy in REWARD + rng.gumbel(size=(rows, len(REWARD))):
        shown = rng.permutation(len(REWARD))[: rng.integers(3, 6)]
        found.append(shown[np.argsort(-noisy[shown])].tolist())
    return found


def pair_case(
    model: str, spread: float = 0.0, **options: str
) -> Callable[[np.random.Generator, int], scrl.Leaderboard]:
    """A function that draws comparisons and fits them."""
    return lambda rng, rows: scrl.fit_bradley_terry(battles(rng, rows, model, spread), **options)


CASES = {
    "no ties": pair_case("none"),
    "ties by Davidson": pair_case("davidson", ties="davidson"),
    "ties by Rao and Kupper": pair_case("rao-kupper", ties="rao-kupper"),
    "ties half, robust (the default)": pair_case("davidson"),
    "ties half, information": pair_case("davidson", errors="information"),
    "Davidson, importance weights": pair_case("davidson", ties="davidson", weight="weight"),
    "raters who differ, robust over raters": pair_case("none", 1.0, rater="rater"),
    "raters who differ, ignored": pair_case("none", 1.0),
}


def inside(board: scrl.Leaderboard, truth: np.ndarray, method: str = "normal") -> np.ndarray:
    """Shares of intervals that contain the truth: of scores, and of differences."""
    wanted = truth[list(board.names)]
    low, high = board.intervals(method=method).T
    scores = np.mean((low < wanted) & (wanted < high))
    held = []
    for i, a in enumerate(board.names):
        for j, b in enumerate(board.names[:i]):
            gap = board.difference(a, b, method=method)
            held.append(gap.low < wanted[i] - wanted[j] < gap.high)
    return np.array([scores, np.mean(held)])


def coverage_row(
    name: str,
    case: Callable[[np.random.Generator, int], scrl.Leaderboard],
    rows: int,
    draws: int,
    truth: np.ndarray,
    method: str = "normal",
) -> dict:
    """Coverage of one case: mean over seeds, and the range of the seeds' means."""
    by_seed, refused = [], 0
    for seed in range(SEEDS):
        found = []
        for draw in range(draws):
            rng = np.random.default_rng([seed, draw, rows])
            try:
                board = case(rng, rows)
            except InputError:
                refused += 1
                continue
            if len(board.names) < len(REWARD):
                refused += 1
                continue
            if method != "normal":
                board = board.bootstrap(400, rng)
            found.append(inside(board, truth, method))
        by_seed.append(np.mean(found, axis=0))
    scores, gaps = np.mean(by_seed, axis=0)
    return {
        "case": f"Coverage of 95 % intervals, {name}, {rows:,} rows",
        "scores %": round(100 * scores, 1),
        "differences %": round(100 * gaps, 1),
        "seeds' differences %": [round(100 * x[1], 1) for x in by_seed],
        "data sets": SEEDS * draws,
        "without a maximum": refused,
    }


def coverage_rows(draws: int = 200) -> list[dict]:
    found = []
    exact = REWARD - REWARD.mean()
    for name, case in CASES.items():
        truth = exact
        if "half" in name or "raters" in name:
            big = case(np.random.default_rng(99), 400_000)
            truth = big.score[np.argsort(big.names)]
        found += [coverage_row(name, case, rows, draws, truth) for rows in SIZES]
    for method in ("percentile", "basic"):
        name = f"ties by Davidson, {method} bootstrap"
        case = CASES["ties by Davidson"]
        found += [coverage_row(name, case, n, draws // 2, exact, method) for n in SIZES[:2]]
    rank = lambda rng, rows: scrl.fit_plackett_luce(rankings(rng, rows))  # noqa: E731
    found += [coverage_row("Plackett–Luce", rank, n, draws, exact) for n in SIZES[:2]]
    return found


def time_rows() -> list[dict]:
    return bradley_terry_rows() + plackett_luce_rows() + leaderboard_rows()


PARTS = {"times": time_rows, "coverage": coverage_rows}


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    path = Path(__file__).with_suffix(".json")
    known = json.loads(path.read_text(encoding="utf-8"))["rows"] if sys.argv[1:] else []
    measured = [row for part in chosen for row in PARTS[part]()]
    cases = {row["case"] for row in measured}
    summary = {
        "python": platform.python_version(),
        "packages": {name: version(name) for name in ("numpy", "scipy", "choix")},
        "rows": measured + [row for row in known if row["case"] not in cases],
    }
    path.write_text(json.dumps(summary, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    for found in measured:
        print(json.dumps(found, ensure_ascii=False))


if __name__ == "__main__":
    main()

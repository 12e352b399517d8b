"""How many electorates a voter can manipulate, by rule.

Voters hold strict orders, and an electorate is how many hold each of the m! orders. A lie moves
voters from one order to another, so that truth and lies are electorates alike, each counted once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import combinations
from math import comb, factorial

import numpy as np
from scipy.special import gammaln

from scrl.types import Ballots, InputError
from scrl.voting.counting import aggregate_all
from scrl.voting.registry import RULES
from scrl.voting.strategy.manipulation import MIN_GAIN
from scrl.voting.strategy.misreports import strict_orders

#: Models of random electorates.
ELECTORATE_MODELS = {
    "impartial": "impartial culture: every voter draws any order alike",
    "anonymous": "impartial anonymous culture: every division of the voters over orders alike",
    "urn": "Pólya–Eggenberger urn: each drawn order is put back with as many copies as there "
    "are orders",
    "mallows": "Mallows: orders near a common one are likelier, e^-1 for each pair swapped",
}
#: Electorates listed at most, drawn at most, and counted in one call: one size, one program.
MOST_LISTED, MOST_DRAWN, GROUP = 60_000, 20_000, 2048
MOST_CANDIDATES, MOST_VOTERS = 5, 200


@dataclass(frozen=True)
class Manipulability:
    """How often a rule can be manipulated.

    Attributes:
        rule: its name. share: of the electorates, those in which some voter (or group of
            ``size`` alike) gains by a lie; error: its standard error, 0 where all electorates
            were weighed by their probability.
        electorates: how many were looked at; exact: whether these are all.
        example: one that can be manipulated: how many voters hold each order of
            ``lies.strict_orders``, who lies (an order) and what they say (an order); None
            where there is none.
    """

    rule: str
    share: float
    standard_error: float
    electorates: int
    exact: bool
    example: tuple[tuple[int, ...], int, int] | None


def manipulable_share(
    rules: str | Sequence[str],
    m: int,
    n: int,
    profiles: int | None = None,
    seed: int = 0,
    model: str = "impartial",
    by: str = "utility",
    size: int = 1,
) -> dict[str, Manipulability]:
    """The share of electorates of ``n`` voters and ``m`` candidates that can be manipulated.

    Args:
        rules: that read orders.
        profiles: how many electorates are drawn, from ``seed``; None lists all and weighs them by
            their probability, for few candidates and voters and the first two ``MODELS``.
        by: ``"utility"``: a lie gains if the winner is worth more on average in the liar's points
            m-1 … 0, a tie being drawn; ``"dominance"``: if it is better for every utility with
            the liar's order (first-order stochastic dominance).
        size: how many voters of one order lie alike.

    Raises:
        InputError: for more than ``MOST_CANDIDATES`` or ``MOST_VOTERS``, unknown names, too many
            electorates, or a rule that reads utilities.
    """
    rules = [rules] if isinstance(rules, str) else list(rules)
    _check(rules, m, n, model, by, size)
    rng = np.random.default_rng(seed)
    counts, chance = (
        _listed(m, n, model) if profiles is None else _drawn(m, n, profiles, rng, model)
    )
    able = {name: np.zeros(len(counts), bool) for name in rules}
    example: dict[str, tuple] = {}
    t = factorial(m)
    block = max(1, 200_000 // (min(n, t) * (t - 1)))
    for start in range(0, len(counts), block):
        some = counts[start : start + block]
        which, liar, lie = _deviations(some, size)
        moved = some[which].copy()
        at = np.arange(len(which))
        moved[at, liar] -= size
        moved[at, lie] += size
        every, index = _distinct(np.concatenate([some, moved]))
        won = _winners(every, m, rules)
        for name in rules:
            before, after = won[name][index[: len(some)]][which], won[name][index[len(some) :]]
            gains = _gains(before, after, strict_orders(m)[liar], by)
            able[name][start + which[gains]] = True
            if name not in example and gains.any():
                i = int(np.flatnonzero(gains)[0])
                example[name] = (tuple(some[which[i]].tolist()), int(liar[i]), int(lie[i]))
    found = {}
    for name in rules:
        share = float(chance @ able[name])
        drawn = profiles is not None
        error = float(np.sqrt(share * (1 - share) / len(counts))) if drawn else 0.0
        found[name] = Manipulability(name, share, error, len(counts), not drawn, example.get(name))
    return found


def _check(rules: list[str], m: int, n: int, model: str, by: str, size: int) -> None:
    for name in rules:
        if RULES[name].reads == "utility":
            raise InputError(f"{RULES[name].title} reads utilities, and electorates have orders.")
    if not 2 <= m <= MOST_CANDIDATES:
        raise InputError(f"There are {m} candidates; give 2 to {MOST_CANDIDATES}.")
    if not 1 <= n <= MOST_VOTERS or not 1 <= size <= n:
        raise InputError(
            f"{size} of {n} voters cannot be counted; give 1 to {MOST_VOTERS} voters, and no more "
            "liars."
        )
    if model not in ELECTORATE_MODELS or by not in ("utility", "dominance"):
        raise InputError(
            f"There is no model '{model}' with gains by '{by}'; choose from "
            f"{', '.join(ELECTORATE_MODELS)}, and utility or dominance."
        )


# -- electorates ----------------------------------------------------------------------------------


def _listed(m: int, n: int, model: str) -> tuple[np.ndarray, np.ndarray]:
    """All electorates ``[electorates, m!]`` and their chances."""
    t = factorial(m)
    if model not in ("impartial", "anonymous") or comb(n + t - 1, n) > MOST_LISTED:
        raise InputError(
            f"The electorates of {n} voters and {m} candidates are too many to list, or not alike; "
            "say how many to draw."
        )
    return _compositions(n, t, model)


@cache
def _compositions(n: int, t: int, model: str) -> tuple[np.ndarray, np.ndarray]:
    bars = np.array(list(combinations(range(n + t - 1), t - 1)), np.int64).reshape(-1, t - 1)
    edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, n + t - 1)))
    counts = np.diff(edges, axis=1) - 1
    if model == "anonymous":
        return counts, np.full(len(counts), 1 / len(counts))
    log = gammaln(n + 1) - gammaln(counts + 1).sum(1) - n * np.log(t)
    return counts, np.exp(log)


def _drawn(m: int, n: int, profiles: int, rng: np.random.Generator, model: str):
    """Random electorates ``[profiles, m!]``, each with the same chance."""
    if not 1 <= profiles <= MOST_DRAWN:
        raise InputError(f"{profiles} electorates cannot be drawn; give 1 to {MOST_DRAWN:,}.")
    t = factorial(m)
    if model == "anonymous":  # the gaps between random bars among stars and bars
        bars = np.argsort(rng.random((profiles, n + t - 1)), axis=1)[:, : t - 1]
        edges = np.pad(
            np.sort(bars, axis=1), ((0, 0), (1, 1)), constant_values=((0, 0), (-1, n + t - 1))
        )
        counts = np.diff(edges, axis=1) - 1
    elif model == "urn":  # drawing with t copies put back is Dirichlet(1/t) shares
        shares = rng.dirichlet(np.full(t, 1 / t), profiles)
        counts = rng.multinomial(n, shares / shares.sum(1, keepdims=True))
    else:
        place = strict_orders(m)
        a, b = np.triu_indices(m, 1)
        swaps = (place[:, a] > place[:, b]).sum(1)
        weight = np.exp(-1.0 * swaps) if model == "mallows" else np.ones(t)
        counts = rng.multinomial(n, weight / weight.sum(), profiles)
    return counts, np.full(profiles, 1 / profiles)


def _deviations(counts: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All lies of ``size`` voters of one order: electorate, true order, stated order ``[lies]``."""
    which, liar = np.nonzero(counts >= size)
    t = counts.shape[1]
    lie = np.arange(t - 1)[None] + (np.arange(t - 1)[None] >= liar[:, None])
    return np.repeat(which, t - 1), np.repeat(liar, t - 1), lie.ravel()


def _distinct(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Each electorate once, and which of them each row is."""
    rows = np.ascontiguousarray(counts, np.uint8)  # MOST_VOTERS fits
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, index = np.unique(keys, return_index=True, return_inverse=True)
    return counts[first], index.ravel()


def _winners(counts: np.ndarray, m: int, rules: list[str]) -> dict[str, np.ndarray]:
    """Chance to win ``[electorates, m]`` by rule."""
    values = -strict_orders(m).astype(np.int8)
    n = int(counts[0].sum())
    if m > 4 and n < len(values):  # fewer voters than orders: one row each
        held = np.repeat(np.tile(np.arange(len(values)), len(counts)), counts.ravel())
        utility, weight = values[held].reshape(len(counts), n, m), np.ones(counts[:, :n].shape)
    else:
        utility = np.broadcast_to(values, (len(counts), *values.shape))
        weight = counts.astype(float)
    parts: dict[str, list] = {name: [] for name in rules}
    for start in range(0, len(counts), GROUP):
        at = np.minimum(np.arange(start, start + GROUP), len(counts) - 1)
        for name, outcome in aggregate_all(Ballots(utility[at], weight=weight[at]), rules).items():
            parts[name].append(outcome.chances)
    return {name: np.concatenate(part)[: len(counts)] for name, part in parts.items()}


def _gains(before: np.ndarray, after: np.ndarray, place: np.ndarray, by: str) -> np.ndarray:
    """Whether lotteries ``after`` are better than ``before`` for the voters with these orders."""
    change = after - before
    if by == "utility":
        return -(place * change).sum(1) > MIN_GAIN
    ahead = np.take_along_axis(change, np.argsort(place, axis=1), axis=1).cumsum(1)
    return (ahead >= -MIN_GAIN).all(1) & (ahead > MIN_GAIN).any(1)

"""How many electorates are manipulable, by rule.

Voters hold strict orders. An electorate states how many voters hold each of the m! orders. A
misreport moves voters from one order to another, so that an electorate and its misreports are
counted alike, each distinct one once.
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
    "impartial": "impartial culture; each voter draws one of all orders at random",
    "anonymous": "impartial anonymous culture; all ways to share the voters out among the orders "
    "are equally likely",
    "urn": "Pólya–Eggenberger urn; voters often copy the ballot of a voter before them (each drawn "
    "order is put back with as many copies as there are orders)",
    "mallows": "Mallows; orders that resemble one common order are more likely (by a factor e^-1 "
    "for each pair that differs)",
}
#: Most electorates listed and most sampled.
MAX_LISTED, MAX_SAMPLES = 60_000, 20_000
#: Electorates counted in one call: a fixed size needs one program.
BATCH = 2048
MAX_CANDIDATES, MAX_VOTERS = 5, 200


@dataclass(frozen=True)
class Manipulability:
    """How often a rule is manipulable.

    Attributes:
        rule: name of the rule.
        share: of the electorates, those in which some coalition gains by a misreport.
        standard_error: of the share; 0 where all electorates are weighted by their probability.
        electorates: how many were examined.
        exact: whether these are all.
        example: a manipulable electorate, None where there is none: how many voters hold each order
            of ``misreports.strict_orders``, the index of the coalition's order, and the index of
            the order that it reports.
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
    samples: int | None = None,
    seed: int = 0,
    model: str = "impartial",
    criterion: str = "utility",
    coalition_size: int = 1,
) -> dict[str, Manipulability]:
    """The share of electorates of ``n`` voters and ``m`` candidates that are manipulable, by rule.

    Args:
        rules: ordinal ones.
        samples: how many electorates are drawn, from ``seed``. None lists all and weights them by
            their probability: for few candidates and voters, and the models ``"impartial"`` and
            ``"anonymous"``.
        model: of ``ELECTORATE_MODELS``.
        criterion: when a misreport gains. ``"utility"``: where the winner's mean utility m-1 … 0 is
            higher, a tie being drawn. ``"dominance"``: where the outcome is better for every
            utility with the truthful order (first-order stochastic dominance).
        coalition_size: how many voters of one order cast the same misreport.

    Raises:
        InputError: for more than ``MAX_CANDIDATES`` or ``MAX_VOTERS``, unknown names, too many
            electorates, or a rule that reads utilities.
    """
    rules = [rules] if isinstance(rules, str) else list(rules)
    _check(rules, m, n, model, criterion, coalition_size)
    if samples is None:
        counts, probability = _all_electorates(m, n, model)
    else:
        counts, probability = _sampled_electorates(
            m, n, samples, np.random.default_rng(seed), model
        )
    manipulable, example = _find_manipulable(counts, m, rules, criterion, coalition_size)
    found = {}
    for name in rules:
        share = float(probability @ manipulable[name])
        exact = samples is None
        error = 0.0 if exact else float(np.sqrt(share * (1 - share) / len(counts)))
        found[name] = Manipulability(name, share, error, len(counts), exact, example.get(name))
    return found


def _find_manipulable(
    counts: np.ndarray, m: int, rules: list[str], criterion: str, coalition_size: int
) -> tuple[dict[str, np.ndarray], dict[str, tuple[tuple[int, ...], int, int]]]:
    """Which electorates ``[electorates, m!]`` are manipulable, and the first example, by rule."""
    manipulable = {name: np.zeros(len(counts), bool) for name in rules}
    example: dict[str, tuple[tuple[int, ...], int, int]] = {}
    orders = factorial(m)
    voters = int(counts[0].sum())
    step = max(1, 200_000 // (min(voters, orders) * (orders - 1)))
    for start in range(0, len(counts), step):
        block = counts[start : start + step]
        electorate, truthful, reported = _misreports(block, coalition_size)
        changed = block[electorate].copy()
        index = np.arange(len(electorate))
        changed[index, truthful] -= coalition_size
        changed[index, reported] += coalition_size
        distinct, inverse = _distinct(np.concatenate([block, changed]))
        chances = _win_chances(distinct, m, rules)
        for name in rules:
            before = chances[name][inverse[: len(block)]][electorate]
            after = chances[name][inverse[len(block) :]]
            gains = _gains(before, after, strict_orders(m)[truthful], criterion)
            manipulable[name][start + electorate[gains]] = True
            if name not in example and gains.any():
                i = int(np.flatnonzero(gains)[0])
                example[name] = (
                    tuple(block[electorate[i]].tolist()), int(truthful[i]), int(reported[i]),
                )  # fmt: skip
    return manipulable, example


def _check(
    rules: list[str], m: int, n: int, model: str, criterion: str, coalition_size: int
) -> None:
    for name in rules:
        if RULES[name].reads == "utility":
            raise InputError(f"{RULES[name].title} reads utilities, and electorates have orders.")
    if not 2 <= m <= MAX_CANDIDATES:
        raise InputError(f"There are {m} candidates; give 2 to {MAX_CANDIDATES}.")
    if not 1 <= n <= MAX_VOTERS or not 1 <= coalition_size <= n:
        raise InputError(
            f"{coalition_size} of {n} voters cannot be counted; give 1 to {MAX_VOTERS} voters, and "
            "no more liars."
        )
    if model not in ELECTORATE_MODELS or criterion not in ("utility", "dominance"):
        raise InputError(
            f"There is no model '{model}' with gains by '{criterion}'; choose from "
            f"{', '.join(ELECTORATE_MODELS)}, and utility or dominance."
        )


# -- electorates ----------------------------------------------------------------------------------


def _all_electorates(m: int, n: int, model: str) -> tuple[np.ndarray, np.ndarray]:
    """All electorates ``[electorates, m!]`` and their probabilities ``[electorates]``."""
    t = factorial(m)
    if model not in ("impartial", "anonymous") or comb(n + t - 1, n) > MAX_LISTED:
        raise InputError(
            f"The electorates of {n} voters and {m} candidates are too many to list, or not alike; "
            "say how many to draw."
        )
    return _compositions(n, t, model)


@cache
def _compositions(n: int, t: int, model: str) -> tuple[np.ndarray, np.ndarray]:
    """All divisions of ``n`` voters over ``t`` orders, by stars and bars, and probabilities."""
    bars = np.array(list(combinations(range(n + t - 1), t - 1)), np.int64).reshape(-1, t - 1)
    edges = np.pad(bars, ((0, 0), (1, 1)), constant_values=((0, 0), (-1, n + t - 1)))
    counts = np.diff(edges, axis=1) - 1
    if model == "anonymous":
        return counts, np.full(len(counts), 1 / len(counts))
    log = gammaln(n + 1) - gammaln(counts + 1).sum(1) - n * np.log(t)
    return counts, np.exp(log)


def _sampled_electorates(
    m: int, n: int, samples: int, rng: np.random.Generator, model: str
) -> tuple[np.ndarray, np.ndarray]:
    """Random electorates ``[samples, m!]`` and their equal weights ``[samples]``."""
    if not 1 <= samples <= MAX_SAMPLES:
        raise InputError(f"{samples} electorates cannot be drawn; give 1 to {MAX_SAMPLES:,}.")
    t = factorial(m)
    if model == "anonymous":  # gaps between bars drawn at random (stars and bars)
        bars = np.argsort(rng.random((samples, n + t - 1)), axis=1)[:, : t - 1]
        edges = np.pad(
            np.sort(bars, axis=1), ((0, 0), (1, 1)), constant_values=((0, 0), (-1, n + t - 1))
        )
        counts = np.diff(edges, axis=1) - 1
    elif model == "urn":  # with t copies put back, the shares are Dirichlet(1/t)
        shares = rng.dirichlet(np.full(t, 1 / t), samples)
        counts = rng.multinomial(n, shares / shares.sum(1, keepdims=True))
    else:
        place = strict_orders(m)
        a, b = np.triu_indices(m, 1)
        swaps = (place[:, a] > place[:, b]).sum(1)
        weight = np.exp(-1.0 * swaps) if model == "mallows" else np.ones(t)
        counts = rng.multinomial(n, weight / weight.sum(), samples)
    return counts, np.full(samples, 1 / samples)


def _misreports(
    counts: np.ndarray, coalition_size: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """All misreports of electorates ``[electorates, m!]`` by a coalition of one order.

    Returns:
        For each misreport its electorate, the truthful order and the reported order
        ``[misreports]``.
    """
    electorate, truthful = np.nonzero(counts >= coalition_size)
    others = np.arange(counts.shape[1] - 1)
    reported = others[None] + (others[None] >= truthful[:, None])
    repeats = len(others)
    return np.repeat(electorate, repeats), np.repeat(truthful, repeats), reported.ravel()


def _distinct(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The distinct electorates, and the index of each given one among them."""
    rows = np.ascontiguousarray(counts, np.uint8)  # MAX_VOTERS fits
    keys = rows.view(np.dtype((np.void, rows.shape[1]))).ravel()
    _, first, inverse = np.unique(keys, return_index=True, return_inverse=True)
    return counts[first], inverse.ravel()


def _win_chances(counts: np.ndarray, m: int, rules: list[str]) -> dict[str, np.ndarray]:
    """Each candidate's chance to win ``[electorates, m]``, by rule."""
    values = -strict_orders(m).astype(np.int8)
    n = int(counts[0].sum())
    if m > 4 and n < len(values):  # fewer voters than orders: one ballot a voter
        held = np.repeat(np.tile(np.arange(len(values)), len(counts)), counts.ravel())
        utility, weight = values[held].reshape(len(counts), n, m), np.ones(counts[:, :n].shape)
    else:
        utility = np.broadcast_to(values, (len(counts), *values.shape))
        weight = counts.astype(float)
    parts: dict[str, list[np.ndarray]] = {name: [] for name in rules}
    for start in range(0, len(counts), BATCH):
        rows = np.minimum(np.arange(start, start + BATCH), len(counts) - 1)
        ballots = Ballots(utility[rows], weight=weight[rows])
        for name, outcome in aggregate_all(ballots, rules).items():
            parts[name].append(outcome.chances)
    return {name: np.concatenate(part)[: len(counts)] for name, part in parts.items()}


def _gains(before: np.ndarray, after: np.ndarray, place: np.ndarray, criterion: str) -> np.ndarray:
    """Whether each lottery ``after`` is better than ``before`` for voters of these orders.

    Args:
        before, after: chances to win ``[misreports, candidates]``.
        place: the truthful order ``[misreports, candidates]``.
    """
    change = after - before
    if criterion == "utility":
        return np.asarray(-(place * change).sum(1) > MIN_GAIN)
    cumulative = np.take_along_axis(change, np.argsort(place, axis=1), axis=1).cumsum(1)
    return np.asarray((cumulative >= -MIN_GAIN).all(1) & (cumulative > MIN_GAIN).any(1))

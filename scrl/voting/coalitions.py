"""Coalitions: how large they must be, whether they should divide, what happens if several lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np

from scrl.types import InputError, Outcome
from scrl.voting.aggregate import aggregate_all
from scrl.voting.anonymous import AnonymousProfile
from scrl.voting.lies import EXACT, strict_orders, values_of
from scrl.voting.registry import RULES
from scrl.voting.strategy import (
    GAIN,
    Strategy,
    best_of,
    chances,
    countable,
    described,
    liars,
    of_one_size,
    outcomes,
    tasks,
    utilities,
)

#: Most ways to divide a coalition that are tried.
WAYS = 50_000


def best_split(profile: AnonymousProfile, rule: str, row: int, voters: int) -> Strategy:
    """The best lie of a tiny coalition whose members may vote differently from each other: every
    way to give each of them a strict order is tried. For rules that read orders.

    Raises:
        InputError: where the ways are more than ``WAYS``, or as for ``best_lie``.
    """
    voters = int(liars(profile, row, voters))
    m = len(profile.names)
    if m > EXACT or RULES[rule].reads == "utility":
        raise InputError(f"A coalition is divided over the orders of at most {EXACT} candidates.")
    orders = np.vstack([profile.place[row], strict_orders(m)])
    ways = 1
    for i in range(voters):
        ways = ways * (len(orders) + i) // (i + 1)
    if ways > WAYS:
        raise InputError(
            f"There are {ways:,} ways to divide {voters} voters and the limit is {WAYS:,}; "
            "ask for fewer voters or candidates."
        )
    members = np.array(list(combinations_with_replacement(range(len(orders)), voters)))
    lies = values_of(orders)[members]
    one = of_one_size(outcomes(profile, row, [voters], lies, [rule])[rule])
    best = best_of(profile, row, lies, one)
    return described(profile, row, voters, one, lies[best], best, len(lies), exact=True)


@dataclass(frozen=True, eq=False)
class Curve:
    """What a coalition gains by its size.

    Attributes:
        rule: its name. voters: sizes ``[sizes]``, in the weight of the line.
        gain: of the best common lie at each size, in the coalition's mean utility ``[sizes]``.
        needed: the least of the sizes at which a lie gains; NaN where none does.
    """

    rule: str
    voters: np.ndarray
    gain: np.ndarray
    needed: float


def coalition_curves(
    profile: AnonymousProfile, row: int, rules: Sequence[str] | None = None, sizes: int = 20
) -> dict[str, Curve]:
    """How many of a line's voters must agree on a lie before the outcome moves, by rule.

    Args:
        sizes: how many sizes are tried, evenly up to the whole line; each voter where the line is
            a whole number of at most so many.

    Raises:
        InputError: for more than ``EXACT`` candidates.
    """
    weight = liars(profile, row, None)
    if len(profile.names) > EXACT:
        raise InputError(f"Coalitions of all sizes are tried for at most {EXACT} candidates.")
    if weight == round(weight) and weight <= sizes:
        sizes = int(weight)
    voters = weight * np.arange(1, sizes + 1) / sizes
    curves = {}
    u = utilities(profile)[row]
    for names, lies in tasks(profile, row, countable(profile, rules), False):
        for name, outcome in outcomes(profile, row, voters, lies, names).items():
            worth = chances(outcome) @ u
            gain = np.maximum(worth.max(1) - worth[:, 0], 0.0)
            pays = np.flatnonzero(gain > GAIN)
            needed = voters[pays[0]] if len(pays) else np.nan
            curves[name] = Curve(name, voters, gain, float(needed))
    return {name: curves[name] for name in countable(profile, rules)}


def replaced(profile: AnonymousProfile, lies: Sequence[Strategy]) -> AnonymousProfile:
    """The profile as it is counted when several lines lie at once, each as its strategy says.

    Lines of liars follow those that they leave; labels say who lies. Utilities are what is said.
    """
    m = len(profile.names)
    place, weight, labels = [*profile.place], [*profile.weight], [*profile.labels]
    said = None if profile.utility is None else [*profile.utility]
    for lie in lies:
        weight[lie.row] -= lie.voters
        place += list(lie.place)
        weight += list(lie.weight)
        labels += [f"{profile.labels[lie.row]} (lying)".strip()] * len(lie.place)
        if said is not None:
            said += list(values_of(lie.place) if lie.said is None else lie.said)
    kept = np.array(weight) > 1e-12 * profile.weight.sum()
    return AnonymousProfile(
        profile.names,
        np.array(place).reshape(-1, m)[kept],
        np.array(weight)[kept],
        tuple(np.array(labels, object)[kept]),
        None if said is None else np.array(said)[kept],
    )


def together(
    profile: AnonymousProfile, lies: Sequence[Strategy], rule: str
) -> tuple[Outcome, np.ndarray]:
    """What a rule says when several lines lie at once, and each line's utility of it ``[lines]``,
    then that of all: ``[lines + 1]``."""
    outcome = aggregate_all(replaced(profile, lies).ballots(), [rule])[rule]
    got = utilities(profile) @ chances(outcome)
    return outcome, np.append(got, profile.weight @ got / profile.weight.sum())

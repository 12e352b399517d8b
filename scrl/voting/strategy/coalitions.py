"""Coalitions: how large they must be, what happens if several lie."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate_all
from scrl.voting.registry import RULES
from scrl.voting.strategy.manipulation import (
    MIN_GAIN,
    Manipulation,
    best_manipulations,
    check_coalition,
    countable_rules,
    line_utilities,
    outcomes_of_reports,
    reports_by_rule,
)
from scrl.voting.strategy.misreports import MAX_EXHAUSTIVE, values_from_places


@dataclass(frozen=True, eq=False)
class CoalitionCurve:
    """What a coalition gains by its size.

    Attributes:
        rule: its name. voters: sizes ``[sizes]``, in the weight of the line.
        gain: of the best common lie at each size, in the coalition's mean utility ``[sizes]``.
        needed: the least of the sizes at which a lie gains; NaN where none does.
    """

    rule: str
    voters: np.ndarray
    gain: np.ndarray
    threshold: float


def coalition_curves(
    profile: AnonymousProfile, row: int, rules: Sequence[str] | None = None, sizes: int = 20
) -> dict[str, CoalitionCurve]:
    """How many of a line's voters must agree on a lie before the outcome moves, by rule.

    Args:
        sizes: how many sizes are tried, evenly up to the whole line; each voter where the line is
            a whole number of at most so many.

    Raises:
        InputError: for more than ``EXACT`` candidates.
    """
    weight = check_coalition(profile, row, None)
    if len(profile.names) > MAX_EXHAUSTIVE:
        raise InputError(
            f"Coalitions of all sizes are tried for at most {MAX_EXHAUSTIVE} candidates."
        )
    if weight == round(weight) and weight <= sizes:
        sizes = int(weight)
    voters = weight * np.arange(1, sizes + 1) / sizes
    curves = {}
    u = line_utilities(profile)[row]
    for names, lies in reports_by_rule(profile, row, countable_rules(profile, rules), False):
        for name, outcome in outcomes_of_reports(profile, row, voters, lies, names).items():
            worth = outcome.chances @ u
            gain = np.maximum(worth.max(1) - worth[:, 0], 0.0)
            pays = np.flatnonzero(gain > MIN_GAIN)
            needed = voters[pays[0]] if len(pays) else np.nan
            curves[name] = CoalitionCurve(name, voters, gain, float(needed))
    return {name: curves[name] for name in countable_rules(profile, rules)}


def apply_manipulations(
    profile: AnonymousProfile, lies: Sequence[Manipulation]
) -> AnonymousProfile:
    """The profile as it is counted when several lines lie at once, each as its strategy says.

    Lines of liars come last, and lines that all of their voters leave go; labels say who lies.
    Utilities are what is said.
    """
    place, weight, labels = [*profile.place], [*profile.weight], [*profile.labels]
    said = None if profile.utility is None else [*profile.utility]
    for lie in lies:
        weight[lie.row] -= lie.coalition_size
        place += list(lie.ballots)
        weight += list(lie.ballot_weight)
        labels += [f"{profile.labels[lie.row]} (lying)".strip()] * len(lie.ballots)
        if said is not None:
            said += list(
                values_from_places(lie.ballots)
                if lie.reported_utility is None
                else lie.reported_utility
            )
    kept = np.array(weight) > 1e-12 * profile.weight.sum()
    return AnonymousProfile(
        profile.names, np.array(place)[kept], np.array(weight)[kept],
        tuple(np.array(labels, object)[kept]), None if said is None else np.array(said)[kept],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SimultaneousManipulation:
    """What several lines bring about that each lie as if all others were honest.

    Attributes:
        lies: of each line, its best answer to an honest profile.
        outcome: what the rule says when all of them lie at once; chance: to win ``[candidates]``.
        by_line: mean utility of each line ``[lines, 2]``, before and after.
        mean: of all voters, before and after; best: what the best candidate would give.
    """

    manipulations: tuple[Manipulation, ...]
    outcome: Outcome
    chance: np.ndarray
    utility_by_line: np.ndarray
    mean_utility: tuple[float, float]
    best: float

    @property
    def distortion(self) -> tuple[float, float]:
        """The best mean utility over that of the outcome, before and after; infinite at 0."""
        return tuple(self.best / mean if mean > 0 else float("inf") for mean in self.mean_utility)


def simultaneous_manipulations(
    profile: AnonymousProfile, rows: Sequence[int], rules: Sequence[str] | None = None
) -> dict[str, SimultaneousManipulation]:
    """Each of some lines takes its best lie against an honest profile, all at once, by rule.

    Raises:
        InputError: for more than ``EXACT`` candidates, or lines that there are not.
    """
    if len(profile.names) > MAX_EXHAUSTIVE:
        raise InputError(f"Lines answer each other over at most {MAX_EXHAUSTIVE} candidates.")
    rules = countable_rules(profile, rules)
    lies = [best_manipulations(profile, row, rules) for row in rows]
    found = {}
    for reads_utility in (False, True):
        names = [name for name in rules if (RULES[name].reads == "utility") == reads_utility]
        if not names:
            continue
        own = profile.utility if reads_utility else values_from_places(profile.place)
        each = [
            [
                lie[n].reported_utility[0]
                if reads_utility
                else values_from_places(lie[n].ballots[0])
                for lie in lies
            ]
            for n in names
        ]
        values = np.concatenate([np.broadcast_to(own, (len(names), *own.shape)), each], axis=1)
        weight = np.append(profile.weight, profile.weight[list(rows)])
        weight[list(rows)] = 0.0
        # A contest for each rule's lies, all counted by all rules: one program.
        ranked = ~np.isnan(values)
        ballots = Ballots(np.where(ranked, values, 0.0), ranked, np.tile(weight, (len(names), 1)))
        counted = aggregate_all(ballots, names)
        for i, name in enumerate(names):
            outcome = Outcome(
                name, counted[name].place[i], counted[name].scores[i], RULES[name].lottery
            )
            found[name] = _mutual(profile, tuple(lie[name] for lie in lies), outcome)
    return {name: found[name] for name in rules}


def _mutual(
    profile: AnonymousProfile, lies: tuple[Manipulation, ...], outcome: Outcome
) -> SimultaneousManipulation:
    chance = np.stack([lies[0].before, outcome.chances])
    got = line_utilities(profile) @ chance.T
    share = profile.weight / profile.weight.sum()
    best = float((share @ line_utilities(profile)).max())
    return SimultaneousManipulation(
        lies, outcome, chance[1], got, tuple((share @ got).tolist()), best
    )


def outcome_by_share(
    profile: AnonymousProfile, lies: Sequence[Manipulation], rule: str, steps: int = 100
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What a rule that reads orders says as more of several lines' voters lie.

    Returns:
        shares of each line's liars who lie, 0 to 1 ``[steps + 1]``; the scores (a lottery's
        probabilities) ``[steps + 1, candidates]``; the mean utility of all voters ``[steps + 1]``.
    """
    shares = np.linspace(0.0, 1.0, steps + 1)
    values = values_from_places(np.concatenate([profile.place, *(lie.ballots for lie in lies)]))
    weight = np.tile(profile.weight, (len(shares), 1))
    for lie in lies:
        weight[:, lie.row] -= shares * lie.coalition_size
    cast = np.concatenate([lie.ballot_weight for lie in lies])
    weight = np.concatenate([weight, shares[:, None] * cast], axis=1)
    utility = np.broadcast_to(values, (len(shares), *values.shape))
    ranked = ~np.isnan(utility)
    outcome = aggregate_all(
        Ballots(np.where(ranked, utility, 0.0), ranked, np.maximum(weight, 0.0)), [rule]
    )[rule]
    mean = outcome.chances @ (profile.weight @ line_utilities(profile)) / profile.weight.sum()
    return shares, outcome.scores, mean


#: Two camps of one size (then each has a single best lie under Borda), a compromise that both
#: find good, and a dud that nobody wants. Utilities of Left, Right, Centre, Dud.
BURIAL_EXAMPLE = AnonymousProfile.from_utilities(
    ("Left", "Right", "Centre", "Dud"),
    [[1.0, 0.2, 0.8, 0.05], [0.2, 1.0, 0.8, 0.05], [0.5, 0.5, 1.0, 0.05]],
    [46, 46, 8],
    ("Left", "Right", "Centre"),
)

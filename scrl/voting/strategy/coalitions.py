"""Coalitions that misreport: the size they need, and several of them at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.counting import aggregate, aggregate_all
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.voting.strategy.manipulation import (
    MIN_GAIN,
    Manipulation,
    best_manipulations,
    check_coalition,
    countable_rules,
    outcomes_of_reports,
    reports_by_rule,
    row_utilities,
    sincere_values,
)
from scrl.voting.strategy.misreports import MAX_EXHAUSTIVE, values_from_places


@dataclass(frozen=True, eq=False)
class CoalitionCurve:
    """The gain of a coalition by its size.

    Attributes:
        rule: name of the rule.
        coalition_size: ``[sizes]``, in the row's weight.
        gain: of the coalition's mean utility by its best common misreport ``[sizes]``.
        threshold: the smallest size at which a misreport gains; NaN where none does.
    """

    rule: str
    coalition_size: np.ndarray
    gain: np.ndarray
    threshold: float


def coalition_curves(
    profile: Profile, row: int, rules: Sequence[str] | None = None, sizes: int = 20
) -> dict[str, CoalitionCurve]:
    """The gain of a row's best misreport by how many of its voters cast it, by rule.

    Args:
        row: the row of the profile whose voters misreport.
        rules: default: all that can count the profile.
        sizes: how many sizes are tried, evenly spaced up to the row's weight; every whole number of
            voters where that is a whole number of at most ``sizes``.

    Raises:
        InputError: for more than ``MAX_EXHAUSTIVE`` candidates, or a row that does not exist.
    """
    weight = check_coalition(profile, row, None)
    if len(profile.names) > MAX_EXHAUSTIVE:
        raise InputError(
            f"Coalitions of all sizes are tried for at most {MAX_EXHAUSTIVE} candidates."
        )
    if weight == round(weight) and weight <= sizes:
        sizes = int(weight)
    coalition_size = weight * np.arange(1, sizes + 1) / sizes
    utility = row_utilities(profile)[row]
    rules = countable_rules(profile, rules)
    curves = {}
    for names, reports in reports_by_rule(profile, row, rules, False):
        assert reports is not None, "all reports are listed up to MAX_EXHAUSTIVE candidates"
        outcomes = outcomes_of_reports(profile, row, coalition_size, reports, names)
        for name, outcome in outcomes.items():
            expected = outcome.chances @ utility
            gain = np.maximum(expected.max(1) - expected[:, 0], 0.0)
            profitable = np.flatnonzero(gain > MIN_GAIN)
            threshold = coalition_size[profitable[0]] if len(profitable) else np.nan
            curves[name] = CoalitionCurve(name, coalition_size, gain, float(threshold))
    return {name: curves[name] for name in rules}


def apply_manipulations(profile: Profile, manipulations: Sequence[Manipulation]) -> Profile:
    """The profile as cast when several rows misreport at once.

    Misreports are added as rows at the end, labelled as such. Rows without sincere voters are
    dropped. Utilities are those reported.
    """
    place, weight, labels = [*profile.place], [*profile.weight], [*profile.labels]
    utility = None if profile.utility is None else [*profile.utility]
    for m in manipulations:
        weight[m.row] -= m.coalition_size
        place += list(m.ballots)
        weight += list(m.ballot_weight)
        labels += [f"{profile.labels[m.row]} (lying)".strip()] * len(m.ballots)
        if utility is not None:
            stated = m.reported_utility
            utility += list(values_from_places(m.ballots) if stated is None else stated)
    kept = np.array(weight) > 1e-12 * profile.weight.sum()
    return Profile(
        profile.names, np.array(place)[kept], np.array(weight)[kept],
        tuple(np.array(labels, object)[kept]),
        None if utility is None else np.array(utility)[kept],
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SimultaneousManipulation:
    """Several rows misreport at once, each as if all others were sincere.

    Attributes:
        manipulations: each row's best response to a sincere profile.
        outcome: the outcome of all misreports together.
        chance: each candidate's chance to win with all misreports ``[candidates]``.
        utility_by_row: mean utility of each row, before and after ``[rows, 2]``.
        mean_utility: of all voters ``(before, after)``.
        best_mean_utility: of the candidate that is best for all voters.
    """

    manipulations: tuple[Manipulation, ...]
    outcome: Outcome
    chance: np.ndarray
    utility_by_row: np.ndarray
    mean_utility: tuple[float, float]
    best_mean_utility: float

    @property
    def distortion(self) -> tuple[float, float]:
        """The best mean utility over that of the outcome ``(before, after)``; infinite at 0."""
        before, after = (
            self.best_mean_utility / mean if mean > 0 else float("inf")
            for mean in self.mean_utility
        )
        return before, after


def simultaneous_manipulations(
    profile: Profile, rows: Sequence[int], rules: Sequence[str] | None = None
) -> dict[str, SimultaneousManipulation]:
    """Each given row casts its best misreport against a sincere profile, all at once, by rule.

    Args:
        rows: the rows of the profile that misreport.
        rules: default: all that can count the profile.

    Raises:
        InputError: for more than ``MAX_EXHAUSTIVE`` candidates, or a row that does not exist.
    """
    if len(profile.names) > MAX_EXHAUSTIVE:
        raise InputError(f"Lines answer each other over at most {MAX_EXHAUSTIVE} candidates.")
    rules = countable_rules(profile, rules)
    by_row = [best_manipulations(profile, row, rules) for row in rows]
    found = {}
    for reads_utility in (False, True):
        names = [name for name in rules if (RULES[name].reads == "utility") == reads_utility]
        if not names:
            continue
        sincere = sincere_values(profile, reads_utility)
        reported = [[_reported_values(row[name]) for row in by_row] for name in names]
        values = np.concatenate(
            [np.broadcast_to(sincere, (len(names), *sincere.shape)), reported], axis=1
        )
        weight = np.append(profile.weight, profile.weight[list(rows)])
        weight[list(rows)] = 0.0
        # One contest for each rule's misreports, all counted by all rules, takes one program.
        ranked = ~np.isnan(values)
        ballots = Ballots(np.where(ranked, values, 0.0), ranked, np.tile(weight, (len(names), 1)))
        counted = aggregate_all(ballots, names, None)
        for i, name in enumerate(names):
            outcome = Outcome(
                name, counted[name].place[i], counted[name].scores[i], RULES[name].lottery
            )
            found[name] = _simultaneous(profile, tuple(row[name] for row in by_row), outcome)
    return {name: found[name] for name in rules}


def _reported_values(manipulation: Manipulation) -> np.ndarray:
    """Values of the ballot that a coalition casts ``[candidates]``; all its voters vote alike."""
    if manipulation.reported_utility is not None:
        return manipulation.reported_utility[0]
    return values_from_places(manipulation.ballots[0])


def _simultaneous(
    profile: Profile, manipulations: tuple[Manipulation, ...], outcome: Outcome
) -> SimultaneousManipulation:
    """Utilities where all manipulations bring about ``outcome`` together."""
    chances = np.stack([manipulations[0].before, outcome.chances])
    utility = row_utilities(profile)
    by_row = utility @ chances.T
    share = profile.weight / profile.weight.sum()
    before, after = (share @ by_row).tolist()
    best = float((share @ utility).max())
    return SimultaneousManipulation(
        manipulations, outcome, chances[1], by_row, (before, after), best
    )


def outcome_by_share(
    profile: Profile, manipulations: Sequence[Manipulation], rule: str, steps: int = 100
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The outcome of an ordinal rule as a growing share of several coalitions misreports.

    Returns:
        The share of each coalition that misreports, 0 to 1 ``[steps + 1]``; the scores (a lottery's
        probabilities) ``[steps + 1, candidates]``; the mean utility of all voters ``[steps + 1]``.
    """
    shares = np.linspace(0.0, 1.0, steps + 1)
    values = values_from_places(
        np.concatenate([profile.place, *(m.ballots for m in manipulations)])
    )
    sincere = np.tile(profile.weight, (len(shares), 1))
    for m in manipulations:
        sincere[:, m.row] -= shares * m.coalition_size
    reported = shares[:, None] * np.concatenate([m.ballot_weight for m in manipulations])
    weight = np.maximum(np.concatenate([sincere, reported], axis=1), 0.0)
    utility = np.broadcast_to(values, (len(shares), *values.shape))
    ranked = ~np.isnan(utility)
    ballots = Ballots(np.where(ranked, utility, 0.0), ranked, weight)
    outcome = aggregate(ballots, rule, None)
    mean = outcome.chances @ (profile.weight @ row_utilities(profile)) / profile.weight.sum()
    return shares, outcome.scores, mean


#: Two camps of equal size (so each has a single best misreport under Borda), a compromise that both
#: like, and a dud. Utilities of Left, Right, Centre, Dud.
BURIAL_EXAMPLE = Profile.from_utilities(
    ("Left", "Right", "Centre", "Dud"),
    [[1.0, 0.2, 0.8, 0.05], [0.2, 1.0, 0.8, 0.05], [0.5, 0.5, 1.0, 0.05]],
    [46, 46, 8],
    ("Left", "Right", "Centre"),
)

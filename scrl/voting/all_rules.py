"""All rules counted on one small profile."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import numpy as np

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.ballot_arrays import missing_utilities, no_utilities
from scrl.voting.counting import aggregate, aggregate_all
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.voting.truncated_ballots import LAST, SHARES, ballots_read_by, check_reading

#: Smallest padded numbers of ballots and candidates. Larger profiles are padded to four times as
#: many ballots, or twice as many candidates, and so on: one program serves all small profiles.
PADDED_SHAPE = (64, 8)


def applicable_rules(profile: Profile) -> list[str]:
    """The rules that can count this profile: without utilities, only the ordinal ones."""
    return RULES.ordinal if profile.utility is None else list(RULES)


def count_all_rules(
    profile: Profile,
    rules: Iterable[str] | None = None,
    left_out: str | None = LAST,
    widths: str = SHARES,
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """Count a profile by every applicable rule.

    >>> profile = Profile.from_text("4: A > B > C\\n3: B > C > A\\n2: C > B > A")
    >>> outcomes, errors = count_all_rules(profile, ["plurality", "borda"])
    >>> {rule: outcome.order(profile.names)[0] for rule, outcome in outcomes.items()}
    {'plurality': ['A'], 'borda': ['B']}

    Args:
        rules: names of the rules to count by; all where None.
        left_out, widths: what a ballot says of the candidates that it leaves out, and what the
            width of a victory is, as in ``aggregate``.

    Returns:
        Outcomes by rule, and the error message of each rule that cannot count this profile.

    Raises:
        InputError: for an unknown rule.
    """
    check_reading(left_out, widths)
    if not isinstance(profile, Profile):
        raise InputError("All rules are counted on a profile; aggregate_all counts ballots.")
    names = applicable_rules(profile) if rules is None else [RULES[rule].name for rule in rules]
    found: dict[str, Outcome] = {}
    errors: dict[str, str] = {}
    for read, group in _rules_by_ballots(profile, names, left_out, errors):
        ballots = pad_profile(read)
        compiled = [name for name in group if not RULES[name].on_host]
        with suppress(InputError):  # of one of the rules, which is then counted alone
            found |= aggregate_all(ballots, compiled, None, widths) if compiled else {}
        for name in group:
            if name not in found:
                # A rule of one's own reads names and weights, which padded ballots have lost.
                counted = ballots if RULES[name].of_profile is None else read
                try:
                    found[name] = aggregate(counted, name, None, widths)
                except InputError as error:
                    errors[name] = str(error)
    m = len(profile.names)
    return {
        name: Outcome(name, found[name].place[:m], found[name].scores[:m], found[name].lottery)
        for name in names
        if name in found
    }, errors


def _rules_by_ballots(
    profile: Profile, rules: Iterable[str], left_out: str | None, errors: dict[str, str]
) -> list[tuple[Profile, list[str]]]:
    """The rules that read the same ballots, together with these; ``errors`` receives the others."""
    groups: list[tuple[Profile, list[str]]] = []
    for rule in rules:
        try:
            read = profile if left_out is None else ballots_read_by(rule, profile, left_out)
        except InputError as error:
            errors[rule] = str(error)
            continue
        if RULES[rule].reads == "utility" and read.utility is None:
            stated = profile.utility is not None
            errors[rule] = missing_utilities(rule) if stated else no_utilities(rule)
            continue
        for other, group in groups:
            if np.array_equal(other.place, read.place):
                group.append(rule)
                break
        else:
            groups.append((read, [rule]))
    return groups


def pad_profile(profile: Profile) -> Ballots:
    """The profile's ballots, padded to one of few shapes with ballots of weight 0."""
    utility = -profile.place if profile.utility is None else profile.utility
    ranked = profile.place >= 0
    n, m = utility.shape
    rows, columns = PADDED_SHAPE
    while rows < n:
        rows *= 4
    while columns < m:
        columns *= 2
    padded_utility = np.zeros((rows, columns))
    padded_utility[:n, :m] = np.where(ranked, utility, 0)
    padded_ranked = np.zeros((rows, columns), bool)
    padded_ranked[:n, :m] = ranked
    weight = np.pad(np.asarray(profile.weight, float), (0, rows - n))
    return Ballots(padded_utility, padded_ranked, weight, np.arange(columns) < m)

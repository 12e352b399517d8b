"""Every rule on one small profile."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from scrl.types import Ballots, InputError, Outcome
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate, aggregate_all
from scrl.voting.registry import RULES

#: Profiles are filled up to this many ballots and candidates, or four and two times as many again,
#: so that one program serves all small ones and few the rest.
USUAL = (64, 8)


def applicable_rules(profile: AnonymousProfile) -> list[str]:
    """The rules that can be asked about this profile: those of utilities where it has some."""
    return RULES.ordinal if profile.utility is None else list(RULES)


def count_all_rules(
    profile: AnonymousProfile, rules: Iterable[str] | None = None
) -> tuple[dict[str, Outcome], dict[str, str]]:
    """What every rule (or each of ``rules``) says, and the sentence of each that cannot count this
    profile."""
    ballots, names = pad_profile(profile), applicable_rules(profile)
    names = names if rules is None else [name for name in rules if name in names]
    together = [name for name in names if not RULES[name].on_host]
    found, faults = aggregate_all(ballots, together) if together else {}, {}
    for name in names:
        if name not in found:
            try:
                found[name] = aggregate(ballots, name)
            except InputError as error:
                faults[name] = str(error)
    m = len(profile.names)
    return {
        name: Outcome(name, found[name].place[:m], found[name].scores[:m], found[name].lottery)
        for name in names
        if name in found
    }, faults


def pad_profile(profile: AnonymousProfile) -> Ballots:
    """The profile's ballots, filled up to a usual size with ballots that weigh nothing."""
    ballots = profile.ballots()
    n, m = ballots.utility.shape
    rows, columns = USUAL
    while rows < n:
        rows *= 4
    while columns < m:
        columns *= 2
    utility, ranked = np.zeros((rows, columns)), np.zeros((rows, columns), bool)
    utility[:n, :m], ranked[:n, :m] = np.where(ballots.ranked, ballots.utility, 0), ballots.ranked
    return Ballots(
        utility, ranked, np.pad(np.asarray(ballots.weight, float), (0, rows - n)),
        np.arange(columns) < m,
    )  # fmt: skip

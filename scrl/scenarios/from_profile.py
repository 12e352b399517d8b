"""A voting profile as a scenario: one rater type for each different ballot."""

from __future__ import annotations

from scrl.data.plain_yaml import write_yaml
from scrl.data.table import MAX_RATERS
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError
from scrl.voting.profiles.profile import Profile

#: Rater types of a scenario made from a profile.
MAX_TYPES = 200


def scenario_of_profile(profile: Profile, name: str) -> Scenario:
    """The scenario with a rater type for each ballot: its weight is the share, its order the
    ranking, its utilities (where known) the utilities.

    Raises:
        InputError: where a ballot leaves a candidate out, or there are too many different ballots.
    """
    if not profile.is_complete:
        raise InputError(
            "A scenario needs complete orders; rank every candidate on every ballot, ties allowed."
        )
    if len(profile.weight) > MAX_TYPES:
        raise InputError(
            f"There are {len(profile.weight):,} different ballots, and a scenario takes at most "
            f"{MAX_TYPES} types of rater."
        )
    if len(profile.names) < 2:
        raise InputError("A scenario needs at least two candidates.")
    share = profile.weight / profile.weight.sum()
    whole = profile.weight.sum()
    raters = int(whole) if whole == int(whole) and 500 <= whole <= MAX_RATERS else 10_000
    types = {}
    for row, (label, s, order) in enumerate(
        zip(profile.labels, share, profile.orders(), strict=True)
    ):
        label = free = label or f"{order[0][0]} first"
        number = 2
        while free in types:
            free, number = f"{label} ({number})", number + 1
        types[free] = {"share": float(s), "rankings": {"best": order}}
        if profile.utility is not None:
            worth = dict(zip(profile.names, map(float, profile.utility[row]), strict=True))
            types[free] = {"share": float(s), "utilities": {"best": worth}}
    content = {
        "name": name, "summary": "Sent from the voting pages.",
        "completions": list(profile.names), "prompts": {"best": {"text": "The best is"}},
        "types": types, "raters": raters,
    }  # fmt: skip
    return parse_scenario(write_yaml(content), "the profile as a scenario")

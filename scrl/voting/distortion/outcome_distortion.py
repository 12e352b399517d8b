"""The distortion of a rule's outcome on one profile with utilities."""

from __future__ import annotations

from scrl.voting.counting import aggregate
from scrl.voting.distortion.welfare import evaluate_welfare
from scrl.voting.profiles.profile import Profile
from scrl.voting.truncated_ballots import LAST


def distortion(profile: Profile, rule: str, left_out: str | None = LAST) -> float:
    """The highest mean utility of a candidate over that of a rule's outcome: 1 is optimal.

    >>> profile = Profile.from_utilities("ab", [[1.0, 0.9], [0.0, 1.0]], weight=[51, 49])
    >>> round(distortion(profile, "plurality"), 3), distortion(profile, "utilitarian")
    (1.861, 1.0)

    A rule that reads orders counts the orders of the utilities. Ties for first place are broken by
    a fair lottery. What is lost in the worst case for given orders, and in the typical case, is
    ``voting.distortion.utilitarian_worst_case`` and ``sample_distortion``.

    Args:
        profile: with the utility of every candidate on every ballot.
        rule: its name in ``RULES``.
        left_out: as in ``aggregate``.

    Returns:
        The ratio; infinite where the outcome is worth nothing, NaN where a utility is negative,
        since a ratio needs a meaningful zero.

    Raises:
        InputError: where a utility is not known, or the rule cannot count the profile.
    """
    chances = aggregate(profile, rule, left_out).chances
    return float(evaluate_welfare(profile, chances).distortion)

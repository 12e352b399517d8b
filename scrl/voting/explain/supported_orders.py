"""What to say of orders that no ballot supports."""

from __future__ import annotations

from collections.abc import Iterable

from scrl.choice_models.ballot_support import profile_reward_notes, profile_support_notes
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.voting.truncated_ballots import UNSEEN

#: Ballots × candidates² up to which pairs are counted for a note.
MAX_WORK = 2_000_000_000


def supported_orders_notes(profile: Profile, rules: Iterable[str], left_out: str) -> list[str]:
    """Notes on candidates that no ballot ranks together, and on those that only the prior of a
    fitted reward orders.

    Args:
        profile: the ballots as they were cast.
        rules: whose orders are shown.
        left_out: what candidates left out mean, as in ``aggregate``.
    """
    notes = profile_support_notes(profile.names, profile.place, left_out)
    fitted, size = prior_of(rules), profile.place.size * len(profile.names)
    # Complete ballots compare every pair equally often: the order is Borda's, with its ties.
    if fitted and left_out == UNSEEN and not profile.is_complete and size <= MAX_WORK:
        notes += profile_reward_notes(
            profile.names, profile.place, profile.weight, fitted, "bradley-terry" in set(rules)
        )
    return notes


def prior_of(rules: Iterable[str]) -> str:
    """The priors of the rules among these that fit rewards, in words; "" where none does."""
    titles = [RULES[rule].title for rule in rules if RULES[rule].family == "likelihood"]
    return f"the prior of {' and '.join(titles)}" if titles else ""

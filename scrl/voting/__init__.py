"""Step 6: social welfare functions and lotteries, batched over contests behind one registry."""

# The order in which readers meet the rules.
from scrl.voting.rules import (  # noqa: F401, I001
    positional, pairwise, orders, elimination, likelihood, welfare, lotteries,
)  # fmt: skip
from scrl.voting.counting import aggregate, aggregate_all, tally, weak_order
from scrl.voting.anonymous_profile import AnonymousProfile, ballot_text
from scrl.voting.ratings_counting import count
from scrl.voting.all_rules import everyone
from scrl.voting.profile_io import of_ratings, to_preflib
from scrl.voting.cultures import CULTURES, draw
from scrl.voting.registry import RULES, Rule

__all__ = [
    "CULTURES",
    "RULES",
    "AnonymousProfile",
    "Rule",
    "aggregate",
    "aggregate_all",
    "ballot_text",
    "count",
    "draw",
    "everyone",
    "of_ratings",
    "tally",
    "to_preflib",
    "weak_order",
]

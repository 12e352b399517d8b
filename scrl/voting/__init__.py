"""Step 6: voting rules, batched over contests and listed in one registry."""

# Importing a module registers its rules, and pages list rules in the order of registration.
from scrl.voting.rules import (  # noqa: F401, I001
    positional, pairwise, orders, split_cycle_refinements, tournaments, voter_changes,
    elimination, likelihood, welfare, lotteries,
)  # fmt: skip
from scrl.voting.counting import aggregate, aggregate_all, aggregate_with_pairwise
from scrl.voting.weak_orders import weak_order
from scrl.voting.profiles.profile import Profile, format_ballot
from scrl.voting.ratings_counting import count_ratings
from scrl.voting.all_rules import count_all_rules
from scrl.voting.truncated_ballots import ballots_read_by, check_reading, complete_ballots
from scrl.voting.profiles.ratings_profiles import profile_from_ratings, to_preflib
from scrl.voting.cultures.cultures import CULTURES, draw_profile
from scrl.voting.optimal_orders import OptimalOrder, kemeny_ranking, slater_ranking
from scrl.voting.truncated_borda import truncated_borda
from scrl.voting.registry import RULES, Rule

__all__ = [
    "CULTURES",
    "RULES",
    "OptimalOrder",
    "Profile",
    "Rule",
    "aggregate",
    "aggregate_all",
    "aggregate_with_pairwise",
    "ballots_read_by",
    "check_reading",
    "complete_ballots",
    "count_all_rules",
    "count_ratings",
    "draw_profile",
    "format_ballot",
    "kemeny_ranking",
    "profile_from_ratings",
    "slater_ranking",
    "to_preflib",
    "truncated_borda",
    "weak_order",
]

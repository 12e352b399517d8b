"""Step 6: social welfare functions and lotteries, batched over contests behind one registry."""

from scrl.voting import elimination, lotteries, pairwise, positional  # noqa: F401 (fill RULES)
from scrl.voting.aggregate import aggregate, aggregate_all, tally, weak_order
from scrl.voting.ballots import count
from scrl.voting.registry import RULES, Rule

__all__ = ["RULES", "Rule", "aggregate", "aggregate_all", "count", "tally", "weak_order"]

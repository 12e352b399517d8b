"""Step 6: social welfare functions and lotteries, batched over contests behind one registry."""

# The order in which readers meet the rules.
from scrl.voting.rules import (  # noqa: F401, I001
    positional, pairwise, orders, elimination, likelihood, welfare, lotteries,
)  # fmt: skip
from scrl.voting.aggregate import aggregate, aggregate_all, tally, weak_order
from scrl.voting.ballots import count
from scrl.voting.registry import RULES, Rule

__all__ = ["RULES", "Rule", "aggregate", "aggregate_all", "count", "tally", "weak_order"]

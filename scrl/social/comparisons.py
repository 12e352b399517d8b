"""The comparisons that a social reward model is trained on (step 7).

The outcome of an election is converted to weighted pairs of completions. A Bradley–Terry model
fitted to them has the outcome's order.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts
from scrl.types import Catalogue
from scrl.voting import RULES
from scrl.voting.elections import ElectionResults

#: Prompts with more completions than this have the pairs of their social order thinned.
MAX_ALL_PAIRS = 200


def social_comparisons(
    rule: str, election: ElectionResults, catalogue: Catalogue, voters: int
) -> PairCounts:
    """The comparisons for one rule's outcomes.

    These are the pairs of the voters' ballots for random ballot, pairs in proportion to the
    probabilities for other lotteries, and the pairs of the social order for all other rules.
    """
    if rule == "random-ballot":
        return ballot_pairs(catalogue, election.above, voters)
    outcomes = [prompt[rule] for prompt in election.outcomes]
    if RULES[rule].lottery:
        return lottery_pairs(catalogue, [outcome.scores for outcome in outcomes])
    return order_pairs(catalogue, [outcome.place for outcome in outcomes])


def order_pairs(catalogue: Catalogue, places: Sequence[np.ndarray]) -> PairCounts:
    """The pairs of a social order, weight one each, tied pairs half each way.

    With more than ``MAX_ALL_PAIRS`` completions only those 1, 2, 4, 8 … places apart are paired.
    These m log m pairs suffice to determine the order.

    Args:
        catalogue: the prompts and completions.
        places: for each prompt, the place of each of its completions (0 = first, equal = tied).
    """
    return _pairs(catalogue, places, lambda place, a, b: 0.5 + 0.5 * np.sign(place[b] - place[a]))


def lottery_pairs(catalogue: Catalogue, probabilities: Sequence[np.ndarray]) -> PairCounts:
    """Pairs in proportion to a lottery: a beats b with weight p_a / (p_a + p_b).

    The weight is ½ where both probabilities are 0.
    """

    def wins_of_first(negative: np.ndarray, a: np.ndarray, b: np.ndarray) -> np.ndarray:
        total = negative[a] + negative[b]
        return np.where(total < 0, negative[a] / np.where(total < 0, total, 1.0), 0.5)

    return _pairs(catalogue, [-np.asarray(p) for p in probabilities], wins_of_first)


def ballot_pairs(catalogue: Catalogue, above: Sequence[np.ndarray], voters: float) -> PairCounts:
    """The pairs of complete ballots.

    Args:
        catalogue: the prompts and completions.
        above: for each prompt, the share of voters with a above b ``[m, m]``.
        voters: the number of voters.
    """
    first, second, wins = [], [], []
    for start, share in zip(catalogue.offsets[:-1], above, strict=True):
        a, b = np.triu_indices(len(share), 1)
        first.append(start + a)
        second.append(start + b)
        wins.append(share[a, b])
    share_above = np.concatenate(wins)
    return PairCounts(
        np.concatenate(first),
        np.concatenate(second),
        voters * share_above,
        voters * (1.0 - share_above),
    )


def _pairs(
    catalogue: Catalogue,
    places: Sequence[np.ndarray],
    wins_of_first: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
) -> PairCounts:
    """Pairs of each prompt's completions, weight one each.

    Args:
        wins_of_first: ``(place, a, b) ->`` the weight with which a beats b.
    """
    first, second, wins = [], [], []
    for start, place in zip(catalogue.offsets[:-1], map(np.asarray, places), strict=True):
        a, b = _paired_completions(place)
        first.append(start + a)
        second.append(start + b)
        wins.append(wins_of_first(place, a, b))
    wins_first = np.concatenate(wins)
    return PairCounts(np.concatenate(first), np.concatenate(second), wins_first, 1.0 - wins_first)


def _paired_completions(place: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """All pairs; with more than ``MAX_ALL_PAIRS`` completions, those 1, 2, 4, 8 … places apart."""
    m = len(place)
    if m <= MAX_ALL_PAIRS:
        return np.triu_indices(m, 1)
    order = np.argsort(place, kind="stable")
    steps = [1 << k for k in range(int(m - 1).bit_length())]
    a = np.concatenate([order[:-step] for step in steps])
    b = np.concatenate([order[step:] for step in steps])
    return np.minimum(a, b), np.maximum(a, b)

"""Reward models of ballots that name no rater.

Nothing can be learnt of individuals, so steps 1 to 5 are left out: the ballots are counted as they
are, and the social reward models are trained on these orders.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.choice_models.ballot_support import ballot_support_notes
from scrl.choice_models.bradley_terry import PairCounts, pair_counts
from scrl.choice_models.comparison_support import support_notes
from scrl.config import Config
from scrl.random_streams import KeyStream, jax_key
from scrl.social.comparisons import lottery_pairs, order_pairs
from scrl.social.reward_model import Reward, fit_social
from scrl.social.text_reward import TextReward, fit_text_rewards
from scrl.types import Catalogue, Outcome, Ratings
from scrl.voting import RULES, count_ratings

#: Digits to which rewards are rounded before they are ordered. Networks are of single precision, so
#: the rewards of completions that tie differ in the eighth digit.
TIED_DIGITS = 6


@dataclass(frozen=True, eq=False)
class BallotRewards:
    """Reward models of ballots that name no rater.

    Attributes:
        counted: prompt -> rule -> outcome; prompts without a compared pair are left out.
        models: ``"vanilla"`` and each rule -> its reward model.
        notes: which orders no comparison supports.
    """

    counted: dict[str, dict[str, Outcome]]
    models: Mapping[str, Reward | TextReward]
    notes: tuple[str, ...] = ()


def fit_ballot_rewards(
    ratings: Ratings, config: Config | None = None, seed: int = 0
) -> BallotRewards:
    """Count the ballots by each rule, and train the vanilla and the social reward models.

    The models read texts where the catalogue's features are made of texts.

    Raises:
        InputError: where no ballot compares two completions, or a rule cannot be counted.
    """
    config = config or Config()
    rules, catalogue = list(dict.fromkeys(config.rules)), ratings.catalogue
    counted = count_ratings(ratings, rules, ratings.absent)
    observed = pair_counts(ratings.with_absent_resolved(), config.weighting)
    comparisons = {"vanilla": observed}
    for rule in rules:
        comparisons[rule] = (
            observed if rule == "random-ballot" else _rule_pairs(rule, counted, catalogue)
        )
    instead = "what the texts say" if catalogue.read_by else "a model's prior"
    notes = ballot_support_notes(ratings, ratings.absent)
    notes += support_notes(observed, catalogue, instead)
    if catalogue.read_by:
        return BallotRewards(counted, fit_text_rewards(catalogue, comparisons), notes)
    key = jax_key(seed, KeyStream.BALLOT_REWARDS)
    models = fit_social(key, catalogue, comparisons, config.reward)
    return BallotRewards(counted, models, notes)


def _rule_pairs(
    rule: str, counted: Mapping[str, Mapping[str, Outcome]], catalogue: Catalogue
) -> PairCounts:
    """The pairs of a rule's orders; none of a prompt on which nothing was counted."""
    values: Sequence[np.ndarray] = [
        (found.scores if RULES[rule].lottery else found.place)
        if (found := counted.get(prompt, {}).get(rule)) is not None
        else np.zeros(size)
        for prompt, size in zip(catalogue.prompts, np.diff(catalogue.offsets), strict=True)
    ]
    pairs = (lottery_pairs if RULES[rule].lottery else order_pairs)(catalogue, values)
    heard = np.array([prompt in counted for prompt in catalogue.prompts])
    kept = heard[catalogue.item_prompt[pairs.first]]
    return PairCounts(
        pairs.first[kept], pairs.second[kept], pairs.wins_first[kept], pairs.wins_second[kept]
    )

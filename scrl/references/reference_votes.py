"""Several references for one prompt: their scores averaged, or each reference a ballot."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scrl.references.pair_rewards import PairReward
from scrl.types import Ballots
from scrl.voting.counting import aggregate_all

#: How references are put together: their mean score, one reference at random, or a voting rule.
WAYS = ("mean", "ballot", "borda", "plurality", "copeland")


def reference_scores(reward: PairReward, references: np.ndarray, outputs: np.ndarray) -> np.ndarray:
    """The score of each output by each reference ``[..., references, outputs]``.

    Args:
        reward: compares an output with a reference.
        references: features ``[..., references, features]``.
        outputs: features ``[..., outputs, features]``.
    """
    return reward.scores(references[..., :, None, :], outputs[..., None, :, :])


def reference_lotteries(
    scores: np.ndarray, ways: Sequence[str] = WAYS, weight: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Chance of each output to win ``[..., outputs]``, by each way.

    ``"mean"``: the output with the highest mean score; ``"ballot"``: that of a random reference;
    else the winner of the named rule, each reference casting the order of its scores as a ballot.

    Args:
        scores: ``[..., references, outputs]``.
        ways: of ``WAYS``, or any rules of ``scrl.voting.RULES``.
        weight: of the references ``[references]``; equal by default.

    Raises:
        InputError: for an unknown rule.
    """
    count = scores.shape[-2]
    share = np.full(count, 1 / count) if weight is None else np.asarray(weight) / np.sum(weight)
    found: dict[str, np.ndarray] = {}
    if "mean" in ways:
        found["mean"] = _winners(np.einsum("r,...rm->...m", share, scores))
    if "ballot" in ways:
        found["ballot"] = np.einsum("r,...rm->...m", share, _winners(scores))
    rules = [way for way in ways if way not in ("mean", "ballot")]
    if rules:
        # Ballots with weights are padded to a few sizes, so that few programs are compiled.
        ballots = Ballots(utility=scores, weight=np.broadcast_to(share, scores.shape[:-1]))
        found |= {name: o.chances for name, o in aggregate_all(ballots, rules).items()}
    return {way: found[way] for way in ways}


def _winners(scores: np.ndarray) -> np.ndarray:
    """Chances of winners ``[..., outputs]``; those who tie within 1e-9 share the win."""
    first = scores >= scores.max(axis=-1, keepdims=True) - 1e-9
    return first / first.sum(axis=-1, keepdims=True)

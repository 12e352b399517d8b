"""Held-out raters with part of each ballot hidden, and metrics of a model on them.

``oracle_metrics`` gives the same metrics for an oracle that knows the scenario's types: the
reference for models.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from scrl.choice_models import losses
from scrl.data.batches import Bucket, buckets
from scrl.data.held_out_splits import visible_slots
from scrl.evaluation.pair_metrics import pair_credit
from scrl.random_streams import HostStream, host_rng
from scrl.raters.model import Individual
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.sampling import sample
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

#: What is hidden of each ballot (see ``splits.visible_slots``).
HIDDEN = ("none", "one", "half")
#: Number of raters, seed of their sample (far from training seeds), draws from each posterior.
RATERS, SEED, DRAWS = 1000, 1_000_003, 8
#: The metrics (see ``HeldOutSet.metrics``).
MEASURES = ("hidden loss", "visible loss", "hidden pairs", "visible pairs")


@dataclass(frozen=True, eq=False)
class HeldOutSet:
    """Held-out raters with part of each ballot hidden.

    Attributes:
        batches: complete ballots, and which slots are visible ``[rows, contests, slots]``.
        rater_type: ``[raters]``, in the order of the batches.
    """

    batches: tuple[tuple[Bucket, np.ndarray], ...]
    rater_type: np.ndarray

    @classmethod
    def sample(cls, scenario: Scenario, hidden: str, raters: int = RATERS) -> HeldOutSet:
        """A sample whose raters and hidden completions depend only on ``SEED``.

        Args:
            hidden: one of ``HIDDEN``.

        Raises:
            InputError: where nobody ranks three completions.
        """
        ratings = sample(with_overrides(scenario, raters=raters), SEED).ratings
        rng = host_rng(SEED, HostStream.HELD_OUT_MASKS)
        complete = buckets(ratings)
        if max((int(b.mask.sum(2).max()) for b in complete), default=0) < 3:
            raise InputError(
                f"{scenario.name}: no rater ranks three completions, so with one hidden there is "
                "no order left to see."
            )
        batches = tuple((b, visible_slots(b.mask, hidden, rng)) for b in complete)
        assert ratings.rater_type is not None, "a scenario's raters have types"
        types = np.concatenate([ratings.rater_type[b.rater[: b.size]] for b in complete])
        return cls(batches, types)

    def posterior_means(self, model: Individual) -> np.ndarray:
        """Posterior means given the visible part ``[raters, latent]``."""
        return np.concatenate(
            [model.embed_bucket(replace(b, mask=visible)).mean for b, visible in self.batches]
        )

    def metrics(self, model: Individual, draws: int = DRAWS) -> dict[str, float | None]:
        """Losses and pair accuracies of a model, means over posterior draws.

        Returns:
            ``hidden loss``: -log P(order of all | order of the visible), ``visible loss``: -log
            P(order of the visible), both in nats a rater; ``hidden pairs`` and ``visible pairs``:
            pair accuracy where a side is hidden, and where both are visible; None without such
            pairs.
        """
        rng = host_rng(SEED, HostStream.HELD_OUT_TIES)
        results = []
        for bucket, visible in self.batches:
            posterior = model.embed_bucket(replace(bucket, mask=visible))
            jitter = rng.random(bucket.rank.shape, np.float32)
            complete_loss, visible_loss = 0.0, 0.0
            margin = np.zeros((*bucket.mask.shape, bucket.mask.shape[-1]), np.float32)
            for _ in range(draws):
                rewards = model.rewards(posterior.draw(rng))
                reward = np.take_along_axis(rewards, bucket.item.reshape(len(rewards), -1), 1)
                reward = reward.reshape(bucket.item.shape)
                both = _losses(reward, bucket.rank, bucket.mask, visible, bucket.weight, jitter)
                complete_loss = complete_loss + both[0] / draws
                visible_loss = visible_loss + both[1] / draws
                margin += np.tanh(0.5 * (reward[..., :, None] - reward[..., None, :]))
            credit = _pair_counts(bucket, visible, margin)
            results.append((complete_loss - visible_loss, visible_loss, *credit))
        return _combined(results)


@jax.jit
def _losses(
    reward: jax.Array,
    rank: jax.Array,
    mask: jax.Array,
    visible: jax.Array,
    weight: jax.Array,
    jitter: jax.Array,
) -> tuple[jax.Array, ...]:
    """Losses of complete ballots and of their visible parts, by rater ``[rows]`` each."""
    each = jax.vmap(jax.vmap(losses.list_loss))
    return tuple(jnp.sum(weight * each(reward, rank, m, jitter), axis=1) for m in (mask, visible))


def _pair_counts(
    bucket: Bucket, visible: np.ndarray, margin: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Total credit of the strict pairs with a hidden side and of those without ``[2]``, and how
    many there are ``[2]``.

    Args:
        margin: of each slot over each other ``[rows, contests, slots, slots]``.
    """
    rank = bucket.rank
    better = (rank[..., :, None] < rank[..., None, :]) & bucket.mask[..., :, None]
    better &= bucket.mask[..., None, :]
    both_visible = visible[..., :, None] & visible[..., None, :]
    credit = pair_credit(margin)
    groups = (better & ~both_visible, better & both_visible)
    return np.array([credit[g].sum() for g in groups]), np.array([g.sum() for g in groups])


def _combined(results: list[tuple]) -> dict[str, float | None]:
    """Metrics of all batches together."""
    hidden, visible = (np.concatenate([result[i] for result in results]).mean() for i in (0, 1))
    credit, count = (sum(result[i] for result in results) for i in (2, 3))
    accuracy = [float(r / c) if c else None for r, c in zip(credit, count, strict=True)]
    return dict(zip(MEASURES, (float(hidden), float(visible), *accuracy), strict=True))


def oracle_metrics(scenario: Scenario, held_out: HeldOutSet) -> dict[str, float | None]:
    """Metrics of an oracle that knows the types, their shares and their chances to answer.

    The oracle weighs the types by a ballot's completions and by the order of the visible ones. It
    repeats what is visible, so its visible loss is the raters' noise alone. Pairs of a noisy
    scenario are predicted from the types alone.

    Returns:
        The metrics of ``HeldOutSet.metrics``, and ``type``: the mean posterior of the likeliest
        type.
    """
    utility, share = scenario.type_utilities, scenario.type_shares
    ranked_log_odds, answer_log_odds, log_silent = _inclusion_log_odds(scenario)
    # Without noise a small scale makes each type's own order all but certain.
    gaps = np.abs(utility[:, :, None] - utility[:, None, :])
    scale = scenario.noise or gaps[gaps > 0].min(initial=1.0) / 50
    results, certainty = [], []
    for bucket, visible in held_out.batches:
        u = (utility / scale)[:, bucket.item]
        jitter = np.random.default_rng(0).random(bucket.rank.shape, np.float32)
        both = [
            _losses(x.astype(np.float32), bucket.rank, bucket.mask, visible, bucket.weight, jitter)
            for x in u
        ]
        complete, seen = (-np.array([b[i] for b in both], np.float64) for i in (0, 1))
        # Relative to answering nothing, which has one probability for each type: every answered
        # prompt and every ranked completion adds its log-odds.
        ranked = np.sum(bucket.mask * ranked_log_odds[:, bucket.item], axis=(2, 3))
        answered = np.sum(
            bucket.mask.any(2) * answer_log_odds[:, bucket.item[:, :, 0]], axis=2
        )  # fmt: skip
        prior = (np.log(share) + log_silent)[:, None] + ranked + answered
        weight = np.exp(prior + seen - (prior + seen).max(0))
        weight /= weight.sum(0)
        certainty.append(weight.max(0))
        hidden_loss = _log_sum_exp(prior + seen) - _log_sum_exp(prior + complete)
        margin = np.tanh(0.5 * np.clip(u[..., :, None] - u[..., None, :], -50, 50))
        margin = np.einsum("tr,trcab->rcab", weight, margin)
        visible_loss = -np.sum(weight * seen, axis=0)
        counts = _pair_counts(bucket, visible, np.where(np.abs(margin) < 1e-9, 0, margin))
        results.append((hidden_loss, visible_loss, *counts))
    return _combined(results) | {"type": float(np.concatenate(certainty).mean())}


def _log_sum_exp(x: np.ndarray) -> np.ndarray:
    """log Σ exp over the first axis."""
    top = x.max(0)
    return top + np.log(np.exp(x - top).sum(0))


def _inclusion_log_odds(scenario: Scenario) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Log-odds by which each type's silence differs from a ballot.

    Returns:
        Log-odds of ranking an item, given that its prompt is answered ``[types, items]``; log-odds
        of answering the item's prompt with an empty ballot ``[types, items]``; log-probability of
        answering nothing ``[types]``.
    """
    ranked, answered, silent = [], [], []
    for t in scenario.types.values():
        item_odds, prompt_odds, log_silent = [], [], 0.0
        for p in scenario.prompts:
            included = [t.includes.get(p, {}).get(c, 1.0) for c in scenario.offered(p)]
            item_odds += [_log(c) - _log(1 - c) for c in included]
            answer = t.answers.get(p, 1.0)
            empty = _log(answer) - _log(1 - answer) + sum(_log(1 - c) for c in included)
            prompt_odds += [empty] * len(included)
            log_silent += _log(1 - answer)
        ranked.append(item_odds)
        answered.append(prompt_odds)
        silent.append(log_silent)
    return np.array(ranked), np.array(answered), np.array(silent)


def _log(probability: float) -> float:
    return float(np.log(max(probability, 1e-9)))

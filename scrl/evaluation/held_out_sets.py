"""Held-out raters of whom part of each ballot is hidden: how well a model knows the rest.

Also what somebody would answer who knows the types themselves, beside whom a model is judged.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np

from scrl.choice_models import losses
from scrl.data.batches import Bucket, buckets
from scrl.raters.model import Individual
from scrl.scenarios.parsing import with_overrides
from scrl.scenarios.sampling import sample
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError

#: What is hidden of each ballot.
HIDDEN = ("none", "one", "half")
#: Raters, the seed of their sample, far from those that are trained on; draws from each posterior.
RATERS, SEED, DRAWS = 1000, 1_000_003, 8
#: What is measured (see ``Exam.marks``).
MEASURES = ("hidden loss", "visible loss", "hidden pairs", "visible pairs")


@dataclass(frozen=True, eq=False)
class Exam:
    """Held-out raters of whom part of each ballot is hidden.

    Attributes:
        parts: their ballots, whole, and which completions are visible ``[rows, contests, slots]``.
        kinds: the raters' types ``[raters]``, by part one after the other.
    """

    parts: tuple[tuple[Bucket, np.ndarray], ...]
    kinds: np.ndarray

    @classmethod
    def of(cls, scenario: Scenario, hidden: str, raters: int = RATERS) -> Exam:
        """A fresh sample; which completions are hidden is as fixed as the sample.

        Raises:
            InputError: where nobody ranks three completions.
        """
        ratings = sample(with_overrides(scenario, raters=raters), SEED).ratings
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(1,)))
        whole = buckets(ratings)
        if max((int(b.mask.sum(2).max()) for b in whole), default=0) < 3:
            raise InputError(
                f"{scenario.name}: no rater ranks three completions, so with one hidden there is "
                "no order left to see."
            )
        parts = tuple((bucket, visible(bucket.mask, hidden, rng)) for bucket in whole)
        kinds = np.concatenate([ratings.rater_type[b.rater[: b.size]] for b in whole])
        return cls(parts, kinds)

    def read(self, model: Individual) -> np.ndarray:
        """Posterior means ``[raters, latent]`` by what is visible."""
        return np.concatenate([model.read(replace(b, mask=v)).mean for b, v in self.parts])

    def marks(self, model: Individual, draws: int = DRAWS) -> dict[str, float | None]:
        """How a model does.

        Returns:
            ``hidden loss``: -log P(order of all | order of the visible), ``visible loss``: -log
            P(order of the visible), both in nats a rater and means over posterior draws; ``hidden
            pairs`` and ``visible pairs``: the share ordered rightly of the pairs of which a side is
            hidden, and of the others; None without such pairs.
        """
        rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(2,)))
        found = []
        for bucket, shown in self.parts:
            posterior = model.read(replace(bucket, mask=shown))
            jitter = rng.random(bucket.rank.shape, np.float32)
            every, seen, gap = 0.0, 0.0, 0.0
            for _ in range(draws):
                rewards = model.rewards(posterior.draw(rng))
                reward = np.take_along_axis(rewards, bucket.item.reshape(len(rewards), -1), 1)
                reward = reward.reshape(bucket.item.shape)
                both = _nats(reward, bucket.rank, bucket.mask, shown, bucket.weight, jitter)
                every, seen = every + both[0] / draws, seen + both[1] / draws
                gap = gap + np.tanh(0.5 * (reward[..., :, None] - reward[..., None, :]))
            found.append((every - seen, seen, *_pairs(bucket, shown, gap)))
        return _marks(found)


def visible(mask: np.ndarray, hidden: str, rng: np.random.Generator) -> np.ndarray:
    """What is left to see of ballots ``[rows, contests, slots]`` of which nothing, one completion,
    or half of them (rounded down, but one at least) are hidden at random."""
    draw = np.where(mask, rng.random(mask.shape), -1.0)
    place = (-draw).argsort(-1).argsort(-1)
    size = mask.sum(-1, keepdims=True)
    count = {"none": 0 * size, "one": np.minimum(size, 1), "half": np.maximum(size // 2, 1)}
    return mask & (place >= count[hidden])


@jax.jit
def _nats(reward, rank, mask, shown, weight, jitter):
    """Losses of whole ballots and of their visible parts, summed over a rater's ``[rows]`` each."""
    each = jax.vmap(jax.vmap(losses.list_loss))
    return tuple(jnp.sum(weight * each(reward, rank, m, jitter), axis=1) for m in (mask, shown))


def _pairs(bucket: Bucket, shown: np.ndarray, gap: np.ndarray) -> tuple[np.ndarray, ...]:
    """Pairs ordered rightly ``[hidden, visible]`` and how many there are; true ties are left out,
    and a tie that is predicted counts half."""
    rank = bucket.rank
    ahead = (rank[..., :, None] < rank[..., None, :]) & bucket.mask[..., :, None]
    ahead &= bucket.mask[..., None, :]
    seen = shown[..., :, None] & shown[..., None, :]
    right = (gap > 0) + 0.5 * (gap == 0)
    kinds = (ahead & ~seen, ahead & seen)
    return (np.array([right[k].sum() for k in kinds]), np.array([k.sum() for k in kinds]))


def _marks(found: list[tuple]) -> dict[str, float | None]:
    hidden, seen = (np.concatenate([f[i] for f in found]).mean() for i in (0, 1))
    right, count = (sum(f[i] for f in found) for i in (2, 3))
    share = [float(r / c) if c else None for r, c in zip(right, count, strict=True)]
    return dict(zip(MEASURES, (float(hidden), float(seen), *share), strict=True))


def oracle(scenario: Scenario, exam: Exam) -> dict[str, float | None]:
    """The marks of somebody who knows the types, their shares and what each leaves unsaid, and of a
    ballot which completions it holds and how the visible ones are ordered. What is visible can be
    repeated, so that has no loss but by the raters' noise. Also ``type``: the share of raters whose
    type it guesses rightly.

    Pairs of a noisy scenario are predicted from the types alone.
    """
    utility, share = scenario.type_utilities, scenario.type_shares
    said, unsaid = _said(scenario)
    # Without noise no order but one's own has a chance: gaps far beyond any doubt.
    gaps = np.abs(utility[:, :, None] - utility[:, None, :])
    scale = scenario.noise or gaps[gaps > 0].min(initial=1.0) / 50
    found, sure = [], []
    for bucket, shown in exam.parts:
        u = (utility / scale)[:, bucket.item]
        jitter = np.random.default_rng(0).random(bucket.rank.shape, np.float32)
        both = [_nats(x.astype(np.float32), bucket.rank, bucket.mask, shown, bucket.weight, jitter)
                for x in u]  # fmt: skip
        every, seen = (-np.array([b[i] for b in both], np.float64) for i in (0, 1))
        # Against silence about everything, which is the same for all raters of a type: each prompt
        # that is answered, and each completion that is ranked, is as much likelier.
        ranked = np.sum(bucket.mask * said[0][:, bucket.item], axis=(2, 3))
        answered = np.sum(bucket.mask.any(2) * said[1][:, bucket.item[:, :, 0]], axis=2)
        prior = (np.log(share) + unsaid)[:, None] + ranked + answered
        weight = np.exp(prior + seen - (prior + seen).max(0))
        weight /= weight.sum(0)
        sure.append(weight.max(0))
        loss = _log_sum(prior + seen) - _log_sum(prior + every)
        gap = np.tanh(0.5 * np.clip(u[..., :, None] - u[..., None, :], -50, 50))
        gap = np.einsum("tr,trcab->rcab", weight, gap)
        own = -np.sum(weight * seen, axis=0)
        pairs = _pairs(bucket, shown, np.where(np.abs(gap) < 1e-9, 0, gap))
        found.append((loss, own, *pairs))
    return _marks(found) | {"type": float(np.concatenate(sure).mean())}


def _log_sum(x: np.ndarray) -> np.ndarray:
    top = x.max(0)
    return top + np.log(np.exp(x - top).sum(0))


def _said(scenario: Scenario) -> tuple[tuple[np.ndarray, np.ndarray], np.ndarray]:
    """By how much likelier, in logs, each type is to rank an item than to leave it out, once it
    answers its prompt, and to answer that prompt and leave everything out than not to answer it
    ``[types, items]`` each; and the log of its chance to answer nothing ``[types]``."""
    ranks, answers, nothing = [], [], []
    for t in scenario.types.values():
        row, prompts, silent = [], [], 0.0
        for p in scenario.prompts:
            chance = [t.includes.get(p, {}).get(c, 1.0) for c in scenario.offered(p)]
            row += [_log(c) - _log(1 - c) for c in chance]
            answer = t.answers.get(p, 1.0)
            prompts += [_log(answer) - _log(1 - answer) + sum(_log(1 - c) for c in chance)] * len(
                chance
            )
            silent += _log(1 - answer)
        ranks.append(row)
        answers.append(prompts)
        nothing.append(silent)
    return (np.array(ranks), np.array(answers)), np.array(nothing)


def _log(chance: float) -> float:
    return float(np.log(max(chance, 1e-9)))

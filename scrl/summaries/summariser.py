"""The summariser: a policy that reads a rater's pairs and chooses sentences one after another.

A sentence is drawn from a softmax over the sentences that are left and a stop. Each draw excludes
the sentences about the same attribute, so a summary says one thing of an attribute. The logits are
those of a reference plus what a network adds. The *anchored* reference chooses sentences that are
true of a quick estimate of the rater's weights; it stands for what a language model knows about
words before it is trained. The other reference is uniform and knows nothing of what words mean.
"""

from __future__ import annotations

from functools import lru_cache, partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax.scipy.linalg import cho_solve

#: Newton steps of the quick estimate of a rater's weights, under a standard normal prior.
NEWTON_STEPS = 3
#: Logit of a true sentence in the anchored reference by standard deviation of the estimate, of a
#: stop, and of a sentence that tells nothing.
SHARPNESS, STOP_LOGIT, NEUTRAL_LOGIT = 1.5, 1.5, -1.0
#: Logit of what may not be chosen.
NEVER = -1e9


class Vocab(NamedTuple):
    """The arrays of a vocabulary that the summariser reads.

    Attributes:
        signs: ``[sentences, features]``, 0 for features without a name.
        excludes: ``[sentences, sentences]``, 1 where a sentence excludes another.
        alike: ``[sentences, sentences]``, 1 where two say the same.
        anchored: 1 for the anchored reference, 0 for the uniform one.
        limit: most sentences of a summary.
    """

    signs: jax.Array
    excludes: jax.Array
    alike: jax.Array
    anchored: jax.Array
    limit: jax.Array


class Draw(NamedTuple):
    """Drawn summaries.

    Attributes:
        chosen: ``[sentences]``, 1 where a sentence was chosen.
        log_policy, log_reference: log probability of the draws under the policy and the reference.
    """

    chosen: jax.Array
    log_policy: jax.Array
    log_reference: jax.Array


class Summariser(nnx.Module):
    """What is added to the reference's logits, given statistics of a rater's pairs."""

    def __init__(
        self, features: int, width: int, outputs: int, *, blank: bool, rngs: nnx.Rngs
    ) -> None:
        self.enter = nnx.Linear(2 * features + 1, width, rngs=rngs)
        self.middle = nnx.Linear(width, width, rngs=rngs)
        kernel = nnx.initializers.zeros if blank else nnx.initializers.lecun_normal()
        self.out = nnx.Linear(width, outputs, kernel_init=kernel, rngs=rngs)

    def __call__(self, statistics: jax.Array) -> jax.Array:
        """Logits ``[..., outputs]``, the stop last."""
        x = nnx.gelu(self.enter(statistics))
        return self.out(nnx.gelu(self.middle(x)))


@lru_cache(maxsize=64)
def graph_of(features: int, width: int, outputs: int) -> nnx.GraphDef:
    """The structure of a summariser, without parameters."""
    return nnx.graphdef(
        nnx.eval_shape(lambda: Summariser(features, width, outputs, blank=True, rngs=nnx.Rngs(0)))
    )


def initial_summariser(
    key: jax.Array, features: int, width: int, outputs: int, blank: bool
) -> nnx.State:
    """Random parameters of a summariser, which adds nothing at first if ``blank``."""
    module = Summariser(features, width, outputs, blank=blank, rngs=nnx.Rngs(key))
    return nnx.state(module, nnx.Param)


def quick_estimate(gap: jax.Array, mask: jax.Array) -> tuple[jax.Array, jax.Array]:
    """A rater's weights by a logistic regression under the prior N(0, I).

    Args:
        gap: features of each pair's preferred item less those of the other ``[pairs, features]``.
        mask: which pairs are read ``[pairs]``.

    Returns:
        The mean and the standard deviation of each weight ``[features]``.
    """
    eye = jnp.eye(gap.shape[1])

    def inverse(weight: jax.Array) -> tuple[jax.Array, jax.Array]:
        wrong = jax.nn.sigmoid(-gap @ weight) * mask
        hessian = (gap * (wrong * (1 - wrong))[:, None]).T @ gap + eye
        return cho_solve((jnp.linalg.cholesky(hessian), True), eye), wrong

    def newton(_: int, weight: jax.Array) -> jax.Array:
        covariance, wrong = inverse(weight)
        return weight + covariance @ (wrong @ gap - weight)

    weight = jax.lax.fori_loop(0, NEWTON_STEPS, newton, jnp.zeros(gap.shape[1]))
    return weight, jnp.sqrt(jnp.diagonal(inverse(weight)[0]))


def logits(
    module: Summariser, gap: jax.Array, mask: jax.Array, vocab: Vocab
) -> tuple[jax.Array, jax.Array]:
    """Logits of the policy and of the reference ``[sentences + 1]`` for one rater's pairs."""
    mean, sd = quick_estimate(gap, mask)
    certainty = mean / sd
    statistics = jnp.concatenate([mean, certainty, jnp.log1p(mask.sum())[None]])
    neutral = jnp.abs(vocab.signs).sum(1) == 0
    true = SHARPNESS * vocab.signs @ certainty + jnp.where(neutral, NEUTRAL_LOGIT, 0.0)
    reference = vocab.anchored * jnp.append(true, STOP_LOGIT)
    return reference + module(statistics), reference


def draw(
    key: jax.Array, policy: jax.Array, reference: jax.Array, vocab: Vocab, longest: int
) -> Draw:
    """Draw a summary from logits ``[sentences + 1]``; ``longest`` bounds the loop."""
    noise = jax.random.gumbel(key, (longest, len(policy)))
    return _write(policy, reference, vocab, noise)


def likeliest(policy: jax.Array, vocab: Vocab, longest: int) -> jax.Array:
    """The sentences that are likeliest one after another ``[sentences]``."""
    return _write(policy, policy, vocab, jnp.zeros((longest, len(policy)))).chosen


def _write(policy: jax.Array, reference: jax.Array, vocab: Vocab, noise: jax.Array) -> Draw:
    """Choose sentences until the stop or the limit."""
    count = len(policy) - 1

    def step(state: tuple[jax.Array, jax.Array, jax.Array], at: tuple[jax.Array, jax.Array]):
        chosen, barred, writing = state
        number, noise = at
        writing = writing * (number < vocab.limit)
        allowed = jnp.append(barred, 0.0) == 0
        now = jnp.where(allowed, policy, NEVER)
        taken = jnp.argmax(now + jnp.where(allowed, noise, 0.0))
        before = jax.nn.log_softmax(jnp.where(allowed, reference, NEVER))[taken]
        logs = writing * jnp.stack([jax.nn.log_softmax(now)[taken], before])
        added = writing * jax.nn.one_hot(taken, count)
        barred = jnp.maximum(barred, added @ vocab.excludes)
        return (chosen + added, barred, writing * (taken < count)), logs

    start = (jnp.zeros(count), jnp.zeros(count), jnp.ones(()))
    numbers = jnp.arange(len(noise))
    (chosen, _, _), logs = jax.lax.scan(step, start, (numbers, noise))
    return Draw(chosen, logs[:, 0].sum(), logs[:, 1].sum())


def reworded(noise: jax.Array, chosen: jax.Array, alike: jax.Array) -> jax.Array:
    """Summaries ``[..., sentences]`` in which a random sentence stands for all that say the same.

    Args:
        noise: independent uniform numbers, as ``chosen``.
        chosen: ``[..., sentences]``.
        alike: as of ``Vocab``.
    """
    first = noise >= (noise[..., None, :] * alike).max(-1)
    return first * (chosen @ alike > 0)


@partial(jax.jit, static_argnames=("width", "longest"))
def write_summaries(
    params: nnx.State, gap: jax.Array, mask: jax.Array, vocab: Vocab, *, width: int, longest: int
) -> jax.Array:
    """The likeliest summary of each rater ``[raters, sentences]``.

    Args:
        params: of the summariser.
        gap: ``[raters, pairs, features]``.
        mask: ``[raters, pairs]``.
        vocab: the sentences.
        width: of the summariser.
        longest: bound of the loop.
    """
    module = nnx.merge(graph_of(gap.shape[2], width, len(vocab.signs) + 1), params)

    def one(gap: jax.Array, mask: jax.Array) -> jax.Array:
        return likeliest(logits(module, gap, mask, vocab)[0], vocab, longest)

    return jax.vmap(one)(gap, mask)

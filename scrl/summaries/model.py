"""A reward model that reads a summary in words in place of a vector (after PLUS)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Self

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.reward_models import Comparisons, center_by_prompt
from scrl.reward_models.comparisons import empty_context
from scrl.reward_models.fitted import count_parameters, map_in_batches
from scrl.reward_models.linear_tastes import PairDifferences
from scrl.reward_models.protocols import OnChunk
from scrl.reward_models.reward_scales import reward_gaps
from scrl.summaries.summariser import Vocab, reworded, write_summaries
from scrl.summaries.training import Setup, SummariesConfig, longest, train
from scrl.summaries.vocabulary import Vocabulary, attribute_names, vocabulary_of
from scrl.text import Encoder, encode

#: Principal axes of sentence vectors are kept from this share of the largest singular value on.
LEAST_SINGULAR = 1e-3
#: Coordinates are divided by the singular value to this power: half of full whitening. Sentences
#: that differ in one word only would hardly differ without it, and words alike in meaning would be
#: unrelated with full whitening.
WHITENING = 0.5


@dataclass(frozen=True, eq=False)
class SummaryReader:
    """A reward that reads sentences.

    A completion with features x has the reward w · x; w is a constant plus, for each sentence of
    the summary, a linear function of the sentence's vector.

    Attributes:
        base: weights without any sentence ``[features]``.
        matrix: ``[dimensions, features]``.
        centre: the mean vector of the vocabulary, which is subtracted ``[dimensions]``.
    """

    base: np.ndarray
    matrix: np.ndarray
    centre: np.ndarray

    def weights(self, chosen: np.ndarray, vectors: np.ndarray) -> np.ndarray:
        """Weights ``[..., features]`` given summaries ``[..., sentences]`` of sentences with these
        vectors ``[sentences, dimensions]``."""
        return self.base + np.asarray(chosen, float) @ ((vectors - self.centre) @ self.matrix)

    def read(self, sentences: Sequence[str], encoder: Encoder | None = None) -> np.ndarray:
        """Weights ``[features]`` given a summary in any words.

        Raises:
            InputError: where no encoder is given and the packaged one is not installed.
        """
        if not sentences:
            return self.base
        return self.weights(np.ones(len(sentences)), encode(list(sentences), encoder))


@dataclass(frozen=True, eq=False)
class SummaryModel:
    """A summariser and the reward that reads its summaries.

    Attributes:
        uses_true_type: as in ``RewardModel``.
        vocabulary: the sentences.
        vectors: of the sentences ``[sentences, dimensions]``.
        policy: parameters of the summariser.
        reader: the reward that reads.
        scale: standard deviation of each feature's differences ``[features]``.
        config: the settings.
        features, offsets: the items, as in ``Comparisons``.
    """

    uses_true_type: ClassVar[bool] = False
    vocabulary: Vocabulary
    vectors: np.ndarray
    policy: nnx.State
    reader: SummaryReader
    scale: np.ndarray
    config: SummariesConfig
    features: np.ndarray
    offsets: np.ndarray

    @property
    def parameter_count(self) -> int:
        """Parameters of the summariser and of the reward."""
        return count_parameters(self.policy) + self.reader.matrix.size + self.reader.base.size

    def with_items(self, features: np.ndarray, offsets: np.ndarray) -> Self:
        """The same model applied to other items."""
        return replace(self, features=features, offsets=offsets)

    def summaries(self, context: Comparisons) -> np.ndarray:
        """The sentences of each rater's likeliest summary, bool ``[raters, sentences]``."""
        data = PairDifferences.of(context)
        gap = (data.x / self.scale).astype(np.float32)
        vocab = vocab_arrays(self.vocabulary, gap.shape[2], self.config)

        def write(gap: np.ndarray, mask: np.ndarray) -> tuple[jax.Array]:
            return (
                write_summaries(
                    self.policy, gap, mask, vocab, width=self.config.width,
                    longest=longest(self.config),
                ),
            )  # fmt: skip

        chosen = map_in_batches(write, gap, data.mask.astype(np.float32))[0]
        if self.config.paraphrased:
            # The same numbers for all calls: a rater has one summary.
            noise = np.random.default_rng(0).random(chosen.shape, np.float32)
            chosen = np.asarray(reworded(jnp.asarray(noise), jnp.asarray(chosen), vocab.alike))
        return chosen > 0.5

    def weights(self, chosen: np.ndarray) -> np.ndarray:
        """Weights on features ``[..., features]`` given summaries ``[..., sentences]``."""
        return self.reader.weights(chosen, self.vectors)

    def rewards(self, context: Comparisons | None) -> np.ndarray:
        """Rewards given each rater's likeliest summary."""
        if context is None:
            context = empty_context(self.features, self.offsets)
        return self.rewards_given(self.summaries(context))

    def rewards_given(self, chosen: np.ndarray) -> np.ndarray:
        """Rewards ``[raters, items]`` given summaries ``[raters, sentences]``."""
        found = self.weights(chosen) @ self.features.astype(float).T
        return center_by_prompt(found, self.offsets)

    def probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        return self.probabilities_given(self.summaries(context), queries)

    def probabilities_given(self, chosen: np.ndarray, queries: Comparisons) -> np.ndarray:
        """As ``probabilities``, given summaries ``[raters, sentences]`` from anywhere."""
        rewards = self.weights(chosen) @ queries.features.astype(float).T
        return expit(reward_gaps(rewards, queries))


def vocab_arrays(vocabulary: Vocabulary, features: int, config: SummariesConfig) -> Vocab:
    """The arrays that the summariser reads, for items with this number of features."""
    signs = np.zeros((len(vocabulary.sentences), features), np.float32)
    signs[:, : len(vocabulary.attributes)] = vocabulary.signs
    excludes, alike = (m.astype(np.float32) for m in (vocabulary.excludes, vocabulary.alike))
    return Vocab(
        jnp.asarray(signs), jnp.asarray(excludes), jnp.asarray(alike), jnp.float32(config.anchored),
        jnp.int32(config.sentences),
    )  # fmt: skip


def principal_axes(vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean of sentence vectors, and axes of their differences from it, scaled so that a coordinate
    has the mean square 1 over sentences and coordinates ``[dimensions, coordinates]``."""
    centre = vectors.mean(0)
    _, size, axes = np.linalg.svd(vectors - centre, full_matrices=False)
    kept = size >= LEAST_SINGULAR * size[0]
    size = size[kept]
    divisor = size**WHITENING
    divisor *= np.sqrt(((size / divisor) ** 2).mean() / len(vectors))
    return centre, axes[kept].T / divisor


def fit(
    key: jax.Array,
    comparisons: Comparisons,
    config: ModelsConfig,
    on_chunk: OnChunk = None,
    settings: SummariesConfig | None = None,
    vocabulary: Vocabulary | None = None,
    encoder: Encoder | None = None,
) -> tuple[SummaryModel, dict[str, np.ndarray]]:
    """Train a summariser and the reward that reads its summaries.

    Args:
        key: consumed.
        comparisons: the training pairs.
        config: not used.
        on_chunk: called with the curves so far and the share done.
        settings: of the summaries.
        vocabulary: the sentences; by default six for each feature.
        encoder: of sentences; the packaged one by default.

    Returns:
        The model, and its curves.

    Raises:
        InputError: where there are too many features for a default vocabulary, or too many pairs,
            or no encoder.
    """
    settings = settings or SummariesConfig()
    features = comparisons.features.shape[1]
    if vocabulary is None:
        vocabulary = vocabulary_of(attribute_names(comparisons.catalogue, features))
    vectors = vocabulary.vectors(encoder)
    setup, (centre, axes, scale) = setup_of(comparisons, settings, vocabulary, vectors)
    state, curves = train(key, setup, settings, on_chunk)
    base, matrix = (np.asarray(x, np.float64) for x in state.reader)
    reader = SummaryReader(base / scale, axes @ matrix / scale, centre)
    model = SummaryModel(
        vocabulary, vectors, state.policy, reader, scale, settings, comparisons.features,
        comparisons.offsets,
    )  # fmt: skip
    return model, curves


def setup_of(
    comparisons: Comparisons, settings: SummariesConfig, vocabulary: Vocabulary, vectors: np.ndarray
) -> tuple[Setup, tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """What a training reads, and the centre, the axes and the features' scale behind it."""
    data = PairDifferences.of(comparisons)
    scale = data.scale()
    centre, axes = principal_axes(vectors)
    setup = Setup(
        jnp.asarray(data.x / scale, jnp.float32), jnp.asarray(data.mask, jnp.float32),
        vocab_arrays(vocabulary, data.x.shape[2], settings),
        jnp.asarray((vectors - centre) @ axes, jnp.float32), jnp.float32(settings.kl),
        jnp.float32(settings.ridge), jnp.float32(settings.rate), jnp.bool_(settings.paraphrased),
        jnp.int32(settings.shuffled),
    )  # fmt: skip
    return setup, (centre, axes, scale)

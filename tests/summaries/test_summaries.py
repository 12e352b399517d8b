"""Summaries of raters: their sentences, how they are drawn, and what is learnt from them."""

from __future__ import annotations

from itertools import product

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.special import expit, softmax

from scrl.config import ModelsConfig
from scrl.reward_models import Comparisons, FeatureRewardModel
from scrl.studies.summary_worlds import (
    NAMES,
    disputed_queries,
    draw_summary_world,
)
from scrl.summaries import SummariesConfig, fit, vocabulary_of
from scrl.summaries.model import vocab_arrays
from scrl.summaries.summariser import draw, quick_estimate, reworded
from scrl.text import encoder_of
from scrl.types import InputError


def word_counts(texts: list[str]) -> np.ndarray:
    """A vector for each text: which of its words occur."""
    words = sorted({w for s in vocabulary_of(NAMES).sentences for w in s.text.lower().split()})
    return np.array([[w in t.lower().split() for w in words] for t in texts], float)


@pytest.fixture(scope="module")
def encoder():
    return encoder_of("words of summaries", word_counts)


@pytest.fixture(scope="module")
def world():
    return draw_summary_world(5, 500, 24)


@pytest.fixture(scope="module")
def model(world, encoder):
    config = SummariesConfig(steps=200, batch=16)
    train = world.select(np.arange(400))
    return fit(jax.random.key(0), train, ModelsConfig(), None, config, None, encoder)[0]


def test_a_vocabulary_has_sentences_of_both_signs_and_says_what_summaries_state():
    vocabulary = vocabulary_of(["jokes", "lists"])
    assert len(vocabulary.sentences) == 16
    assert len({s.text for s in vocabulary.sentences}) == 16
    chosen = np.zeros(16, bool)
    chosen[[vocabulary.sentence_about(0, -1, 1), vocabulary.sentence_about(1, 1)]] = True
    assert vocabulary.stated(chosen).tolist() == [-1, 1]
    assert (
        vocabulary.written(chosen)
        == "Answers with jokes annoy this person. This person likes lists."
    )
    with pytest.raises(InputError, match="here are 0"):
        vocabulary_of([])


def test_other_words_say_the_same():
    vocabulary, rng = vocabulary_of(NAMES), np.random.default_rng(0)
    alike = vocabulary.alike.astype(float)
    chosen = np.zeros((200, 40))
    for row in chosen:
        for taste, attribute in zip(rng.integers(-1, 2, 6), range(6), strict=True):
            if taste:
                row[vocabulary.sentence_about(attribute, taste, rng.integers(3))] = 1
    said = np.asarray(reworded(jnp.asarray(rng.random(chosen.shape)), jnp.asarray(chosen), alike))
    assert (said.sum(1) == chosen.sum(1)).all()
    assert (vocabulary.stated(said) == vocabulary.stated(chosen)).all()
    assert 0.2 < (said * chosen).sum() / chosen.sum() < 0.47, "one of three wordings at random"


def test_the_quick_estimate_is_a_logistic_regression_under_a_normal_prior():
    rng = np.random.default_rng(1)
    gap = rng.standard_normal((12, 4))
    mean, sd = quick_estimate(jnp.asarray(gap), jnp.ones(12))
    best = minimize(lambda w: np.logaddexp(0, -gap @ w).sum() + w @ w / 2, np.zeros(4))
    assert mean == pytest.approx(best.x, abs=5e-3)
    wrong = expit(-gap @ best.x)
    hessian = gap.T @ (gap * (wrong * (1 - wrong))[:, None]) + np.eye(4)
    assert sd == pytest.approx(np.sqrt(np.diag(np.linalg.inv(hessian))), abs=5e-3)


def test_draws_have_the_probabilities_that_they_state():
    """Summaries of two attributes with two sentences at most, by brute force over their order."""
    vocabulary = vocabulary_of(["jokes", "lists"], neutral=False)
    vocab = vocab_arrays(vocabulary, 2, SummariesConfig(sentences=2))
    logit = np.random.default_rng(2).standard_normal(13)
    uniform = jnp.zeros(13)
    keys = jax.random.split(jax.random.key(0), 4000)
    write = jax.jit(jax.vmap(lambda key: draw(key, jnp.asarray(logit), uniform, vocab, 3)))
    drawn = write(keys)
    chosen = np.asarray(drawn.chosen) > 0
    assert chosen.sum(1).max() == 2
    first = softmax(logit)
    second = [softmax(np.delete(logit, range(6 * a, 6 * a + 6))) for a in range(2)]
    paths = {(): first[12]} | {(i,): first[i] * second[i // 6][6] for i in range(12)}
    paths |= {
        (i, j): first[i] * second[0][j - 6] + first[j] * second[1][i]
        for i, j in product(range(6), range(6, 12))
    }
    assert sum(paths.values()) == pytest.approx(1)
    expected = np.array([paths[tuple(np.flatnonzero(row))] for row in chosen])
    # For a distribution p the mean of 1 / p over its draws is the number of outcomes.
    assert (1 / expected).mean() == pytest.approx(len(paths), rel=0.2)
    alone = chosen.sum(1) == 1
    assert np.exp(drawn.log_policy)[alone] == pytest.approx(expected[alone], rel=1e-4)
    assert np.exp(drawn.log_reference)[~chosen.any(1)] == pytest.approx(1 / 13, rel=1e-4)


def test_the_oracle_is_bayes_over_all_tastes(world):
    rater = 7
    context = world.select(np.array([rater])).masked_after(5)
    queries, _ = disputed_queries(world, np.array([rater]), 3, 0)
    seen, asked = (world.features[c.pairs[0]] for c in (context.first_pairs(5), queries))
    chance, total = np.zeros(3), 0.0
    for taste in product((-1, 0, 1), repeat=6):
        weight = np.array(taste) * world.strength
        belief = np.prod([world.shares[a, t + 1] for a, t in enumerate(taste)])
        belief *= np.prod(expit((seen[:, 0] - seen[:, 1]) @ weight))
        chance += belief * expit((asked[:, 0] - asked[:, 1]) @ weight)
        total += belief
    assert world.oracle_probabilities(context, queries)[0] == pytest.approx(chance / total)


def test_summaries_tell_people_apart_and_can_be_edited(world, model):
    assert isinstance(model, FeatureRewardModel)
    new = np.arange(400, 500)
    context = world.select(new)
    queries, truth = disputed_queries(world, new, 40, 0)
    differ = np.abs(truth - 0.5) > 1e-9
    right = (model.probabilities(context, queries) > 0.5) == (truth > 0.5)
    moved = np.roll(model.summaries(context), 1, axis=0)
    others = (model.probabilities_given(moved, queries) > 0.5) == (truth > 0.5)
    assert right[differ].mean() > others[differ].mean() + 0.1
    chosen = np.zeros((12, len(model.vocabulary.sentences)), bool)
    for row, (attribute, sign) in zip(chosen, product(range(6), (1, -1)), strict=True):
        row[model.vocabulary.sentence_about(attribute, sign)] = True
    weights = model.weights(chosen)[np.arange(12), np.repeat(range(6), 2)].reshape(6, 2)
    assert (weights[:, 0] > weights[:, 1]).all()


def test_a_summary_is_read_as_text_and_applied_to_other_items(model, encoder):
    chosen = np.zeros(len(model.vocabulary.sentences), bool)
    chosen[[0, 9]] = True
    texts = [model.vocabulary.sentences[i].text for i in (0, 9)]
    weights = model.weights(chosen)
    assert model.reader.read(texts, encoder) == pytest.approx(weights)
    assert model.reader.read([]) == pytest.approx(model.reader.base)
    other = model.with_items(np.eye(6, dtype=np.float32), np.array([0, 4, 6]))
    rewards = other.rewards_given(chosen[None])[0]
    assert rewards[4] - rewards[5] == pytest.approx(weights[4] - weights[5])
    assert rewards[:4].sum() == pytest.approx(0, abs=1e-9)
    assert other.rewards(None).shape == (1, 6)


def test_too_many_features_are_refused():
    x = np.zeros((2, 65), np.float32)
    pairs = Comparisons(np.array([[[0, 1]]]), np.ones((1, 1), bool), x, np.array([0, 2]))
    with pytest.raises(InputError, match="here are 65"):
        fit(jax.random.key(0), pairs, ModelsConfig())

"""The language model on tiny random weights: cache, masks, draws, adapters, DPO."""

from functools import partial
from itertools import chain

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.stats import chisquare

from scrl.language_model import (
    Adapter,
    DpoSettings,
    Votes,
    best_of_n,
    kl_to_reference,
    load_adapter,
    new_adapter,
    reweighted,
    sampling,
    save_adapter,
    train_dpo,
)
from scrl.language_model.dpo import vote_loss
from scrl.language_model.llama import hidden_states, logits
from scrl.language_model.token_choice import draw_tokens
from scrl.types import Cancelled, InputError
from tests import lanes
from tests.language_model.conftest import TINY

PROMPTS = ["ab", "a much longer prompt", "c"]


@partial(jax.jit, static_argnums=2)
def compiled_table(weights, tokens, heat, adapter=None):
    hidden, _ = hidden_states(TINY, weights, tokens, adapter)
    return jax.nn.log_softmax(logits(weights, hidden[0]) / heat)


drawn_tokens = jax.jit(draw_tokens)
loss_of_votes, gradient_of_votes = jax.jit(vote_loss), jax.jit(jax.grad(vote_loss))


def next_token_scores(model, tokens, heat=1.0, adapter=None):
    """Log-probabilities after every token, of one full pass; what is padded comes after them."""
    padded = jnp.array([[*tokens, *[0] * (48 - len(tokens))]])
    return np.asarray(compiled_table(model.stacked_weights, padded, heat, adapter or {}))


def written(model, **options):
    settings = {"n": 3, "max_tokens": 9, "seed": 1} | options
    return model.complete(PROMPTS, **settings)


def many_written(model, prompts, calls, **options):
    """Samples of several calls, of the shapes of ``written``, which are compiled."""
    found = [model.complete(prompts, n=4, seed=seed, **options) for seed in range(calls)]
    return [list(chain(*rows)) for rows in zip(*found, strict=True)]


def test_what_the_cache_writes_scores_as_the_full_pass_says(tiny):
    """The sampler's log-probabilities are of single steps with a cache, and of padded prompts."""
    found = written(tiny)
    for prompt, row in zip(PROMPTS, found, strict=True):
        for completion in row:
            tokens = [*tiny.prompt_tokens(prompt), *tiny.completion_tokens(completion)]
            table = next_token_scores(tiny, tokens)
            start = len(tiny.prompt_tokens(prompt))
            own = sum(float(table[i - 1, tokens[i]]) for i in range(start, len(tokens)))
            assert completion.log_probability == pytest.approx(own, abs=1e-4)


def test_scores_in_a_padded_batch_are_those_of_each_alone(tiny):
    flat = [c for row in written(tiny) for c in row]
    prompts = [p for p in PROMPTS for _ in range(3)]
    together = tiny.log_probability(prompts, flat)
    alone = [tiny.log_probability([p], [c])[0] for p, c in zip(prompts, flat, strict=True)]
    assert together == pytest.approx(np.array(alone), abs=1e-4)
    assert together == pytest.approx(np.array([c.log_probability for c in flat]), abs=1e-4)


def test_a_sample_depends_on_the_seed_and_not_on_the_batch(tiny):
    three = written(tiny)
    assert [[c.tokens for c in row] for row in three] == [
        [c.tokens for c in row] for row in written(tiny)
    ]
    among_others = tiny.complete([PROMPTS[0], "x", "yy"], n=lanes.deep(4, 32), max_tokens=9, seed=1)
    assert [c.tokens for c in among_others[0][:3]] == [c.tokens for c in three[0]]
    assert written(tiny, seed=2)[0][0].tokens != three[0][0].tokens


def test_other_prompts_compile_nothing(tiny):
    written(tiny)
    before = sampling._begin._cache_size(), sampling._continue._cache_size()
    tiny.complete(["x", "yy", "zzz"], n=3, max_tokens=9, seed=5, temperature=0.3, top_p=0.5)
    assert (sampling._begin._cache_size(), sampling._continue._cache_size()) == before


@pytest.mark.parametrize("top_p", [1.0, 0.6])
def test_first_tokens_follow_the_models_distribution(top_p):
    table = np.random.default_rng(0).normal(0, 1.5, 700)
    keys = jax.random.split(jax.random.key(3), 6_000)
    wide = jnp.broadcast_to(jnp.asarray(table, jnp.float32), (6_000, 700))
    drawn = np.bincount(
        drawn_tokens(keys, wide, jnp.float32(0.8), jnp.float32(top_p)), minlength=700
    )
    share = np.exp(table / 0.8) / np.exp(table / 0.8).sum()
    order = np.argsort(-share)
    nucleus = order[: np.searchsorted(np.cumsum(share[order]), top_p) + 1]
    assert drawn[nucleus].sum() == 6_000
    expected = share[nucleus] / share[nucleus].sum() * 6_000
    common = expected >= 5
    rest = expected[~common].sum()
    observed = [*drawn[nucleus][common], *([drawn[nucleus][~common].sum()] if rest else [])]
    assert chisquare(observed, [*expected[common], *([rest] if rest else [])]).pvalue > 1e-3


def test_zero_temperature_takes_the_likeliest_token(tiny):
    first = written(tiny, temperature=0.0, max_tokens=1)
    for prompt, (completion, *_) in zip(PROMPTS, first, strict=True):
        tokens = tiny.prompt_tokens(prompt)
        best = int(np.argmax(next_token_scores(tiny, tokens)[len(tokens) - 1]))
        assert best == (256 if completion.ended else completion.tokens[0])


def test_a_listener_can_end_the_writing(tiny):
    def stop(progress):
        raise Cancelled

    with pytest.raises(Cancelled):
        written(tiny, on_progress=stop)


def test_a_new_adapter_changes_nothing_and_a_file_keeps_a_trained_one(tiny, tmp_path):
    fresh = new_adapter(TINY, rank=2, matrices=("attn_qkv", "attn_output", "ffn_down"))
    base = tiny.log_probability(["ab"], ["cd"])
    assert tiny.with_adapter(fresh).log_probability(["ab"], ["cd"]) == pytest.approx(base, abs=1e-6)
    rng = np.random.default_rng(0)
    moved = Adapter(
        jax.tree.map(lambda a: rng.normal(0, 0.1, a.shape).astype("f4"), dict(fresh.parameters)),
        0.5,
    )
    changed = tiny.with_adapter(moved)
    score = changed.log_probability(["ab"], ["cd"])
    assert abs(score - base) > 1e-2
    # Written by multiplied-out weights, scored by the product of low rank.
    sample = written(changed)[0][0]
    assert changed.log_probability(["ab"], [sample])[0] == pytest.approx(
        sample.log_probability, abs=1e-4
    )
    save_adapter(moved, tmp_path / "moved.safetensors")
    again = load_adapter(tmp_path / "moved.safetensors", TINY)
    assert tiny.with_adapter(again).log_probability(["ab"], ["cd"]) == pytest.approx(
        score, abs=1e-6
    )


def test_the_loss_of_votes_is_dpos_and_finite_where_nothing_is_masked_in():
    ratios, votes = jnp.array([0.3, -1.2]), jnp.array([[0.0, 1.0], [0.0, 0.0]])
    assert float(loss_of_votes(ratios, votes, 0.1)) == pytest.approx(np.log1p(np.exp(-0.15)))
    # A tie's gradient pulls the two together; no vote has no gradient.
    gradient = gradient_of_votes(ratios, jnp.array([[0.0, 0.5], [0.5, 0.0]]), 0.1)
    assert gradient[0] > 0 > gradient[1]
    assert gradient_of_votes(ratios, jnp.zeros((2, 2)), 0.1).tolist() == [0, 0]


def test_dpo_raises_what_the_votes_prefer_and_kl_measures_how_far(tiny):
    texts = ["good", "bad", "long and bad"]
    votes = [Votes(p, texts[:n], np.triu(np.ones((n, n)), 1))
             for p, n in zip(PROMPTS, (3, 2, 3), strict=True)]  # fmt: skip
    heard = []
    run = train_dpo(
        tiny, votes, DpoSettings(steps=30, learning_rate=2e-2, layers=1, rank=4), heard.append
    )
    assert np.isfinite(run.loss).all()
    assert run.loss[-1] < 0.9 * run.loss[0] == pytest.approx(0.9 * np.log(2), abs=1e-3)
    assert heard[-1].fraction == 1
    assert not run.adapter.parameters["attn_qkv"]["up"][0].any()  # the lower layer is untouched
    policy = tiny.with_adapter(run.adapter)
    gain = policy.log_probability(PROMPTS, ["good"] * 3) - tiny.log_probability(
        PROMPTS, ["good"] * 3
    )
    loss = policy.log_probability(PROMPTS, ["bad"] * 3) - tiny.log_probability(PROMPTS, ["bad"] * 3)
    assert (gain > loss).all()
    samples = many_written(policy, PROMPTS, 8, max_tokens=9)
    estimate = kl_to_reference(policy, PROMPTS, samples)
    assert estimate.kl > 3 * estimate.standard_error > 0
    none = kl_to_reference(tiny, PROMPTS, written(tiny))
    assert none.kl == pytest.approx(0, abs=1e-6)


def test_the_estimated_kl_is_the_exact_one_of_first_tokens(tiny):
    rng = np.random.default_rng(1)
    start = dict(new_adapter(TINY, rank=4).parameters)
    moved = Adapter(jax.tree.map(lambda a: rng.normal(0, 0.2, a.shape).astype("f4"), start))
    policy, heat = tiny.with_adapter(moved), 0.7
    tokens = tiny.prompt_tokens("ab")
    added = (moved.scaled(), start)
    own, base = (next_token_scores(tiny, tokens, heat, a)[len(tokens) - 1] for a in added)
    exact = float(np.sum(np.exp(own) * (own - base)))
    alike = ["ab"] * 3
    samples = many_written(policy, alike, 22, max_tokens=1, temperature=heat)
    found = kl_to_reference(policy, alike, samples, heat)
    assert abs(found.kl - exact) < 4 * found.standard_error


def test_best_and_reweighted_samples():
    rewards = np.array([[0.0, 2.0, 1.0], [3.0, -1.0, 3.0]])
    best = best_of_n(rewards)
    assert best.chosen.tolist() == [1, 0]
    assert best.kl_bound == pytest.approx(np.log(3) - 2 / 3)
    soft = reweighted(rewards, beta=0.5)
    assert soft.probabilities[0] == pytest.approx(np.exp([0, 4, 2]) / np.exp([0, 4, 2]).sum())
    assert (soft.kl > 0).all()
    assert (soft.kl < np.log(3)).all()
    assert reweighted(rewards, beta=1e6).kl == pytest.approx([0, 0], abs=1e-9)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda m: m.complete(["a"], n=0), "1 to 1,000 completions"),
        (lambda m: m.complete(["a"], max_tokens=5_000), "1 to 1,024 tokens"),
        (lambda m: m.complete(["a"], temperature=-1), "temperature"),
        (lambda m: m.complete(["a"], top_p=0), "top_p"),
        (lambda m: m.complete(["a" * 3_000]), "at most 2,048"),
        (lambda m: m.log_probability(["a"], ["b", "c"]), "1 prompts and 2 completions"),
        (lambda m: train_dpo(m, []), "at least one prompt"),
        (lambda m: train_dpo(m, [Votes("a", ["b", "c"], np.ones((3, 3)))]), "2 × 2"),
        (lambda m: new_adapter(TINY, matrices=("head",)), "no matrix 'head'"),
        (lambda m: reweighted(np.ones((1, 2)), 0), "above 0"),
        (lambda m: best_of_n(np.array([[np.nan]])), "finite reward"),
    ],
)
def test_bad_settings_are_named(tiny, call, message):
    with pytest.raises(InputError, match=message):
        call(tiny)

"""Training in batches: what it learns, what it costs to compile, and how it goes on."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scrl.data import strict_pairs
from scrl.scenarios import generate_population
from scrl.streamed_raters import (
    StreamedConfig,
    load_streamed,
    save_streamed,
    train_streamed,
)
from scrl.streamed_raters.batches import BatchPlan
from scrl.streamed_raters.selection import choose_types
from scrl.streamed_raters.sources import InMemory
from scrl.streamed_raters.training_step import training_step
from scrl.types import Cancelled, InputError
from tests.tiny import one_factor

#: Trains in a second or two. Batches are so small that all trainings here have some, and the same
#: compiled programs, whoever is left out.
SHORT = StreamedConfig(
    types=3, latent=1, min_steps=150, points=2, newton_steps=3, batch_entries=1024
)


@pytest.fixture(scope="module", autouse=True)
def few_factors():
    with one_factor():
        yield


@pytest.fixture(scope="module")
def world():
    """400 raters of 3 types, noise 1: half of the ballots of the last 80 is hidden."""
    population = generate_population("noise-1", 0)
    ratings = population.ratings
    held = np.arange(len(ratings.raters)) % 5 == 0
    hidden = (np.arange(len(ratings.item)) % 2 == 0) & held[ratings.ballot_rater][
        ratings.entry_ballot
    ]
    return population, held, ratings.keep(~hidden), ratings.keep(hidden)


@pytest.fixture(scope="module")
def trained(world):
    """A model, and how many programs its steps were compiled to."""
    before = training_step._cache_size()
    model = train_streamed(world[2], SHORT, 0, left_out=world[1])
    return model, training_step._cache_size() - before


@pytest.fixture(scope="module")
def model(trained):
    return trained[0]


def accuracy(probability):
    return np.mean((probability > 0.5) + 0.5 * (probability == 0.5))


def test_it_predicts_as_an_oracle_does(world, model):
    """Beside the best predictor there is: the true types, weighed by the visible ballots."""
    population, _, visible, hidden = world
    pairs = strict_pairs(hidden)
    probability = model.pair_probability(visible, *pairs)
    utility = np.asarray(population.scenario.type_utilities, dtype=object)
    mean = np.stack([np.concatenate([np.ravel(p) for p in one]) for one in utility])
    truth = replace(
        model,
        parameters=model.parameters._replace(
            share=np.log(population.scenario.type_shares).astype(np.float32),
            common=np.zeros(mean.shape[1], np.float32), own=mean.T.astype(np.float32),
            loading=1e-3 + np.zeros((mean.shape[1], 1), np.float32),
        ),
    )  # fmt: skip
    best = accuracy(truth.pair_probability(visible, *pairs))
    assert accuracy(probability) > best - 0.05
    pooled = model.share @ model.mean_utility
    assert accuracy(probability) > accuracy(pooled[pairs[1]] - pooled[pairs[2]] + 0.5) + 0.05


def test_a_rater_of_whom_nothing_is_known_is_of_the_population(world, model):
    ratings = world[2]
    empty = ratings.select(np.zeros(ratings.ballots, bool))
    first, second = np.arange(4), np.arange(1, 5)
    found = model.pair_probability(empty, np.zeros(4, int), first, second)
    voters = model.draw_voters(200_000)
    utility = model.rewards(voters, np.arange(5))
    simulated = (1 / (1 + np.exp(utility[:, 1:] - utility[:, :-1]))).mean(0)
    np.testing.assert_allclose(found, simulated, atol=0.02)


def test_nothing_recompiles_from_batch_to_batch(world, trained):
    """A step is compiled once for each of the two stages and each shape of ballots."""
    plan = BatchPlan.of(InMemory.of(world[2]), ~world[1], SHORT.batch_entries)
    assert plan.batches > len(plan.size)
    assert trained[1] <= 2 * len(plan.size)
    before = training_step._cache_size()
    train_streamed(world[2], replace(SHORT, min_steps=20), 1)
    assert training_step._cache_size() == before


def test_the_order_of_batches_follows_from_seed_and_epoch(world):
    plan = BatchPlan.of(InMemory.of(world[2]), ~world[1], 1024)
    first, again, other = plan.epoch(3, 0), plan.epoch(3, 0), plan.epoch(3, 1)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(first, other, strict=True))
    rows = np.sort(np.concatenate([rows for _, rows in other]))
    assert np.array_equal(rows, np.sort(np.concatenate(plan.rows)))
    assert not np.isin(plan.raters, np.flatnonzero(world[1])).any()


def test_an_interrupted_training_ends_in_the_same_bits(world, tmp_path):
    """Interrupted at some steps of each stage; the number of types is chosen on the way."""
    config = replace(SHORT, types=None, max_types=2, min_steps=40)
    whole = train_streamed(world[2], config, 5)
    steps, path = 0, tmp_path / "training.safetensors"

    def interrupt(progress):
        nonlocal steps
        steps += 1
        if steps % 17 == 0:
            raise Cancelled

    for _ in range(20):
        try:
            model = train_streamed(
                world[2], config, 5, on_progress=interrupt, checkpoint=path, checkpoint_seconds=0.0
            )
            break
        except Cancelled:
            continue
    else:
        raise AssertionError("It never ended.")
    assert steps > 17 * 3
    for one, other in zip(whole.parameters, model.parameters, strict=True):
        assert np.array_equal(one, other)
    again = train_streamed(world[2], config, 5, on_progress=interrupt, checkpoint=path)
    assert np.array_equal(again.parameters.own, whole.parameters.own)
    assert path.stat().st_size < 1e6


def test_a_checkpoint_of_another_training_or_of_no_training_is_refused(world, tmp_path):
    path = tmp_path / "training.safetensors"
    config = replace(SHORT, min_steps=4)
    train_streamed(world[2], config, 0, checkpoint=path)
    with pytest.raises(InputError, match="other data, settings or another seed"):
        train_streamed(world[2], config, 1, checkpoint=path)
    content = bytearray(path.read_bytes())
    rng = np.random.default_rng(0)
    for place in rng.integers(len(content), size=30):
        damaged = content.copy()
        damaged[place] ^= 0xFF
        path.write_bytes(damaged)
        with pytest.raises(InputError, match="delete it"):
            train_streamed(world[2], config, 0, checkpoint=path)
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(InputError, match="delete it"):
        train_streamed(world[2], config, 0, checkpoint=path)


def test_the_number_of_types_is_the_smallest_that_none_beats_reliably():
    base = np.random.default_rng(0).normal(size=500)
    noise = np.tile([1.0, -0.9], 250)  # a gain of .05 ± .95 a rater: 1.2 standard errors
    assert choose_types({1: base, 2: base + 1, 4: base + 1 + 0.7 * (noise - 0.02)}) == 2
    assert choose_types({1: base, 2: base + 1, 4: base + 1 + noise + 0.1}) == 4
    assert choose_types({1: base, 2: base - 1}) == 1


def test_a_saved_model_is_the_same_model(model, tmp_path):
    path = tmp_path / "raters.safetensors"
    save_streamed(model, path)
    loaded = load_streamed(path)
    assert np.array_equal(loaded.mean_utility, model.mean_utility)
    assert np.array_equal(loaded.loadings, model.loadings)
    assert loaded.catalogue.prompts == model.catalogue.prompts
    voters = model.draw_voters(5, seed=1, block=2)
    assert np.array_equal(loaded.rewards(voters), model.rewards(voters))
    path.write_bytes(path.read_bytes()[:-7])
    with pytest.raises(InputError, match="not a streamed model"):
        load_streamed(path)
    with pytest.raises(InputError, match="no such model file"):
        load_streamed(tmp_path / "other")


@pytest.mark.parametrize(
    ("setting", "value"), [("types", 0), ("points", 3), ("precision", "half"), ("rate", np.nan)]
)
def test_settings_have_limits(setting, value):
    with pytest.raises(InputError, match=setting):
        replace(SHORT, **{setting: value})


def test_nothing_to_train_on_is_said(world):
    with pytest.raises(InputError, match="left out"):
        train_streamed(world[2], SHORT, left_out=np.ones(400, bool))
    with pytest.raises(InputError, match="no ballot ranks two"):
        train_streamed(world[2].select(np.zeros(world[2].ballots, bool)), SHORT)

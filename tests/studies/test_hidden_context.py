"""The hidden context study: its baked result, its readings, and that it is up to date."""

from __future__ import annotations

from dataclasses import replace

import jax
import numpy as np
import pytest

from scrl.config import ModelsConfig
from scrl.reward_models import distributional, pooled
from scrl.studies import hidden_context as hidden
from scrl.studies import load_baked
from tests import lanes

A = hidden.alternatives(hidden.ALTERNATIVES)


@pytest.fixture(scope="module")
def baked() -> dict:
    return load_baked("hidden-context")


def test_the_baked_study_has_today_s_seeds(baked):
    assert [run["seed"] for run in baked["result"]["runs"]] == list(hidden.SEEDS)


def test_the_baked_exact_rewards_are_fitted_again_for_every_seed(baked):
    for run in baked["result"]["runs"]:
        train = hidden.sample_comparisons(
            run["seed"], hidden.ALTERNATIVES, hidden.RATERS, hidden.PAIRS
        )
        model, _ = pooled.fit(None, train, ModelsConfig())
        assert run["exact"]["mean"] == pytest.approx(model.reward, abs=1e-3)


@lanes.deep_only
@pytest.mark.slow
def test_a_baked_network_is_what_training_gives_today(baked):
    run = baked["result"]["runs"][0]
    train = hidden.sample_comparisons(run["seed"], hidden.ALTERNATIVES, hidden.RATERS, hidden.PAIRS)
    model, _ = distributional.fit(jax.random.key(run["seed"]), train, hidden.CONFIG)
    mean, spread = model.moments()
    assert run["mean-variance"]["mean"] == pytest.approx(mean, abs=0.15)
    assert run["mean-variance"]["spread"] == pytest.approx(spread, abs=0.15)


def test_rewards_follow_borda_and_fall_where_context_is_hidden(baked):
    for model in hidden.MODELS:
        found = hidden.risk_adjusted_reward(baked["result"], model)
        assert (found.agreement["borda"] > 0.95).all()
        assert (found.agreement["expected utility"] < 0.8).all()
        assert found.reward[A < 0.8][-1] > found.reward[A > 0.8].max()
    for model in hidden.MODELS[1:]:
        spread = hidden.risk_adjusted_reward(baked["result"], model).spread
        assert spread[A > 0.8].min() > 2 * spread[A < 0.8].max()


def test_an_uncontrolled_spread_drifts(baked):
    step, widest = hidden.spread_drift(baked["result"])
    assert step[-1] >= 8_000
    assert widest["nothing"][-1] > 745, "the published range ended there"
    for held in ("bounds", "prior"):
        assert widest[held].max() < 5


def test_a_risk_adjusted_reward_by_hand():
    mean, spread = A.copy(), np.where(A < 0.8, 0.0, 1.0)
    run = {"seed": 0, "exact": {"mean": mean.tolist(), "spread": spread.tolist()}}
    bold = hidden.risk_adjusted_reward({"runs": [run]}, "exact")
    assert bold.agreement["expected utility"] == pytest.approx([1.0])
    assert bold.share_above == 0.0
    assert bold.expected == pytest.approx(A), "the truth in the reward's units"
    careful = hidden.risk_adjusted_reward({"runs": [run, run]}, "exact", 2.0)
    assert careful.share_above == 1.0
    assert careful.agreement["expected utility"] == pytest.approx(
        [hidden.rank_agreement(mean - 2 * spread)["expected utility"]] * 2
    )


def test_making_it_trains_every_model_and_reports(monkeypatch):
    """What is trained with which settings, and what is kept; the fits are replaced."""
    fits = []

    class Model:
        def moments(self):
            return A, 0.1 + A

    def fit(key, train, config, listen, kind="mean-variance"):
        fits.append((kind, config.spread, config.prior_sd, train.raters))
        listen({}, 0.5)
        return Model(), {"step": [10, 20], "narrowest": [1.0, 0.5], "widest": [1.0, 123456.0]}

    monkeypatch.setattr(distributional, "fit", fit)
    reports = []
    found = hidden.run(reports.append, (3,), (4,))
    usual = (hidden.CONFIG.spread, hidden.CONFIG.prior_sd, hidden.RATERS)
    assert fits[:2] == [(kind, *usual) for kind in distributional.KINDS]
    controls = hidden.SPREAD_CONTROLS.values()
    assert fits[2:] == [("mean-variance", *how, hidden.RATERS) for how in controls]
    assert [p.fraction for p in reports] == pytest.approx([0.1, 0.3, 0.5, 0.7, 0.9])
    assert reports[1].message == "categorical, seed 3"
    assert found["runs"][0]["categorical"]["spread"] == pytest.approx(0.1 + A, rel=1e-3)
    step, widest = hidden.spread_drift(found)
    assert step.tolist() == [10, 20]
    assert widest["nothing"] == pytest.approx([1.0, 123500.0])


def test_a_spread_is_bounded_by_default():
    raw = np.array([[0.3, -50.0], [0.3, 0.0], [0.3, 50.0]])
    least, most = hidden.CONFIG.spread
    _, bounded = distributional.mean_and_sd(raw, hidden.CONFIG)
    assert bounded == pytest.approx([least, (least + most) / 2, most])
    _, free = distributional.mean_and_sd(raw, replace(hidden.CONFIG, spread=(0.0, np.inf)))
    assert free == pytest.approx([0.0, np.log(2), 50.0], abs=1e-6)

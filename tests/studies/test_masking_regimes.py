"""Five masking regimes: one program for all, what held-out raters are asked, what is made of it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from functools import partial

import jax
import numpy as np
import pytest

from scrl.data.held_out_splits import visible_slots
from scrl.evaluation import HeldOutSet, oracle_metrics
from scrl.networks.training import run_chunk
from scrl.raters import Posterior, fit_individual, masking
from scrl.scenarios import gallery, load_scenario, parse_scenario, sample, with_overrides
from scrl.studies import load_baked, masking_regimes, registry
from scrl.types import Cancelled, InputError
from tests import lanes
from tests.compiling import QUICKLY
from tests.tiny import TINY

SEEDS = lanes.deep((3,), (3, 4))


@pytest.fixture(scope="module")
def inverted():
    return with_overrides(load_scenario(gallery()[masking_regimes.SCENARIO]), raters=200)


@pytest.fixture(scope="module")
def compared(inverted):
    """What was found, the progress, and how many programs there were at each report."""
    heard, programs = [], []

    def listen(progress):
        heard.append(progress)
        programs.append(run_chunk._cache_size())

    found = masking_regimes.compare(inverted, SEEDS, 3, listen, TINY, held=40)
    return found, heard, programs


# -- one program ----------------------------------------------------------------------------------


def test_a_regime_s_number_chooses_its_masks():
    rng = np.random.default_rng(0)
    rank = rng.permuted(np.tile(np.arange(4), (2, 1)), axis=1)
    mask = np.array([[True] * 4, [True, True, True, False]])

    @partial(jax.jit, compiler_options=QUICKLY)
    def views(key, ramp, number):
        def of(name):
            return masking.view(key, rank, mask, ramp, name, 0.2, number)

        return of(masking.ANY), {name: of(name) for name in masking.REGIMES}

    keys = jax.random.split(jax.random.key(1), 20)
    for key, ramp in zip(keys, np.linspace(0, 1, 20, dtype=np.float32), strict=True):
        for regime in masking.REGIMES:
            ours, named = views(key, ramp, np.int32(masking.number_of(regime)))
            for mine, own in zip(ours, named[regime], strict=True):
                np.testing.assert_array_equal(mine, own, regime)


@lanes.deep_only
@pytest.mark.slow
def test_a_regime_compiles_nothing_new(inverted, compared):
    ratings = sample(inverted, 0).ratings
    key, before, seen = jax.random.key(0), run_chunk._cache_size(), {}
    for regime in masking.REGIMES:
        config = replace(TINY, latent=3, regime=regime)
        model, curves = fit_individual(key, ratings, config, any_regime=True)
        seen[regime] = curves["watched"][0]
        assert model.config.regime == regime
    assert run_chunk._cache_size() == before
    assert seen["full"] == pytest.approx(0, abs=1e-4), "nothing is hidden"
    assert len({round(float(loss), 3) for loss in seen.values()}) == 5


# -- what is asked --------------------------------------------------------------------------------


def test_nothing_one_or_half_of_a_ballot_is_hidden_whichever_it_is():
    mask = np.zeros((400, 2, 5), bool)
    mask[:, 0], mask[:, 1, :3] = True, True
    for hidden, counts in (("none", (5, 3)), ("one", (4, 2)), ("half", (3, 2))):
        shown = visible_slots(mask, hidden, np.random.default_rng(0))
        assert not (shown & ~mask).any()
        assert (shown.sum(2) == counts).all()
        left_out = (mask & ~shown)[:, 0].mean(0)
        assert np.ptp(left_out) < 0.12, "any completion may be the hidden one"


class Parrot:
    """A model that repeats what it sees, and takes all else for as good as the best."""

    def embed_bucket(self, bucket):
        self.item = bucket.item
        place = np.where(bucket.mask, bucket.rank, 0).astype(np.float32)
        return Posterior(place, np.full(place.shape, -np.inf, np.float32))

    def rewards(self, latent):
        rewards = np.zeros((len(latent), 8), np.float32)
        rewards[np.arange(len(latent))[:, None, None], self.item] = -1.5 * latent
        return rewards


def test_marks_are_likelihoods_and_shares_of_pairs(inverted):
    """Against loops over the ballots of one exam."""
    exam = HeldOutSet.sample(inverted, "half", 30)
    ((bucket, shown),) = exam.batches
    marks = exam.metrics(Parrot(), draws=2)
    whole, seen, right, count = 0.0, 0.0, np.zeros(2), np.zeros(2)
    for rank, see in zip(bucket.rank.reshape(-1, 4), shown.reshape(-1, 4), strict=True):
        reward = -1.5 * rank * see

        def nats(some, rank=rank, reward=reward):
            order = sorted(some, key=lambda i: rank[i])
            return sum(
                np.log(np.exp(reward[order[i:]]).sum()) - reward[order[i]]
                for i in range(len(order))
            )

        whole += nats(range(4)) / 30
        seen += nats(np.flatnonzero(see)) / 30
        for i, j in itertools.combinations(range(4), 2):
            better, worse = (i, j) if rank[i] < rank[j] else (j, i)
            kind = int(see[i] and see[j])
            gap = reward[better] - reward[worse]
            right[kind] += (gap > 0) + 0.5 * (gap == 0)
            count[kind] += 1
    assert marks["visible loss"] == pytest.approx(seen, abs=1e-4)
    assert marks["hidden loss"] == pytest.approx(whole - seen, abs=1e-4)
    assert marks["hidden pairs"] == pytest.approx(right[0] / count[0])
    assert marks["visible pairs"] == 1
    assert 0.2 < marks["hidden pairs"] < 0.8


def test_the_oracle_is_bayes_over_the_types(inverted):
    """By looking which types' orders agree with what is visible, rater by rater."""
    exam = HeldOutSet.sample(inverted, "half", 50)
    ((bucket, shown),) = exam.batches
    order = {"Memphis": "MNCK", "Nashville": "NCKM", "Chattanooga": "CKNM", "Knoxville": "KCNM"}
    place = np.array([[[o.index(c), 3 - o.index(c)] for c in "MNCK"] for o in order.values()])
    place = np.moveaxis(place, 2, 1)  # [types, prompts, cities]
    share = np.array([0.4, 0.25, 0.2, 0.15])
    loss, right, count, sure = 0.0, 0.0, 0, 0.0
    for r in range(50):
        by_city = np.argsort(bucket.item[r] - np.array([[0], [4]]), axis=1)
        rank, see = (np.take_along_axis(x[r], by_city, 1) for x in (bucket.rank, shown))
        seen = [(p, i, j) for p in range(2) for i, j in itertools.combinations(range(4), 2)
                if see[p, i] and see[p, j]]  # fmt: skip
        fits = np.array(
            [
                all((t[p, i] < t[p, j]) == (rank[p, i] < rank[p, j]) for p, i, j in seen)
                for t in place
            ]
        )
        mine = np.array([(t == rank).all() for t in place])
        assert mine.sum() == 1
        loss -= np.log(share[mine][0] / share[fits].sum()) / 50
        sure += (share * fits).max() / share[fits].sum() / 50
        for p in range(2):
            for i, j in itertools.combinations(range(4), 2):
                if not (see[p, i] and see[p, j]):
                    weight = share * fits
                    ahead = weight @ np.sign(place[:, p, j] - place[:, p, i])
                    truly = np.sign(rank[p, j] - rank[p, i])
                    right += 0.5 if abs(ahead) < 1e-9 else float(np.sign(ahead) == truly)
                    count += 1
    found = oracle_metrics(inverted, exam)
    assert found["hidden loss"] == pytest.approx(loss, abs=1e-4)
    assert found["hidden pairs"] == pytest.approx(right / count)
    assert found["type"] == pytest.approx(sure, abs=1e-4)
    assert found["visible loss"] == pytest.approx(0, abs=1e-4)
    assert found["visible pairs"] == 1
    whole = oracle_metrics(inverted, HeldOutSet.sample(inverted, "none", 50))
    assert whole["hidden pairs"] is None
    assert whole["type"] == pytest.approx(1)


def test_the_oracle_knows_what_a_type_leaves_unsaid():
    """Whoever ranks Morristown is of Memphis more often than not, and here nobody sees an order."""
    world = load_scenario(gallery()["tennessee-morristown"])
    exam = HeldOutSet.sample(world, "half", 400)
    blind = HeldOutSet(tuple((b, np.zeros_like(b.mask)) for b, _ in exam.batches), exam.rater_type)
    share, ranks = np.array([0.3, 0.25, 0.15, 0.3]), np.array([0.9, 0.1, 0.1, 0.1])
    with_it = sum(int((b.mask[: b.size].sum((1, 2)) == 5).sum()) for b, _ in exam.batches) / 400
    guess = [(share * chance).max() / (share @ chance) for chance in (ranks, 1 - ranks)]
    wanted = with_it * guess[0] + (1 - with_it) * guess[1]
    assert oracle_metrics(world, blind)["type"] == pytest.approx(wanted, abs=1e-6)
    noisy = with_overrides(world, noise=1.0)
    sharp, dull = (
        oracle_metrics(world, exam),
        oracle_metrics(noisy, HeldOutSet.sample(noisy, "half", 400)),
    )
    assert sharp["visible loss"] == pytest.approx(0, abs=1e-4)
    assert sharp["type"] > dull["type"] > wanted
    assert dull["visible loss"] > 0.5
    assert dull["hidden pairs"] < sharp["hidden pairs"]


def test_who_answers_which_prompt_is_known_of_a_type_too():
    world = load_scenario(gallery()["tennessee-inverted-missing"])
    exam = HeldOutSet.sample(world, "half", 400)
    blind = HeldOutSet(tuple((b, np.zeros_like(b.mask)) for b, _ in exam.batches), exam.rater_type)
    both = np.concatenate([b.mask[: b.size].any(2).sum(1) == 2 for b, _ in exam.batches])
    kinds = [exam.rater_type[both == known] for known in (True, False)]
    likeliest = sum(np.bincount(k).max() for k in kinds) / len(exam.rater_type)
    assert oracle_metrics(world, blind)["type"] == pytest.approx(likeliest, abs=0.03)


def test_ballots_of_two_are_no_exam():
    world = parse_scenario(
        b"{name: Two, summary: s, source: s, completions: [a, b], prompts: {p: {text: t}}, "
        b"types: {x: {share: 1, rankings: {p: [a, b]}}}, raters: 10, noise: 0.0}", "two.yaml"
    )  # fmt: skip
    with pytest.raises(InputError, match="no rater ranks three completions"):
        masking_regimes.compare(world, (0,))


# -- the trainings --------------------------------------------------------------------------------


@pytest.mark.slow
def test_all_are_trained_and_told_of(compared):
    found, heard, programs = compared
    done = [(run["regime"], run["seed"]) for run in found["runs"]]
    assert done == [(r, s) for s in SEEDS for r in masking.REGIMES]
    assert found["maps"].keys() == masking.REGIMES.keys()
    assert {len(m["x"]) for m in found["maps"].values()} == {80}
    for run in found["runs"]:
        assert run["curves"]["step"] == [15, 30]
        assert len(run["curves"]["one, hidden loss"]) == 2
        assert run["end"]["none"]["hidden pairs"] is None
        assert all(v >= 0 for marks in run["end"].values() for v in marks.values() if v is not None)
    assert heard[0].phase == "compiling"
    assert max(p.fraction for p in heard) == pytest.approx(1)
    assert len(heard[-1].curves) == 10
    of_first = next(n for p, n in zip(heard, programs, strict=True) if p.fraction >= 0.1)
    assert programs[-1] == of_first, "other regimes and seeds compile nothing"
    lines = masking_regimes.loss_curves(found, "half")["full"]["hidden"]
    assert (lines[2] <= lines[1]).all()
    assert (lines[1] <= lines[3]).all()


@pytest.mark.slow
def test_a_comparison_can_be_stopped_at_any_training(inverted):
    heard = []

    def stop(progress):
        heard.append(progress)
        if progress.fraction > 0.15:
            raise Cancelled

    with pytest.raises(Cancelled):
        masking_regimes.compare(inverted, (3, 4), 3, stop, TINY, held=40)
    assert len(heard) < 12, "the others are not begun"


# -- what it says ---------------------------------------------------------------------------------


def result_of(worse: dict) -> dict:
    """Two seeds; everybody has 1 nat and .9 of the pairs, but for ``worse`` (regime, measure)."""
    runs = []
    for regime, seed in itertools.product(masking.REGIMES, (0, 1)):
        end = {h: {"hidden loss": 1.0, "visible loss": 1.0, "hidden pairs": 0.9,
                   "visible pairs": 1.0} for h in ("none", "one", "half")}  # fmt: skip
        for (name, measure), by_seed in worse.items():
            if name == regime:
                end["half"][measure] += by_seed[seed]
        runs.append({"regime": regime, "seed": seed, "end": end})
    oracle = {"half": {"hidden pairs": 0.91, "visible pairs": 1.0}}
    return {"runs": runs, "seeds": [0, 1], "oracle": oracle}


def test_a_failure_appears_only_where_every_seed_says_so():
    found = {
        row["regime"]: row
        for row in masking_regimes.check_predictions(result_of({
            ("full", "hidden loss"): (0.5, 0.1), ("full", "hidden pairs"): (-0.2, -0.1),
            ("one-hidden", "hidden loss"): (0.5, -0.1),
            ("hidden-only", "hidden loss"): (0.5, 0.5),
            ("all-targets", "hidden loss"): (-0.5, -0.1),
        }))
    }  # fmt: skip
    verdicts = {regime: row["verdict"] for regime, row in found.items()}
    assert verdicts == {
        "full": "appears", "one-hidden": "unclear", "hidden-only": "unclear",
        "all-targets": "reversed",
    }  # fmt: skip
    np.testing.assert_allclose(found["full"]["excess loss"], [0.5, 0.1])
    np.testing.assert_allclose(found["full"]["lost pairs"], [0.2, 0.1])


def test_the_curriculum_does_both_or_is_said_not_to():
    assert masking_regimes.curriculum_accuracy(result_of({}))["both"]
    for measure in ("hidden pairs", "visible pairs"):
        short = result_of({("curriculum", measure): (0.0, -0.05)})
        assert not masking_regimes.curriculum_accuracy(short)["both"], measure


# -- baked ----------------------------------------------------------------------------------------


@pytest.fixture(params=masking_regimes.LATENTS)
def baked(request):
    return request.param, load_baked(f"masking-regimes-{request.param}")


def test_the_baked_comparison_has_today_s_seeds_and_oracle(baked):
    latent, content = baked
    result = content["result"]
    assert result["dimensions"] == latent
    assert len(result["seeds"]) >= 5
    assert len(result["runs"]) == 5 * len(result["seeds"])
    world = load_scenario(gallery()[masking_regimes.SCENARIO])
    fresh = oracle_metrics(world, HeldOutSet.sample(world, "half"))
    assert result["oracle"]["half"] == pytest.approx(fresh, abs=1e-3)


@pytest.mark.parametrize("latent", masking_regimes.LATENTS)
def test_a_study_trains_every_seed_with_its_latent(latent, monkeypatch):
    study = registry.study_named(f"masking-regimes-{latent}")
    asked = []

    def instead(scenario, seeds, latent, on_progress):
        asked.append((scenario.name, tuple(seeds), latent))
        return {"runs": []}

    monkeypatch.setattr(masking_regimes, "compare", instead)
    assert study.run() == {"result": {"runs": []}}
    name = "Tennessee inverted, everyone answers both"
    assert asked == [(name, masking_regimes.SEEDS, latent)]


def test_the_baked_failures_are_those_that_are_told(baked):
    """Three of the four; a model trained on all targets learns the hidden as well."""
    _, content = baked
    verdicts = {
        row["regime"]: row["verdict"]
        for row in masking_regimes.check_predictions(content["result"])
    }
    assert verdicts.pop("all-targets") != "appears"
    assert set(verdicts.values()) == {"appears"}
    assert masking_regimes.curriculum_accuracy(content["result"])["both"]

"""The scoreboard: its splits, accuracy ceilings, rows and baked results."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations, product

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.networks.training import run_chunk
from scrl.reward_models import sample_comparisons
from scrl.scenarios import gallery, load_scenario, with_overrides
from scrl.studies import SplitSizes, load_baked, pair_splits, scoreboard
from scrl.studies.accuracy_ceilings import accuracy_ceilings, best_order_weight
from scrl.studies.scoreboard_splits import RATINGS_SIZES
from scrl.types import Cancelled, InputError
from tests import lanes
from tests.tiny import BRIEF, QUICK, SMALL


def of(stem: str):
    return load_scenario(gallery()[stem])


# -- splits ----------------------------------------------------------------------------------------


def two_camps(raters: int = 40) -> bytes:
    """Half of the raters have one order of six completions, half the other; one is a loner."""
    rows = ["rater,prompt,completion,rank"]
    for r in range(raters):
        order = range(6) if r % 2 else range(5, -1, -1)
        rows += [f"r{r},p,c{c},{place}" for place, c in enumerate(order)]
    return "\n".join([*rows, "alone,p,c0,0", ""]).encode()


def test_each_rater_is_held_out_once_and_queries_are_of_hidden_completions():
    ratings = parse_ratings(two_camps(), "camps.csv")
    splits = list(pair_splits(ratings, (3,), RATINGS_SIZES))
    assert len(splits) == 5
    held_out = np.concatenate([split.held_out for split in splits])
    assert sorted(held_out) == list(range(40)), "each rater once, and nobody who ranked but one"
    for split in splits:
        assert split.train.raters + len(split.held_out) == 40
        assert split.train.mask.sum(1).tolist() == [15] * split.train.raters
        assert split.context.raters == split.queries.raters == len(split.held_out)
        for context, queries, context_mask, query_mask in zip(
            split.context.pairs, split.queries.pairs, split.context.mask, split.queries.mask,
            strict=True,
        ):  # fmt: skip
            visible, hidden = set(context[context_mask].ravel()), set(queries[query_mask].ravel())
            assert (len(visible), len(hidden)) == (3, 3)
            assert not visible & hidden, "no context pair has a hidden completion"
        assert split.disputed[split.queries.mask].all(), "the camps dispute every pair"


def test_too_few_raters_and_unknown_models_get_a_sentence():
    few = parse_ratings(two_camps(6), "few.csv")
    with pytest.raises(InputError, match="at least 10"):
        scoreboard.check(few, ["pooled"], (0,))
    some = parse_ratings(two_camps(), "some.csv")
    assert "types" not in scoreboard.available(some)
    with pytest.raises(InputError, match="Nobody knows the types"):
        scoreboard.check(some, ["types"], (0,))
    with pytest.raises(InputError, match="no reward model named 'nonsense'"):
        scoreboard.check(some, ["pooled", "nonsense"], (0,))
    with pytest.raises(InputError, match="at least one"):
        scoreboard.check(some, [], (0,))
    with pytest.raises(InputError, match="1 to 20 seeds"):
        scoreboard.check(some, ["pooled"], range(30))


# -- ceilings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("m", [2, 3, 5])
def test_the_best_order_is_the_best_of_all_orders(m):
    rng = np.random.default_rng(m)
    for _ in range(20):
        ahead = rng.random((m, m))
        best = max(
            sum(ahead[a, b] for i, a in enumerate(order) for b in order[i + 1 :])
            for order in permutations(range(m))
        )
        assert best_order_weight(ahead) == pytest.approx(best)


def test_of_many_completions_the_better_half_of_each_pair_is_a_bound():
    ahead = np.random.default_rng(0).random((14, 14))
    pairs = [(a, b) for a, b in product(range(14), repeat=2) if a < b]
    assert best_order_weight(ahead) == pytest.approx(
        sum(max(ahead[p], ahead[p[::-1]]) for p in pairs)
    )


def test_ceilings_are_the_published_ones_and_those_of_a_cycle():
    assert accuracy_ceilings(of("pets")) == {"one": 0.75, "disputed": 0.5, "told": 1.0}
    cycle = accuracy_ceilings(of("condorcet-cycle"))
    assert cycle["one"] == cycle["disputed"] == pytest.approx(5 / 9, abs=1e-4)


def test_ceilings_are_what_the_best_order_reaches_on_sampled_pairs():
    scenario = with_overrides(of("tennessee-morristown"), noise=0.7)
    queries = sample_comparisons(scenario, 0, 20_000, 8, strict=True)
    utility = scenario.type_utilities[queries.rater_type[:, None]]
    by_type = np.take_along_axis(utility, queries.pairs[..., [0]], 2) > np.take_along_axis(
        utility, queries.pairs[..., [1]], 2
    )
    found = accuracy_ceilings(scenario)
    assert found["told"] == pytest.approx(by_type.mean(), abs=0.005)
    best = max(
        np.mean(np.argsort(order)[queries.pairs[..., 0]] < np.argsort(order)[queries.pairs[..., 1]])
        for order in permutations(range(5))
    )
    assert found["one"] == pytest.approx(best, abs=0.005)
    assert scenario.type_shares.sum() == pytest.approx(1)


# -- rows ------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def pets():
    """Two seeds of the models whose programs tests/reward_models/test_reward_models.py compiles.

    Returns:
        What was found, the progress, and how many programs there were at each report.
    """
    progress, programs = [], []

    def listen(heard):
        progress.append(heard)
        programs.append(run_chunk._cache_size())

    models = ("types", "vpl", "prototypes", "pooled")
    found = scoreboard.run(of("pets"), models, (3, 4), listen, config=BRIEF, sizes=SMALL)
    return found, progress, programs


@pytest.mark.slow
def test_a_scoreboard_has_a_row_a_model_in_one_order(pets):
    found, progress, programs = pets
    rows = {row["model"]: row for row in found["rows"]}
    assert list(rows) == ["pooled", "vpl", "prototypes", "types"]
    assert found["truth"]["borda"] == {"pet": [["Bird"], ["Dog", "Cat"], ["Rabbit"]]}
    assert rows["pooled"]["accuracy"][0] == pytest.approx(0.75, abs=0.02)
    assert rows["pooled"]["disputed"][0] == pytest.approx(0.5, abs=0.03)
    for name in ("vpl", "prototypes"):
        assert rows[name]["disputed"][0] > 0.95
        assert rows[name]["collapsed"] == 0
        assert rows[name]["active"] >= 1
    assert rows["types"]["accuracy"] == [1.0, 1.0, 1.0]
    assert rows["types"]["by_type"] == [1.0, 1.0]
    assert "told" in rows["types"]["verdict"]
    for row in rows.values():
        mean, low, high = row["accuracy"]
        assert low <= mean <= high
        assert mean == pytest.approx(np.mean(row["each"]["accuracy"]), abs=1e-4)
        assert row["covered"][-1] == pytest.approx(mean, abs=2e-4), "of all pairs: the accuracy"
        for elected in row["elected"].values():
            assert elected["distortion"][0] == 1.0, "everybody likes birds best"
            assert elected["reversed"][0] == 0
        for orders in row["orders"].values():
            assert orders["pet"][0] == ["Bird"]
    assert rows["prototypes"]["maxmin"][0] == 1.0
    assert rows["pooled"]["maxmin"] == [None] * 3
    fractions = [p.fraction for p in progress]
    assert fractions == sorted(fractions)
    assert {p.phase for p in progress} == {scoreboard.MODELS[m].title for m in rows}
    of_first_seed = programs[next(i for i, done in enumerate(fractions) if done >= 0.5)]
    assert programs[-1] == of_first_seed, "another seed compiles nothing"


@pytest.mark.slow
@lanes.deep_only
def test_another_weight_of_the_kl_compiles_nothing(pets):
    before = run_chunk._cache_size()
    scoreboard.run(of("pets"), ("held",), (5,), config=BRIEF, sizes=SMALL)
    assert run_chunk._cache_size() == before


def test_a_scoreboard_can_be_stopped():
    def stop(progress):
        raise Cancelled

    with pytest.raises(Cancelled):
        scoreboard.run(of("pets"), ("pooled",), (0,), stop, config=QUICK, sizes=SMALL)


@pytest.mark.slow
def test_two_camps_of_ratings_are_told_apart_with_intervals_over_raters():
    ratings = parse_ratings(two_camps(), "camps.csv")
    sizes = SplitSizes(raters=0, pairs=15, held_out=0, context=3, queries=3)
    shorter = replace(BRIEF, schedule=replace(BRIEF.schedule, explore=(50, 50)))
    found = scoreboard.run(ratings, ("pooled", "prototypes"), (0,), config=shorter, sizes=sizes)
    one, own = found["rows"]
    assert found["held"] == 40
    assert found["limits"] is None
    assert one["disputed"] == one["accuracy"], "every pair is disputed"
    assert one["accuracy"][0] == pytest.approx(0.5, abs=0.1)
    assert own["accuracy"][0] > 0.97
    assert own["ahead"][1] > 0.3, "and Bradley–Terry is outside of the interval"
    assert own["elected"] is None, "nobody knows the truth"


# -- baked ----------------------------------------------------------------------------------------


@pytest.fixture(params=scoreboard.SCENARIOS)
def baked(request):
    return request.param, load_baked(f"scoreboard-{request.param}")


def test_the_baked_scoreboard_has_today_s_models_and_ceilings(baked):
    stem, content = baked
    assert content["device"]
    assert [row["model"] for row in content["result"]["rows"]] == list(scoreboard.MODELS)
    assert content["result"]["limits"] == accuracy_ceilings(of(stem))


@pytest.mark.slow
def test_the_exact_baked_rows_are_fitted_again(baked):
    """Bradley–Terry and one for each type have nothing random but the raters."""
    stem, content = baked
    again = scoreboard.run(of(stem), ("pooled", "types"), content["result"]["seeds"])
    rows = {row["model"]: row for row in content["result"]["rows"]}
    for row in again["rows"]:
        kept = rows[row["model"]]
        assert {k: v for k, v in row.items() if k != "seconds"} == {
            k: v for k, v in kept.items() if k != "seconds"
        }


def test_personalised_models_are_above_the_pooled_ceiling():
    rows = {row["model"]: row for row in load_baked("scoreboard-pets")["result"]["rows"]}
    for name in ("pooled", "distributional", "categorical", "held"):
        assert rows[name]["accuracy"][0] == pytest.approx(0.75, abs=0.01)
        assert rows[name]["disputed"][0] == pytest.approx(0.5, abs=0.015)
    for name in ("vpl", "individual"):
        assert min(rows[name]["each"]["disputed"]) > 0.97
        assert rows[name]["collapsed"] == 0
    assert rows["held"]["collapsed"] == rows["held"]["trainings"] == 10

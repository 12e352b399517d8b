"""The gap's parts: exact sums, and scenarios in which each part is known before it is measured."""

from __future__ import annotations

from math import comb, log

import numpy as np
import pytest

from scrl.gap import (
    ORDERS,
    PARTS,
    SHAPE,
    SOCIAL_PARTS,
    along,
    complete,
    explain,
    mixed,
    resampled,
    social_split,
    split,
    state_of,
)  # fmt: skip
from scrl.preview import preview
from scrl.report import to_dict
from scrl.sampling import expected_pair_weights, sample
from scrl.scenario import gallery, load_scenario, parse_scenario, with_overrides
from scrl.types import InputError

S, N, M, R = range(4)


def scenario(types: str, raters: int = 10_000, extra: str = "", completions: str = "A, B, C"):
    text = f"name: x\ncompletions: [{completions}]\nprompts: {{q: {{}}}}\ntypes:\n"
    return parse_scenario(f"{text}{types}raters: {raters}\n{extra}", "x")


def kind(name: str, share: float, order: str, more: str = "") -> str:
    return f"  {name}: {{share: {share}, rankings: {{q: [{order}]}}{more}}}\n"


def parts(found, cells="wrong"):
    return split(getattr(found, cells)).mean.sum(1)


# -- the arithmetic --------------------------------------------------------------------------------


def test_silence_at_random_is_never_removed_before_silence_that_is_not():
    assert len(ORDERS) == 12
    assert ORDERS[0] == PARTS
    assert all(order.index(PARTS[N]) < order.index(PARTS[M]) for order in ORDERS)


def test_parts_of_any_cells_add_up_along_every_order():
    cells = np.random.default_rng(0).normal(size=(*SHAPE, 5))
    whole = cells[0, 0, 0] - cells[1, 2, 1]
    for order in ORDERS:
        np.testing.assert_allclose(along(cells, order).sum(0), whole)
    found = split(cells)
    np.testing.assert_allclose(found.mean.sum(0), whole)
    assert (found.least <= found.mean + 1e-12).all()
    assert (found.mean <= found.most + 1e-12).all()


def test_parts_that_do_not_interact_are_found_exactly():
    """Cells that are a sum of four effects give back the four, whatever the order."""
    cells = np.zeros((*SHAPE, 1))
    for s, pattern, r in np.ndindex(SHAPE):
        cells[s, pattern, r] = 3 * (1 - s) + 5 * (pattern < 1) + 7 * (pattern < 2) + 11 * (1 - r)
    found = split(cells)
    for values in (found.path, found.mean, found.least, found.most):
        np.testing.assert_allclose(values[:, 0], [3, 5, 7, 11])


def test_a_part_that_changes_nothing_is_nothing():
    cells = np.random.default_rng(1).normal(size=(*SHAPE, 4))
    cells[1] = cells[0]
    found = split(cells)
    assert not found.mean[S].any()
    assert not found.most[S].any()


# -- the counterfactuals ---------------------------------------------------------------------------


@pytest.mark.parametrize("stem", ["tennessee-morristown", "tennessee-inverted-partial"])
def test_as_much_is_left_unsaid_but_by_everyone_alike(stem):
    before = load_scenario(gallery()[stem])
    after = mixed(before)
    said = [np.bincount(sample(s, 0).ratings.item) / s.raters for s in (before, after)]
    np.testing.assert_allclose(said[0], said[1], atol=0.03)
    assert len({repr((t.answers, t.includes)) for t in after.types.values()}) == 1
    assert sample(complete(before), 0).ratings.sizes.min() == len(before.completions)


def test_vanilla_and_truth_are_those_of_the_preview_and_the_sample():
    world = load_scenario(gallery()["tennessee-morristown"])
    found = explain(world, "copeland", 3)["best"]
    known = preview(world, ["copeland"])["best"]
    assert found.order((1, 2, 1)) == known["truth"]["copeland"]["order"]
    np.testing.assert_allclose(
        found.scores[1, 0, 0], list(known["vanilla"]["mle"].values()), atol=1e-6
    )


def test_the_rule_deals_out_the_same_scores():
    found = explain(load_scenario(gallery()["tennessee-four"]), "instant-runoff")["best"]
    plain, dealt = found.scores[..., 0, :], found.scores[..., 1, :]
    np.testing.assert_allclose(dealt.sum(-1), plain.sum(-1), atol=1e-9)
    by_place = np.argsort(found.place[1, 2, 1], kind="stable")
    assert (np.diff(dealt[1, 2][by_place]) <= 1e-9).all()


# -- each part known -------------------------------------------------------------------------------


def test_only_silence_that_depends_on_type():
    """Six in ten prefer A and half of them are silent: log(3/4) where log(6/4) is true; the gap is
    log 2, all of it this part's."""
    world = scenario(kind("a", 0.6, "A, B", ", answers: {q: 0.5}") + kind("b", 0.4, "B, A"),
                     100_000, completions="A, B")  # fmt: skip
    found = explain(world, "borda")["q"]
    assert parts(found).tolist() == [0, 1, 0, 0]
    margin = split(found.margin).mean[:, 0]
    assert margin[N] == pytest.approx(log(3 / 4) - log(6 / 4), abs=0.02)
    np.testing.assert_allclose(margin[[M, R]], 0, atol=0.02)
    error = np.sqrt((1 / 0.3 + 1 / 0.4) / 100_000)
    assert abs(margin[S]) < 4 * error
    assert margin.sum() == pytest.approx(found.margin[0, 0, 0, 0] - log(1.5), abs=1e-3)


def test_only_silence_at_random():
    """Borda's winner is B, for beating C more; hardly anyone ranks C, so A wins its duel."""
    sixty, forty = (
        kind("a", 0.6, "A, B, C", ", includes: {q: {C: 0.05}}"),
        kind("b", 0.4, "B, C, A", ", includes: {q: {C: 0.05}}"),
    )
    found = explain(scenario(sixty + forty), "borda")["q"]
    assert found.order((0, 0, 0)) == [["A"], ["B"], ["C"]]
    assert found.order((1, 2, 1)) == [["B"], ["A"], ["C"]]
    along_path = split(found.wrong).path.sum(1)
    assert along_path.tolist() == [0, 0, 1, 0]
    assert parts(found)[N] == 0
    assert parts(found)[S] == 0


def test_only_the_rule():
    """Everyone answers; A beats both, B has the points."""
    world = scenario(kind("a", 0.6, "A, B, C") + kind("b", 0.4, "B, C, A"))
    assert parts(explain(world, "copeland")["q"]).tolist() == [0, 0, 0, 1]
    assert explain(world, "borda")["q"].distance() == 0


def test_only_sampling():
    """Of nine independent raters a minority of 45 % may be most; then that is all that is wrong."""
    world = scenario(
        kind("a", 0.55, "A, B") + kind("b", 0.45, "B, A"), 9, "sampling: iid\n", "A, B"
    )
    most = []
    for seed in range(12):
        found = explain(world, "borda", seed)["q"]
        ahead = int((sample(world, seed).ratings.rater_type == 0).sum())
        most.append(ahead < 5)
        assert parts(found).tolist() == [ahead < 5, 0, 0, 0]
        margin = split(found.margin).mean[:, 0]
        if 0 < ahead < 9:
            assert margin[S] == pytest.approx(log(ahead / (9 - ahead)) - log(0.55 / 0.45), abs=0.02)
        np.testing.assert_allclose(margin[1:], 0, atol=1e-6)
    assert 0 < sum(most) < 12
    others = resampled(world, 0, 4_000)[0]
    chance = sum(comb(9, k) * 0.55**k * 0.45 ** (9 - k) for k in range(5))
    assert np.mean(others[:, 0] < others[:, 1]) == pytest.approx(chance, abs=0.03)


def test_all_together_each_pair_by_its_own_part():
    """Three prompts, each with one known part, in one scenario: no part leaks into another's."""
    text = """
name: all
completions: [A, B, C]
prompts: {silent: {completions: [A, B]}, rule: {}, fine: {}}
types:
  a: {share: 0.6, answers: {silent: 0.5},
      rankings: {silent: [A, B], rule: [A, B, C], fine: [A, B, C]}}
  b: {share: 0.4, rankings: {silent: [B, A], rule: [B, C, A], fine: [A, C, B]}}
raters: 20000
"""
    found = explain(parse_scenario(text, "all"), "copeland")
    assert parts(found["silent"]).tolist() == [0, 1, 0, 0]
    assert parts(found["rule"]).tolist() == [0, 0, 0, 1]
    assert parts(found["fine"]).tolist() == [0, 0, 0, 0]


@pytest.mark.parametrize("rule", ["borda", "instant-runoff", "maximal-lottery"])
@pytest.mark.parametrize("stem", ["tennessee-morristown", "tennessee-inverted-missing"])
def test_parts_add_up_to_the_whole(stem, rule):
    for found in explain(load_scenario(gallery()[stem]), rule).values():
        for cells in (found.wrong, found.margin):
            for values in (split(cells).path, split(cells).mean):
                np.testing.assert_allclose(values.sum(0), cells[0, 0, 0] - cells[1, 2, 1])
        assert parts(found).sum() == pytest.approx(found.distance())


def test_morristown_is_put_below_memphis_by_silence_that_depends_on_type():
    found = explain(load_scenario(gallery()["tennessee-morristown"]), "borda")["best"]
    pair = next(i for i in range(10) if set(found.label(i)) == {"Memphis", "Morristown"})
    assert found.label(pair) == ("Morristown", "Memphis")
    assert split(found.wrong).mean[:, pair].tolist() == [0, 1, 0, 0]


def test_noise_and_unheard_prompts_are_no_trouble():
    world = with_overrides(load_scenario(gallery()["tennessee-four"]), noise=1.0, raters=500)
    found = explain(world, "borda")["best"]
    assert parts(found).sum() == pytest.approx(found.distance())
    silent = with_overrides(world, answers={t: {"best": 0.0} for t in world.type_names}, noise=0)
    found = explain(silent, "borda")["best"]
    assert len(found.order((0, 0, 0))) == 1, "of silence nothing is learnt"
    assert parts(found).sum() == pytest.approx(found.distance()) != 0


def test_a_rule_that_reads_utilities_is_refused():
    with pytest.raises(InputError, match="needs known utilities"):
        explain(load_scenario(gallery()["tennessee-four"]), "utilitarian")


# -- other samples ---------------------------------------------------------------------------------


@pytest.mark.parametrize("noise", [0.0, 1.0])
def test_other_samples_vary_as_samples_do(noise):
    world = with_overrides(
        load_scenario(gallery()["tennessee-morristown"]), raters=400, noise=noise
    )
    others = resampled(world, 0)[0]
    own = np.stack([explain_vanilla(world, seed) for seed in range(60)])
    np.testing.assert_allclose(others.mean(0), own.mean(0), atol=0.12)
    np.testing.assert_allclose(others.std(0), own.std(0), rtol=0.35)


def explain_vanilla(world, seed):
    from scrl.bradley_terry import bradley_terry, pair_counts

    ratings = sample(world, seed).ratings
    return bradley_terry(pair_counts(ratings), ratings.catalogue.offsets)


def test_samples_of_many_raters_end_where_infinitely_many_do():
    world = load_scenario(gallery()["tennessee-morristown"])
    found = explain(world, "borda")["best"]
    assert np.abs(found.resampled.mean(0) - found.scores[1, 0, 0]).max() < 0.02
    assert expected_pair_weights(world)[0].shape == (5, 5)
    assert found.resampled_distance.shape == (200,)
    assert state_of(PARTS) == (1, 2, 1)


# -- the social side -------------------------------------------------------------------------------


def test_the_social_model_s_gap_adds_up_too(experiment):
    entry = to_dict(experiment)["prompts"]["best"]
    found = social_split(entry, "borda")
    assert found["parts"].shape == (len(SOCIAL_PARTS), 10)
    np.testing.assert_allclose(found["parts"].sum(0), found["wrong"][0])
    wronged = {**entry, "voters": {"borda": {"order": entry["vanilla"]["order"]}}}
    worse = social_split(wronged, "borda")
    assert worse["parts"][1].sum() == worse["wrong"][1].sum() > 0, "the individual model is blamed"
    assert worse["parts"][0].sum() == -worse["wrong"][1].sum(), "the network made up for it"


def test_without_a_truth_there_is_no_gap():
    with pytest.raises(InputError, match="Nobody knows the truth"):
        social_split({"completions": ["A", "B"]}, "borda")

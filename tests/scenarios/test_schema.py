"""Scenario files, the populations they stand for, and the ratings drawn from them."""

from __future__ import annotations

import time

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.scenarios import (
    expected_pair_weights,
    gallery,
    largest_remainder,
    load_scenario,
    parse_scenario,
    sample,
    true_ballots,
    with_overrides,
)
from scrl.types import InputError

FOUR = ("Memphis", "Nashville", "Chattanooga", "Knoxville")
FIVE = (*FOUR, "Morristown")


def shipped(stem):
    return load_scenario(gallery()[stem])


def points(ballots):
    """Borda points a voter of weighted complete ballots, from the definition."""
    u = ballots.utility
    above = (u[:, :, None] > u[:, None, :]) + 0.5 * (u[:, :, None] == u[:, None, :])
    return np.einsum("v,vab->a", ballots.weight, above) / ballots.weight.sum() - 0.5


def bradley_terry(wins):
    """Maximum-likelihood scores, centred, by Newton's method."""
    r = np.zeros(len(wins))
    n = wins + wins.T
    for _ in range(100):
        p = 1 / (1 + np.exp(r[None, :] - r[:, None]))
        gradient = (wins - n * p).sum(1)
        h = n * p * (1 - p)
        step = np.linalg.lstsq(np.diag(h.sum(1)) - h, gradient, rcond=None)[0]
        r = r + step - step.mean()
    return r


# -- the shipped scenarios ------------------------------------------------------------------------


def test_gallery_holds_the_five_tennessees_and_all_load():
    found = gallery()
    assert {
        "tennessee-morristown", "tennessee-four", "tennessee-inverted-full",
        "tennessee-inverted-partial", "tennessee-inverted-missing",
    } <= set(found)  # fmt: skip
    for stem, path in found.items():
        scenario = load_scenario(path)
        assert scenario.name, stem
        assert scenario.summary, stem
        assert scenario.source, stem
        assert "\n" not in scenario.summary


def test_morristown_is_the_published_population():
    s = shipped("tennessee-morristown")
    assert s.type_names == FOUR
    assert tuple(s.completions) == FIVE
    np.testing.assert_allclose(s.type_shares, [0.30, 0.25, 0.15, 0.30])
    borda = dict(zip(FIVE, points(true_ballots(s)[0]), strict=True))
    assert borda == pytest.approx(
        {"Chattanooga": 2.55, "Knoxville": 2.45, "Nashville": 2.35, "Morristown": 1.45,
         "Memphis": 1.20}
    )  # fmt: skip


def test_expected_pairs_give_the_published_bradley_terry_scores():
    s = shipped("tennessee-morristown")
    all_in = {t: {"best": {"Morristown": 1.0}} for t in FOUR}
    complete = bradley_terry(expected_pair_weights(with_overrides(s, includes=all_in))[0])
    np.testing.assert_allclose(complete, [-0.698, 0.302, 0.477, 0.389, -0.470], atol=6e-4)
    lossy = bradley_terry(expected_pair_weights(s)[0])
    np.testing.assert_allclose(lossy, [-0.213, 0.736, 0.804, 0.426, -1.754], atol=6e-4)
    four = shipped("tennessee-four")
    np.testing.assert_allclose(points(true_ballots(four)[0]), [1.26, 1.94, 1.73, 1.07])
    np.testing.assert_allclose(
        bradley_terry(expected_pair_weights(four)[0]), [-0.249, 0.462, 0.239, -0.451], atol=6e-4
    )


@pytest.mark.parametrize(
    ("stem", "both", "first_only"),
    [
        ("full", (0.40, 0.25, 0.20, 0.15), (0, 0, 0, 0)),
        ("partial", (0.35, 0.05, 0.05, 0.05), (0.05, 0.20, 0.15, 0.10)),
        ("missing", (0.20, 0.0, 0.10, 0.07), (0.20, 0.25, 0.10, 0.08)),
    ],
)
def test_inverted_populations(stem, both, first_only):
    s = shipped(f"tennessee-inverted-{stem}")
    assert s.type_names == FOUR
    np.testing.assert_allclose(s.type_shares, np.add(both, first_only))
    chance = [t.answers.get("worst", 1.0) for t in s.types.values()]
    np.testing.assert_allclose(s.type_shares * chance, both)
    assert all(t.answers.get("best", 1.0) == 1.0 for t in s.types.values())
    for t in s.types.values():
        assert t.rankings["worst"] == t.rankings["best"][::-1]
    # And so in a sample: everyone answers the first prompt, these shares the second.
    r = sample(s, 0).ratings
    answered = np.zeros((s.raters, 2), bool)
    answered[r.ballot_rater, r.ballot_prompt] = True
    assert answered[:, 0].all()
    found = [np.mean(answered[:, 1] & (r.rater_type == t)) for t in range(4)]
    np.testing.assert_allclose(found, both, atol=0.01)
    assert (np.array(found) > 0).tolist() == [b > 0 for b in both]


# -- reading and writing --------------------------------------------------------------------------

MINIMAL = """
name: two
completions: [a, b, c]
prompts: {p: {}}
types:
  x: {share: 0.5, rankings: {p: [a, [b, c]]}}
  y: {share: 0.5, utilities: {p: {c: 3, a: -1, b: .5}}}
"""


def test_defaults_and_both_ways_of_stating_a_view():
    s = parse_scenario(MINIMAL, "two.yaml")
    assert (s.raters, s.noise, s.sampling, s.summary) == (10_000, 0.0, "quota", "")
    np.testing.assert_array_equal(s.type_utilities, [[2, 0.5, 0.5], [-1, 0.5, 3]])


def test_prompts_offer_their_own_completions_and_carry_texts_and_features():
    s = parse_scenario(
        """
name: shop
completions:
  tea: {text: A cup of tea, features: [1, 0]}
  ale: {features: [0, 1]}
  gin: {features: [0.5, 0.5]}
prompts:
  morning: {text: "Now?", completions: [gin, tea], features: [7]}
  night: {features: [22]}
types:
  all: {share: 1, rankings: {morning: [tea, gin], night: [[ale, gin], tea]}}
raters: 3
""",
        "shop.yaml",
    )
    c = s.catalogue
    assert (c.names(0), c.names(1)) == (["gin", "tea"], ["tea", "ale", "gin"])
    assert c.prompt_texts == ("Now?", "night")
    assert c.completion_texts == ("A cup of tea", "ale", "gin")
    np.testing.assert_array_equal(c.completion_features, [[1, 0], [0, 1], [0.5, 0.5]])
    np.testing.assert_array_equal(c.prompt_features, [[7], [22]])
    np.testing.assert_array_equal(s.type_utilities, [[0, 1, 0, 1.5, 1.5]])
    r = sample(s, 0).ratings
    assert r.ballots == 6
    np.testing.assert_array_equal(r.item[:5], [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(r.rank[:5], [1, 0, 1, 0, 0])
    assert parse_scenario(s.to_yaml(), "again.yaml") == s


names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
names = names.filter(str.strip)


@st.composite
def scenarios(draw):
    completions = draw(st.lists(names, min_size=2, max_size=5, unique=True))
    chance = st.floats(0, 1)
    prompts, types = {}, {}
    for prompt in draw(st.lists(names, min_size=1, max_size=3, unique=True)):
        some = st.lists(st.sampled_from(completions), min_size=2, unique=True)
        prompts[prompt] = {"completions": draw(some)} if draw(st.booleans()) else {}
        if draw(st.booleans()):
            prompts[prompt]["text"] = draw(names)
    kinds = draw(st.lists(names, min_size=1, max_size=3, unique=True))
    parts = draw(st.lists(st.integers(1, 100), min_size=len(kinds), max_size=len(kinds)))
    for kind, part in zip(kinds, parts, strict=True):
        t = {"share": part / sum(parts), "rankings": {}, "utilities": {}}
        for prompt in prompts:
            offered = prompts[prompt].get("completions", completions)
            if draw(st.booleans()):
                order = draw(st.permutations(offered))
                cut = draw(st.integers(1, len(order)))
                t["rankings"][prompt] = [order[:cut], *order[cut:]]
            else:
                t["utilities"][prompt] = {c: draw(st.floats(-5, 5)) for c in offered}
            t.setdefault("answers", {})[prompt] = draw(chance)
            t.setdefault("includes", {})[prompt] = {offered[0]: draw(chance)}
        types[kind] = t
    content = {
        "name": draw(names), "completions": completions, "prompts": prompts, "types": types,
        "raters": draw(st.integers(1, 200)), "noise": draw(st.sampled_from([0.0, 0.0, 0.7])),
        "sampling": draw(st.sampled_from(["quota", "iid"])),
    }  # fmt: skip
    return parse_scenario(yaml.safe_dump(content), "drawn.yaml")


@settings(max_examples=40, deadline=None)
@given(scenarios())
def test_yaml_round_trip(scenario):
    text = scenario.to_yaml()
    again = parse_scenario(text, "again.yaml")
    assert again == scenario
    assert again.to_yaml() == text


def test_overrides_change_what_is_named_and_are_validated():
    s = shipped("tennessee-morristown")
    before = s.to_yaml()
    o = with_overrides(
        s, shares={"Memphis": 0.4, "Knoxville": 0.2}, raters=np.int64(50), noise=0.5,
        includes={"Memphis": {"best": {"Memphis": 0.2}}}, answers={"Nashville": {"best": 0.7}},
    )  # fmt: skip
    np.testing.assert_allclose(o.type_shares, [0.4, 0.25, 0.15, 0.2])
    assert o.types["Memphis"].includes == {"best": {"Morristown": 0.9, "Memphis": 0.2}}
    assert o.types["Nashville"].answers == {"best": 0.7}
    assert (o.raters, o.noise) == (50, 0.5)
    assert s.to_yaml() == before
    for bad in (
        {"shares": [0.3, 0.3, 0.3, 0.3]},
        {"shares": [1.0]},
        {"shares": {"Memphsi": 1.0}},
        {"raters": 0},
        {"noise": float("nan")},
        {"includes": {"Memphis": {"best": {"Paris": 0.5}}}},
        {"answers": {"Memphis": {"best": 2}}},
    ):
        with pytest.raises(InputError, match=r"^Tennessee capital with Morristown: [^\n]+\.$"):
            with_overrides(s, **bad)


# -- sampling -------------------------------------------------------------------------------------


def test_allot_is_by_largest_remainder():
    assert largest_remainder([0.5, 0.25, 0.25], 10).tolist() == [
        5,
        3,
        2,
    ]  # an equal remainder: the earlier
    assert largest_remainder([0.42, 0.26, 0.15, 0.17], 100).tolist() == [42, 26, 15, 17]
    assert largest_remainder([1 / 3] * 3, 100).tolist() == [34, 33, 33]
    assert largest_remainder([0.0, 1.0], 7).tolist() == [0, 7]
    assert largest_remainder([0.4, 0.4, 0.2], 1).tolist() == [1, 0, 0]


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=9), st.integers(1, 100_000))
def test_allot_gives_everyone_a_type_and_no_share_is_missed_by_one(parts, raters):
    if sum(parts) == 0:
        parts[0] = 1
    share = np.array(parts) / sum(parts)
    count = largest_remainder(share, raters)
    assert count.sum() == raters
    assert (np.abs(count - share * raters) < 1).all()


def test_shares_hold_exactly_and_raters_are_grouped_by_type():
    r = sample(shipped("tennessee-morristown"), 5).ratings
    assert np.bincount(r.rater_type).tolist() == [3000, 2500, 1500, 3000]
    assert (np.diff(r.rater_type) >= 0).all()
    assert r.types == FOUR
    assert (r.raters[0], len(set(r.raters))) == ("r0", 10_000)
    assert r.absent == "unseen"


def test_iid_sampling_only_approaches_shares():
    s = shipped("tennessee-morristown").model_copy(update={"sampling": "iid"})
    counts = [np.bincount(sample(s, seed).ratings.rater_type, minlength=4) for seed in range(2)]
    assert counts[0].tolist() != counts[1].tolist()
    np.testing.assert_allclose(np.array(counts) / 10_000, [s.type_shares] * 2, atol=0.02)


def test_inclusion_frequencies():
    r = sample(shipped("tennessee-morristown"), 1).ratings
    has = np.zeros(len(r.raters), bool)
    has[r.ballot_rater[r.entry_ballot[r.completion == FIVE.index("Morristown")]]] = True
    frequency = [has[r.rater_type == t].mean() for t in range(4)]
    np.testing.assert_allclose(frequency, [0.9, 0.1, 0.1, 0.1], atol=0.03)


def test_raising_a_chance_only_adds_and_leaves_the_other_streams_alone():
    base = shipped("tennessee-inverted-partial")
    base = with_overrides(base, noise=0.5, raters=500)

    def at(chance):
        return sample(
            with_overrides(base, includes={t: {"best": {"Memphis": chance}} for t in FOUR}), 3
        )

    def entries(r):
        return set(zip(r.ballot_rater[r.entry_ballot].tolist(), r.item.tolist(), strict=True))

    low, high = at(0.3), at(0.6)
    assert entries(low.ratings) < entries(high.ratings)
    np.testing.assert_array_equal(low.complete_utilities(), high.complete_utilities())
    who = [set(x.ratings.ballot_rater[x.ratings.ballot_prompt == 1].tolist()) for x in (low, high)]
    assert who[0] == who[1]


def test_seeds():
    s = with_overrides(shipped("tennessee-morristown"), noise=1.0, raters=300)
    one, same, other = sample(s, 1), sample(s, 1), sample(s, 2)
    np.testing.assert_array_equal(one.ratings.rank, same.ratings.rank)
    assert one.ratings.rank.tolist() != other.ratings.rank.tolist()
    with pytest.raises(InputError, match="seed is -1"):
        sample(s, -1)


@settings(max_examples=40, deadline=None)
@given(scenarios(), st.integers(0, 2**32))
def test_ballots_are_the_order_of_complete_utilities(scenario, seed):
    drawn = sample(scenario, seed)
    r = drawn.ratings
    u = drawn.complete_utilities()
    assert u.shape == (scenario.raters, r.catalogue.items)
    assert (np.diff(r.ballot_rater) >= 0).all()
    assert (r.sizes > 0).all()
    assert (r.sizes == 1).any() == bool(r.notes)
    assert r.offsets[-1] == len(r.rank) == len(r.completion)
    for b in range(r.ballots):
        entries = slice(r.offsets[b], r.offsets[b + 1])
        mine = u[r.ballot_rater[b], r.item[entries]]
        _, expected = np.unique(-mine, return_inverse=True)
        assert r.rank[entries].tolist() == expected.tolist()
        assert set(r.catalogue.item_prompt[r.item[entries]].tolist()) == {r.ballot_prompt[b]}
    last = len(r.catalogue.prompts) - 1
    np.testing.assert_array_equal(
        drawn.complete_utilities([last]), u[:, r.catalogue.offsets[last] :]
    )


def test_blocks_of_raters_draw_what_one_block_would(monkeypatch):
    s = with_overrides(shipped("tennessee-inverted-partial"), noise=1.0, raters=97)
    s = with_overrides(s, includes={t: {"worst": {"Memphis": 0.5}} for t in FOUR})
    whole = sample(s, 4).ratings
    monkeypatch.setattr("scrl.scenarios.sampling._BLOCK", 30)
    blocks = sample(s, 4).ratings
    for key in ("ballot_rater", "ballot_prompt", "offsets", "completion", "rank"):
        np.testing.assert_array_equal(getattr(whole, key), getattr(blocks, key))


def test_nobody_answers_anything():
    s = parse_scenario(MINIMAL, "two.yaml")
    r = sample(with_overrides(s, answers={"x": {"p": 0}, "y": {"p": 0}}), 0).ratings
    assert (r.ballots, len(r.rank), r.offsets.tolist()) == (0, 0, [0])


def test_sampling_keeps_up_with_a_slider():
    s = shipped("tennessee-morristown")
    sample(s, 0)
    seconds = []
    for seed in range(5):
        start = time.perf_counter()
        sample(s, seed)
        seconds.append(time.perf_counter() - start)
    # About 4 ms on one core; the bound leaves room for a busy machine.
    assert min(seconds) < 0.03


# -- exact outcomes -------------------------------------------------------------------------------


def test_expected_pairs_are_the_mean_of_observed_pairs():
    s = with_overrides(shipped("tennessee-inverted-partial"), noise=0.8, raters=40_000)
    s = with_overrides(s, includes={"Memphis": {"best": {"Nashville": 0.4, "Knoxville": 0.7}}})
    drawn = sample(s, 11)
    r, items = drawn.ratings, drawn.ratings.catalogue.items
    rank = np.full((r.ballots, items), np.inf)
    rank[r.entry_ballot, r.item] = r.rank
    ranked = np.isfinite(rank)
    both = ranked[:, :, None] & ranked[:, None, :]
    above = (rank[:, :, None] < rank[:, None, :]) + 0.5 * (rank[:, :, None] == rank[:, None, :])
    seen = (both * above).sum(0) / s.raters
    for p, expected in enumerate(expected_pair_weights(s)):
        block = slice(*r.catalogue.offsets[p : p + 2])
        observed = seen[block, block].copy()
        np.fill_diagonal(observed, 0)
        np.testing.assert_allclose(observed, expected, atol=0.01)


def test_true_ballots_weigh_one_in_all_and_noise_is_integrated_by_draws():
    s = shipped("tennessee-morristown")
    (exact,) = true_ballots(s)
    assert exact.utility.shape == (4, 5)
    (noisy,) = true_ballots(with_overrides(s, noise=0.3), draws=500)
    assert noisy.utility.shape == (2000, 5)
    assert noisy.weight.sum() == pytest.approx(1)
    # Complete ballots: a pair's share of wins is logistic in the gap over the noise.
    all_in = {t: {"best": {"Morristown": 1.0}} for t in FOUR}
    wins = expected_pair_weights(with_overrides(s, noise=0.3, includes=all_in))[0]
    np.testing.assert_allclose(points(noisy), wins.sum(1), atol=0.05)


def test_ties_count_half_each_way():
    s = parse_scenario(MINIMAL, "two.yaml")
    (w,) = expected_pair_weights(s)
    np.testing.assert_allclose(w, [[0, 0.5, 0.5], [0.5, 0, 0.25], [0.5, 0.75, 0]])

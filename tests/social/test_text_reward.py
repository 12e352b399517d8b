"""A reward that reads text: its fit, its calls, its files."""

from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.optimize import minimize
from scipy.special import expit

import scrl
from scrl.choice_models import PairCounts
from scrl.data import parse_ratings
from scrl.social import as_texts, feature_fit, fit_text_rewards, text_artifacts
from scrl.social.feature_fit import _Problem, fit_features
from scrl.text import attribute_values, encoder_of
from scrl.types import Catalogue, InputError

PROMPTS = ("How do I cook rice?", "Where is the station?", "Why is it cold?")
STYLES = (
    "Go ahead.",
    "First look, then act, because that works for example in 3 steps.",
    "Perhaps it may be so; it depends, and it might not.",
    "I am glad you asked, thank you so much, good luck!",
)


def catalogue_of(prompts=PROMPTS, styles=STYLES):
    texts = [f"{style} {p.split()[-1]}" for p in prompts for style in styles]
    offsets = np.arange(len(prompts) + 1) * len(styles)
    names = tuple(f"c{i}" for i in range(len(texts)))
    return Catalogue(prompts, names, np.arange(len(texts)), offsets, prompts, tuple(texts))


def all_pairs(offsets):
    parts = [s + np.stack(np.triu_indices(t - s, 1)) for s, t in pairwise(offsets)]
    return np.concatenate(parts, axis=1)


def counts_of(catalogue, utility, times=8.0):
    first, second = all_pairs(catalogue.offsets)
    chance = expit(utility[first] - utility[second])
    return PairCounts(first, second, times * chance, times * (1 - chance))


@pytest.fixture(scope="module")
def fitted():
    catalogue = catalogue_of()
    utility = 2 * attribute_values(catalogue.completion_texts, ["detail"])[:, 0]
    return fit_text_rewards(catalogue, {"vanilla": counts_of(catalogue, utility)})["vanilla"]


def test_the_mode_and_its_covariance_are_those_of_the_whole_problem():
    """Against a general optimiser and the inverse of the whole curvature."""
    rng, (prompts, size, functions) = np.random.default_rng(0), (5, 4, 3)
    offsets, prior, own_prior = np.arange(prompts + 1) * size, np.full(functions, 0.7), 1.3
    value = rng.normal(size=(prompts * size, functions))
    first, second = all_pairs(offsets)
    keep = rng.random(len(first)) < 0.7
    first, second = first[keep], second[keep]
    wins = rng.integers(0, 5, (2, len(first))).astype(float)
    problem = _Problem(value, PairCounts(first, second, *wins), offsets)
    value = value[problem.item]
    first, second = (np.searchsorted(problem.item, x) for x in (first, second))
    found = problem.maximise(np.zeros(functions), np.zeros(len(value)), prior, own_prior)

    def objective(both):
        return problem.objective(both[:functions], both[functions:], prior, own_prior)

    best = minimize(objective, np.zeros(functions + len(value)), options={"gtol": 1e-7})
    both = np.concatenate(found)
    np.testing.assert_allclose(both, best.x, atol=1e-5)
    design = np.concatenate([value, np.eye(len(value))], axis=1)
    gap = design[first] - design[second]
    chance = expit(gap @ both)
    curve = gap.T @ ((wins.sum(0) * chance * (1 - chance))[:, None] * gap)
    inverse = np.linalg.inv(curve + np.diag(np.r_[prior, np.full(len(value), own_prior)]))
    covariance, variance = problem.covariance(*found, prior, own_prior)
    np.testing.assert_allclose(covariance, inverse[:functions, :functions], atol=1e-9)
    np.testing.assert_allclose(variance, np.diag(inverse)[functions:], atol=1e-9)


def test_scales_find_the_group_that_matters():
    rng = np.random.default_rng(1)
    offsets, group = np.arange(31) * 6, np.repeat([0, 1], 10)
    value = rng.normal(size=(180, 20)) / np.sqrt(10)
    utility = value[:, :10] @ rng.normal(size=10) * 3 + 0.5 * rng.normal(size=180)
    first, second = all_pairs(offsets)
    wins = rng.binomial(5, expit(utility[first] - utility[second])).astype(float)
    fit = fit_features(value, group, PairCounts(first, second, wins, 5 - wins), offsets)
    assert 1.5 < fit.group_sd[0] < 6
    assert fit.group_sd[1] < 0.3
    assert 0.2 < fit.own_sd < 0.9


@pytest.mark.parametrize("size", [2, 3])
def test_scales_learnt_from_a_sample_give_nearly_the_same_rewards(size, monkeypatch):
    """Also in single precision, as of many items."""
    rng = np.random.default_rng(2)
    offsets, group = np.arange(601) * size, np.repeat([0, 1], 8)
    value = rng.normal(size=(600 * size, 16)) / np.sqrt(8)
    utility = value[:, :8] @ rng.normal(size=8) * 2 + 0.3 * rng.normal(size=len(value))
    first, second = all_pairs(offsets)
    wins = rng.binomial(3, expit(utility[first] - utility[second])).astype(float)
    counts = PairCounts(first, second, wins, 3 - wins)
    whole = fit_features(value, group, counts, offsets)
    monkeypatch.setattr(feature_fit, "MAX_LEARNT", len(first) // 3)
    part = fit_features(value.astype(np.float32), group, counts, offsets)
    assert part.group_sd[0] > 4 * part.group_sd[1]
    reward = [value @ fit.weight + fit.own for fit in (whole, part)]
    gap = [r[first] - r[second] for r in reward]
    clear = np.abs(gap[0]) > 0.1
    assert clear.mean() > 0.8
    assert (np.sign(gap[0]) == np.sign(gap[1]))[clear].mean() > 0.99
    assert np.corrcoef(*gap)[0, 1] > 0.995


def test_tastes_in_any_direction_of_the_vectors_are_learnt_as_by_a_ridge():
    """A taste may lie outside the first principal directions; the rival has its best penalty."""
    rng, dimensions, pairs, new = np.random.default_rng(0), 64, 600, 1000
    vectors = rng.normal(size=(2 * (pairs + new), dimensions))
    encoder = encoder_of("drawn/1", lambda texts: vectors[[int("0" + t[9:]) for t in texts]])
    texts = [f"Go ahead {i}" for i in range(len(vectors))]
    gap = vectors[0::2] - vectors[1::2]
    taste = rng.normal(size=dimensions)
    taste *= 2 / (gap @ taste).std()
    won = rng.random(len(gap)) < expit(gap @ taste)
    names = tuple(f"p{i}" for i in range(pairs))
    catalogue = Catalogue(
        names, tuple(texts[: 2 * pairs]), np.arange(2 * pairs), 2 * np.arange(pairs + 1),
        ("Well?",) * pairs, tuple(texts[: 2 * pairs]),
    )  # fmt: skip
    first = 2 * np.arange(pairs)
    counts = PairCounts(first, first + 1, won[:pairs] * 1.0, ~won[:pairs] * 1.0)
    reward = fit_text_rewards(catalogue, {"v": counts}, encoder)["v"]
    scores = np.array(reward(["Well?"] * 2 * new, texts[2 * pairs :]))
    right = ((scores[0::2] > scores[1::2]) == won[pairs:]).mean()
    rivals = []
    for penalty in (1.0, 10.0, 100.0):
        known = gap[:pairs].T @ gap[:pairs] + penalty * np.eye(dimensions)
        weight = np.linalg.solve(known, gap[:pairs].T @ (2.0 * won[:pairs] - 1))
        rivals.append(((gap[pairs:] @ weight > 0) == won[pairs:]).mean())
    assert right > max(rivals) - 0.02
    assert right > 0.7


def test_a_new_text_under_a_new_prompt_is_scored_by_what_it_says(fitted):
    prompt = "How do I plant a tree?"
    detailed = "First dig, then water for 10 minutes, because roots need it."
    assert fitted(prompt, detailed) > fitted(prompt, "Just dig.") + 0.5
    many = fitted(prompts=[prompt] * 2, completions=[detailed, "Just dig."], seed=3)
    assert many[0] == pytest.approx(fitted(prompt, detailed))
    chat = fitted([[{"role": "user", "content": prompt}]], [[{"content": detailed}]])
    assert chat == [pytest.approx(many[0])]


def test_a_text_far_from_all_rated_ones_is_uncertain(fitted):
    rated, far = fitted.catalogue.completion_texts[1], "Zebras! Zebras? Zebras…" * 20
    assert fitted.distance(PROMPTS[0], rated) < 1e-3 < 0.2 < fitted.distance(PROMPTS[0], far)
    near = fitted.uncertainty(PROMPTS[0], rated.replace("cook", "boil"))
    assert near < fitted.uncertainty("What is a zebra?", far)


def test_a_file_scores_alike_and_refuses_another_encoder(fitted, tmp_path):
    path = tmp_path / "vanilla.safetensors"
    scrl.save(fitted, path, rule="vanilla")
    again = scrl.load(path)
    pair = ("What now?", "Perhaps nothing.\ud800 <b>x</b> <|im_start|>")
    assert again(*pair) == pytest.approx(fitted(*pair), abs=1e-12)
    assert again.uncertainty(*pair) == pytest.approx(fitted.uncertainty(*pair))
    np.testing.assert_allclose(again.rewards(), fitted.rewards())
    np.testing.assert_allclose(scrl.score(again, fitted.catalogue), fitted.rewards())
    name = fitted.functions.features.encoder.name
    changed = encoder_of(name + "-", lambda texts: np.ones((len(texts), 512)))
    with pytest.raises(InputError, match="was trained with the encoder"):
        scrl.load(path, changed)


def test_a_chat_is_read_as_in_a_file_of_ratings(fitted):
    """A file whose rows are chats and a call with the same chats give the same texts."""
    prompt = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": [{"type": "text", "text": "Why is"}, {"text": "it cold?"}]},
    ]
    answers = [{"role": "assistant", "content": text} for text in ("Wind.", [{"text": " Ice. "}])]
    row = {"prompt": prompt, "chosen": [answers[0]], "rejected": [answers[1]]}
    read = parse_ratings(json.dumps(row).encode(), "chats.jsonl").catalogue
    assert read.prompt_texts[0] == "System: Be brief.\n\nUser: Why is\nit cold?"
    prompts, texts = as_texts(prompt, [answers[:1], answers[1:]])
    assert set(prompts) == set(read.prompt_texts)
    assert set(texts) == set(read.completion_texts)
    alone = fitted("p", "Wind.")
    assert fitted("p", answers[0]) == fitted("p", answers[:1]) == pytest.approx(alone)
    assert fitted(["p", "p"], answers) == pytest.approx([alone, fitted("p", "Ice.")])
    assert fitted(np.array(["p"], object), np.array(["Wind."])) == [pytest.approx(alone)]
    assert fitted(iter(["p"]), (text for text in ["Wind."])) == [pytest.approx(alone)]


def test_chats_and_texts_are_all_that_is_scored(fitted):
    for call in (fitted, fitted.uncertainty, fitted.distance):
        assert call([], []) == call("p", []) == []
        for bad in ((1, 2), ("p", None), (None, "c"), (["p"], [None]), ([3], ["c"]), ("p", b"c"),
                    ("p", [{"content": 3}]), ("p", {"no": "content"}), ("p", [["a"]])):  # fmt: skip
            with pytest.raises(InputError, match=r"^A (prompt|completion) .*\.$"):
                call(*bad)
        with pytest.raises(InputError, match="give each completion its prompt"):
            call(["a", "b"], ["c"])


def test_a_damaged_file_is_refused_with_one_sentence(fitted, tmp_path):
    arrays, manifest = text_artifacts.packed(fitted, {})
    path = tmp_path / "damaged.safetensors"
    damaged: list[tuple[dict, dict]] = []
    for name in ("weight", "covariance", "own", "functions.mean", "features.mean", "basis.mean"):
        spoilt = arrays[name].copy()
        spoilt.flat[0] = np.nan
        damaged += [({name: spoilt}, {}), ({name: arrays[name][:-1]}, {})]
    for name in ("functions.scale", "features.scale", "basis.scale"):
        damaged.append(({name: 0 * np.ones_like(arrays[name])}, {}))
    damaged += [
        ({"catalogue.members": arrays["catalogue.members"] + 1}, {}),
        ({"catalogue.offsets": arrays["catalogue.offsets"] + 1}, {}),
        *(({}, {"own_sd": bad}) for bad in ("nan", "inf", "-1", "x")),
        *(({}, {name: "[]"}) for name in ("prompts", "completions", "widths", "attributes")),
        ({}, {"encoder": ""}),
        ({"probe": None}, {}),
    ]
    for numbers, texts in damaged:
        kept = {k: v for k, v in (arrays | numbers).items() if v is not None}
        save_file(kept, str(path), metadata=manifest | texts)
        with pytest.raises(InputError, match="is not a reward model that scrl saved"):
            scrl.load(path)

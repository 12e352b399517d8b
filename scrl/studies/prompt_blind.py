"""Do reward models read the prompt? Rewards that do, that do not, and prompts shuffled.

On the scenarios over texts and in random worlds whose tastes depend on the prompt by a given share,
three methods order the completions of prompts that nobody rated: one reward for everybody
(vanilla), a reward for each rater and a vote (individual), and a reward trained on the outcome of
this vote (social). Each reads prompts, is without them, or reads shuffled ones at the test.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, pair_counts
from scrl.config import ModelsConfig
from scrl.diagnostics.prompt_reading import (
    interaction_share,
    shuffled_prompts,
    surviving,
    without_prompts,
)
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.reward_models import reward_features
from scrl.reward_models.comparisons import Comparisons, comparisons_from_ratings, prompt_pairs
from scrl.reward_models.reward_features import BasesConfig
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.sampling import true_ballots
from scrl.scenarios.shipped import gallery
from scrl.social.feature_fit import fit_features
from scrl.social.text_reward import fit_text_rewards
from scrl.studies.part_results import over_seeds
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.studies.text_generalisation import split_of
from scrl.text.encoder import Encoder, SentenceEncoder
from scrl.text.features import TextFeatures, item_texts, text_features
from scrl.types import Ballots, Catalogue, Progress
from scrl.voting.counting import aggregate

SCENARIOS = ("text-detail", "text-caution", "text-tone")
SEEDS = tuple(range(10))
#: Shares of the variance of tastes that depend on the prompt, in random worlds.
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0)
RATERS, PAIRS, PROMPTS, NEW_PROMPTS, OUTPUTS = 100, 30, 60, 30, 8
FEATURES, PROMPT_FEATURES, KINDS, TASTE_SD = 6, 3, 3, 1.0
#: Bases of the individual model, and pairs of a rater that it reads.
BASES, TEXT_PAIRS, TRUTH_DRAWS = BasesConfig((4,)), 40, 1_000
METHODS = ("vanilla", "social", "individual")
READINGS = ("read", "shuffled", "hidden")
#: Shares agree within this in a spot check.
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    files = [load_scenario(gallery()[stem]).to_yaml() for stem in SCENARIOS]
    sizes = (SEEDS, SHARES, RATERS, PAIRS, PROMPTS, NEW_PROMPTS, OUTPUTS, FEATURES)
    more = (PROMPT_FEATURES, KINDS, TASTE_SD, BASES, TEXT_PAIRS, TRUTH_DRAWS)
    return settings_hash(files, sizes, more, SentenceEncoder.name)


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: some minutes.

    Returns:
        ``"texts"``: scenario's stem -> as ``on_texts``; ``"worlds"``: as ``random_worlds``.
    """
    texts: dict[str, Any] = {}
    for i, stem in enumerate(SCENARIOS):
        if on_progress is not None:
            on_progress(Progress("evaluating", i / 4, stem))
        texts[stem] = on_texts(stem)
    if on_progress is not None:
        on_progress(Progress("evaluating", 3 / 4, "random worlds"))
    return {"texts": texts, "worlds": random_worlds()}


def pairs_right(score: np.ndarray, truth: np.ndarray, offsets: np.ndarray) -> float:
    """Share of pairs of a prompt's items in the true order, a tie of the score half; pairs that
    the truth ties are left out.

    Args:
        score, truth: ``[items]``.
    """
    a, b = prompt_pairs(offsets)
    true = np.sign(np.round(truth[a] - truth[b], 9))
    sign = np.sign(np.round(score[a] - score[b], 9))
    return float((0.5 + 0.5 * sign * true)[true != 0].mean())


def borda(utility: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Borda scores of items ``[items]`` by ballots of utilities ``[raters, items]``."""
    parts = np.split(utility, offsets[1:-1], axis=1)
    same = len({part.shape[1] for part in parts}) == 1
    if same:
        return np.asarray(aggregate(Ballots(np.stack(parts)), "borda").scores, float).ravel()
    return np.concatenate(
        [np.asarray(aggregate(Ballots(part), "borda").scores, float) for part in parts]
    )


def outcome_counts(score: np.ndarray, offsets: np.ndarray, weight: float) -> PairCounts:
    """Every pair of a prompt's items, won by the one ahead; a tie half each way.

    Args:
        score: of the outcome ``[items]``.
        weight: of a pair.
    """
    a, b = prompt_pairs(offsets)
    ahead = 0.5 + 0.5 * np.sign(np.round(score[a] - score[b], 9))
    return PairCounts(a, b, weight * ahead, weight * (1 - ahead))


def _summary(rows: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Means and intervals of each measure, and how much accuracy survives shuffling: of each seed,
    where it is above one half."""
    found: dict[str, Any] = {name: over_seeds([row[name] for row in rows]) for name in rows[0]}
    for method in METHODS:
        mean = {r: found[f"{method}, {r}"][0] for r in READINGS}
        found[f"{method}, survives"] = round(surviving(mean["read"], mean["shuffled"]), 4)
        gain = [row[f"{method}, read"] - row[f"{method}, hidden"] for row in rows]
        found[f"{method}, gain"] = over_seeds(gain)
    return found


# -- texts ----------------------------------------------------------------------------------------


def on_texts(
    stem: str, seeds: Sequence[int] = SEEDS, encoder: Encoder | None = None
) -> dict[str, Any]:
    """Pairs of new prompts in the order of the population's exact Borda outcome.

    Returns:
        ``"method, reading"`` -> mean and interval; ``"oracle"``: Borda on the raters' own complete
        ballots; ``"interaction"``: share of the vanilla reward's variance that depends on prompt
        and completion together; ``"method, survives"`` and ``"method, gain"`` (reading less
        hidden, paired); ``"first"``: the first seed's values.
    """
    scenario = load_scenario(gallery()[stem])
    truth = np.concatenate(
        [np.asarray(aggregate(b, "borda").scores, float)
         for b in true_ballots(scenario, TRUTH_DRAWS, 0)]
    )  # fmt: skip
    rows = [_one_text_seed(scenario, truth, seed, encoder or SentenceEncoder()) for seed in seeds]
    first = {name: round(float(value), 4) for name, value in rows[0].items()}
    return _summary(rows) | {"first": first}


def _one_text_seed(
    scenario: Any, truth: np.ndarray, seed: int, encoder: Encoder
) -> dict[str, float]:
    """The measures of one seed."""
    split = split_of(scenario, seed)
    whole, rated = split.drawn.ratings.catalogue, split.rated.catalogue
    new = np.isin(whole.item_prompt, split.new_prompts)
    size = np.bincount(whole.item_prompt[new], minlength=len(whole.prompts))[split.new_prompts]
    offsets = np.concatenate([[0], np.cumsum(size)])
    rng = host_rng(seed, HostStream.PROMPT_WORLDS, len(SHARES))
    shuffled = shuffled_prompts(whole, rng, split.new_prompts)
    found: dict[str, float] = {}
    for names, train, tests in (
        (("read", "shuffled"), rated, (whole, shuffled)),
        (("hidden",), without_prompts(rated), (without_prompts(whole),)),
    ):
        scores = _text_scores(train, split, tests, seed, encoder)
        for method, by_test in scores.items():
            for name, score in zip(names, by_test, strict=True):
                found[f"{method}, {name}"] = pairs_right(score[new], truth[new], offsets)
    own = borda(split.drawn.complete_utilities()[:, new], offsets)
    found["oracle"] = pairs_right(own, truth[new], offsets)
    vanilla = fit_text_rewards(rated, {"": pair_counts(split.rated)}, encoder)[""]
    found["interaction"] = interaction_share(vanilla, rated)
    return found


def _text_scores(
    train: Catalogue, split: Any, tests: Sequence[Catalogue], seed: int, encoder: Encoder
) -> dict[str, list[np.ndarray]]:
    """Method -> scores of each test catalogue's items ``[items]``."""
    features = text_features(train, encoder)
    comparisons = _text_comparisons(train, split, seed, features)
    key = jax_key(seed, KeyStream.PROMPT_BLIND)
    model, _ = reward_features.fit(key, comparisons, ModelsConfig(), None, BASES)
    outcome = borda(model.rewards(comparisons), train.offsets)
    social = outcome_counts(outcome, train.offsets, comparisons.raters)
    counts = {"vanilla": pair_counts(split.rated), "social": social}
    fitted = fit_text_rewards(train, counts, encoder, features)
    found = {name: [reward.score(test) for test in tests] for name, reward in fitted.items()}
    found["individual"] = []
    for test in tests:
        new = model.with_items(features(*item_texts(test)).astype(np.float32), test.offsets)
        found["individual"].append(borda(new.rewards(comparisons), test.offsets))
    return found


def _text_comparisons(
    train: Catalogue, split: Any, seed: int, features: TextFeatures
) -> Comparisons:
    """Pairs of the raters' ballots on items with features of texts."""
    pairs = comparisons_from_ratings(split.rated, TEXT_PAIRS, seed)
    value = features(*item_texts(train)).astype(np.float32)
    return replace(pairs, features=value, catalogue=None)


# -- random worlds --------------------------------------------------------------------------------


def random_worlds(
    seeds: Sequence[int] = SEEDS, shares: Sequence[float] = SHARES
) -> list[dict[str, Any]]:
    """As ``on_texts``, of random worlds, for each share of tastes that depends on the prompt."""
    found = []
    for number, share in enumerate(shares):
        rows = [_one_world(share, seed, number) for seed in seeds]
        first = {name: round(float(value), 4) for name, value in rows[0].items()}
        found.append({"share": share} | _summary(rows) | {"first": first})
    return found


def item_features(prompt: np.ndarray, output: np.ndarray) -> np.ndarray:
    """Features of outputs and their products with those of the prompt ``[items, features]``.

    Args:
        prompt: ``[items, prompt features]``; output: ``[items, features]``.
    """
    product = prompt[:, :, None] * output[:, None, :]
    return np.concatenate([output, product.reshape(len(output), -1)], axis=1)


def _one_world(share: float, seed: int, number: int) -> dict[str, float]:
    """The measures of one seed of a world."""
    rng = host_rng(seed, HostStream.PROMPT_WORLDS, number)
    prompts = PROMPTS + NEW_PROMPTS
    own = rng.standard_normal((prompts, PROMPT_FEATURES))
    prompt = np.repeat(own, OUTPUTS, axis=0)
    output = rng.standard_normal((len(prompt), FEATURES))
    # Tastes of three kinds, and of people within a kind; a prompt's part has the stated share of
    # the variance of utilities.
    scale = np.r_[
        np.full(FEATURES, np.sqrt(1 - share)),
        np.full(FEATURES * PROMPT_FEATURES, np.sqrt(share / PROMPT_FEATURES)),
    ]
    kinds = rng.standard_normal((KINDS, len(scale)))
    kind = rng.choice(KINDS, RATERS, p=(0.6, 0.3, 0.1))
    tastes = TASTE_SD * scale * (kinds[kind] + 0.3 * rng.standard_normal((RATERS, len(scale))))
    utility = tastes @ item_features(prompt, output).T
    split, truth = PROMPTS * OUTPUTS, borda(utility[:, PROMPTS * OUTPUTS:],
                                            OUTPUTS * np.arange(NEW_PROMPTS + 1))  # fmt: skip
    pairs = _answered(utility[:, :split], rng)
    other = np.roll(own[PROMPTS:], 1, axis=0)
    seen = {
        "read": (item_features(prompt, output), None),
        "shuffled": (item_features(prompt, output), np.repeat(other, OUTPUTS, axis=0)),
        "hidden": (output, None),
    }
    found: dict[str, float] = {"oracle": 1.0}
    cached: dict[int, dict[str, Any]] = {}
    for reading, (value, swapped) in seen.items():
        test = value[split:] if swapped is None else item_features(swapped, output[split:])
        width = value.shape[1]
        if width not in cached:
            cached[width] = _fit_world(value[:split], pairs, seed)
        for method, score in _world_scores(cached[width], test).items():
            found[f"{method}, {reading}"] = pairs_right(
                score, truth, OUTPUTS * np.arange(NEW_PROMPTS + 1)
            )
    return found | {"interaction": _variance_share(cached, prompt[:split], output[:split])}


def _answered(utility: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Pairs of random items of random prompts, the preferred first ``[raters, pairs, 2]``, answered
    by Bradley–Terry."""
    shape = (len(utility), PAIRS)
    start = OUTPUTS * rng.integers(PROMPTS, size=shape)
    first = rng.integers(OUTPUTS, size=shape)
    second = (first + rng.integers(1, OUTPUTS, size=shape)) % OUTPUTS
    a, b = start + first, start + second
    gap = np.take_along_axis(utility, a, 1) - np.take_along_axis(utility, b, 1)
    wins = rng.logistic(size=shape) < gap
    return np.stack([np.where(wins, a, b), np.where(wins, b, a)], axis=-1)


def _fit_world(value: np.ndarray, pairs: np.ndarray, seed: int) -> dict[str, Any]:
    """The individual model and its context, and weights of the vanilla and the social reward."""
    offsets = OUTPUTS * np.arange(PROMPTS + 1)
    comparisons = Comparisons(pairs, np.ones(pairs.shape[:2], bool), value, offsets)
    key = jax_key(seed, KeyStream.PROMPT_BLIND)
    model, _ = reward_features.fit(key, comparisons, ModelsConfig(), None, BASES)
    outcome = borda(model.rewards(comparisons), offsets)
    flat = comparisons.flat_pairs()
    one = np.ones(len(flat))
    counts = {
        "vanilla": PairCounts(flat[:, 0], flat[:, 1], one, 0 * one),
        "social": outcome_counts(outcome, offsets, RATERS),
    }
    group = np.r_[np.zeros(FEATURES, int), np.ones(value.shape[1] - FEATURES, int)]
    weights = {n: fit_features(value, group, c, offsets).weight for n, c in counts.items()}
    return {"model": model, "context": comparisons, "weights": weights}


def _world_scores(fitted: Mapping[str, Any], test: np.ndarray) -> dict[str, np.ndarray]:
    """Method -> scores of the test's items ``[items]``."""
    offsets = OUTPUTS * np.arange(NEW_PROMPTS + 1)
    found = {name: test @ weight for name, weight in fitted["weights"].items()}
    new = fitted["model"].with_items(test.astype(np.float32), offsets)
    return found | {"individual": borda(new.rewards(fitted["context"]), offsets)}


def _variance_share(
    cached: Mapping[int, Mapping[str, Any]], prompt: np.ndarray, output: np.ndarray
) -> float:
    """Share of the vanilla reward's variance that depends on the prompt, prompts and outputs
    crossed."""
    weight = cached[max(cached)]["weights"]["vanilla"]
    places, outputs = prompt[::OUTPUTS], output[:: PROMPTS // 2]
    value = item_features(
        np.repeat(places, len(outputs), axis=0), np.tile(outputs, (len(places), 1))
    )
    score = (value @ weight).reshape(len(places), -1)
    score = score - score.mean(axis=1, keepdims=True)
    return float(((score - score.mean(axis=0)) ** 2).sum() / (score**2).sum())


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from first seeds, repeated."""
    stored = content["result"]
    (world,) = random_worlds(SEEDS[:1], SHARES[:1])
    found = differences(stored["worlds"][0]["first"], world["first"], TOLERANCE, "worlds.")
    texts = on_texts(SCENARIOS[0], SEEDS[:1])
    return found + differences(
        stored["texts"][SCENARIOS[0]]["first"], texts["first"], TOLERANCE, "texts."
    )


STUDY = ModuleStudy(
    name="prompt-blind",
    title="Rewards that read the prompt, and rewards that do not",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)

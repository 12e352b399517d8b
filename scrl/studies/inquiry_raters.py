"""What can be learnt of people: unstable tastes, dimensions of taste, consensus, disagreement.

Four studies on random worlds whose rewards are linear in features. *Unstable*: a share of the
answers is a coin's, or a passing mood's. *Dimensions*: which principal directions of tastes shared
rewards carry. *Consensus*: how much of tastes is common to all, and what a model says of it.
*Disagreement*: tests that tell people who disagree from people who waver, where every pair is split
alike.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
from scipy.special import expit

from scrl.config import ModelsConfig
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.reward_models import pooled, reward_features
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.linear_tastes import PairDifferences, gaussian_weights
from scrl.reward_models.reward_features import BasesConfig, RewardFeatures
from scrl.studies.few_shot import fit_own
from scrl.studies.few_shot_worlds import TasteWorld, draw_taste_world, random_queries
from scrl.studies.part_results import over_seeds, run_parts
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash

SEEDS = tuple(range(10))
#: Raters from whom is learnt, new raters, pairs of each, items and pairs by which they are judged.
SEEN, UNSEEN, PAIRS, ITEMS, QUERIES = 300, 200, 16, 20, 40
#: Number of the worlds among those of ``few_shot_worlds``, their bases and features.
PART, BASES, FEATURES = 201, 5, 10
#: Shares of the answers that do not come from the rater's own taste.
UNSTABLE = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)
#: What such an answer comes from: a coin, or the taste of anybody.
SOURCES = ("coin", "mood")
#: Standard deviations of tastes along their principal directions, standard deviation of the mean
#: taste in units of these, and numbers of shared rewards.
SPECTRUM, MEAN_SD = (1.0, 0.75, 0.55, 0.4, 0.3, 0.2, 0.15, 0.1), 0.8
BASE_NUMBERS, DIMENSION_RATERS, DIMENSION_ITEMS = (1, 2, 4, 8), 400, 60
#: Standard deviation of a gap of true rewards, in log-odds.
GAP_SD = 2.0
#: Shares of tastes that are personal, numbers of pairs of each rater, and dimensions of tastes.
PERSONAL, CONSENSUS_PAIRS, CONSENSUS_DIMENSIONS = (0.0, 0.1, 0.25, 0.5, 0.75, 1.0), (4, 16, 64), 5
#: Items of the tests, numbers of raters, share of the answers that come from the rater's own kind,
#: its shares and the standard deviation of a kind's utilities; data sets of a seed; permutations.
TEST_ITEMS, TEST_RATERS, OWN_SHARES = 6, (10, 20, 40, 80, 160), (0.0, 0.3, 0.6)
TEST_KINDS, TEST_SD, DATA_SETS, PERMUTATIONS, LEVEL = (0.6, 0.4), 1.5, 10, 99, 0.05
TOLERANCE = 0.01


def spec() -> str:
    """A hash of the study's settings."""
    return settings_hash(
        SEEDS, SEEN, UNSEEN, PAIRS, ITEMS, QUERIES, PART, BASES, FEATURES, UNSTABLE, SOURCES,
        SPECTRUM, MEAN_SD, BASE_NUMBERS, DIMENSION_RATERS, DIMENSION_ITEMS, GAP_SD, PERSONAL,
        CONSENSUS_PAIRS, CONSENSUS_DIMENSIONS, TEST_ITEMS, TEST_RATERS, OWN_SHARES, TEST_KINDS,
        TEST_SD, DATA_SETS, PERMUTATIONS, LEVEL, BasesConfig(), ModelsConfig().prior_sd,
    )  # fmt: skip


def run(on_progress: Listener = None, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The study: one or two minutes.

    Returns:
        Part -> as the function of the part returns it.
    """
    return run_parts({name: partial(part, seeds) for name, part in PARTS.items()}, on_progress)


def _fit(comparisons: Comparisons, bases: int, seed: int) -> RewardFeatures:
    """Reward features with so many bases."""
    key = jax_key(seed, KeyStream.INQUIRY_RATERS)
    settings = BasesConfig((bases,))
    return reward_features.fit(key, comparisons, ModelsConfig(), None, settings)[0]


# -- unstable tastes ------------------------------------------------------------------------------


def unstable_tastes(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """New raters' pairs right by their stable taste, where a share of all answers is not of it.

    Returns:
        Source -> ``"right"``: model -> mean and interval ``[3][shares]``; ``"gain"``: of reward
        features over one reward for all, seed by seed ``[3][shares]``; ``"contradictions"``: chance
        that a rater answers the same question twice differently ``[shares]``.
    """
    found: dict[str, Any] = {}
    for source in SOURCES:
        rows = [[_unstable(seed, source, share) for share in UNSTABLE] for seed in seeds]
        models = [name for name in rows[0][0] if name != "contradictions"]
        right = {
            name: np.array([[at[name] for at in row] for row in rows])
            for name in [*models, "contradictions"]
        }
        found[source] = {
            "right": {name: over_seeds(right[name]) for name in models},
            "gain": over_seeds(right["features"] - right["pooled"]),
            "contradictions": right["contradictions"].mean(0).round(4).tolist(),
        }
    return found


def _unstable(seed: int, source: str, share: float) -> dict[str, float]:
    """One world: pairs right by model, and the chance of a contradiction."""
    raters = SEEN + UNSEEN
    world = draw_taste_world("spread", seed, PART, raters, PAIRS, BASES, FEATURES, ITEMS)
    rng = host_rng(seed, HostStream.INQUIRY_RATERS, 0)
    comparisons, flip = world.comparisons, rng.random((raters, PAIRS)) < share
    pairs = comparisons.pairs
    other = rng.integers(raters, size=flip.shape)
    reward = world.rewards()
    chance = expit(reward[other, pairs[..., 0]] - reward[other, pairs[..., 1]])
    keeps = rng.random(flip.shape) < (0.5 if source == "coin" else chance)
    reversed_ = (flip & ~keeps)[..., None]
    comparisons = replace(comparisons, pairs=np.where(reversed_, pairs[..., ::-1], pairs))
    train = comparisons.select_raters(np.arange(SEEN))
    unseen = np.arange(SEEN, raters)
    new = comparisons.select_raters(unseen)
    queries, truth = random_queries(world, unseen, QUERIES, rng)
    one = pooled.exact_rewards(train.flat_pairs(), train.offsets, ModelsConfig().prior_sd)
    predicted = {
        "oracle": world.oracle_probabilities(new, queries),
        "features": _fit(train, BASES, seed).probabilities(new, queries),
        "own": fit_own(train).probabilities(new, queries),
        "pooled": pooled.PooledTable(one, ITEMS - 1).probabilities(new, queries),
    }
    found = {name: float(((p > 0.5) == (truth > 0.5)).mean()) for name, p in predicted.items()}
    first, second = queries.pairs[..., 0], queries.pairs[..., 1]
    anybody = expit(reward[:, first] - reward[:, second]).mean(0)
    said = (1 - share) * truth + share * (0.5 if source == "coin" else anybody)
    return found | {"contradictions": float((2 * said * (1 - said)).mean())}


# -- dimensions of taste --------------------------------------------------------------------------


def taste_dimensions(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The part of each principal direction of tastes that a reward carries.

    The part is 1 - Σ (w - ŵ)² / Σ w², w a new rater's coordinate along the direction and ŵ that of
    the reward which the model has for the rater.

    Returns:
        ``"variance"``: share of each direction in the variance of tastes ``[directions]``;
        ``"part"``: model -> mean and interval ``[3][directions]``; ``"all"``: model -> that of all
        directions together ``[3]``; ``"consensus"``: correlation over directions of the pooled
        reward's part with the mean's share of the second moment, and ``"spread"``: with the share
        of variance; both ``[3]``.
    """
    rows = [_dimensions(seed) for seed in seeds]
    variance = np.array(SPECTRUM) ** 2
    names = list(rows[0]["part"])
    return {
        "variance": (variance / variance.sum()).round(4).tolist(),
        "part": {name: over_seeds([row["part"][name] for row in rows]) for name in names},
        "all": {name: over_seeds([row["all"][name] for row in rows]) for name in names},
        "consensus": over_seeds([row["consensus"] for row in rows]),
        "spread": over_seeds([row["spread"] for row in rows]),
    }


def _taste_world(
    rng: np.random.Generator, mean: np.ndarray, sd: np.ndarray, raters: int, pairs: int, items: int
) -> TasteWorld:
    """Raters whose tastes have this mean and these standard deviations along random axes.

    The bases ``theta`` are the axes; weights are coordinates, scaled so that a gap of rewards has
    the standard deviation ``GAP_SD``.

    Args:
        mean, sd: ``[dimensions]``.
    """
    size = len(mean)
    axes = np.linalg.qr(rng.standard_normal((size, size)))[0].T
    x = rng.standard_normal((items, size)).astype(np.float32)
    weights = mean + sd * rng.standard_normal((raters, size))
    weights *= GAP_SD / np.sqrt(2 * (mean**2 + sd**2).sum())
    reward = weights @ axes @ x.T
    first = rng.integers(items, size=(raters, pairs))
    second = (first + rng.integers(1, items, size=first.shape)) % items
    row = np.arange(raters)[:, None]
    wins = rng.random(first.shape) < expit(reward[row, first] - reward[row, second])
    chosen = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    comparisons = Comparisons(chosen, np.ones(first.shape, bool), x, np.array([0, items]))
    return TasteWorld("axes", x.astype(float), axes, weights, comparisons)


def _dimensions(seed: int) -> dict[str, Any]:
    """One world: the part of each direction by model."""
    rng = host_rng(seed, HostStream.INQUIRY_RATERS, 1)
    sd = np.array(SPECTRUM)
    mean = MEAN_SD * sd * rng.standard_normal(len(sd))
    raters = DIMENSION_RATERS + UNSEEN
    world = _taste_world(rng, mean, sd, raters, PAIRS, DIMENSION_ITEMS)
    scale = GAP_SD / np.sqrt(2 * (mean**2 + sd**2).sum())
    new = world.comparisons.select_raters(np.arange(DIMENSION_RATERS, raters))
    train = world.comparisons.select_raters(np.arange(DIMENSION_RATERS))
    truth = world.weights[DIMENSION_RATERS:]
    data, everybody = PairDifferences.of(new), PairDifferences.of(train)
    flat = everybody.x.reshape(1, -1, len(sd)), everybody.mask.reshape(1, -1)
    one = gaussian_weights(*flat, np.zeros(len(sd)), 0.1)[0]
    # In units of the standard deviations the true prior is that of ``gaussian_weights``.
    axes = world.theta * (scale * sd)[:, None]
    known = gaussian_weights(data.by_basis(axes), data.mask, mean / sd)[0] @ axes
    found = {"oracle": known, "own": fit_own(train).weights(new)[0], "pooled": one}
    for bases in BASE_NUMBERS:
        model = _fit(train, bases, seed)
        found[f"{bases}"] = model.weights(new)[0] @ model.theta
    off = {name: (truth - w @ world.theta.T) ** 2 for name, w in found.items()}
    part = {name: 1 - e.mean(0) / (truth**2).mean(0) for name, e in off.items()}
    consensus = mean**2 / (mean**2 + sd**2)
    return {
        "part": part,
        "all": {name: 1 - e.sum() / (truth**2).sum() for name, e in off.items()},
        "consensus": np.corrcoef(part["pooled"], consensus)[0, 1],
        "spread": np.corrcoef(part["pooled"], sd**2)[0, 1],
    }


# -- consensus and personal taste -----------------------------------------------------------------


def consensus_split(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """The share of tastes that is personal, as a model says it, by the true share.

    Returns:
        ``"true"``: the share among the raters drawn, mean and interval ``[3][shares]``; ``"said"``:
        pairs of each rater -> that of reward features; ``"own"``: that of separate regressions, at
        ``PAIRS`` pairs; ``"off"``: pairs -> said less true; ``"common"``: pairs -> correlation of
        the common reward with the true one, but where all is personal ``[3][shares - 1]``;
        ``"personal"``: pairs -> that of raters' deviations from it, but where nothing is.
    """
    found: dict[str, Any] = {"said": {}, "off": {}, "common": {}, "personal": {}}
    for pairs in CONSENSUS_PAIRS:
        rows = [[_split(seed, share, pairs) for share in PERSONAL] for seed in seeds]
        parts = {name: np.array([[at[name] for at in row] for row in rows]) for name in rows[0][0]}
        found["said"][str(pairs)] = over_seeds(parts["said"])
        found["off"][str(pairs)] = over_seeds(parts["said"] - parts["true"])
        if pairs == PAIRS:
            found["true"], found["own"] = over_seeds(parts["true"]), over_seeds(parts["own"])
        found["common"][str(pairs)] = over_seeds(parts["common"][:, :-1])
        found["personal"][str(pairs)] = over_seeds(parts["personal"][:, 1:])
    return found


def _split(seed: int, share: float, pairs: int) -> dict[str, float]:
    """Personal shares, true, said by reward features and by regressions (at ``PAIRS`` pairs), and
    correlations of both parts."""
    rng = host_rng(seed, HostStream.INQUIRY_RATERS, 2)
    size = CONSENSUS_DIMENSIONS
    mean = rng.standard_normal(size)
    mean *= np.sqrt((1 - share) * size / (mean**2).sum())
    world = _taste_world(rng, mean, np.full(size, np.sqrt(share)), SEEN, pairs, ITEMS)
    metric = np.cov(world.features.T)

    def personal_share(weights: np.ndarray) -> float:
        """Of raters' coefficients ``[raters, features]``, in gaps of rewards."""
        off = weights - weights.mean(0)
        personal = np.einsum("rf,fg,rg->r", off, metric, off).mean()
        return float(personal / (personal + weights.mean(0) @ metric @ weights.mean(0)))

    model = _fit(world.comparisons, size, seed)
    theta, common = model.theta, model.mean @ model.theta
    spread = np.trace(theta @ metric @ theta.T) / model.precision
    truth = world.weights @ world.theta
    found = {
        "true": personal_share(truth),
        "said": float(spread / (spread + common @ metric @ common)),
        "common": _correlation(world.features @ common, world.features @ truth.mean(0)),
    }
    if share:
        own = model.weights(world.comparisons)[0] @ theta - common
        found["personal"] = _correlation(
            own @ world.features.T, (truth - truth.mean(0)) @ world.features.T
        )
    else:
        found["personal"] = np.nan
    single = fit_own(world.comparisons).weights(world.comparisons)[0] if pairs == PAIRS else None
    return found | {"own": np.nan if single is None else personal_share(single)}


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.corrcoef(a.ravel(), b.ravel())[0, 1])


# -- disagreement or wavering ---------------------------------------------------------------------


def disagreement_tests(seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """How often tests find that raters differ, by the number of raters.

    All data sets of a seed have the same splits of pairs. A share of the answers comes from the
    rater's own kind, the rest from the split itself, as of people who waver. Each rater answers
    each pair once (``"different"``: raters' scores vary too much), or half of the pairs twice
    (``"repeats"``: too few contradictions). ``"no ids"``: the first test where it is not known
    whose an answer is. Answers to one question are permuted among raters.

    Returns:
        Share -> test -> share of the data sets found to differ, mean and interval ``[3][raters]``.
    """
    found: dict[str, Any] = {}
    for own in OWN_SHARES:
        rows = np.array([[_detected(seed, own, raters) for raters in TEST_RATERS]
                         for seed in seeds])  # fmt: skip
        names = ("repeats", "different", "no ids")
        found[str(own)] = {name: over_seeds(rows[..., i]) for i, name in enumerate(names)}
    return found


def _detected(seed: int, own: float, raters: int) -> list[float]:
    """Share of the data sets in which each test finds that raters differ."""
    first, second = np.triu_indices(TEST_ITEMS, 1)
    contrast = np.zeros((len(first), TEST_ITEMS))
    contrast[np.arange(len(first)), first], contrast[np.arange(len(first)), second] = 1, -1
    rng = host_rng(seed, HostStream.INQUIRY_RATERS, 3)
    hits = np.zeros(3)
    for _ in range(DATA_SETS):
        utility = TEST_SD * rng.standard_normal((len(TEST_KINDS), TEST_ITEMS))
        chance = expit(utility[:, first] - utility[:, second])
        kind = rng.choice(len(TEST_KINDS), raters, p=TEST_KINDS)
        crowd = np.array(TEST_KINDS) @ chance

        def answer(kind: np.ndarray = kind, chance: np.ndarray = chance, crowd=crowd) -> np.ndarray:
            stable = rng.random((raters, len(first))) < own
            return (rng.random(stable.shape) < np.where(stable, chance[kind], crowd)).astype(float)

        once, again = answer(), answer()
        half = slice(0, len(first) // 2)
        tests = (
            (again[:, half], lambda y, x=once[:, half]: ((x - x.mean(0)) * (y - y.mean(0))).sum()),
            (once, lambda y: (((y - y.mean(0)) @ contrast) ** 2).sum()),
        )
        for i, (answers, statistic) in enumerate(tests):
            hits[i] += _permutation_p(answers, statistic, rng) <= LEVEL
        hits[2] += _permutation_p(rng.permuted(once, axis=0), tests[1][1], rng) <= LEVEL
    return (hits / DATA_SETS).tolist()


def _permutation_p(
    answers: np.ndarray, statistic: Callable[[np.ndarray], float], rng: np.random.Generator
) -> float:
    """p-value of a large statistic, answers to each question permuted among raters."""
    observed = statistic(answers)
    above = sum(
        statistic(rng.permuted(answers, axis=0)) >= observed - 1e-9 for _ in range(PERMUTATIONS)
    )
    return (1 + above) / (1 + PERMUTATIONS)


# -- the study ------------------------------------------------------------------------------------

PARTS: dict[str, Callable[[Sequence[int]], Any]] = {
    "unstable": unstable_tastes, "dimensions": taste_dimensions,
    "consensus": consensus_split, "disagreement": disagreement_tests,
}  # fmt: skip


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from one part, repeated on all seeds."""
    fresh = taste_dimensions(SEEDS)
    return differences(content["result"]["dimensions"], fresh, TOLERANCE, "dimensions.")


STUDY = ModuleStudy(
    name="inquiries-raters",
    title="Open questions: what can be learnt of people",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)

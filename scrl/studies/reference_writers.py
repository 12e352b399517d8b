"""Whoever writes the reference decides: references of one person, of a kind, of everybody.

People of three kinds (60, 30 and 10 %), or of two opposite ones (60 and 40 %), write references by
their own policies. A reward trained on triples scores what a prompt offers by each reference. The
scores are averaged, or a reference is drawn, or each reference casts a ballot by its scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scrl.choice_models.bradley_terry import PairCounts, fit_pair_counts
from scrl.random_streams import HostStream, host_rng
from scrl.references.pair_rewards import PairReward, fit_bilinear
from scrl.references.ranked_outputs import draw_ranked
from scrl.references.reference_votes import WAYS, reference_lotteries, reference_scores
from scrl.references.style_policies import draw_choices, draw_triples
from scrl.studies.part_results import over_seeds
from scrl.types import Ballots
from scrl.voting.counting import aggregate

#: World -> numbers of people of each kind.
PEOPLE = {"kinds": (30, 15, 5), "opposed": (30, 20)}
#: Standard deviations of kinds' mean tastes and of people within a kind, for each feature.
KIND_SD, OWN_SD = 1.2, 0.3
FEATURES, PROMPTS, OUTPUTS = 6, 40, 20
#: Policies and triples on which the reward is trained.
SEEN, TRIPLES, POOL = 16, 20_000, 32
#: Rankings of fine-tuning, and the precision with which it is drawn to the reward of likeness.
RANKINGS, PRECISION = 1_000, 1.0
#: Condition -> which reward, and how many references of each person, whose scores are averaged.
MORE = 4
CONDITIONS = {"likeness": ("likeness", 1), "tuned": ("tuned", 1), "four": ("tuned", MORE)}
#: Numbers of writers, and factors by which one of them exaggerates a reference's features.
WRITER_COUNTS, FACTORS = (5, 15, 49), (1.0, 2.0, 4.0, 8.0)


def settings() -> tuple[Any, ...]:
    """What the results depend on."""
    sizes = (PEOPLE, KIND_SD, OWN_SD, FEATURES, PROMPTS, OUTPUTS, SEEN, TRIPLES, POOL)
    return (
        *sizes,
        RANKINGS,
        PRECISION,
        CONDITIONS,
        WAYS,
        WRITER_COUNTS,
        FACTORS,
        EXAMPLE_KINDS,
        EXAMPLE_ANSWERS,
    )


def train_rewards(features: int, sd: float, rng: np.random.Generator) -> dict[str, PairReward]:
    """A bilinear reward of ``"likeness"`` trained on triples of ``SEEN`` policies whose tastes are
    normal, and the same ``"tuned"`` on rankings of people from the same population."""
    drawn = draw_triples(sd * rng.standard_normal((SEEN, features)), TRIPLES, POOL, rng)
    items = (drawn.references[:, 0], drawn.winner, drawn.loser)
    reference, winner, loser = (drawn.features(index)[None] for index in items)
    (likeness,) = fit_bilinear(reference, winner, loser)
    ranked = draw_ranked(sd * rng.standard_normal((RANKINGS, features)), POOL, rng)
    reference, winner, loser = (x[None] for x in ranked.pairs())
    (tuned,) = fit_bilinear(reference, winner, loser, likeness.weight[None], PRECISION)
    return {"likeness": likeness, "tuned": tuned}


def draw_people(world: str, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Tastes of people ``[people, features]`` and their kinds ``[people]``."""
    sizes = PEOPLE[world]
    kind = np.repeat(np.arange(len(sizes)), sizes)
    means = KIND_SD * rng.standard_normal((len(sizes), FEATURES))
    if world == "opposed":
        means[1] = -means[0]
    return means[kind] + OWN_SD * rng.standard_normal((len(kind), FEATURES)), kind


def write_references(tastes: np.ndarray, pools: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One reference of each person on each prompt ``[prompts, people, features]``.

    Args:
        tastes: ``[people, features]``.
        pools: what the prompts offer ``[prompts, outputs, features]``.
    """
    index = draw_choices(np.einsum("rf,pmf->prm", tastes, pools), rng)[..., 0]
    return np.take_along_axis(pools, index[..., None], axis=1)


def served(lottery: np.ndarray, utility: np.ndarray) -> np.ndarray:
    """How well a lottery serves people ``[people]``: 0 is an average output, 1 one's best.

    Args:
        lottery: ``[prompts, outputs]``.
        utility: ``[prompts, people, outputs]``.
    """
    mean, best = utility.mean(axis=2), utility.max(axis=2)
    got = np.einsum("pm,prm->pr", lottery, utility)
    return ((got - mean) / (best - mean)).mean(axis=0)


def agreement(score: np.ndarray, other: np.ndarray) -> float:
    """Share of pairs of a prompt's outputs in the same order; a tie of either counts half.

    Args:
        score, other: ``[prompts, outputs]``.
    """
    a, b = np.triu_indices(score.shape[1], 1)
    same = np.sign(np.round(score[:, a] - score[:, b], 9)) * np.sign(
        np.round(other[:, a] - other[:, b], 9)
    )
    return float(0.5 + 0.5 * same.mean())


# -- who decides ----------------------------------------------------------------------------------


def compare_writers(seeds: Sequence[int]) -> dict[str, Any]:
    """Who is served, by who writes and how references are put together.

    Conditions are those of ``CONDITIONS``; ``"people"`` is what people's own complete utilities
    give.

    Returns:
        World -> condition -> ``"served"``: ``"writers, way"`` -> mean and interval ``[3][kinds]``,
        where with ``"each"`` everybody has a policy of their own; ``"all"``: the same over all
        people; ``"agrees"``: way -> how much the outcome of everybody's references agrees with that
        of people's own orders (1 less total variation); ``"pooled"``: shares of pairs that the mean
        score, or Borda, orders as one Bradley–Terry reward does, and that a reference orders as its
        ``"own"`` writer does; ``"dictator"``: how often one reference's winner is its writer's
        favourite, and that of ``"anybody"``.
    """
    found: dict[str, Any] = {}
    for number, world in enumerate(PEOPLE):
        rows = [_one_world(world, host_rng(seed, HostStream.REFERENCE_WRITERS, number))
                for seed in seeds]  # fmt: skip
        found[world] = {
            condition: {
                key: {name: over_seeds([row[condition][key][name] for row in rows]) for name in own}
                for key, own in measures.items()
            }
            for condition, measures in rows[0].items()
        }
    return found


def _one_world(world: str, rng: np.random.Generator) -> dict[str, dict[str, Any]]:
    """The measures of one seed: condition -> measure -> values."""
    rewards = train_rewards(FEATURES, KIND_SD, rng)
    tastes, kind = draw_people(world, rng)
    pools = rng.standard_normal((PROMPTS, OUTPUTS, FEATURES))
    utility = np.einsum("rf,pmf->prm", tastes, pools)
    truth = reference_lotteries(utility)
    vanilla = bradley_terry(utility)
    written = [write_references(tastes, pools, rng)]
    # Further references of a person are written on other prompts.
    more = rng.standard_normal((PROMPTS * (MORE - 1), OUTPUTS, FEATURES))
    written += np.split(write_references(tastes, more, rng), MORE - 1)
    found: dict[str, dict[str, Any]] = {}
    for condition, (name, count) in CONDITIONS.items():
        scores = np.mean(
            [reference_scores(rewards[name], part, pools) for part in written[:count]], axis=0
        )
        found[condition] = _measures(scores, utility, truth, vanilla, kind)
    pooled = {"pooled, mean": _winner(vanilla)} | {f"truth, {w}": c for w, c in truth.items()}
    each = {name: served(chance, utility) for name, chance in pooled.items()}
    found["people"] = {
        "served": {name: _by_kind(value, kind) for name, value in each.items()},
        "all": {name: value.mean() for name, value in each.items()},
        "pooled": {"mean utility": agreement(vanilla, utility.mean(axis=1))},
    }
    return found


def _measures(
    scores: np.ndarray, utility: np.ndarray, truth: Mapping[str, np.ndarray],
    vanilla: np.ndarray, kind: np.ndarray,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """The measures of one condition; scores and utilities ``[prompts, people, outputs]``."""
    smallest = np.flatnonzero(kind == kind.max())
    lottery = {f"everybody, {way}": c for way, c in reference_lotteries(scores).items()}
    lottery["one, mean"] = _winner(scores[:, smallest[0]])
    lottery["largest, mean"] = _winner(scores[:, kind == 0].mean(axis=1))
    each = {name: served(chance, utility) for name, chance in lottery.items()}
    best, favourite = scores.argmax(axis=2), utility.argmax(axis=2)
    each["each, mean"] = np.array(
        [served(_winner(scores[:, r]), utility[:, [r]])[0] for r in range(len(kind))]
    )
    mean, borda = scores.mean(axis=1), aggregate(Ballots(utility=scores), "borda").scores
    return {
        "served": {name: _by_kind(value, kind) for name, value in each.items()},
        "all": {name: value.mean() for name, value in each.items()},
        "agrees": {
            way: 1 - 0.5 * np.abs(lottery[f"everybody, {way}"] - truth[way]).sum(axis=1).mean()
            for way in WAYS
        },
        "pooled": {
            "mean score": agreement(mean, vanilla), "borda": agreement(borda, vanilla),
            "own": agreement(scores.reshape(-1, OUTPUTS), utility.reshape(-1, OUTPUTS)),
        },
        "dictator": {
            "writer": (best == favourite).mean(),
            "anybody": (best[:, :, None] == favourite[:, None, :]).mean(),
        },
    }  # fmt: skip


def _winner(score: np.ndarray) -> np.ndarray:
    """The lottery ``[prompts, outputs]`` that is sure of the best score."""
    return np.eye(score.shape[1])[score.argmax(axis=1)]


def bradley_terry(utility: np.ndarray) -> np.ndarray:
    """One reward for everybody ``[prompts, outputs]``, fitted to people's expected choices between
    all pairs of outputs, which follow Bradley–Terry with their own utilities."""
    prompts, people, outputs = utility.shape
    a, b = np.triu_indices(outputs, 1)
    wins = (1 / (1 + np.exp(utility[..., b] - utility[..., a]))).sum(axis=1)
    start = outputs * np.arange(prompts)[:, None]
    counts = PairCounts(
        (start + a).ravel(), (start + b).ravel(), wins.ravel(), (people - wins).ravel()
    )
    return fit_pair_counts(counts, outputs * np.arange(prompts + 1), 10.0).reshape(prompts, -1)


# -- exaggeration ---------------------------------------------------------------------------------


def exaggerated(seeds: Sequence[int]) -> dict[str, Any]:
    """How often a writer's favourite wins who exaggerates the style of a reference.

    One person of the smallest kind of ``"kinds"`` multiplies the features of the references by a
    factor; the others, drawn from everybody else, write as they like.

    Returns:
        ``"wins"``: way -> number of writers -> mean and interval ``[3][factors]``.
    """
    ways = ("mean", "borda", "copeland")
    rows: list[list[list[list[float]]]] = []
    for seed in seeds:
        rng = host_rng(seed, HostStream.REFERENCE_WRITERS, 9)
        reward = train_rewards(FEATURES, KIND_SD, rng)["tuned"]
        tastes, _ = draw_people("kinds", rng)
        pools = rng.standard_normal((PROMPTS, OUTPUTS, FEATURES))
        favourite = (pools @ tastes[-1]).argmax(axis=1)
        references = write_references(tastes, pools, rng)
        by_count = []
        for count in WRITER_COUNTS:
            others = rng.permutation(len(tastes) - 1)[: count - 1]
            by_factor = []
            for factor in FACTORS:
                mine = factor * references[:, -1:]
                scores = reference_scores(
                    reward, np.concatenate([mine, references[:, others]], axis=1), pools
                )
                won = reference_lotteries(scores, ways)
                by_factor.append([won[w][np.arange(PROMPTS), favourite].mean() for w in ways])
            by_count.append(by_factor)
        rows.append(by_count)
    values = np.array(rows)
    return {"wins": {
        way: {str(n): over_seeds(values[:, i, :, w]) for i, n in enumerate(WRITER_COUNTS)}
        for w, way in enumerate(ways)
    }}  # fmt: skip


# -- the example ----------------------------------------------------------------------------------

#: Kind -> number of people, mean taste for warmth and for detail.
EXAMPLE_KINDS: dict[str, tuple[int, tuple[float, float]]] = {
    "Brief": (24, (-0.6, -2.2)), "Thorough": (20, (-0.4, 2.4)), "Warm": (6, (2.6, 0.2)),
}  # fmt: skip
#: Standard deviation of tastes in the population on which the example's reward is trained.
EXAMPLE_SD = 1.7
#: Answer to "My plant droops. What should I do?" -> warmth and detail.
EXAMPLE_ANSWERS: dict[str, tuple[float, float]] = {
    "Water it.": (-1.2, -1.8),
    "Water it and wait a day.": (-0.5, -1.2),
    "Feel the soil; if it is dry, water it.": (-0.6, -0.2),
    "Feel the soil two centimetres down. Dry: water until it runs out below.": (-1.0, 0.8),
    "A table of causes, signs and remedies, with amounts of water.": (-1.4, 1.9),
    "Oh no! Poor thing. Give it a drink.": (1.6, -0.9),
    "Don’t worry, that happens to all of us. Feel the soil, and water it if dry.": (1.4, 0.2),
    "What a pity! Let us look together: soil first, then roots, light and draughts.": (1.3, 1.4),
    "Check soil, light and roots, in that order.": (-0.2, 0.4),
    "Move it out of the sun.": (-0.9, -1.4),
}


def example() -> dict[str, Any]:
    """An example with two features for the page.

    Returns:
        ``"answers"``: text, warmth and detail; ``"kinds"``; ``"people"``: kind and reference (an
        answer's index) of each; ``"writers"``: name -> people; ``"truth"``: way -> chances by
        people's own orders; ``"rewards"``: reward -> ``"chances"``: writers -> way -> chance of
        each answer, ``"served"``: the same of each kind, ``"mean score"`` of each answer.
    """
    rng = host_rng(0, HostStream.REFERENCE_WRITERS, 10)
    pool = np.array(list(EXAMPLE_ANSWERS.values()))
    sizes = [size for size, _ in EXAMPLE_KINDS.values()]
    kind = np.repeat(np.arange(len(sizes)), sizes)
    means = np.array([mean for _, mean in EXAMPLE_KINDS.values()])
    tastes = means[kind] + OWN_SD * rng.standard_normal((len(kind), 2))
    rewards = train_rewards(2, EXAMPLE_SD, rng)
    index, utility = draw_choices(tastes @ pool.T, rng)[:, 0], tastes @ pool.T
    who = {f"One: {name}": np.flatnonzero(kind == k)[:1] for k, name in enumerate(EXAMPLE_KINDS)}
    who |= {f"All: {name}": np.flatnonzero(kind == k) for k, name in enumerate(EXAMPLE_KINDS)}
    who["Everybody"] = np.arange(len(kind))
    found: dict[str, Any] = {}
    for name, reward in rewards.items():
        scores = reference_scores(reward, pool[index], pool)
        chances = {writers: reference_lotteries(scores[rows]) for writers, rows in who.items()}
        found[name] = {
            "chances": chances,
            "served": {
                writers: {way: _by_kind(served(c[None], utility[None]), kind)
                          for way, c in by_way.items()}
                for writers, by_way in chances.items()
            },
            "mean score": scores.mean(axis=0),
        }  # fmt: skip
    return {
        "answers": [[text, *map(float, place)] for text, place in EXAMPLE_ANSWERS.items()],
        "kinds": [{"name": n, "people": size} for n, (size, _) in EXAMPLE_KINDS.items()],
        "people": np.stack([kind, index], axis=1).tolist(),
        "writers": {name: rows.tolist() for name, rows in who.items()},
        "rewards": _rounded(found),
        "truth": _rounded(reference_lotteries(utility)),
    }


def _by_kind(values: np.ndarray, kind: np.ndarray) -> np.ndarray:
    return np.array([values[kind == k].mean() for k in range(kind.max() + 1)])


def _rounded(value: Any) -> Any:
    """Nested arrays as lists of numbers with four digits."""
    if isinstance(value, Mapping):
        return {key: _rounded(inner) for key, inner in value.items()}
    return np.round(value, 4).tolist()

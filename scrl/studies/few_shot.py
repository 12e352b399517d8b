"""Few pairs of a new rater: reward features and LoRe beside simple models and an oracle.

The populations' rewards are linear in features (``few_shot_worlds``). Part one learns from seen
raters and is judged on unseen ones by the number of their pairs. Part two shares a fixed number of
pairs among few or many raters. The others try claims: opposite tastes need twice as many bases on a
simplex, and many features with few pairs overfit without regularisation. The lab's model of raters
has few seeds: one training takes it half a minute of a core.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from scrl.config import ModelsConfig
from scrl.evaluation.intervals import student_interval
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.reward_models import lore, pooled, reward_features
from scrl.reward_models.comparisons import Comparisons
from scrl.reward_models.linear_tastes import PairDifferences, gaussian_weights, win_probabilities
from scrl.reward_models.reward_features import BasesConfig, RewardFeatures, halves
from scrl.studies.few_shot_worlds import TasteWorld, draw_taste_world, random_queries
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Progress

SEEDS = tuple(range(10))
WORLDS = {"spread": 5, "mixed": 5, "kinds": 3}
SEEN, UNSEEN, SEEN_PAIRS, ITEMS, FEATURES = 1_000, 500, 16, 20, 10
SHOTS = (0, 1, 2, 4, 8, 16, 32, 64)
#: Random pairs of each unseen rater by which models are judged.
QUERIES = 40
#: World -> seeds of the lab's model of raters.
LAB_SEEDS = {"spread": (0, 1, 2), "mixed": (0,), "kinds": (0,)}
#: Bases of both models; the prior shrinks those that are not needed.
BASES = 5
MODELS = ("oracle", "features", "simplex", "own", "pooled")
#: Prior precisions of a rater's own regression, of which held-out pairs choose.
OWN_PRECISIONS = tuple(10.0**k for k in np.linspace(-1, 2, 7))
#: Numbers of pairs shared among raters, numbers of pairs of each, and the pairs of an unseen rater.
BUDGETS, PAIRS_EACH, BUDGET_SHOTS = (4_000,), (2, 4, 8, 16, 32, 64), 16
#: Directions of opposite tastes, raters and pairs of each.
DIRECTIONS, OPPOSITE_RATERS, OPPOSITE_PAIRS = (1, 2, 3), 400, 32
#: Numbers of features, raters, pairs and bases of the part on overfitting.
MANY_FEATURES, OVERFIT_RATERS, OVERFIT_PAIRS, OVERFIT_BASES = (5, 10, 20, 40, 80), 200, 8, 3
LOOSE = BasesConfig(
    (OVERFIT_BASES,), learn_prior=False, weight_sd=100.0, coefficient_sd=100.0, rounds=200
)  # fmt: skip
#: Accuracies of a spot check agree within this; rounding may change the number of bases.
TOLERANCE = 0.01

Predict = Callable[[Comparisons, Comparisons], np.ndarray]


def spec() -> str:
    """A hash of the study's settings."""
    sizes = (SEEDS, LAB_SEEDS, WORLDS, SEEN, UNSEEN, SEEN_PAIRS, ITEMS, FEATURES, SHOTS, QUERIES)
    parts = (BASES, MODELS, OWN_PRECISIONS, BUDGETS, PAIRS_EACH, BUDGET_SHOTS, DIRECTIONS)
    more = (OPPOSITE_RATERS, OPPOSITE_PAIRS, MANY_FEATURES, OVERFIT_RATERS, OVERFIT_PAIRS)
    return settings_hash(sizes, parts, more, OVERFIT_BASES, LOOSE, BasesConfig(), ModelsConfig())


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: some minutes.

    Returns:
        ``"curves"``: world -> as ``learning_curves``; ``"budget"``, ``"opposite"``, ``"overfit"``,
        ``"lab"``: as the functions below return them.
    """
    found: dict[str, Any] = {"curves": {}}
    parts: dict[str, Callable[[], Any]] = {
        "budget": shared_budget, "opposite": opposite_tastes, "overfit": many_features,
        "lab": lab_curves,
    }  # fmt: skip
    names = [*WORLDS, *parts]
    for i, name in enumerate(names):
        if on_progress is not None:
            on_progress(Progress(name, i / len(names), f"Part {i + 1} of {len(names)}: {name}"))
        if name in WORLDS:
            found["curves"][name] = learning_curves(name)
        else:
            found[name] = parts[name]()
    return found


def _interval(values: Sequence[Any] | np.ndarray) -> list[Any]:
    """Mean and its 95 % interval over seeds (the first axis)."""
    return np.round(student_interval(np.asarray(values, float)), 4).tolist()


# -- models ---------------------------------------------------------------------------------------


def fit_own(train: Comparisons) -> RewardFeatures:
    """A logistic regression for each rater, drawn towards the pooled one.

    Its bases are the features themselves. Pairs hidden from the training raters choose how strongly
    raters are drawn.
    """
    data = PairDifferences.of(train)
    features = data.x.shape[2]
    everybody = PairDifferences(data.x.reshape(1, -1, features), data.mask.reshape(1, -1))
    eye = np.eye(features)
    mean = gaussian_weights(everybody.x, everybody.mask, np.zeros(features))[0][0]
    seen, asked = halves(data, host_rng(0, HostStream.TASTE_WORLDS, 0, 0))
    losses = []
    for precision in OWN_PRECISIONS:
        found = gaussian_weights(seen.x, seen.mask, mean, precision)
        losses.append(-(np.log(win_probabilities(asked.x, *found)) * asked.mask).sum())
    best = OWN_PRECISIONS[int(np.argmin(losses))]
    return RewardFeatures(eye, train.features, train.offsets, mean, best)


def _fit(name: str, world: TasteWorld, train: Comparisons, seed: int) -> Predict:
    """The predictions of one model of the comparison."""
    key, config = jax_key(seed, KeyStream.FEW_SHOT), ModelsConfig()
    if name == "oracle":
        return world.oracle_probabilities
    if name == "own":
        return fit_own(train).probabilities
    if name == "pooled":
        reward = pooled.exact_rewards(train.flat_pairs(), train.offsets, config.prior_sd)
        return pooled.PooledTable(reward, len(reward) - 1).probabilities
    if name == "individual":
        from scrl.reward_models import individual

        return individual.fit(key, train, config)[0].probabilities
    settings = BasesConfig((BASES,))
    module = lore if name == "simplex" else reward_features
    model, _ = module.fit(key, train, config, None, settings)
    return model.probabilities


# -- parts ----------------------------------------------------------------------------------------


def learning_curves(
    tastes: str, seeds: Sequence[int] = SEEDS, models: Sequence[str] = MODELS
) -> dict[str, Any]:
    """Unseen raters' pairs right, and the error of stated chances, by the number of their pairs.

    Returns:
        ``"right"`` and ``"error"``: model -> mean and 95 % interval ``[3][shots]``; ``"first"``:
        model -> pairs right ``[shots]`` of the first seed.
    """
    right: dict[str, list] = {name: [] for name in models}
    error: dict[str, list] = {name: [] for name in models}
    for seed in seeds:
        world = draw_taste_world(
            tastes, seed, 1, SEEN + UNSEEN, max(SEEN_PAIRS, *SHOTS), WORLDS[tastes], FEATURES, ITEMS
        )  # fmt: skip
        seen, unseen = np.arange(SEEN), np.arange(SEEN, SEEN + UNSEEN)
        train = world.comparisons.select_raters(seen).first_pairs(SEEN_PAIRS)
        new = world.comparisons.select_raters(unseen)
        queries, truth = random_queries(
            world, unseen, QUERIES, host_rng(seed, HostStream.TASTE_WORLDS, 2, 0)
        )  # fmt: skip
        for name in models:
            predict = _fit(name, world, train, seed)
            chances = [predict(new.masked_after(n), queries) for n in SHOTS]
            right[name].append([_share_right(p, truth) for p in chances])
            error[name].append([float(np.abs(p - truth).mean()) for p in chances])
    return {
        "right": {name: _interval(rows) for name, rows in right.items()},
        "error": {name: _interval(rows) for name, rows in error.items()},
        "first": {name: np.round(rows[0], 4).tolist() for name, rows in right.items()},
    }  # fmt: skip


def lab_curves() -> dict[str, Any]:
    """Pairs right ``[shots]`` of the lab's model of raters and of reward features on its seeds.

    Returns:
        World -> ``"seeds"`` (their number) and the means of ``"individual"`` and ``"features"``.
    """
    found: dict[str, Any] = {}
    for tastes, seeds in LAB_SEEDS.items():
        right = learning_curves(tastes, seeds, ("individual", "features"))["right"]
        found[tastes] = {"seeds": len(seeds)} | {name: rows[0] for name, rows in right.items()}
    return found


def _share_right(chance: np.ndarray, truth: np.ndarray) -> float:
    """Share of pairs whose likelier item is what the rater likes better; ties count half."""
    sign = np.sign(np.round(chance - 0.5, 9)) * np.sign(truth - 0.5)
    return float(0.5 + 0.5 * sign.mean())


def _judged(
    module: Any, world: TasteWorld, raters: int, pairs: int, shots: int, settings: BasesConfig
) -> float:
    """Pairs right of unseen raters, of a model fitted to the first ``raters``."""
    train = world.comparisons.select_raters(np.arange(raters)).first_pairs(pairs)
    unseen = np.arange(raters, world.comparisons.raters)
    new = world.comparisons.select_raters(unseen).masked_after(shots)
    rng = host_rng(0, HostStream.TASTE_WORLDS, 3, raters)
    queries, truth = random_queries(world, unseen, QUERIES, rng)
    model, _ = module.fit(jax_key(0, KeyStream.FEW_SHOT), train, ModelsConfig(), None, settings)
    return _share_right(model.probabilities(new, queries), truth)


def shared_budget(seeds: Sequence[int] = SEEDS) -> list[dict[str, Any]]:
    """Pairs right after ``BUDGET_SHOTS`` pairs, by how many pairs each seen rater gave.

    Returns:
        For each of ``BUDGETS`` the ``"budget"``, ``"pairs each"``, ``"raters"``, and ``"right"``:
        model -> mean and interval ``[3][sizes]``.
    """
    rows = []
    for budget in BUDGETS:
        each = [[_shared(budget // pairs, pairs, seed) for pairs in PAIRS_EACH] for seed in seeds]
        found = np.array(each)
        rows.append({
            "budget": budget, "pairs each": list(PAIRS_EACH),
            "raters": [budget // pairs for pairs in PAIRS_EACH],
            "right": {"features": _interval(found[..., 0]), "simplex": _interval(found[..., 1])},
        })  # fmt: skip
    return rows


def _shared(raters: int, pairs: int, seed: int) -> tuple[float, float]:
    """Pairs right of five free bases, and of six on a simplex, which span as many dimensions."""
    world = draw_taste_world(
        "spread", seed, 4, raters + UNSEEN, max(pairs, BUDGET_SHOTS), 5, FEATURES, ITEMS
    )  # fmt: skip
    judge = (world, raters, pairs, BUDGET_SHOTS)
    free = _judged(reward_features, *judge, BasesConfig((5,)))
    return free, _judged(lore, *judge, BasesConfig((6,)))


def opposite_tastes(
    seeds: Sequence[int] = SEEDS, directions: Sequence[int] = DIRECTIONS
) -> list[dict[str, Any]]:
    """Pairs right where half of the raters have the taste w and half -w, in each direction.

    Returns:
        For each number of directions D ``"free"``: mean and interval of D free bases; and
        ``"simplex"``: of 1 … 2 D + 1 bases on a simplex.
    """
    rows = []
    for count in directions:
        sizes = range(1, 2 * count + 2)
        free, simplex = [], []
        for seed in seeds:
            world = draw_taste_world(
                "opposite", seed, 5 + count, OPPOSITE_RATERS + UNSEEN, OPPOSITE_PAIRS, count,
                FEATURES, ITEMS,
            )  # fmt: skip
            judge = (world, OPPOSITE_RATERS, OPPOSITE_PAIRS, OPPOSITE_PAIRS)
            free.append(_judged(reward_features, *judge, BasesConfig((count,))))
            simplex.append([_judged(lore, *judge, BasesConfig((k,))) for k in sizes])
        rows.append({"directions": count, "free": _interval(free), "bases": list(sizes),
                     "simplex": _interval(simplex)})  # fmt: skip
    return rows


def many_features(
    seeds: Sequence[int] = SEEDS, sizes: Sequence[int] = MANY_FEATURES
) -> dict[str, Any]:
    """Pairs right by the number of features, with priors learnt and without regularisation.

    Few raters give few pairs each, and unseen raters as many. There are 200 items, and the bases'
    number is the true one.

    Returns:
        ``"features"``; ``"right"``: ``"learnt"``, ``"none"``, and ``"pooled"`` (one basis, priors
        learnt) -> mean and interval ``[3][sizes]``.
    """
    right: dict[str, list] = {"learnt": [], "none": [], "pooled": []}
    for seed in seeds:
        rows: dict[str, list[float]] = {name: [] for name in right}
        for size in sizes:
            world = draw_taste_world(
                "spread", seed, 10 + size, OVERFIT_RATERS + UNSEEN, OVERFIT_PAIRS, OVERFIT_BASES,
                size, 200,
            )  # fmt: skip
            judge = (reward_features, world, OVERFIT_RATERS, OVERFIT_PAIRS, OVERFIT_PAIRS)
            rows["learnt"].append(_judged(*judge, BasesConfig((OVERFIT_BASES,))))
            rows["none"].append(_judged(*judge, LOOSE))
            rows["pooled"].append(_judged(*judge, BasesConfig((1,))))
        for name, row in rows.items():
            right[name].append(row)
    return {"features": list(sizes), "right": {k: _interval(v) for k, v in right.items()}}


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the parts that take seconds, repeated."""
    stored = content["result"]
    fresh = learning_curves("kinds", SEEDS[:1])["first"]
    found = differences(stored["curves"]["kinds"]["first"], fresh, TOLERANCE, "curves.kinds.")
    (again,) = opposite_tastes(SEEDS, DIRECTIONS[:1])
    return found + differences(stored["opposite"][0], again, TOLERANCE, "opposite.")


STUDY = ModuleStudy(
    name="few-shot",
    title="Reward features and LoRe by the pairs of a new rater",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)


# -- readings -------------------------------------------------------------------------------------


def shots_to_lead(curve: Mapping[str, Any], model: str, rival: str) -> int | None:
    """The fewest pairs from which on a model's mean accuracy exceeds a rival's; None for never."""
    lead = np.array(curve["right"][model][0]) > np.array(curve["right"][rival][0])
    behind = np.flatnonzero(~lead)
    first = 0 if not len(behind) else int(behind[-1]) + 1
    return SHOTS[first] if first < len(SHOTS) else None


def bases_needed(row: Mapping[str, Any], within: float = 0.01) -> int | None:
    """The fewest bases on a simplex that are within so much of free bases; None for none."""
    near = np.flatnonzero(np.array(row["simplex"][0]) >= row["free"][0] - within)
    return row["bases"][near[0]] if len(near) else None

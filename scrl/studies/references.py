"""Rewards that compare an output with a reference (POLAR): what holds, and what does not.

Policies are softmax policies over style features, of which a reward sees some in training. It must
tell apart policies that it has not seen. The claims: it does so within .02 of the likelihood-ratio
optimum, and KL(π ‖ target) falls when it is optimised. ``reference_writers`` asks who decides.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import jax
import numpy as np
from scipy.special import expit, logsumexp, softmax

from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.references.likelihood_ratio import likelihood_ratio_gaps
from scrl.references.pair_rewards import (
    BilinearReward,
    CosineReward,
    PairReward,
    fit_bilinear,
    fit_networks,
)
from scrl.references.ranked_outputs import RankedOutputs, draw_ranked
from scrl.references.reference_votes import reference_scores
from scrl.references.style_policies import Triples, draw_choices, draw_triples, log_policies
from scrl.studies import reference_writers
from scrl.studies.part_results import over_seeds
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.types import Progress

SEEDS = tuple(range(10))
#: World -> standard deviation of policies' tastes for each feature.
WORLDS = {"even": (1.2,) * 6, "uneven": (2.2, 1.6, 1.0, 0.5, 0.25, 0.1)}
#: Policies seen in training, by which the sweep runs, and of the main figure; unseen ones.
SEEN, MAIN_SEEN, UNSEEN = (4, 8, 16, 64, 256), 16, 8
#: Triples of training and of the test; outputs that a prompt offers.
TRIPLES, TEST_TRIPLES, OUTPUTS = 20_000, 2_000, 32
#: Triples of the network, which learns single ones by heart sooner.
NETWORK_TRIPLES = 60_000
#: Numbers of references; policies that stand for the population in its optimum.
REFERENCES, POPULATION = (1, 2, 4, 8), 200
#: Strengths of optimisation, numbers of references, and prompts of each unseen policy.
BETAS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0, 6.0)
KL_REFERENCES, KL_PROMPTS = (1, 4, 16), 50
#: Numbers of ranked threes, those of the test, and prior precisions of which held-out ones choose.
RANKINGS, TEST_RANKINGS, PRECISIONS = (0, 30, 100, 300, 1_000), 2_000, (1.0, 10.0, 100.0)
#: The features that matter to people where the others are mannerisms.
SUBSTANCE = 3
#: Models in the order of their positions in figures.
MODELS = ("exact", "population", "bilinear", "network", "cosine")
#: Accuracies of a spot check agree within this.
TOLERANCE = 0.01


def spec() -> str:
    """A hash of the study's settings."""
    sizes = (
        SEEDS,
        WORLDS,
        NETWORK_TRIPLES,
        SEEN,
        MAIN_SEEN,
        UNSEEN,
        TRIPLES,
        TEST_TRIPLES,
        OUTPUTS,
        REFERENCES,
    )
    parts = (POPULATION, BETAS, KL_REFERENCES, KL_PROMPTS, RANKINGS, TEST_RANKINGS, PRECISIONS)
    return settings_hash(sizes, parts, SUBSTANCE, reference_writers.settings())


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: a minute.

    Returns:
        ``"apart"``: world -> as ``told_apart``; ``"optimised"``, ``"tuned"``: as the functions
        return them; ``"writers"``, ``"exaggeration"``, ``"example"``: as those of
        ``reference_writers``.
    """
    found: dict[str, Any] = {"apart": {}}
    parts: dict[str, Callable[[], Any]] = {
        "optimised": lambda: {world: optimised(world) for world in WORLDS}, "tuned": fine_tuned,
        "writers": lambda: reference_writers.compare_writers(SEEDS),
        "exaggeration": lambda: reference_writers.exaggerated(SEEDS),
        "example": reference_writers.example,
    }  # fmt: skip
    names = [*WORLDS, *parts]
    for i, name in enumerate(names):
        if on_progress is not None:
            on_progress(Progress("evaluating", i / len(names), f"Part {i + 1} of {len(names)}"))
        if name in WORLDS:
            found["apart"][name] = told_apart(name)
        else:
            found[name] = parts[name]()
    return found


# -- rewards --------------------------------------------------------------------------------------


def draw_tastes(world: str, seed: int, size: int) -> np.ndarray:
    """Tastes of seen policies, then of unseen ones ``[size + UNSEEN, features]``.

    The unseen ones are the same for every size.
    """
    rng = host_rng(seed, HostStream.REFERENCE_POLICIES, 0, 0)
    sd = np.array(WORLDS[world])
    unseen = sd * rng.standard_normal((UNSEEN, len(sd)))
    return np.concatenate([sd * rng.standard_normal((size, len(sd))), unseen])


def train_rewards(
    world: str, size: int, seeds: Sequence[int] = SEEDS, network: bool = False
) -> dict[str, list[PairReward]]:
    """The rewards of each seed, trained on triples of seen policies."""
    parts, count = [], NETWORK_TRIPLES if network else TRIPLES
    for seed in seeds:
        rng = host_rng(seed, HostStream.REFERENCE_POLICIES, 1, size)
        drawn = draw_triples(draw_tastes(world, seed, size)[:size], count, OUTPUTS, rng)
        parts.append(item_features(drawn))
    data = [np.stack([part[i] for part in parts]) for i in range(3)]
    reference = data[0][:, :, 0]
    few = [x[:, :TRIPLES] for x in (reference, *data[1:])]
    found: dict[str, list[PairReward]] = {
        "bilinear": [*fit_bilinear(few[0], few[1], few[2])],
        "cosine": [CosineReward(np.zeros(len(WORLDS[world]))) for _ in seeds],
    }
    if network:
        keys = jax.numpy.stack([jax_key(seed, KeyStream.REFERENCES) for seed in seeds])
        found["network"] = [*fit_networks(keys, reference, data[1], data[2])]
    return found


def item_features(triples: Triples) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features of references ``[triples, references, features]``, winners and losers."""
    items = (triples.references, triples.winner, triples.loser)
    reference, winner, loser = (triples.features(index) for index in items)
    return reference, winner, loser


def gaps(reward: PairReward, triples: Triples) -> np.ndarray:
    """Mean score of the winner by the references, less the loser's ``[triples]``."""
    reference, winner, loser = item_features(triples)
    outputs = np.stack([winner, loser], axis=1)
    score = reference_scores(reward, reference, outputs).mean(axis=1)
    return score[:, 0] - score[:, 1]


def share_right(gap: np.ndarray) -> float:
    """Share of positive gaps; ties count half."""
    return float((0.5 + 0.5 * np.sign(np.round(gap, 9))).mean())


# -- unseen policies ------------------------------------------------------------------------------


def told_apart(world: str, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Share of triples of unseen policies told apart.

    Returns:
        ``"main"``: model -> mean and interval, with one reference and ``MAIN_SEEN`` policies;
        ``"behind"``: model -> the same of its distance from the population's optimum;
        ``"seen"``: model -> ``[3][sizes]`` of ``SEEN``; ``"references"``: model -> ``[3][numbers]``
        of ``REFERENCES``; ``"first"``: model -> the main figure of the first seed.
    """
    by_size = {
        size: train_rewards(world, size, seeds, network=size in (MAIN_SEEN, SEEN[-1]))
        for size in SEEN
    }
    rows: dict[int, dict[str, list[float]]] = {n: {m: [] for m in MODELS} for n in REFERENCES}
    seen: dict[str, list[list[float]]] = {"bilinear": [], "network": []}
    for i, seed in enumerate(seeds):
        unseen = draw_tastes(world, seed, 0)
        for n in REFERENCES:
            rng = host_rng(seed, HostStream.REFERENCE_POLICIES, 2, n)
            test = draw_triples(unseen, TEST_TRIPLES, OUTPUTS, rng, n)
            many = np.array(WORLDS[world]) * rng.standard_normal((POPULATION, unseen.shape[1]))
            rows[n]["exact"].append(share_right(likelihood_ratio_gaps(unseen, test)))
            rows[n]["population"].append(share_right(likelihood_ratio_gaps(many, test)))
            for name, rewards in by_size[MAIN_SEEN].items():
                rows[n][name].append(share_right(gaps(rewards[i], test)))
            if n == 1:
                for name, row in seen.items():
                    row.append([share_right(gaps(by_size[size][name][i], test))
                                for size in SEEN if name in by_size[size]])  # fmt: skip
    main = {name: np.array(values) for name, values in rows[1].items()}
    return {
        "main": {name: over_seeds(values) for name, values in main.items()},
        "behind": {name: over_seeds(main["population"] - values) for name, values in main.items()},
        "seen": {name: over_seeds(values) for name, values in seen.items()},
        "references": {
            name: over_seeds(np.transpose([rows[n][name] for n in REFERENCES])) for name in MODELS
        },
        "first": {name: round(float(values[0]), 4) for name, values in main.items()},
    }


# -- optimisation ---------------------------------------------------------------------------------


def optimised(world: str, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """KL(π ‖ target) of π ∝ π₀ exp(β r), r the mean score by references of the target's policy.

    π₀ is the mean of the seen policies. Targets are unseen policies; in ``"mixed"`` each of 16
    references is that of a random unseen policy.

    Returns:
        ``"kl"``: name -> ``[3][betas]`` in nats, mean over targets and prompts; the names are
        numbers of references, ``"cosine"`` (4 references; β in its own unit times 4) and
        ``"mixed"``.
    """
    rewards = train_rewards(world, MAIN_SEEN, seeds)
    names = [*map(str, KL_REFERENCES), "cosine", "mixed"]
    rows: dict[str, list[np.ndarray]] = {name: [] for name in names}
    for i, seed in enumerate(seeds):
        tastes = draw_tastes(world, seed, MAIN_SEEN)
        rng = host_rng(seed, HostStream.REFERENCE_POLICIES, 3, 0)
        pools = rng.standard_normal((UNSEEN, KL_PROMPTS, OUTPUTS, tastes.shape[1]))
        log_policy = log_policies(tastes, pools)
        base = logsumexp(log_policy[..., :MAIN_SEEN, :], axis=2) - np.log(MAIN_SEEN)
        own = np.arange(UNSEEN)
        target = log_policy[own, :, MAIN_SEEN + own]
        drawn = _written(target, pools, rng, max(KL_REFERENCES))
        everybody = log_policy[..., MAIN_SEEN + rng.integers(UNSEEN, size=16), :]
        mixed = _written(everybody, pools[:, :, None], rng, 1)[..., 0, :]
        score = {str(n): (rewards["bilinear"][i], drawn[:, :, :n], 1.0) for n in KL_REFERENCES}
        score["cosine"] = (rewards["cosine"][i], drawn[:, :, :4], 4.0)
        score["mixed"] = (rewards["bilinear"][i], mixed, 1.0)
        for name, (reward, references, unit) in score.items():
            mean = unit * reference_scores(reward, references, pools).mean(axis=2)
            rows[name].append(_kl_curve(base, mean, target))
    return {"kl": {name: over_seeds(values) for name, values in rows.items()}}


def _written(
    logit: np.ndarray, pools: np.ndarray, rng: np.random.Generator, count: int
) -> np.ndarray:
    """Features of references drawn from policies ``[..., count, features]``."""
    index = draw_choices(logit, rng, count)
    pools = np.broadcast_to(pools, (*logit.shape, pools.shape[-1]))
    return np.take_along_axis(pools, index[..., None], axis=-2)


def _kl_curve(base: np.ndarray, score: np.ndarray, target: np.ndarray) -> np.ndarray:
    """Mean KL(π ‖ target) at each of ``BETAS``; all arguments ``[..., outputs]``."""
    kl = []
    for beta in BETAS:
        logit = base + beta * score
        log_policy = logit - logsumexp(logit, axis=-1, keepdims=True)
        kl.append((np.exp(log_policy) * (log_policy - target)).sum(axis=-1).mean())
    return np.array(kl)


# -- fine-tuning ----------------------------------------------------------------------------------


def fine_tuned(seeds: Sequence[int] = SEEDS, world: str = "even") -> dict[str, Any]:
    """Pairs right of new people's rankings, by the number of ranked threes in fine-tuning.

    A person writes a reference by the whole taste, and ranks three outputs by Plackett–Luce: by the
    whole taste (``"whole"``), or by the first ``SUBSTANCE`` features only, where the other features
    are mannerisms of writing (``"substance"``).

    Returns:
        Case -> model -> ``[3][rankings]``: ``"tuned"`` from the pre-trained reward, ``"scratch"``
        without it, and ``"population"``, the optimum of who knows the population.
    """
    rewards, found = train_rewards(world, MAIN_SEEN, seeds)["bilinear"], {}
    for case, mattering in {"whole": None, "substance": SUBSTANCE}.items():
        rows: dict[str, list] = {"tuned": [], "scratch": [], "population": []}
        for i, seed in enumerate(seeds):
            start = rewards[i]
            assert isinstance(start, BilinearReward)
            train = _ranked(world, seed, 4, RANKINGS[-1], mattering)
            test = _ranked(world, seed, 5, TEST_RANKINGS, mattering)
            for name, weight in (("tuned", start.weight), ("scratch", 0 * start.weight)):
                rows[name].append([_judged(_tune(train, n, weight), test) for n in RANKINGS])
            rows["population"].append(
                [_population_right(world, seed, test, mattering)] * len(RANKINGS)
            )
        found[case] = {name: over_seeds(values) for name, values in rows.items()}
    return found


def _ranked(world: str, seed: int, part: int, people: int, mattering: int | None) -> RankedOutputs:
    """References and rankings of new people."""
    rng, sd = host_rng(seed, HostStream.REFERENCE_POLICIES, part, 0), np.array(WORLDS[world])
    tastes = sd * rng.standard_normal((people, len(sd)))
    return draw_ranked(tastes, OUTPUTS, rng, mattering)


def _tune(train: RankedOutputs, count: int, start: np.ndarray) -> BilinearReward:
    """Fit to the first rankings, drawn towards ``start`` with the precision that predicts a quarter
    of them best, held out."""
    if not count:
        return BilinearReward(start)
    held = count // 4
    part, rest = train.pairs(slice(held, count)), train.pairs(slice(0, held))

    def loss(precision: float) -> float:
        (model,) = fit_bilinear(*_padded(part), start[None], precision)
        gap = model.scores(rest[0], rest[1]) - model.scores(rest[0], rest[2])
        return float(np.logaddexp(0, -gap).sum())

    best = min(PRECISIONS, key=loss)
    return fit_bilinear(*_padded(train.pairs(slice(0, count))), start[None], best)[0]


def _padded(pairs: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pairs of one world padded to a power of two, so that few programs are compiled.

    A padding's winner and loser are equal, which tells nothing.
    """
    size = 1 << max(8, (len(pairs[0]) - 1).bit_length())
    width = [(0, size - len(pairs[0])), (0, 0)]
    reference, winner, loser = (np.pad(x, width)[None] for x in pairs)
    return reference, winner, loser


def _judged(model: PairReward, test: RankedOutputs) -> float:
    """Share of the test's pairs in the person's order."""
    reference, high, low = test.pairs()
    return share_right(model.scores(reference, high) - model.scores(reference, low))


def _population_right(world: str, seed: int, test: RankedOutputs, mattering: int | None) -> float:
    """Pairs right by the posterior of tastes given the reference and its pool."""
    rng, sd = host_rng(seed, HostStream.REFERENCE_POLICIES, 6, 0), np.array(WORLDS[world])
    tastes = sd * rng.standard_normal((POPULATION, len(sd)))
    written = log_policies(tastes, test.pools)[np.arange(len(test.pools)), :, test.reference]
    posterior = softmax(written, axis=1)
    utility = np.einsum("kf,nmf->nkm", tastes[:, :mattering], test.ranked[..., :mattering])
    high, low = np.triu_indices(utility.shape[2], 1)
    chance = np.einsum("nk,nkp->np", posterior, expit(utility[..., high] - utility[..., low]))
    return share_right(chance - 0.5)


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the parts that take seconds, repeated."""
    stored = content["result"]
    fresh = told_apart("even", SEEDS[:1])["first"]
    found = differences(stored["apart"]["even"]["first"], fresh, TOLERANCE, "apart.even.")
    again = reference_writers.example()
    return found + differences(stored["example"], again, TOLERANCE, "example.")


STUDY = ModuleStudy(
    name="references",
    title="Rewards that compare with a reference, and who writes it",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)

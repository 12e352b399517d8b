"""Splits of pairs by an ensemble that knows no rater, beside models that do and no model at all.

Part one draws populations of three kinds and asks how far the predicted share of raters who prefer
A to B is from the true one, on pairs that were asked and on pairs that never were, and likewise for
the choice from three items. Part two takes the ensemble's members for kinds of people. Part three
fits ensembles to the exact splits of two populations that no split of pairs tells apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from scrl.config import ModelsConfig
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.reward_models import ensembles, pooled
from scrl.reward_models.comparisons import Comparisons, comparisons_to_ratings, prompt_pairs
from scrl.reward_models.ensembles import EnsembleConfig, PooledPairs, fit_members
from scrl.rivals import RIVALS
from scrl.studies.part_results import over_seeds
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash
from scrl.studies.representation_theorems import choice_chances
from scrl.types import Catalogue, Progress

SEEDS = tuple(range(10))
#: Items of the one prompt, shares of the kinds, pairs of each rater, and numbers of raters.
ITEMS, SHARES, PAIRS_EACH, RATERS = 12, (0.5, 0.3, 0.2), 16, (30, 240, 1_920)
#: World -> standard deviation of a gap of one kind's rewards, in log-odds. Firm raters hardly
#: contradict themselves.
WORLDS = {"firm": 6.0, "wavering": 2.0}
#: Share of the pairs of items about which nobody is asked.
NEVER_ASKED = 0.3
#: Name -> numbers of members among which held-out likelihood chooses.
ENSEMBLES: dict[str, tuple[int, ...]] = {
    "2": (2,), "4": (4,), "8": (8,), "chosen": EnsembleConfig().members
}  # fmt: skip
METHODS = ("pooled", *ENSEMBLES, "types", "counts")
#: Pairs that a new rater has answered where members are taken for people, and new raters.
CONTEXT, NEW_RATERS = 16, 500
#: Strength of the two camps of part three, starts, and the weight of their pairs.
CAMP_STRENGTH, CAMP_STARTS, CAMP_WEIGHT = 2.0, 10, 1e4
#: Errors of a spot check agree within this; an optimum may be another one on another machine.
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    sizes = (SEEDS, ITEMS, SHARES, PAIRS_EACH, RATERS, WORLDS, NEVER_ASKED, METHODS)
    return settings_hash(
        sizes, ENSEMBLES, EnsembleConfig(), ModelsConfig().prior_sd, CONTEXT, NEW_RATERS,
        CAMP_STRENGTH, CAMP_STARTS, CAMP_WEIGHT,
    )  # fmt: skip


def run(on_progress: Listener = None) -> dict[str, Any]:
    """The study: a minute or two.

    Returns:
        ``"worlds"``: world -> as ``calibration_errors``; ``"camps"``: as ``camp_choices``.
    """
    found: dict[str, Any] = {"worlds": {}}
    for i, world in enumerate(WORLDS):
        if on_progress is not None:
            on_progress(Progress(world, i / len(WORLDS), f"{world}: {len(SEEDS)} seeds"))
        found["worlds"][world] = calibration_errors(world)
    found["camps"] = camp_choices()
    return found


# -- populations ----------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class KindsWorld:
    """Raters of three kinds, and the pairs about which they were asked.

    Attributes:
        reward: of each kind, in log-odds ``[kinds, items]``.
        comparisons: of all raters.
        asked: whether a pair of ``prompt_pairs`` may be asked ``[pairs]``.
    """

    reward: np.ndarray
    comparisons: Comparisons
    asked: np.ndarray


def draw_kinds(world: str, seed: int, raters: int) -> KindsWorld:
    """Draw the kinds' rewards, which pairs may be asked, and answers by Bradley–Terry."""
    rng = host_rng(seed, HostStream.PAIR_CALIBRATION, 0)
    reward = rng.standard_normal((len(SHARES), ITEMS)) * WORLDS[world] / np.sqrt(2)
    first, second = prompt_pairs(np.array([0, ITEMS]))
    asked = rng.permutation(len(first)) >= round(NEVER_ASKED * len(first))
    kind = rng.choice(len(SHARES), raters, p=SHARES)
    which = rng.choice(np.flatnonzero(asked), (raters, PAIRS_EACH))
    return KindsWorld(reward, answers(reward[kind], first[which], second[which], kind, rng), asked)


def answers(
    reward: np.ndarray, first: np.ndarray, second: np.ndarray, kind: np.ndarray,
    rng: np.random.Generator,
) -> Comparisons:  # fmt: skip
    """Bradley–Terry answers of raters with rewards ``[raters, items]`` to pairs of items
    ``[raters, pairs]``."""
    row = np.arange(len(reward))[:, None]
    wins = rng.random(first.shape) < expit(reward[row, first] - reward[row, second])
    pairs = np.stack([np.where(wins, first, second), np.where(wins, second, first)], axis=-1)
    return Comparisons(
        pairs, np.ones(first.shape, bool), np.eye(ITEMS), np.array([0, ITEMS]), kind
    )  # fmt: skip


# -- models ---------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class Mixture:
    """What every model of the comparison comes down to: rewards and their shares.

    Attributes:
        reward: ``[members, items]``.
        share: ``[members]``.
    """

    reward: np.ndarray
    share: np.ndarray

    def splits(self) -> np.ndarray:
        """Share who prefer the row's item ``[items, items]``."""
        return np.tensordot(self.share, expit(self.reward[:, :, None] - self.reward[:, None]), 1)

    def best_of_three(self) -> np.ndarray:
        """Chance of each item to be chosen from three, by Luce's rule ``[triples, 3]``."""
        triples = np.array(list(combinations(range(self.reward.shape[1]), 3)))
        return np.tensordot(self.share, softmax(self.reward[:, triples], axis=-1), 1)

    def personal(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(first ≻ second) of each rater, members weighted by the rater's pairs."""
        model = ensembles.Ensemble(self.reward, self.share, context.features, context.offsets)
        return model.personal_probabilities(context, queries)


def fit_mixture(method: str, comparisons: Comparisons, seed: int) -> Mixture:
    """One model of ``METHODS`` that has rewards; ``"types"`` reads who answered."""
    config = ModelsConfig()
    if method == "pooled":
        reward = pooled.exact_rewards(
            comparisons.flat_pairs(), comparisons.offsets, config.prior_sd
        )  # fmt: skip
        return Mixture(reward[None], np.ones(1))
    if method == "types":
        names = tuple(f"i{i}" for i in range(ITEMS))
        catalogue = Catalogue(("p",), names, np.arange(ITEMS), comparisons.offsets)
        fitted: Any = RIVALS["types"].fit(comparisons_to_ratings(comparisons, catalogue), seed)
        return Mixture(fitted.reward, fitted.share)
    key = jax_key(seed, KeyStream.PAIR_CALIBRATION)
    settings = EnsembleConfig(ENSEMBLES[method])
    model, _ = ensembles.fit(key, comparisons, config, None, settings)
    return Mixture(model.member_rewards(), model.share)


def calibration_errors(
    world: str, seeds: Sequence[int] = SEEDS, raters: Sequence[int] = RATERS
) -> dict[str, Any]:
    """Errors of splits by the number of raters, and members taken for people.

    Returns:
        ``"answers"``: numbers of answers; ``"asked"``, ``"never"``, ``"triples"``: method -> root
        mean square error of the share, mean and interval ``[3][sizes]`` (``"counts"`` says nothing
        of triples); ``"members"``: mean number of the chosen ensemble's ``[sizes]``;
        ``"personal"``: as ``_personal``, with mean and interval; ``"first"``: method -> errors on
        asked pairs of the first seed ``[sizes]``.
    """
    errors: dict[str, dict[str, list]] = {
        part: {method: [] for method in METHODS} for part in ("asked", "never", "triples")
    }
    members, personal = [], []
    for seed in seeds:
        rows: dict[str, dict[str, list[float]]] = {
            part: {m: [] for m in METHODS} for part in errors
        }
        counts = []
        for size in raters:
            drawn = draw_kinds(world, seed, size)
            fits = {m: fit_mixture(m, drawn.comparisons, seed) for m in METHODS if m != "counts"}
            for method in METHODS:
                for part, value in _errors(drawn, fits.get(method)).items():
                    rows[part][method].append(value)
            counts.append(len(fits["chosen"].share))
        for part, by_method in rows.items():
            for method, row in by_method.items():
                errors[part][method].append(row)
        members.append(counts)
        personal.append(_personal(world, seed, drawn, fits))
    found: dict[str, Any] = {
        part: {m: over_seeds(rows) for m, rows in by_method.items() if not np.isnan(rows).any()}
        for part, by_method in errors.items()
    }
    found["answers"] = [size * PAIRS_EACH for size in raters]
    found["members"] = np.mean(members, 0).round(2).tolist()
    found["personal"] = {
        name: over_seeds([row[name] for row in personal]) for name in personal[0]
    }  # fmt: skip
    found["first"] = {m: np.round(rows[0], 4).tolist() for m, rows in errors["asked"].items()}
    return found


def _errors(drawn: KindsWorld, fitted: Mixture | None) -> dict[str, float]:
    """Root mean square errors of one model; without one the smoothed counts are the splits."""
    truth = Mixture(drawn.reward, np.array(SHARES))
    first, second = prompt_pairs(np.array([0, ITEMS]))
    said = ensembles.answer_splits(drawn.comparisons) if fitted is None else fitted.splits()
    off = (said - truth.splits())[first, second]
    found = {"asked": _root_mean_square(off[drawn.asked])}
    found["never"] = _root_mean_square(off[~drawn.asked])
    found["triples"] = np.nan
    if fitted is not None:
        found["triples"] = _root_mean_square(fitted.best_of_three() - truth.best_of_three())
    return found


def _root_mean_square(values: np.ndarray) -> float:
    return float(np.sqrt((values**2).mean()))


def _personal(
    world: str, seed: int, drawn: KindsWorld, fits: Mapping[str, Mixture]
) -> dict[str, float]:
    """New raters' pairs right after ``CONTEXT`` pairs, by what stands for kinds of people."""
    rng = host_rng(seed, HostStream.PAIR_CALIBRATION, 1)
    kind = rng.choice(len(SHARES), NEW_RATERS, p=SHARES)
    reward = drawn.reward[kind]
    first = rng.integers(ITEMS, size=(NEW_RATERS, 2 * CONTEXT))
    second = (first + rng.integers(1, ITEMS, size=first.shape)) % ITEMS
    row = np.arange(NEW_RATERS)[:, None]
    context = answers(reward, first[:, :CONTEXT], second[:, :CONTEXT], kind, rng)
    asked = np.stack([first, second], axis=-1)[:, CONTEXT:]
    queries = Comparisons(asked, np.ones(asked.shape[:2], bool), np.eye(ITEMS), context.offsets)
    likes_first = reward[row, asked[..., 0]] > reward[row, asked[..., 1]]
    models = {
        "oracle": Mixture(drawn.reward, np.array(SHARES)), "types": fits["types"],
        "ensemble": fits["chosen"], "pooled": fits["pooled"],
    }  # fmt: skip
    return {
        name: float(((model.personal(context, queries) > 0.5) == likes_first).mean())
        for name, model in models.items()
    }


# -- what splits of pairs do not say --------------------------------------------------------------


def camp_choices(starts: int = CAMP_STARTS) -> dict[str, Any]:
    """Two camps that want the opposite, and people who do not care: every pair is split evenly.

    Returns:
        ``"camps"``, ``"careless"``: the chance that the middle one of three is chosen in each
        population; ``"ensembles"``: number of members -> that chance in ensembles fitted to the
        exact splits from different starts; ``"errors"``: number -> their greatest error in a split.
    """
    places = np.array([-1.0, 0.0, 1.0])
    first, second = np.triu_indices(3, 1)
    better, worse = np.concatenate([first, second]), np.concatenate([second, first])
    data = PooledPairs(better, worse, np.full(6, CAMP_WEIGHT), np.eye(3))
    said: dict[str, list[float]] = {}
    errors: dict[str, float] = {}
    for members in (2, 4, 8):
        fits = []
        for seed in range(starts):
            rng = host_rng(seed, HostStream.PAIR_CALIBRATION, 2 + members)
            theta, share = fit_members(data, members, EnsembleConfig(starts=1), rng)
            fits.append(Mixture(theta, share))
        said[str(members)] = [round(float(fit.best_of_three()[0, 1]), 3) for fit in fits]
        off = max(float(np.abs(fit.splits()[first, second] - 0.5).max()) for fit in fits)
        errors[str(members)] = round(off, 3)
    return {
        "camps": round(float(choice_chances(CAMP_STRENGTH, places)[1]), 4), "careless": 0.3333,
        "ensembles": said, "errors": errors,
    }  # fmt: skip


# -- the study ------------------------------------------------------------------------------------


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from one seed of one world and the camps, repeated."""
    stored = content["result"]
    fresh = calibration_errors("firm", SEEDS[:1])["first"]
    found = differences(stored["worlds"]["firm"]["first"], fresh, TOLERANCE, "firm.")
    camps = camp_choices()
    return found + differences(stored["camps"]["camps"], camps["camps"], 1e-3, "camps.")


STUDY = ModuleStudy(
    name="pair-calibration",
    title="Splits of pairs by an ensemble without rater ids",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)

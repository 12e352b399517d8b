"""Populations for the study of few pairs: Pets, a maze, three kinds, texts, and spread tastes.

Each draws training raters, unseen raters with context pairs and query pairs, and an oracle. The
queries of the maze are about places that nobody compared, those of texts about prompts that nobody
rated. In all worlds but the last, raters are of two or three types.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import expit, xlogy

from scrl.reward_models.comparisons import Comparisons, sample_comparisons
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies import maze_world
from scrl.studies.few_shot_worlds import KIND_SHARES, TasteWorld, draw_taste_world
from scrl.text.encoder import SentenceEncoder
from scrl.text.features import with_text_features
from scrl.types import Catalogue

TEXTS = ("text-detail", "text-caution", "text-tone")
WORLDS = ("pets", "maze", "kinds", *TEXTS, "spread")
#: Features and items of the worlds of linear tastes, their bases, and their part of the streams of
#: ``TasteWorld``.
FEATURES, ITEMS, BASES, PART = 10, 20, {"kinds": len(KIND_SHARES), "spread": 5}, 100
#: A pair is disputed where at least this share of raters goes each way, if there are no types.
DISPUTED_SHARE = 0.25


@dataclass(frozen=True)
class WorldSizes:
    """Sizes of a world.

    Attributes:
        raters, pairs: training raters, and pairs of each.
        unseen, context, queries: unseen raters, and context and query pairs of each.
    """

    raters: int = 300
    pairs: int = 16
    unseen: int = 300
    context: int = 16
    queries: int = 32


@dataclass(frozen=True, eq=False)
class PairWorld:
    """Raters of a few types, their pairs, and what is true of them.

    Attributes:
        name: one of ``WORLDS``.
        train: pairs of the training raters.
        context, queries: pairs of the unseen raters. The three may have different items.
        share: of the types ``[types]``; without types each unseen rater is one.
        rewards_context, rewards_queries: true rewards of the items of ``context`` and ``queries``
            in log-odds ``[types, items]``; without noise only their order has a meaning.
        noisy: whether raters err, as Bradley–Terry states.
        strict_pairs: the number of ordered pairs that each type does not tie, where raters are
            asked about no other pairs ``[types]``; None where all pairs are asked alike.
        tastes: the world of spread tastes that this is; None where there are types.
    """

    name: str
    train: Comparisons
    context: Comparisons
    queries: Comparisons
    share: np.ndarray
    rewards_context: np.ndarray
    rewards_queries: np.ndarray
    noisy: bool
    strict_pairs: np.ndarray | None = None
    tastes: TasteWorld | None = None

    @property
    def minority(self) -> np.ndarray | None:
        """Which unseen raters are of the smallest type, bool ``[raters]``; None where two are."""
        smallest = np.flatnonzero(self.share <= self.share.min() + 1e-9)
        types = self.context.rater_type
        return None if len(smallest) > 1 or types is None else types == smallest[0]

    @property
    def disputed(self) -> np.ndarray:
        """Whether two types order a query pair in opposite ways, bool ``[raters, pairs]``.

        Without types: whether at least ``DISPUTED_SHARE`` of the raters go each way.
        """
        gap = _gaps(self.rewards_queries, self.queries)
        if self.tastes is None:
            return (gap.min(0) < 0) & (gap.max(0) > 0)
        return np.minimum((gap < 0).mean(0), (gap > 0).mean(0)) >= DISPUTED_SHARE

    def oracle_probabilities(self, context: Comparisons, queries: Comparisons) -> np.ndarray:
        """P(first ≻ second) of someone who knows the types, their shares and their noise.

        The posterior of each rater's type is exact; that of a spread taste is Laplace's.
        """
        if self.tastes is not None:
            return self.tastes.oracle_probabilities(context, queries)
        seen, asked = _gaps(self.rewards_context, context), _gaps(self.rewards_queries, queries)
        log = xlogy(context.mask, np.maximum(self._answers(seen) * self._asked(seen), 1e-300))
        logit = np.log(self.share)[:, None] + log.sum(2)
        weight = np.exp(logit - logit.max(0))
        belief = (weight / weight.sum(0))[..., None] * self._asked(asked)
        total = belief.sum(0)
        found = (belief * self._answers(asked)).sum(0) / np.maximum(total, 1e-300)
        return np.where(total > 0, found, 0.5)

    def _answers(self, gap: np.ndarray) -> np.ndarray:
        """P(first ≻ second) of each type, for gaps of any shape."""
        return expit(gap) if self.noisy else 0.5 + 0.5 * np.sign(gap)

    def _asked(self, gap: np.ndarray) -> np.ndarray:
        """Relative chances that raters of each type are asked ``[types, raters, pairs]``."""
        if self.strict_pairs is None:
            return np.ones_like(gap)
        return (gap != 0) / self.strict_pairs[:, None, None]


def _gaps(rewards: np.ndarray, pairs: Comparisons) -> np.ndarray:
    """Gap of each pair for each type ``[types, raters, pairs]``."""
    return rewards[:, pairs.pairs[..., 0]] - rewards[:, pairs.pairs[..., 1]]


def draw_pair_world(name: str, seed: int, sizes: WorldSizes) -> PairWorld:
    """Draw a world.

    Args:
        name: one of ``WORLDS``.
        seed: of the draws.
        sizes: numbers of raters and pairs.
    """
    if name == "pets":
        scenario = load_scenario(gallery()["pets"])
        return _of_scenario(name, (scenario, scenario), scenario.catalogue, seed, sizes)
    if name == "maze":
        return _maze(seed, sizes)
    return _linear(name, seed, sizes) if name in BASES else _texts(name, seed, sizes)


def _maze(seed: int, sizes: WorldSizes) -> PairWorld:
    train = maze_world.sample_users(seed, sizes.raters, sizes.pairs, 0)
    context = maze_world.sample_users(seed, sizes.unseen, sizes.context, 1)
    queries = maze_world.sample_users(seed, sizes.unseen, sizes.queries, 2)
    cells = maze_world.cell_rewards()
    strict = (cells[:, :, None] != cells[:, None, :]).sum((1, 2))
    return PairWorld(
        "maze", train, context, queries, np.full(2, 0.5), _of_points(context), _of_points(queries),
        noisy=False, strict_pairs=strict,
    )  # fmt: skip


def _of_points(places: Comparisons) -> np.ndarray:
    """True rewards of places in the maze ``[goals, items]``."""
    cell = np.round(maze_world.points_of_features(places.features)).astype(int)
    number = np.full(maze_world.walls().shape, -1)
    number[tuple(maze_world.free_cells().T)] = np.arange(len(maze_world.free_cells()))
    return maze_world.cell_rewards()[:, number[tuple(cell.T)]]


def _linear(tastes: str, seed: int, sizes: WorldSizes) -> PairWorld:
    """Tastes that are linear in ten features: of three kinds, or spread."""
    asked = sizes.context + sizes.queries
    drawn = draw_taste_world(
        tastes, seed, PART, sizes.raters + sizes.unseen, max(asked, sizes.pairs), BASES[tastes],
        FEATURES, ITEMS,
    )  # fmt: skip
    every, kinds = drawn.comparisons, tastes == "kinds"
    if kinds:
        every = replace(every, rater_type=drawn.weights.argmax(1))
    unseen = every.select_raters(np.arange(sizes.raters, every.raters))
    span = slice(sizes.context, asked)
    queries = replace(unseen, pairs=unseen.pairs[:, span], mask=unseen.mask[:, span])
    weights = np.eye(BASES[tastes]) if kinds else drawn.weights[sizes.raters :]
    share = np.array(KIND_SHARES) if kinds else np.full(sizes.unseen, 1 / sizes.unseen)
    rewards = weights @ drawn.theta @ drawn.features.T
    return PairWorld(
        tastes, every.select_raters(np.arange(sizes.raters)).first_pairs(sizes.pairs),
        unseen.first_pairs(sizes.context), queries, share, rewards, rewards, noisy=True,
        tastes=None if kinds else drawn,
    )  # fmt: skip


# -- scenarios ------------------------------------------------------------------------------------


def _of_scenario(
    name: str,
    scenarios: tuple[Scenario, Scenario],
    catalogue: Catalogue,
    seed: int,
    sizes: WorldSizes,
) -> PairWorld:
    """The world of a scenario for training and context, and one for queries.

    Args:
        catalogue: of the items; features of completions are those that models read.
    """
    known, asked = scenarios
    drawn = [
        sample_comparisons(known, seed, sizes.raters, sizes.pairs, 0),
        sample_comparisons(known, seed, sizes.unseen, sizes.context, 1),
        sample_comparisons(asked, seed, sizes.unseen, sizes.queries, 2),
    ]
    if catalogue.completion_features is not None:
        features = catalogue.completion_features[catalogue.members]
        drawn = [replace(c, features=features, catalogue=catalogue) for c in drawn]
    train, context, queries = drawn
    rewards = known.type_utilities / (known.noise or 1.0)
    return PairWorld(
        name, train, context, queries, known.type_shares, rewards, rewards,
        noisy=known.noise > 0,
    )  # fmt: skip


def _texts(name: str, seed: int, sizes: WorldSizes) -> PairWorld:
    """One prompt of each kind is new; everybody answers everything."""
    scenario, catalogue = _text_scenario(name)
    kinds = np.array([prompt.kind or "" for prompt in scenario.prompts.values()])
    # A different prompt of each kind in turn: no draw is needed.
    new = [
        rows[seed % len(rows)] for k in np.unique(kinds) for rows in [np.flatnonzero(kinds == k)]
    ]
    is_new = np.isin(np.arange(len(kinds)), new)
    scenarios = (_answered(scenario, ~is_new), _answered(scenario, is_new))
    return _of_scenario(name, scenarios, catalogue, seed, sizes)


@lru_cache(maxsize=len(TEXTS))
def _text_scenario(name: str) -> tuple[Scenario, Catalogue]:
    """A scenario over texts, and its catalogue with features of texts."""
    scenario = load_scenario(gallery()[name]).model_copy(update={"features": None})
    return scenario, with_text_features(scenario.catalogue, SentenceEncoder())


def _answered(scenario: Scenario, prompts: np.ndarray) -> Scenario:
    """The scenario where everybody answers these prompts (bool ``[prompts]``) and no other."""
    answers = {p: float(kept) for p, kept in zip(scenario.prompts, prompts, strict=True)}
    types = {
        name: t.model_copy(update={"answers": answers, "includes": {}})
        for name, t in scenario.types.items()
    }
    return scenario.model_copy(update={"types": types})

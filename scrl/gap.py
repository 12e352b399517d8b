"""Why vanilla is wrong: its distance to the truth, split into parts that add up.

Four things stand between the Bradley–Terry order of a sample and the truth under a rule:

- ``sampling``: raters are finitely many;
- ``not at random``: who is silent, on what, depends on what they think;
- ``at random``: as much is left unsaid, but by everyone alike;
- ``rule``: Bradley–Terry is not the rule that was chosen.

Each is removed by a counterfactual that is run: infinitely many raters; every type's chances to
answer and include replaced by the population's (as many ballots hold each completion); complete
ballots; the rule itself on those same ballots. All twelve cells (finite or not × three patterns of
silence × two ways of counting) are computed, so the parts can be removed in any order. Silence not
at random goes before silence at random, for once nothing is silent there is no pattern left; that
leaves twelve orders. A part's size is its mean over them: Shapley's value under precedence (Faigle
& Kern 1992). Along each order the parts telescope from vanilla to the truth, so they add up
exactly, and so does the mean. Where the orders disagree parts interact; least and most say how
much.

Two scales: pairs put the wrong way round (½ where one of two orders ties), and the gap of a pair
in log-odds. A rule has no log-odds: in its cells the Bradley–Terry scores of the same ballots are
dealt out in the rule's order, ties averaged, so the rule moves scores only where it moves places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import permutations, product

import numpy as np

from scrl.agreement import order_places
from scrl.bradley_terry import maximum_a_posteriori, pair_counts
from scrl.config import RewardConfig
from scrl.sampling import allot, expected_pair_weights, sample, shares, true_ballots
from scrl.sampling import type_utilities as utilities_of
from scrl.scenario import Scenario, with_overrides
from scrl.types import Ballots, InputError, Ratings, places_to_order
from scrl.voting.aggregate import aggregate, weak_order
from scrl.voting.ballots import only_orders

PARTS = ("sampling", "not at random", "at random", "rule")
#: Orders in which the parts may be removed; the first is the path that pages draw.
ORDERS = tuple(
    order for order in permutations(PARTS) if order.index(PARTS[1]) < order.index(PARTS[2])
)
#: Cells: (raters without end, pattern of silence, counted by the rule).
SHAPE = (2, 3, 2)
#: Up to so many completions every sub-ballot is enumerated; else so many a type are drawn.
ENUMERATED, DRAWS = 8, 1024
#: Resamples by which sampling error is judged, and what they may draw in all.
RESAMPLES, CELLS = 200, 40_000_000

State = tuple[int, int, int]


def removed(state: State, part: str) -> State:
    """The cell in which this part is removed too."""
    endless, pattern, rule = state
    if part == "sampling":
        return 1, pattern, rule
    if part == "rule":
        return endless, pattern, 1
    return endless, max(pattern, 1 if part == "not at random" else 2), rule


def state_of(parts: Sequence[str]) -> State:
    """The cell in which these parts are removed, and no other."""
    state: State = (0, 0, 0)
    for part in parts:
        state = removed(state, part)
    return state


@dataclass(frozen=True, eq=False)
class Gap:
    """One prompt under one rule.

    Attributes:
        names: of its completions; ``rule``.
        scores: of every cell, centred log-odds ``[2, 3, 2, completions]``.
        place: how many stand strictly ahead, same shape.
        resampled: vanilla's scores in other samples of as many raters ``[resamples,
            completions]``.
    """

    names: tuple[str, ...]
    rule: str
    scores: np.ndarray
    place: np.ndarray
    resampled: np.ndarray

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """Every pair ``[pairs]`` twice, the truly better first where one is."""
        first, second = np.triu_indices(len(self.names), 1)
        true = self.place[1, 2, 1]
        swap = true[first] > true[second]
        return np.where(swap, second, first), np.where(swap, first, second)

    @cached_property
    def wrong(self) -> np.ndarray:
        """How wrong each cell has each pair, 0, ½ or 1 ``[2, 3, 2, pairs]``."""
        return wrongness(self.place, self.place[1, 2, 1], self.pairs)

    @cached_property
    def margin(self) -> np.ndarray:
        """By how many log-odds each cell puts the truly better of a pair ahead, same shape."""
        first, second = self.pairs
        return self.scores[..., first] - self.scores[..., second]

    def order(self, state: State) -> list[list[str]]:
        return places_to_order(self.place[state], list(self.names))

    def distance(self, state: State = (0, 0, 0)) -> float:
        """Pairs that a cell has the wrong way round, ½ where only one order ties."""
        return float(self.wrong[state].sum())

    @cached_property
    def resampled_distance(self) -> np.ndarray:
        """The same of vanilla in other samples ``[resamples]``."""
        place = places_of(self.resampled)
        return wrongness(place, self.place[1, 2, 1], self.pairs).sum(-1)

    def label(self, pair: int) -> tuple[str, str]:
        """The names of a pair, the truly better first."""
        return self.names[self.pairs[0][pair]], self.names[self.pairs[1][pair]]


def wrongness(place: np.ndarray, true: np.ndarray, pairs: tuple) -> np.ndarray:
    """How wrong places ``[..., completions]`` have each pair ``[..., pairs]``: 0, ½ or 1."""
    first, second = pairs
    return 0.5 * np.abs(
        np.sign(place[..., second] - place[..., first]) - np.sign(true[second] - true[first])
    )


def along(cells: np.ndarray, order: Sequence[str] = PARTS) -> np.ndarray:
    """What each part of ``PARTS`` adds to a cell's value on the way to the truth ``[parts, ...]``.

    Args:
        cells: values ``[2, 3, 2, ...]``.
        order: in which they are removed. The parts add up to the first cell less the last.
    """
    found = np.zeros((len(PARTS), *cells.shape[3:]))
    state: State = (0, 0, 0)
    for part in order:
        after = removed(state, part)
        found[PARTS.index(part)] = cells[state] - cells[after]
        state = after
    return found


@dataclass(frozen=True, eq=False)
class Split:
    """Parts ``[parts, ...]`` of the distance in one scale.

    Attributes:
        path: along the first order; ``mean``: over all orders (Shapley's value under precedence);
            ``least``, ``most``: over all orders. They differ where parts interact.
    """

    path: np.ndarray
    mean: np.ndarray
    least: np.ndarray
    most: np.ndarray


def split(cells: np.ndarray) -> Split:
    """The parts of ``cells[0, 0, 0] - cells[1, 2, 1]``, values ``[2, 3, 2, ...]``."""
    every = np.stack([along(cells, order) for order in ORDERS])
    return Split(every[0], every.mean(0), every.min(0), every.max(0))


# -- counterfactuals -----------------------------------------------------------------------------


def mixed(scenario: Scenario) -> Scenario:
    """As much silence, but independent of type: as many raters answer each prompt, and as many
    ballots hold each completion, as in ``scenario`` on average."""
    share = shares(scenario)
    types = list(scenario.types.values())
    answers, includes = {}, {}
    for p in scenario.prompts:
        asked = share * [t.answers.get(p, 1.0) for t in types]
        answers[p] = min(1.0, float(asked.sum()))
        weight = asked / asked.sum() if asked.sum() else share
        includes[p] = {
            c: min(1.0, float(weight @ [t.includes.get(p, {}).get(c, 1.0) for t in types]))
            for c in scenario.offered(p)
        }
    return _silence(scenario, answers, includes)


def complete(scenario: Scenario) -> Scenario:
    """Everyone ranks everything."""
    full = {p: dict.fromkeys(scenario.offered(p), 1.0) for p in scenario.prompts}
    return _silence(scenario, dict.fromkeys(scenario.prompts, 1.0), full)


def _silence(scenario: Scenario, answers: dict, includes: dict) -> Scenario:
    names = scenario.type_names
    return with_overrides(
        scenario, includes=dict.fromkeys(names, includes), answers=dict.fromkeys(names, answers)
    )


def explain(scenario: Scenario, rule: str, seed: int = 0) -> dict[str, Gap]:
    """Why Bradley–Terry on the sample of ``seed`` is not the truth under ``rule``, by prompt.

    Exact without noise; with noise the rule counts ``DRAWS`` voters a type for infinitely many.

    Raises:
        InputError: for a rule that is unknown, reads utilities, or cannot count so many
            completions; where complete ballots would be too many rows.
    """
    only_orders([rule], "the parts compare orders")
    worlds = (scenario, mixed(scenario), complete(scenario))
    drawn = [sample(world, seed).ratings for world in worlds]
    seen = [_pair_matrices(ratings) for ratings in drawn]
    expected = [expected_pair_weights(world) for world in worlds]
    others = resampled(scenario, seed)
    found = {}
    for p, prompt in enumerate(scenario.prompts):
        m = len(expected[0][p])
        wins = np.stack(
            [[s[p] for s in seen], [weight[p] * scenario.raters for weight in expected]]
        )
        plain = maximum_a_posteriori(wins, RewardConfig().prior_sd)
        rows = [[_rows(r, p) for r in drawn], _endless(worlds, p, seed)]
        place = np.empty((*SHAPE, m), int)
        place[:, :, 0] = places_of(plain)
        place[:, :, 1] = _counted(rows, m, rule)
        scores = np.stack([plain, _dealt(plain, place[:, :, 1])], axis=2)
        found[prompt] = Gap(tuple(scenario.offered(prompt)), rule, scores, place, others[p])
    return found


def places_of(scores: np.ndarray) -> np.ndarray:
    """Balanced counts give scores that are equal but for rounding."""
    return weak_order(np.round(scores, 6))


def _dealt(scores: np.ndarray, place: np.ndarray) -> np.ndarray:
    """The same scores ``[..., completions]`` in another order, ties averaged."""
    fallen = -np.sort(-scores, axis=-1)
    tied = place[..., :, None] == place[..., None, :]
    size = tied.sum(-1)
    total = np.concatenate([np.zeros((*scores.shape[:-1], 1)), np.cumsum(fallen, -1)], -1)
    ends = np.take_along_axis(total, place + size, -1)
    return (ends - np.take_along_axis(total, place, -1)) / size


def _pair_matrices(ratings: Ratings) -> list[np.ndarray]:
    """Wins of a over b, of each prompt ``[m, m]``."""
    counts, offsets = pair_counts(ratings), ratings.catalogue.offsets
    prompt = np.searchsorted(offsets, counts.first, side="right") - 1
    found = []
    for p, size in enumerate(np.diff(offsets)):
        wins, mine = np.zeros((size, size)), prompt == p
        first, second = counts.first[mine] - offsets[p], counts.second[mine] - offsets[p]
        wins[first, second] = counts.wins_first[mine]
        wins[second, first] = counts.wins_second[mine]
        found.append(wins)
    return found


def _rows(ratings: Ratings, p: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct ballots of one prompt: ranks ``[rows, m]``, -1 for what was left out, and how many
    raters cast each ``[rows]``."""
    some = ratings.select(ratings.ballot_prompt == p)
    start, stop = ratings.catalogue.offsets[p : p + 2]
    rank = np.full((some.ballots, stop - start), -1)
    rank[some.entry_ballot, some.item - start] = some.rank
    return np.unique(rank[some.sizes >= 2], axis=0, return_counts=True)


def _endless(worlds: Sequence[Scenario], p: int, seed: int) -> list[tuple]:
    """As ``_rows`` for infinitely many raters of each world, with utilities for ranks."""
    ballots = true_ballots(worlds[0], DRAWS, seed)[p]
    utility, weight = ballots.utility, np.asarray(ballots.weight)
    m = utility.shape[1]
    each = len(utility) // len(worlds[0].types)
    found = []
    for world in worlds[:2]:
        chance = np.array(
            [[t.answers.get(q, 1.0), *(t.includes.get(q, {}).get(c, 1.0) for c in world.offered(q))]
             for q in [list(world.prompts)[p]] for t in world.types.values()]
        )  # fmt: skip
        include, answer = chance[:, 1:].repeat(each, 0), chance[:, 0].repeat(each)
        if m <= ENUMERATED and each == 1:
            on = np.array(list(product((False, True), repeat=m)))
            odds = np.where(on, include[:, None], 1 - include[:, None]).prod(-1)
            on, many = np.tile(on, (len(utility), 1)), len(on)
            said, share = utility.repeat(many, 0), ((weight * answer)[:, None] * odds).ravel()
        else:
            many = 1 if each > 1 else DRAWS
            said, share = utility.repeat(many, 0), (weight * answer).repeat(many) / many
            draws = np.random.default_rng([seed, p]).random(said.shape)
            on = draws < include.repeat(many, 0)
        heard = (on.sum(1) >= 2) & (share > 0)
        found.append((np.where(on, said, np.nan)[heard], share[heard]))
    return [*found, (utility, weight)]


def _counted(rows, m: int, rule: str) -> np.ndarray:
    """Places ``[2, 3, completions]`` by the rule on the ballots of six cells."""
    ballots = [
        (np.where(said < 0, np.nan, -said.astype(float)) if not endless else said, weight)
        for endless, cells in enumerate(rows)
        for said, weight in cells
    ]
    most = max(len(weight) for _, weight in ballots)
    utility, share = np.full((6, max(most, 1), m), np.nan), np.zeros((6, max(most, 1)))
    for i, (said, weight) in enumerate(ballots):
        utility[i, : len(weight)], share[i, : len(weight)] = said, weight
    ranked = ~np.isnan(utility)
    place = np.zeros((6, m), int)
    some = share.sum(1) > 0  # where nobody says anything, all are tied
    if some.any():
        given = Ballots(np.nan_to_num(utility[some]), ranked=ranked[some], weight=share[some])
        place[some] = aggregate(given, rule).place
    return place.reshape(2, 3, m)


# -- other samples -------------------------------------------------------------------------------


def resampled(scenario: Scenario, seed: int = 0, many: int = RESAMPLES) -> list[np.ndarray]:
    """Vanilla's scores in other samples of as many raters, of each prompt ``[resamples, m]``.

    All are fitted together. Fewer than ``many``, at least 20, where they would draw too much.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(7,)))
    share, table, offsets = shares(scenario), utilities_of(scenario), scenario.catalogue().offsets
    found = []
    for p, prompt in enumerate(scenario.prompts):
        utility = table[:, offsets[p] : offsets[p + 1]]
        m = utility.shape[1]
        cost = scenario.raters * m * (m if scenario.noise else 1)
        cheap = m <= ENUMERATED and not scenario.noise
        size = many if cheap else int(np.clip(CELLS // cost, 20, many))
        wins = np.zeros((size, m, m))
        kinds = np.tile(allot(share, scenario.raters), (size, 1))
        if scenario.sampling == "iid":
            kinds = rng.multinomial(scenario.raters, share, size)
        for t, kind in enumerate(scenario.types.values()):
            answer = kind.answers.get(prompt, 1.0)
            include = np.array(
                [kind.includes.get(prompt, {}).get(c, 1.0) for c in scenario.offered(prompt)]
            )
            above = 0.5 + 0.5 * np.sign(utility[t][:, None] - utility[t])
            if cheap:
                on = np.array(list(product((0.0, 1.0), repeat=m)))
                odds = np.where(on > 0, include, 1 - include).prod(1)
                who = rng.binomial(kinds[:, t], answer)
                count = rng.multinomial(who, odds / odds.sum())
                wins += np.einsum("rs,sa,sb->rab", count, on, on, optimize=True) * above
                continue
            for r in range(size):
                on = rng.random((rng.binomial(kinds[r, t], answer), m)) < include
                if not scenario.noise:
                    on = on.astype(np.float32)
                    wins[r] += (on.T @ on) * above
                    continue
                said = utility[t] + scenario.noise * rng.gumbel(size=on.shape)
                ahead = said[:, :, None] > said[:, None, :]
                wins[r] += (ahead & on[:, :, None] & on[:, None, :]).sum(0)
        wins[:, np.arange(m), np.arange(m)] = 0.0
        found.append(maximum_a_posteriori(wins, RewardConfig().prior_sd))
    return found


# -- the social model ----------------------------------------------------------------------------

SOCIAL_PARTS = ("social network", "individual model", "sampling of raters")
_STATIONS = ("social", "voters", "raters", "truth")


def social_split(entry: Mapping, rule: str) -> dict:
    """The same of a run's social model: social order → simulated voters' → the sampled raters' own
    complete ballots' (the oracle) → truth. Each station is made from the next, so there is one
    order of removal.

    Args:
        entry: of one prompt, as in a result file.

    Returns:
        ``orders``: by station; ``pairs``: (better, worse) names; ``wrong``: ``[4, pairs]`` by
        station; ``parts``: ``[3, pairs]``, which add up to the first station's.

    Raises:
        InputError: where the run has no truth.
    """
    if "truth" not in entry:
        raise InputError("Nobody knows the truth about real raters, so there is no gap to split.")
    names = entry["completions"]
    orders = {station: entry[station][rule]["order"] for station in _STATIONS}
    place = np.array([order_places(order, names) for order in orders.values()])
    first, second = np.triu_indices(len(names), 1)
    swap = place[-1][first] > place[-1][second]
    pairs = np.where(swap, second, first), np.where(swap, first, second)
    wrong = wrongness(place, place[-1], pairs)
    return {
        "orders": orders,
        "pairs": [(names[a], names[b]) for a, b in zip(*pairs, strict=True)],
        "wrong": wrong,
        "parts": wrong[:-1] - wrong[1:],
    }

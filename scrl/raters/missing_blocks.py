"""What a whole kind of rater never said, what is inferred of it, and how far that can be trusted.

Hiding completions at random never tests whether a kind of rater that was silent about a prompt is
understood: there, somebody like it always spoke. Here the test is the situation itself. For each
silence, other kinds are made silent in the same way, and what they did say is predicted. The
choice of what prompts share (``IndividualConfig.shared`` and ``penalty``) under which that
succeeds best is taken, and how well it succeeded says how wide the inference about the truly
silent is: a normal error on each reward, whose scale has a posterior over ``SCALES``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse.csgraph import connected_components
from scipy.special import gammaln, log_ndtr, ndtr

from scrl.config import SilenceConfig
from scrl.random_streams import HostStream, KeyStream, host_rng, jax_key
from scrl.raters.density import Density
from scrl.raters.model import Individual, fit_individual
from scrl.raters.network import Posterior
from scrl.types import Catalogue, Ratings

#: Standard deviations, in log-odds, of the error of an inferred reward.
SCALES = np.geomspace(0.25, 32.0, 15)
#: Raters of a kind that are asked, at most.
SAMPLE = 64
#: Nats a rater by which two components of one kind may differ.
SAME = 0.25


@dataclass(frozen=True, eq=False)
class Hole:
    """Items of one prompt on which a kind of rater is silent.

    Attributes:
        kind: which; prompt: of the items; items: bool ``[items]``.
    """

    kind: int
    prompt: int
    items: np.ndarray


@dataclass(frozen=True)
class Choice:
    """What prompts are taken to share, and what that explains.

    Attributes:
        shared, penalty: of the individual model.
        hidden, seen: log-likelihood of what kinds said where they were made silent, and where
            they were heard, in nats, each kind counting once.
        right: share of the pairs that were heard whose order is fitted, kind by kind.
    """

    shared: int
    penalty: float
    hidden: float
    seen: float
    right: float

    @property
    def nats(self) -> float:
        return self.hidden + self.seen


@dataclass(frozen=True, eq=False)
class Silence:
    """What is known of silences.

    Attributes:
        kinds: the kind that each component of the density stands for ``[components]``.
        heard: share of each kind's raters whose ballots hold an item ``[kinds, items]``.
        silent: where that is next to nothing, same shape.
        choices: those that were tried; chosen: which of them was taken, -1 where none was tried.
        weight: posterior of the error's scale ``[scales]``.
        tests: how many kinds were made silent to learn it.
    """

    kinds: np.ndarray
    heard: np.ndarray
    silent: np.ndarray
    choices: tuple[Choice, ...]
    chosen: int
    weight: np.ndarray
    tests: int

    @property
    def shared(self) -> int:
        """Utilities that prompts were found to share; 0 where nothing had to be inferred."""
        return self.choices[self.chosen].shared if self.choices else 0

    @property
    def penalty(self) -> float:
        return self.choices[self.chosen].penalty if self.choices else 0.0

    def blur(
        self, rewards: np.ndarray, kind: np.ndarray, item: np.ndarray, seed: int
    ) -> np.ndarray:
        """Rewards with the error that an inference about the silent has.

        Args:
            rewards: ``[contests, voters, candidates]``; kind: of each voter ``[voters]``; item:
                ``[contests, candidates]``.
            seed: of the run; it gives an item the same errors in any grouping of contests.
        """
        if not self.silent[:, item].any():
            return rewards
        rewards, voters = rewards.copy(), len(kind)
        scale = np.repeat(SCALES, _cumulative_rounding(self.weight, voters))
        scale = host_rng(seed, HostStream.IMPUTATION_NOISE).permutation(scale).astype(np.float32)
        for c, column in np.argwhere(self.silent[:, item].any(axis=0)):
            i = int(item[c, column])
            rng = host_rng(seed, HostStream.IMPUTATION_NOISE_OF_ITEM, i)
            error = rng.standard_normal(voters, np.float32) * scale
            rewards[c, :, column] += np.where(self.silent[kind, i], error, 0.0)
        return rewards

    def above(self, rewards: np.ndarray, kind: int) -> np.ndarray:
        """The chance that such a rater puts each item above each other ``[items, items]``, from
        the rewards of one ``[items]``; where it was heard, its own order."""
        gap = rewards[:, None] - rewards[None, :]
        errors = np.add.outer(self.silent[kind].astype(float), self.silent[kind])
        wide = SCALES * np.sqrt(np.maximum(errors, 1))[..., None]
        inferred = ndtr(gap[..., None] / wide) @ self.weight
        return np.where(errors > 0, inferred, 0.5 * (1 + np.sign(gap)))


def _cumulative_rounding(weight: np.ndarray, total: int) -> np.ndarray:
    """``total`` divided in proportion to ``weight``: differences of the rounded cumulative sums."""
    edges = np.round(np.concatenate([[0.0], np.cumsum(weight)]) * total).astype(int)
    return np.diff(edges)


def kinds_of(
    individual: Individual,
    ratings: Ratings,
    read: np.ndarray,
    component: np.ndarray,
    density: Density,
) -> np.ndarray:
    """The kind that each component of a density stands for ``[components]``.

    Components are told apart by who said what as well as by what they think. Two are one kind
    where the mean rater of the one explains the other's ballots as well as its own does.

    Args:
        read: raters ``[read]``; component: of each ``[read]``.
    """
    present = np.unique(component)
    mean = individual.embed(ratings)[1].mean
    middle = np.stack([mean[component == k].mean(axis=0) for k in present])
    worse = np.zeros((len(present), len(present)))
    for row, k in enumerate(present):
        some = read[component == k]
        some = some[:: max(1, -(-len(some) // SAMPLE))]
        ballots = individual.distinct(ratings.select(np.isin(ratings.ballot_rater, some)), SAMPLE)
        count, nats = individual.log_likelihood(ballots, middle)
        explained = count @ nats / count.sum()
        worse[row] = explained[row] - explained
    _, kind = connected_components(worse < SAME, directed=False)
    # A component that is nobody's likeliest goes with the nearest.
    nearest = np.linalg.norm(density.mean[:, None] - middle, axis=-1).argmin(axis=1)
    nearest[present] = np.arange(len(present))
    return kind[nearest]


def heard_by(ratings: Ratings, kind_of: np.ndarray) -> np.ndarray:
    """Share of each kind's raters whose ballots hold each item ``[kinds, items]``.

    Args:
        kind_of: of each rater ``[raters]``, -1 for those who were not read.
    """
    rater = ratings.ballot_rater[ratings.entry_ballot]
    told = np.unique(np.stack([rater, ratings.item])[:, kind_of[rater] >= 0], axis=1)
    found = np.zeros((kind_of.max() + 1, ratings.catalogue.items))
    np.add.at(found, (kind_of[told[0]], told[1]), 1.0)
    return found / np.maximum(np.bincount(kind_of[kind_of >= 0]), 1)[:, None]


def holes(silent: np.ndarray, catalogue: Catalogue) -> list[Hole]:
    """The silences ``[kinds, items]`` prompt by prompt. An item of which nobody spoke is no
    question of kinds, and none of a kind that said nothing at all."""
    found = []
    spoken = ~silent.all(axis=0)
    for kind in np.flatnonzero(~silent.all(axis=1)):
        for prompt in range(len(catalogue.prompts)):
            mine = silent[kind] & spoken & (catalogue.item_prompt == prompt)
            if mine.any():
                found.append(Hole(int(kind), prompt, mine))
    return found


def trials(found: Sequence[Hole], silent: np.ndarray, most: int) -> list[Hole]:
    """Kinds that did speak where another is silent, to be made silent there: at most ``most``,
    taken from the silences in turn."""
    queues = []
    for hole in found:
        others = np.flatnonzero(~silent[:, hole.items].any(axis=1))
        # What is left must be something: a kind that spoke of this alone would become nobody.
        others = [k for k in others if (~silent[k] & ~hole.items).any()]
        queues.append([Hole(int(k), hole.prompt, hole.items) for k in others])
    taken: list[Hole] = []
    for i in range(max(map(len, queues), default=0)):
        for queue in queues:
            known = any(
                i < len(queue) and t.kind == queue[i].kind and (t.items == queue[i].items).all()
                for t in taken
            )
            if i < len(queue) and not known and len(taken) < most:
                taken.append(queue[i])
    return taken


def _survey(individual, ratings, embedded, density, floor: float):
    """``kinds``, ``kind_of`` each rater ``[raters]``, ``heard`` and ``silent``."""
    read, posterior = embedded
    component = density.membership(posterior.mean).argmax(axis=1)
    kinds = kinds_of(individual, ratings, read, component, density)
    kind_of = np.full(len(ratings.raters), -1)
    kind_of[read] = kinds[component]
    heard = heard_by(ratings, kind_of)
    return kinds, kind_of, heard, heard < floor


def surveyed(silence: Silence, individual, ratings, embedded, density, config) -> Silence:
    """The same lessons, with the kinds of another model and density (arguments as ``listen``)."""
    kinds, _, heard, silent = _survey(individual, ratings, embedded, density, config.floor)
    return replace(silence, kinds=kinds, heard=heard, silent=silent)


def listen(
    seed: int,
    ratings: Ratings,
    individual: Individual,
    embedded: tuple[np.ndarray, Posterior],
    density: Density,
    config: SilenceConfig,
    on_share: Callable[[float], None] | None = None,
) -> Silence:
    """Find what kinds of rater are silent about, and learn how far it can be inferred.

    Args:
        seed: of the run.
        individual, embedded, density: steps 1 and 2 as fitted without sharing.
        on_share: called with the share of the trainings done; what it raises ends them.
    """
    kinds, kind_of, heard, silent = _survey(individual, ratings, embedded, density, config.floor)
    catalogue = ratings.catalogue
    found = holes(silent, catalogue)
    even = np.full(len(SCALES), 1 / len(SCALES))
    none = Silence(kinds, heard, silent, (), -1, even, 0)
    if not found or not config.choose:
        return none
    tests = trials(found, silent, config.tests)
    if not tests:  # nobody to learn it from: nothing can be known
        return replace(none, weight=np.eye(len(SCALES))[-1])
    base = individual.config
    most = min(config.shared, len(catalogue.prompts) - 1)
    # From nothing in common to the most.
    wanted = [(0, 0.0)] + [(k, p) for k in range(most, 0, -1) for p in sorted(config.penalties)]
    trial = replace(base, schedule=config.schedule)
    jobs = [(choice, test) for choice in wanted for test in range(len(tests))]
    done = [0]

    def work(job) -> tuple[np.ndarray, float, float]:
        (shared, penalty), test = job
        # The choices are compared on the same draws: one key for each test.
        key = jax_key(seed, KeyStream.MISSING_BLOCKS, test)
        asked = replace(trial, shared=shared, penalty=penalty)
        hole = tests[test]
        hidden = (kind_of == hole.kind, hole.items)
        model, _ = fit_individual(key, ratings, asked, hidden=hidden, most=most)
        answer = _told(model, ratings, kind_of, hole)
        done[0] += 1
        if on_share is not None:
            on_share(done[0] / len(jobs))
        return answer

    # The first alone, since it compiles for all.
    answers = [work(jobs[0])]
    pool = ThreadPoolExecutor(os.cpu_count() or 1)
    try:
        answers += pool.map(work, jobs[1:])
    finally:
        pool.shutdown(cancel_futures=True)
    by_choice = [answers[i : i + len(tests)] for i in range(0, len(jobs), len(tests))]
    curves = [np.sum([hidden for hidden, *_ in of], axis=0) for of in by_choice]
    choices = tuple(
        Choice(k, p, float(_log_mean(curve)), *np.mean([rest for _, *rest in of], axis=0).tolist())
        for (k, p), curve, of in zip(wanted, curves, by_choice, strict=True)
    )
    # Nothing is inferred at the expense of what was said; of what explains it about as well, that
    # in which prompts share the most.
    fits = np.array([c.right >= choices[0].right - config.slack for c in choices])
    nats = np.where(fits, [c.nats for c in choices], -np.inf)
    chosen = int(np.flatnonzero(nats >= nats.max() - config.margin)[-1])
    weight = np.exp(curves[chosen] - curves[chosen].max())
    return Silence(kinds, heard, silent, choices, chosen, weight / weight.sum(), len(tests))


def _log_mean(log_values: np.ndarray) -> float:
    top = log_values.max()
    return top + np.log(np.mean(np.exp(log_values - top)))


def _told(model: Individual, ratings: Ratings, kind_of: np.ndarray, test: Hole):
    """How well what was hidden of a kind is predicted, and what all kinds said is fitted.

    Of an order each pair is scored, but pairs are not independent: to place k hidden completions
    among n visible ones takes log2((n + k)! / n!) yes-or-no answers, so that is what they count
    for, and to guess costs what it should.

    Returns:
        nats ``[scales]``; nats of the rest, and the share of its pairs fitted.
    """
    mine = kind_of == test.kind
    hidden = mine[ratings.ballot_rater[ratings.entry_ballot]] & test.items[ratings.item]
    kept = ratings.keep(~hidden)
    raters, posterior = model.embed(kept, everyone=True)
    mean = np.asarray(posterior.mean)
    # A few raters of each kind tell as much as all.
    rows = []
    for kind in range(kind_of.max() + 1):
        some = np.flatnonzero(kind_of[raters] == kind)
        rows.append(some[:: max(1, -(-len(some) // SAMPLE))])
    rewards = model.rewards(mean[np.concatenate(rows)])
    reward_of = np.full(len(ratings.raters), -1)
    reward_of[raters[np.concatenate(rows)]] = np.arange(len(rewards))
    seen, asked = [], []
    for b in np.flatnonzero(reward_of[ratings.ballot_rater] >= 0):
        entries = slice(*ratings.offsets[b : b + 2])
        r = rewards[reward_of[ratings.ballot_rater[b]]][ratings.item[entries]]
        rank, out = ratings.rank[entries], hidden[entries]
        kind = kind_of[ratings.ballot_rater[b]]
        first, second = np.triu_indices(len(r), 1)
        strict = rank[first] != rank[second]
        first, second = first[strict], second[strict]
        gap = np.where(rank[first] < rank[second], 1, -1) * (r[first] - r[second])
        about = out[first] | out[second]
        if about.any():
            errors = np.sqrt(out[first][about] * 1.0 + out[second][about])
            nats = log_ndtr(gap[about][:, None] / (errors[:, None] * SCALES)).mean(axis=0)
            asked.append(nats * _bits(len(out)) - nats * _bits((~out).sum()))
        if (~about).any():
            nats = -np.logaddexp(0, -gap[~about]).mean() * _bits((~out).sum())
            seen.append((kind, nats, (gap[~about] > 0).mean()))
    kind, *told = np.array(seen).T
    nats, right = ([of[kind == k].mean() for k in np.unique(kind)] for of in told)
    return np.mean(asked, axis=0), float(np.sum(nats)), float(np.mean(right))


def _bits(n: int) -> float:
    """Yes-or-no answers that an order of n completions takes."""
    return gammaln(n + 1) / np.log(2)

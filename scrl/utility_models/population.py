"""A population of raters: types with variation within, a mixture of Gaussians over utilities.

A rater of type k has utilities M_k + v, v ~ N(0, C) with one covariance C for all types. Ballots
follow Plackett–Luce at these utilities, or Davidson–Luce where ballots have ties. With C = 0 this
is a mixture of Plackett–Luce types, with one type Gaussian utilities (mixed logit).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy.special import softmax

from scrl.types import Catalogue, Ratings
from scrl.utility_models.ballot_sampling import sample_ranks
from scrl.utility_models.ballot_table import BallotTable
from scrl.utility_models.completion_effects import CompletionEffects
from scrl.utility_models.covariance import Covariance, initial_covariance
from scrl.utility_models.prediction import (
    draw_rows,
    estimated_win_probability,
    win_probability,
)
from scrl.utility_models.rater_features import CovarianceWithFeatures, RaterEffects
from scrl.utility_models.rater_posteriors import (
    KnownRaters,
    Posterior,
    RaterGroup,
    find_posterior,
    group_raters,
)
from scrl.utility_models.responses import shares_with_responses
from scrl.utility_models.tie_model import TieModel
from scrl.utility_models.type_mixture import type_log_likelihood

#: A type of less probability than this is left out of a rater's posterior.
MIN_PROBABILITY = 1e-3
#: Share of the raters up to which a type counts as empty.
NOBODY = 1e-9
#: Variance of utilities within a type up to which its raters count as alike.
NO_VARIANCE = 1e-6


@dataclass(frozen=True, eq=False)
class TypedPosteriors:
    """Posteriors of a group's raters: which types, and the utilities given each.

    Attributes:
        group: the raters.
        probability: of each type ``[raters, types]``; log_evidence: of the ballots ``[raters]``.
        given: type -> positions of the raters that may be of it, those raters, their posteriors.
    """

    group: RaterGroup
    probability: np.ndarray
    log_evidence: np.ndarray
    given: dict[int, tuple[np.ndarray, RaterGroup, Posterior]]


@dataclass(frozen=True, eq=False)
class Population:
    """Types of raters with variation within.

    Attributes:
        reward: mean utilities of the types ``[types, items]``, in log-odds.
        variance: of their estimates ``[types, items]``.
        share: of the types ``[types]``, adding up to 1.
        covariance: of utilities within a type.
        ties: of each type; empty where ballots have no ties.
        rater_effects: what raters' features say of their types and utilities; None without. The
            mean utilities ``reward`` are then those of a rater of average features.
        completion_effects: what completions' features add to the mean utilities; None without.
        pair_slope: log-odds of a strict pair for each unit of its gap of utilities, below 1 where
            ballots have ties (see ``strict_pairs``).
    """

    reward: np.ndarray
    variance: np.ndarray
    share: np.ndarray
    covariance: Covariance
    ties: tuple[TieModel, ...] = ()
    rater_effects: RaterEffects | None = None
    completion_effects: CompletionEffects | None = None
    pair_slope: float = 1.0

    @property
    def types(self) -> int:
        """The number of types."""
        return len(self.share)

    def sharpened(self, scale: float) -> Population:
        """All utilities times ``scale``: raters err less above 1, more below."""
        return replace(
            self, reward=scale * self.reward, variance=scale**2 * self.variance,
            covariance=self.covariance.scaled(scale**2),
            rater_effects=self.rater_effects and self.rater_effects.scaled(scale),
            completion_effects=self.completion_effects and self.completion_effects.scaled(scale),
        )  # fmt: skip

    def ties_of(self, type: int) -> TieModel | None:
        """The ties of a type, None without ties."""
        return self.ties[type] if self.ties else None

    @property
    def varies(self) -> bool:
        """Whether raters of a type vary, their features given."""
        return self.covariance.mean_variance > NO_VARIANCE

    @cached_property
    def marginal(self) -> Population:
        """The population as it is for raters of whom no feature is known.

        The utilities of a type are a Gaussian again, of its mean features and with what features
        add to the covariance.
        """
        effects = self.rater_effects
        if effects is None:
            return self
        if not effects.shifts:
            return replace(self, rater_effects=None)
        reward = self.reward + effects.type_means @ effects.shift
        own = self.covariance
        covariance = CovarianceWithFeatures(
            own.prompt, own.completion, own.between_prompts, own.between_completions,
            effects.loadings,
        )  # fmt: skip
        return replace(self, reward=reward, covariance=covariance, rater_effects=None)

    def without_empty_types(self) -> Population:
        """The population without types that nobody is of."""
        kept = np.flatnonzero(self.share > NOBODY)
        if len(kept) == self.types:
            return self
        share = self.share[kept] / self.share[kept].sum()
        return replace(
            self, reward=self.reward[kept], variance=self.variance[kept], share=share,
            ties=tuple(self.ties[k] for k in kept) if self.ties else (),
            rater_effects=self.rater_effects and self.rater_effects.take(kept),
            completion_effects=self.completion_effects and self.completion_effects.take(kept),
        )  # fmt: skip

    def on_items(self, catalogue: Catalogue) -> Population:
        """What completions' features say of other completions.

        Raters of a type vary among them as much as among known ones.

        Args:
            catalogue: completions with the same kinds of features.
        """
        effects = self.completion_effects
        if effects is None:
            raise ValueError("The population was fitted without features of completions.")
        value = effects.basis.of_items(catalogue)
        covariance = initial_covariance(catalogue).scaled(self.covariance.mean_variance)
        return replace(
            self, reward=effects.weight @ value.T, variance=effects.reward_variance(value),
            covariance=covariance, completion_effects=replace(effects, value=value),
        )  # fmt: skip

    def log_shares(self, features: np.ndarray | None) -> np.ndarray:
        """Log-probability of the types: of raters with these features ``[raters, types]``, or of
        every rater ``[types]``."""
        if self.rater_effects is None or features is None:
            return np.log(self.share + 1e-300)
        return self.rater_effects.log_shares(features, self.share)

    def posteriors(
        self,
        group: RaterGroup,
        possible: np.ndarray | None = None,
        start: Mapping[int, np.ndarray] | None = None,
        steps: int = 30,
    ) -> TypedPosteriors:
        """The posteriors of a group of raters.

        Args:
            possible: types that a rater may be of, bool ``[raters, types]``; default all.
            start: utilities by type, from an earlier call with the same ``possible``.
            steps: Newton steps at most.
        """
        if self.rater_effects is not None and group.features is None:
            return self.marginal.posteriors(group, possible, start, steps)
        shape = len(group.rows), self.types
        log_share = np.broadcast_to(self.log_shares(group.features), shape)
        joint, given = np.full(shape, -np.inf), {}
        for k, reward in enumerate(self.reward):
            at = np.arange(shape[0]) if possible is None else np.flatnonzero(possible[:, k])
            if not len(at):
                continue
            own = group if len(at) == shape[0] else group.take(at)
            ties = self.ties_of(k)
            ties = None if ties is None else ties.covering(own.slots)
            of = self.covariance.of if self.varies else None
            first = None if start is None else start.get(k)
            shift = None
            if (
                self.rater_effects is not None
                and own.features is not None
                and self.rater_effects.shifts
            ):
                shift = self.rater_effects.shift_of(own.features, own.item)
            found = find_posterior(own, reward, of, first, steps, ties, shift)
            joint[at, k] = found.log_evidence + log_share[at, k]
            given[k] = at, own, found
        evidence = np.logaddexp.reduce(joint, axis=1)
        return TypedPosteriors(group, softmax(joint, axis=1), evidence, given)

    def type_probabilities(self, table: BallotTable) -> np.ndarray:
        """P(type | ballots) of each distinct rater ``[rows, types]``."""
        shifted = self.rater_effects is not None and self.rater_effects.shifts
        if not self.varies and not shifted:
            ties = tuple(own.covering(table.slots) for own in self.ties)
            nats = type_log_likelihood(table, self.reward, ties)
            return softmax(nats + self.log_shares(table.features), axis=1)
        found = np.tile(self.share, (table.rows, 1))
        for group in group_raters(table):
            found[group.rows] = self.posteriors(group).probability
        return found

    def with_responses(self, table: BallotTable) -> Population:
        """The population with shares that take account of who answered what.

        See ``responses.shares_with_responses``.
        """
        if self.types == 1:
            return self
        evidence = np.log(np.maximum(self.type_probabilities(table), 1e-300))
        evidence -= np.log(self.share + 1e-300)
        share = shares_with_responses(table, evidence, self.share)
        effects = None if self.rater_effects is None else self.rater_effects.calibrated(share)
        return replace(self, share=share, rater_effects=effects)

    def pair_probability(
        self,
        visible: Ratings | KnownRaters,
        rater: np.ndarray,
        first: np.ndarray,
        second: np.ndarray,
    ) -> np.ndarray:
        """P(rater prefers first to second | no tie) ``[pairs]``, given the rater's visible ballots.

        Args:
            visible: what is known of the raters; one without ballots is of the whole population.
            rater, first, second: of each pair, rater and items ``[pairs]``.
        """
        known = visible if isinstance(visible, KnownRaters) else KnownRaters.of(visible)
        if self.rater_effects is not None and known.features is None:
            return self.marginal.pair_probability(known, rater, first, second)
        gap = self.reward[:, first] - self.reward[:, second]
        variance = self.variance[:, first] + self.variance[:, second]
        row, slope = known.table.row[rater], self.pair_slope
        share = self.share[None]
        if self.rater_effects is not None and known.features is not None:
            share = np.exp(self.log_shares(known.features))[rater]
            gap = gap + self.rater_effects.pair_shift(known.features, rater, first, second)
        if not self.varies:
            win = estimated_win_probability(slope * gap, slope**2 * variance)
            type = np.concatenate([self.type_probabilities(known.table), self.share[None]])[row]
            type = np.where(row[:, None] >= 0, type, share)
            return np.einsum("pk,kp->p", type, win)
        of = self.covariance.of
        variance = variance + of(first, first) + of(second, second) - 2 * of(first, second)
        win = win_probability(slope * gap, slope**2 * variance)
        probability = share[0] @ win if len(share) == 1 else np.einsum("pk,kp->p", share, win)
        order = np.argsort(row, kind="stable")
        rising = row[order]
        probability[row >= 0] = 0.0
        for group in known.groups:
            typed = self.posteriors(group)
            for k, (at, own, found) in typed.given.items():
                for r, (start, stop) in enumerate(_ranges(rising, own.rows)):
                    weight = typed.probability[at[r], k]
                    if weight < MIN_PROBABILITY * 1e-3 or stop == start:
                        continue
                    pairs = order[start:stop]
                    item = own.item[r, own.mask[r]][:, None]
                    cross = of(item, first[pairs]) - of(item, second[pairs])
                    size = len(item)
                    mean = gap[k, pairs] + found.alpha[r, :size] @ cross
                    less = (cross * (found.information[r, :size, :size] @ cross)).sum(0)
                    left = variance[k, pairs] - less
                    probability[pairs] += weight * win_probability(slope * mean, slope**2 * left)
        return probability

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Ballots of simulated voters as scores ``[voters, items]``, higher is better, equal is
        tied; only comparisons within a prompt mean anything. Choice noise is included."""
        if self.rater_effects is None:
            kind = draw_rows(self.share, voters, rng)
            utility = self.reward[kind]
        else:
            kind, x = self.rater_effects.draw(voters, rng)
            utility = self.reward[kind] + x @ self.rater_effects.shift
        if self.varies:
            utility = utility + self.covariance.draw(voters, rng)
        prompts = np.flatnonzero(np.diff(self.covariance.prompt, prepend=-1))
        return self.cast_ballots(utility, kind, rng, prompts)

    def cast_ballots(
        self,
        utility: np.ndarray,
        type: np.ndarray,
        rng: np.random.Generator,
        prompts: Sequence[int] | np.ndarray = (0,),
    ) -> np.ndarray:
        """Ballots at given utilities as scores ``[voters, items]``, higher is better, equal is
        tied; only comparisons within a prompt mean anything.

        Args:
            utility: ``[voters, items]``; in single precision the noise is too, which is faster.
            type: of each voter ``[voters]``.
            rng: consumed.
            prompts: the first item of each prompt ``[prompts]``; one prompt by default.
        """
        if not self.ties:
            if utility.dtype != np.float32:
                return utility + rng.gumbel(size=utility.shape)
            uniform = rng.random(utility.shape, np.float32)
            return utility - np.log(-np.log(np.maximum(uniform, 1e-30)))
        score = np.empty(utility.shape)
        for k, ties in enumerate(self.ties):
            own = np.flatnonzero(type == k)
            for start, stop in pairwise([*prompts, utility.shape[-1]]):
                part = utility[own, start:stop].astype(float)
                score[own, start:stop] = -sample_ranks(part, ties, rng)
        return score


def _ranges(rising: np.ndarray, values: np.ndarray) -> Iterator[tuple[int, int]]:
    """Where each value stands in a rising array."""
    starts, stops = (np.searchsorted(rising, values, side) for side in ("left", "right"))
    return zip(starts.tolist(), stops.tolist(), strict=True)

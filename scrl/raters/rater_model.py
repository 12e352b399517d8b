"""The fitted model of individual raters (step 1): ballots to latents, latents to rewards and votes.

The statistical model is ``utility_models.population``: types with variation within. Its latents are
the principal components of raters' utilities (``latent_space``), rewards are linear in them, and a
rater's posterior is found by Newton's method on that rater's own ballots.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

import numpy as np

from scrl.raters.latent_space import NO_VARIANCE, LatentSpace, centred
from scrl.raters.network import Embedding, Posterior
from scrl.scenarios.sampling import largest_remainder
from scrl.types import Catalogue, Ratings
from scrl.utility_models.ballot_table import BallotTable, tabulate
from scrl.utility_models.likelihood import choices
from scrl.utility_models.population import Population, TypedPosteriors
from scrl.utility_models.rater_features import are_known
from scrl.utility_models.rater_posteriors import Posterior as GivenType
from scrl.utility_models.rater_posteriors import RaterGroup, group_raters

#: Standard deviation within types, in latent units, up to which raters of a type count as alike.
LEAST_SD = 0.03
#: Least variance of a posterior, in latent units².
MIN_VARIANCE = 1e-6
#: Ballot slots × latents whose likelihood is held in memory at once.
MAX_CELLS = 4_000_000
#: Simulated voters from which the posterior of one completion's place is found, and their seed.
PLACED_VOTERS, PLACED_SEED = 8192, 0


@dataclass(frozen=True, eq=False)
class RaterModel:
    """The fitted model of individual raters.

    Attributes:
        catalogue: the prompts and completions.
        population: types of raters, and the variation within.
        space: latents and their utilities.
    """

    catalogue: Catalogue
    population: Population
    space: LatentSpace

    @classmethod
    def of(cls, population: Population, catalogue: Catalogue) -> RaterModel:
        """The model of a fitted population."""
        return cls(catalogue, population, LatentSpace.of(population.marginal, catalogue))

    @property
    def latent(self) -> int:
        """Dimensions of the latent."""
        return self.space.size

    @cached_property
    def varies(self) -> bool:
        """Whether the rewards of raters of one type vary noticeably."""
        if self.population.marginal.covariance.mean_variance < NO_VARIANCE:
            return False
        return bool(self.latent_covariance.diagonal().max() > LEAST_SD**2)

    @cached_property
    def type_latents(self) -> np.ndarray:
        """The mean latent of each type ``[types, latent]``."""
        return self.space.latents(centred(self.population.marginal.reward, self.catalogue))

    @cached_property
    def _cross_covariance(self) -> np.ndarray:
        """Covariance within types of latents and items ``[latent, items]``."""
        items = np.arange(self.catalogue.items)
        project = centred(self.space.projection.T, self.catalogue)
        if self.population.marginal.covariance.mean_variance == 0:
            return np.zeros(project.shape)
        of = self.population.marginal.covariance.of
        blocks = np.array_split(items, len(items) // 500 + 1)
        return np.concatenate([project @ of(items[:, None], part[None]) for part in blocks], axis=1)

    @cached_property
    def latent_covariance(self) -> np.ndarray:
        """Covariance of latents within types ``[latent, latent]``."""
        project = centred(self.space.projection.T, self.catalogue)
        found = self._cross_covariance @ project.T
        return 0.5 * (found + found.T)

    @cached_property
    def _of_average_features(self) -> RaterModel:
        """The model of raters of average features."""
        return RaterModel(self.catalogue, replace(self.population, rater_effects=None), self.space)

    def _feature_latents(self, features: np.ndarray) -> np.ndarray:
        """What features ``[raters, features]`` add to mean latents ``[raters, latent]``."""
        effects = self.population.rater_effects
        if effects is None:
            return np.zeros((len(features), self.latent))
        shift = centred(effects.shift, self.catalogue) @ self.space.projection
        return effects.standardised(features) @ shift

    # -- ballots to latents -----------------------------------------------------------------------

    def embed(self, ratings: Ratings, include_empty: bool = False) -> Embedding:
        """Posteriors of raters: mean and variances of a mixture over types.

        Args:
            ratings: the ballots; absent completions are unseen.
            include_empty: whether raters who ranked no two completions are included; they get the
                distribution of raters with their features, or the population's.
        """
        comparable = ratings.select(ratings.sizes >= 2)
        table = tabulate(comparable)
        mean = np.tile(self.population.share @ self.type_latents, (table.rows + 1, 1))
        variance = np.tile(self._population_variance(), (table.rows + 1, 1))
        for group in group_raters(table):
            found = self._latent_moments(self.population.posteriors(group))
            mean[group.rows], variance[group.rows] = found
        raters = np.arange(len(ratings.raters))
        if not include_empty:
            raters = np.unique(comparable.ballot_rater)
        row = table.row[raters]  # -1, the last row, without ballots
        mean, variance = mean[row], variance[row]
        if ratings.rater_features is not None and self.population.rater_effects is not None:
            silent = (row < 0) & are_known(ratings.rater_features)[raters]
            own = self._moments_of_features(ratings.rater_features[raters[silent]])
            mean[silent], variance[silent] = own
        log_variance = np.log(np.maximum(variance, MIN_VARIANCE))
        return Embedding(
            raters, Posterior(mean.astype(np.float32), log_variance.astype(np.float32))
        )

    def _moments_of_features(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each dimension ``[raters, latent]`` for raters of whom only features
        ``[raters, features]`` are known."""
        average, share = self._of_average_features, np.exp(self.population.log_shares(features))
        first = share @ average.type_latents
        second = share @ (average.type_latents**2 + np.diag(average.latent_covariance))
        return first + self._feature_latents(features), second - first**2

    def _population_variance(self) -> np.ndarray:
        """Variance of each dimension in the population ``[latent]``."""
        share, means = self.population.share, self.type_latents
        return np.diag(self.latent_covariance) + share @ (means - share @ means) ** 2

    def _latent_moments(self, typed: TypedPosteriors) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each dimension for a group's raters ``[raters, latent]``."""
        first, second = np.zeros((2, len(typed.group.rows), self.latent))
        for k, (at, own, found) in typed.given.items():
            weight = typed.probability[at, k][:, None]
            mean, variance = self.moments_given(k, own, found)
            first[at] += weight * mean
            second[at] += weight * (mean**2 + variance)
        return first, second - first**2

    def moments_given(
        self, type: int, group: RaterGroup, found: GivenType
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mean and variance of each dimension, given the type ``[raters, latent]``."""
        if self.population.rater_effects is not None and group.features is not None:
            mean, variance = self._of_average_features.moments_given(type, group, found)
            return mean + self._feature_latents(group.features), variance
        if not self._cross_covariance.any():  # the rater's items say nothing but the type
            shape = len(group.rows), self.latent
            within = np.maximum(np.diag(self.latent_covariance), 0.0)
            mean = np.broadcast_to(self.type_latents[type], shape)
            return mean, np.broadcast_to(within, shape)
        known = self._cross_covariance.T[group.item] * group.mask[:, :, None]
        mean = self.type_latents[type] + np.einsum("ri,ril->rl", found.alpha, known)
        explained = np.einsum("ril,ril->rl", found.information @ known, known)
        return mean, np.maximum(np.diag(self.latent_covariance) - explained, 0.0)

    def latent_mixture(self, ratings: Ratings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The posterior of the only rater of these ratings, who ranks two completions: a Gaussian
        for each type.

        Returns:
            Probability of each type ``[types]``, means ``[types, latent]`` and covariances
            ``[types, latent, latent]``.
        """
        (group,) = group_raters(tabulate(ratings.select(ratings.sizes >= 2)))
        typed = self.population.posteriors(group)
        mean, covariance = self.type_latents.copy(), []
        for k, (_, own, found) in typed.given.items():
            mean[k] = self.moments_given(k, own, found)[0]
            known = self._cross_covariance.T[own.item[0]] * own.mask[0][:, None]
            covariance.append(self.latent_covariance - known.T @ found.information[0] @ known)
        return typed.probability[0], mean, np.stack(covariance)

    def draw_latents(self, ratings: Ratings, rng: np.random.Generator) -> np.ndarray:
        """One latent of each rater who ranks two completions ``[raters, latent]``.

        It is drawn from the rater's posterior: the type, then the latent given the type,
        dimensions independently.

        Args:
            ratings: as for ``embed``.
            rng: consumed.
        """
        comparable = ratings.select(ratings.sizes >= 2)
        table = tabulate(comparable)
        row = table.row[np.unique(comparable.ballot_rater)]
        drawn = np.empty((len(row), self.latent), np.float32)
        for group in group_raters(table):
            position = np.full(table.rows, -1)
            position[group.rows] = np.arange(len(group.rows))
            typed = self.population.posteriors(group)
            own = np.flatnonzero(position[row] >= 0)
            place = position[row[own]]
            below = np.cumsum(typed.probability, axis=1)[place] < rng.random((len(own), 1))
            type = np.minimum(below.sum(axis=1), self.population.types - 1)
            for k, (at, members, found) in typed.given.items():
                chosen = type == k
                mean, variance = self.moments_given(k, members, found)
                which = np.searchsorted(at, place[chosen])
                noise = rng.standard_normal((chosen.sum(), self.latent))
                drawn[own[chosen]] = mean[which] + np.sqrt(variance[which]) * noise
        return drawn

    def embed_single(self, item: np.ndarray, place: np.ndarray, length: np.ndarray) -> Posterior:
        """Embed raters of whom only one completion's place is known.

        The posterior is that of simulated voters who put the completion there.

        Args:
            item: the completion ``[raters]``.
            place: its place, 0 = best ``[raters]``.
            length: how many completions the ballot ranks ``[raters]``; the whole prompt's.

        Returns:
            Posteriors ``[raters, latent]``.
        """
        latent, score = self._placed_voters
        offsets, prompt = self.catalogue.offsets, self.catalogue.item_prompt
        found = []
        for i, wanted, size in zip(item, place, length, strict=True):
            start, stop = offsets[prompt[i]], offsets[prompt[i] + 1]
            above = (score[:, start:stop] > score[:, [i]]).sum(axis=1)
            share = above / max(stop - start - 1, 1) * (size - 1)
            members = latent[np.abs(share - wanted) < 0.5]
            members = members if len(members) > 1 else latent
            found.append((members.mean(axis=0), np.log(members.var(axis=0) + MIN_VARIANCE)))
        mean, log_variance = map(np.array, zip(*found, strict=True))
        return Posterior(mean.astype(np.float32), log_variance.astype(np.float32))

    @cached_property
    def _placed_voters(self) -> tuple[np.ndarray, np.ndarray]:
        """Latents of simulated voters, and their ballots as scores ``[voters, items]``."""
        rng = np.random.default_rng(PLACED_SEED)
        count = largest_remainder(self.population.share, PLACED_VOTERS, spread_ties=True)
        kind = np.repeat(np.arange(len(count)), count)
        variation = rng.multivariate_normal(
            np.zeros(self.latent), self.latent_covariance, PLACED_VOTERS, "ignore", method="eigh"
        )
        latent = (self.type_latents[kind] + variation).astype(np.float32)
        rewards = self.rewards(latent)
        score = np.empty(rewards.shape)
        for start, stop in pairwise(self.catalogue.offsets):
            score[:, start:stop] = self.population.cast_ballots(rewards[:, start:stop], kind, rng)
        return latent, score

    # -- latents to rewards and votes -------------------------------------------------------------

    def rewards(self, latent: np.ndarray, item: np.ndarray | None = None) -> np.ndarray:
        """Rewards of latents, in log-odds of the choice between two completions.

        Args:
            latent: ``[voters, latent]``.
            item: the items of each contest ``[contests, candidates]``; all items by default.

        Returns:
            ``[contests, voters, candidates]``, or ``[voters, items]`` for all items.
        """
        return self.space.utilities(latent, item)

    def cast_ballots(
        self, rewards: np.ndarray, type: np.ndarray, item: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Ballots of voters as scores, same shape as ``rewards``: higher is better, equal is tied.

        Voters err as raters do, and tie as raters of their type do.

        Args:
            rewards: ``[contests, voters, candidates]``; type: of each voter ``[voters]``.
            item: ``[contests, candidates]``; a candidate that is padding has any item.
            rng: consumed.
        """
        residual = self.space.residual[item]
        if residual.any():
            noise = rng.standard_normal(rewards.shape, np.float32)
            rewards = rewards + noise * residual[:, None, :].astype(np.float32)
        cast = self.population.cast_ballots
        return np.stack([cast(contest, type, rng) for contest in rewards])

    # -- likelihood -------------------------------------------------------------------------------

    def log_likelihood(
        self, ratings: Ratings, latent: np.ndarray
    ) -> tuple[BallotTable, np.ndarray]:
        """Log-likelihood of distinct raters' ballots under each latent, in nats.

        Tied completions count half.

        Args:
            ratings: with absent completions resolved.
            latent: ``[draws, latent]``.

        Returns:
            The distinct raters, and ``[rows, draws]``.
        """
        table = tabulate(ratings.select(ratings.sizes >= 2))
        utility = self.rewards(latent).astype(float)
        nats = np.empty((table.rows, len(latent)))
        for part in self._parts(table, len(latent)):
            own = utility[part]
            by_ballot = np.empty((len(own), len(table.prompt)))
            for rows, slots in table.slots.parts:
                by_ballot[:, rows] = choices(slots, own[:, slots.item]).log_likelihood
            nats[:, part] = table.cast @ by_ballot.T
        return table, nats

    def _parts(self, table: BallotTable, draws: int) -> Iterator[slice]:
        size = max(1, MAX_CELLS // max(table.slots.padded, 1))
        return (slice(start, start + size) for start in range(0, draws, size))

    def with_rewards(self, reward: np.ndarray) -> RaterModel:
        """The model with other mean rewards of the types ``[types, items]``."""
        return RaterModel.of(replace(self.population, reward=reward), self.catalogue)

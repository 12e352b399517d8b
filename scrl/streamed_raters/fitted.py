"""The trained model of raters: rewards, posteriors of any raters, predictions, simulated voters."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import jax
import numpy as np
from scipy.special import expit, softmax

from scrl.data.batches import Bucket
from scrl.devices import DeviceMesh
from scrl.random_streams import HostStream, host_rng
from scrl.streamed_raters.batches import BatchPlan
from scrl.streamed_raters.evidence import RaterPoints, rater_points
from scrl.streamed_raters.items import ItemFunctions
from scrl.streamed_raters.parameters import Parameters
from scrl.streamed_raters.selection import NEWTON_STEPS, POINTS, as_shown, posterior_draws
from scrl.streamed_raters.sources import BallotSource, InMemory
from scrl.types import Catalogue, InputError, Ratings

#: Ballot slots in a batch whose posteriors are evaluated, and pairs predicted at once.
BATCH_ENTRIES, PAIRS = 32_768, 50_000


class RaterEmbedding(NamedTuple):
    """Posteriors of raters.

    Attributes:
        rater: their numbers ``[raters]``, rising.
        type: probability of each type ``[raters, types]``.
        latent: mean of the latent in each type ``[raters, types, d]``.
        log_evidence: of each rater's ballots, in nats ``[raters]``.
    """

    rater: np.ndarray
    type: np.ndarray
    latent: np.ndarray
    log_evidence: np.ndarray


class Voters(NamedTuple):
    """Simulated voters.

    Attributes:
        type: of each ``[voters]``; latent: ``[voters, d]``.
    """

    type: np.ndarray
    latent: np.ndarray


@dataclass(frozen=True, eq=False)
class StreamedRaters:
    """A model of raters: types with normal variation within.

    Attributes:
        catalogue: the prompts and completions.
        parameters: NumPy arrays.
        items: functions of the items' features.
    """

    catalogue: Catalogue
    parameters: Parameters
    items: ItemFunctions

    @property
    def types(self) -> int:
        """The number of types."""
        return self.parameters.own.shape[1]

    @property
    def latent(self) -> int:
        """Dimensions of the latent."""
        return self.parameters.loading.shape[1]

    @cached_property
    def share(self) -> np.ndarray:
        """Of the types, adding up to 1 ``[types]``."""
        return softmax(self.parameters.share.astype(float))

    @cached_property
    def mean_utility(self) -> np.ndarray:
        """Mean utilities ``[types, items]``, in log-odds."""
        p, value = self.parameters, self.items.value
        mean = p.common + p.own.T + (p.weight + p.type_weight.T) @ value.T
        return np.asarray(mean, np.float32)

    @cached_property
    def loadings(self) -> np.ndarray:
        """Derivatives of utilities by the latent ``[items, d]``."""
        p = self.parameters
        return np.asarray(p.loading + self.items.value @ p.loading_weight, np.float32)

    # -- voters -----------------------------------------------------------------------------------

    def draw_voters(self, count: int, seed: int = 0, block: int = 0) -> Voters:
        """Voters of the population.

        Args:
            block: number of the block of voters; other blocks are other voters.
        """
        rng = host_rng(seed, HostStream.STREAMED_VOTERS, block)
        type = rng.choice(self.types, count, p=self.share)
        return Voters(type, rng.standard_normal((count, self.latent), np.float32))

    def rewards(self, voters: Voters, items: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Rewards of items for voters, without choice noise ``[voters, items]``, in log-odds.

        Only their differences within a prompt have a meaning.
        """
        mean, loading = self.mean_utility[:, items], self.loadings[items]
        return mean[voters.type] + voters.latent @ loading.T

    def electorate(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Utilities of simulated voters, choice noise included ``[voters, items]``."""
        type = rng.choice(self.types, voters, p=self.share)
        drawn = Voters(type, rng.standard_normal((voters, self.latent)).astype(np.float32))
        return self.rewards(drawn) + rng.gumbel(size=(voters, self.catalogue.items))

    def on_items(self, catalogue: Catalogue) -> StreamedRaters:
        """What the features say of other completions.

        Raises:
            InputError: where the model was trained without features, or these are other ones.
        """
        value, p = self.items.of_items(catalogue), self.parameters
        parameters = p._replace(
            common=np.zeros(catalogue.items, p.common.dtype),
            own=np.zeros((catalogue.items, self.types), p.own.dtype),
            loading=np.zeros((catalogue.items, self.latent), p.loading.dtype),
        )
        return StreamedRaters(catalogue, parameters, replace(self.items, value=value))

    # -- posteriors -------------------------------------------------------------------------------

    def embed(
        self,
        source: BallotSource | Ratings,
        raters: np.ndarray | None = None,
        devices: DeviceMesh | int | None = 1,
    ) -> RaterEmbedding:
        """Posteriors of raters, whether the model was trained on them or not.

        Args:
            source: ballots on items of this model's catalogue.
            raters: whether each is wanted, bool ``[raters]``; default all with a ballot that ranks
                two completions.
            devices: as of ``train_streamed``.
        """
        found, points = [], []
        for rater, part in self._points(_source(source), raters, devices):
            found.append(rater)
            total = part.weight.sum(axis=2)
            mean = np.einsum("rkp,rkpd->rkd", part.weight, part.latent)
            points.append((total, mean / np.maximum(total, 1e-30)[..., None], part.log_evidence))
        if not found:
            raise InputError("None of these raters has a ballot that ranks two completions.")
        rater = np.concatenate(found)
        columns = (
            np.concatenate(column)[np.argsort(rater)] for column in zip(*points, strict=True)
        )
        return RaterEmbedding(np.sort(rater), *columns)

    def points_of(self, bucket: Bucket) -> RaterPoints:
        """Posteriors of the raters of one padded batch, as weighted points."""
        dtype = self.parameters.own.dtype
        with jax.enable_x64(dtype == np.float64):
            found = rater_points(
                self.parameters, self.items.value.astype(dtype), as_shown(bucket, dtype),
                posterior_draws(self.latent, dtype), newton_steps=NEWTON_STEPS,
            )  # fmt: skip
            return RaterPoints(*map(np.asarray, found))

    def _points(
        self, source: BallotSource, raters: np.ndarray | None, devices: DeviceMesh | int | None
    ) -> Iterator[tuple[np.ndarray, RaterPoints]]:
        """The raters of each batch, and their posteriors as points."""
        mesh = devices if isinstance(devices, DeviceMesh) else DeviceMesh.of(devices)
        if raters is None:
            raters = np.ones(source.raters, bool)
        if source.catalogue.items != self.catalogue.items:
            raise InputError(
                f"{source.name}: its {source.catalogue.items:,} items are not the "
                f"{self.catalogue.items:,} that the model knows."
            )
        plan = BatchPlan.of(source, raters, BATCH_ENTRIES, mesh.size)
        dtype = self.parameters.own.dtype
        with jax.enable_x64(dtype == np.float64):
            fixed = mesh.everywhere((self.parameters, self.items.value.astype(dtype)))
            normal = posterior_draws(self.latent, dtype)
            for shape, rows in plan.in_order():
                part = mesh.own_rows(plan.padded_rows(shape))
                shown = mesh.spread(as_shown(plan.batch(shape, rows, part), dtype))
                found = rater_points(*fixed, shown, normal, newton_steps=NEWTON_STEPS)
                numbers = source.raters_of(shape)[rows]
                yield numbers, RaterPoints(*(x[: len(rows)] for x in mesh.gathered(found)))

    def pair_probability(
        self, visible: BallotSource | Ratings, rater: np.ndarray, first: np.ndarray,
        second: np.ndarray,
    ) -> np.ndarray:  # fmt: skip
        """P(rater prefers first to second) ``[pairs]``, given the rater's visible ballots.

        Args:
            visible: one without ballots is of the whole population.
            rater, first, second: of each pair, rater and items ``[pairs]``.
        """
        source = _source(visible)
        wanted = np.zeros(source.raters, bool)
        wanted[rater] = True
        found = np.empty(len(rater))
        order = np.argsort(rater, kind="stable")
        rising = rater[order]
        seen = np.zeros(source.raters, bool)
        for numbers, points in self._points(source, wanted, 1):
            seen[numbers] = True
            starts, stops = (np.searchsorted(rising, numbers, side) for side in ("left", "right"))
            row = np.repeat(np.arange(len(numbers)), stops - starts)
            pairs = np.concatenate(
                [order[a:b] for a, b in zip(starts, stops, strict=True)] or [order[:0]]
            )
            found[pairs] = self._win(points, row, first[pairs], second[pairs])
        unknown = np.flatnonzero(~seen[rater])
        nothing = self._population_points(source.catalogue)
        row = np.zeros(len(unknown), int)
        found[unknown] = self._win(nothing, row, first[unknown], second[unknown])
        return found

    def _population_points(self, catalogue: Catalogue) -> RaterPoints:
        """A rater of whom nothing is known."""
        half = posterior_draws(self.latent, np.dtype(np.float32))
        latent = np.broadcast_to(
            np.concatenate([half, -half]), (1, self.types, POINTS, self.latent)
        )
        weight = np.broadcast_to(self.share[None, :, None] / POINTS, latent.shape[:3])
        return RaterPoints(latent, weight, np.zeros(1))

    def _win(
        self, points: RaterPoints, row: np.ndarray, first: np.ndarray, second: np.ndarray
    ) -> np.ndarray:
        """P(first ≻ second) ``[pairs]`` of raters in rows of ``points``."""
        found = np.empty(len(row))
        for start in range(0, len(row), PAIRS):
            part = slice(start, start + PAIRS)
            r, a, b = row[part], first[part], second[part]
            gap = (self.mean_utility[:, a] - self.mean_utility[:, b]).T[:, :, None]
            slope = self.loadings[a] - self.loadings[b]
            gap = gap + np.einsum("nd,nkpd->nkp", slope, points.latent[r])
            found[part] = np.einsum("nkp,nkp->n", points.weight[r], expit(gap))
        return found


def _source(source: BallotSource | Ratings) -> BallotSource:
    return InMemory.of(source) if isinstance(source, Ratings) else source

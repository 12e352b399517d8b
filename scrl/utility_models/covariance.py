"""Covariance of raters' utilities, prompt ⊗ completion, and its estimation.

The covariance of completion c on prompt p with completion d on prompt q is A[p, q] · B[c, d], so
that what a rater says of a completion on one prompt informs about it, and about similar ones, on
all. A and B are estimated by expectation-maximisation (flip-flop) with shrinkage to the identity;
their common scale by a fixed point that depends on the ranked items only. Where completions have
features, B is shrunk towards a mixture of the identity and the similarity of features, whose share
is estimated too: a completion that nobody ranked is then known by those it resembles.

Limits: above ``MAX_COMPLETIONS`` names, or where every prompt has completions of its own and there
are many, completions are independent, and a rater's ballots inform only about the names on them.
Above ``MAX_PROMPTS`` all pairs of prompts have one correlation, and above ``MAX_TABLE`` it is ½.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from scrl.types import Catalogue
from scrl.utility_models.ballot_table import BallotTable
from scrl.utility_models.feature_basis import feature_basis
from scrl.utility_models.rater_posteriors import Posterior, RaterGroup

#: Names of completions up to which their covariance is estimated, and prompts likewise.
MAX_COMPLETIONS, MAX_PROMPTS = 600, 100
#: Prompts up to which a table of their correlations is held.
MAX_TABLE = 2000
#: Shrinkage of both factors towards the identity.
SHRINKAGE = 0.05
#: Groups of functions of features from this one on are too rough to tell which raters agree; and
#: the largest share of the similarity.
ROUGH, MAX_SIMILARITY = 2, 0.95
#: Prior standard deviation of a mean utility, and its largest change in one iteration.
MEAN_SD, MAX_STEP = 10.0, 2.0


@dataclass(frozen=True, eq=False)
class EqualCorrelation:
    """A correlation matrix whose entries off the diagonal are ½, without a table of them."""

    size: int

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
        return np.where(np.equal(*index), 1.0, 0.5)

    def draw(self, normal: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Correlated along the first but one axis, from independent ``[draws, size, ...]``."""
        common = rng.normal(size=(len(normal), 1, *normal.shape[2:]))
        return np.sqrt(0.5) * (normal + common)


@dataclass(frozen=True, eq=False)
class Covariance:
    """Covariance of items, prompt ⊗ completion.

    Attributes:
        prompt, completion: of each item ``[items]``.
        between_prompts: ``[prompts, prompts]`` with mean diagonal 1; of very many no table.
        between_completions: ``[completions, completions]``, or one variance ``[]`` where
            completions are independent.
        similarity: correlations of completions by their features ``[completions, completions]``;
            None without features.
    """

    prompt: np.ndarray
    completion: np.ndarray
    between_prompts: np.ndarray | EqualCorrelation
    between_completions: np.ndarray
    similarity: np.ndarray | None = field(default=None, kw_only=True)

    @property
    def is_independent(self) -> bool:
        return self.between_completions.ndim == 0

    def completions_of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Entries of the covariance between completions."""
        if self.is_independent:
            return self.between_completions * (first == second)
        return self.between_completions[first, second]

    def prompts_of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Entries of the covariance between prompts."""
        return self.between_prompts[first, second]

    def of(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """Covariance of items, of any shapes that broadcast."""
        prompts = self.prompts_of(self.prompt[first], self.prompt[second])
        return prompts * self.completions_of(self.completion[first], self.completion[second])

    def scaled(self, factor: float) -> Covariance:
        """This covariance times ``factor``."""
        return replace(self, between_completions=self.between_completions * factor)

    @property
    def mean_variance(self) -> float:
        """The variance of an item, a mean over completions."""
        if self.is_independent:
            return float(self.between_completions)
        return float(np.diag(self.between_completions).mean())

    def draw(self, voters: int, rng: np.random.Generator) -> np.ndarray:
        """Draws from the Gaussian of mean zero ``[voters, items]``."""
        between, prompts = self.between_prompts, len(self.between_prompts)
        if self.is_independent:
            # Items of one name are rare here: each item is drawn for itself.
            own = np.arange(prompts)
            scale = np.sqrt(self.between_completions * between[own, own])
            return rng.normal(size=(voters, len(self.prompt))) * scale[self.prompt]
        root = None if isinstance(between, EqualCorrelation) else np.linalg.cholesky(between)
        completion_root = np.linalg.cholesky(self.between_completions)
        draws = np.empty((voters, len(self.prompt)))
        block = max(1, 4_000_000 // (prompts * len(completion_root)))
        for start in range(0, voters, block):
            part = draws[start : start + block]
            normal = rng.normal(size=(len(part), prompts, len(completion_root)))
            if isinstance(between, EqualCorrelation):
                drawn = between.draw(normal, rng)
            else:
                drawn = root @ normal  # type: ignore[operator]  # a table here
            part[:] = (drawn @ completion_root.T)[:, self.prompt, self.completion]
        return draws


def initial_covariance(catalogue: Catalogue) -> Covariance:
    """Unit variances; prompts correlate by one half."""
    prompts = len(catalogue.prompts)
    names, completion = np.unique(
        [catalogue.completions[c] for c in catalogue.members], return_inverse=True
    )
    between, similarity = np.array(1.0), None
    if len(names) <= MAX_COMPLETIONS:
        similarity = similarity_of_names(catalogue, completion)
        between = np.eye(len(names))
        if similarity is not None:
            between = 0.5 * between + 0.5 * similarity
    return Covariance(
        catalogue.item_prompt,
        completion,
        0.5 * np.eye(prompts) + 0.5 if prompts <= MAX_TABLE else EqualCorrelation(prompts),
        between,
        similarity=similarity,
    )


def similarity_of_names(catalogue: Catalogue, name: np.ndarray) -> np.ndarray | None:
    """Correlations of completions by functions of their features ``[names, names]``.

    Args:
        name: the completion name of each item ``[items]``.
    """
    basis = feature_basis(catalogue)
    if basis is None or catalogue.completion_features is None:
        return None
    first = np.unique(name, return_index=True)[1]
    value = basis(catalogue.completion_features[catalogue.members[first]])
    value = value[:, basis.group < ROUGH]
    value = value - value.mean(axis=0)
    value /= np.maximum(np.linalg.norm(value, axis=1, keepdims=True), 1e-9)
    return value @ value.T


class CovarianceUpdate:
    """Statistics of the raters' posteriors, and the parameters that follow from them.

    Args:
        table: the ballots; covariance: that the posteriors are found with.
        shrinkage: of the factor that is updated, towards the identity.
        of_prompts: whether the covariance of prompts is updated, else that of completions.
    """

    def __init__(
        self,
        table: BallotTable,
        covariance: Covariance,
        of_prompts: bool,
        shrinkage: float = SHRINKAGE,
    ) -> None:
        self.table, self.old, self.shrinkage = table, covariance, shrinkage
        is_table = not isinstance(covariance.between_prompts, EqualCorrelation)
        self.of_prompts = of_prompts and is_table and len(covariance.between_prompts) > 1
        self.slope, self.bound = np.zeros((2, table.catalogue.items))
        self.explained, self.expected = 0.0, 0.0
        self.size = len(covariance.between_prompts)
        if not self.of_prompts:
            self.size = (
                covariance.between_completions.shape[0] if not covariance.is_independent else 0
            )
        self.second = np.zeros(self.size**2)

    def add(self, group: RaterGroup, found: Posterior, mass: np.ndarray | None = None) -> None:
        """Add the posteriors of a group, each weighted with ``mass`` (default: its raters')."""
        mass = (self.table.mass[group.rows] if mass is None else mass)[:, None]
        np.add.at(self.slope, group.item, mass * found.alpha)
        # Row sums of absolute values bound the curvature in the mean.
        np.add.at(self.bound, group.item, mass * np.abs(found.information).sum(2))
        outer = found.alpha[:, :, None] * found.alpha[:, None, :]
        self.explained += float((mass[..., None] * outer * found.covariance).sum())
        self.expected += float((mass[..., None] * found.information * found.covariance).sum())
        if self.old.is_independent:
            return
        # Σ (G − α αᵀ), weighted by the factor that is held and summed by the one that moves.
        old = self.old
        of, held = (old.prompt, old.completion), (old.completion, old.prompt)
        of_item, held_item = (x[0 if self.of_prompts else 1][group.item] for x in (of, held))
        factor = old.completions_of if self.of_prompts else old.prompts_of
        value = mass[..., None] * (found.information - outer)
        value = value * factor(held_item[:, :, None], held_item[:, None, :])
        cell = of_item[:, :, None] * self.size + of_item[:, None, :]
        self.second += np.bincount(cell.ravel(), value.ravel(), self.size**2)

    def mean(self, mean: np.ndarray) -> np.ndarray:
        """One step of the mean towards the greatest evidence ``[items]``."""
        slope = self.slope - mean / MEAN_SD**2
        return mean + np.clip(slope / (self.bound + MEAN_SD**-2), -MAX_STEP, MAX_STEP)

    def covariance(self) -> Covariance:
        """One factor by a shrunk step of flip-flop; the scale by the fixed point of variance
        components."""
        old = self.old
        ratio = max(self.explained, 1e-12) / max(self.expected, 1e-12)
        scale = float(np.clip(np.sqrt(ratio), 0.25, 4.0))
        prompts, completions = old.between_prompts, old.between_completions
        if not old.is_independent:
            second = self.second.reshape(self.size, self.size) / self.table.mass.sum()
            if self.of_prompts and not isinstance(prompts, EqualCorrelation):
                prompts = prompts - prompts @ second @ prompts / len(completions)
                prompts = _shrunk(prompts, len(prompts), self.shrinkage)
                if len(prompts) > MAX_PROMPTS:
                    prompts = _exchangeable(prompts)
            else:
                moved = completions - completions @ second @ completions / len(prompts)
                trace = float(np.trace(completions))
                target = _shrinkage_target(moved, old.similarity)
                completions = _shrunk(moved, trace, self.shrinkage, target)
        completions = np.maximum(scale, 1e-6 / np.max(completions)) * completions
        return replace(old, between_prompts=prompts, between_completions=completions)


def _shrunk(
    matrix: np.ndarray, trace: float, shrinkage: float, target: np.ndarray | None = None
) -> np.ndarray:
    """A covariance shrunk towards a correlation matrix (default: the identity), scaled to this
    trace."""
    size = len(matrix)
    matrix = matrix * (trace / max(float(np.trace(matrix)), 1e-300))
    target = np.eye(size) if target is None else target
    return (1 - shrinkage) * matrix + shrinkage * trace / size * target


def _shrinkage_target(matrix: np.ndarray, similarity: np.ndarray | None) -> np.ndarray | None:
    """The mixture of the identity and the similarity that is nearest to a covariance's
    correlations off the diagonal."""
    if similarity is None:
        return None
    size, off = len(matrix), similarity - np.diag(np.diag(similarity))
    share = (matrix * off).sum() / max(float((off**2).sum()), 1e-12)
    share = float(np.clip(share * size / max(float(np.trace(matrix)), 1e-300), 0.0, MAX_SIMILARITY))
    return (1 - share) * np.eye(size) + share * similarity


def _exchangeable(matrix: np.ndarray) -> np.ndarray:
    """The correlation matrix whose entries off the diagonal are their mean."""
    size = len(matrix)
    mean = (matrix.sum() - np.trace(matrix)) / (size * (size - 1)) / (np.trace(matrix) / size)
    mean = float(np.clip(mean, 0.0, 0.99))
    return (1 - mean) * np.eye(size) + mean

"""The schema of a stored run: its settings, and the arrays of what was fitted.

Everything is checked before it is used, since an archive may come from anybody.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from scrl.config import Config
from scrl.data.files import quoted
from scrl.data.stored_ratings import RATINGS
from scrl.data.strict_arrays import Declared
from scrl.data.table import MAX_FEATURE
from scrl.raters.density import Density
from scrl.raters.imputation import ERROR_SCALES
from scrl.raters.latent_space import MAX_LATENT
from scrl.types import Catalogue, InputError
from scrl.utility_models.completion_effects import CompletionEffects
from scrl.utility_models.covariance import MAX_COMPLETIONS, Covariance
from scrl.utility_models.population import Population

#: Settings of a stored run, at most.
MAX_VOTERS, MAX_STEPS, MAX_WIDTH, MAX_TYPES, MAX_RULES = 1_000_000, 100_000, 4096, 200, 100
#: Largest utility, loading or latent; of features see ``MAX_FEATURE``.
MAX_NUMBER = 1e9
#: How far probabilities may be from adding up to 1.
TOLERANCE = 1e-4
_Count = Annotated[int, Field(ge=0, le=MAX_STEPS)]
_Fraction = Annotated[float, Field(ge=0, le=1)]
_Positive = Annotated[float, Field(gt=0, le=1e9)]


class _Limits(BaseModel):
    model_config = ConfigDict(
        strict=True, from_attributes=True, arbitrary_types_allowed=True, allow_inf_nan=False
    )


class _Schedule(_Limits):
    rate: Annotated[float, Field(gt=0, le=10)]
    warmup: _Count
    explore: tuple[_Count, _Count]
    ramp: _Count
    cool: _Count
    decay: Annotated[float, Field(ge=0, le=1e3)]
    chunk: Annotated[int, Field(ge=1, le=MAX_STEPS)]

    @model_validator(mode="after")
    def _ends(self) -> _Schedule:
        total = self.explore[1] + self.ramp + self.cool
        if self.explore[0] > self.explore[1] or not 1 <= total <= MAX_STEPS:
            raise ValueError(f"the steps should be from 1 to {MAX_STEPS:,}")
        return self


class _Raters(_Limits):
    max_types: Annotated[int, Field(ge=1, le=MAX_TYPES)]
    variation: bool
    choose_noise: bool


class _Imputation(_Limits):
    enabled: bool
    min_response_rate: _Fraction
    max_trials: Annotated[int, Field(ge=0, le=1000)]
    max_shared: Annotated[int, Field(ge=0, le=100)]
    penalties: Annotated[tuple[_Positive, ...], Field(max_length=100)]
    max_accuracy_loss: _Fraction
    margin: Annotated[float, Field(ge=0, le=1e9)]


class _Reward(_Limits):
    width: Annotated[int, Field(ge=1, le=MAX_WIDTH)]
    prior_sd: _Positive
    schedule: _Schedule


class _Config(_Limits):
    raters: _Raters
    imputation: _Imputation
    reward: _Reward
    voters: Annotated[int, Field(ge=1, le=MAX_VOTERS)]
    draws: Annotated[int, Field(ge=1, le=MAX_VOTERS)]
    weighting: Literal["pair", "ballot"]
    rules: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
        Field(min_length=1, max_length=MAX_RULES),
    ]


def check_config(config: Config) -> None:
    """Check that every setting is within its limits.

    Raises:
        InputError: naming the setting.
    """
    try:
        _Config.model_validate(config)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        place = ".".join(map(str, fault["loc"]))
        problem = fault["msg"].removeprefix("Input ").removeprefix("Value error, ")
        value = f" is {quoted(fault['input'])[1:-1]}; it" if fault["loc"] else ","
        raise InputError(
            f"A setting of this run is out of range: {quoted(place)}{value} {problem}."
        ) from None
    if len(set(config.rules)) < len(config.rules):
        raise InputError("A setting of this run is out of range: 'rules' names a rule twice.")


def _number(*axes: str, low: float = -MAX_NUMBER, high: float = MAX_NUMBER) -> Declared:
    return Declared("f", axes, low, high)


def _share(*axes: str) -> Declared:
    return Declared("f", axes, 0, 1 + TOLERANCE)


def _run_arrays() -> dict[str, Declared | tuple[Declared, ...]]:
    number, share = _number("types", "items"), _share("types")
    basis, effects = "population.completion_effects.basis", "population.completion_effects"
    raters = "population.rater_effects"
    return {
        **{f"source.ratings.{name}": array for name, array in RATINGS.items()},
        "density.weight": share,
        "density.mean": _number("types", "latent"),
        "density.covariance": _number("types", "latent", "latent"),
        "density.atoms": _number("types", "draws", "latent"),
        "density.share": _share("types", "draws"),
        "imputation.response_rate": _share("types", "items"),
        "imputation.missing": Declared("b", ("types", "items")),
        "imputation.scale_posterior": _share("scales"),
        "latents": _number("voters", "latent"),
        "population.reward": number,
        "population.variance": _number("types", "items", low=0),
        "population.share": share,
        "population.covariance.prompt": Declared("i", ("items",), 0, "prompts"),
        "population.covariance.completion": Declared("i", ("items",), 0, "completions"),
        "population.covariance.between_prompts": _number("prompts", "prompts"),
        "population.covariance.between_completions": (
            _number(low=0), _number("names", "names"),
        ),
        "population.covariance.similarity": _number("names", "names"),
        "population.ties.*.inner": _number("*", low=0),
        "population.ties.*.final": _number("*", low=0),
        f"{raters}.scale.mean": _number("features of raters", low=-MAX_FEATURE, high=MAX_FEATURE),
        f"{raters}.scale.inverse": _number("features of raters", low=0, high=MAX_FEATURE),
        f"{raters}.rows": _number("rows", "features of raters"),
        f"{raters}.weight": _share("rows"),
        f"{raters}.log_odds": _number("types"),
        f"{raters}.slope": _number("features of raters", "types"),
        f"{raters}.shift": _number("features of raters", "items"),
        f"{basis}.mean": _number("features", low=-MAX_FEATURE, high=MAX_FEATURE),
        f"{basis}.scale": Declared("f", ("features",), 1e-300, infinite=True),
        f"{basis}.directions": _number("features", "linear"),
        f"{basis}.centres": _number("centres", "features"),
        f"{basis}.roots.*": _number("centres", "*"),
        f"{effects}.value": _number("items", "functions"),
        f"{effects}.weight": _number("types", "functions"),
        f"{effects}.covariance": _number("types", "functions", "functions"),
        f"{effects}.common": _number("functions"),
        f"{effects}.spread": _number("groups", low=0),
        f"{effects}.sd": _number("groups", low=0),
        "space.origin": _number("items"),
        "space.loadings": _number("items", "latent"),
        "space.residual": _number("items", low=0),
    }  # fmt: skip


#: What the arrays of a fitted run have to be, by their paths in its manifest.
RUN_ARRAYS = _run_arrays()


def check_fitted(tree: Any, density: Density, population: Population, catalogue: Catalogue) -> None:
    """Check what the numbers of a fitted run say together.

    Args:
        tree: its manifest, whose arrays are checked.

    Raises:
        ValueError: where parts do not fit each other, or probabilities do not add up to 1.
    """
    seed, imputation = tree["seed"], tree["imputation"]
    if type(seed) is not int or not 0 <= seed < 2**32:
        raise ValueError("'seed' is no whole number below 2^32")
    if not -1 <= imputation["selected"] < len(imputation["candidates"]):
        raise ValueError("'imputation.selected' is none of the candidates")
    if not 0 < population.pair_slope < np.inf or len(population.ties) not in (0, population.types):
        raise ValueError("'population.ties' do not fit the types")
    for share in (density.weight, density.share, population.share):
        if abs(float(share.sum()) - 1) > TOLERANCE:
            raise ValueError("shares do not add up to 1")
    if population.rater_effects and abs(population.rater_effects.weight.sum() - 1) > TOLERANCE:
        raise ValueError("shares do not add up to 1")
    if density.mean.shape[1] > MAX_LATENT or not density.mean.shape[1]:
        raise ValueError(f"the latents have none or more than {MAX_LATENT} dimensions")
    _check_covariances(density, population.covariance, catalogue)
    if population.completion_effects is not None:
        _check_effects(population.completion_effects)


def check_scales(scale_posterior: np.ndarray) -> None:
    """Check the posterior of the imputation error (``raters.imputation``)."""
    if not 1 <= len(scale_posterior) <= len(ERROR_SCALES):
        raise ValueError("'imputation.scale_posterior' has another length")
    if abs(float(scale_posterior.sum()) - 1) > TOLERANCE:
        raise ValueError("shares do not add up to 1")


def _check_covariances(density: Density, covariance: Covariance, catalogue: Catalogue) -> None:
    if not np.array_equal(covariance.prompt, catalogue.item_prompt):
        raise ValueError("'population.covariance.prompt' is not that of the catalogue")
    between, matrices = covariance.between_prompts, list[np.ndarray]()
    if len(between) != len(catalogue.prompts):
        raise ValueError("'population.covariance.between_prompts' is of other prompts")
    if isinstance(between, np.ndarray):
        matrices.append(between)
    if not covariance.is_independent:
        names = len(covariance.between_completions)
        if names > MAX_COMPLETIONS or covariance.completion.max() >= names:
            raise ValueError("'population.covariance.completion' is out of range")
        matrices.append(covariance.between_completions)
    try:
        np.linalg.cholesky(density.covariance)
        for matrix in matrices:  # of raters who do not vary it is 0
            values = np.linalg.eigvalsh(matrix)
            if values[0] < -TOLERANCE * max(values[-1], 1.0):
                raise ValueError("a covariance is not positive definite")
    except np.linalg.LinAlgError:
        raise ValueError("a covariance is not positive definite") from None


def _check_effects(effects: CompletionEffects) -> None:
    basis = effects.basis
    if (
        len(basis.group) != len(effects.common)
        or len(basis.widths) != len(basis.roots)
        or len(effects.spread) != len(basis.roots) + 1
        or not all(0 < width < np.inf for width in basis.widths)
    ):
        raise ValueError("'population.completion_effects' do not fit each other")

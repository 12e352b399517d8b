"""Results as plain data: their types, and outcomes and scores by completion name.

The types describe ``RESULT.json`` and what pages show; docs/files.md explains each key. An order is
best first, each place a list of the completions tied there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NotRequired

import numpy as np
from typing_extensions import TypedDict

from scrl.types import Outcome, places_to_order

#: Version of the result file; it grows with every change of a key's name or meaning.
SCHEMA = 1
#: Decimals of scores and rewards.
DIGITS = 9
Order = list[list[str]]


class OutcomeEntry(TypedDict):
    """The outcome of a rule: ``scores``, or ``probabilities`` for a lottery."""

    order: Order
    scores: NotRequired[dict[str, float]]
    probabilities: NotRequired[dict[str, float]]


class RewardEntry(TypedDict):
    """The rewards of a network, and their order."""

    order: Order
    rewards: dict[str, float]


class VanillaEntry(RewardEntry):
    """The vanilla network, and the exact Bradley–Terry scores of the same sample (``mle``)."""

    mle: dict[str, float]


class AgreementEntry(TypedDict):
    """Agreement of an order with the truth: Kendall's τ-b, completions in their true place, and
    reversed strict pairs."""

    tau: float
    places: int
    reversed: int


class WelfareEntry(TypedDict):
    """Utility of an order's winner: its mean, and by type."""

    winner: list[str]
    mean: float
    by_type: dict[str, float]


class WelfareResult(TypedDict):
    """Utility of winners by source, and the greatest mean of any completion (``best``)."""

    best: float
    vanilla: WelfareEntry
    truth: dict[str, WelfareEntry]
    social: dict[str, WelfareEntry]


class PromptResult(TypedDict):
    """One prompt; outcomes are by rule. What needs a truth is absent for ratings."""

    completions: list[str]
    truth: NotRequired[dict[str, OutcomeEntry]]
    raters: NotRequired[dict[str, OutcomeEntry]]
    vanilla: VanillaEntry
    voters: dict[str, OutcomeEntry]
    social: dict[str, RewardEntry]
    agreement: NotRequired[dict[str, dict[str, AgreementEntry]]]
    welfare: NotRequired[WelfareResult]


class LatentSummary(TypedDict):
    """Size of the latent model."""

    raters: int
    dim: int
    active_units: int
    components: int


class FoundType(TypedDict):
    """A type of raters that was found: its share, and its most frequent known type."""

    share: float
    name: str


class PopulationResult(TypedDict):
    """What step 1 found of the raters (see ``diagnostics.PopulationSummary``).

    ``within``, ``between``, ``error`` and ``tied`` are shares of pairs; ``between`` is absent where
    there is one type.
    """

    types: list[FoundType]
    varies: bool
    within: float
    between: NotRequired[float]
    error: float
    tied: float


class ImputationChoice(TypedDict):
    """One tried structure of sharing between prompts, and how well it predicts."""

    shared: int
    penalty: float
    hidden: float
    seen: float
    right: float


class ImputedPrompt(TypedDict):
    """Completions that a cluster left out, the imputed order, and ``[above, below, probability]``
    of the pairs with one of them."""

    silent: list[str]
    order: Order
    sure: list[tuple[str, str, float]]


class ImputedCluster(TypedDict):
    """A cluster of raters with missing blocks."""

    name: str
    share: float
    prompts: dict[str, ImputedPrompt]


class ImputationResult(TypedDict):
    """Imputation of missing blocks; ``chosen`` indexes ``choices``, -1 where none was tried."""

    tests: int
    choices: list[ImputationChoice]
    chosen: int
    kinds: list[ImputedCluster]


class ShareComparison(TypedDict):
    """A share of the raters' ballots and of simulated ones on the same completions.

    It is the share of ballots that put ``completion`` first or, where ``over`` is given, above
    ``over``. ``raters`` is their effective number, ``error`` the standard error of the difference
    where the electorate is right.
    """

    prompt: str
    completion: str
    over: NotRequired[str]
    observed: float
    simulated: float
    raters: float
    error: float
    failed: bool


class CheckResult(TypedDict):
    """Whether the simulated voters reproduce the raters' ballots (None: too few raters to tell).

    ``shares`` are those tested that differ most, ``tested`` counts all, ``failed`` those that
    differ beyond chance; ``mean`` and ``largest`` are absolute differences of those tested.
    """

    reproduces: bool | None
    tested: int
    failed: int
    mean: float
    largest: float
    message: str
    shares: list[ShareComparison]


class SeedsResult(TypedDict):
    """Results of several seeds: as in the result, with a list of one value a seed at each leaf."""

    seeds: list[int]
    prompts: dict[str, dict[str, Any]]
    latent: dict[str, list]


class RunResult(TypedDict):
    """The result file of a run. Version 0.6 wrote no ``population``, 0.5 no ``schema`` either, and
    earlier ones no ``check``; baked results have no ``device`` and no ``seconds``."""

    schema: NotRequired[int]
    scenario: str
    seed: int
    device: NotRequired[str]
    prompts: dict[str, PromptResult]
    latent: LatentSummary
    population: NotRequired[PopulationResult]
    silence: ImputationResult
    check: NotRequired[CheckResult]
    seconds: NotRequired[dict[str, float]]
    notes: list[str]
    seeds: NotRequired[SeedsResult]


class IntervalEntry(TypedDict):
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float


class RivalEntry(TypedDict):
    """A rival's held-out accuracy; ``difference`` is that of the individual model less it."""

    title: str
    accuracy: IntervalEntry
    difference: IntervalEntry
    calibration_error: float


class WinnerEntry(TypedDict):
    """The model that predicts best, and one sentence about it."""

    name: str
    note: str


class EvaluationResult(TypedDict):
    """The result file of ``evaluate``; version 0.6.0 wrote neither calibration nor rivals."""

    raters: int
    pairs: int
    active_units: int
    active_units_by_fold: list[int]
    accuracy: dict[str, IntervalEntry]
    calibration_error: NotRequired[dict[str, float]]
    rivals: NotRequired[dict[str, RivalEntry]]
    skipped: NotRequired[dict[str, str]]
    winner: NotRequired[WinnerEntry]
    seconds: dict[str, float]
    notes: list[str]


class LatentMap(TypedDict):
    """Raters on the principal plane of their latents (see ``report.latent_map``)."""

    x: list[float]
    y: list[float]
    type: list[int]
    types: list[str]
    marked: list[bool]
    marked_label: str
    unmarked_label: str
    explained: list[float]
    raters: int


class RunContent(TypedDict):
    """What pages keep of a run: plain data, and the fitted run while it is in memory."""

    result: RunResult
    latent: LatentMap
    config: dict[str, Any]
    curves: NotRequired[dict[str, list[float]]]  # of a network, in runs of earlier versions
    learnt: NotRequired[Any]
    yaml: NotRequired[str]
    unkept: NotRequired[str]


def order_of(values: np.ndarray, names: Sequence[str]) -> Order:
    """Names by descending value ``[candidates]``; values equal within 1e-9 are tied."""
    values = np.asarray(values, np.float64)
    best = np.argsort(-values, kind="stable")
    step = np.concatenate([[0], np.cumsum(-np.diff(values[best]) > 1e-9)]).astype(int)
    place = np.empty(len(values), int)
    place[best] = step
    return places_to_order(place, list(names))


def outcome_dict(outcome: Outcome, names: Sequence[str]) -> OutcomeEntry:
    """An outcome by candidate name."""
    names = list(names)
    scores = rounded(outcome.by_name(names), DIGITS)
    if outcome.lottery:
        return {"order": outcome.order(names), "probabilities": scores}
    return {"order": outcome.order(names), "scores": scores}


def rounded(values: Any, digits: int) -> Any:
    """Rounded numbers as plain data, without negative zeros.

    Args:
        values: a number, an array, None, or a mapping to these; None stays None.
    """
    if values is None:
        return None
    if isinstance(values, Mapping):
        return {key: rounded(value, digits) for key, value in values.items()}
    if isinstance(values, np.ndarray):
        return (np.round(values.astype(float), digits) + 0.0).tolist()
    return round(float(values), digits) + 0.0


def by_name(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    """``values [candidates]`` by candidate."""
    return rounded(dict(zip(names, values, strict=True)), DIGITS)

"""Voter sampling: voters drawn from the prior beside voters drawn from the fitted density.

A footnote of the blog post holds that simulated voters must be drawn from the density of the
raters' latents, not from a standard normal, the prior of a variational autoencoder. Both are drawn
in the latent space of the fitted model and counted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.choice_models.rank_metrics import kendall_tau, order_places, strictly_reversed
from scrl.config import Config
from scrl.random_streams import HostStream, host_rng
from scrl.runs.progress import part_reporter
from scrl.runs.training_job import train
from scrl.scenarios.parsing import load_scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.protocol import Listener, ModuleStudy, differences, selected, settings_hash
from scrl.types import Ballots
from scrl.voting.counting import aggregate

SCENARIO, PROMPT, RULE = "tennessee-morristown", "best", "borda"
SEEDS = tuple(range(10))
#: Voters drawn from the prior: as many as a run draws from its density.
VOTERS = Config().voters
SOURCES = ("prior", "density")
#: Shares of voters agree within this; rounding differs between machines.
TOLERANCE = 0.02


def spec() -> str:
    """A hash of the study's settings."""
    return settings_hash(load_scenario(gallery()[SCENARIO]).to_yaml(), SEEDS, RULE, Config())


def run(on_progress: Listener = None, seeds: Sequence[int] = SEEDS) -> dict[str, Any]:
    """Train a model for each seed and count voters of the prior and of the density: some minutes.

    Returns:
        ``"runs"``: for each seed and of ``"prior"`` and ``"density"``: ``order``, its ``tau`` with
        the true order, ``reversed`` (strict pairs), ``first`` (share of first places by
        completion), ``types`` (share of voters nearest to each type's order), and the total
        variation of both from the truth (``tv_first``, ``tv_types``); ``"truth"``: ``order``,
        ``first``, ``types``.
    """
    scenario, runs = load_scenario(gallery()[SCENARIO]), []
    names, utility = list(scenario.offered(PROMPT)), scenario.type_utilities
    truth = describe_voters(utility, scenario.type_shares, names, utility)
    for i, seed in enumerate(seeds):
        listen = part_reporter(on_progress, i, len(seeds), f"seed {seed}")
        fitted = train(scenario, [RULE], seed, listen)["learnt"]
        rng = host_rng(seed, HostStream.PRIOR_VOTERS)
        latents = {
            "prior": rng.standard_normal((VOTERS, fitted.latents.shape[1])).astype(np.float32),
            "density": fitted.latents,
        }
        entry: dict[str, Any] = {"seed": seed}
        for source, drawn in latents.items():
            rewards = np.asarray(fitted.individual.rewards(drawn, np.arange(len(names))[None]))[0]
            found = describe_voters(rewards, np.ones(len(rewards)), names, utility)
            entry[source] = found | _agreement(found, truth, names)
        runs.append(entry)
    return {
        "scenario": scenario.name, "rule": RULE, "completions": names,
        "types": list(scenario.type_names), "truth": truth, "runs": runs,
    }  # fmt: skip


def describe_voters(
    utility: np.ndarray, weight: np.ndarray, names: Sequence[str], type_utility: np.ndarray
) -> dict[str, Any]:
    """The order, the first places and the nearest types of voters.

    Args:
        utility: of each voter ``[voters, completions]``; weight: of each voter ``[voters]``.
        type_utility: ``[types, completions]``; the nearest type orders most pairs as the voter.
    """
    weight = weight / weight.sum()
    first, second = np.triu_indices(len(names), 1)
    signs, type_signs = (np.sign(u[:, first] - u[:, second]) for u in (utility, type_utility))
    nearest = (signs @ type_signs.T).argmax(1)
    top = utility == utility.max(1, keepdims=True)
    outcome = aggregate(Ballots(utility, weight=weight), RULE)
    return {
        "order": outcome.order(list(names)),
        "first": np.round(weight @ (top / top.sum(1, keepdims=True)), 6).tolist(),
        "types": np.round(np.bincount(nearest, weight, len(type_utility)), 6).tolist(),
    }


def _agreement(found: Mapping, truth: Mapping, names: list[str]) -> dict[str, float]:
    place, true_place = (order_places(entry["order"], names) for entry in (found, truth))
    return {
        "tau": round(kendall_tau(place, true_place), 9),
        "reversed": strictly_reversed(true_place, place),
        "tv_first": total_variation(found["first"], truth["first"]),
        "tv_types": total_variation(found["types"], truth["types"]),
    }


def total_variation(first: Sequence[float], second: Sequence[float]) -> float:
    """The total variation distance of two distributions: the share to be moved."""
    return round(float(0.5 * np.abs(np.subtract(first, second)).sum()), 6)


@dataclass(frozen=True, eq=False)
class SourceSummary:
    """The runs of one source of voters.

    Attributes:
        exact: number of runs that reverse no strict pair of the true order.
        first_distance: mean total variation of first places from the truth.
        first: mean share of first places ``[completions]``.
        types: mean share of voters nearest to each type ``[types]``.
    """

    exact: int
    first_distance: float
    first: np.ndarray
    types: np.ndarray


def summarise(runs: Sequence[Mapping]) -> dict[str, SourceSummary]:
    """Source of voters -> summary over the runs."""
    return {
        source: SourceSummary(
            sum(run[source]["reversed"] == 0 for run in runs),
            float(np.mean([run[source]["tv_first"] for run in runs])),
            np.mean([run[source]["first"] for run in runs], axis=0),
            np.mean([run[source]["types"] for run in runs], axis=0),
        )
        for source in SOURCES
    }


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the first seed, repeated."""
    stored = content["result"]
    fresh = run(on_progress, SEEDS[:1])
    found = differences([one["seed"] for one in stored["runs"]], SEEDS, where="seeds.")
    found += differences(stored["truth"], fresh["truth"], 1e-6, "truth.")
    compared = ("first", "types", "tv_first", "tv_types")
    for source in SOURCES:
        before, after = (
            selected(result["runs"][0][source], compared) for result in (stored, fresh)
        )
        found += differences(before, after, TOLERANCE, f"{source}.")
    return found


STUDY = ModuleStudy(
    name="voter-sampling",
    title="Voters of the prior beside voters of the fitted density",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)

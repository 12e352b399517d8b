"""Data efficiency: agreement with the truth by the number of raters.

The blog post holds that a model of individual raters is more data efficient than vanilla
Bradley–Terry. On Tennessee with Morristown, every other city is left off a random half of the
ballots. For several numbers of raters the study compares vanilla, the social model and the oracle
(the sampled raters' own complete ballots, counted) with the truth.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scrl.config import Config
from scrl.runs.progress import part_reporter
from scrl.runs.training_job import train
from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.studies.protocol import Listener, ModuleStudy, differences, settings_hash

RATERS = (30, 100, 300, 1_000, 3_000)
SEEDS = tuple(range(10))
SCENARIO, PROMPT, RULE = "tennessee-morristown", "best", "borda"
#: The chance that a ballot includes a city other than Morristown.
INCLUSION = 0.5
#: Sources whose agreement with the truth is measured.
SOURCES = ("vanilla", "raters", "voters", "social")
#: Kendall's τ agrees within one swapped pair of ten; rounding differs between machines.
TOLERANCE = 0.21


def half_missing_scenario() -> Scenario:
    """Tennessee with Morristown, where every other city is on half of the ballots, at random.

    Raters' types are drawn independently, so that few raters are a sample of the population and
    the oracle errs too.
    """
    scenario = load_scenario(gallery()[SCENARIO]).model_copy(update={"sampling": "iid"})
    others = {c: INCLUSION for c in scenario.offered(PROMPT) if c != "Morristown"}
    return with_overrides(
        scenario, includes={name: {PROMPT: others} for name in scenario.type_names}
    )


def spec() -> str:
    """A hash of the study's settings."""
    return settings_hash(half_missing_scenario().to_yaml(), RATERS, SEEDS, RULE, Config())


def run(
    on_progress: Listener = None, raters: Sequence[int] = RATERS, seeds: Sequence[int] = SEEDS
) -> dict[str, Any]:
    """Train a model for each number of raters and each seed: some minutes.

    Returns:
        ``"runs"``: for each run ``n`` (raters), ``seed``, and by source (``SOURCES``) ``tau``
        (Kendall) and ``reversed`` (reversed strict pairs); ``"rule"``, ``"scenario"``.
    """
    scenario, runs = half_missing_scenario(), []
    cells = [(n, seed) for n in raters for seed in seeds]
    for i, (n, seed) in enumerate(cells):
        listen = part_reporter(on_progress, i, len(cells), f"{n:,} raters, seed {seed}")
        result = train(with_overrides(scenario, raters=n), [RULE], seed, listen)["result"]
        found = result["prompts"][PROMPT]["agreement"][RULE]
        runs.append(
            {"n": n, "seed": seed}
            | {s: {k: found[s][k] for k in ("tau", "reversed")} for s in SOURCES}
        )
    return {"scenario": scenario.name, "rule": RULE, "runs": runs}


def summarise(runs: Sequence[Mapping]) -> list[dict[str, Any]]:
    """One row for each number of raters and source: the mean τ over seeds, its standard ``error``
    and ``least`` value, and the share of seeds that reverse no strict pair (``exact``)."""
    rows = []
    for n in sorted({run["n"] for run in runs}):
        selected = [run for run in runs if run["n"] == n]
        for source in SOURCES:
            tau = np.array([run[source]["tau"] for run in selected])
            exact = np.mean([run[source]["reversed"] == 0 for run in selected])
            error = tau.std(ddof=1) / np.sqrt(len(tau)) if len(tau) > 1 else 0.0
            rows.append(
                {"n": n, "source": source, "tau": float(tau.mean()), "error": float(error),
                 "least": float(tau.min()), "exact": float(exact), "seeds": len(selected)}
            )  # fmt: skip
    return rows


def raters_to_lead(rows: Sequence[Mapping]) -> int | None:
    """The least number of raters at which the social order's mean τ exceeds vanilla's for good.

    The lead is more than two standard errors of the difference, at this and every larger number of
    raters; None where the largest number has no such lead.

    Args:
        rows: of ``summarise``.
    """
    row_of = {(row["n"], row["source"]): row for row in rows}
    least = None
    for n in sorted({row["n"] for row in rows}, reverse=True):
        social, vanilla = row_of[n, "social"], row_of[n, "vanilla"]
        if social["tau"] - vanilla["tau"] <= 2 * np.hypot(social["error"], vanilla["error"]):
            break
        least = n
    return least


def spot_check(content: Mapping[str, Any], on_progress: Listener = None) -> list[str]:
    """Differences of a stored content from the first run of the fewest raters, repeated."""
    stored = content["result"]
    cells = [[run["n"], run["seed"]] for run in stored["runs"]]
    found = differences(cells, [[n, seed] for n in RATERS for seed in SEEDS], where="runs.")
    fresh = run(on_progress, RATERS[:1], SEEDS[:1])["runs"][0]
    before, after = ({s: one[s]["tau"] for s in SOURCES} for one in (stored["runs"][0], fresh))
    return found + differences(before, after, TOLERANCE, "tau.")


STUDY = ModuleStudy(
    name="data-efficiency",
    title="Agreement with the truth by the number of raters",
    modules=(__name__,),
    compute_spec=spec,
    compute=lambda on_progress: {"result": run(on_progress)},
    check=spot_check,
)

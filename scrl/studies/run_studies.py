"""Two studies of many runs: how many raters it takes, and where voters may be drawn from.

``accuracy``: the blog post holds that a model of individuals is more data efficient than vanilla.
Tennessee with Morristown, and every other city on a random half of the ballots, at several numbers
of raters: how far vanilla, the social model, and the oracle (the sampled raters' own complete
ballots, counted) agree with the truth.

``voters``: a footnote of the post holds that voters belong to the density of the embedded raters,
and not to the prior of the latent, a standard normal. Both are drawn and counted.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from scrl.choice_models.rank_metrics import kendall_tau, order_places, strictly_reversed
from scrl.config import Config
from scrl.random_streams import HostStream, host_rng
from scrl.runs.report import keep_baked
from scrl.runs.training_job import train
from scrl.scenarios.parsing import load_scenario, with_overrides
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.shipped import gallery
from scrl.types import Ballots, Progress
from scrl.voting.counting import aggregate

RATERS = (30, 100, 300, 1_000, 3_000)
SEEDS = tuple(range(10))
SCENARIO, PROMPT, RULE = "tennessee-morristown", "best", "borda"
#: The chance that a ballot holds a city other than Morristown.
HALF = 0.5
#: What agreement with the truth is measured of.
SOURCES = ("vanilla", "raters", "voters", "social")
#: Voters drawn from the prior, as many as a run draws from its density.
VOTERS = Config().voters
STUDIES = ("accuracy", "voters")

Listener = Callable[[Progress], None] | None


def half_missing() -> Scenario:
    """Morristown is ranked by whom it is in the gallery, every other city by half, at random.

    Raters are of independent types, so that few of them are a sample and not the population in
    small, and the oracle too can err.
    """
    scenario = load_scenario(gallery()[SCENARIO]).model_copy(update={"sampling": "iid"})
    others = {c: HALF for c in scenario.offered(PROMPT) if c != "Morristown"}
    return with_overrides(
        scenario, includes={name: {PROMPT: others} for name in scenario.type_names}
    )


def spec_of(study: str) -> str:
    """A hash of all that a baked study depends on but the code."""
    scenario = half_missing() if study == "accuracy" else load_scenario(gallery()[SCENARIO])
    known = (scenario.to_yaml(), RATERS, SEEDS, RULE, Config())
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def accuracy(
    on_progress: Listener = None, raters: Sequence[int] = RATERS, seeds: Sequence[int] = SEEDS
) -> dict:
    """Agreement with the true order by the number of raters.

    Returns:
        ``"runs"``: for each run ``n`` (raters), ``seed``, and by source (``SOURCES``) ``tau``
        (Kendall) and ``reversed`` (strict pairs the other way round); ``"rule"``, ``"scenario"``.
    """
    scenario, runs = half_missing(), []
    every = [(n, seed) for n in raters for seed in seeds]
    for i, (n, seed) in enumerate(every):
        said = f"{n:,} raters, seed {seed}"
        some = with_overrides(scenario, raters=n)
        done = train(some, [RULE], seed, _within(on_progress, i, len(every), said))
        found = done["result"]["prompts"][PROMPT]["agreement"][RULE]
        runs.append(
            {"n": n, "seed": seed}
            | {s: {k: found[s][k] for k in ("tau", "reversed")} for s in SOURCES}
        )
    return {"scenario": scenario.name, "rule": RULE, "runs": runs}


def summary(runs: Sequence[dict]) -> list[dict]:
    """A row for each number of raters and source: mean τ over seeds, its standard error, and the
    share of seeds whose order reverses no true pair."""
    rows = []
    for n in sorted({run["n"] for run in runs}):
        mine = [run for run in runs if run["n"] == n]
        for source in SOURCES:
            tau = np.array([run[source]["tau"] for run in mine])
            exact = np.mean([run[source]["reversed"] == 0 for run in mine])
            error = tau.std(ddof=1) / np.sqrt(len(tau)) if len(tau) > 1 else 0.0
            rows.append(
                {"n": n, "source": source, "tau": float(tau.mean()), "error": float(error),
                 "least": float(tau.min()), "exact": float(exact), "seeds": len(mine)}
            )  # fmt: skip
    return rows


def voters(on_progress: Listener = None, seeds: Sequence[int] = SEEDS) -> dict:
    """Voters of the prior beside voters of the fitted density, from the same trained models.

    Returns:
        ``"runs"``: for each seed and ``"prior"``, ``"density"``: ``order``, ``tau`` with the true
        one, ``first`` (share of first places by completion), ``types`` (share of voters nearest to
        each type's order), and the total variation of both to the truth (``tv_first``,
        ``tv_types``); ``"truth"``: ``order``, ``first``, ``types``.
    """
    scenario, runs = load_scenario(gallery()[SCENARIO]), []
    names, utility, share = scenario.offered(PROMPT), scenario.type_utilities, scenario.type_shares
    truth = _of(utility, share, names, utility)
    for i, seed in enumerate(seeds):
        listen = _within(on_progress, i, len(seeds), f"seed {seed}")
        learnt = train(scenario, [RULE], seed, listen)["learnt"]
        rng = host_rng(seed, HostStream.PRIOR_VOTERS)
        latents = {
            "prior": rng.standard_normal((VOTERS, learnt.latents.shape[1])).astype(np.float32),
            "density": learnt.latents,
        }
        run = {"seed": seed}
        for source, drawn in latents.items():
            rewards = np.asarray(learnt.individual.rewards(drawn, np.arange(len(names))[None]))[0]
            found = _of(rewards, np.ones(len(rewards)), names, utility)
            place, true = (order_places(x["order"], list(names)) for x in (found, truth))
            run[source] = found | {
                "tau": round(kendall_tau(place, true), 9),
                "reversed": strictly_reversed(true, place),
                "tv_first": _variation(found["first"], truth["first"]),
                "tv_types": _variation(found["types"], truth["types"]),
            }
        runs.append(run)
    return {
        "scenario": scenario.name, "rule": RULE, "completions": list(names),
        "types": list(scenario.type_names), "truth": truth, "runs": runs,
    }  # fmt: skip


def _of(voter: np.ndarray, weight: np.ndarray, names: Sequence[str], types: np.ndarray) -> dict:
    """The order, first places and nearest types of voters' utilities ``[voters, completions]``."""
    weight = weight / weight.sum()
    first, second = np.triu_indices(len(names), 1)
    says, of_type = (np.sign(u[:, first] - u[:, second]) for u in (voter, types))
    nearest = (says @ of_type.T).argmax(1)
    top = voter == voter.max(1, keepdims=True)
    outcome = aggregate(Ballots(voter, weight=weight), RULE)
    return {
        "order": outcome.order(list(names)),
        "first": np.round(weight @ (top / top.sum(1, keepdims=True)), 6).tolist(),
        "types": np.round(np.bincount(nearest, weight, len(types)), 6).tolist(),
    }


def _variation(one: Sequence[float], other: Sequence[float]) -> float:
    """Total variation: the share that would have to be moved."""
    return round(float(0.5 * np.abs(np.subtract(one, other)).sum()), 6)


def _within(listen: Listener, run: int, runs: int, message: str) -> Listener:
    """Reports of one run as those of its part of many."""
    if listen is None:
        return None
    return lambda p: listen(Progress(p.phase, (run + p.fraction) / runs, message))


def make(study: str, on_progress: Listener = None) -> dict:
    """The study as it is baked: a job of some minutes."""
    return {"accuracy": accuracy, "voters": voters}[study](on_progress)


def bake(study: str, command: str, on_progress: Listener = None, folder: Path | None = None):
    """Run it and write what the page shows at once."""
    content = {"result": make(study, on_progress), "made": command, "spec": spec_of(study)}
    return keep_baked(f"study-{study}", content, folder)

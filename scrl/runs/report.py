"""An experiment as plain data: the result file and the latent map.

Pages and the command line show only these, so that a baked result and a fresh one look alike.
Imports nothing heavy.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from scrl.choice_models.rank_metrics import (
    kendall_tau,
    matching_places,
    order_places,
    strictly_reversed,
    welfare,
)
from scrl.results import (
    SCHEMA,
    AgreementEntry,
    ImputationResult,
    ImputedCluster,
    LatentMap,
    Order,
    PopulationResult,
    PromptResult,
    RewardEntry,
    RunResult,
    WelfareEntry,
    WelfareResult,
    by_name,
    order_of,
    outcome_dict,
)
from scrl.runs.check_result import check_dict

if TYPE_CHECKING:
    from scrl.pipeline import Experiment


def to_dict(experiment: Experiment) -> RunResult:
    """The result file of a run, plain JSON (see docs/files.md).

    >>> import scrl
    >>> experiment = scrl.run(scrl.load_scenario(scrl.gallery()["tennessee-morristown"]))
    ... # doctest: +SKIP
    >>> to_dict(experiment)["prompts"]["best"]["social"]["borda"]["order"]  # doctest: +SKIP
    [['Chattanooga'], ['Knoxville'], ['Nashville'], ['Morristown'], ['Memphis']]
    """
    from scrl.diagnostics import active_units

    e, catalogue = experiment, experiment.catalogue
    prompts = {}
    for p, prompt in enumerate(catalogue.prompts):
        names = catalogue.names(p)
        items = slice(*catalogue.offsets[p : p + 2])

        entry: PromptResult = {
            "completions": names,
            "vanilla": {
                **_reward_entry(e.vanilla[items], names),
                "mle": by_name(names, e.mle[items]),
            },
            "voters": {r: outcome_dict(o, names) for r, o in e.voters[p].items()},
            "social": {r: _reward_entry(values[items], names) for r, values in e.social.items()},
        }
        if e.truth is not None and e.raters is not None:
            entry["truth"] = {r: outcome_dict(o, names) for r, o in e.truth[p].items()}
            entry["raters"] = {r: outcome_dict(o, names) for r, o in e.raters[p].items()}
            entry["agreement"] = agreement(entry)
        if e.truth is not None and e.source.type_utilities is not None:
            utility = e.source.type_utilities[:, items]
            entry["welfare"] = welfare_dict(
                entry, utility, e.source.type_shares, e.source.type_names
            )
        prompts[prompt] = entry
    check = check_dict(e.check, catalogue)
    notes = [check["message"]] if check["failed"] else []
    return {
        "schema": SCHEMA,
        "scenario": e.source.name,
        "seed": e.seed,
        "device": e.device,
        "prompts": prompts,
        "latent": {
            "raters": len(e.embedded_raters),
            "dim": e.individual.latent,
            "active_units": active_units(np.asarray(e.posterior.mean)),
            "components": e.density.components,
        },
        "population": population_dict(e),
        "silence": imputation_dict(e),
        "check": check,
        "seconds": {name: round(value, 3) for name, value in e.seconds.items()},
        "notes": [*e.ratings.notes, *e.notes, *notes],
    }


def _reward_entry(values: np.ndarray, names: Sequence[str]) -> RewardEntry:
    return {"order": order_of(values, names), "rewards": by_name(names, values)}


def population_dict(experiment: Experiment) -> PopulationResult:
    """What step 1 found of the raters."""
    from scrl.diagnostics import summarise_population

    found = summarise_population(experiment.fitted_run)
    entry: PopulationResult = {
        "types": [
            {"share": round(float(share), 6), "name": name}
            for share, name in zip(found.share, found.name, strict=True)
        ],
        "varies": found.varies,
        "within": round(found.within, 6),
        "error": round(found.error, 6),
        "tied": round(found.tied, 6),
    }
    if len(found.share) > 1:
        entry["between"] = round(found.between, 6)
    return entry


def imputation_dict(experiment: Experiment) -> ImputationResult:
    """Imputation of missing blocks.

    Returns:
        ``tests`` (trial blocks hidden), ``choices`` (candidates of sharing between prompts, with
        log-likelihoods in nats of the hidden and of the visible data), ``chosen`` (index, -1 where
        none was tried) and ``kinds``: of each cluster with a missing block its ``name`` (the most
        frequent type, "" where unknown), ``share`` of the raters, and ``prompts``: prompt -> the
        missing completions (``silent``), the imputed ``order`` of all completions, and ``sure``:
        ``[above, below, probability]`` of each pair with a missing completion.
    """
    from scrl.raters import find_missing_blocks

    e, imputation, catalogue = experiment, experiment.imputation, experiment.catalogue
    mean = np.asarray(e.posterior.mean)
    cluster = e.density.component_of(mean)
    found: dict[int, ImputedCluster] = {}
    for block in find_missing_blocks(imputation.missing, catalogue):
        members = cluster == block.cluster
        rewards = e.individual.rewards(e.density.mean[[block.cluster]])[0]
        if block.cluster not in found:
            types = e.ratings.rater_type
            types = np.empty(0, int) if types is None else types[e.embedded_raters[members]]
            name = e.ratings.types[np.bincount(types).argmax()] if len(types) else ""
            found[block.cluster] = {
                "name": name,
                "share": round(float(members.mean()), 6),
                "prompts": {},
            }
        above = imputation.preference_probabilities(rewards, block.cluster)
        start, stop = catalogue.offsets[block.prompt : block.prompt + 2]
        names, best = catalogue.names(block.prompt), np.argsort(-rewards[start:stop], kind="stable")
        pairs = [(a, b) for i, a in enumerate(best) for b in best[i + 1 :]]
        found[block.cluster]["prompts"][catalogue.prompts[block.prompt]] = {
            "silent": [names[i] for i in np.flatnonzero(block.items[start:stop])],
            "order": [[names[i]] for i in best],
            "sure": [
                (names[a], names[b], round(float(above[start + a, start + b]), 4))
                for a, b in pairs
                if block.items[start + a] or block.items[start + b]
            ],
        }
    return {
        "tests": imputation.trials,
        "choices": [
            {"shared": c.shared, "penalty": c.penalty, "hidden": round(c.hidden_nats, 4),
             "seen": round(c.visible_nats, 4), "right": round(c.visible_accuracy, 4)}
            for c in imputation.candidates
        ],
        "chosen": imputation.selected,
        "kinds": list(found.values()),
    }  # fmt: skip


def agreement(entry: PromptResult) -> dict[str, dict[str, AgreementEntry]]:
    """Agreement of each order of one prompt with the truth.

    Returns:
        rule -> source (``"vanilla"``, ``"raters"``, ``"voters"``, ``"social"``) -> ``tau``
        (Kendall's τ-b), ``places`` (completions in their true place) and ``reversed`` (reversed
        strict pairs).
    """
    names = entry["completions"]
    found: dict[str, dict] = {}
    for rule, truth in entry["truth"].items():
        place = order_places(truth["order"], names)
        orders = {"vanilla": entry["vanilla"]["order"]}
        orders |= {s: entry[s][rule]["order"] for s in ("raters", "voters", "social")}
        found[rule] = {}
        for source, order in orders.items():
            other = order_places(order, names)
            found[rule][source] = {
                "tau": round(kendall_tau(other, place), 9),
                "places": matching_places(order, truth["order"]),
                "reversed": strictly_reversed(place, other),
            }
    return found


def welfare_dict(
    entry: PromptResult, utility: np.ndarray, share: np.ndarray, types: Sequence[str]
) -> WelfareResult:
    """Utility of the winner of each order.

    Args:
        utility: of the types ``[types, candidates]``; share: of the types ``[types]``.
        types: their names.

    Returns:
        ``"best"``, the greatest mean utility of a completion, and for ``"truth"`` and
        ``"social"`` by rule, and for ``"vanilla"``: ``winner``, ``mean`` and ``by_type``.
    """
    names = entry["completions"]

    def worth(order: Order) -> WelfareEntry:
        chosen = np.isin(names, order[0]) / len(order[0])
        found = welfare(utility, share, chosen)
        by_type = dict(zip(types, np.round(found["by_type"], 9).tolist(), strict=True))
        return {"winner": order[0], "mean": round(found["mean"], 9), "by_type": by_type}

    anyone = np.full(len(names), 1 / len(names))
    return {
        "best": round(welfare(utility, share, anyone)["best"], 9),
        "vanilla": worth(entry["vanilla"]["order"]),
        "truth": {r: worth(o["order"]) for r, o in entry["truth"].items()},
        "social": {r: worth(o["order"]) for r, o in entry["social"].items()},
    }


def latent_map(experiment: Experiment, max_raters: int = 600) -> LatentMap:
    """The raters' latents on their principal plane, for ``figures.latent_map``.

    Raters are marked by whether they ranked the completion that ballots leave out most.

    Args:
        max_raters: raters shown, evenly spaced.

    Returns:
        ``x``, ``y``, ``type`` (index into ``types``, -1 unknown), ``marked``, their labels, and
        ``explained``, the share of the variance on each axis.
    """
    from scrl.diagnostics import most_omitted_item, principal_plane

    e, ratings = experiment, experiment.ratings
    plane, explained = principal_plane(np.asarray(e.posterior.mean))
    step = max(1, -(-len(e.embedded_raters) // max_raters))
    shown = np.arange(0, len(e.embedded_raters), step)
    marked, name = np.ones(len(ratings.raters), bool), ""
    if (item := most_omitted_item(ratings)) is not None:
        marked[:] = False
        marked[ratings.ballot_rater[ratings.entry_ballot[ratings.item == item]]] = True
        name = e.catalogue.completions[e.catalogue.members[item]]
    return {
        "x": plane[shown, 0].round(3).tolist(),
        "y": plane[shown, 1].round(3).tolist(),
        "type": e.fitted_run.rater_types[shown].tolist(),
        "types": list(ratings.types),
        "marked": marked[e.embedded_raters[shown]].tolist(),
        "marked_label": f"{name} on the ballot" if name else "",
        "unmarked_label": f"{name} left out" if name else "",
        "explained": explained.round(4).tolist(),
        "raters": len(e.embedded_raters),
    }

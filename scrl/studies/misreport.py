"""Misreports in training data: their effect on rewards, on the misreporting raters and on others.

Some raters of one type state another order on one prompt. The reward models see a scenario in which
they are a type of their own; utilities of outcomes are those of the honest scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from scrl.choice_models.rank_metrics import order_places, welfare
from scrl.data.plain_yaml import write_yaml
from scrl.runs.progress import Listener
from scrl.runs.training_job import train
from scrl.scenarios.exact_preview import expected_bradley_terry, preview
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.sampling import expected_pair_weights
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, places_to_order
from scrl.voting.counting import aggregate
from scrl.voting.profiles.profile import Profile
from scrl.voting.registry import RULES
from scrl.voting.strategy.manipulation import MIN_GAIN, best_manipulation
from scrl.voting.strategy.misreports import (
    MAX_EXHAUSTIVE,
    report_distance,
    strict_orders,
    values_from_places,
)

#: Targets of a misreport besides rules: the vanilla reward, and burying the strongest rival.
VANILLA, BURY = "vanilla", "bury"
#: Name of the type that misreports.
MISREPORTING_TYPE = "{}, lying"


@dataclass(frozen=True)
class Misreport:
    """A false order stated by some raters.

    Attributes:
        type: the raters' type; prompt: the misreported prompt.
        order: the stated order, best first; each place lists the names tied there.
        share: of the type's raters, above 0 and at most 1.
        complete: whether their ballots include every completion; if not, as their type's do.
    """

    type: str
    prompt: str
    order: tuple[tuple[str, ...], ...]
    share: float = 1.0
    complete: bool = False


def apply_misreport(scenario: Scenario, misreport: Misreport) -> Scenario:
    """The scenario that the reward models see: the misreporting raters are a type of their own,
    with the answers and inclusions of their true type.

    Raises:
        InputError: where there is no such type, prompt or share, or the order is not one of all
            completions.
    """
    _check(scenario, misreport.type, misreport.prompt, misreport.share)
    dump = scenario.model_dump(exclude_defaults=True)
    types = {}
    for name, own in dump["types"].items():
        if name != misreport.type:
            types[name] = own
            continue
        if misreport.share < 1:
            types[name] = {**own, "share": own["share"] * (1 - misreport.share)}
        # A copy, since the parser of scenarios refuses YAML aliases, which shared parts become.
        reported = {**deepcopy(own), "share": own["share"] * misreport.share}
        stated = [list(place) if len(place) > 1 else place[0] for place in misreport.order]
        reported["rankings"] = {**own.get("rankings", {}), misreport.prompt: stated}
        reported["utilities"] = {
            p: u for p, u in own.get("utilities", {}).items() if p != misreport.prompt
        }
        if misreport.complete:
            reported["includes"] = {
                p: i for p, i in own.get("includes", {}).items() if p != misreport.prompt
            }
        types[MISREPORTING_TYPE.format(name)] = reported
    dump |= {"types": types, "raters": scenario.raters}
    return parse_scenario(write_yaml(dump), scenario.name)


def find_misreport(
    scenario: Scenario,
    type: str,
    prompt: str,
    against: str = VANILLA,
    share: float = 1.0,
    complete: bool = False,
) -> Misreport:
    """The most profitable misreport of some of a type's raters, who all state one order.

    Args:
        against: ``"vanilla"``: the best strict order against the exact Bradley–Terry scores of the
            ballots given (by utility of the winner, then place of the favourite, then distance
            from the truth), for at most ``MAX_EXHAUSTIVE`` completions; ``"bury"``: the strongest
            rival last, whatever the effect; an ordinal rule: as ``strategy.best_manipulation``
            on the complete orders of all raters.

    Returns:
        The misreport; it states the truth where no misreport helps.

    Raises:
        InputError: as for ``apply_misreport`` and ``best_manipulation``.
    """
    _check(scenario, type, prompt, share)
    row = scenario.type_names.index(type)
    profile = true_profile(scenario, prompt)
    if against == VANILLA:
        place = _best_against_vanilla(scenario, row, prompt, share, complete)
    elif against == BURY:
        place = _bury_rival(profile, row)
    elif RULES[against].reads == "utility":
        raise InputError(
            f"{RULES[against].title} reads utilities, and raters state orders; choose another rule."
        )
    else:
        voters = profile.weight[row] * share
        place = best_manipulation(profile, against, row, coalition_size=voters).ballots[0]
    return Misreport(type, prompt, _order(place, list(profile.names)), share, complete)


def true_profile(scenario: Scenario, prompt: str) -> Profile:
    """The types' complete orders and utilities on a prompt without noise, weighted by share."""
    catalogue = scenario.catalogue
    p = catalogue.prompts.index(prompt)
    items = slice(*catalogue.offsets[p : p + 2])
    return Profile.from_utilities(
        catalogue.names(p), scenario.type_utilities[:, items], scenario.type_shares,
        scenario.type_names,
    )  # fmt: skip


def _utility(profile: Profile) -> np.ndarray:
    """Utilities ``[types, completions]`` of a ``true_profile``."""
    return -profile.place if profile.utility is None else profile.utility


def misreport_effect(scenario: Scenario, misreport: Misreport, rules: Sequence[str]) -> dict:
    """The exact effect of a misreport, without training.

    Returns:
        ``"favourite"``, the misreporting raters' true favourite, and ``"outcomes"``: for
        ``"vanilla"`` (exact scores of the expected ballots) and each rule (complete ballots, as
        stated) ``"honest"`` and ``"lied"``, each as ``evaluate_outcome`` returns it.
    """
    sources = (scenario, apply_misreport(scenario, misreport))
    entries = [preview(source, rules)[misreport.prompt] for source in sources]
    found = {}
    for name in (VANILLA, *rules):
        outcomes = [e["vanilla"] if name == VANILLA else e["truth"][name] for e in entries]
        found[name] = {
            when: evaluate_outcome(scenario, misreport, outcome)
            for when, outcome in zip(("honest", "lied"), outcomes, strict=True)
        }
    return {"favourite": favourite(scenario, misreport), "outcomes": found}


def train_with_misreport(
    scenario: Scenario,
    misreport: Misreport | None,
    rules: Sequence[str],
    seed: int,
    on_progress: Listener = None,
) -> dict:
    """Run the pipeline on misreported (or honest) ballots and evaluate it on the honest scenario.

    Returns:
        source (``"vanilla"``, and by rule ``"voters"`` and ``"social"``) -> the result of
        ``evaluate_outcome``; and ``"seconds"``.
    """
    source = scenario if misreport is None else apply_misreport(scenario, misreport)
    result = train(source, rules, seed, on_progress)["result"]
    prompt = next(iter(scenario.prompts)) if misreport is None else misreport.prompt
    entry: Mapping[str, Any] = result["prompts"][prompt]
    evaluated = misreport or Misreport(scenario.type_names[0], prompt, ())
    return {
        "vanilla": evaluate_outcome(scenario, evaluated, entry["vanilla"]),
        **{
            part: {r: evaluate_outcome(scenario, evaluated, o) for r, o in entry[part].items()}
            for part in ("voters", "social")
        },
        "seconds": result.get("seconds", {}).get("total"),
    }


def favourite(scenario: Scenario, misreport: Misreport) -> str:
    """The misreporting raters' true favourite, the first of several."""
    profile = true_profile(scenario, misreport.prompt)
    row = scenario.type_names.index(misreport.type)
    return profile.names[int(np.argmax(_utility(profile)[row]))]


def evaluate_outcome(
    scenario: Scenario, misreport: Misreport, outcome: Mapping[str, Any]
) -> dict[str, Any]:
    """Utilities of an outcome in the honest scenario.

    Args:
        outcome: of a result file: ``"order"`` and, of a lottery, ``"probabilities"``.

    Returns:
        ``order``; ``place`` of the favourite (1 = first); ``chance``: its probability to win, ties
        for first broken at random; mean utility of all raters (``mean``), of the misreporting ones
        (``liars``) and of all others (``others``), ``by_type``, and ``best``, the greatest mean
        utility of a completion.
    """
    profile = true_profile(scenario, misreport.prompt)
    names = list(profile.names)
    row = scenario.type_names.index(misreport.type)
    order = outcome["order"]
    if "probabilities" in outcome:
        chosen = np.array([outcome["probabilities"][name] for name in names])
    else:
        chosen = np.isin(names, order[0]) / len(order[0])
    utility = _utility(profile)
    worth = welfare(utility, profile.weight, chosen)
    weight = profile.weight.copy()
    weight[row] *= 1 - misreport.share
    best = int(np.argmax(utility[row]))
    others = float(weight @ worth["by_type"] / weight.sum()) if weight.sum() > 1e-12 else None
    return {
        "order": order,
        "place": int(order_places(order, names)[best]) + 1,
        "chance": float(chosen[best]),
        "mean": worth["mean"],
        "liars": float(worth["by_type"][row]),
        "others": others,
        "by_type": dict(zip(profile.labels, worth["by_type"].tolist(), strict=True)),
        "best": worth["best"],
    }


# -- misreports ----------------------------------------------------------------------------------


def _check(scenario: Scenario, type: str, prompt: str, share: float) -> None:
    if type not in scenario.types:
        raise InputError(f"{scenario.name}: there is no type of rater called '{type}'.")
    if prompt not in scenario.prompts:
        raise InputError(f"{scenario.name}: there is no prompt called '{prompt}'.")
    if not 0 < share <= 1:
        raise InputError(
            f"The share of the raters who misreport is {share:g}; give more than 0, up to 1."
        )


def _best_against_vanilla(
    scenario: Scenario, row: int, prompt: str, share: float, complete: bool
) -> np.ndarray:
    """The best misreport as places ``[completions]``; all stated orders are fitted at once, each as
    a prompt of its own."""
    profile = true_profile(scenario, prompt)
    names, m = list(profile.names), len(profile.names)
    if m > MAX_EXHAUSTIVE:
        raise InputError(
            f"All orders are tried for at most {MAX_EXHAUSTIVE} completions and this prompt has "
            f"{m}; aim the misreport at a rule."
        )
    candidates = np.vstack([profile.place[row], strict_orders(m)])
    stated = [_order(place, names) for place in candidates]
    truth = Misreport(scenario.type_names[row], prompt, stated[0], share, complete)
    weights = expected_pair_weights(
        _repeat_prompt(apply_misreport(scenario, truth), prompt, truth.type, stated)
    )
    scores = expected_bradley_terry(weights, m * np.arange(len(candidates) + 1), scenario.raters)
    scores = np.round(scores.reshape(-1, m), 6)
    utility = _utility(profile)[row]
    best = int(np.argmax(utility))
    first = scores == scores.max(1, keepdims=True)
    worth = np.round((first / first.sum(1, keepdims=True)) @ utility / MIN_GAIN)
    ahead = (scores > scores[:, [best]]).sum(1)
    values = values_from_places(candidates)[:, None]
    return candidates[np.lexsort((report_distance(values, values[0]), ahead, -worth))[0]]


def _repeat_prompt(scenario: Scenario, prompt: str, type: str, stated: list[tuple]) -> Scenario:
    """A scenario with one copy of a prompt for each order that the misreporting type may state."""
    dump = scenario.model_dump(exclude_defaults=True)
    each = [str(i) for i in range(len(stated))]
    for name, own in dump["types"].items():
        for key in ("rankings", "utilities", "answers", "includes"):
            if prompt in own.get(key, {}):
                own[key] = dict.fromkeys(each, own[key][prompt])
            else:
                own.pop(key, None)
        if name == MISREPORTING_TYPE.format(type):
            own["rankings"] = dict(zip(each, stated, strict=True))
            own.pop("utilities", None)
    prompts = dict.fromkeys(each, dump["prompts"][prompt])
    return Scenario.model_validate({**dump, "prompts": prompts, "raters": 2})


def _bury_rival(profile: Profile, row: int) -> np.ndarray:
    """The true order with the strongest rival last: the Borda winner, or the runner-up where the
    favourite wins."""
    place, utility = profile.place[row], _utility(profile)[row]
    scores = aggregate(profile.ballots(), "borda").scores.copy()
    scores[int(np.argmax(utility))] = -np.inf
    moved = place.copy()
    moved[int(np.argmax(scores))] = place.max() + 1
    return np.unique(moved, return_inverse=True)[1].ravel()


def _order(place: np.ndarray, names: list[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, places_to_order(place, names)))

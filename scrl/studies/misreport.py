"""Raters who lie: what a false ballot in the training data does to rewards, and to everybody else.

Some raters of one type state another order on one prompt. The reward models see a scenario with one
type more; what an outcome is worth, and to whom, is measured on the honest one.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from dataclasses import dataclass

import numpy as np
import yaml

from scrl.choice_models.rank_metrics import order_places, welfare
from scrl.runs.training_job import train
from scrl.scenarios.exact_preview import expected_bradley_terry, preview
from scrl.scenarios.parsing import parse_scenario
from scrl.scenarios.sampling import expected_pair_weights
from scrl.scenarios.scenario import Scenario
from scrl.types import InputError, places_to_order
from scrl.voting.anonymous_profile import AnonymousProfile
from scrl.voting.counting import aggregate
from scrl.voting.registry import RULES
from scrl.voting.strategy.manipulation import GAIN, best_lie
from scrl.voting.strategy.misreports import EXACT, distance, strict_orders, values_of

#: The lie is aimed at the vanilla reward, or is a named one, or is aimed at a rule.
VANILLA, BURY = "vanilla", "bury"
LYING = "{}, lying"


@dataclass(frozen=True)
class Lie:
    """Who says what instead.

    Attributes:
        type: of the raters; prompt: on which they lie.
        order: what they state, best first, each place the names tied there.
        share: of the type's raters, above 0 and at most 1.
        complete: whether their ballots include every completion; else as the type's do.
    """

    type: str
    prompt: str
    order: tuple[tuple[str, ...], ...]
    share: float = 1.0
    complete: bool = False


def with_lie(scenario: Scenario, lie: Lie) -> Scenario:
    """The scenario that the reward models see: the liars are a type of their own, which answers as
    theirs does.

    Raises:
        InputError: where there is no such type, prompt or share, or the order is not one of all
            completions.
    """
    _check(scenario, lie.type, lie.prompt, lie.share)
    dump = scenario.model_dump(exclude_defaults=True)
    types = {}
    for name, own in dump["types"].items():
        if name != lie.type:
            types[name] = own
            continue
        if lie.share < 1:
            types[name] = {**own, "share": own["share"] * (1 - lie.share)}
        # A copy: the reader of scenarios refuses the aliases that YAML writes for shared parts.
        false = {**deepcopy(own), "share": own["share"] * lie.share}
        stated = [list(place) if len(place) > 1 else place[0] for place in lie.order]
        false["rankings"] = {**own.get("rankings", {}), lie.prompt: stated}
        false["utilities"] = {p: u for p, u in own.get("utilities", {}).items() if p != lie.prompt}
        if lie.complete:
            false["includes"] = {
                p: i for p, i in own.get("includes", {}).items() if p != lie.prompt
            }
        types[LYING.format(name)] = false
    dump |= {"types": types, "raters": scenario.raters}
    return parse_scenario(yaml.safe_dump(dump, sort_keys=False), scenario.name)


def find_lie(
    scenario: Scenario,
    type: str,
    prompt: str,
    against: str = VANILLA,
    share: float = 1.0,
    complete: bool = False,
) -> Lie:
    """The lie that serves some of a type's raters best, all stating one order.

    Args:
        against: ``"vanilla"``: the best of all strict orders against the exact Bradley–Terry
            scores of the ballots that raters give (winner first, then the favourite's place, then
            nearness to the truth), for at most ``EXACT`` completions; ``"bury"``: the strongest
            rival last, whatever it brings; a rule that reads orders: as ``strategy.best_lie`` on
            everybody's complete orders.

    Returns:
        The lie; it states the truth where no lie helps.

    Raises:
        InputError: as for ``with_lie`` and ``best_lie``.
    """
    _check(scenario, type, prompt, share)
    row = scenario.type_names.index(type)
    profile = true_profile(scenario, prompt)
    if against == VANILLA:
        place = _against_vanilla(scenario, row, prompt, share, complete)
    elif against == BURY:
        place = _buried(profile, row)
    elif RULES[against].reads == "utility":
        raise InputError(
            f"{RULES[against].title} reads utilities, and raters state orders; choose another rule."
        )
    else:
        voters = profile.weight[row] * share
        place = best_lie(profile, against, row, voters=voters).place[0]
    return Lie(type, prompt, _order(place, list(profile.names)), share, complete)


def true_profile(scenario: Scenario, prompt: str) -> AnonymousProfile:
    """The types' complete orders and utilities on a prompt, their shares as weights, no noise."""
    catalogue = scenario.catalogue
    p = catalogue.prompts.index(prompt)
    items = slice(*catalogue.offsets[p : p + 2])
    return AnonymousProfile.from_utilities(
        catalogue.names(p), scenario.type_utilities[:, items], scenario.type_shares,
        scenario.type_names,
    )  # fmt: skip


def effect(scenario: Scenario, lie: Lie, rules: Sequence[str]) -> dict:
    """What a lie does, exactly and without training.

    Returns:
        ``"favourite"``, the completion that the liars truly like best, and for ``"vanilla"`` (the
        exact scores of the ballots raters give on average) and each rule (everybody's complete
        ballots, as stated) ``"honest"`` and ``"lied"``: each what ``measured`` says.
    """
    said = with_lie(scenario, lie)
    entries = [preview(s, rules)[lie.prompt] for s in (scenario, said)]
    found = {}
    for name in (VANILLA, *rules):
        outcomes = [e["vanilla"] if name == VANILLA else e["truth"][name] for e in entries]
        found[name] = {
            when: measured(scenario, lie, outcome)
            for when, outcome in zip(("honest", "lied"), outcomes, strict=True)
        }
    return {"favourite": favourite(scenario, lie), "outcomes": found}


def trained(scenario: Scenario, lie: Lie | None, rules: Sequence[str], seed: int, on_progress=None):
    """The whole pipeline on the ballots of liars (or of honest raters), measured on the truth.

    Returns:
        source (``"vanilla"``, and by rule ``"voters"`` and ``"social"``) -> what ``measured`` says,
        as plain data.
    """
    source = scenario if lie is None else with_lie(scenario, lie)
    result = train(source, rules, seed, on_progress)["result"]
    prompt = next(iter(scenario.prompts)) if lie is None else lie.prompt
    entry = result["prompts"][prompt]
    about = lie or Lie(scenario.type_names[0], prompt, ())
    return {
        "vanilla": measured(scenario, about, entry["vanilla"]),
        **{
            part: {r: measured(scenario, about, o) for r, o in entry[part].items()}
            for part in ("voters", "social")
        },
        "seconds": result["seconds"]["total"],
    }


def favourite(scenario: Scenario, lie: Lie) -> str:
    """What the liars truly like best; of several the first."""
    profile = true_profile(scenario, lie.prompt)
    row = scenario.type_names.index(lie.type)
    return profile.names[int(np.argmax(profile.utility[row]))]


def measured(scenario: Scenario, lie: Lie, outcome: dict) -> dict:
    """An outcome in the eyes of the honest scenario.

    Args:
        outcome: of a result file: ``"order"`` and, of a lottery, ``"probabilities"``.

    Returns:
        ``order``; ``place`` of the favourite (1 = first); ``chance`` that it wins, a tie for first
        drawn; mean utility of all (``mean``), of the liars (``liars``) and of everybody else
        (``others``), ``by_type``, and ``best``, the mean that the best completion would give.
    """
    profile = true_profile(scenario, lie.prompt)
    names = list(profile.names)
    row = scenario.type_names.index(lie.type)
    order = outcome["order"]
    if "probabilities" in outcome:
        chosen = np.array([outcome["probabilities"][name] for name in names])
    else:
        chosen = np.isin(names, order[0]) / len(order[0])
    worth = welfare(profile.utility, profile.weight, chosen)
    weight = profile.weight.copy()
    weight[row] *= 1 - lie.share
    best = int(np.argmax(profile.utility[row]))
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


# -- lies -----------------------------------------------------------------------------------------


def _check(scenario: Scenario, type: str, prompt: str, share: float) -> None:
    if type not in scenario.types:
        raise InputError(f"{scenario.name}: there is no type of rater called '{type}'.")
    if prompt not in scenario.prompts:
        raise InputError(f"{scenario.name}: there is no prompt called '{prompt}'.")
    if not 0 < share <= 1:
        raise InputError(
            f"The share of the raters who lie is {share:g}; give more than 0, up to 1."
        )


def _against_vanilla(
    scenario: Scenario, row: int, prompt: str, share: float, complete: bool
) -> np.ndarray:
    """The best lie, as places ``[completions]``: a prompt for each order stated, fitted at once."""
    profile = true_profile(scenario, prompt)
    names, m = list(profile.names), len(profile.names)
    if m > EXACT:
        raise InputError(
            f"All orders are tried for at most {EXACT} completions and this prompt has {m}; aim "
            "the lie at a rule."
        )
    lies = np.vstack([profile.place[row], strict_orders(m)])
    stated = [_order(place, names) for place in lies]
    truth = Lie(scenario.type_names[row], prompt, stated[0], share, complete)
    weights = expected_pair_weights(
        _repeated(with_lie(scenario, truth), prompt, truth.type, stated)
    )
    scores = expected_bradley_terry(weights, m * np.arange(len(lies) + 1), scenario.raters)
    scores = np.round(scores.reshape(-1, m), 6)
    best = int(np.argmax(profile.utility[row]))
    first = scores == scores.max(1, keepdims=True)
    worth = np.round((first / first.sum(1, keepdims=True)) @ profile.utility[row] / GAIN)
    ahead = (scores > scores[:, [best]]).sum(1)
    values = values_of(lies)[:, None]
    return lies[np.lexsort((distance(values, values[0]), ahead, -worth))[0]]


def _repeated(scenario: Scenario, prompt: str, type: str, stated: list[tuple]) -> Scenario:
    """One prompt as often as there are orders that the liars may state on it."""
    dump = scenario.model_dump(exclude_defaults=True)
    each = [str(i) for i in range(len(stated))]
    for name, own in dump["types"].items():
        for key in ("rankings", "utilities", "answers", "includes"):
            if prompt in own.get(key, {}):
                own[key] = dict.fromkeys(each, own[key][prompt])
            else:
                own.pop(key, None)
        if name == LYING.format(type):
            own["rankings"] = dict(zip(each, stated, strict=True))
            own.pop("utilities", None)
    prompts = dict.fromkeys(each, dump["prompts"][prompt])
    return Scenario.model_validate({**dump, "prompts": prompts, "raters": 2})


def _buried(profile: AnonymousProfile, row: int) -> np.ndarray:
    """The true order with the strongest rival last: who wins by Borda, or comes next to a favourite
    that wins."""
    place, utility = profile.place[row], profile.utility[row]
    scores = aggregate(profile.ballots(), "borda").scores.copy()
    scores[int(np.argmax(utility))] = -np.inf
    moved = place.copy()
    moved[int(np.argmax(scores))] = place.max() + 1
    return np.unique(moved, return_inverse=True)[1].ravel()


def _order(place: np.ndarray, names: list[str]) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, places_to_order(place, names)))

"""Sliders of a scenario and, at once, both orders of one prompt: computed in the browser.

Without noise both orders are exact sums, so the page need not be asked while a slider moves.
``live_preview.js`` computes what ``scrl.scenarios.preview`` computes; a test compares the two in a
browser. The page is told on release, and the values stand in the URL.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any, Literal

import numpy as np
import streamlit as st

from scrl.config import RewardConfig
from scrl.figures import DASHES, colour
from scrl.scenarios import RaterType, Scenario, largest_remainder, with_overrides
from ui.shared import page

#: The largest prompt that is drawn, and the most types of rater.
MAX_COMPLETIONS, MAX_TYPES = 24, 24
_FILES = Path(__file__).parent
_STROKES = {"solid": "", "dash": "9 5", "dot": "2 5", "dashdot": "9 5 2 5", "longdash": "16 6",
            "longdashdot": "16 6 2 6"}  # fmt: skip
_COMPONENT = st.components.v2.component(
    "scrl_live_preview",
    html='<div class="live"></div>',
    css=(_FILES / "live_preview.css").read_text(),
    js=(_FILES / "live_preview.js").read_text(),
)


@dataclass(frozen=True)
class Quantity:
    """One slider, in per cent.

    Attributes:
        key: the URL parameter.
        label: what the slider sets, in plain words.
        kind: ``"share"`` of the raters, ``"answers"``: how many of a type answer the prompt, or
            ``"includes"``: how many of those rank ``completion``.
        types: the types of rater that it sets.
        completion: for ``"includes"``.
        prompts: for ``"answers"`` and ``"includes"``: the prompts that it sets; by default the one
            that is drawn.
    """

    key: str
    label: str
    kind: Literal["share", "answers", "includes"]
    types: tuple[str, ...]
    completion: str = ""
    prompts: tuple[str, ...] = ()


def is_exact(scenario: Scenario, prompt: str) -> bool:
    """Whether the browser can compute both orders of this prompt."""
    return (
        not scenario.noise
        and len(scenario.offered(prompt)) <= MAX_COMPLETIONS
        and len(scenario.types) <= MAX_TYPES
    )


def default_values(
    scenario: Scenario, prompt: str, quantities: Sequence[Quantity]
) -> dict[str, float]:
    """Key -> the value in the scenario, in per cent; of several types their mean."""
    values = {}
    for q in quantities:
        types, prompts = [scenario.types[t] for t in q.types], q.prompts or (prompt,)
        if q.kind == "share":
            value = math.fsum(t.share for t in types)
        else:
            value = math.fsum(min(_chance(t, p, q) for p in prompts) for t in types) / len(types)
        values[q.key] = round(100 * value, 4)
    return values


def _chance(rater_type: RaterType, prompt: str, quantity: Quantity) -> float:
    """The probability that a slider sets, of one type on one prompt."""
    if quantity.kind == "answers":
        return rater_type.answers.get(prompt, 1.0)
    return rater_type.includes.get(prompt, {}).get(quantity.completion, 1.0)


def shares_of(
    base: Mapping[str, float], groups: Sequence[Sequence[str]], percents: Sequence[float]
) -> dict[str, float]:
    """Shares that add up to 1, where groups of types have these percentages.

    The types of no group divide what is left as in ``base``. Percentages that leave nothing, or
    that belong to all types, are scaled to 100.
    """
    listed = {t for group in groups for t in group}
    rest, total = [t for t in base if t not in listed], math.fsum(percents)
    scale = total if total > 100 or not rest else 100.0
    if not scale > 0:
        return dict(base)
    shares = dict.fromkeys(base, 0.0)
    wholes = [(group, percent / scale) for group, percent in zip(groups, percents, strict=True)]
    for types, whole in [*wholes, (rest, 1 - total / scale)]:
        sum_ = math.fsum(base[t] for t in types)
        for t in types:
            shares[t] = whole * (base[t] / sum_ if sum_ else 1 / len(types))
    return shares


def with_values(
    scenario: Scenario, prompt: str, quantities: Sequence[Quantity], values: Mapping[str, float]
) -> Scenario:
    """The scenario with the values of the sliders; those at their default change nothing."""
    defaults = default_values(scenario, prompt, quantities)
    changed = [q for q in quantities if values[q.key] != defaults[q.key]]
    answers: dict[str, dict] = {}
    includes: dict[str, dict] = {}
    for q in changed:
        for t, p in product(q.types, q.prompts or (prompt,)):
            if q.kind == "answers":
                answers.setdefault(t, {})[p] = values[q.key] / 100
            elif q.kind == "includes":
                own = includes.setdefault(t, {}).setdefault(p, {})
                own[q.completion] = values[q.key] / 100
    if not changed:
        return scenario
    shares = None
    groups = [q for q in quantities if q.kind == "share"]
    if any(q.kind == "share" for q in changed):
        base = {t: own.share for t, own in scenario.types.items()}
        shares = shares_of(base, [q.types for q in groups], [values[q.key] for q in groups])
    return with_overrides(scenario, shares=shares, answers=answers, includes=includes)


def component_data(
    scenario: Scenario,
    prompt: str,
    quantities: Sequence[Quantity],
    values: Mapping[str, float],
    titles: tuple[str, str] = ("All ballots, complete", "Bradley–Terry"),
    focus: str = "",
) -> dict[str, Any]:
    """What the browser is given: the population of one prompt, and the sliders."""
    catalogue, types = scenario.catalogue, list(scenario.types)
    p = catalogue.prompts.index(prompt)
    items = slice(*catalogue.offsets[p : p + 2])
    names, defaults = list(scenario.offered(prompt)), default_values(scenario, prompt, quantities)
    number = {name: i for i, name in enumerate(scenario.completions)}
    return {
        "names": names,
        "colours": [colour(number[n]) for n in names],
        "dashes": [_STROKES[DASHES[number[n] % len(DASHES)]] for n in names],
        "shares": scenario.type_shares.tolist(),
        "answers": scenario.answer_chances[:, p].tolist(),
        "includes": scenario.inclusion_chances[:, items].tolist(),
        "utilities": scenario.type_utilities[:, items].tolist(),
        "raters": scenario.raters,
        "precision": 1 / RewardConfig().prior_sd ** 2,
        "titles": list(titles),
        "model": "The model" if titles[1] != "Bradley–Terry" else "Bradley–Terry",
        "focus": focus,
        "quantities": [
            {
                "key": q.key, "label": q.label, "kind": q.kind,
                "step": 1 if defaults[q.key] == round(defaults[q.key]) else 0.1,
                "types": [types.index(t) for t in q.types],
                "item": names.index(q.completion) if q.completion in names else -1,
                "applies": prompt in (q.prompts or (prompt,)),
            }
            for q in quantities
        ],
        "defaults": defaults,
        "values": dict(values),
    }  # fmt: skip


def values_in_url(
    scenario: Scenario, prompt: str, quantities: Sequence[Quantity]
) -> dict[str, float]:
    """The values in the URL; the default where there is none, or none that can be read.

    Shares that do not add up to 100 are scaled to it, so that a slider always says what is used.
    """
    defaults = default_values(scenario, prompt, quantities)
    values = dict(defaults)
    for q in quantities:
        try:
            value = float(st.query_params.get(q.key, ""))
        except ValueError:
            continue
        if 0 <= value <= 100:
            values[q.key] = value
    shares = [q for q in quantities if q.kind == "share"]
    keys, total = [q.key for q in shares], math.fsum(values[q.key] for q in shares)
    if all(values[key] == defaults[key] for key in keys):
        return values
    if not total:
        return values | {key: defaults[key] for key in keys}
    listed = {t for q in shares for t in q.types}
    if total > 100 or len(listed) == len(scenario.types):
        whole = largest_remainder(np.array([values[key] for key in keys]), 100)
        values |= {key: float(percent) for key, percent in zip(keys, whole, strict=True)}
    return values


def _to_url(values: Mapping[str, float], defaults: Mapping[str, float]) -> None:
    """Put the values in the URL, without those at their default."""
    for key, value in values.items():
        if value == defaults[key]:
            st.query_params.pop(key, None)
        else:
            st.query_params[key] = f"{value:g}"


def _checked(released: Any, defaults: Mapping[str, float]) -> dict[str, float] | None:
    """What the browser sent, where it is a percentage for every slider."""
    if not isinstance(released, dict) or set(released) != set(defaults):
        return None
    if not all(
        isinstance(v, int | float) and not isinstance(v, bool) and 0 <= v <= 100
        for v in released.values()
    ):
        return None
    return {key: float(released[key]) for key in defaults}


def show(
    scenario: Scenario,
    prompt: str,
    quantities: Sequence[Quantity],
    key: str,
    *,
    titles: tuple[str, str] = ("All ballots, complete", "Bradley–Terry"),
    focus: str = "",
    figure: bool = True,
    on_release: Callable[[dict[str, float]], None] | None = None,
) -> Scenario:
    """Draw the sliders and both orders.

    Args:
        scenario: without noise; see ``is_exact``.
        prompt: whose orders are drawn.
        quantities: the sliders.
        key: of the component.
        titles: of the order of complete ballots, and of the order of the model.
        focus: a completion that is drawn stronger and named in the sentence.
        figure: whether the orders are drawn; without them the sliders serve any scenario.
        on_release: gets the values in place of the URL.

    Returns:
        The scenario with the released values.
    """
    defaults = default_values(scenario, prompt, quantities)
    values = defaults if on_release else values_in_url(scenario, prompt, quantities)

    def released() -> None:
        new = _checked(st.session_state[key]["released"], defaults)
        if new is None:
            return
        if on_release is None:
            _to_url(new, defaults)
        else:
            on_release(new)

    data = component_data(scenario, prompt, quantities, values, titles, focus)
    _COMPONENT(
        data={**data, "figure": figure, "dark": page.is_dark()},
        key=key,
        on_released_change=released,
    )
    return with_values(scenario, prompt, quantities, values)

"""Sliders that change a scenario: shares, response rates, number of raters, noise.

Shares and response rates stand in the URL as ``share1`` …, ``says1`` …; the other settings are
widgets bound to it. So the changed scenario is known before any slider is drawn.
"""

from __future__ import annotations

from typing import NamedTuple

import streamlit as st

from scrl.scenarios import Scenario, with_overrides
from ui.shared import live_preview, page, source_ids
from ui.shared.live_preview import Quantity
from ui.shared.page import IN_URL
from ui.shared.source_ids import DEFAULT_SCENARIO

#: Types of rater with sliders; further types keep the values of the scenario.
MAX_TYPES = 12
#: Changes that the summary of a changed scenario names; the others are counted.
_NAMED_CHANGES = 4


class SliderChoice(NamedTuple):
    """A scenario with the sliders' values.

    Attributes:
        scenario: with all values; where one differs from the file's, its summary says so.
        base: with the raters and the noise chosen, before the sliders.
        completion, prompt: the completion that raters may leave out, or the prompt that they may
            skip; the other is "".
        quantities: the sliders of shares and response rates.
    """

    scenario: Scenario
    base: Scenario
    completion: str
    prompt: str
    quantities: tuple[Quantity, ...]


def reset(in_url: bool = True) -> None:
    """Set every slider to the value of the chosen scenario.

    Args:
        in_url: whether shares and response rates in the URL go too; they stay where a link has
            just brought them.
    """
    if in_url:
        _forget("share", "says")
    source = source_ids.find(st.session_state.get("scenario", DEFAULT_SCENARIO))
    if source is not None and source.is_scenario:
        state, options = st.session_state, _missing_options(source)
        state["missing"] = _default_missing(source, options)
        state["raters"], state["noise"] = source.raters, float(source.noise)


def _forget(*prefixes: str) -> None:
    """Remove the sliders' values from the URL."""
    for prefix in prefixes:
        for i in range(1, MAX_TYPES + 1):
            st.query_params.pop(f"{prefix}{i}", None)


def _missing_options(scenario: Scenario) -> list[str]:
    """What raters may leave out: a completion (``c:``) or, of several prompts, one (``p:``)."""
    prompts = list(scenario.prompts) if len(scenario.prompts) > 1 else []
    return [f"c:{name}" for name in scenario.completions] + [f"p:{name}" for name in prompts]


def _default_missing(scenario: Scenario, options: list[str]) -> str:
    """The first option that is missing in the scenario, else its last completion."""
    for missing in options:
        if any(_response_probability(scenario, t, missing) < 1 for t in scenario.type_names):
            return missing
    return f"c:{list(scenario.completions)[-1]}"


def _response_probability(scenario: Scenario, rater_type: str, missing: str) -> float:
    """The probability in the scenario that such a rater ranks or answers the option."""
    t, (kind, _, name) = scenario.types[rater_type], missing.partition(":")
    if kind == "p":
        return t.answers.get(name, 1.0)
    return min((t.includes.get(p, {}).get(name, 1.0) for p in scenario.prompts), default=1.0)


def _quantities(scenario: Scenario, missing: str) -> tuple[Quantity, ...]:
    """A slider of the share and one of the response rate for each type."""
    kind, _, name = missing.partition(":")
    types = scenario.type_names[:MAX_TYPES]
    if kind == "p":
        rates = [
            Quantity(
                f"says{i}", f"‘{t}’: how many answer ‘{name}’", "answers", (t,), prompts=(name,)
            )
            for i, t in enumerate(types, 1)
        ]
    else:
        offering = tuple(p for p in scenario.prompts if name in scenario.offered(p))
        rates = [
            Quantity(f"says{i}", f"‘{t}’: how many rate ‘{name}’", "includes", (t,), name, offering)
            for i, t in enumerate(types, 1)
        ]
    shares = [Quantity(f"share{i}", f"‘{t}’: share of all raters", "share", (t,))
              for i, t in enumerate(types, 1)]  # fmt: skip
    return tuple(q for pair in zip(shares, rates, strict=True) for q in pair)


def chosen(source: Scenario) -> SliderChoice:
    """The scenario with the values in the URL and in the session; draws nothing."""
    state, options = st.session_state, _missing_options(source)
    missing = state.get("missing", st.query_params.get("missing"))
    if missing not in options:
        missing = _default_missing(source, options)
    raters, noise = state.get("raters", source.raters), state.get("noise", source.noise)
    base = source
    if (raters, noise) != (source.raters, source.noise):
        base = with_overrides(source, raters=int(raters), noise=float(noise))
    quantities = _quantities(base, missing)
    prompt = next(iter(base.prompts))
    values = live_preview.values_in_url(base, prompt, quantities)
    changed = live_preview.with_values(base, prompt, quantities, values)
    if changed != source:
        changed = changed.model_copy(update={"summary": _summary(source, changed, quantities)})
    kind, _, name = missing.partition(":")
    return SliderChoice(changed, base, *((name, "") if kind == "c" else ("", name)), quantities)


def _summary(source: Scenario, changed: Scenario, quantities: tuple[Quantity, ...]) -> str:
    """What differs from the file, in place of a story that may no longer hold."""
    prompt = next(iter(source.prompts))
    before, now = (live_preview.default_values(s, prompt, quantities) for s in (source, changed))
    parts = [f"{q.label} {now[q.key]:.3g} % (was {before[q.key]:.3g} %)"
             for q in quantities if now[q.key] != before[q.key]]  # fmt: skip
    if changed.raters != source.raters:
        parts.append(f"{changed.raters:,} raters (was {source.raters:,})")
    if changed.noise != source.noise:
        parts.append(f"noise {changed.noise:g} (was {source.noise:g})")
    more = len(parts) - _NAMED_CHANGES
    listed = "; ".join(parts[:_NAMED_CHANGES]) + (f"; and {more} more" if more > 0 else "")
    return f"Changed from ‘{source.name}’: {listed}."


def draw_missing(source: Scenario) -> None:
    """Draw the choice of what may be missing."""
    options = _missing_options(source)
    st.selectbox(
        "Which ratings may be missing?", options, options.index(_default_missing(source, options)),
        format_func=lambda o: f"of ‘{o[2:]}’" if o[0] == "c" else f"of the whole prompt ‘{o[2:]}’",
        key="missing", on_change=_forget, args=("says",), **IN_URL,
    )  # fmt: skip


def draw_size(source: Scenario) -> None:
    """Draw the sliders of the number of raters and of the noise."""
    st.slider(
        "Number of raters", min(500, source.raters), max(20_000, source.raters), source.raters, 500,
        key="raters", **IN_URL,
    )  # fmt: skip
    st.slider(
        "Noise", 0.0, max(3.0, source.noise), float(source.noise), 0.1, key="noise",
        help="With noise, raters of one type do not always agree. At 1, two neighbours on a ballot "
        "change places in about one ballot of four.", **IN_URL,
    )  # fmt: skip


def draw(choice: SliderChoice, prompt: str = "", live: bool = False, focus: str = "") -> None:
    """Draw the sliders of shares and response rates.

    Args:
        choice: of ``chosen``.
        prompt: whose orders are drawn where ``live``.
        live: whether both orders are drawn above the sliders and follow them.
        focus: a completion that is drawn stronger.
    """
    live_preview.show(
        choice.base, prompt or next(iter(choice.base.prompts)), choice.quantities, "sliders",
        focus=focus, figure=live,
    )  # fmt: skip
    hidden = len(choice.base.types) - MAX_TYPES
    if hidden > 0:
        page.note(f"{hidden} more types of rater have no slider; their shares give way alike.")

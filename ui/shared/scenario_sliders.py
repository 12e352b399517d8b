"""Sliders that change a scenario: shares, response rates, number of raters, noise."""

from __future__ import annotations

import streamlit as st

from scrl.figures import colour
from scrl.scenarios import Scenario, with_overrides
from scrl.types import InputError
from ui.shared import page, source_ids
from ui.shared.page import IN_URL
from ui.shared.source_ids import DEFAULT_SCENARIO

#: Types of rater with sliders; further types keep the values of the scenario.
MAX_TYPES = 12


def reset() -> None:
    """Set every slider to the value of the chosen scenario."""
    source = source_ids.find(st.session_state.get("scenario", DEFAULT_SCENARIO))
    if source is not None and source.is_scenario:
        options = _missing_options(source)
        st.session_state["missing"] = _default_missing(source, options)
        st.session_state.update(_slider_values(source, st.session_state["missing"]))


def _slider_types(scenario: Scenario) -> list[str]:
    return list(scenario.type_names)[:MAX_TYPES]


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


def _slider_values(scenario: Scenario, missing: str) -> dict[str, float]:
    """Widget key -> the value in the scenario."""
    values = {"raters": scenario.raters, "noise": float(scenario.noise)}
    for i, t in enumerate(_slider_types(scenario), 1):
        values[f"share{i}"] = round(scenario.types[t].share * 100)
        values[f"says{i}"] = round(_response_probability(scenario, t, missing) * 100)
    return values


def draw(scenario: Scenario) -> tuple[Scenario, str, str]:
    """Draw the sliders.

    Returns:
        The changed scenario, and the completion or the prompt that may be missing, the other "".

    Raises:
        InputError: every share is 0.
    """
    options = _missing_options(scenario)
    default = _default_missing(scenario, options)
    missing = st.session_state.get("missing", default)
    initial = _slider_values(scenario, missing if missing in options else default)

    st.subheader("The raters", anchor=False)
    missing = st.selectbox(
        "What may be left unsaid", options, options.index(default),
        format_func=lambda o: o[2:] if o[0] == "c" else f"the prompt ‘{o[2:]}’",
        key="missing", on_change=_reset_response_rates, **IN_URL,
    )  # fmt: skip
    kind, _, name = missing.partition(":")
    shares, response_rates = _type_sliders(scenario, kind, name, initial)
    raters = st.slider(
        "Raters", min(500, scenario.raters), max(20_000, scenario.raters), scenario.raters, 500,
        key="raters", **IN_URL,
    )  # fmt: skip
    noise = st.slider("Noise", 0.0, max(3.0, scenario.noise), float(scenario.noise), 0.1,
                      key="noise", help="Scale of the Gumbel noise added to each utility before "
                      "a rater ranks; neighbours on a ballot are 1 apart.", **IN_URL)  # fmt: skip
    offered = [p for p in scenario.prompts if name in scenario.offered(p)]
    includes = {t: {p: {name: rate} for p in offered} for t, rate in response_rates.items()}
    answers = {t: {name: rate} for t, rate in response_rates.items()}
    changed = with_overrides(
        scenario,
        shares=shares,
        includes=includes if kind == "c" else None,
        answers=answers if kind == "p" else None,
        raters=raters,
        noise=noise,
    )
    return changed, *((name, "") if kind == "c" else ("", name))


def _type_sliders(
    scenario: Scenario, kind: str, name: str, initial: dict[str, float]
) -> tuple[dict[str, float] | None, dict[str, float]]:
    """Two sliders for each type, and a bar of the shares that result.

    Returns:
        Shares of all types, None where no slider was moved; response rates that were changed.
    """
    verb = f"ranks {page.escaped(name)}" if kind == "c" else f"answers ‘{page.escaped(name)}’"
    percent: dict[str, dict[str, int]] = {"share": {}, "says": {}}
    types = _slider_types(scenario)
    for i, t in enumerate(types, 1):
        for column, key in zip(st.columns(2), percent, strict=True):
            percent[key][t] = column.slider(
                page.escaped(t) if key == "share" else verb,
                0, 100, initial[f"{key}{i}"], format="%d %%", key=f"{key}{i}", **IN_URL,
            )  # fmt: skip
    changed = {
        key: {t: v for i, (t, v) in enumerate(values.items(), 1) if v != initial[f"{key}{i}"]}
        for key, values in percent.items()
    }
    weights = {t: scenario.types[t].share * 100 for t in scenario.type_names}
    if changed["share"]:
        weights |= percent["share"]
    total = sum(weights.values())
    if not total:
        raise InputError("Give at least one type of rater a share above 0.")
    shares = {t: w / total for t, w in weights.items()}
    _share_bar(shares)
    rates = {t: rate / 100 for t, rate in changed["says"].items()}
    return shares if changed["share"] else None, rates


def _reset_response_rates() -> None:
    """Set the response rates to those of the scenario for the option just chosen."""
    source = source_ids.find(st.session_state["scenario"])
    initial = _slider_values(source, st.session_state["missing"])
    st.session_state.update({k: v for k, v in initial.items() if k.startswith("says")})


def _share_bar(shares: dict[str, float]) -> None:
    """Draw the shares in the colours that the types have in every figure."""
    parts = "".join(
        f"<span style='width:{share:.2%};background:{colour(i)}'></span>"
        for i, share in enumerate(shares.values())
    )
    key = " · ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:MAX_TYPES])
    st.html(
        "<style>.shares{display:flex;height:.6rem;border-radius:.3rem;overflow:hidden;gap:2px}"
        f"</style><div class='shares' role='img' aria-label='shares'>{parts}</div>"
    )
    st.caption(page.escaped(key))

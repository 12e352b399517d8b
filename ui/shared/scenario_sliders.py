"""Sliders that change a scenario: shares, response rates, number of raters, noise."""

from __future__ import annotations

import streamlit as st

from scrl.figures import colour
from scrl.scenarios import Scenario, with_overrides
from scrl.types import InputError
from ui.shared import page, source_ids
from ui.shared.page import IN_URL
from ui.shared.source_ids import DEFAULT_SCENARIO

#: Types of rater that get sliders; of more, the rest keep what the file says.
MAX_TYPES = 12


def reset() -> None:
    """Every slider to what the chosen scenario says."""
    source = source_ids.find(st.session_state.get("scenario", DEFAULT_SCENARIO))
    if source is not None and source.is_scenario:
        missing = _missing_options(source)
        st.session_state["missing"] = _default_missing(source, missing)
        st.session_state.update(_slider_values(source, st.session_state["missing"]))


# -- how it is changed ----------------------------------------------------------------------------


def _slider_types(scenario: Scenario) -> list[str]:
    return list(scenario.type_names)[:MAX_TYPES]


def _missing_options(scenario: Scenario) -> list[str]:
    """What may be left unsaid: a completion (``c:``) or, of several, a prompt (``p:``)."""
    prompts = list(scenario.prompts) if len(scenario.prompts) > 1 else []
    return [f"c:{name}" for name in scenario.completions] + [f"p:{name}" for name in prompts]


def _default_missing(scenario: Scenario, options: list[str]) -> str:
    """What the scenario itself leaves unsaid; the last completion where it leaves out nothing."""
    for option in options:
        if any(_response_probability(scenario, t, option) < 1 for t in scenario.type_names):
            return option
    return f"c:{list(scenario.completions)[-1]}"


def _response_probability(scenario: Scenario, rater_type: str, option: str) -> float:
    """The chance, in the file, that such a rater says it."""
    t, (kind, _, name) = scenario.types[rater_type], option.partition(":")
    if kind == "p":
        return t.answers.get(name, 1.0)
    return min((t.includes.get(p, {}).get(name, 1.0) for p in scenario.prompts), default=1.0)


def _slider_values(scenario: Scenario, option: str) -> dict:
    """Widget key -> the value that stands for the scenario as it is."""
    values = {"raters": scenario.raters, "noise": float(scenario.noise)}
    for i, t in enumerate(_slider_types(scenario), 1):
        values[f"share{i}"] = round(scenario.types[t].share * 100)
        values[f"says{i}"] = round(_response_probability(scenario, t, option) * 100)
    return values


def draw(scenario: Scenario) -> tuple[Scenario, str, str]:
    options = _missing_options(scenario)
    first = _default_missing(scenario, options)
    option = st.session_state.get("missing", first)
    usual = _slider_values(scenario, option if option in options else first)

    st.subheader("The raters", anchor=False)
    option = st.selectbox(
        "What may be left unsaid", options, options.index(first),
        format_func=lambda o: o[2:] if o[0] == "c" else f"the prompt ‘{o[2:]}’",
        key="missing", on_change=_reset_responses, **IN_URL,
    )  # fmt: skip
    kind, _, name = option.partition(":")
    verb = f"ranks {page.escaped(name)}" if kind == "c" else f"answers ‘{page.escaped(name)}’"
    raw, said = {}, {}
    types = _slider_types(scenario)
    for i, t in enumerate(types, 1):
        for column, values, key in zip(st.columns(2), (raw, said), ("share", "says"), strict=True):
            label = page.escaped(t) if values is raw else verb
            values[t] = column.slider(
                label, 0, 100, usual[f"{key}{i}"], format="%d %%", key=f"{key}{i}", **IN_URL
            )
    weight = {t: scenario.types[t].share * 100 for t in scenario.type_names}
    moved = any(raw[t] != usual[f"share{i}"] for i, t in enumerate(types, 1))
    if moved:
        weight |= raw
    total = sum(weight.values())
    if not total:
        raise InputError("Give at least one type of rater a share above 0.")
    _share_bar({t: w / total for t, w in weight.items()})
    said = {t: said[t] / 100 for i, t in enumerate(types, 1) if said[t] != usual[f"says{i}"]}
    offered = [p for p in scenario.prompts if name in scenario.offered(p)]
    most = max(20_000, scenario.raters)
    raters = st.slider(
        "Raters", min(500, scenario.raters), most, scenario.raters, 500, key="raters", **IN_URL
    )
    noise = st.slider("Noise", 0.0, max(3.0, scenario.noise), float(scenario.noise), 0.1,
                      key="noise", help="Scale of the Gumbel noise added to each utility before "
                      "a rater ranks; neighbours on a ballot are 1 apart.", **IN_URL)  # fmt: skip
    changed = with_overrides(
        scenario,
        shares={t: w / total for t, w in weight.items()} if moved else None,
        includes={t: {p: {name: c} for p in offered} for t, c in said.items()}
        if kind == "c"
        else None,
        answers={t: {name: c} for t, c in said.items()} if kind == "p" else None,
        raters=raters,
        noise=noise,
    )
    return changed, *((name, "") if kind == "c" else ("", name))


def _reset_responses() -> None:
    source = source_ids.find(st.session_state["scenario"])
    usual = _slider_values(source, st.session_state["missing"])
    st.session_state.update({k: v for k, v in usual.items() if k.startswith("says")})


def _share_bar(shares: dict[str, float]) -> None:
    """The shares that result, in the colours that the types have in every figure."""
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

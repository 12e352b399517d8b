"""The lab's choices: which data, how it is changed, how it is run. All but files stand in the URL.

Widget keys are the names of URL parameters: ``scenario``, ``share1`` …, ``missing``, ``says1`` …,
``raters``, ``noise``, ``seed``, ``seeds``, ``rules``. Another scenario sets them all to its own
values; what ``scenario`` may name is in ``ui/sources.py``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import streamlit as st

from scrl.config import DEFAULT_RULES
from scrl.figures import colour
from scrl.scenarios import Scenario, gallery, with_overrides
from scrl.types import InputError, Ratings
from scrl.voting import RULES
from ui.shared import page, sources, store
from ui.shared.sources import FIRST

#: Types of rater that get sliders; of more, the rest keep what the file says.
MOST_TYPES = 12
#: Runs that may be asked for together.
MOST_SEEDS = 20
_IN_URL = {"bind": "query-params"}


@dataclass(frozen=True, eq=False)
class Choice:
    """What the reader has chosen.

    Attributes:
        source: the scenario with the sliders' numbers, or uploaded ratings.
        seed, seeds: of the first run, and how many runs there are, each with the next seed.
        follow: the completion that may be left out, "" where it is a prompt.
        about: the prompt that may go unanswered, "" where it is a completion.
        spec: a short hash of everything that a run depends on.
        yaml: the scenario as a file; empty for ratings.
    """

    source: Scenario | Ratings
    rules: tuple[str, ...]
    seed: int
    follow: str
    about: str
    spec: str
    yaml: str
    seeds: int = 1


def title_of(rule: str) -> str:
    return getattr(RULES[rule], "title", rule)


def choose(trains: bool = True) -> Choice | None:
    """Draw all controls and return what they say; None where it makes no run, with the reason
    shown in its place.

    Args:
        trains: whether the page draws raters or trains, and so has seeds.
    """
    source = pick()
    if source is None:
        return None
    follow = about = ""
    try:
        if source.is_scenario:
            source, follow, about = _scenario_controls(source)
    except InputError as error:
        st.error(str(error))
        return None
    seed, seeds = _seeds() if trains else (0, 1)
    rules = st.multiselect(
        "Rules", RULES.ordinal, list(DEFAULT_RULES), format_func=title_of, key="rules", **_IN_URL
    )
    if not rules:
        st.info("Choose at least one rule.")
        return None
    if source.is_scenario:
        with st.container(horizontal=True):
            st.button("Reset the sliders", on_click=_reset, type="tertiary", icon=":material/undo:")
            if st.button("Edit the scenario", type="tertiary", icon=":material/edit:"):
                _edit(source)
    yaml = source.to_yaml()
    spec = spec_of(yaml or st.session_state["scenario"], rules, seed, seeds)
    return Choice(source, tuple(rules), seed, follow, about, spec, yaml, seeds)


def _seeds() -> tuple[int, int]:
    # Real, since for whole numbers Streamlit fails on an infinite one in the URL.
    first, count = st.columns(2)
    seed = int(
        first.number_input("Seed", 0.0, 2.0**31, 0.0, 1.0, format="%.0f", key="seed", **_IN_URL)
    )
    seeds = int(
        count.number_input(
            "Seeds", 1.0, float(MOST_SEEDS), 1.0, 1.0, format="%.0f", key="seeds",
            help="So many runs at once, each with the next seed; the charts then show how far "
            "apart they lie.", **_IN_URL,
        )
    )  # fmt: skip
    return seed, seeds


def spec_of(what: str, rules: Sequence[str], seed: int = 0, seeds: int = 1) -> str:
    """A short hash of all that a run depends on; ``what`` is a scenario's YAML or a file's id."""
    known = repr((what, tuple(rules), seed) + ((seeds,) if seeds > 1 else ()))
    return hashlib.sha256(known.encode()).hexdigest()[:16]


def _edit(scenario: Scenario) -> None:
    """Take the scenario, with what the sliders say, to the page that builds scenarios."""
    try:
        id = sources.keep(scenario)
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    present = {"present": "true"} if page.presenting() else {}
    st.switch_page("pages/scenario.py", query_params={"scenario": id, "part": "Raters", **present})


# -- which data -----------------------------------------------------------------------------------


def pick(first: str | None = None) -> Scenario | Ratings | None:
    """Draw the choice of a scenario or a file, and return it.

    Args:
        first: what a page begins with whatever the reader chose on others.
    """
    picker, uploader = st.container(), st.container()
    if not page.presenting():
        with uploader:
            _upload()
    with picker:
        return _pick(first)


def _pick(first: str | None) -> Scenario | Ratings | None:
    # Kept in the URL by hand: a bound widget would write the title there, not the id.
    state = st.session_state
    wanted = state.get("scenario") or st.query_params.get("scenario")
    wanted = wanted or first or state.get("last", FIRST)
    options = list(gallery())
    if wanted not in options:
        try:
            sources.read(wanted)
        except InputError as error:
            st.warning(f"{page.plain(str(error))} This is another.")
            wanted = first or FIRST
        else:
            options.append(wanted)
    state["scenario"] = wanted
    if state.pop(page.ANEW, False):
        _reset()

    id = st.selectbox(
        "Scenario", options, format_func=sources.name, key="scenario", on_change=_reset
    )
    state["last"] = id  # a widget's own state goes when the reader visits another page
    known = st.query_params.get("scenario")
    if known != id and (known is not None or id != (first or FIRST)):
        st.query_params["scenario"] = id
    source = sources.found(id)
    if source.is_scenario:
        if not page.presenting():
            st.caption(page.plain(source.summary))
    else:
        st.caption(
            f"{len(source.raters):,} raters, {source.ballots:,} ballots, "
            f"{len(source.catalogue.prompts):,} prompts. Nobody knows the truth about real raters, "
            "so vanilla is compared with the social model."
        )
        for note in source.notes[:3]:
            st.caption(page.plain(note))
    return source


def _upload() -> None:
    with st.expander("Bring a file"):
        file = st.file_uploader(
            "A scenario (YAML) or ratings (CSV, JSONL, PrefLib), 200 MB at the most",
            type=[*store.SCENARIO_SUFFIXES, *store.RATINGS_SUFFIXES],
            key="file",
        )
        if file is not None and file.file_id != st.session_state.get("file_read"):
            st.session_state["file_read"] = file.file_id
            try:
                with st.spinner("Reading the file"):
                    id = store.uploads().add(file.getvalue(), file.name)
            except InputError as error:
                st.session_state["file_fault"] = str(error)
            else:
                st.session_state["file_fault"] = None
                st.session_state["scenario"] = id
                _reset()
    if file is not None and st.session_state.get("file_fault"):
        st.error(st.session_state["file_fault"])


def _reset() -> None:
    """Every slider to what the chosen scenario says."""
    source = sources.found(st.session_state.get("scenario", FIRST))
    if source is not None and source.is_scenario:
        missing = _missing_options(source)
        st.session_state["missing"] = _first_missing(source, missing)
        st.session_state.update(_defaults(source, st.session_state["missing"]))


# -- how it is changed ----------------------------------------------------------------------------


def _types(scenario: Scenario) -> list[str]:
    return list(scenario.type_names)[:MOST_TYPES]


def _missing_options(scenario: Scenario) -> list[str]:
    """What may be left unsaid: a completion (``c:``) or, of several, a prompt (``p:``)."""
    prompts = list(scenario.prompts) if len(scenario.prompts) > 1 else []
    return [f"c:{name}" for name in scenario.completions] + [f"p:{name}" for name in prompts]


def _first_missing(scenario: Scenario, options: list[str]) -> str:
    """What the scenario itself leaves unsaid; the last completion where it leaves out nothing."""
    for option in options:
        if any(_says(scenario, t, option) < 1 for t in scenario.type_names):
            return option
    return f"c:{list(scenario.completions)[-1]}"


def _says(scenario: Scenario, rater_type: str, option: str) -> float:
    """The chance, in the file, that such a rater says it."""
    t, (kind, _, name) = scenario.types[rater_type], option.partition(":")
    if kind == "p":
        return t.answers.get(name, 1.0)
    return min((t.includes.get(p, {}).get(name, 1.0) for p in scenario.prompts), default=1.0)


def _defaults(scenario: Scenario, option: str) -> dict:
    """Widget key -> the value that stands for the scenario as it is."""
    values = {"raters": scenario.raters, "noise": float(scenario.noise)}
    for i, t in enumerate(_types(scenario), 1):
        values[f"share{i}"] = round(scenario.types[t].share * 100)
        values[f"says{i}"] = round(_says(scenario, t, option) * 100)
    return values


def _scenario_controls(scenario: Scenario) -> tuple[Scenario, str, str]:
    options = _missing_options(scenario)
    first = _first_missing(scenario, options)
    option = st.session_state.get("missing", first)
    usual = _defaults(scenario, option if option in options else first)

    st.subheader("The raters", anchor=False)
    option = st.selectbox(
        "What may be left unsaid", options, options.index(first),
        format_func=lambda o: o[2:] if o[0] == "c" else f"the prompt ‘{o[2:]}’",
        key="missing", on_change=_reset_says, **_IN_URL,
    )  # fmt: skip
    kind, _, name = option.partition(":")
    verb = f"ranks {page.plain(name)}" if kind == "c" else f"answers ‘{page.plain(name)}’"
    raw, said = {}, {}
    types = _types(scenario)
    for i, t in enumerate(types, 1):
        for column, values, key in zip(st.columns(2), (raw, said), ("share", "says"), strict=True):
            label = page.plain(t) if values is raw else verb
            values[t] = column.slider(
                label, 0, 100, usual[f"{key}{i}"], format="%d %%", key=f"{key}{i}", **_IN_URL
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
        "Raters", min(500, scenario.raters), most, scenario.raters, 500, key="raters", **_IN_URL
    )
    noise = st.slider("Noise", 0.0, max(3.0, scenario.noise), float(scenario.noise), 0.1,
                      key="noise", help="Scale of the Gumbel noise added to each utility before "
                      "a rater ranks; neighbours on a ballot are 1 apart.", **_IN_URL)  # fmt: skip
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


def _reset_says() -> None:
    source = sources.found(st.session_state["scenario"])
    usual = _defaults(source, st.session_state["missing"])
    st.session_state.update({k: v for k, v in usual.items() if k.startswith("says")})


def _share_bar(shares: dict[str, float]) -> None:
    """The shares that result, in the colours that the types have in every figure."""
    parts = "".join(
        f"<span style='width:{share:.2%};background:{colour(i)}'></span>"
        for i, share in enumerate(shares.values())
    )
    key = " · ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:MOST_TYPES])
    st.html(
        "<style>.shares{display:flex;height:.6rem;border-radius:.3rem;overflow:hidden;gap:2px}"
        f"</style><div class='shares' role='img' aria-label='shares'>{parts}</div>"
    )
    st.caption(page.plain(key))

"""What the parts of the page on the latent space share: the run it is about, types, clusters."""

from __future__ import annotations

import hashlib

import streamlit as st

from scrl.config import DEFAULT_RULES
from scrl.diagnostics import probe
from scrl.scenario import gallery, load_scenario, scenario_to_yaml
from scrl.types import InputError
from ui import ahead, page, runs, store
from ui.controls import Choice

#: What may be trained from here where nothing has been.
_FIRST = ("tennessee-inverted-full", "tennessee-morristown")


def chosen_run():
    """The finished run that the page is about and its ``Learnt``; (None, None) without one, with a
    way to one in its place."""
    job = runs.current()
    if job is not None:
        runs.watch(job)
    done = runs.finished(job)
    mine = store.jobs().done(f"{store.viewer()}:")
    able = {j.id: j for j in [*([done] if done else []), *mine] if _kept(j)}
    if not able:
        if job is None or not job.active:
            _invite()
        return None, None
    id = next(iter(able))
    if len(able) > 1 and not page.presenting():
        id = st.selectbox(
            "Run", list(able), format_func=lambda i: able[i].label, key="latent_run",
            index=0, on_change=_picked,
        )  # fmt: skip
    elif not page.presenting():
        st.caption(page.plain(able[id].label))
    found = runs.learnt(able[id])
    return (able[id], found) if found is not None else (None, None)


def _kept(job) -> bool:
    """Whether a job is a run of the lab: other pages queue other work."""
    return job.result is not None and "latent" in job.result


def _picked() -> None:
    st.session_state["run"] = st.query_params["run"] = st.session_state["latent_run"]


def _invite() -> None:
    st.markdown(
        "This page looks into a model of raters, and there is none yet. Train one here, in about "
        "ten seconds, or anything you like in the lab."
    )
    scenarios = {s.name: s for s in (load_scenario(gallery()[stem]) for stem in _FIRST)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Scenario", list(scenarios), key="preset", bind="query-params")
        scenario = scenarios[name]
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="train"):
            yaml = scenario_to_yaml(scenario)
            spec = hashlib.sha256(repr((yaml, DEFAULT_RULES, 0)).encode()).hexdigest()[:16]
            runs.remember_types(scenario)
            runs.start(Choice(scenario, DEFAULT_RULES, 0, "", "", spec, yaml))
    st.caption(page.plain(scenario.summary))


def profiles(id: str, learnt):
    """Where each type lies ``[types, latent]``."""
    return ahead.answer(id, "profiles", learnt, "Reading a rater of each type")


def known_types(learnt) -> list[str]:
    """Names of the types; where nobody is known to be of any, that is said."""
    names = list(probe.type_names(learnt))
    if not names:
        st.info(
            "Nobody knows what kinds of rater these are. Give the file a column `rater_group`, or "
            "choose a scenario; the parts ‘Where am I?’ and ‘Health’ work without."
        )
    return names


def attempt(id: str, question: str, learnt, while_waiting: str):
    """The answer to a question, or None with its sentence shown."""
    try:
        return ahead.answer(id, question, learnt, while_waiting)
    except InputError as error:
        st.info(page.plain(str(error)))
        return None


def metrics(values: dict[str, str]) -> None:
    """The few numbers that a figure stands or falls with, beside it."""
    for label, value in values.items():
        st.metric(label, value)

"""What the parts of the page on the latent space share: the run it is about, types, clusters."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.config import DEFAULT_RULES
from scrl.diagnostics import maps, probe
from scrl.scenarios import gallery, load_scenario
from scrl.types import InputError
from ui.runs import kept
from ui.shared import ahead, page, runs, store
from ui.shared.controls import Choice, spec_of

#: What may be trained from here where nothing has been.
_FIRST = ("tennessee-inverted-full", "tennessee-morristown", "six-kinds")


def chosen_run(first: str = _FIRST[0]):
    """The finished run that the page is about and its ``Learnt``; (None, None) without one, with a
    way to one in its place.

    Args:
        first: of the scenarios that may be trained from here, the one that is offered first.
    """
    job = runs.current()
    if job is not None:
        runs.watch(job)
    labels = _runs(runs.finished(job))
    if not labels:
        if job is None or not job.active:
            _invite(first)
        return None, None
    id = next(iter(labels))
    if len(labels) > 1 and not page.presenting():
        id = st.selectbox(
            "Run", list(labels), format_func=labels.get, key="latent_run", index=0,
            on_change=_picked,
        )  # fmt: skip
    elif not page.presenting():
        st.caption(page.plain(labels[id]))
    chosen = store.find(id)
    with st.spinner("Reading the run"):
        found = runs.learnt(chosen) if chosen is not None else None
    if found is None:
        _elsewhere(id)
        return None, None
    return chosen, found


def _runs(shown) -> dict[str, str]:
    """id -> label of the run that is shown, of this viewer's that are in memory, and of those kept
    in the file, the latest first and no two alike."""
    in_memory = [*([shown] if shown else []), *store.jobs().done(f"{store.viewer()}:")]
    done = [run for run in kept.mine() if run.state == "done"]
    named = kept.labels(done)  # also of those in memory: a run may have been renamed
    found: dict[str, str] = {}
    for job in in_memory:
        if job.id not in found and _of_the_lab(job):
            label, n = named.get(job.id, job.label), 2
            while label in found.values():
                label, n = f"{job.label} ({n})", n + 1
            found[job.id] = label
    return found | named


def _of_the_lab(job) -> bool:
    """Whether a job is a run of the lab: other pages queue other work."""
    return job.result is not None and "latent" in job.result


def _elsewhere(id: str) -> None:
    """Ways on from a run that cannot be asked anything."""
    with st.container(horizontal=True):
        page.go("Your runs", "pages/runs.py", {"run": id})
        st.page_link("pages/lab.py", label="Train another in the lab", icon=":material/science:")


def _picked() -> None:
    st.session_state["run"] = st.query_params["run"] = st.session_state["latent_run"]


def _invite(first: str) -> None:
    st.markdown(
        "This page looks into a model of raters, and there is none yet. Train one here, in about "
        "ten seconds, or anything you like in the lab."
    )
    st.page_link("pages/lab.py", label="The lab", icon=":material/science:")
    scenarios = {s.name: s for s in (load_scenario(gallery()[stem]) for stem in _FIRST)}
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Scenario", list(scenarios), _FIRST.index(first), key="preset", bind="query-params"
        )
        scenario = scenarios[name]
        if st.button("Train", type="primary", icon=":material/play_arrow:", key="train"):
            yaml = scenario.to_yaml()
            spec = spec_of(yaml, DEFAULT_RULES)
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


def region_chart(drawing: dict, weight, key: str, said: str, refuted: str) -> None:
    """Everybody the model holds possible, and those whom what was said leaves."""
    page.chart(
        figures.latent_points(
            [*drawing["groups"], maps.region(drawing, weight)], drawing["labels"], None,
            drawing["axes"], **page.look(),
        ),
        key, alt=f"Everybody the model holds possible, and those your {said} leave.",
        caption="Grey: everybody the density holds possible. Coloured: 90 % of who you may be "
        f"after your {said}, the region they leave. Refuted if {refuted}.",
    )  # fmt: skip


def metrics(values: dict[str, str]) -> None:
    """The few numbers that a figure stands or falls with, beside it."""
    for label, value in values.items():
        st.metric(label, value)

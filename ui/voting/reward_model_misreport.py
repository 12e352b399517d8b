"""The part of the page on strategy in which raters misreport to a reward model."""

from __future__ import annotations

from functools import partial

import streamlit as st

from scrl import figures
from scrl.config import DEFAULT_RULES
from scrl.runs import Job
from scrl.scenarios import Scenario
from scrl.studies import misreport
from scrl.types import InputError
from ui.shared import (
    data_tables,
    job_progress,
    page,
    page_jobs,
    predict_first,
    result_tables,
    source_ids,
)
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL
from ui.shared.page_jobs import PageJobs
from ui.voting import wide_figures
from ui.voting.voting_labels import pick_rule

DEFAULT_SCENARIO = "tennessee-morristown"
_JOBS = PageJobs("lie_runs", "lie_run")
_AIMS = {"Bradley–Terry": misreport.VANILLA, "the strongest answer, to bury it": misreport.BURY}


@st.cache_data(max_entries=200, show_spinner="Trying every possible ballot")
def _effect(
    key: str,
    rules: tuple[str, ...],
    type: str,
    prompt: str,
    against: str,
    share: float,
    complete: bool,
    _scenario: Scenario,
) -> tuple[misreport.Misreport, dict]:
    """The best misreport of a type, and the exact outcomes with and without it."""
    lie = misreport.find_misreport(_scenario, type, prompt, against, share, complete)
    return lie, misreport.misreport_effect(_scenario, lie, rules)


def show() -> None:
    """Draw what the misreport of one type does to rewards, rules and the trained social model."""
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        scenario, search = _choose()
    with right:
        try:
            lie, effect = _effect(scenario.to_yaml(), DEFAULT_RULES, *search, scenario)
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
        _show_effect(scenario, lie, effect)


def _choose() -> tuple[Scenario, tuple]:
    """The scenario, and the arguments of the search for a misreport."""
    scenarios, initial = source_ids.gallery_and_own(DEFAULT_SCENARIO)
    name = st.selectbox("Scenario", list(scenarios), initial, key="story", **IN_URL)
    scenario = scenarios[name]
    prompts, types = list(scenario.prompts), list(scenario.type_names)
    prompt = prompts[0]
    if len(prompts) > 1:
        prompt = st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
    type = st.selectbox("Raters who may lie", types, min(1, len(types) - 1), key="type", **IN_URL)
    aims = _AIMS | {f"the social model with {rule_title(r)}": r for r in DEFAULT_RULES}
    aim = st.selectbox("What they try to change", list(aims), key="aim", **IN_URL)
    share = st.slider("Share who lie", 1, 100, 100, format="%d %%", key="liars", **IN_URL)
    complete = st.toggle(
        "Liars rank every answer", key="complete", **IN_URL,
        help="If this is off, they leave out the answers that their type usually leaves out.",
    )  # fmt: skip
    return scenario, (type, prompt, aims[aim], share / 100, complete)


def _show_effect(scenario: Scenario, lie: misreport.Misreport, effect: dict) -> None:
    """Draw orders with and without the misreport, and offer to train on it."""
    outcomes, favourite = effect["outcomes"], effect["favourite"]
    vanilla = outcomes["vanilla"]
    names = list(scenario.offered(lie.prompt))
    rule = pick_rule(DEFAULT_RULES, key="counted")
    job = _JOBS.find(_choice(scenario, lie))
    guess, shown = predict_first.guess(
        f"Does their lie move {page.escaped(favourite)} up in the social model with "
        f"{rule_title(rule)}?",
        ("Yes", "No"), "guess_model", always=job is None,
    )  # fmt: skip
    if not shown:
        return
    done = job is not None and job.state == "done"
    social = job.result["social"][rule] if done else None
    before, after = outcomes[rule]["honest"], outcomes[rule]["lied"]
    place = (social or after)["place"]
    page.say(
        predict_first.verdict(guess, "Yes" if place < before["place"] else "No")
        + f"The raters of type {page.escaped(lie.type)} pretend to prefer "
        f"**{page.escaped(result_tables.order_text(lie.order))}**. "
        f"Bradley–Terry moves {page.escaped(favourite)} from place {vanilla['honest']['place']} to "
        f"**{vanilla['lied']['place']}**. {rule_title(rule)}, with everyone’s complete ballots, "
        f"moves it from place {before['place']} to **{after['place']}**."
        + (f" The trained social model puts it at place **{social['place']}**." if social else ""),
    )  # fmt: skip
    columns = [
        ("Bradley–Terry, honest", vanilla["honest"]["order"]),
        ("Bradley–Terry, with the lie", vanilla["lied"]["order"]),
        (f"{rule_title(rule)}, honest", before["order"]),
        (f"{rule_title(rule)}, with the lie", after["order"]),
    ]
    if social:
        columns.append(("Social model, trained", social["order"]))
    with wide_figures.scrolling("misreport_scroll"):
        page.chart(
            figures.bump_chart(columns, names, favourite, row_height=44, **page.style()),
            "misreport",
            alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns if o),
        )
    page.note(
        "The order by Bradley–Terry comes from the ballots that such raters give on average. The "
        "order by the rule comes from everyone’s complete ballots. Both are exact. The social "
        "model is trained on the incomplete ballots that contain the lie."
    )
    _train(scenario, lie, job)
    _table(outcomes, job.result if done else None)


def _table(outcomes: dict, trained: dict | None) -> None:
    """Winners, places and gains of utility, exact and trained."""
    rows = []
    for name, both in outcomes.items():
        honest, lied = both["honest"], both["lied"]
        row = {
            "model": "Bradley–Terry" if name == "vanilla" else rule_title(name),
            "winner": f"{' = '.join(honest['order'][0])} → {' = '.join(lied['order'][0])}",
            "place of their favourite": f"{honest['place']} → {lied['place']}",
            "liars gain": lied["liars"] - honest["liars"],
        }
        if lied["others"] is not None:
            row["others gain"] = lied["others"] - honest["others"]
        row["all gain"] = lied["mean"] - honest["mean"]
        if trained:
            got = trained["vanilla"] if name == "vanilla" else trained["social"][name]
            row["trained: winner"] = " = ".join(got["order"][0])
            row["trained: place"] = f"{got['place']}"
        row["chance it wins"] = f"{honest['chance']:.0%} → {lied['chance']:.0%}"
        rows.append(row)
    data_tables.numbers_table(rows)
    page.note(
        "Gains are changes in the average utility of the winner. Places are those of the answer "
        "that the liars really like best. As a check, `python benchmarks/strategy.py` trained on "
        "three such lies with three seeds each: every trained winner is one of the exact winners."
    )
    if not page.presenting():
        types = list(outcomes["vanilla"]["honest"]["by_type"])
        with st.expander("Who gains and who loses"):
            data_tables.numbers_table([
                {"model": "Bradley–Terry" if name == "vanilla" else rule_title(name)}
                | {t: both["lied"]["by_type"][t] - both["honest"]["by_type"][t] for t in types}
                for name, both in outcomes.items()
            ])  # fmt: skip
            page.note("How the utility of the winner changes for each type of rater.")
        data_tables.download_button(rows, "misreport")


def _choice(scenario: Scenario, lie: misreport.Misreport) -> str:
    return f"lie-{page_jobs.choice_hash(scenario.to_yaml(), lie)}"


def _train(scenario: Scenario, lie: misreport.Misreport, job: Job | None) -> None:
    """The button that trains the social models, and the progress of its job."""
    busy, done = job is not None and job.active, job is not None and job.state == "done"
    label = "Training" if busy else "Trained" if done else "Train the social model on the lie"
    if st.button(label, type="primary", disabled=busy or done, key="train"):
        work = partial(misreport.train_with_misreport, scenario, lie, DEFAULT_RULES, 0)
        try:
            _JOBS.submit(_choice(scenario, lie), work, f"{scenario.name}, {lie.type} lying")
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
    if job is not None:
        job_progress.watch(job)

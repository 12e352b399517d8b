"""Step 3: the social model is trained on the same incomplete ratings."""

from __future__ import annotations

from typing import Any

import streamlit as st

from scrl import figures
from scrl.config import DEFAULT_RULES
from scrl.runs import Job
from ui.shared import (
    controls,
    current_run,
    job_progress,
    page,
    result_tables,
    run_store,
    scenario_yaml,
)
from ui.start import path, silence, story, warm_up


def _choice(rate: int) -> controls.Choice:
    """The run of the story at this response rate."""
    source = story.scenario_at(rate)
    yaml = scenario_yaml.of(source)
    return controls.Choice(
        source,
        DEFAULT_RULES,
        0,
        story.STORY.completion,
        "",
        controls.spec_hash(yaml, DEFAULT_RULES),
        yaml,
    )


def _trained(rate: int, choice: controls.Choice, job: Job | None) -> tuple[dict, dict] | None:
    """The prompt in the result and the latent map of this rate; None before the training."""
    finished = current_run.latest_finished(job)
    if finished is not None and run_store.spec_hash_of(finished) == choice.spec:
        content: dict[str, Any] = finished.result
    elif rate == story.STORED_RATE:
        content = story.content()
    else:
        return None
    return content["result"]["prompts"][story.STORY.prompt], content["latent"]


def show() -> None:
    """The three orders and the map of raters, or the button that trains."""
    path.sentence("A model of each person can work out what the silent people would have said.")
    warm_up.start()
    rate = silence.rate()
    choice = _choice(rate)
    job = current_run.current()
    trained = _trained(rate, choice, job)
    columns: list = [
        ("All ballots", story.complete_order()),
        ("Usual training", story.trained_order(rate)),
        ("Social model", trained[0]["social"][story.STORY.rule]["order"] if trained else None),
    ]
    left, right = st.columns([3, 2], gap="medium")
    with left:
        page.chart(
            figures.bump_chart(
                columns,
                list(story.scenario().completions),
                story.STORY.completion,
                row_height=46,
                **page.style(),
            ),
            "trained",
            alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns if o),
        )
    with right:
        _map_or_button(choice, job, trained)
    if trained:
        page.say(_summary(rate, columns))
    path.buttons(3, first=bool(trained))
    if not page.presenting():
        _more(rate, choice, bool(trained), job)


def _map_or_button(choice: controls.Choice, job: Job | None, trained: tuple | None) -> None:
    if trained:
        latent = trained[1]
        page.chart(
            figures.latent_map(latent, height=330, **page.style()),
            "people",
            alt=f"People fall into {len(latent['types'])} groups: {', '.join(latent['types'])}.",
            caption="Each mark is a person, as the model sees them. People who order the other "
            "answers alike stand together, whether or not they have rated the clinical one.",
        )
        return
    page.say("You have changed who rates, so this model is not trained yet.")
    busy = job is not None and job.active
    if st.button("Train", type="primary", icon=":material/play_arrow:", key="train", disabled=busy):
        current_run.start(choice)
    if job is not None:
        job_progress.watch(job)


def _summary(rate: int, columns: list) -> str:
    """Which answer each of the two models puts first, and whether that is everyone's choice."""
    complete, usual, social = (story.winner(order) for _, order in columns)
    raters = round(story.scenario().raters)
    right = "as everyone’s complete ballots do" if social == complete else (
        f"but everyone’s complete ballots put {complete} first"
    )  # fmt: skip
    return (
        f"Both models learn from the same ratings of {raters:,} people. {rate} % of those who are "
        f"not clinicians rate the clinical answer. The usual training puts **{usual}** first. The "
        f"social model puts **{social}** first, {right}."
    )


def _more(rate: int, choice: controls.Choice, trained: bool, job: Job | None) -> None:
    with st.expander("More: what the social model does"):
        page.say(
            "It finds groups of people who order answers alike. The few people of a group who did "
            "rate an answer say what the others of the group think of it. Then it lets simulated "
            "people vote by a voting rule, and trains one reward model on the outcome."
        )
        if rate == story.STORED_RATE and trained:
            page.note(
                "This result was computed before and stored with the app. You can compute it again."
            )
            if st.button("Train it again", icon=":material/replay:", key="train_again",
                         disabled=job is not None and job.active):  # fmt: skip
                current_run.start(choice)
            if job is not None:
                job_progress.watch(job)

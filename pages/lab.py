"""The lab: choose a population, guess, train, compare."""

import streamlit as st

from scrl import figures
from scrl.runs import seed_spreads
from scrl.types import InputError
from ui.lab import orders, results, vanilla_gap
from ui.shared import (
    controls,
    current_run,
    job_progress,
    navigation,
    page,
    result_tables,
    run_store,
)


def pick_view(prompts: dict, choice: controls.Choice) -> tuple[str, str]:
    """The prompt and the rule that the main figure shows."""
    rules = choice.rules
    with st.container(horizontal=True):
        prompt = next(iter(prompts))
        if len(prompts) > 1:
            first = list(prompts).index(choice.prompt) if choice.prompt in prompts else 0
            prompt = st.selectbox("Prompt", list(prompts), first, key="prompt", bind="query-params")
        settings = {"format_func": controls.rule_title, "key": "rule", "bind": "query-params"}
        if len(rules) <= 6:
            settings |= {"default": rules[0], "required": True}
            rule = st.segmented_control("Counted by", rules, **settings)
        else:
            rule = st.selectbox("Counted by", rules, **settings)
    catalogue = choice.source.catalogue
    text = catalogue.prompt_texts[catalogue.prompts.index(prompt)]
    if text != prompt:
        st.markdown(f"*{page.escaped(text)} …*")
    return prompt, rule


def ask(choice: controls.Choice, follow: str, places: int, job, trained: bool) -> int | None:
    """The question, the reader's guess, and the button that answers it."""
    question, button = st.columns([4, 1.2], vertical_alignment="bottom")
    guess = None
    with question:
        if follow and places <= 10:
            guess = st.segmented_control(
                f"Where will the social model put {page.escaped(follow)}?",
                list(range(1, places + 1)),
                key="place",
            )
    with button:
        busy = job is not None and job.active
        label = "Training" if busy else "Trained" if trained else "Train"
        if st.button(label, type="primary", disabled=busy or trained, width="stretch", key="train"):
            current_run.start(choice)
    return guess


def answer(guess: int | None, order: list, follow: str) -> None:
    if not follow:
        return
    place, name = result_tables.ordinal_place(order, follow), page.escaped(follow)
    if guess is None:
        st.markdown(f"The social model puts {name} **{place}**.")
    else:
        right = figures.mean_ranks(order)[follow] == guess
        st.markdown(f"{'Right' if right else 'No'}: the social model puts {name} **{place}**.")


def bench(choice: controls.Choice) -> None:
    job_progress.remember_types(choice.source)
    job = current_run.current()
    done = current_run.latest_finished(job)
    fresh = done is not None and run_store.spec_hash_of(done) == choice.spec
    try:
        prompts = done.result["result"]["prompts"] if fresh else orders.preview(choice)
    except InputError as error:  # a rule that cannot count so many
        st.error(str(error))
        return
    prompt, rule = pick_view(prompts, choice)
    entry = prompts[prompt]
    follow = choice.completion if choice.completion in entry["completions"] else ""
    follow = follow or result_tables.most_displaced(entry, rule)
    spread = seed_spreads(done.result["result"], prompt, rule) if fresh else {}
    columns = orders.draw(entry, rule, follow, fresh, spread)
    guess = ask(choice, follow, len(entry["completions"]), job, fresh)
    if job is not None:
        job_progress.watch(job)
    if fresh:
        answer(guess, columns[-1][1], follow)
        vanilla_gap.why_button(choice, prompt, rule, done.id)
        results.show(done.result, prompt, rule, follow)
    elif done is not None:
        st.subheader(f"The run before: {page.escaped(done.label)}", anchor=False)
        shown = done.result["result"]["prompts"]
        prompt = prompt if prompt in shown else next(iter(shown))
        rule = rule if rule in shown[prompt]["social"] else next(iter(shown[prompt]["social"]))
        results.show(done.result, prompt, rule, follow)


def show() -> None:
    st.title("What if others had answered?")
    page.start_runtime()
    left, right = st.columns([1, 2.2], gap="large")
    with left:
        choice = controls.choose_run()
    if choice is not None:
        with right:
            bench(choice)


navigation.ensure_navigation()
show()

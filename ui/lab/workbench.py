"""The lab beside its controls: the main figure, the guess, the training, the result."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.runs import Job, seed_spreads
from scrl.types import InputError
from ui.lab import ballot_training, orders, results, vanilla_gap, verdict
from ui.shared import (
    current_run,
    item_texts,
    job_progress,
    live_preview,
    page,
    result_tables,
    run_store,
    scenario_sliders,
)
from ui.shared.controls import Choice, rule_title


def _pick_prompt_and_rule(prompts: dict, choice: Choice) -> tuple[str, str]:
    """The prompt and the rule of the main figure."""
    rules = choice.rules
    with st.container(horizontal=True):
        prompt = next(iter(prompts))
        if len(prompts) > 1:
            first = list(prompts).index(choice.prompt) if choice.prompt in prompts else 0
            prompt = st.selectbox(
                "Question (prompt)", list(prompts), first, key="prompt", bind="query-params"
            )
        settings = {"format_func": rule_title, "key": "rule", "bind": "query-params"}
        if len(rules) <= 6:
            settings |= {"default": rules[0], "required": True}
            rule = st.segmented_control("Rule shown", rules, **settings)
        else:
            rule = st.selectbox("Rule shown", rules, **settings)
    text = item_texts.prompt_text(choice.source, prompt)
    if text != prompt:
        whole = text.rstrip(" \t\r\n\"'”’»)]*_").endswith((".", "?", "!", "…", ":"))
        st.markdown(f"*{page.escaped(text)}{'' if whole else ' …'}*")
    if item_texts.has_texts(choice.source, prompt):
        item_texts.show_texts(choice.source, prompt, expanded=not choice.source.is_scenario)
    return prompt, rule


def _ask(choice: Choice, highlight: str, places: int, job: Job | None, trained: bool) -> int | None:
    """Ask for the place of the highlighted completion, beside the button that trains.

    Returns:
        The guess, None without one.
    """
    question, button = st.columns([4, 1.2], vertical_alignment="bottom")
    guess = None
    with question:
        if highlight and places <= 10:
            guess = st.segmented_control(
                f"Where will the social model put {page.escaped(highlight)}?",
                list(range(1, places + 1)),
                key="place",
            )
    with button:
        busy = job is not None and job.active
        label = "Training" if busy else "Trained" if trained else "Train"
        still = busy or trained
        if st.button(
            label, type="secondary" if still else "primary", disabled=still, width="stretch",
            key="train",
        ):  # fmt: skip
            current_run.start(choice)
    return guess


def _answer(
    guess: int | None, order: list[list[str]], highlight: str, usual: list[list[str]] | None
) -> None:
    """The place in the social order, and the verdict on the guess.

    Args:
        usual: the order of Bradley–Terry, where the answer is named because its place differs most
            between the two; else None.
    """
    if not highlight:
        return
    place, name = result_tables.ordinal_place(order, highlight), page.escaped(highlight)
    if guess is None and usual is not None:
        st.markdown(
            f"The two orders differ most on {name}: Bradley–Terry puts it "
            f"**{result_tables.ordinal_place(usual, highlight)}**, the social model **{place}**."
        )
    elif guess is None:
        st.markdown(f"The social model puts {name} **{place}**.")
    else:
        right = figures.mean_ranks(order)[highlight] == guess
        st.markdown(
            f"{'Right' if right else 'Not quite'}: the social model puts {name} **{place}**."
        )


def _draw_live(choice: Choice, prompt: str, rule: str, highlight: str) -> bool:
    """Draw both orders and the sliders that move them, where the browser can compute them."""
    sliders = choice.sliders
    if sliders is None or rule != "borda" or not live_preview.is_exact(sliders.base, prompt):
        return False
    scenario_sliders.draw(sliders, prompt, live=True, focus=highlight)
    return True


def show(choice: Choice) -> None:
    """Draw the figure and the training of this choice, and the latest finished run."""
    job = current_run.current()
    finished = current_run.latest_finished(job)
    trained = finished is not None and run_store.spec_hash_of(finished) == choice.spec
    try:
        prompts = finished.result["result"]["prompts"] if trained else orders.preview(choice)
    except InputError as error:  # a rule that cannot count so many completions
        st.error(page.escaped(str(error)))
        return
    prompt, rule = _pick_prompt_and_rule(prompts, choice)
    entry = prompts[prompt]
    ratings = None if choice.source.is_scenario else choice.source
    if ratings is not None and not ratings.individuals:
        ballot_training.show(choice, ratings, prompt, rule, entry)
        return
    highlight = choice.completion if choice.completion in entry["completions"] else ""
    highlight = highlight or result_tables.most_displaced(entry, rule)
    # The way to train stands above the sliders, which may be many.
    guess = _ask(choice, highlight, len(entry["completions"]), job, trained)
    if job is not None:
        job_progress.watch(job)
    if trained:
        spread = seed_spreads(finished.result["result"], prompt, rule)
        columns = orders.draw(entry, rule, highlight, trained, spread)
        usual = None if "truth" in entry else entry["vanilla"]["order"]
        _answer(guess, columns[-1][1], highlight, usual)
        verdict.show(entry, rule)
        vanilla_gap.why_button(choice, prompt, rule, finished.id)
    live = _draw_live(choice, prompt, rule, highlight)
    if not live and not trained:
        orders.draw(entry, rule, highlight, trained, {})
    if choice.sliders is not None and not live:
        scenario_sliders.draw(choice.sliders)
    if trained:
        results.show(finished.result, prompt, rule, highlight)
    elif finished is not None:
        st.subheader(
            f"Your last result, with other settings: {page.escaped(finished.label)}", anchor=False
        )
        shown = finished.result["result"]["prompts"]
        prompt = prompt if prompt in shown else next(iter(shown))
        rule = rule if rule in shown[prompt]["social"] else next(iter(shown[prompt]["social"]))
        results.show(finished.result, prompt, rule, highlight)

"""Why Bradley–Terry is wrong on a scenario: orders on the way to complete ballots, and causes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.figures import gap_waterfall
from scrl.scenarios import STORIES
from scrl.studies import load_baked, vanilla_gap
from scrl.types import InputError
from ui.shared import (
    current_run,
    data_tables,
    figure_cache,
    job_progress,
    page,
    predict_first,
    result_tables,
    run_store,
    source_ids,
    worker_processes,
)
from ui.shared.controls import Choice, rule_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from scrl.scenarios import Scenario

#: Titles of the stages of the path.
STAGES = (
    "Bradley–Terry", "very many raters", "missing by chance", "nothing missing",
    result_tables.TRUTH,
)  # fmt: skip
#: The parts of the gap in plain words, in the order of ``vanilla_gap.PARTS``.
PART_LABELS = (
    "few raters (chance)", "who leaves ratings out", "ratings missing by chance",
    "the way of counting",
)  # fmt: skip
NO_PART = "nothing: it is right"
#: The parts of the social model's gap, in the order of ``vanilla_gap.SOCIAL_PARTS``.
SOCIAL_LABELS = ("the social model itself", "the simulated voters", "few raters (chance)")
#: Further samples that show whether this one is typical.
EXTRA_SAMPLES = 50


@st.cache_data(max_entries=100, show_spinner=False)
def _explain(yaml: str, rule: str, seed: int, _scenario: Scenario) -> dict[str, vanilla_gap.Gap]:
    return vanilla_gap.decompose_gap(_scenario, rule, seed)


@st.cache_data(max_entries=20, show_spinner="Drawing more samples")
def _resample(yaml: str, seed: int, _scenario: Scenario) -> np.ndarray:
    return worker_processes.compute(vanilla_gap.resampled_scores, _scenario, seed, EXTRA_SAMPLES)


#: Session key: the choices of the lab, for the first drawing of this page.
_FROM_LAB = "gap_from_lab"


def why_button(choice: Choice, prompt: str, rule: str, run: str) -> None:
    """A button from a finished run in the lab to this page; none for real raters."""
    if not choice.source.is_scenario:
        return
    try:
        id = source_ids.id_or_upload(choice.source)
    except InputError:  # too large for a link
        return
    # Bound to widgets of the lab, these cannot be set in the URL from there.
    st.session_state[_FROM_LAB] = {
        "scenario": id, "seed": float(choice.seed), "seeds": float(choice.seeds),
        "rules": list(choice.rules),
        "rule": rule, "prompt": prompt,
    }  # fmt: skip
    page.go_button("Why is it wrong?", "pages/gap.py", {"scenario": id, "run": run})


def take_over_lab_choice() -> None:
    """Take over the choices of the lab before any widget is drawn."""
    chosen = st.session_state.pop(_FROM_LAB, None)
    if chosen and st.session_state.get(page.RESET_CONTROLS):
        st.session_state.update(chosen)


def pick_prompt_and_rule(choice: Choice) -> tuple[str, str]:
    """The prompt and the rule of the truth."""
    prompts = list(choice.source.prompts)
    with st.container(horizontal=True):
        prompt = prompts[0]
        if len(prompts) > 1:
            first = prompts.index(choice.prompt) if choice.prompt in prompts else 0
            prompt = st.selectbox(
                "Question (prompt)", prompts, first, key="prompt", bind="query-params"
            )
        rule = st.selectbox(
            "Everyone’s complete ballots are counted by",
            choice.rules,
            format_func=rule_title,
            key="rule",
            bind="query-params",
        )
    return prompt, rule


def show(choice: Choice, prompt: str, rule: str) -> bool:
    """Draw the path of orders, its parts, and the pairs that change.

    Returns:
        Whether they were drawn; they wait for a guess where the reader wants to guess first.
    """
    gap = _explain(choice.yaml, rule, choice.seed, choice.source)[prompt]
    highlight = choice.completion if choice.completion in gap.names else ""
    highlight = highlight or _most_displaced(gap)
    by_part = gap.reversed_pairs
    largest = PART_LABELS[int(by_part.argmax())] if by_part.max() > 1e-9 else NO_PART
    guess, shown = predict_first.guess(
        "What makes Bradley–Terry wrong most of all?", [*PART_LABELS, NO_PART], "cause"
    )
    if not shown:
        return False
    page.say(predict_first.verdict(guess, largest) + _summary(gap))
    titles = list(zip(STAGES, gap.orders, strict=True))
    page.chart(
        figure_cache.figure(figures.bump_chart, titles, gap.names, highlight, row_height=44),
        "chart-path",
        alt="; ".join(f"{title}: {result_tables.order_text(order)}" for title, order in titles),
        caption=f"Each column changes one more thing. First: {choice.source.raters:,} raters, "
        "drawn by chance. Second: very many raters like them. Third: as many ratings are missing, "
        "but the same share in every type of rater. Fourth: nothing is missing. Last: everyone’s "
        f"complete ballots, counted by {rule_title(rule)}.",
    )
    page.chart(
        figure_cache.figure(
            gap_waterfall, [part.capitalize() for part in PART_LABELS], by_part.tolist(),
            "All wrong pairs", "wrong pairs of answers",
        ),
        "chart-parts",
        alt="; ".join(f"{p}: {v:g}" for p, v in zip(PART_LABELS, by_part, strict=True)),
        caption="How many wrong pairs each cause adds; together they give all wrong pairs. Chance "
        "and missing ratings affect each other, so their share is an average over both orders "
        "(Shapley value).",
    )  # fmt: skip
    _pair_table(gap)
    if not page.presenting():
        _compare_with_resamples(choice, gap, prompt)
    return True


def _most_displaced(gap: vanilla_gap.Gap) -> str:
    """The completion whose place differs most between the ends of the path."""
    first, last = (figures.mean_ranks(o) for o in (gap.orders[0], gap.orders[-1]))
    return max(gap.names, key=lambda n: abs(first[n] - last[n]))


def _summary(gap: vanilla_gap.Gap) -> str:
    """The number of wrong pairs and the share of each part."""
    total = float(gap.reversed_pairs.sum())
    if not gap.reversals[0].any():
        return "Bradley–Terry puts every pair as everyone’s complete ballots do."
    causes = cause_sentence(PART_LABELS, gap.reversed_pairs.tolist())
    return f"Bradley–Terry puts {total:g} pair{'s' * (total != 1)} the wrong way round. {causes}"


def cause_sentence(labels: Sequence[str], values: Sequence[float]) -> str:
    """How many wrong pairs each cause adds or takes away, as Markdown; "" where none does.

    Args:
        labels: of the causes. values: the wrong pairs that each adds, in the same order.
    """
    shown = [(label, value) for label, value in zip(labels, values, strict=True)
             if abs(value) > 1e-9]  # fmt: skip
    if not shown:
        return ""
    if len(shown) == 1:
        label, value = shown[0]
        start = {1.0: "This is", 2.0: "Both are"}.get(value, f"All {value:g} are")
        return f"{start} because of **{label}**."
    added = [f"{value:g} because of **{label}**" for label, value in shown if value > 0]
    mended = [f"**{label}** puts {-value:g} right again" for label, value in shown if value < 0]
    text = _listed(added) + "."
    return f"{text} But {_listed(mended)}." if mended else text


def _listed(parts: Sequence[str]) -> str:
    """``"a, b and c"``."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))


def _pair_table(gap: vanilla_gap.Gap) -> None:
    """The pairs that some part reverses or corrects."""
    rows = []
    for i, a in enumerate(gap.names):
        for j, b in enumerate(gap.names):
            if gap.truth.place[i] < gap.truth.place[j] and abs(gap.parts[:, i, j]).max() > 0:
                row = {"above with complete ballots": a, "below": b}
                row |= {p: float(v) for p, v in zip(PART_LABELS, gap.parts[:, i, j], strict=True)}
                rows.append({**row, "wrong in Bradley–Terry": float(gap.reversals[0, i, j])})
    if rows:
        data_tables.numbers_expander(
            rows, "gap", "1: this cause turns the pair round. −1: it turns the pair back. ½: a "
            "tie, or it depends on which of two causes is taken first.", "%.2f",
        )  # fmt: skip


def _compare_with_resamples(choice: Choice, gap: vanilla_gap.Gap, prompt: str) -> None:
    """Scores of this sample beside those of further samples."""
    if not st.toggle(f"Are these raters typical? Draw {EXTRA_SAMPLES} more groups", key="typical"):
        return
    catalogue = choice.source.catalogue
    p = catalogue.prompts.index(prompt)
    scores = _resample(choice.yaml, choice.seed, choice.source)
    scores = scores[:, slice(*catalogue.offsets[p : p + 2])]
    rows = [
        {"answer": name, "these raters": float(gap.scores[0, i]),
         "very many raters": float(gap.scores[1, i]), "mean of the other groups": float(m),
         "their standard deviation": float(s)}
        for i, (name, m, s) in enumerate(
            zip(gap.names, scores.mean(axis=0), scores.std(axis=0), strict=True)
        )
    ]  # fmt: skip
    data_tables.numbers_table(rows)
    page.note(
        f"The numbers are Bradley–Terry’s rewards for {EXTRA_SAMPLES} more groups of "
        f"{choice.source.raters:,} raters."
    )


def show_social(choice: Choice, prompt: str, rule: str) -> None:
    """Draw the same for the social model of this choice, else a button that trains it."""
    stored, job = _stored_entry(choice, prompt, rule), current_run.current()
    done = current_run.latest_finished(job)
    if stored is not None:
        _draw_social(stored, choice, rule)
        return
    if done is None or run_store.spec_hash_of(done) != choice.spec:
        busy = job is not None and job.active
        page.say("**And the social model?** Train it to see how many pairs stay wrong, and why.")
        label = "Training" if busy else "Train"
        if st.button(
            label, type="secondary" if busy else "primary", disabled=busy, key="train"
        ):  # fmt: skip
            current_run.start(choice)
        if job is not None:
            job_progress.watch(job)
        return
    _draw_social(done.result["result"]["prompts"][prompt], choice, rule)


def _stored_entry(choice: Choice, prompt: str, rule: str) -> dict | None:
    """The prompt in the stored run of a story, where the choice is that run."""
    for story in STORIES:
        if choice.source != story.scenario() or choice.seeds > 1:
            continue
        result = load_baked(story.stem)["result"]
        entry = result["prompts"].get(prompt, {})
        if result["seed"] == choice.seed and rule in entry.get("social", {}):
            return entry
    return None


def _draw_social(entry: dict, choice: Choice, rule: str) -> None:
    """What is wrong in the social model, by cause."""
    parts, orders = vanilla_gap.decompose_social_gap(entry, rule)
    total = float(parts.sum())
    st.markdown(
        f"**The social model** puts {total:g} pair{'s' * (total != 1)} the wrong way round. "
        + cause_sentence(SOCIAL_LABELS, parts.tolist())
    )
    titles = (result_tables.SOCIAL, "simulated voters", "these raters", result_tables.TRUTH)
    columns = list(zip(titles, orders, strict=True))
    highlight = choice.completion if choice.completion in entry["completions"] else None
    page.chart(
        figure_cache.figure(
            figures.bump_chart, columns, entry["completions"], highlight, row_height=40
        ),
        "chart-social",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns),
        caption="First: what the social model learnt. Second: the simulated voters, counted by the "
        "rule. Third: the complete ballots of the sampled raters. Last: the complete ballots of "
        "very many raters.",
    )

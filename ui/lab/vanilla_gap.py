"""The page on the gap: orders from Bradley–Terry to the truth, and what each step changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from scrl import figures
from scrl.figures import gap_waterfall
from scrl.studies import vanilla_gap
from scrl.types import InputError
from ui.shared import (
    current_run,
    data_tables,
    job_progress,
    page,
    predict_first,
    result_tables,
    run_store,
    source_ids,
)
from ui.shared.controls import Choice, rule_title

if TYPE_CHECKING:
    import numpy as np

    from scrl.scenarios import Scenario

#: Titles of the stages of the path.
STAGES = ("Bradley–Terry", "endless raters", "random silence", "no silence", "Truth")
NO_PART = "nothing: it is right"
#: Further samples that show whether this one is typical.
EXTRA_SAMPLES = 50


@st.cache_data(max_entries=100, show_spinner=False)
def _explain(yaml: str, rule: str, seed: int, _scenario: Scenario) -> dict[str, vanilla_gap.Gap]:
    return vanilla_gap.decompose_gap(_scenario, rule, seed)


@st.cache_data(max_entries=20, show_spinner="Drawing more samples")
def _resample(yaml: str, seed: int, _scenario: Scenario) -> np.ndarray:
    return vanilla_gap.resampled_scores(_scenario, seed, EXTRA_SAMPLES)


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
    page.go_button("Why?", "pages/gap.py", {"scenario": id, "run": run})


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
            prompt = st.selectbox("Prompt", prompts, first, key="prompt", bind="query-params")
        rule = st.selectbox(
            "Truth by", choice.rules, format_func=rule_title, key="rule", bind="query-params"
        )
    return prompt, rule


def show(choice: Choice, prompt: str, rule: str) -> None:
    """Draw the path of orders, its parts, and the pairs that change."""
    gap = _explain(choice.yaml, rule, choice.seed, choice.source)[prompt]
    highlight = choice.completion if choice.completion in gap.names else ""
    highlight = highlight or _most_displaced(gap)
    by_part = gap.reversed_pairs
    largest = vanilla_gap.PARTS[int(by_part.argmax())] if by_part.max() > 1e-9 else NO_PART
    guess, shown = predict_first.guess(
        "What moves Bradley–Terry furthest from the truth?", [*vanilla_gap.PARTS, NO_PART], "cause"
    )
    if not shown:
        return
    st.markdown(predict_first.verdict(guess, largest) + _summary(gap))
    titles = list(zip(STAGES, gap.orders, strict=True))
    page.chart(
        figures.bump_chart(titles, gap.names, highlight, row_height=44, **page.style()),
        "chart-path",
        alt="; ".join(f"{title}: {result_tables.order_text(order)}" for title, order in titles),
        caption=f"Each column is one more counterfactual, computed: the {choice.source.raters:,} "
        f"raters of seed {choice.seed}; infinitely many like them; as many silences, but not "
        f"depending on what one thinks; no silence; and the truth by {rule_title(rule)}.",
    )
    page.chart(
        gap_waterfall(
            [part.capitalize() for part in vanilla_gap.PARTS], by_part.tolist(), "Vanilla’s gap",
            "pairs of completions in the wrong order", **page.style(),
        ),
        "chart-parts",
        alt="; ".join(f"{p}: {v:g}" for p, v in zip(vanilla_gap.PARTS, by_part, strict=True)),
        caption="What each part adds, in pairs; they add up exactly. Sampling and silence act on "
        "each other, so each is taken before and after the other and averaged (Shapley).",
    )  # fmt: skip
    _pair_table(gap)
    if not page.presenting():
        _compare_with_resamples(choice, gap, prompt)


def _most_displaced(gap: vanilla_gap.Gap) -> str:
    """The completion whose place differs most between the ends of the path."""
    first, last = (figures.mean_ranks(o) for o in (gap.orders[0], gap.orders[-1]))
    return max(gap.names, key=lambda n: abs(first[n] - last[n]))


def _summary(gap: vanilla_gap.Gap) -> str:
    """The number of wrong pairs and the share of each part."""
    total = float(gap.reversed_pairs.sum())
    if not gap.reversals[0].any():
        return "Bradley–Terry has every pair as in the truth."
    parts = [
        f"{part} **{value:g}**"
        for part, value in zip(vanilla_gap.PARTS, gap.reversed_pairs, strict=True)
        if abs(value) > 1e-9
    ]
    return f"Of {total:g} wrong pair{'s' * (total != 1)}: " + ", ".join(parts) + "."


def _pair_table(gap: vanilla_gap.Gap) -> None:
    """The pairs that some part reverses or corrects."""
    rows = []
    for i, a in enumerate(gap.names):
        for j, b in enumerate(gap.names):
            if gap.truth.place[i] < gap.truth.place[j] and abs(gap.parts[:, i, j]).max() > 0:
                row = {"truly above": a, "below": b}
                row |= {
                    p: float(v) for p, v in zip(vanilla_gap.PARTS, gap.parts[:, i, j], strict=True)
                }
                rows.append({**row, "vanilla wrong": float(gap.reversals[0, i, j])})
    if rows:
        data_tables.numbers_expander(
            rows, "gap", "1 where a part reverses the pair, −1 where it rights it, ½ for a tie or "
            "where it depends on which of two is taken first.", "%.2f",
        )  # fmt: skip


def _compare_with_resamples(choice: Choice, gap: vanilla_gap.Gap, prompt: str) -> None:
    """Scores of this sample beside those of further samples."""
    if not st.toggle(f"Is this sample typical? Draw {EXTRA_SAMPLES} more", key="typical"):
        return
    catalogue = choice.source.catalogue
    p = catalogue.prompts.index(prompt)
    scores = _resample(choice.yaml, choice.seed, choice.source)
    scores = scores[:, slice(*catalogue.offsets[p : p + 2])]
    rows = [
        {"completion": name, "this sample": float(gap.scores[0, i]),
         "raters without end": float(gap.scores[1, i]), "mean of the others": float(m),
         "their standard deviation": float(s)}
        for i, (name, m, s) in enumerate(
            zip(gap.names, scores.mean(axis=0), scores.std(axis=0), strict=True)
        )
    ]  # fmt: skip
    data_tables.numbers_table(rows)
    st.caption(
        f"Bradley–Terry scores, log-odds, of {EXTRA_SAMPLES} further samples of "
        f"{choice.source.raters:,}."
    )


def show_social(choice: Choice, prompt: str, rule: str) -> None:
    """Draw the same for the social model of this choice, else a button that trains it."""
    job = current_run.current()
    done = current_run.latest_finished(job)
    if done is None or run_store.spec_hash_of(done) != choice.spec:
        busy = job is not None and job.active
        st.markdown("**And the social model?** Train it to see what is left of the gap, and why.")
        if st.button("Training" if busy else "Train", type="primary", disabled=busy, key="train"):
            current_run.start(choice)
        if job is not None:
            job_progress.watch(job)
        return
    entry = done.result["result"]["prompts"][prompt]
    parts, orders = vanilla_gap.decompose_social_gap(entry, rule)
    total = float(parts.sum())
    st.markdown(
        f"**The social model** has {total:g} pair{'s' * (total != 1)} wrong"
        + (": " + ", ".join(
            f"{name} {value:g}"
            for name, value in zip(vanilla_gap.SOCIAL_PARTS, parts, strict=True) if value
        ) if parts.any() else "") + "."
    )  # fmt: skip
    titles = ("Social model", "simulated voters", "these raters", "Truth")
    columns = list(zip(titles, orders, strict=True))
    highlight = choice.completion if choice.completion in entry["completions"] else None
    page.chart(
        figures.bump_chart(columns, entry["completions"], highlight, row_height=40, **page.style()),
        "chart-social",
        alt="; ".join(f"{t}: {result_tables.order_text(o)}" for t, o in columns),
        caption="From the social network back to the truth: what the network changes, what the "
        "model of individuals gets wrong, and what the sample of raters, all of them answering in "
        "full, leaves to chance.",
    )

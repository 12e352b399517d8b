"""The page on the gap: orders along the way from vanilla to the truth, and what each step mends."""

from __future__ import annotations

import streamlit as st

from scrl import figures
from scrl.figures import gap_waterfall
from scrl.studies import vanilla_gap as study
from scrl.types import InputError
from ui.shared import asking, page, runs, sources, store, tables
from ui.shared.controls import Choice, title_of

#: What stands above each stage of the path.
STAGES = ("Bradley–Terry", "endless raters", "random silence", "no silence", "Truth")
NOBODY = "nothing: it is right"
#: Further samples by which to see whether this one is typical.
MORE = 50


@st.cache_data(max_entries=100, show_spinner=False)
def _explained(yaml: str, rule: str, seed: int, _scenario) -> dict[str, study.Gap]:
    return study.explain(_scenario, rule, seed)


@st.cache_data(max_entries=20, show_spinner="Drawing more samples")
def _spread(yaml: str, seed: int, _scenario) -> object:
    return study.resampled(_scenario, seed, MORE)


#: What the lab had chosen, for the first drawing of this page.
_FROM_LAB = "gap_from_lab"


def link(choice: Choice, prompt: str, rule: str, run: str) -> None:
    """The button to this page from a finished run in the lab; nothing for real raters."""
    if not choice.source.is_scenario:
        return
    try:
        id = sources.keep(choice.source)
    except InputError:  # too large for a link
        return
    # Bound to widgets of the lab, these cannot be set in the URL from there.
    st.session_state[_FROM_LAB] = {
        "scenario": id, "seed": float(choice.seed), "seeds": float(choice.seeds),
        "rules": list(choice.rules),
        "rule": rule, "prompt": prompt,
    }  # fmt: skip
    page.go("Why?", "pages/gap.py", {"scenario": id, "run": run})


def arrive() -> None:
    """Take over what the lab had chosen, before any widget is drawn."""
    chosen = st.session_state.pop(_FROM_LAB, None)
    if chosen and st.session_state.get(page.ANEW):
        st.session_state.update(chosen)


def pick(choice: Choice) -> tuple[str, str]:
    """The prompt and the rule."""
    prompts = list(choice.source.prompts)
    with st.container(horizontal=True):
        prompt = prompts[0]
        if len(prompts) > 1:
            first = prompts.index(choice.about) if choice.about in prompts else 0
            prompt = st.selectbox("Prompt", prompts, first, key="prompt", bind="query-params")
        rule = st.selectbox(
            "Truth by", choice.rules, format_func=title_of, key="rule", bind="query-params"
        )
    return prompt, rule


def show(choice: Choice, prompt: str, rule: str) -> None:
    found = _explained(choice.yaml, rule, choice.seed, choice.source)[prompt]
    follow = choice.follow if choice.follow in found.names else ""
    follow = follow or _most_moved(found)
    largest = study.PARTS[int(found.pairs.argmax())] if found.pairs.max() > 1e-9 else NOBODY
    said, shown = asking.guess(
        "What moves Bradley–Terry furthest from the truth?", [*study.PARTS, NOBODY], "cause"
    )
    if not shown:
        return
    st.markdown(asking.verdict(said, largest) + _sentence(found))
    titles = list(zip(STAGES, found.orders, strict=True))
    page.chart(
        figures.bump_chart(titles, found.names, follow, row_height=44, **page.look()),
        "chart-path",
        alt="; ".join(f"{title}: {tables.order_text(order)}" for title, order in titles),
        caption=f"Each column is one more counterfactual, computed: the {choice.source.raters:,} "
        f"raters of seed {choice.seed}; infinitely many like them; as many silences, but not "
        f"depending on what one thinks; no silence; and the truth by {title_of(rule)}.",
    )
    page.chart(
        gap_waterfall(
            [part.capitalize() for part in study.PARTS], found.pairs.tolist(), "Vanilla’s gap",
            "pairs of completions in the wrong order", **page.look(),
        ),
        "chart-parts",
        alt="; ".join(f"{p}: {v:g}" for p, v in zip(study.PARTS, found.pairs, strict=True)),
        caption="What each part adds, in pairs; they add up exactly. Sampling and silence act on "
        "each other, so each is taken before and after the other and averaged (Shapley).",
    )  # fmt: skip
    _pairs(found)
    if not page.presenting():
        _typical(choice, found, prompt)


def _most_moved(found: study.Gap) -> str:
    first, last = (figures.mean_ranks(o) for o in (found.orders[0], found.orders[-1]))
    return max(found.names, key=lambda n: abs(first[n] - last[n]))


def _sentence(found: study.Gap) -> str:
    whole = float(found.pairs.sum())
    if not found.reversed[0].any():
        return "Bradley–Terry has every pair as in the truth."
    parts = [
        f"{part} **{value:g}**"
        for part, value in zip(study.PARTS, found.pairs, strict=True)
        if abs(value) > 1e-9
    ]
    return f"Of {whole:g} wrong pair{'s' * (whole != 1)}: " + ", ".join(parts) + "."


def _pairs(found: study.Gap) -> None:
    rows = []
    for i, a in enumerate(found.names):
        for j, b in enumerate(found.names):
            if found.truth.place[i] < found.truth.place[j] and abs(found.parts[:, i, j]).max() > 0:
                row = {"truly above": a, "below": b}
                row |= {p: float(v) for p, v in zip(study.PARTS, found.parts[:, i, j], strict=True)}
                rows.append({**row, "vanilla wrong": float(found.reversed[0, i, j])})
    if rows:
        asking.sheet(
            rows, "gap", "1 where a part reverses the pair, −1 where it rights it, ½ for a tie or "
            "where it depends on which of two is taken first.", "%.2f",
        )  # fmt: skip


def _typical(choice: Choice, found: study.Gap, prompt: str) -> None:
    if not st.toggle(f"Is this sample typical? Draw {MORE} more", key="typical"):
        return
    catalogue = choice.source.catalogue
    p = catalogue.prompts.index(prompt)
    scores = _spread(choice.yaml, choice.seed, choice.source)
    scores = scores[:, slice(*catalogue.offsets[p : p + 2])]
    rows = [
        {"completion": name, "this sample": float(found.scores[0, i]),
         "raters without end": float(found.scores[1, i]), "mean of the others": float(m),
         "their standard deviation": float(s)}
        for i, (name, m, s) in enumerate(
            zip(found.names, scores.mean(axis=0), scores.std(axis=0), strict=True)
        )
    ]  # fmt: skip
    page.numbers(rows)
    st.caption(
        f"Bradley–Terry scores, log-odds, of {MORE} further samples of {choice.source.raters:,}."
    )


def social(choice: Choice, prompt: str, rule: str) -> None:
    """The same for the social model of a finished run of this choice; else the button for one."""
    job = runs.current()
    done = runs.finished(job)
    if done is None or store.spec_of(done) != choice.spec:
        busy = job is not None and job.active
        st.markdown("**And the social model?** Train it to see what is left of the gap, and why.")
        if st.button("Training" if busy else "Train", type="primary", disabled=busy, key="train"):
            runs.start(choice)
        if job is not None:
            runs.watch(job)
        return
    entry = done.result["result"]["prompts"][prompt]
    parts, orders = study.social_parts(entry, rule)
    whole = float(parts.sum())
    st.markdown(
        f"**The social model** has {whole:g} pair{'s' * (whole != 1)} wrong"
        + (": " + ", ".join(
            f"{name} {value:g}"
            for name, value in zip(study.SOCIAL_PARTS, parts, strict=True) if value
        ) if parts.any() else "") + "."
    )  # fmt: skip
    titles = ("Social model", "simulated voters", "these raters", "Truth")
    columns = list(zip(titles, orders, strict=True))
    follow = choice.follow if choice.follow in entry["completions"] else None
    page.chart(
        figures.bump_chart(columns, entry["completions"], follow, row_height=40, **page.look()),
        "chart-social",
        alt="; ".join(f"{t}: {tables.order_text(o)}" for t, o in columns),
        caption="From the social network back to the truth: what the network changes, what the "
        "model of individuals gets wrong, and what the sample of raters, all of them answering in "
        "full, leaves to chance.",
    )

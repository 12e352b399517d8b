"""The page on why vanilla is wrong: the parts of the gap, counterfactuals, the social side."""

from __future__ import annotations

import streamlit as st

from scrl import gap
from scrl.figures import order_bumps
from scrl.figures.gap import waterfall
from scrl.scenario import Scenario
from scrl.types import InputError
from ui import asking, page, runs, sources, store, tables
from ui.controls import Choice, title_of

_IN_URL = {"bind": "query-params"}
#: Session key: what the lab had chosen when its reader asked why.
_FROM_LAB = "from_lab"
#: What a reader calls each part, in the order of ``gap.PARTS``.
PARTS = (
    "Too few raters", "Silence that depends on the rater", "Silence at random", "The rule itself",
)  # fmt: skip
#: The switch that removes each part.
SWITCHES = (
    ("Raters without end", "endless"),
    ("Silence at random", "random"),
    ("Everyone answers", "everyone"),
    ("Counted by the rule", "ruled"),
)
SOCIAL = ("Social network", "Model of individuals", "Sampling of raters")


@st.cache_resource(max_entries=60, show_spinner="Running the counterfactuals")
def _explain(yaml: str, rule: str, seed: int, _scenario) -> dict[str, gap.Gap]:
    return gap.explain(_scenario, rule, seed)


def show(choice: Choice) -> None:
    if not isinstance(choice.source, Scenario):
        st.info("Nobody knows the truth about real raters, so there is no gap to split.")
        return
    prompt, rule = _view(choice)
    try:
        found = _explain(choice.yaml, rule, choice.seed, choice.source)[prompt]
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    split = gap.split(found.wrong)
    mean = split.mean.sum(1)
    said, shown = asking.guess(
        f"Which part puts most pairs the wrong way round, by {title_of(rule)}?",
        (*PARTS, "None"), "guess_part",
    )  # fmt: skip
    if not shown:
        return
    st.markdown(asking.verdict(said, largest(mean)) + sentence(found, mean))
    _waterfall(found, split)
    _what_if(found)
    _pair(found)
    _pairs(found, split)
    _social(choice, prompt, rule)


def link(choice: Choice, prompt: str, rule: str, run: str) -> None:
    """The button to this page from a finished run in the lab; nothing for real raters."""
    if not isinstance(choice.source, Scenario):
        return
    try:
        id = sources.keep(choice.source)
    except InputError:  # too large for a link
        return
    # Bound to widgets of the lab, these cannot be set in the URL from there.
    st.session_state[_FROM_LAB] = {
        "scenario": id, "seed": float(choice.seed), "rules": list(choice.rules),
        "rule": rule, "prompt": prompt,
    }  # fmt: skip
    page.go("Why?", "pages/gap.py", {"scenario": id, "run": run})


def arrive() -> None:
    """What the lab had chosen, before any widget is drawn."""
    chosen = st.session_state.pop(_FROM_LAB, None)
    if chosen and st.session_state.get(page.ANEW):
        st.session_state.update(chosen)


def _view(choice: Choice) -> tuple[str, str]:
    prompts = list(choice.source.prompts)
    with st.container(horizontal=True):
        prompt = prompts[0]
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **_IN_URL)
        rule = st.selectbox("Truth by", choice.rules, format_func=title_of, key="rule", **_IN_URL)
    return prompt, rule


def largest(mean) -> str:
    """The part that reverses most pairs, by the name a reader knows."""
    best = max(range(len(PARTS)), key=lambda i: mean[i])
    return PARTS[best] if mean[best] > 1e-9 else "None"


def sentence(found: gap.Gap, mean) -> str:
    pairs = len(found.pairs[0])
    whole, others = found.distance(), found.resampled_distance
    if not whole:
        text = f"Vanilla puts none of {pairs} pairs the wrong way round."
    else:
        text = f"Vanilla puts **{whole:g} of {pairs}** pairs the wrong way round"
        part = largest(mean)
        text += f"; most of it is **{part[0].lower()}{part[1:]}**." if part != "None" else "."
    low, high = (float(x) for x in (others.min(), others.max()))
    spread = f"{low:g}" if low == high else f"{low:g} to {high:g}, on average {others.mean():.2f}"
    return f"{text} In {len(others)} other samples of as many raters: {spread}."


def _waterfall(found: gap.Gap, split: gap.Split) -> None:
    mean, least, most = (x.sum(1) for x in (split.mean, split.least, split.most))
    every = [gap.along(found.wrong, order).sum(1) for order in gap.ORDERS]
    least, most = ([f(x[i] for x in every) for i in range(len(PARTS))] for f in (min, max))
    page.chart(
        waterfall(
            PARTS, mean, ("Vanilla", "Truth"), found.distance(), "pairs the wrong way round",
            interval=list(zip(least, most, strict=True)), **page.look(),
        ),
        "waterfall",
        alt="; ".join(f"{p}: {x:+.2f} pairs" for p, x in zip(PARTS, mean, strict=True)),
        caption="What each part adds, averaged over the twelve orders in which the parts can be "
        "removed; ‘… to …’ is the range over orders, where parts act on each other. A tie "
        "counts half. A part below zero (blue) hides an error that another makes.",
    )  # fmt: skip
    asking.sheet(
        [
            {"part": name, "mean": float(mean[i]), "along the first order": float(every[0][i]),
             "least": float(least[i]), "most": float(most[i])}
            for i, name in enumerate(PARTS)
        ],
        "gap-parts",
        "Pairs put the wrong way round. The first order is the one in which the rows stand.",
    )  # fmt: skip


def _what_if(found: gap.Gap) -> None:
    st.subheader("What if …", anchor=False)
    with st.container(horizontal=True):
        on = [st.toggle(label, key=key, **_IN_URL) for label, key in SWITCHES]
    state = gap.state_of([p for p, wanted in zip(gap.PARTS, on, strict=True) if wanted])
    columns = [
        ("Vanilla", found.order((0, 0, 0))),
        ("What if", found.order(state)),
        ("Truth", found.order((1, 2, 1))),
    ]
    page.chart(
        order_bumps(columns, found.names, pitch=44, **page.look()), "what-if",
        alt="; ".join(f"{t}: {tables.order_text(o)}" for t, o in columns),
        caption=f"With these switches {found.distance(state):g} of {len(found.pairs[0])} pairs "
        "are the wrong way round. All of them on is the truth. Where everyone answers, no silence "
        "is left to be at random.",
    )  # fmt: skip


def _pair(found: gap.Gap) -> None:
    labels = [" ≻ ".join(found.label(i)) for i in range(len(found.pairs[0]))]
    wrongest = max(range(len(labels)), key=lambda i: (found.wrong[0, 0, 0, i],
                                                      -found.margin[0, 0, 0, i]))  # fmt: skip
    # Which is worst depends on the data, so the pair of a link is one of these or the worst.
    label = st.selectbox("One pair, by truth", labels, wrongest, key="pair", **_IN_URL)
    i = labels.index(label)
    margin = gap.split(found.margin)
    first, last = float(found.margin[0, 0, 0, i]), float(found.margin[1, 2, 1, i])
    spread = found.resampled[:, found.pairs[0][i]] - found.resampled[:, found.pairs[1][i]]
    page.chart(
        waterfall(
            PARTS, margin.mean[:, i], ("Vanilla", "Truth"), first, "log-odds", rest=last,
            **page.look(),
        ),
        "pair-waterfall",
        alt="; ".join(f"{p}: {x:+.2f}" for p, x in zip(PARTS, margin.mean[:, i], strict=True)),
        caption=f"By how much {page.plain(found.label(i)[0])} is put ahead of "
        f"{page.plain(found.label(i)[1])}; below zero it is behind. Other samples of as many "
        f"raters give {spread.mean():+.2f} ± {spread.std():.2f}. The rule has no log-odds: it "
        "deals out the same scores in its own order.",
    )  # fmt: skip
    asking.sheet(
        [{"part": p, "log-odds": float(margin.mean[k, i]), "least": float(margin.least[k, i]),
          "most": float(margin.most[k, i])} for k, p in enumerate(PARTS)],
        "gap-pair", "What each part adds to vanilla’s lead of the first over the second.",
    )  # fmt: skip


def _pairs(found: gap.Gap, split: gap.Split) -> None:
    rows = [
        {"truly better": found.label(i)[0], "worse": found.label(i)[1],
         **{name: float(split.mean[k, i]) for k, name in enumerate(gap.PARTS)},
         "vanilla": float(found.wrong[0, 0, 0, i])}
        for i in range(len(found.pairs[0]))
    ]  # fmt: skip
    rows.sort(key=lambda row: -row["vanilla"])
    st.subheader("Which pair, by which part", anchor=False)
    page.numbers(rows[:12] if page.presenting() else rows)
    st.caption(
        "The four parts of a row add up to its last column: 1 where vanilla has the pair the wrong "
        "way round, ½ where one of the two orders ties it."
    )
    if not page.presenting():
        asking.download(rows, "gap-pairs")


# -- the social model ------------------------------------------------------------------------------


def _social(choice: Choice, prompt: str, rule: str) -> None:
    st.subheader("And the social model?", anchor=False)
    runs.remember_types(choice.source)
    job = runs.current()
    done = runs.finished(job)
    fresh = done is not None and store.spec_of(done) == choice.spec
    if not fresh:
        busy = job is not None and job.active
        if st.button("Training" if busy else "Train", type="primary", disabled=busy, key="train"):
            runs.start(choice)
        st.caption("Its parts need a trained model; that takes some seconds.")
        if job is not None:
            runs.watch(job)
        return
    found = gap.social_split(done.result["result"]["prompts"][prompt], rule)
    parts, wrong = found["parts"].sum(1), found["wrong"].sum(1)
    page.chart(
        waterfall(
            SOCIAL, parts, ("Social model", "Truth"), float(wrong[0]), "pairs the wrong way round",
            **page.look(),
        ),
        "social-waterfall",
        alt="; ".join(f"{p}: {x:+.2f} pairs" for p, x in zip(SOCIAL, parts, strict=True)),
        caption=f"The social model puts {wrong[0]:g} of {len(found['pairs'])} pairs the wrong way "
        "round. Social network: its order against the simulated voters’. Model of individuals: "
        "theirs against the sampled raters’ own complete ballots. Sampling: those against the "
        "truth. Where the truth ties, a network must choose, and that counts half.",
    )  # fmt: skip
    asking.sheet(
        [{"truly better": a, "worse": b,
          **{name: float(found["parts"][k, i]) for k, name in enumerate(SOCIAL)},
          "social": float(found["wrong"][0, i])} for i, (a, b) in enumerate(found["pairs"])],
        "gap-social",
    )  # fmt: skip

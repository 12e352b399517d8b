"""The part of the page on the latent space that walks from one rater to another."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import traverse
from ui.latent.widgets import metrics, profiles
from ui.shared import data_tables, page, predict_first
from ui.shared.page import IN_URL

#: Simulated voters offered as ends of a walk.
_VOTER_ENDPOINTS = 12
_PRESETS = (("Knoxville", "Chattanooga"), ("Memphis", "Nashville"))


@st.cache_resource(max_entries=60, show_spinner=False)
def _traverse(id: str, start: str, end: str, prompt: int, _learnt, _ends):
    return traverse(_learnt, _ends[start], _ends[end], prompt)


def _endpoints(id: str, learnt) -> dict:
    """What a walk may begin and end at: types' profiles, and some simulated voters."""
    types = learnt.ratings.types if len(profiles(id, learnt)) else ()
    found = dict(zip(types, profiles(id, learnt), strict=True))
    step = max(1, len(learnt.latents) // _VOTER_ENDPOINTS)
    for i, latent in enumerate(learnt.latents[::step][:_VOTER_ENDPOINTS], 1):
        found.setdefault(f"Voter {i}", latent)
    return found


def _set_endpoints(start: str, end: str) -> None:
    st.session_state["from"], st.session_state["to"] = start, end


def show(id: str, learnt) -> None:
    ends, prompts = _endpoints(id, learnt), list(learnt.catalogue.prompts)
    names = list(ends)
    presets = [p for p in _PRESETS if set(p) <= set(names)]
    first, last = presets[0] if presets else (names[0], names[-1])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.selectbox("From", names, names.index(first), key="from", **IN_URL)
        end = st.selectbox("To", names, names.index(last), key="to", **IN_URL)
        prompt = prompts[0]
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
        for a, b in presets:
            st.button(f"{a} → {b}", on_click=_set_endpoints, args=(a, b), key=f"walk-{a}")
    guess, seen = predict_first.guess(
        "Halfway between two people, are completions ranked by somebody one could imagine, each "
        "pair changing places at most once?", ("Yes", "No"), "guess_walk",
    )  # fmt: skip
    if not seen:
        return
    p = prompts.index(prompt)
    walk = _traverse(id, start, end, p, learnt, ends)
    completions = learnt.catalogue.names(p)
    keep = np.argsort(-walk.rewards.max(axis=0), kind="stable")[: figures.MAX_LINES]
    keep = np.sort(keep)
    shown = [
        (a, int(np.searchsorted(keep, up)), int(np.searchsorted(keep, down)))
        for a, up, down in walk.changes
        if up in keep and down in keep
    ]
    left, right = st.columns([3, 1], gap="large")
    with left:
        page.chart(
            figures.latent_traversal(
                walk.at, walk.rewards[:, keep], [completions[i] for i in keep], shown, (start, end),
                **page.style(),
            ),
            "latent-walk", alt=f"Rewards on the way from {start} to {end}.",
            caption=f"Rewards on ‘{page.escaped(prompt)}’ along the straight line between "
            "two latents; circles mark where two completions change places. Play moves the cursor. "
            "Refuted if pairs change places more often than the ends demand, or rewards jump.",
        )  # fmt: skip
    smooth = walk.detours == 0
    with right:
        metrics({
            "Changes of rank": f"{len(walk.changes)}",
            "Needed (Kendall distance)": f"{walk.needed}",
            "Detours": f"{walk.detours}",
        })  # fmt: skip
        st.markdown(
            predict_first.verdict(guess, "Yes" if smooth else "No")
            + ("No pair changes places twice." if smooth else "Some pair turns back on the way.")
        )
    _pairwise_differences(walk, completions, (start, end))
    rows = [
        {"along": a, "rises": completions[up], "falls": completions[down]}
        for a, up, down in walk.changes
    ] or [{"along": 0.0, "rises": "no change of rank", "falls": ""}]
    data_tables.numbers_expander(
        rows, "traversal", "Where along the way, 0 to 1, which completion passes which."
    )


def _pairwise_differences(walk, completions: list[str], ends: tuple[str, str]) -> None:
    """Pairwise differences of reward along the way, those that change sign first."""
    if page.presenting() or len(completions) < 2:
        return
    # Not folded away: what is folded is drawn too, and an animation takes a tenth of a second.
    if not st.toggle("Pair by pair", key="pairs", **IN_URL):
        return
    brief = [name if len(name) <= 6 else f"{name[:5]}." for name in completions]
    if len(set(brief)) < len(brief):
        brief = completions
    m = len(completions)
    pairs = [(a, b) for a in range(m) for b in range(a + 1, m)]
    changing = {tuple(sorted(c[1:])) for c in walk.changes}
    pairs = sorted(pairs, key=lambda pair: pair not in changing)[:8]
    values = np.stack([walk.rewards[:, a] - walk.rewards[:, b] for a, b in pairs], axis=1)
    page.chart(
        figures.latent_traversal(
            walk.at, values, [f"{brief[a]} − {brief[b]}" for a, b in pairs], (),
            ends, "difference of rewards, log-odds", **page.style(),
        ),
        "latent-pairs", alt="Differences of rewards along the way.",
        caption="Differences of rewards, pairs that change places first; 0 is where they meet. "
        "Refuted if a line crosses 0 more than once.",
    )  # fmt: skip

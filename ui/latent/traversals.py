"""The part of the page on the latent space that traverses from one rater to another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import traverse
from ui.latent.widgets import metrics, profiles
from ui.shared import data_tables, item_texts, page, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.diagnostics import Traversal
    from scrl.raters import FittedRun

#: Density at the middle over that at the rarer end, from which raters halfway are possible.
POSSIBLE = 0.05
#: Simulated voters offered as endpoints.
_VOTER_ENDPOINTS = 12
#: Endpoints with a button of their own.
_PRESETS = (("Knoxville", "Chattanooga"), ("Memphis", "Nashville"))


@st.cache_resource(max_entries=60, show_spinner=False)
def _traverse(
    id: str,
    start: str,
    end: str,
    prompt: int,
    _fitted: FittedRun,
    _endpoints: dict[str, np.ndarray],
) -> Traversal:
    return traverse(_fitted, _endpoints[start], _endpoints[end], prompt)


def _endpoints(id: str, fitted: FittedRun) -> dict[str, np.ndarray]:
    """Latents by name: the types' profiles and some simulated voters."""
    types = fitted.ratings.types if len(profiles(id, fitted)) else ()
    latents = dict(zip(types, profiles(id, fitted), strict=True))
    step = max(1, len(fitted.latents) // _VOTER_ENDPOINTS)
    for i, latent in enumerate(fitted.latents[::step][:_VOTER_ENDPOINTS], 1):
        latents.setdefault(f"Voter {i}", latent)
    return latents


def _set_endpoints(start: str, end: str) -> None:
    st.session_state["from"], st.session_state["to"] = start, end


def show(id: str, fitted: FittedRun) -> None:
    """Draw the rewards on the straight line between two latents."""
    endpoints, prompts = _endpoints(id, fitted), list(fitted.catalogue.prompts)
    types = len(profiles(id, fitted))
    start, end, prompt = _choose(list(endpoints), prompts, types)
    guess, shown = predict_first.guess(
        "Is there anybody about halfway between these two?", ("Yes", "No"), "guess_walk"
    )
    if not shown:
        return
    p = prompts.index(prompt)
    walk = _traverse(id, start, end, p, fitted, endpoints)
    completions = fitted.catalogue.names(p)
    left, right = st.columns([3, 1], gap="large")
    with left:
        asked = item_texts.prompt_text(fitted.ratings, prompt)
        _reward_chart(walk, completions, asked, (start, end))
    with right:
        _halfway(walk, guess)
    _pairwise_differences(walk, completions, (start, end))
    rows = [
        {"along": a, "rises": completions[up], "falls": completions[down]}
        for a, up, down in walk.changes
    ] or [{"along": 0.0, "rises": "no change of places", "falls": ""}]
    data_tables.numbers_expander(
        rows, "traversal", "Where along the way, from 0 to 1, one answer passes another."
    )


def _halfway(walk: Traversal, guess: str | None) -> None:
    """How many pairs change places, and whether the model holds raters halfway possible."""
    changes = f"{len(walk.changes)}"
    if math.isnan(walk.middle):
        page.say("The two are at one place: they have the same rewards.")
        metrics({"Pairs that change places": changes})
        return
    between = walk.middle > POSSIBLE
    page.say(
        predict_first.verdict(guess, "Yes" if between else "No")
        + ("**There are raters halfway,** says the model." if between
           else "**There is nobody halfway,** says the model. The orders in between are nobody’s.")
    )  # fmt: skip
    metrics({
        "Pairs that change places": changes,
        "Raters halfway ÷ at an end": _ratio(walk.middle),
    })  # fmt: skip
    page.note(
        "For one rater at the end with fewer raters, the model expects so many in the middle. "
        f"Below {POSSIBLE:g} there is practically nobody."
    )


def _ratio(value: float) -> str:
    """A ratio of densities, rounded where it is beyond what matters."""
    if value < 1e-3:
        return "under 0.001"
    return f"{value:.2g}" if value < 100 else "over 100"


def _choose(names: list[str], prompts: list[str], types: int) -> tuple[str, str, str]:
    """The start, the end and the prompt; the first ``types`` names are those of types."""
    presets = [p for p in _PRESETS if set(p) <= set(names)]
    first, last = presets[0] if presets else (names[0], names[types - 1 if types > 1 else -1])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        start = st.selectbox("From", names, names.index(first), key="from", **IN_URL)
        end = st.selectbox("To", names, names.index(last), key="to", **IN_URL)
        prompt = prompts[0]
        if len(prompts) > 1:
            prompt = st.selectbox("Prompt", prompts, key="prompt", **IN_URL)
        for a, b in presets:
            st.button(f"{a} → {b}", on_click=_set_endpoints, args=(a, b), key=f"walk-{a}")
    return start, end, prompt


def _reward_chart(
    walk: Traversal, completions: list[str], prompt: str, ends: tuple[str, str]
) -> None:
    """Rewards along the way, of the completions that are ever rewarded most."""
    drawn = np.argsort(-walk.rewards.max(axis=0), kind="stable")[: figures.MAX_LINES]
    drawn = np.sort(drawn)
    changes = [
        (a, int(np.searchsorted(drawn, up)), int(np.searchsorted(drawn, down)))
        for a, up, down in walk.changes
        if up in drawn and down in drawn
    ]
    page.chart(
        figures.latent_traversal(
            walk.fraction, walk.rewards[:, drawn], [completions[i] for i in drawn], changes, ends,
            **page.style(),
        ),
        "latent-walk", alt=f"Rewards on the way from {ends[0]} to {ends[1]}.",
        caption=f"How much a rater likes each answer to ‘{page.escaped(prompt)}’, on the straight "
        "way between two places on the map. Circles mark where two answers change places; Play "
        "moves the cursor. The model is refuted if raters between the two have other orders.",
    )  # fmt: skip


def _pairwise_differences(walk: Traversal, completions: list[str], ends: tuple[str, str]) -> None:
    """Differences of two rewards along the way; pairs that change places come first."""
    if page.presenting() or len(completions) < 2:
        return
    # A toggle: an expander would draw the animation, a tenth of a second, even while folded.
    if not st.toggle("Show it pair by pair", key="pairs", **IN_URL):
        return
    short = figures.short_labels(completions, 8)
    m = len(completions)
    pairs = [(a, b) for a in range(m) for b in range(a + 1, m)]
    changing = {tuple(sorted(c[1:])) for c in walk.changes}
    pairs = sorted(pairs, key=lambda pair: pair not in changing)[:8]
    values = np.stack([walk.rewards[:, a] - walk.rewards[:, b] for a, b in pairs], axis=1)
    page.chart(
        figures.latent_traversal(
            walk.fraction, values, [f"{short[a]} − {short[b]}" for a, b in pairs], (),
            ends, "difference of rewards (log-odds)", **page.style(),
        ),
        "latent-pairs", alt="Differences of rewards along the way.",
        caption="Differences of rewards, pairs that change places first; 0 is where they meet.",
    )  # fmt: skip

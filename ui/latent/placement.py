"""The part of the page on the latent space that places the visitor by their ballots."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import (
    RARE_P_VALUE,
    Atoms,
    PlacedRater,
    PromptPosterior,
    inferred_preferences,
    maps,
    predictive_p_value,
    prompt_posterior,
)
from scrl.types import Catalogue
from ui.latent.widgets import metrics, region_chart
from ui.shared import data_tables, item_texts, page, precompute, predict_first
from ui.shared.page import IN_URL

if TYPE_CHECKING:
    from scrl.raters import FittedRun

#: A prompt and its ranked items, best first.
Ballot = tuple[int, list[int]]

#: Prompts that a visitor can answer.
_MAX_PROMPTS = 6


#: Bits below which no question is worth asking.
_MIN_BITS = 1e-3

#: Prompt -> what the posterior says about its completions.
Beliefs = dict[int, PromptPosterior]


@st.cache_data(max_entries=500, show_spinner=False)
def _rarity(id: str, ballots: tuple, _atoms: Atoms) -> float:
    return predictive_p_value(_atoms, ballots)


def show(id: str, fitted: FittedRun) -> None:
    """Draw the visitor's ballots, the region they leave, and what the model infers from them."""
    atoms, drawing = precompute.answer(id, "where", fitted, "Looking at everybody possible")
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        ballots = _ballot_inputs(fitted)
        answered = bool(ballots)
        guess, shown = predict_first.guess(
            "Will one ballot be enough for the model to know your group?",
            ("Yes", "No"),
            "guess_where",
        )
    placed = atoms.given(ballots)
    if not shown:
        return
    with right:
        region_chart(
            drawing, placed, "latent-where", "ballots",
            "your region excludes somebody who would have said the same",
        )  # fmt: skip
    clusters = maps.type_probabilities(drawing, placed)
    with left:
        metrics({"People who may vote as you did": f"{placed.remaining:.0%}"})
        if clusters:
            top = max(clusters, key=clusters.get)
            right_answer = "Yes" if clusters[top] > 0.9 else "No"
            page.say(
                (predict_first.verdict(guess, right_answer) if answered else "")
                + ("You are most like" if answered else "Before you rank anything, the best bet is")
                + f" **{page.escaped(top)}**, with a chance of {clusters[top]:.0%}."
            )
    _warn_if_rare(id, ballots, atoms)
    _show_beliefs(fitted, placed, ballots, clusters)


def _warn_if_rare(id: str, ballots: list[Ballot], atoms: Atoms) -> None:
    """A warning where hardly any simulated voter casts such ballots."""
    share = _rarity(id, tuple((p, tuple(items)) for p, items in ballots), atoms)
    if share < RARE_P_VALUE:
        st.warning(
            "Hardly anybody whom the model holds possible would rank like this. Of simulated "
            f"voters who ranked the same answers, {'none' if share == 0 else f'{share:.1%}'} gave "
            "so unlikely an order. So what the model says of you is a guess."
        )


def _ballot_inputs(fitted: FittedRun) -> list[Ballot]:
    """The visitor's ballots: prompt and items, best first; kept in the URL."""
    catalogue, ballots = fitted.catalogue, []
    for p, prompt in enumerate(catalogue.prompts[:_MAX_PROMPTS]):
        names = catalogue.names(p)
        picked = st.multiselect(
            page.escaped(catalogue.prompt_texts[p] or prompt), names, key=f"ballot{p + 1}",
            placeholder="Best first; two are enough", **IN_URL,
        )  # fmt: skip
        item_texts.show_texts(fitted.ratings, prompt)
        items = [int(catalogue.offsets[p]) + names.index(name) for name in picked]
        if items:
            ballots.append((p, items))
    page.note("Pick two or more, the best first. The model then says who you may be.")
    return ballots


def _show_beliefs(
    fitted: FittedRun, placed: PlacedRater, ballots: list[Ballot], clusters: dict[str, float]
) -> None:
    """What the model infers about every prompt, and the question it would ask next."""
    catalogue, ranked = fitted.catalogue, dict(ballots)
    beliefs = {}
    for p in range(min(len(catalogue.prompts), _MAX_PROMPTS)):
        items = np.arange(catalogue.offsets[p], catalogue.offsets[p + 1])
        above = inferred_preferences(fitted, ballots, items)
        beliefs[p] = prompt_posterior(placed.points, items, ranked.get(p, ()), above)
    bits, prompt, pair = _best_question(beliefs)
    chosen = prompt
    if len(beliefs) > 1:
        names = [catalogue.prompts[p] for p in beliefs]
        with st.container(horizontal=True, vertical_alignment="bottom"):
            name = st.selectbox(
                "What the model believes about", names, names.index(catalogue.prompts[prompt]),
                key="infer", **IN_URL,
            )  # fmt: skip
        chosen = names.index(name)
    belief, completions = beliefs[chosen], catalogue.names(chosen)
    order = np.argsort(belief.expected_place, kind="stable")[: figures.MAX_LINES]
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        marked = pair if chosen == prompt and bits > _MIN_BITS else None
        asked = item_texts.prompt_text(fitted.ratings, catalogue.prompts[chosen])
        _belief_chart(belief, order, completions, asked, marked)
    with right:
        _next_question(catalogue, bits, prompt, pair)
        if not page.presenting():
            data_tables.numbers_table([
                {"answer": completions[i], "expected place": float(belief.expected_place[i])}
                for i in order
            ])  # fmt: skip
    _numbers(catalogue, beliefs, clusters)


def _best_question(beliefs: Beliefs) -> tuple[float, int, tuple[int, int]]:
    """The most informative pair of all prompts: bits, prompt, and the pair's positions in it."""
    best = (0.0, 0, (0, 1))
    for p, belief in beliefs.items():
        pair = belief.most_informative_pair
        best = max(best, (float(belief.information[pair]), p, pair))
    return best


def _belief_chart(
    belief: PromptPosterior,
    order: np.ndarray,
    completions: list[str],
    prompt: str,
    pair: tuple[int, int] | None,
) -> None:
    """Probabilities of pairs in this order of completions; ``pair`` is framed where it is drawn."""
    marked = None
    if pair is not None and set(pair) <= set(order.tolist()):
        marked = tuple(int(np.flatnonzero(order == i)[0]) for i in pair)
    page.chart(
        figures.pairwise_probabilities(
            [completions[i] for i in order], belief.above[np.ix_(order, order)], marked,
            **page.style(),
        ),
        "latent-beliefs", alt="Chance that one answer stands above another on your ballot.",
        caption="The chance that you prefer the row to the column, on "
        f"‘{page.escaped(prompt)}’. The framed pair is the one that would tell most about you. "
        "You can check it: are these your preferences? If not, the model is refuted.",
    )  # fmt: skip


def _next_question(catalogue: Catalogue, bits: float, prompt: int, pair: tuple[int, int]) -> None:
    if bits <= _MIN_BITS:
        page.say("No further comparison would tell the model anything.")
        return
    a, b = (catalogue.names(prompt)[i] for i in pair)
    page.say(
        f"The model would ask next, on ‘{page.escaped(catalogue.prompts[prompt])}’: "
        f"**{page.escaped(a)} or {page.escaped(b)}?** The answer tells {bits:.0%} of the most that "
        "one yes-or-no answer can tell."
    )


def _numbers(catalogue: Catalogue, beliefs: Beliefs, clusters: dict[str, float]) -> None:
    """The pairs of all prompts, most informative first, and the probabilities of clusters."""
    rows = []
    for p, belief in beliefs.items():
        names = catalogue.names(p)
        for a, b in itertools.combinations(range(len(belief.items)), 2):
            row = {"prompt": catalogue.prompts[p], "pair": f"{names[a]} or {names[b]}",
                   "first above": float(belief.above[a, b]),
                   "bits": float(belief.information[a, b])}  # fmt: skip
            rows.append(row)
    rows.sort(key=lambda row: -row["bits"])
    data_tables.numbers_expander(
        rows[:200], "where-am-i",
        "Bits: how much the answer tells about who you are; 1 is the most."
        + "".join(f" {page.escaped(name)} {p:.1%}." for name, p in clusters.items()),
    )  # fmt: skip

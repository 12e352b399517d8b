"""The part of the page on the latent space in which the visitor is placed."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl import figures
from scrl.diagnostics import RARE, inferred, maps, rarity, spread
from ui.latent.widgets import metrics, region_chart
from ui.shared import data_tables, page, precompute, predict_first
from ui.shared.page import IN_URL

#: Prompts that a visitor may answer.
_MAX_PROMPTS = 6


@st.cache_data(max_entries=500, show_spinner=False)
def _rarity(id: str, ballots: tuple, _atoms) -> float:
    return rarity(_atoms, ballots)


def show(id: str, learnt) -> None:
    atoms, drawing = precompute.answer(id, "where", learnt, "Asking everybody possible")
    left, right = st.columns([1, 1.5], gap="large")
    with left:
        ballots = _ballot_inputs(learnt)
        stated = sum(len(items) for _, items in ballots)
        guess, seen = predict_first.guess(
            "Will a single answer be enough to place you?", ("Yes", "No"), "guess_where"
        )
    weight = atoms.posterior(ballots)
    if not seen:
        return
    with right:
        region_chart(
            drawing, weight, "latent-where", "ballots",
            "your region excludes somebody who would have said the same",
        )  # fmt: skip
    kinds = maps.kinds_of(drawing, weight)
    with left:
        before, after = spread(atoms.share), spread(weight)
        metrics({"Of all that is possible, left": f"{after / max(before, 1e-9):.0%}"})
        if kinds:
            top = max(kinds, key=kinds.get)
            st.markdown(
                (
                    predict_first.verdict(guess, "Yes" if kinds[top] > 0.9 else "No")
                    if stated
                    else ""
                )
                + ("You are" if stated else "Before you say anything you are")
                + f" nearest to **{page.escaped(top)}** with {kinds[top]:.0%}."
            )
        _warn_if_rare(id, ballots, atoms)
    _beliefs(learnt, atoms, weight, ballots, kinds)


def _warn_if_rare(id: str, ballots: list, atoms) -> None:
    """A word where the model never met anybody like this."""
    share = _rarity(id, tuple((p, tuple(items)) for p, items in ballots), atoms)
    if share < RARE:
        st.warning(
            "Hardly anybody the model holds possible would say this: of voters asked about the "
            f"same completions, {'none' if share == 0 else f'{share:.1%}'} gave an answer as "
            "unlikely. Where it puts you, and what it infers, is a guess."
        )


def _ballot_inputs(learnt) -> list:
    """The visitor's ballots: prompt and items, best first; kept in the URL."""
    catalogue, ballots = learnt.catalogue, []
    for p, prompt in enumerate(catalogue.prompts[:_MAX_PROMPTS]):
        names = catalogue.names(p)
        picked = st.multiselect(
            page.escaped(catalogue.prompt_texts[p] or prompt), names, key=f"ballot{p + 1}",
            placeholder="Best first; as few as you like", **IN_URL,
        )  # fmt: skip
        items = [int(catalogue.offsets[p]) + names.index(name) for name in picked]
        if items:
            ballots.append((p, items))
    st.caption("One completion alone compares nothing; from two on, a ballot counts.")
    return ballots


def _beliefs(learnt, atoms, weight, ballots, kinds) -> None:
    """What the model infers about everything else, and what it would ask next."""
    catalogue, stated = learnt.catalogue, dict(ballots)
    prompts = list(catalogue.prompts)
    found, best = {}, (0.0, 0, (0, 1))
    for p in range(min(len(prompts), _MAX_PROMPTS)):
        items = np.arange(catalogue.offsets[p], catalogue.offsets[p + 1])
        found[p] = inferred(atoms, weight, items, stated.get(p, ()))
        at = np.unravel_index(found[p].teaches.argmax(), found[p].teaches.shape)
        best = max(best, (float(found[p].teaches[at]), p, tuple(map(int, at))))
    bits, p, pair = best
    shown = prompts[p]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(found) > 1:
            listed = [prompts[i] for i in found]
            shown = st.selectbox(
                "What it infers about", listed, listed.index(shown), key="infer", **IN_URL
            )
    q, names = prompts.index(shown), None
    names, mine = catalogue.names(q), found[prompts.index(shown)]
    order = np.argsort(mine.place, kind="stable")[: figures.MAX_LINES]
    left, right = st.columns([1.2, 1], gap="large")
    with left:
        marked = None
        if q == p and bits > 1e-3 and set(pair) <= set(order.tolist()):
            marked = tuple(int(np.flatnonzero(order == i)[0]) for i in pair)
        page.chart(
            figures.pairwise_probabilities(
                [names[i] for i in order], mine.above[np.ix_(order, order)], marked, **page.style()
            ),
            "latent-beliefs", alt="Chance that one completion stands above another on your ballot.",
            caption="Chance that you would place the row above the column on "
            f"‘{page.escaped(shown)}’; framed is the pair whose answer would teach most. "
            "Refuted by asking you.",
        )  # fmt: skip
    with right:
        if bits > 1e-3:
            a, b = (catalogue.names(p)[i] for i in pair)
            st.markdown(
                f"It would ask next: on ‘{page.escaped(prompts[p])}’, **{page.escaped(a)} or "
                f"{page.escaped(b)}?** The answer is worth {bits:.2f} bits of a possible 1."
            )
        else:
            st.markdown("No question about a pair would teach it anything more.")
        if not page.presenting():
            data_tables.numbers_table([
                {"completion": names[i], "expected place": float(mine.place[i])} for i in order
            ])  # fmt: skip
    rows = [
        {"prompt": prompts[k], "pair": f"{catalogue.names(k)[a]} or {catalogue.names(k)[b]}",
         "first above": float(f.above[a, b]), "bits": float(f.teaches[a, b])}
        for k, f in found.items() for a in range(len(f.items)) for b in range(a + 1, len(f.items))
    ]  # fmt: skip
    rows.sort(key=lambda row: -row["bits"])
    data_tables.numbers_expander(
        rows[:200], "where-am-i",
        "Bits: mutual information of the answer and who you are."
        + "".join(f" {page.escaped(k)} {v:.1%}." for k, v in kinds.items()),
    )  # fmt: skip

"""The cards of the page of theorems: a claim, a slider, a figure, the numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st

from scrl.figures import (
    indistinguishable_populations,
    labelled_curves,
    linear_reward,
    tournament_graph,
)
from scrl.studies import theorems
from scrl.voting.distortion import bradley_terry_bounds
from ui.shared import data_tables, page, predict_first

#: Before a slider's key where its card stands alone. One key for both places would do, but for the
#: browser: as one slider leaves it forgets the other's place in the URL.
ALONE = "one_"


def _slider(label: str, key: str, low, high, value, step, form: str = "%.2f", **more) -> float:
    if st.query_params.get("card") in CARDS:
        key = ALONE + key
    return page.slider(label, key, low, high, value, step, form, **more)


def _share(label: str, key: str, high: int, value: int, low: int = 0) -> float:
    return round(_slider(label, key, low, high, value, 1, "%.0f%%")) / 100


def _chart(aside, figure, key: str, alt: str) -> None:
    """Where the card stands alone its figure stands aside, else in its place."""
    with aside or st.container():
        page.chart(figure, f"card-{key}", alt)


def _look(aside) -> dict:
    return {**page.style(), "height": 330 if aside else 235}


# -- Bradley–Terry is Borda -----------------------------------------------------------------------

_LEFT_OUT = np.arange(91) / 100


@st.cache_data(show_spinner=False)
def _missing_curve() -> theorems.Missing:
    return theorems.missing(_LEFT_OUT)


def borda(aside) -> None:
    at = _share("Ballots from elsewhere that leave Morristown out", "left_out", 90, 0)
    now, along = theorems.missing(at), _missing_curve()
    first = _LEFT_OUT[np.argmin(along.agrees)]
    guess, shown = predict_first.guess(
        "Once ballots are missing, is the reward’s order still Borda’s?",
        ["Always", "Up to a point", "Never"], "guess_borda",
    )  # fmt: skip
    if not shown:
        return
    series = [(name, along.reward[:, i], i) for i, name in enumerate(now.names)]
    figure = labelled_curves(
        _LEFT_OUT, series, slider=at, percent=True, y_title="learned reward",
        x_title="left out elsewhere (from Memphis: a ninth of that)", **_look(aside),
    )  # fmt: skip
    _chart(aside, figure, "borda", "Rewards of five cities; lines cross as ballots go missing.")
    order = np.argsort(-now.reward)
    st.markdown(
        predict_first.verdict(guess, "Up to a point")
        + f"At {at:.0%}: {' ≻ '.join(now.names[i] for i in order)}, "
        + ("**Borda’s order**." if now.agrees else "**not Borda’s order**.")
        + f" It holds up to {first - 0.01:.0%} and breaks at {first:.0%}."
    )
    rows = [
        {"city": name, "Borda, complete ballots": float(now.borda[i]),
         "reward, complete": float(along.reward[0, i]), f"reward at {at:.0%}": float(now.reward[i])}
        for i, name in enumerate(now.names)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "borda", "On complete ballots, whatever they say, every pair is compared equally "
        "often: the likelihood’s slope is 0 where each candidate’s expected wins are its Borda "
        "points, and they rise with its reward.",
    )  # fmt: skip


def hidden(aside) -> None:
    left, right = st.columns(2)
    with left:
        start = _slider("The context matters from", "start", 0.1, 0.9, 0.8, 0.05)
    with right:
        chance = _share("It doubles the worth (else 0)", "chance", 95, 50, 5)
    found = theorems.hidden_context(chance, start)
    guess, shown = predict_first.guess(
        f"Past {start:g}, does the learned reward rise or fall?", ["Rises", "Falls"], "guess_hidden"
    )
    if not shown:
        return
    # Rewards have no unit: they are drawn over the span of the utilities.
    unit = (found.reward - found.reward.min()) / np.ptp(found.reward)
    breaks = np.searchsorted(found.a, start)
    series = [("mean utility", found.expected, 7), ("Borda score", found.borda, 1),
              ("reward", unit, 4)]  # fmt: skip
    series = [(name, np.insert(y, breaks, np.nan), i) for name, y, i in series]
    figure = labelled_curves(
        np.insert(found.a, breaks, start), series, x_title="alternative",
        y_title="worth (reward: 0 to its most)", **_look(aside),
    )  # fmt: skip
    _chart(aside, figure, "hidden", "Mean utility rises throughout; Borda score and reward jump.")
    falls = found.after < found.before
    worth = 2 * chance * start
    st.markdown(
        predict_first.verdict(guess, "Falls" if falls else "Rises")
        + f"At {start:g} the Borda score {'falls' if falls else 'rises'} from "
        f"**{found.before:.3f}** to **{found.after:.3f}**, and the reward with it; mean "
        "utility "
        + (f"stays {start:g}." if np.isclose(worth, start) else
           f"goes from {start:g} to {worth:.3g}.")
    )  # fmt: skip
    rows = [
        {"alternative": float(found.a[i]), "mean utility": float(found.expected[i]),
         "Borda score": float(found.borda[i]), "reward": float(found.reward[i])}
        for i in range(len(found.a))
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "hidden-context", "Of 100 alternatives, all pairs compared; the Borda score is the "
        "mean of P(a ≻ b). With ½ and .8 it is .1 + a below, .275 + .25a above. It falls there "
        "whatever the chance, short of certainty.",
    )  # fmt: skip


# -- cycles ---------------------------------------------------------------------------------------


def _cycle(found: theorems.Cycle, key: str, aside) -> None:
    notes = [f"reward {r + 0.0:+.3f}<br>lottery {p:.0%}" if abs(r) > 5e-4 else
             f"reward 0<br>lottery {p:.0%}"
             for r, p in zip(found.reward, found.lottery, strict=True)]  # fmt: skip
    figure = tournament_graph(found.names, found.duels, notes, **_look(aside))
    _chart(aside, figure, key, "Duels as arrows: " + "; ".join(
        f"{a} over {b} {found.duels[i, j]:.0%}"
        for i, a in enumerate(found.names) for j, b in enumerate(found.names) if i < j
    ))  # fmt: skip


def _cycle_sheet(found: theorems.Cycle, name: str) -> None:
    rows = [
        {"": a, "reward": float(found.reward[i]), "maximal lottery": float(found.lottery[i]),
         **{f"over {b}": float(found.duels[i, j]) for j, b in enumerate(found.names)}}
        for i, a in enumerate(found.names)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, name)


def intransitive(aside) -> None:
    steady = _share("Raters who are consistent (A ≻ B ≻ C)", "steady", 95, 0)
    found = theorems.intransitive(steady)
    guess, shown = predict_first.guess(
        "Of such answers, how many can a reward model get right at the most?",
        ["1/3", "1/2", "2/3", "all"], "guess_steady",
    )  # fmt: skip
    if not shown:
        return
    _cycle(found, "intransitive", aside)
    right = "2/3" if steady == 0 else ""
    st.markdown(
        (predict_first.verdict(guess, right) if right else "")
        + f"No reward gets more than **{found.most:.1%}** of the answers right; "
        f"Bradley–Terry’s order gets {found.right:.1%}."
        + (" It learns 0, 0, 0 and knows nothing." if np.abs(found.reward).max() < 1e-6 else "")
    )
    _cycle_sheet(found, "intransitive")


def cycle(aside) -> None:
    weight = _slider("Voters A ≻ B ≻ C, for one of each other", "abc", 0, 3, 1, 0.1,
                     "%.1f")  # fmt: skip
    found = theorems.condorcet_cycle(weight) if weight else theorems.condorcet_cycle(1e-12)
    _cycle(found, "cycle", aside)
    unbeaten = [a for i, a in enumerate(found.names) if found.duels[i].min() >= 0.5 - 1e-9]
    st.markdown(
        "Bradley–Terry: " + ", ".join(f"{r + 0.0:.3f}" if abs(r) > 5e-4 else "0"
                                       for r in found.reward)
        + ". Maximal lottery: " + ", ".join(f"{p:.1%}" for p in found.lottery) + ". "
        + (f"**{' and '.join(unbeaten)}** loses to nobody: the cycle is gone." if len(unbeaten) == 1
           else f"**{' and '.join(unbeaten)}** lose to nobody: the cycle is gone." if unbeaten
           else "Every voter is consistent; **the majority goes in a circle**.")
    )  # fmt: skip
    _cycle_sheet(found, "cycle")


# -- pairwise blindness ---------------------------------------------------------------------------


@st.cache_data(max_entries=200, show_spinner="Counting by every rule")
def _blindness(second: float) -> theorems.Blind:
    return theorems.blindness(second)


def blind(aside) -> None:
    second = _share("How far the second population is from the first", "second", 100, 100)
    guess, shown = predict_first.guess(
        "How many of the rules here tell the two populations apart?", ["None", "Some", "Most"],
        "guess_blind",
    )  # fmt: skip
    found = _blindness(second)
    total = len(found.alike) + len(found.apart)
    same = bool(np.allclose(found.duels[0], found.duels[1]))
    if not shown:
        return
    figure = indistinguishable_populations(
        found.names, found.duels[1], found.served, **_look(aside)
    )
    _chart(aside, figure, "blind", "One matrix of duels, two populations of raters.")
    right = "None" if not found.apart else "Some" if len(found.apart) <= total / 2 else "Most"
    st.markdown(
        predict_first.verdict(guess, right)
        + f"Duels {'identical' if same else 'different'}; **{len(found.apart)} of {total} "
        "rules** tell them apart. Of raters with a ≻ b, c ≻ d is said by "
        f"**{found.follows[0]:.0%}** and by **{found.follows[1]:.0%}**: only a model of "
        "individuals can know."
    )
    rows = [
        {"ballot": order, "first population": float(found.weight[0, i]),
         "second population": float(found.weight[1, i])} for i, order in enumerate(found.orders)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "blindness", "Rules that read only duels cannot tell. Here the others cannot either: "
        "exchanging a with b and c with d turns each population into itself, so a rule that treats "
        "candidates alike ties a with b and c with d in both.",
    )  # fmt: skip


# -- an irrelevant alternative --------------------------------------------------------------------

_OFFERED = np.maximum(np.arange(101), 0.1) / 100  # at 0 G is gone, and rewards are centred anew


@st.cache_data(show_spinner=False)
def _irrelevant_curve() -> theorems.Irrelevant:
    return theorems.irrelevant(_OFFERED)


def irrelevant(aside) -> None:
    at = _share("How often G is compared, relative to R and B", "offered", 100, 100)
    now, along = theorems.irrelevant(at), _irrelevant_curve()
    guess, shown = predict_first.guess(
        "With G, Bradley–Terry prefers R. Who wins without G?", ["R", "B"], "guess_irrelevant"
    )
    if not shown:
        return
    series = [(name, along.reward[:, i], p) for i, (name, p) in
              enumerate(zip(now.names, (4, 1, 0), strict=True))]  # fmt: skip
    figure = labelled_curves(
        _OFFERED,
        series,
        slider=at,
        slider_values=now.reward,
        percent=True,
        y_title="learned reward",
        x_title="how often G is compared",
        **_look(aside),
    )
    _chart(aside, figure, "irrelevant", "Rewards of R and B cross as G is compared more often.")
    known = ", ".join(
        f"{name} {r:.3f}" for name, r in zip(now.names, now.reward, strict=True)
        if np.isfinite(r)
    )  # fmt: skip
    lead = now.reward[0] - now.reward[2]
    top = "**R and B tie**" if abs(lead) < 1e-6 else f"**{'R' if lead > 0 else 'B'} wins**"
    picks = now.names[now.lottery.argmax()]
    st.markdown(
        predict_first.verdict(guess, "B")
        + f"At {at:.0%}: {known}; {top}. They change places at {now.switch:.0%}. The maximal "
        f"lottery picks {picks} with G and {now.names[now.without.argmax()]} without."
    )
    without = theorems.irrelevant(0.0).reward
    rows = [
        {"": name, "reward with G": float(along.reward[-1, i]),
         "reward without G": float(without[i]), "maximal lottery": float(now.lottery[i])}
        for i, name in enumerate(now.names)
    ]  # fmt: skip
    data_tables.numbers_expander(rows, "irrelevant", "Two voters R ≻ G ≻ B and three B ≻ R ≻ G; "
    "nobody puts G "
                 "first.")  # fmt: skip


# -- a unanimous preference overturned ------------------------------------------------------------

_EPSILON = np.geomspace(0.001, 0.3, 121)


def unanimity(aside) -> None:
    left, middle, right = st.columns(3)
    with left:
        epsilon = _slider("ε", "epsilon", 0.001, 0.3, 0.01, 0.001, "%.3f")
    with middle:
        delta = _slider("δ", "delta", 1.1, 4, 2, 0.1, "%.1f")
    with right:
        share = _share("Share p", "first_kind", 95, 60, 5)
    now = theorems.overturned(epsilon, delta, share)
    gap, theta = float(now.gap[0]), now.theta[0]
    guess, shown = predict_first.guess(
        "All voters prefer c′ to c. Does the best linear reward?", ["Yes", "No"], "guess_unanimity"
    )
    if not shown:
        return
    along = theorems.overturned(_EPSILON, delta, share)
    figure = labelled_curves(
        _EPSILON,
        [("", along.gap / _EPSILON, 4)],
        slider=epsilon,
        log_axes="x",
        shade_negative=True,
        x_title="ε, the size of the step from c to c′",
        y_title="(r(c′) − r(c)) / ε",
        **_look(aside),
    )
    _chart(aside, figure, "unanimity", f"r(c′) - r(c) is {gap:.4f} at ε = {epsilon:g}.")
    if aside and not page.presenting():
        picture = linear_reward(now.points[0], theorems.POINTS, theta, **page.style())
        alt = "Six alternatives in the plane and the direction of the learned reward."
        _chart(aside, picture, "unanimity-plane", alt)
    below = along.gap < 0
    turn = f" It is below 0 up to ε = {_EPSILON[below][-1]:.2g}." if below.any() else ""
    st.markdown(
        predict_first.verdict(guess, "No" if gap < 0 else "Yes")
        + f"θ = ({theta[0]:.4f}, {theta[1]:.4f}), so r(c′) − r(c) = **{gap:+.4f}**: "
        + ("**everybody’s preference is overturned**." if gap < 0 else "as everybody wants.")
        + turn
    )
    rows = [
        {"": name, "x": float(p[0]), "y": float(p[1]), "first kind": float(p @ theorems.TASTES[0]),
         "second kind": float(p @ theorems.TASTES[1]), "learned reward": float(p @ theta)}
        for name, p in zip(theorems.POINTS, now.points[0], strict=True)
    ]  # fmt: skip
    data_tables.numbers_expander(
        rows, "unanimity", "The first kind of voter maximises x + y, the second -x; all 15 pairs "
        "are compared equally often, and the linear reward of the greatest likelihood is learnt "
        "(Ge et al. 2024).", "%.4f",
    )  # fmt: skip


# -- bounds ---------------------------------------------------------------------------------------

_BETA = np.linspace(0.1, 10, 200)


def bounds(aside) -> None:
    beta = _slider("β, how sharply voters see their utilities", "beta", 0.1, 10, 4, 0.1, "%.1f")
    now, along = bradley_terry_bounds(beta), bradley_terry_bounds(_BETA)
    series = [("Borda, at most", along["borda"], 0), ("RLHF, at least", along["rlhf-at-least"], 4),
              ("lottery, at most", along["maximal-lottery"], 1)]  # fmt: skip
    figure = labelled_curves(
        _BETA, series, slider=beta, x_title="β", y_title="distortion", value_format=".2f",
        y_range=(0, 11), **_look(aside),
    )  # fmt: skip
    _chart(aside, figure, "bounds", "Bounds on distortion rise with β.")
    st.markdown(
        f"At β = {beta:g}: Borda and Copeland at most **{now['borda']:.2f}**, the maximal "
        f"lottery at most **{now['maximal-lottery']:.2f}**, RLHF and DPO **{beta:g}** or more "
        "in the worst case. As β grows, Borda’s ceiling and RLHF’s floor meet."
    )
    data_tables.numbers_expander(
        theorems.published_bounds(), "bounds", "Without noise, worst case over all utilities that "
        "agree with the ballots, m candidates and n voters. Above: Gölz, Haghtalab & Yang 2025.",
    )  # fmt: skip


# -- the cards ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Card:
    """A theorem: its name, the claim in a sentence, what draws the rest, given where its figure
    goes (None for in its place), and the keys of its sliders."""

    title: str
    claim: str
    draw: Callable
    sliders: tuple[str, ...]


CARDS = {
    "borda": Card(
        "Bradley–Terry is Borda",
        "Where every pair is compared equally often, the learned reward orders answers as the "
        "Borda count does; missing comparisons break this.",
        borda,
        ("left_out",),
    ),
    "irrelevant": Card(
        "An irrelevant alternative",
        "Two voters R ≻ G ≻ B, three B ≻ R ≻ G. G never wins, yet whether it is shown decides "
        "between R and B.",
        irrelevant,
        ("offered",),
    ),
    "cycle": Card(
        "A Condorcet cycle",
        "Voters A ≻ B ≻ C, B ≻ C ≻ A and C ≻ A ≻ B are each consistent, and prefer by majority "
        "A to B, B to C and C to A.",
        cycle,
        ("abc",),
    ),
    "intransitive": Card(
        "Raters who contradict themselves",
        "A rater who says A ≻ B, B ≻ C and C ≻ A is represented by no reward whatever.",
        intransitive,
        ("steady",),
    ),
    "hidden": Card(
        "A hidden context",
        "A context hidden from the model makes the learned reward fall where mean utility does "
        "not, or even rises.",
        hidden,
        ("start", "chance"),
    ),
    "unanimity": Card(
        "Unanimity overturned",
        "All voters have linear utilities and all prefer c′ to c; the best linear reward "
        "can prefer c.",
        unanimity,
        ("epsilon", "delta", "first_kind"),
    ),
    "bounds": Card(
        "How bad can it get?",
        "If voters answer by a Bradley–Terry model with utilities from 0 to β, distortion is "
        "bounded by β alone.",
        bounds,
        ("beta",),
    ),
    "blind": Card(
        "Pairwise blindness",
        "½ abcd + ½ badc and ½ bacd + ½ abdc agree on every duel; a loss over pairs cannot tell "
        "them apart.",
        blind,
        ("second",),
    ),
}  # fmt: skip


@st.fragment
def _live(key: str) -> None:
    """A card's controls and figure; its slider runs nothing but the card again."""
    CARDS[key].draw(None)


def card(key: str) -> None:
    def enlarge() -> None:
        st.query_params["card"] = key
        for slider in CARDS[key].sliders:
            if slider in st.session_state:
                st.session_state[ALONE + slider] = st.session_state[slider]

    about = CARDS[key]
    with st.container(border=True, height="stretch"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(about.title, anchor=False)
            st.button(
                "", icon=":material/open_in_full:", key=f"open-{key}", type="tertiary",
                on_click=enlarge, help="This card alone",
            )  # fmt: skip
        st.markdown(about.claim)
        _live(key)


@st.fragment
def alone(key: str) -> None:
    """One card over the whole page, its figure beside what is said."""
    left, right = st.columns([2, 3], gap="large")
    with left:
        st.markdown(CARDS[key].claim)
        CARDS[key].draw(right)


def back() -> None:
    def close() -> None:
        st.query_params.pop("card", None)

    st.button("All cards", icon=":material/grid_view:", key="close", on_click=close)

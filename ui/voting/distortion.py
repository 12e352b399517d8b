"""The parts of the page on distortion: a minority that decides, the worst case, noisy voters."""

from __future__ import annotations

import numpy as np
import streamlit as st

from scrl.figures import (
    borda_points_and_utilities,
    borda_threshold,
    labelled_curves,
    witness_heatmap,
    worst_and_typical_distortion,
)
from scrl.types import InputError
from scrl.voting import RULES, AnonymousProfile, count_all_rules
from scrl.voting.distortion import (
    Judged,
    borda_population,
    bradley_terry_bounds,
    judge,
    noisy_outcome,
    pairwise_rules,
    tails,
    tails_switch,
    tight_population,
    welfare,
    worst_population,
)
from ui.shared import asking, page
from ui.voting import profiles

_IN_URL = {"bind": "query-params"}
MOST_DUMMIES = 8
#: Of rules that agree, the first of these is named.
BEST_KNOWN = ("borda", "plurality", "copeland", "instant-runoff")
SEED = 0
#: Ballots of a witness that are drawn, the heaviest first.
MOST_BALLOTS = 8


def _titles(rules) -> str:
    return ", ".join(RULES[rule].title for rule in rules)


# -- a minority that decides ----------------------------------------------------------------------


@st.cache_data(max_entries=300, show_spinner="Counting by every rule")
def _tails(share: float, k: int) -> tuple[dict, dict, np.ndarray]:
    """Rule -> who wins, and welfare of that; the Borda points."""
    profile = tails(share, k)
    outcomes, _ = count_all_rules(profile)
    chances = {name: outcome.chances for name, outcome in outcomes.items()}
    worth = {name: welfare(profile, p) for name, p in chances.items()}
    return chances, worth, outcomes["borda"].scores


def _winner(p: np.ndarray, names) -> str:
    able = np.flatnonzero(p > 1e-6)
    if len({round(float(x), 6) for x in p[able]}) == 1:
        return " = ".join(names[i] for i in able)
    return "a lottery"


def _shares(switch: float) -> None:
    """Buttons for the shares, in per cent, around the one at which Borda turns."""

    def move(share: float) -> None:
        st.session_state["share"] = share

    below, above = np.floor(100 * switch + 1e-6) / 100, np.ceil(100 * switch - 1e-6) / 100
    choices = {"Below": below, "Above": above}
    if below == above:
        choices = {"Below": below - 0.01, "Tie": below, "Above": above + 0.01}
    with st.container(horizontal=True, gap="small"):
        for label, value in choices.items():
            st.button(
                label, key=f"share-{label}", on_click=move, args=(round(float(value), 2),),
                help="The share at which Borda turns, or next to it",
            )  # fmt: skip


def minority() -> None:
    first, second, third = st.columns([4, 4, 3], gap="medium", vertical_alignment="bottom")
    with first:
        k = round(page.slider("Dummies between A and the last", "dummies", 1, MOST_DUMMIES, 3, 1,
                          "%.0f"))  # fmt: skip
    switch = 100 * tails_switch(k)
    with second:
        share = page.slider("Share of type 1", "share", 1, 60, 20.01, 0.01, "%.2f%%") / 100
    with third:
        _shares(switch)
    profile = tails(share, k)
    names, last = profile.names, profile.names[-1]
    said, shown = asking.guess(
        f"{1 - share:.2%} of the voters want {last} and little else; {share:.2%} hardly care. Whom "
        "does Borda elect?", names, "guess_minority",
    )  # fmt: skip
    if not shown:
        return
    chances, worth, points = _tails(share, k)
    about = worth["borda"]
    left, right = st.columns([3, 2], gap="large")
    pitch = 34 if page.presenting() else 46
    with left:
        figure = borda_points_and_utilities(
            names, points, about.mean, **page.look(), height=70 + pitch * (k + 2)
        )
        page.chart(figure, "minority", f"Borda points and mean utility of {', '.join(names)}.")
    with right:
        sizes = np.arange(1, MOST_DUMMIES + 1)
        turns = np.array([tails_switch(int(size)) for size in sizes])
        figure = borda_threshold(sizes, turns, (k, share), **page.look(), height=70 + pitch * 5)
        page.chart(figure, "switch", f"With {k} dummies Borda turns at {switch:.2f} %.")
    elected = _winner(chances["borda"], names)
    fate = [
        f"{name} ({about.share[i]:.2%}) gets {about.group[i]:.4f} of at most "
        f"{about.group_best[i]:.4f}" for i, name in enumerate(about.groups)
    ]  # fmt: skip
    alike = _winner(chances["bradley-terry"], names) == elected
    too = ", and so does Bradley–Terry" if alike else ""
    st.markdown(
        asking.verdict(said, elected) + f"**Borda elects {elected}**{too}: "
        f"A has {points[0]:.4f} points and {last} {points[-1]:.4f}. "
        f"{fate[0][0].upper() + '; '.join(fate)[1:]}. With {k} dummies A is ahead from 1/(k + 2) = "
        f"{switch:.2f} % on: each dummy is one more place, by which a hair counts like a world."
    )
    by_winner: dict[str, list[str]] = {}
    for name, p in chances.items():
        by_winner.setdefault(_winner(p, names), []).append(name)
    if not page.presenting():
        st.markdown("  \n".join(
            f"**{who[0].upper() + who[1:]}**: {_titles(rules)}." for who, rules in by_winner.items()
        ))  # fmt: skip
    rows = [
        {"rule": RULES[name].title, "elects": _winner(p, names),
         "mean utility": float(worth[name].expected),
         "short of the best": float(worth[name].regret),
         **{g: float(worth[name].group[i]) for i, g in enumerate(about.groups)}}
        for name, p in chances.items()
    ]  # fmt: skip
    asking.sheet(rows, "minority", "Mean utilities, over all and over each type. Egalitarian and "
                 "Nash welfare judge by utilities and not by their sum.", "%.4f")  # fmt: skip


# -- the worst case, and the usual one ------------------------------------------------------------


@st.cache_data(max_entries=40, show_spinner="Looking for the worst case of every rule")
def _judged(key: str, _profile) -> Judged:
    return judge(_profile, seed=SEED)


def _labels(found: Judged) -> list[str]:
    """What to call each outcome: who wins, and by which rules."""
    labels = []
    for rules, p in zip(found.rules, found.lotteries, strict=True):
        who = _winner(p, found.names)
        if who == "a lottery":
            labels.append(RULES[rules[0]].title)
        else:
            best_known = next((name for name in BEST_KNOWN if name in rules), rules[0])
            who = who if len(who) <= 22 else f"{int((p > 1e-6).sum())} tied"
            more = f" +{len(rules) - 1}" if len(rules) > 1 else ""
            labels.append(f"{who} ({RULES[best_known].title}{more})")
    return labels


def worst() -> None:
    profile = profiles.choose()
    if profile is None:
        return
    if len(profile.names) < 2:
        st.info("One candidate wins whatever it is worth; choose a profile with two.")
        return
    try:
        key = f"{profile.to_text()}|{profile.utility is not None}"
        found = _judged(key, profile)
    except InputError as error:
        st.error(page.plain(str(error)))
        return
    labels = _labels(found)
    worst_row = int(np.argmax(found.utilitarian.value))
    pure = [i for i, p in enumerate(found.lotteries) if p.max() > 1 - 1e-6]
    said, shown = asking.guess(
        "Whose election can cost most, for all that the ballots say?",
        [found.names[found.lotteries[i].argmax()] for i in pure], "guess_worst",
    ) if len(pure) > 1 else (None, True)  # fmt: skip
    if not shown:
        return
    left, right = st.columns([8, 5], gap="medium")
    with right:
        if st.session_state.get("outcome") not in labels:
            st.session_state.pop("outcome", None)  # of another profile
        chosen = labels.index(
            st.selectbox("Witness for", labels, worst_row, key="outcome", **_IN_URL)
        )
        metric = found.metric is not None and st.segmented_control(
            "Worst case", ["Utilities", "Distances"], default="Utilities", required=True,
            key="witness", label_visibility="collapsed", **_IN_URL,
        ) == "Distances"  # fmt: skip
        _witness(found, profile, chosen, metric)
    with left:
        figure = worst_and_typical_distortion(
            labels, found.typical, found.utilitarian.value,
            None if found.metric is None else found.metric.value, chosen, **page.look(),
        )  # fmt: skip
        page.chart(
            figure, "worst",
            alt="; ".join(f"{label}: {v:.2f} at worst" for label, v in
                          zip(labels, found.utilitarian.value, strict=True)),
            caption="" if page.presenting() else
            "How many times better the best candidate is than what the rule gives: 1 is perfect. "
            f"Usual: {found.typical.shape[1]} draws of utilities that agree with the ballots, each "
            "ballot’s uniform among those that add up to one."
            + ("" if found.metric is not None else " The profile is too large for distances."),
        )  # fmt: skip
        if pure:
            top = max(pure, key=lambda i: found.utilitarian.value[i])
            value = found.utilitarian.value[top]
            st.markdown(
                asking.verdict(said, found.names[found.lotteries[top].argmax()])
                + f"Electing **{page.plain(found.names[found.lotteries[top].argmax()])}** may cost "
                + (f"a factor of **{value:.2f}**" if np.isfinite(value) else "**everything**")
                + f", and usually costs {np.median(found.typical[top]):.2f}. The worst case is "
                "rare; a lottery insures against it."
            )
    rows = [
        {"outcome": label, "rules": _titles(rules),
         "usual (median)": float(np.median(found.typical[i])),
         "worst, unit-sum": float(found.utilitarian.value[i]),
         **({} if found.metric is None else {"worst, metric": float(found.metric.value[i])}),
         **{f"P({n})": float(p) for n, p in zip(found.names, found.lotteries[i], strict=True)}}
        for i, (label, rules) in enumerate(zip(labels, found.rules, strict=True))
    ]  # fmt: skip
    asking.sheet(rows, "worst-case", f"Seed {SEED}.")


def _witness(found: Judged, profile: AnonymousProfile, i: int, metric: bool) -> None:
    """The utilities, or distances, under which an outcome is worst."""
    source = found.metric if metric else found.utilitarian
    values = source.distance[i] if metric else source.utility[i]
    heavy = np.argsort(-profile.weight, kind="stable")[:MOST_BALLOTS]
    share = profile.weight / profile.weight.sum()
    mean = share @ values
    labels = [f"{profile.labels[b]} {share[b]:.0%}".strip() for b in heavy]
    figure = witness_heatmap(
        found.names, [*labels, "mean"], np.vstack([values[heavy], mean]), **page.look()
    )
    rival = page.plain(found.names[int(source.against[i])])
    got = float(found.lotteries[i] @ mean)
    kind = "distances" if metric else "utilities"
    more = len(profile.place) - len(heavy)
    page.chart(figure, "witness-map", alt=f"The {kind} under which this outcome is worst.")
    st.markdown(
        f"{kind.capitalize()} that agree with every ballot: the outcome gets a mean of "
        f"{got:.3f} where **{rival}** would get {mean[int(source.against[i])]:.3f}."
        + (f" The {more} lighter ballots are not drawn." if more > 0 else "")
    )


# -- voters who err -------------------------------------------------------------------------------

POPULATIONS = ("A duel", "Many opponents", "Search")
_BETAS = {name: np.linspace(0.5, 10, points) for name, points in
          zip(POPULATIONS, (20, 20, 6), strict=True)}  # fmt: skip
_DRAWN = ("borda", "maximal-lottery")


def _population(which: str, beta: float) -> tuple[np.ndarray, np.ndarray]:
    if which == POPULATIONS[0]:
        return tight_population(beta)
    if which == POPULATIONS[1]:
        return borda_population(beta)
    found = worst_population("borda", beta, seed=SEED)
    return found.utility, found.weight


@st.cache_data(max_entries=200, show_spinner="Asking noisy voters")
def _noisy(which: str, beta: float) -> tuple[np.ndarray, np.ndarray, dict]:
    """Utilities, shares, and rule -> who wins and distortion."""
    utility, weight = _population(which, beta)
    found = {}
    for rule in pairwise_rules():
        try:
            one = noisy_outcome(utility, weight, beta, [rule])
        except InputError:  # too many candidates for this rule
            continue
        found[rule] = (one.lotteries[0], float(one.distortion[0]))
    return utility, weight, found


@st.cache_data(show_spinner="Asking noisy voters")
def _along(which: str) -> np.ndarray:
    """Distortion of ``_DRAWN`` on the population made for each β ``[rules, betas]``."""
    return np.stack(
        [noisy_outcome(*_population(which, b), b, _DRAWN).distortion for b in _BETAS[which]], axis=1
    )


def noisy() -> None:
    left, right = st.columns([5, 6], gap="large")
    with left:
        beta = page.slider("β, how sharply voters see utilities from 0 to 1", "sharpness",
                       0.5, 10, 5, 0.1, "%.1f")  # fmt: skip
        which = st.segmented_control(
            "Voters", POPULATIONS, default=POPULATIONS[1], required=True, key="voters", **_IN_URL
        )
        said, shown = asking.guess(
            f"At β = {beta:g}, is Borda’s winner less than half as good as the best?",
            ["Yes", "No"], "guess_noisy",
        )  # fmt: skip
    if not shown:
        return
    utility, weight, found = _noisy(which, beta)
    bounds = bradley_terry_bounds(beta)
    grid = np.linspace(0.5, 10, 96)
    ceilings = bradley_terry_bounds(grid)
    series = [("Borda, at most", ceilings["borda"], 0),
              ("lottery, at most", ceilings["maximal-lottery"], 1)]  # fmt: skip
    here = [float(bounds["borda"]), float(bounds["maximal-lottery"])]
    for rule, name, i in zip(_DRAWN, ("Borda, here", "lottery, here"), (4, 2), strict=True):
        along = np.interp(grid, _BETAS[which], _along(which)[_DRAWN.index(rule)])
        series.append((name, along, i))
        here.append(found[rule][1])
    with right:
        figure = labelled_curves(
            grid,
            series,
            slider=beta,
            slider_values=here,
            x_title="β",
            y_title="distortion",
            value_format=".2f",
            y_range=(0.0, 10.8),
            **page.look(),
            height=300 if page.presenting() else 380,
        )
        page.chart(figure, "noisy", "Bounds on distortion, and what these voters come to.")
    mean = weight @ utility / weight.sum()
    p = found["borda"][0]
    top, best = int(p.argmax()), int(mean.argmax())
    with left:
        st.markdown(
            asking.verdict(said, "Yes" if found["borda"][1] > 2 else "No")
            + f"The best is worth **{found['borda'][1]:.2f}** times Borda’s winner, of at most "
            f"{bounds['borda']:.2f}. Beside the maximal lottery: "
            f"**{found['maximal-lottery'][1]:.2f}**, of at most "
            f"{bounds['maximal-lottery']:.2f}. RLHF: {beta:g} or more on its worst case."
        )
        share = weight / weight.sum()
        rows = [
            {"type": f"{i + 1}", "share": float(share[i]),
             "from Borda’s winner": float(utility[i, top]),
             "from the best": float(utility[i, best])}
            for i in range(len(share))
        ]  # fmt: skip
        rows.append({"type": "mean", "share": 1.0, "from Borda’s winner": float(mean[top]),
                     "from the best": float(mean[best])})  # fmt: skip
        form = st.column_config.NumberColumn(format="%.4f")
        st.dataframe(rows, hide_index=True, column_config=dict.fromkeys(list(rows[0])[1:], form))
    rows = [
        {"rule": RULES[name].title, "distortion": value, "elects": f"candidate {q.argmax() + 1}"
         if q.max() > 1 - 1e-6 else "a lottery"} for name, (q, value) in found.items()
    ]  # fmt: skip
    asking.sheet(
        rows, "noisy", f"{len(share)} types and {utility.shape[1]} candidates, infinitely many "
        "voters, every pair compared; a voter prefers a to b with probability σ(β(u_a - u_b)). "
        "The voters are made for each β anew, so that a rule does badly"
        + (f" (search, seed {SEED})." if which == POPULATIONS[2] else "."),
    )  # fmt: skip


PARTS = {"A minority decides": minority, "Worst case": worst, "Voters who err": noisy}

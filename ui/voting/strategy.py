"""The parts of the page on strategy: one lie, two camps, and how often lies pay."""

from __future__ import annotations

import math
from collections.abc import Sequence

import streamlit as st

from scrl.figures import (
    gain_by_coalition_size,
    misreport_utilities,
    rates_by_rule,
    scores_by_misreport_share,
)
from scrl.types import InputError
from scrl.voting import RULES, AnonymousProfile, format_ballot
from scrl.voting.strategy import (
    BURIAL,
    EXACT,
    MODELS,
    Manipulation,
    coalition_curves,
    countable,
    manipulable_share,
    mutual,
    spread,
    strategies,
)
from ui.shared import asking, page
from ui.shared.controls import title_of
from ui.voting import profiles

_IN_URL = {"bind": "query-params"}
#: Lotteries that draw a voter, or a candidate in proportion to points (Gibbard 1977, Barberà 1979).
STRATEGYPROOF = ("random-ballot", "proportional-borda", "harmonic-lottery")
#: Electorates of four candidates that are drawn.
DRAWN = 50


def rule_of(rules: Sequence[str], default: str = "borda", key: str = "rule") -> str:
    return st.selectbox(
        "Rule", list(rules), list(rules).index(default) if default in rules else 0,
        format_func=title_of, key=key, **_IN_URL,
    )  # fmt: skip


def ballot(place, names: Sequence[str]) -> str:
    """``A > B = C``; who is left out is not named."""
    return format_ballot(AnonymousProfile(names, [place], [1.0]).orders()[0])


def winners(chance, names: Sequence[str]) -> str:
    """Who may win, with chances where they differ."""
    able = [(c, name) for c, name in zip(chance, names, strict=True) if c > 1e-6]
    if len({round(float(c), 6) for c, _ in able}) == 1:
        return " = ".join(name for _, name in able)
    return ", ".join(f"{name} {c:.0%}" for c, name in able)


def _listed(words: Sequence[str]) -> str:
    return " and ".join([", ".join(words[:-1])] * (len(words) > 1) + list(words[-1:]))


# -- one lie --------------------------------------------------------------------------------------


@st.cache_data(max_entries=60, show_spinner="Trying every ballot")
def _strategies(key: str, row: int, rules: tuple, voters: float, _profile) -> dict:
    return strategies(_profile, row, rules, voters)


def one_lie() -> None:
    profile = profiles.choose()
    if profile is None:
        return
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        row, rule, voters, short = _who(profile)
        said, shown = asking.guess(
            f"Can {page.plain(short)} get a winner they like better by lying?", ("Yes", "No"),
            "guess", always=True,
        )  # fmt: skip
        if not shown:
            return
        exact = len(profile.names) <= EXACT
        rules = countable(profile) if exact else [rule]
        try:
            found = _strategies(profiles.identity(profile), row, tuple(rules), voters, profile)
        except InputError as error:
            st.error(page.plain(str(error)))
            return
        _answer(said, found, rule)
        _one(profile, found[rule], short)
        if exact and not page.presenting():
            _sizes(profile, row, rule, voters, short)
    with right:
        _every_rule(found, rule, short)
    if not page.presenting():
        _lie_table(profile, found)


def _who(profile: AnonymousProfile) -> tuple[int, str, float, str]:
    """Which line may lie, under which rule, how many of its voters, and what to call them."""
    names, lines = profile.names, min(len(profile.weight), 60)
    labels = [
        f"{i + 1}. {profile.labels[i] or ballot(profile.place[i], names)} "
        f"({profile.weight[i] / profile.weight.sum():.0%})"
        for i in range(lines)
    ]
    one, two, three = st.columns([1.2, 1, 1], gap="small")
    with one:
        who = st.selectbox("Who may lie", labels, lines - 1, key="who", **_IN_URL)
    with two:
        rule = rule_of(countable(profile))
    share = three.slider("How many lie", 1, 100, 100, format="%d %%", key="liars", **_IN_URL)
    row = labels.index(who)
    short = profile.labels[row] or f"line {row + 1}"
    return row, rule, float(profile.weight[row]) * share / 100, short


def _answer(said: str | None, found: dict[str, Manipulation], rule: str) -> None:
    paid = [name for name, s in found.items() if s.pays]
    hurt = [name for name in paid if found[name].others[1] < found[name].others[0] - 1e-9]
    many = (
        f" By {len(paid)} of {len(found)} rules one does, and by {len(hurt)} of those it costs "
        "everybody else."
        if len(found) > 1
        else f" With more than {EXACT} candidates not every ballot is tried, so a better lie may "
        "be missed."
    )
    pays = found[rule].pays
    answer = "a lie pays" if pays else "no lie pays"
    opening = asking.verdict(said, "Yes" if pays else "No")
    st.markdown(f"{opening}Under {title_of(rule)} **{answer}**.{many}")


def _one(profile: AnonymousProfile, best: Manipulation, short: str) -> None:
    names = profile.names
    lies = [ballot(place, names) for place in best.place]
    if best.reported_utility is not None and best.pays:
        pairs = zip(names, best.reported_utility[0], strict=True)
        lies = [", ".join(f"{name} {value:.3g}" for name, value in pairs)]
    honest = ballot(profile.place[best.row], names)
    rows = [
        ("They say", honest, "; ".join(lies) if best.pays else "the truth"),
        ("Wins", winners(best.before, names), winners(best.after, names)),
        ("Utility to them", *(f"{best.by_line[best.row][i]:.3f}" for i in (0, 1))),
        ("To everybody else", *(f"{x:.3f}" if math.isfinite(x) else "" for x in best.others)),
    ]  # fmt: skip
    cells = [[page.plain(cell) for cell in row] for row in rows]
    head = f"| {page.plain(short)} | honest | best lie |\n|---|---|---|\n"
    st.markdown(head + "\n".join(f"| {' | '.join(row)} |" for row in cells))


def _sizes(profile: AnonymousProfile, row: int, rule: str, voters: float, short: str) -> None:
    curve = coalition_curves(profile, row, [rule])[rule]
    weight = profile.weight[row]
    needed = (
        "However many of them agree on a lie, none pays."
        if math.isnan(curve.needed)
        else f"A lie pays from {curve.needed / weight:.0%} of them."
    )
    page.chart(
        gain_by_coalition_size(curve.voters, curve.gain, voters, **page.look()),
        "sizes",
        alt=needed,
        caption=f"What the best common lie gains {page.plain(short)} by how many join it. {needed}",
    )


def _every_rule(found: dict[str, Manipulation], rule: str, short: str) -> None:
    order = sorted(found, key=lambda name: -round(found[name].gain, 6))
    rows = [
        {
            "title": title_of(name),
            "liars": tuple(found[name].by_line[found[name].row]),
            "others": found[name].others if math.isfinite(found[name].others[0]) else None,
            "note": "a lie pays" if found[name].pays else "no lie pays",
        }
        for name in order
    ]
    page.chart(
        misreport_utilities(rows, short, title_of(rule), **page.look()), "lies",
        alt="; ".join(f"{r['title']}: {r['note']}" for r in rows),
        caption="Mean utility of the winner, honest and with the best lie under each rule: left to "
        "the liars, right to everybody else. Where only orders are known, utility is m-1 for a "
        "first place down to 0.",
    )  # fmt: skip


def _lie_table(profile: AnonymousProfile, found: dict[str, Manipulation]) -> None:
    rows = [
        {
            "rule": title_of(name),
            "best lie": "; ".join(ballot(p, profile.names) for p in s.place) if s.pays else "",
            "winner, honest": winners(s.before, profile.names),
            "winner, lie": winners(s.after, profile.names),
            "favourite rises": s.places,
            "gain": s.gain,
            "others lose": float(s.others[0] - s.others[1]),
            "mean, honest": s.mean[0],
            "mean, lie": s.mean[1],
        }
        for name, s in found.items()
    ]
    with st.expander("The numbers"):
        page.numbers(rows)
        st.caption(
            "All voters behind the line who lie cast the same ballot. Every strict order was tried "
            f"for up to {EXACT} candidates; of equally good lies the one nearest to the truth is "
            "shown. A tie for first is drawn. 'Favourite rises' counts places in the order."
        )
        asking.download(rows, "lies")


# -- two camps ------------------------------------------------------------------------------------


@st.cache_data(show_spinner="Trying every ballot")
def _mutual() -> dict:
    return mutual(BURIAL, (0, 1))


def two_camps() -> None:
    names = BURIAL.names
    found = _mutual()
    borda = found["borda"]
    left, right = st.columns([1, 1.25], gap="large")
    with left:
        st.markdown(
            "Left and Right have 46 voters each, and both like Centre well; nobody wants Dud. "
            "Each camp finds its best lie under Borda, as if the others were honest: "
            f"**{page.plain(ballot(borda.lies[0].place[0], names))}** and "
            f"**{page.plain(ballot(borda.lies[1].place[0], names))}**."
        )
        said, shown = asking.guess(
            "If both camps lie at once, who wins?", names, "guess_camps", always=True
        )
        share = st.slider("How many of both camps lie", 0, 100, 100, format="%d %%", key="lying",
                          disabled=not shown, **_IN_URL)  # fmt: skip
        if not shown:
            return
        shares, scores, mean = spread(BURIAL, borda.lies, "borda")
        best = borda.best
        first = scores[share] > scores[share].max() - 1e-9
        winner = winners(first / first.sum(), names)
        st.markdown(
            asking.verdict(said, "Dud")
            + f"At {share} % **{winner}** wins, worth {mean[share]:.3f} on average against "
            f"{best:.3f} at best: distortion {best / mean[share]:.2f}.",
        )  # fmt: skip
    with right:
        page.chart(
            scores_by_misreport_share(names, shares, scores, share / 100, "Borda points a voter",
                         height=330, **page.look()),
            "camps", alt=f"Borda points as more voters lie; at {share} % {winner} wins.",
            caption="The first liars lift Left and Right over Centre; then Dud, which every honest "
            "ballot puts last, passes everybody.",
        )  # fmt: skip
    _camp_table(found)
    if not page.presenting():
        _camp_note(found)


def _camp_table(found: dict) -> None:
    names = BURIAL.names
    rows = [
        {
            "rule": title_of(name),
            "honest": winners(m.lies[0].before, names),
            "both lie": winners(m.chance, names),
            "distortion": m.distortion[1],
            "lies pay": " and ".join(
                label for label, lie in zip(BURIAL.labels, m.lies, strict=False) if lie.pays
            )
            or "to nobody",
            "mean, honest": m.mean[0],
            "mean, both lie": m.mean[1],
        }
        for name, m in sorted(found.items(), key=lambda item: -item[1].distortion[1])
    ]  # fmt: skip
    page.numbers(rows)
    st.caption(
        "Each camp with its own best lie under each rule, or the truth where none pays. "
        "Distortion: the best mean utility over that of the winner, when both lie. Bradley–Terry, "
        "which an ordinary reward model fits, follows the lies as Borda does."
    )
    if not page.presenting():
        asking.download(rows, "camps")


def _camp_note(found: dict) -> None:
    with st.expander("Why anybody would do this"):
        borda = found["borda"]
        st.markdown(
            "Utilities of Left, Right, Centre, Dud: the Left camp 1, .2, .8, .05; the Right camp "
            ".2, 1, .8, .05; the 8 voters of Centre .5, .5, 1, .05. Against honest opponents each "
            "lie is the only one of the 24 ballots that makes the camp's favourite win, a gain "
            f"of {borda.lies[0].gain:.1f} for each member. Once the other camp lies, the best that "
            "a camp can still get is Centre, by giving up its favourite. Whoever lies and is not "
            "answered wins; both expect to be the one. "
            "Without strategy one may say that a winner cannot be that perverse, since some human "
            "wanted it; with strategy that defence is gone."
        )


# -- how often ------------------------------------------------------------------------------------


@st.cache_data(max_entries=200, show_spinner="Counting electorates")
def _shares(rules: tuple, m: int, n: int, drawn: int | None, seed: int, model: str) -> dict:
    return manipulable_share(rules, m, n, drawn, seed, model)


def how_often() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        m = int(st.segmented_control("Candidates", ["3", "4"], default="3", required=True,
                                     key="candidates", **_IN_URL))  # fmt: skip
        n = st.slider("Voters", 2, 12 if m == 3 else 9, 9, key="voters", **_IN_URL)
        model = st.selectbox("Drawn from", list(MODELS), key="model", **_IN_URL)
        exact = m == 3 and model in ("impartial", "anonymous")
        seed = 0
        if not exact:
            seed = int(st.number_input("Seed", 0.0, 2.0**31, 0.0, 1.0, format="%.0f", key="seed",
                                       **_IN_URL))  # fmt: skip
    trivial = {f"{k}-approval" for k in range(m, 10)}  # everybody approves of everybody
    slow = {n for n, r in RULES.items() if r.on_host and r.reads == "profile"}
    rules = tuple(n for n in RULES.ordinal if n not in trivial | slow)
    bands = ("under 10 %", "10 to 25 %", "25 to 50 %", "over 50 %")
    said, shown = asking.guess(
        f"In how many electorates of {n} voters can one of them gain by lying under Borda?",
        bands, "guess_often", always=True,
    )  # fmt: skip
    if not shown:
        return
    found = _shares(rules, m, n, None if exact else 1000 if m == 3 else DRAWN, seed, model)
    share = found["borda"].share
    band = bands[sum(share >= edge for edge in (0.1, 0.25, 0.5))]
    proof = [title_of(name) for name in found if name in STRATEGYPROOF]
    st.markdown(
        asking.verdict(said, band)
        + f"Under Borda in **{share:.1%}**. Under {_listed(proof)} never: such a lottery is linear "
        "in each ballot and leaves nothing to gain by a lie.",
    )
    what = found["borda"]
    how = (
        f"All {what.electorates:,} electorates, weighed by their chance"
        if what.exact
        else f"{what.electorates:,} electorates drawn with seed {seed}; bars of two standard errors"
    )
    rows = [(title_of(name), r.share, r.error) for name, r in found.items()]
    page.chart(
        rates_by_rule(rows, "electorates in which some voter gains by a lie", title_of("borda"),
                   **page.look()),
        "often", alt="; ".join(f"{t}: {s:.1%}" for t, s, _ in rows),
        caption=f"{how}: {MODELS[model]}. A lie gains if the winner is worth more to the liar in "
        f"points {m - 1} to 0, a tie being drawn, so a rule that often ties rewards fewer lies. "
        "Left out are rules that need a linear program "
        "for each electorate.",
    )  # fmt: skip
    if not page.presenting():
        with st.expander("The numbers"):
            table = [{"rule": t, "share": s, "standard error": float(e)} for t, s, e in rows]
            page.numbers(table)
            asking.download(table, "manipulable")

"""The slates of several rules, and how each serves the voters."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import streamlit as st

from scrl import figures
from scrl.committees import (
    COMMITTEE_RULES,
    MAX_CANDIDATES,
    SlateService,
    elect_committee,
    slate_service,
    top_of_scores,
)
from scrl.types import InputError
from scrl.voting import RULES, Profile
from ui.shared import data_tables, figure_cache, page
from ui.voting import profile_picker, voting_labels, wide_figures

#: Rows of the figure: group -> rules. The first group takes the top of one score.
GROUPS = {
    "score": ("bradley-terry", "k-borda", "av"),
    "proportional": ("pav", "phragmen", "equal-shares", "stv"),
    "coverage": ("cc", "borda-cc"),
}
#: The reward model whose highest answers are the usual slate, and the rule explained at first.
REWARD, DEFAULT_RULE = "bradley-terry", "bradley-terry"
#: Most tied slates that are looked for, and seconds of an integer programme.
MAX_TIED, TIME_LIMIT = 50, 5.0
#: Most answers in a slate on the slider.
MAX_SEATS = 12


class Settings(NamedTuple):
    """What the page asks for.

    Attributes:
        seats: answers in the slate.
        approve: a ballot approves its first so many, for rules that read approvals.
    """

    seats: int
    approve: int


@dataclass(frozen=True, eq=False)
class Row:
    """The slate of a rule.

    Attributes:
        rule: its name.
        title: with the number of answers.
        group: a key of ``GROUPS``.
        slate: its members.
        service: how it serves the voters.
        tied: the number of slates that are as good.
    """

    rule: str
    title: str
    group: str
    slate: tuple[int, ...]
    service: SlateService
    tied: int


def by_favourite(profile: Profile) -> Profile:
    """The ballots of one favourite beside each other, unless they are labelled by who cast them."""
    if any(profile.labels) or profile.utility is not None:
        return profile
    order = np.lexsort([-profile.weight, slate_service(profile, range(len(profile.names))).best])
    return replace(profile, place=profile.place[order], weight=profile.weight[order], labels=())


def pick_settings(profile: Profile) -> Settings | None:
    """The sliders; None where there is nothing to choose from."""
    m = len(profile.names)
    if m < 2:
        st.info("A slate is chosen from two answers or more. These ballots have one.")
        return None
    if m > MAX_CANDIDATES:
        st.info(f"A slate is chosen from at most {MAX_CANDIDATES} answers. These ballots have {m}.")
        return None
    most = min(m, MAX_SEATS)
    state = st.session_state
    for key, high in (("seats", most), ("approve", m)):
        if float(state.get(key, 1) or 1) > high:  # of other ballots
            del state[key]
    left, right = st.columns(2, gap="medium")
    with left:
        seats = page.slider("Answers in the slate", "seats", 1, most, min(3, most), 1, "%d")
    with right:
        approve = page.slider(
            "A voter approves the first", "approve", 1, m, min(2, m), 1, "%d",
            help="Rules of approvals read only whom a voter approves: so many of the first answers "
            "on the ballot. Rules of orders read the whole ballot.",
        )  # fmt: skip
    return Settings(int(seats), int(approve))


def count(profile: Profile, seats: int, approve: int) -> tuple[dict[str, Row], dict[str, str]]:
    """The rows by rule, and rule -> why it cannot choose a slate."""
    key = profile_picker.cache_key(profile)
    found, faults = _count(key, seats, approve, profile)
    rows = {
        rule: Row(rule, title(rule, seats), group, slate, slate_service(profile, slate), tied)
        for rule, (group, slate, tied) in found.items()
    }
    return rows, faults


@st.cache_data(max_entries=200, show_spinner="Counting")
def _count(
    key: str, seats: int, approve: int, _profile: Profile
) -> tuple[dict[str, tuple[str, tuple[int, ...], int]], dict[str, str]]:
    found, faults = {}, {}
    for group, rules in GROUPS.items():
        for rule in rules:
            try:
                slate, tied = _slate(_profile, rule, seats, approve)
            except InputError as error:
                faults[rule] = str(error)
            else:
                found[rule] = (group, slate, tied)
    return found, faults


def _slate(profile: Profile, rule: str, seats: int, approve: int) -> tuple[tuple[int, ...], int]:
    """The slate of a rule, ties broken by the order of the answers, and how many are tied."""
    if rule == REWARD:
        return top_of_scores(profile, rule, seats), 1
    entry = COMMITTEE_RULES[rule]
    settings = {"time_limit": TIME_LIMIT} if "time_limit" in entry.settings else {}
    outcome = elect_committee(
        profile, rule, seats, approve if entry.reads == "approvals" else None, MAX_TIED, **settings
    )
    return outcome.committee, len(outcome.committees)


def title(rule: str, seats: int) -> str:
    """The title of a row."""
    if rule == REWARD:
        return f"Top {seats} by {RULES[rule].title}"
    named = {"k-borda": f"Top {seats} by Borda", "av": f"Top {seats} by approvals",
             "pav": "Proportional approval", "phragmen": "Phragmén", "stv": "Transferable vote",
             "equal-shares": "Equal shares", "cc": "Most covered (approvals)",
             "borda-cc": "Most covered (Borda)"}  # fmt: skip
    return named[rule]


def say_whom_they_serve(rows: dict[str, Row], settings: Settings, candidates: int) -> None:
    """The lesson of the figure in a sentence."""
    if REWARD not in rows or "stv" not in rows:
        return
    top, slate = (rows[r].service.favourite_share for r in (REWARD, "stv"))
    page.say(
        f"An assistant shows {settings.seats} of {candidates} answers. Those with the highest "
        f"reward hold the favourite of **{top:.0%}** of the voters; the slate of the single "
        f"transferable vote holds that of **{slate:.0%}**."
    )


def rule_wanted(rows: dict[str, Row]) -> str:
    """The rule to be explained, from the URL."""
    wanted = st.query_params.get("slate_rule") or st.session_state.get("slate_rule", DEFAULT_RULE)
    return wanted if wanted in rows else next(iter(rows))


def set_rule(rule: str) -> None:
    """Put the rule to be explained in the URL; for callbacks."""
    st.session_state["slate_rule"] = st.query_params["slate_rule"] = rule


def pick_rule(rows: dict[str, Row], rule: str) -> str:
    """The choice of the rule whose slate is judged."""
    # Kept in the URL by hand: a bound widget would write the title there, not the name.
    st.session_state["slate_rule_pick"] = rule

    def picked() -> None:
        set_rule(st.session_state["slate_rule_pick"])

    chosen = st.selectbox(
        "Look closer at the slate of", list(rows), format_func=lambda r: rows[r].title,
        key="slate_rule_pick", on_change=picked, width=360,
        label_visibility="collapsed" if page.presenting() else "visible",
    )  # fmt: skip
    if chosen != REWARD and not page.presenting():
        page.note(page.escaped(COMMITTEE_RULES[chosen].summary))
    return chosen


def _row_clicked() -> None:
    points = st.session_state["slates"]["selection"]["points"]
    if points:
        set_rule(points[0]["customdata"][0])


def show_rows(profile: Profile, rows: dict[str, Row], rule: str) -> None:
    """Draw the slates and the voters; a click on a row judges its slate."""
    plain = [
        {"rule": r.rule, "title": r.title, "group": r.group, "slate": list(r.slate),
         "best": r.service.best, "ahead": r.service.ahead, "tied": r.tied > 1}
        for r in rows.values()
    ]  # fmt: skip
    with wide_figures.scrolling("slates_scroll", 700):
        st.plotly_chart(
            figure_cache.drawn(
                lambda: figures.slates_by_rule(
                    profile.names, plain, profile.weight, profile.labels, rule, **page.style()
                ),
                "slates", profile_picker.cache_key(profile), profile.labels, rule,
                *((r.rule, r.title, r.slate, r.tied) for r in rows.values()),
            ),
            theme=None, key="slates", config=page.PLOTLY_CONFIG, on_select=_row_clicked,
            selection_mode="points",
            alt="; ".join(
                f"{r.title}: {', '.join(profile.names[c] for c in r.slate)}, the favourite of "
                f"{r.service.favourite_share:.0%}"
                for r in rows.values()
            ),
        )  # fmt: skip
    if not page.presenting():
        page.note(
            "Left is the slate of each rule. Right are the voters, each with the answer of the "
            "slate that they like best: in full colour where it is their favourite, faint where "
            "they would rather have another answer. Click a row to look closer."
        )


def show_numbers(profile: Profile, rows: dict[str, Row], faults: dict[str, str]) -> None:
    """A table of the slates, and the rules that could not choose."""
    for fault in dict.fromkeys(faults.values()):
        titles = [COMMITTEE_RULES[r].title if r in COMMITTEE_RULES else RULES[r].title
                  for r in faults if faults[r] == fault]  # fmt: skip
        page.note(f"Not counted: {voting_labels.listed(titles)}. {page.escaped(fault)}")
    data_tables.numbers_expander(
        [
            {"rule": r.title, "slate": ", ".join(profile.names[c] for c in r.slate),
             "share with their favourite": r.service.favourite_share,
             "mean utility of the best answer": r.service.mean_utility, "tied slates": r.tied}
            for r in rows.values()
        ],
        "slates",
        "Utilities are those of the voters; where only orders are known, an answer is worth the "
        "share of the other answers below it.",
    )  # fmt: skip

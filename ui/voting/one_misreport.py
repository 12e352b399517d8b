"""The part on the best misreport of one line of voters, under every rule."""

from __future__ import annotations

import math

import streamlit as st

from scrl.figures import (
    gain_by_coalition_size,
    misreport_utilities,
)
from scrl.types import InputError
from scrl.voting import RULES, Profile
from scrl.voting.strategy import (
    MAX_EXHAUSTIVE,
    Manipulation,
    best_manipulations,
    coalition_curves,
    countable_rules,
)
from ui.shared import data_tables, page, predict_first
from ui.shared.controls import rule_title
from ui.shared.page import IN_URL
from ui.voting import candidate_key, profile_picker, voting_labels, wide_figures


@st.cache_data(max_entries=60, show_spinner="Trying every possible ballot")
def _best_misreports(key: str, row: int, rules: tuple, voters: float, _profile: Profile) -> dict:
    """Rule -> the best common misreport of the voters of one line."""
    return best_manipulations(_profile, row, rules, voters)


def show() -> None:
    """Draw what the voters of one line gain by their best misreport under each rule."""
    cast = profile_picker.choose()
    profile = candidate_key.shortened(cast, candidate_key.MAX_LETTERS_IN_TEXT)
    candidate_key.draw(cast)
    left, right = st.columns([1, 1.2], gap="large")
    with left:
        row, rule, voters, label = _choose_coalition(profile)
        guess, shown = predict_first.guess(
            f"Can the voters of ‘{page.escaped(label)}’ get a winner they like better by lying?",
            ("Yes", "No"), "guess", always=True,
        )  # fmt: skip
        if not shown:
            return
        exact = len(profile.names) <= MAX_EXHAUSTIVE
        rules = _compared_rules(profile, rule) if exact else [rule]
        try:
            misreports = _best_misreports(
                profile_picker.cache_key(profile), row, tuple(rules), voters, profile
            )
        except InputError as error:
            st.error(page.escaped(str(error)))
            return
        _answer_text(guess, misreports, rule)
        _honest_and_misreport(profile, misreports[rule], label)
        if exact and not page.presenting():
            _coalition_sizes(profile, row, rule, voters, label)
    with right:
        _every_rule(misreports, rule, label)
    if not page.presenting():
        _misreport_table(profile, misreports)


def _compared_rules(profile: Profile, rule: str) -> list[str]:
    """The rules that are compared with ``rule``: all that count every ballot fast enough for a
    slider."""
    return [
        name
        for name in countable_rules(profile)
        if name == rule or not (RULES[name].on_host and RULES[name].reads == "profile")
    ]


def _choose_coalition(profile: Profile) -> tuple[int, str, float, str]:
    """The row of the profile, the rule, the weight of voters who misreport, and their label."""
    names, lines = candidate_key.ballot_names(profile.names), min(len(profile.weight), 60)
    labels = [
        f"{i + 1}. {profile.labels[i] or voting_labels.ballot_label(profile.place[i], names)} "
        f"({profile.weight[i] / profile.weight.sum():.0%})"
        for i in range(lines)
    ]
    first_column, second_column, third_column = st.columns([1.2, 1, 1], gap="small")
    with first_column:
        line_label = st.selectbox("Voters who may lie", labels, lines - 1, key="who", **IN_URL)
    with second_column:
        rule = voting_labels.pick_rule(countable_rules(profile))
    share = third_column.slider("Share who lie", 1, 100, 100, format="%d %%", key="liars", **IN_URL)
    row = labels.index(line_label)
    label = profile.labels[row] or f"ballot {row + 1}"
    return row, rule, float(profile.weight[row]) * share / 100, label


def _answer_text(guess: str | None, misreports: dict[str, Manipulation], rule: str) -> None:
    """Whether a misreport pays under the rule, and under how many rules one does."""
    paid = [name for name, s in misreports.items() if s.is_profitable]
    hurt = [
        name
        for name in paid
        if misreports[name].others_utility[1] < misreports[name].others_utility[0] - 1e-9
    ]
    if len(misreports) == 1:
        scope = (
            f" With more than {MAX_EXHAUSTIVE} candidates not every ballot is tried, so there may "
            "be a better lie."
        )
    elif not paid:
        scope = f" A lie pays under none of the {len(misreports)} rules."
    else:
        scope = (
            f" A lie pays under {len(paid)} of {len(misreports)} rules. Under {len(hurt)} of these "
            "it harms everybody else."
        )
    pays = misreports[rule].is_profitable
    answer = "a lie pays" if pays else "no lie pays"
    opening = predict_first.verdict(guess, "Yes" if pays else "No")
    st.markdown(f"{opening}Under {rule_title(rule)} **{answer}**.{scope}")


def _honest_and_misreport(profile: Profile, best: Manipulation, label: str) -> None:
    """A table of honest ballot and misreport: ballots, winners and utilities."""
    names, in_ballots = profile.names, candidate_key.ballot_names(profile.names)
    lies = [voting_labels.ballot_label(place, in_ballots) for place in best.ballots]
    if best.reported_utility is not None and best.is_profitable:
        pairs = zip(in_ballots, best.reported_utility[0], strict=True)
        lies = [", ".join(f"{name} {value:.3g}" for name, value in pairs)]
    honest = voting_labels.ballot_label(profile.place[best.row], in_ballots)
    rows = [
        (
            "They vote",
            honest,
            "; ".join(lies) if best.is_profitable else "honestly: no lie is better",
        ),
        (
            "Winner",
            voting_labels.winner_chances(best.before, names),
            voting_labels.winner_chances(best.after, names),
        ),
        (
            "Average utility of these voters",
            *(f"{best.utility_by_row[best.row][i]:.3f}" for i in (0, 1)),
        ),
        (
            "Average utility of all others",
            *(f"{x:.3f}" if math.isfinite(x) else "" for x in best.others_utility),
        ),
    ]
    cells = [[page.escaped(cell) for cell in row] for row in rows]
    head = f"| {page.escaped(label)} | honest | best lie |\n|---|---|---|\n"
    st.markdown(head + "\n".join(f"| {' | '.join(row)} |" for row in cells))


def _coalition_sizes(profile: Profile, row: int, rule: str, voters: float, label: str) -> None:
    """Gain of the best misreport by the number of voters who join."""
    curve = coalition_curves(profile, row, [rule])[rule]
    weight = profile.weight[row]
    needed = (
        "No lie pays, however many of them join."
        if math.isnan(curve.threshold)
        else f"A lie pays once {curve.threshold / weight:.0%} of them join."
    )
    page.chart(
        gain_by_coalition_size(curve.coalition_size, curve.gain, voters, **page.style()),
        "sizes",
        alt=needed,
        caption=f"What these voters gain by their best common lie, by the number who join. "
        f"{needed}",
    )


def _every_rule(misreports: dict[str, Manipulation], rule: str, label: str) -> None:
    """Utilities of winners, honest and with the best misreport, under every rule."""
    order = sorted(misreports, key=lambda name: -round(misreports[name].gain, 6))
    rows = [
        {
            "title": rule_title(name),
            "misreporters": tuple(misreports[name].utility_by_row[misreports[name].row]),
            "others": misreports[name].others_utility
            if math.isfinite(misreports[name].others_utility[0])
            else None,
            "note": "a lie pays" if misreports[name].is_profitable else "no lie pays",
        }
        for name in order
    ]
    with wide_figures.scrolling("lies_scroll"):
        page.chart(
            misreport_utilities(rows, label, rule_title(rule), **page.style()), "lies",
            alt="; ".join(f"{r['title']}: {r['note']}" for r in rows),
        )  # fmt: skip
    page.note(
        "Average utility of the winner under each rule: open circles if all are honest, filled "
        "circles with the best lie. Left: the voters who lie. Right: all others. Where only orders "
        "are known, the last place is worth 0, the one above it 1, and so on."
    )


def _misreport_table(profile: Profile, misreports: dict[str, Manipulation]) -> None:
    """The best misreport under each rule, with a download."""
    rows = [
        {
            "rule": rule_title(name),
            "best lie": "; ".join(voting_labels.ballot_label(p, profile.names) for p in s.ballots)
            if s.is_profitable
            else "",
            "winner, honest": voting_labels.winner_chances(s.before, profile.names),
            "winner, lie": voting_labels.winner_chances(s.after, profile.names),
            "favourite rises": s.favourite_rise,
            "gain": s.gain,
            "others lose": float(s.others_utility[0] - s.others_utility[1]),
            "average, honest": s.mean_utility[0],
            "average, lie": s.mean_utility[1],
        }
        for name, s in misreports.items()
    ]
    with st.expander("The numbers"):
        data_tables.numbers_table(rows)
        page.note(
            "All voters who lie cast the same ballot. For up to "
            f"{MAX_EXHAUSTIVE} candidates every order without ties was tried. Of equally good lies "
            "the one most like the honest ballot is shown. A tie for first place is decided by "
            "lot. 'Favourite rises' counts places in the result."
        )
        data_tables.download_button(rows, "lies")

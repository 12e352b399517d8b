"""The page of criteria: the table of rules and criteria, and counterexamples step by step."""

from __future__ import annotations

import streamlit as st

from scrl.figures import counterexample, criteria_table
from scrl.types import InputError
from scrl.voting import RULES, Profile, format_ballot
from scrl.voting.criteria import (
    CRITERIA,
    PUBLISHED_CRITERIA,
    TableCell,
    Violation,
    check_criterion,
    is_testable,
    recount_violation,
)
from ui.shared import data_tables, figure_cache, page, predict_first
from ui.shared.result_tables import order_text
from ui.voting import profile_picker, proved_cells, wide_figures

DEFAULT_CELL = ("plurality", "condorcet")
STORED_COUNTEREXAMPLE, OWN_BALLOTS = "An example", "My own ballots"
#: State of a cell -> its word on the page and in the downloaded table.
STATE_TEXT = {"Y": "holds", "N": "fails", "-": "no failure found"}
LEGEND = (
    "**✓ holds**: proved for all elections with complete ballots. "
    "**✗ fails**: click it to see ballots that show it. "
    "**? no failure found**: small elections were searched, and nothing is proved. "
    "**✓\\* holds except for ties** in the rule’s own count."
)
_SHORT = {
    "condorcet": "Condorcet", "condorcet-loser": "Condorcet loser", "reversal": "Reversal",
    "clones": "Clones", "iia": "Irrelevant alt.", "local-iia": "Local irrelevant",
}  # fmt: skip
_QUESTION = "Which of these rules always elects a candidate who beats every other head to head?"
_GUESSES = ("plurality", "borda", "instant-runoff", "copeland")


# -- what is chosen -------------------------------------------------------------------------------


def guess_condorcet_rule() -> bool:
    """Where the switch is on, ask which rule is a Condorcet method; whether the table, which holds
    the answer, may be shown."""
    titles = [RULES[name].title for name in _GUESSES]
    guess, shown = predict_first.guess(_QUESTION, titles, "criteria_guess")
    if shown and page.switched_on("predict"):
        table = proved_cells.decided_table()
        right = [RULES[n].title for n in _GUESSES if table[n, "condorcet"].state == "Y"]
        page.say(
            f"{predict_first.verdict(guess, right[0])}**{page.escaped(right[0])}** does: it looks "
            "only at who beats whom."
        )
    return shown


def selected_cell() -> tuple[str, str]:
    """The rule and the criterion of the cell that is shown; they stand in the URL by name."""
    cell = []
    for key, known, first in zip(
        ("rule", "criterion"), _rules_and_criteria(), DEFAULT_CELL, strict=True
    ):
        value = st.query_params.get(key) or st.session_state.get(f"{key}_last", first)
        if value not in known:
            st.warning(
                f"There is no {key} ‘{page.escaped(value[:40])}’ in this table. Shown is another."
            )
            value = first
        cell.append(value)
    return cell[0], cell[1]


def _rules_and_criteria() -> tuple[list[str], list[str]]:
    """The rules and criteria of the table."""
    return [name for name in RULES if is_testable(RULES[name])], list(CRITERIA)


def cell_pickers(rule: str, criterion: str) -> None:
    """Two selectboxes that choose the cell, for use without a mouse."""
    state = st.session_state
    left, right = st.columns(2)
    titles = ({n: RULES[n].title for n in RULES}, {n: c.title for n, c in CRITERIA.items()})
    for column, key, value, known, title in zip(
        (left, right),
        ("rule", "criterion"),
        (rule, criterion),
        _rules_and_criteria(),
        titles,
        strict=True,
    ):
        # Kept in the URL by hand: a bound widget would write the title there, not the name.
        state[f"{key}_pick"] = value
        column.selectbox(
            key.capitalize(), known, format_func=title.get, key=f"{key}_pick",
            on_change=_cell_picked,
            label_visibility="collapsed" if page.presenting() else "visible",
        )  # fmt: skip


def ballot_source() -> str:
    """Whether the stored counterexample is shown or the reader's own ballots.

    In presenter mode the URL decides.
    """
    if page.presenting() and st.query_params.get("source") != OWN_BALLOTS:
        return STORED_COUNTEREXAMPLE
    return st.segmented_control(
        "Ballots",
        [STORED_COUNTEREXAMPLE, OWN_BALLOTS],
        default=STORED_COUNTEREXAMPLE,
        required=True,
        key="source",
        bind="query-params",
        label_visibility="collapsed",
    )


def _cell_picked() -> None:
    # Both: after two quick choices the browser's URL may lack the first one.
    _select(*(st.session_state[f"{key}_pick"] for key in ("rule", "criterion")))


def _select(rule: str, criterion: str) -> None:
    """Show the cell of this rule and this criterion.

    Both parameters are written at once: each write is a step of the browser's history.
    """
    cell = {"rule": rule, "criterion": criterion}
    for key, value in cell.items():
        st.session_state[f"{key}_last"] = value
    st.query_params.update(cell)
    st.session_state.pop("step", None)


def _cell_clicked() -> None:
    points = st.session_state["criteria_grid"]["selection"]["points"]
    if points:
        rule, criterion = points[0]["customdata"]
        _select(rule, criterion)


# -- the table ------------------------------------------------------------------------------------


def show_table(rule: str, criterion: str) -> None:
    """Draw the table; in presenter mode only its published part."""
    columns = [*PUBLISHED_CRITERIA, *(c for c in CRITERIA if c not in PUBLISHED_CRITERIA)]
    rules = _rules_and_criteria()[0]
    if page.presenting():
        columns = [c for c in columns if c in PUBLISHED_CRITERIA or c == criterion]
        rules = [r for r in rules if RULES[r].satisfies is not None or r == rule]
    figure = figure_cache.drawn(
        lambda: criteria_table(
            _table_rows(rules, columns),
            [(c, _SHORT.get(c, CRITERIA[c].title)) for c in columns], (rule, criterion),
            len(PUBLISHED_CRITERIA), row_height=18.5 if page.presenting() else 21.5,
            **page.style(),
        ),
        "criteria", rule, criterion,
    )  # fmt: skip
    with wide_figures.scrolling("criteria_scroll"):
        st.plotly_chart(
            figure, theme=None, key="criteria_grid", config=page.PLOTLY_CONFIG,
            on_select=_cell_clicked, selection_mode="points", alt=_table_alt(rules),
        )  # fmt: skip
    page.note(LEGEND)


def _table_rows(rules: list[str], columns: list[str]) -> list[dict]:
    """Rows of the figure of the table."""
    return [
        {"rule": r, "title": RULES[r].title, "family": RULES[r].family,
         "cells": {c: _table_cell(proved_cells.decided_table()[r, c]) for c in columns}}
        for r in rules
    ]  # fmt: skip


def _table_cell(cell: TableCell) -> dict:
    """A cell of the table as its figure takes it."""
    hint = f"{RULES[cell.rule].title}, {CRITERIA[cell.criterion].title.lower()}: "
    return {
        "state": cell.state,
        "proviso": bool(cell.proviso),
        "hint": hint + STATE_TEXT[cell.state] + (" except for ties" if cell.proviso else ""),
    }


def _table_alt(rules: list[str]) -> str:
    return "; ".join(
        f"{RULES[r].title} fails "
        + (
            ", ".join(c for c in CRITERIA if proved_cells.decided_table()[r, c].state == "N")
            or "none"
        )
        for r in rules
    )


def show_numbers() -> None:
    rows = [
        {
            "rule": RULES[r].title,
            **{
                CRITERIA[c].title: STATE_TEXT[proved_cells.decided_table()[r, c].state]
                for c in CRITERIA
            },
        }
        for r in _rules_and_criteria()[0]
    ]
    data_tables.numbers_expander(
        rows, "criteria", "No failure found: small elections were searched, and nothing is proved."
    )


# -- one counterexample ---------------------------------------------------------------------------


def show_cell(rule: str, criterion: str) -> None:
    """The stored counterexample of a cell, or what is known without one."""
    cell = proved_cells.decided_table()[rule, criterion]
    title = page.escaped(RULES[rule].title)
    if (rule, criterion) in proved_cells.FAILURES:
        show_violation(_check_known(rule, criterion))
        return
    if cell.violation is None and cell.state == "Y":
        proof = proved_cells.PROOFS.get((rule, criterion))
        why = f"Why: {page.escaped(str(proof))} " if proof else ""
        page.say(
            f"**{title}: holds.** It is proved for all elections with complete ballots. {why}"
            f"{_search_text(cell)}"
        )
        return
    if cell.violation is None:
        page.say(f"**{title}: no failure found.** {_search_text(cell)} This proves nothing.")
        return
    if cell.proviso:
        page.say(
            f"**{title}: holds except for ties.** {cell.proviso} These ballots have such a tie:"
        )
    show_violation(_recount(rule, criterion))


def _search_text(cell: TableCell) -> str:
    sizes = " and with ".join(
        f"{m} candidates and up to {n} voters" for m, n in cell.searched.items()
    )
    return f"The lab searched all elections with {sizes}. It found no failure."


@st.cache_data(max_entries=500, show_spinner=False)
def _recount(rule: str, criterion: str) -> Violation:
    return recount_violation(proved_cells.decided_table()[rule, criterion].violation)


@st.cache_data(max_entries=20, show_spinner=False)
def _check_known(rule: str, criterion: str) -> Violation:
    """The counterexample that a text of ``proved_cells.FAILURES`` gives."""
    profile = Profile.from_text(proved_cells.FAILURES[rule, criterion])
    violation = check_criterion(profile, rule, criterion)
    assert violation is not None, (rule, criterion)
    return violation


def show_own(profile: Profile | None, rule: str, criterion: str) -> None:
    """Whether the rule fails the criterion on the reader's ballots."""
    if profile is None:
        return
    try:
        violation = _check(profile_picker.cache_key(profile), rule, criterion, profile)
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return
    if violation is None:
        page.say(
            f"**No failure found here.** On these ballots, and after each change that the lab "
            f"tried, {page.escaped(RULES[rule].title)} meets the criterion. Other ballots may "
            "still show a failure."
        )
        return
    show_violation(violation)


@st.cache_data(max_entries=200, show_spinner="Checking")
def _check(key: str, rule: str, criterion: str, _profile: Profile) -> Violation | None:
    return check_criterion(_profile, rule, criterion)


def show_violation(violation: Violation) -> None:
    """A counterexample in steps: the ballots, the change, the outcomes before and after."""
    steps = _steps(violation)
    step = st.segmented_control(
        "Step", steps, default=steps[0] if page.switched_on("predict") else steps[-1],
        required=True, key="step", label_visibility="collapsed",
    )  # fmt: skip
    at = steps.index(step) if step in steps else len(steps) - 1
    last = at == len(steps) - 1
    names = max((p.names for p in violation.profiles), key=len)
    panels = [
        {"title": title, "names": p.names, "place": p.place, "weight": p.weight,
         "order": order if _order_shown(violation, i, at) else None,
         "marked": _moved_ballots(violation, i, p), "shown": _panel_shown(violation, i, at)}
        for i, (title, p, order) in enumerate(
            zip(violation.titles, violation.profiles, violation.orders, strict=True)
        )
    ]  # fmt: skip
    page.chart(
        counterexample(panels, names, width=640 if page.presenting() else 560, **page.style()),
        "counterexample", alt=_violation_alt(violation),
    )  # fmt: skip
    if violation.change and at > 0:
        page.say(page.escaped(violation.change))
    if last:
        page.say(f"**{page.escaped(violation.explanation)}**")


def _steps(violation: Violation) -> list[str]:
    """Names of the steps."""
    if len(violation.profiles) == 1:
        return ["The ballots", "The outcome"]
    if len(violation.profiles) == 3:
        return list(violation.titles)
    return [violation.titles[0], "The change", violation.titles[1]]


def _panel_shown(violation: Violation, i: int, at: int) -> bool:
    """Whether electorate ``i`` is drawn at a step."""
    return i <= at


def _order_shown(violation: Violation, i: int, at: int) -> bool:
    """Whether the outcome of electorate ``i`` is drawn at a step."""
    if len(violation.profiles) == 1:
        return at == 1
    return at >= (2 * i if len(violation.profiles) == 2 else i)


def _moved_ballots(violation: Violation, i: int, profile: Profile) -> list[int]:
    """Positions of the ballots that some voters change, as they are in electorate ``i``."""
    if violation.changed_ballot is None:
        return []
    value = violation.changed_ballot[1 + min(i, 1)]
    return [k for k, order in enumerate(profile.orders()) if format_ballot(order) == value]


def _violation_alt(violation: Violation) -> str:
    parts = [
        f"{title}: {profile.to_text('; ')}. Order: {order_text(order)}"
        for title, profile, order in zip(
            violation.titles, violation.profiles, violation.orders, strict=True
        )
    ]
    return ". ".join([*parts, violation.change, violation.explanation])

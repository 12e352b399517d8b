"""The choice of what a ballot says of the candidates that it leaves out; it stands in the URL."""

from __future__ import annotations

import streamlit as st

from scrl.types import Ballots, InputError, Outcome
from scrl.voting import Profile, ballots_read_by, count_all_rules
from scrl.voting.explain import (
    other_widths_notes,
    rules_of_widths,
    silent_ballots_note,
    thin_victories,
    thin_victories_note,
)
from ui.shared import page, session

#: Meaning -> its label, and what it means.
MEANINGS = {
    "last": (
        "Tied last",
        "Some ballots leave candidates out. Here the candidates left out share the last place of "
        "the ballot, as in most elections.",
    ),
    "unseen": (
        "Unseen",
        "Some ballots leave candidates out. Here such a ballot says nothing about them: two "
        "candidates are compared only by the ballots that rank both, however few they are.",
    ),
    "pref_voting": (
        "As the package pref_voting does",
        "Some ballots leave candidates out. Here they count as in pref_voting, a free Python "
        "package that counts elections. Choose this to compare results with that package. "
        "Head to head, a ballot that does not rank both candidates counts for neither. Borda ties "
        "the candidates left out last. Plurality, Bucklin and instant runoff give them nothing. "
        "The package counts short ballots by no other rule.",
    ),
}
#: What every page can count; pref_voting's meaning differs from rule to rule.
FOR_ALL_RULES = ("last", "unseen")
#: Width of a victory -> its label, and what it means.
WIDTHS = {
    "shares": (
        "By share",
        "A victory is as wide as its share of the ballots that rank both candidates, however few "
        "they are.",
    ),
    "counts": (
        "By number of ballots",
        "A victory is as wide as the number of ballots by which it leads, as in most other "
        "libraries. A ballot that does not rank both candidates counts for neither.",
    ),
}
_KEY, _WIDTHS_KEY = "left_out", "widths"
session.keep(_KEY)
session.keep(_WIDTHS_KEY)


def pick(profile: Profile, meanings: tuple[str, ...] = FOR_ALL_RULES) -> str:
    """Draw the choice where a ballot leaves a candidate out.

    Args:
        meanings: those that the page offers.

    Returns:
        The meaning; the first where no ballot leaves a candidate out.
    """
    if profile.is_complete:
        return meanings[0]
    state = st.session_state
    chosen = st.query_params.get(_KEY) or state.get(_KEY, meanings[0])
    chosen = chosen if chosen in meanings else meanings[0]
    # Kept in the URL by hand: a bound widget would write the label there.
    state["left_out_pick"] = chosen

    def picked() -> None:
        state[_KEY] = st.query_params[_KEY] = state["left_out_pick"]

    st.segmented_control(
        "Candidates that a ballot leaves out", meanings, required=True, key="left_out_pick",
        format_func=lambda meaning: MEANINGS[meaning][0], on_change=picked,
    )  # fmt: skip
    if not page.presenting():
        silent = _silent_note(profile) if chosen == "unseen" else ""
        page.note(f"{MEANINGS[chosen][1]} {silent}".strip())
    return chosen


def _silent_note(profile: Profile) -> str:
    """How much the ballots weigh that compare no two candidates; "" where there are none."""
    silent = (profile.place >= 0).sum(axis=1) < min(2, len(profile.names))
    return silent_ballots_note(float(profile.weight[silent].sum()), float(profile.weight.sum()))


def pick_widths(profile: Profile, meaning: str) -> str:
    """Draw the choice of what the width of a victory is where candidates left out are unseen.

    Returns:
        A key of ``WIDTHS``; shares elsewhere, where both are the same.
    """
    if meaning != "unseen" or profile.is_complete:
        return "shares"
    state = st.session_state
    chosen = st.query_params.get(_WIDTHS_KEY) or state.get(_WIDTHS_KEY, "shares")
    chosen = chosen if chosen in WIDTHS else "shares"
    state["widths_pick"] = chosen

    def picked() -> None:
        state[_WIDTHS_KEY] = st.query_params[_WIDTHS_KEY] = state["widths_pick"]

    st.segmented_control(
        "How wide is a victory?", tuple(WIDTHS), required=True, key="widths_pick",
        format_func=lambda widths: WIDTHS[widths][0], on_change=picked,
    )  # fmt: skip
    if not page.presenting():
        page.note(WIDTHS[chosen][1])
    return chosen


def show_notes_of_widths(
    profile: Profile, outcomes: dict[str, Outcome], meaning: str, widths: str
) -> None:
    """Say where a victory rests on few ballots, and what the other widths would elect."""
    if meaning != "unseen" or profile.is_complete or page.presenting():
        return
    names = profile.names
    if widths == "shares":
        ballots = Ballots(-profile.place, profile.place >= 0, profile.weight)
        if note := thin_victories_note([("", names, thin_victories(ballots))]):
            page.note(page.escaped(note))
    other = "counts" if widths == "shares" else "shares"
    theirs, _ = count_all_rules(profile, rules_of_widths(outcomes), meaning, other)
    for note in other_widths_notes([("", names, outcomes, theirs)], widths):
        page.note(page.escaped(note))


def resolved(profile: Profile) -> Profile:
    """Draw the choice, and return ballots that state what candidates left out mean.

    Where no ballot compares two candidates, a message says so and candidates left out are tied
    last.
    """
    meaning = pick(profile)
    try:
        return ballots_read_by("", profile, meaning)
    except InputError as error:
        st.warning(page.escaped(str(error)))
        return ballots_read_by("", profile, "last")

"""The choice of what a ballot says of the candidates that it leaves out; it stands in the URL."""

from __future__ import annotations

import streamlit as st

from scrl.types import InputError
from scrl.voting import Profile, ballots_read_by
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
        "candidates are compared only by the ballots that rank both, however few they are. A "
        "ballot with one name counts for nothing.",
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
_KEY = "left_out"
session.keep(_KEY)


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
        page.note(MEANINGS[chosen][1])
    return chosen


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

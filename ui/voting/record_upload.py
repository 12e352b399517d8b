"""Published elections among the files that the profile picker takes: cast-vote records, tally
sheets and BLT, stored as tables of their contests' ballots."""

from __future__ import annotations

from pathlib import PurePath

import streamlit as st

from scrl.data import to_csv
from scrl.election_records import PRESETS, parse_contests, ratings_of_records, record_format
from scrl.types import InputError, Ratings
from ui.shared import page, session, uploads

SUFFIXES = (*uploads.RATINGS_SUFFIXES, "zip", "xml", "blt", "txt")
LABEL = "Ratings (CSV, JSONL), PrefLib, BLT, cast-vote records (also packed as ZIP)"
_USUAL = "The usual settings"
_KEY = "record_preset"
#: Where the number of seats that a file states is kept.
SEATS_KEY = "seats"
session.keep(SEATS_KEY)
#: Notes of a contest that are shown.
_SHOWN = 3


def choose_preset() -> None:
    """The choice of the rules by which faults of cast-vote records are read."""
    st.selectbox(
        "How to read ballots with faults",
        [_USUAL, *PRESETS],
        format_func=lambda name: PRESETS[name].place if name in PRESETS else name,
        key=_KEY,
        help="Cast-vote records hold ballots with several candidates at one rank, or with blank "
        "ranks. Usually the first ends a ballot, and blank ranks are passed over. Choose before "
        "you load the file.",
    )


def accept(data: bytes, filename: str) -> str | None:
    """The id of a published election; None for other files.

    Raises:
        InputError: naming the file and the line or field.
    """
    if record_format(data, filename) in (None, "PrefLib"):
        return None
    preset = st.session_state.get(_KEY, _USUAL)
    records = parse_contests(data, filename, None if preset == _USUAL else preset)
    records = tuple(record for record in records if (record.profile.place >= 0).any())
    if not records:
        raise InputError(f"{filename}: no ballot ranks a candidate.")
    ratings = ratings_of_records(records)
    # A table can be read again after the server starts anew; in memory all candidates and notes
    # are kept.
    name = filename if PurePath(filename).suffix.lower() == ".csv" else f"{filename}.csv"
    st.session_state[SEATS_KEY] = records[0].seats or 1
    id = uploads.cache().add(to_csv(ratings).encode(), name)
    uploads.cache().put(id, name, ratings)
    return id


def show_notes(ratings: Ratings, prompt: str) -> None:
    """What the reader of a file says of one of its prompts."""
    start = f"{prompt}: "
    own = [note[len(start) :] for note in ratings.notes if note.startswith(start)]
    for note in (own or ratings.notes)[:_SHOWN]:
        st.caption(page.escaped(note))

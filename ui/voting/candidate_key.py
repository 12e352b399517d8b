"""Candidates with long or many names: short names for figures, and a key to the full ones."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from scrl.figures import COLOURS, colour, short_labels
from scrl.voting import Profile
from ui.shared import page

#: Letters of a name in lists of ballots and figures.
MAX_LETTERS = 28
#: Letters of a name in sentences: the full name, unless it is a text.
MAX_LETTERS_IN_TEXT = 80
#: Candidates whose names fit the tiles of a figure on a wide page.
MAX_WITHOUT_KEY = 8
_STYLE = """<style>
.candidates {display: flex; flex-wrap: wrap; gap: 2px 14px; font-size: .875rem;}
.candidates span {display: inline-flex; align-items: baseline; gap: 5px;}
.candidates i {width: .75em; height: .75em; border-radius: 2px; flex: none; align-self: center;}
@media (min-width: 641px) {.candidates.narrow {display: none;}}
</style>"""


def shortened(profile: Profile, letters: int = MAX_LETTERS) -> Profile:
    """The profile with names of at most so many letters, all different."""
    return replace(profile, names=tuple(short_labels(profile.names, letters)))


def _are_numbered(names: Sequence[str]) -> bool:
    """Whether figures and ballots tell candidates apart by their numbers in the key."""
    return max(map(len, names)) > MAX_LETTERS and len(names) > MAX_WITHOUT_KEY


def figure_names(names: Sequence[str]) -> list[str]:
    """Names for the rows of a figure: as they are, cut, or by their numbers in the key."""
    if _are_numbered(names):
        return [f"No. {i}" for i in range(1, len(names) + 1)]
    return short_labels(names, MAX_LETTERS)


def ballot_names(names: Sequence[str]) -> list[str]:
    """Names for ballots in a line of text: as ``figure_names``, with numbers alone."""
    if _are_numbered(names):
        return [f"{i}" for i in range(1, len(names) + 1)]
    return short_labels(names, MAX_LETTERS)


def draw(profile: Profile) -> None:
    """The colour and the full name of each candidate.

    With few short names only narrow pages show it: there names do not fit the figures.
    """
    names = profile.names
    numbered = len(names) > MAX_WITHOUT_KEY
    needed = numbered or shortened(profile).names != names
    if page.presenting() and not needed:
        return
    entries = "".join(
        f'<span><i style="background:{fill(i)}"></i>'
        f"{f'{i + 1}. ' if needed else ''}{html.escape(name)}</span>"
        for i, name in enumerate(names)
    )
    st.html(f'{_STYLE}<div class="candidates{"" if needed else " narrow"}">{entries}</div>')


def fill(position: int) -> str:
    """The background of a candidate's mark: its colour, with stripes past the palette."""
    plain = colour(position)
    if position < len(COLOURS):
        return plain
    return f"repeating-linear-gradient(45deg, {plain} 0 3px, #14181D 3px 4px)"

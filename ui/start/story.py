"""The story of the first screen: its stored result, and the phrases that steps share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from scrl.scenarios import STORIES, Scenario, places_by_type
from scrl.studies import load_baked

STORY = STORIES[0]
#: The response rate of the silent types in the stored run, in percent.
STORED_RATE = 10


@st.cache_data(show_spinner=False)
def content() -> dict[str, Any]:
    """The stored run and Bradley–Terry's order at each response rate.

    Raises:
        InputError: the file is missing.
    """
    return load_baked(STORY.stem)


@st.cache_resource(show_spinner=False)
def scenario() -> Scenario:
    """The scenario of the story."""
    return STORY.scenario()


@st.cache_resource(show_spinner=False, max_entries=100)
def scenario_at(rate: int) -> Scenario:
    """The scenario in which this percentage of each silent type rates the answer."""
    return scenario() if rate == STORED_RATE else STORY.with_rate(rate / 100)


def entry() -> dict[str, Any]:
    """The prompt of the story in the stored result."""
    return content()["result"]["prompts"][STORY.prompt]


def complete_order(rule: str = STORY.rule) -> list[list[str]]:
    """The order of everyone's complete ballots by a rule."""
    return entry()["truth"][rule]["order"]


def trained_order(rate: int) -> list[list[str]]:
    """Bradley–Terry's exact order at a response rate in percent."""
    silence = content()["silence"]
    return silence["orders"][silence["rates"].index(rate)]


def winner(order: Sequence[Sequence[str]]) -> str:
    """The answer in the first place; of several the first named."""
    return order[0][0]


def answer_text(name: str) -> str:
    """What the assistant says: the text of an answer."""
    return scenario().completions[name].text or name


def question() -> str:
    """What the person asks."""
    return scenario().prompts[STORY.prompt].text or STORY.prompt


def people(name: str) -> list[tuple[str, int, float]]:
    """Group, people of a hundred, and the place of an answer in the group's order."""
    served = places_by_type(scenario(), STORY.prompt, name)
    return [(s.type, round(100 * s.share), s.place) for s in served]


def dislikers(name: str) -> int:
    """How many of a hundred people put an answer last."""
    return sum(n for _, n, place in people(name) if place == len(scenario().completions))


_PLACES = ("first", "second", "third", "fourth")


def served_sentence(name: str) -> str:
    """At which places of their own lists people have an answer: ``"32 of 100 people put it first,
    68 put it last."``"""
    last, of_place = len(scenario().completions), dict[float, int]()
    for _, n, place in people(name):
        of_place[place] = of_place.get(place, 0) + n
    words = {p: "last" if p == last else _PLACES[int(p) - 1] for p in of_place}
    if len(of_place) == 1:
        return f"Everybody puts it {words[min(of_place)]}."
    parts = [f"{of_place[p]} put it {words[p]}" for p in sorted(of_place)]
    parts[0] = parts[0].replace(" put", " of 100 people put", 1)
    return ", ".join(parts) + "."


def groups() -> list[tuple[str, int, list[str]]]:
    """Each group, its people of a hundred, and its order of the answers."""
    return [
        (name, round(100 * kind.share), [" = ".join(tied) for tied in kind.rankings[STORY.prompt]])
        for name, kind in scenario().types.items()
    ]


def outspoken_percent(rate: int) -> int:
    """Of a hundred people who rate the answer, those of the groups that are not silent."""
    return round(100 * STORY.outspoken_share(rate / 100))

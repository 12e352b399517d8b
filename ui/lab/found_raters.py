"""What steps 1 and 2 found of the raters: types, variation within them, errors and ties."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from scrl import figures
from ui.shared import figure_cache, page

#: Types that are listed by name; the others are counted.
_LISTED = 8
#: Share of tied pairs from which errors in the others say nothing.
_NEARLY_ALL = 0.98
_EXPLANATION = (
    "The model is never told the type of a rater. It chooses the number of types that fits the "
    "ballots best without too many parameters (BIC). How much raters of one type vary, and how "
    "often they err, is chosen so that hidden ballots are predicted best. Where each rater "
    "compares few answers, the two are hard to tell apart. Simulated voters vary, err and tie in "
    "the same way."
)


def show(content: Mapping) -> None:
    """Draw the map of the raters beside what was found of them."""
    population = content["result"].get("population")
    if population is None:  # a run of an earlier version
        _map(content)
        return
    left, right = st.columns([3, 2], gap="large")
    with left:
        _map(content)
    with right:
        _found(population)
    several = "Map and numbers are of the first run. " if "seeds" in content["result"] else ""
    page.note(several + _EXPLANATION)


def _map(content: Mapping) -> None:
    """The map of raters' latents."""
    latent, size = content["latent"], content["result"]["latent"]
    page.chart(
        figure_cache.figure(figures.latent_map, latent, height=380),
        "chart-latent",
        alt=f"Raters by type: {', '.join(latent['types'])}.",
        caption=f"Each mark is one of {size['raters']:,} raters, or of a sample of them. Raters "
        "are close together if the model thinks that they like the same answers. Raters at one "
        "point are drawn side by side.",
    )


def _found(population: Mapping) -> None:
    """The types with their shares, and what was measured of the raters' choices."""
    types = population["types"]
    count = len(types)
    st.markdown(
        f"**{count} types of raters found**" if count > 1 else "**One type of raters found**"
    )
    if count > 1:
        st.markdown(_type_list(types))
    st.markdown(_variation(population))
    st.markdown(_errors(population))


def _type_list(types: list[Mapping]) -> str:
    """Shares of the types as a list; a known type stands beside its number."""
    lines = []
    for i, found in enumerate(types[:_LISTED], 1):
        name = page.escaped(found["name"])
        lines.append(f"{i}. {found['share']:.0%}" + (f", most often {name}" if name else ""))
    if len(types) > _LISTED:
        rest = sum(found["share"] for found in types[_LISTED:])
        lines.append(f"{_LISTED + 1}. {rest:.0%} in {len(types) - _LISTED} smaller types")
    return "\n".join(lines)


def _variation(population: Mapping) -> str:
    """Whether raters of a type vary, and how far types differ."""
    several = len(population["types"]) > 1
    if not population["varies"]:
        text = (
            "Raters of one type all prefer the same." if several
            else "All raters prefer the same."
        )  # fmt: skip
    else:
        who = "raters of one type" if several else "raters"
        text = f"Two {who} disagree on **{_percent(population['within'])}** of pairs"
        text += "."
    if "between" in population:
        text += f" Raters of two types disagree on **{_percent(population['between'])}** of pairs."
    return text


def _errors(population: Mapping) -> str:
    """How often a voter errs and ties."""
    tied = population["tied"]
    text = f"Raters tie **{_percent(tied)}** of pairs. " if tied else ""
    if tied > _NEARLY_ALL:
        return text
    return text + (
        f"A rater orders about **{_percent(population['error'])}** of "
        f"{'the other pairs' if tied else 'pairs'} differently from what the rater usually "
        "prefers: by mistake, or because the two answers are almost equally good."
    )


def _percent(share: float) -> str:
    """A share as a percentage; a small one is not rounded to none."""
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"

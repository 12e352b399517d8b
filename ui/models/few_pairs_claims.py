"""Claims about models of few pairs, each beside what the stored study found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import streamlit as st

from scrl.studies import few_pairs_results
from ui.shared import page

#: Model -> its name on the page.
TITLES = {
    "oracle": "Knows the population",
    "pooled": "Bradley–Terry",
    "distributional": "Mean and spread",
    "vpl": "VPL",
    "prototypes": "Prototypes",
    "individual": "Individual raters",
    "features": "Reward features",
    "lore": "LoRe",
    "own": "A regression each",
    "gaussian": "One Gaussian",
    "ensemble": "Ensemble without ids",
    "plus": "PLUS",
    "polar": "POLAR",
}
#: World -> its name on the page.
WORLDS = {
    "pets": "Pets",
    "maze": "The maze",
    "kinds": "Three kinds",
    "text-detail": "Detail in texts",
    "text-caution": "Caution in texts",
    "text-tone": "Tone of texts",
    "spread": "No kinds",
}
#: Accuracy that counts as reached.
WITHIN = 0.02


def show(result: Mapping) -> None:
    """Draw the claims in a table: what is said, whether it is so here, and the figures."""
    rows = [
        {"it is said": said, "here": here, "found": found} for said, here, found in claims(result)
    ]
    page.say("**What is said of these models**, tried on the seven populations.")
    st.table(rows)


def claims(result: Mapping) -> list[tuple[str, str, str]]:
    """What is said, whether it holds, and what was found.

    A model is ahead where the 95 % interval of the paired difference is above 0, after 8 pairs.
    """
    shots = result["shots"]
    eight, last = shots.index(8), len(shots) - 1
    found = [
        _ahead(result, "vpl", "pooled", eight,
               "A latent that a network reads from a few pairs beats one reward (VPL’s paper)."),
        _ahead(result, "lore", "pooled", eight,
               "A mixture of shared linear rewards beats one reward by 10 pairs (LoRe’s paper)."),
        _ahead(result, "lore", "vpl", eight,
               "Shared linear rewards beat a network’s latent for new people."),
        _ahead(result, "features", "lore", eight,
               "Free weights beat shares of the same rewards."),
        _ahead(result, "individual", "own", eight,
               "This lab’s model beats a regression for each person."),
        _ahead(result, "individual", "prototypes", eight,
               "This lab’s model beats a plain mixture of rewards."),
        _reached(result, "features", last),
    ]  # fmt: skip
    best = [
        ("plus", "A text about each person beats a latent vector (PLUS’s paper)."),
        ("polar", "Likeness to what a person wrote or chose beats a latent (POLAR)."),
    ]
    for model, said in best:
        if any(model in world for world in result["worlds"].values()):
            found.append(_ahead(result, model, "vpl", eight, said))
    return found


def _ahead(result: Mapping, first: str, second: str, shot: int, said: str) -> tuple[str, str, str]:
    compared = few_pairs_results.compare(result, first, second, shot)
    points = [
        100 * few_pairs_results.paired_difference(world, first, second, "accuracy", shot)[0]
        for world in result["worlds"].values()
        if first in world and second in world
    ]
    words = f"{TITLES[first]} is ahead of {TITLES[second]} in {len(compared.ahead)} of "
    words += f"{len(points)} ({_points(points)})"
    if compared.behind:
        words += f"; behind: {_listed(compared.behind)}"
    if compared.level:
        words += f"; level: {_listed(compared.level)}"
    return said, _verdict(len(compared.ahead), len(points)), words


def _verdict(holds: int, worlds: int) -> str:
    return "right" if holds == worlds else f"in {holds} of {worlds}" if holds else "**wrong**"


def _reached(result: Mapping, model: str, shot: int) -> tuple[str, str, str]:
    near, far = few_pairs_results.near_the_oracle(result, model, shot, WITHIN)
    gaps = [
        100 * few_pairs_results.paired_difference(world, "oracle", model, "accuracy", shot)[0]
        for world in result["worlds"].values()
    ]
    pairs = result["shots"][shot]
    words = f"After {pairs} pairs it is {np.min(gaps):.1f} to {np.max(gaps):.1f} points below who "
    words += "knows the population"
    words += f"; not within {WITHIN:.0%}: {_listed(far)}" if far else ""
    said = f"{pairs} pairs are enough to adapt reward features to a person (their paper: about 30)."
    return said, _verdict(len(near), len(near) + len(far)), words


def _points(values: Sequence[float]) -> str:
    low, high = (f"{round(value, 1) + 0.0:+.1f}".replace("-", "−") for value in
                 (min(values), max(values)))  # fmt: skip
    return f"{low} to {high} points"


def _listed(worlds: Sequence[str]) -> str:
    return ", ".join(WORLDS[world] for world in worlds)

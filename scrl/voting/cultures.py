"""Profiles drawn at random: the statistical cultures of the field.

Every culture is a function ``(rng, profiles, voters, candidates, parameter) -> places`` of many
profiles at once, ``[profiles, voters, candidates]`` with 0 = first, all strict; ``rng`` is a seed
or a ``numpy.random.Generator``. ``draw`` gives one profile as people read it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.anonymous_profile import MAX_BALLOTS, MAX_CANDIDATES, AnonymousProfile
from scrl.voting.profile_io import group_ballots


@dataclass(frozen=True)
class Culture:
    """A way to draw profiles.

    Attributes:
        title, summary, reference: for a reader.
        places: the batched form.
        parameter: what its one number is; "" where it has none. ``low``, ``high`` and ``usual``
            are what a page offers.
    """

    title: str
    summary: str
    reference: str
    places: Callable[..., np.ndarray]
    parameter: str = ""
    low: float = 0.0
    high: float = 1.0
    default: float = 0.0


def impartial(rng, profiles: int, voters: int, candidates: int, _: float = 0.0) -> np.ndarray:
    """Every ballot is any of the m! orders with equal chance."""
    key = np.random.default_rng(rng).random((profiles, voters, candidates), np.float32)
    return ranks(key)


def urn(rng, profiles: int, voters: int, candidates: int, contagion: float = 0.1) -> np.ndarray:
    """Pólya–Eggenberger: each ballot is drawn from an urn that first holds every order once and
    goes back with ``contagion``·m! copies, so two voters agree outright with chance
    (contagion + 1/m!) / (1 + contagion). Impartial at 0."""
    _check(contagion >= 0 and math.isfinite(contagion), "contagion", contagion, "0 or more")
    rng = np.random.default_rng(rng)
    fresh = impartial(rng, profiles, voters, candidates)
    # Voter i copies one before it with chance i·c / (1 + i·c), else looks at the m! orders; whom
    # a copy comes from in the end is found by doubling jumps.
    before = np.arange(voters)
    copies = rng.random((profiles, voters)) < before * contagion / (1 + before * contagion)
    parent = np.where(copies, (rng.random((profiles, voters)) * before).astype(np.int64), before)
    for _ in range(max(voters - 1, 1).bit_length()):
        parent = np.take_along_axis(parent, parent, 1)
    return np.take_along_axis(fresh, parent[:, :, None], 1)


def impartial_anonymous(
    rng, profiles: int, voters: int, candidates: int, _: float = 0.0
) -> np.ndarray:
    """Every way to count ballots by order is equally likely: the urn with one copy returned."""
    return urn(rng, profiles, voters, candidates, 1 / math.factorial(candidates))


def mallows(
    rng,
    profiles: int,
    voters: int,
    candidates: int,
    phi: float = 0.8,
    centre: Sequence[int] | None = None,
) -> np.ndarray:
    """P(order) ∝ phi^(pairs ordered otherwise than in ``centre``), by exact repeated insertion.

    ``centre`` lists candidates best first (0, 1, 2 … where None); phi 0 repeats it on every
    ballot, phi 1 is impartial.
    """
    _check(0 <= phi <= 1, "phi", phi, "between 0 and 1")
    chance = np.random.default_rng(rng).random((profiles, voters, candidates))
    place = np.zeros(chance.shape, np.int16)
    for i in range(1, candidates):
        # The i-th candidate of the centre passes d of those before it with P ∝ phi^d.
        passed = np.cumsum(phi ** np.arange(i + 1.0))
        at = i - np.searchsorted(passed / passed[-1], chance[..., i], side="right").clip(0, i)
        place[..., :i] += place[..., :i] >= at[..., None]
        place[..., i] = at
    if centre is None:
        return place
    out = np.empty_like(place)
    out[..., list(centre)] = place
    return out


def spatial(rng, profiles: int, voters: int, candidates: int, dimensions: float = 2) -> np.ndarray:
    """The nearer the better: voters and candidates uniform in the unit cube."""
    return ranks(-spatial_utility(rng, profiles, voters, candidates, dimensions))


def spatial_utility(
    rng, profiles: int, voters: int, candidates: int, dimensions: float = 2
) -> np.ndarray:
    """Minus the Euclidean distances behind ``spatial``, of the same shape."""
    _check(1 <= dimensions <= 100, "dimensions", dimensions, "between 1 and 100")
    rng, d = np.random.default_rng(rng), int(dimensions)
    here, there = rng.random((profiles, voters, d)), rng.random((profiles, candidates, d))
    square = np.zeros((profiles, voters, candidates))
    for axis in range(d):
        square += (here[:, :, None, axis] - there[:, None, :, axis]) ** 2
    return -np.sqrt(square)


def plackett_luce(
    rng,
    profiles: int,
    voters: int,
    candidates: int,
    ratio: float = 0.6,
    strength: Sequence[float] | None = None,
) -> np.ndarray:
    """Places are filled from the top, each by one of those left in proportion to its ``strength``
    ``[candidates]``; 1, ratio, ratio² … where None. Drawn as log strength plus Gumbel noise."""
    if strength is None:
        _check(0 < ratio <= 1, "ratio", ratio, "above 0 and at most 1")
        strength = ratio ** np.arange(candidates)
    strength = np.asarray(strength, float)
    if strength.shape != (candidates,) or not ((strength > 0) & np.isfinite(strength)).all():
        raise InputError(f"Give {candidates} strengths above 0, one a candidate.")
    noise = np.random.default_rng(rng).gumbel(size=(profiles, voters, candidates))
    return ranks(-(np.log(strength) + noise))


def ranks(key: np.ndarray) -> np.ndarray:
    """The place of each entry along the last axis, the least first."""
    order = np.argsort(key, axis=-1)
    place = np.empty(order.shape, np.int16)
    np.put_along_axis(place, order, np.arange(key.shape[-1], dtype=np.int16), axis=-1)
    return place


def _check(right: bool, name: str, value: float, what: str) -> None:
    if not right:
        raise InputError(f"{name} is {quoted(value)}; give a number {what}.")


CULTURES = {
    "impartial": Culture(
        "Impartial culture", "Every order is equally likely for every voter.",
        "Guilbaud 1952", impartial,
    ),
    "impartial-anonymous": Culture(
        "Impartial anonymous culture", "Every count of ballots by order is equally likely.",
        "Kuga & Nagatani 1974; Gehrlein & Fishburn 1976", impartial_anonymous,
    ),
    "mallows": Culture(
        "Mallows", "Ballots scatter about one order.",
        "Mallows 1957; repeated insertion, Doignon, Pekeč & Regenwetter 2004", mallows,
        "phi: 0 all agree, 1 impartial", 0.0, 1.0, 0.8,
    ),
    "urn": Culture(
        "Pólya–Eggenberger urn", "Voters copy voters before them.",
        "Eggenberger & Pólya 1923; Berg 1985", urn,
        "contagion: copies returned, as a share of m!", 0.0, 2.0, 0.2,
    ),
    "spatial": Culture(
        "Spatial", "Voters and candidates are points in a cube, and the nearest comes first.",
        "Enelow & Hinich 1984", spatial, "dimensions", 1, 5, 2,
    ),
    "plackett-luce": Culture(
        "Plackett–Luce", "Every place is drawn in proportion to the strengths of those left.",
        "Luce 1959; Plackett 1975", plackett_luce,
        "each strength as a share of the one before", 0.1, 1.0, 0.7,
    ),
}  # fmt: skip


def draw_profile(
    culture: str,
    candidates: Sequence[str] | int,
    voters: int,
    seed,
    parameter: float | None = None,
) -> AnonymousProfile:
    """One profile, equal ballots grouped; a spatial one keeps every voter, with its utilities.

    Args:
        culture: a key of ``CULTURES``; candidates: their names, or how many.
        seed: or a ``numpy.random.Generator``.
        parameter: the culture's one number, its usual one where None.

    Raises:
        InputError: for an unknown culture, a parameter out of its range, too many or too few.
    """
    if culture not in CULTURES:
        raise InputError(
            f"There is no culture {quoted(culture)}; choose from {', '.join(CULTURES)}."
        )
    names = letters(candidates) if isinstance(candidates, int) else tuple(candidates)
    _check(1 <= len(names) <= MAX_CANDIDATES, "candidates", len(names), f"1 to {MAX_CANDIDATES}")
    _check(1 <= voters <= MAX_BALLOTS, "voters", voters, f"from 1 to {MAX_BALLOTS}")
    value = CULTURES[culture].default if parameter is None else parameter
    if culture == "spatial":
        utility = spatial_utility(seed, 1, voters, len(names), value)[0]
        return AnonymousProfile.from_utilities(names, utility)
    return group_ballots(names, CULTURES[culture].places(seed, 1, voters, len(names), value)[0])


def letters(count: int) -> tuple[str, ...]:
    """A, B … Z, A2, B2 …"""
    return tuple(chr(65 + i % 26) + (str(i // 26 + 1) if i >= 26 else "") for i in range(count))

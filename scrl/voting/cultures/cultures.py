"""Statistical cultures: random profiles.

Every culture is a function ``(rng, profiles, voters, candidates, parameter) -> places`` that draws
many profiles at once: places ``[profiles, voters, candidates]``, 0 = first, without ties. ``rng``
is a seed or a ``numpy.random.Generator``. ``draw_profile`` returns one ``Profile``, and
``simulators`` has a function for each culture that does.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.cultures.order_laws import (
    MAX_ENUMERATED,
    all_places,
    conitzer_law,
    impartial_law,
    mallows_law,
    plackett_luce_law,
    walsh_law,
)
from scrl.voting.cultures.structured_cultures import (
    group_separable,
    single_peaked_conitzer,
    single_peaked_walsh,
)
from scrl.voting.profiles.profile import Profile
from scrl.voting.profiles.rankings import distinct_rows
from scrl.voting.profiles.ratings_profiles import group_ballots

Seed = int | np.random.Generator
#: Limits of one profile: candidates; voters, where all orders are enumerated; else voters ×
#: candidates.
MAX_CANDIDATES, MAX_VOTERS, MAX_CELLS = 2_000, 10**12, 20_000_000
#: Up to this many voters are drawn at once, and more of them in parts of as many cells.
VOTERS_AT_ONCE, CELLS_AT_ONCE = 5_000, 1_000_000


@dataclass(frozen=True)
class Culture:
    """A distribution of profiles.

    Attributes:
        title: its name on pages.
        summary: what it draws, in one sentence.
        reference: the source.
        places: the function that draws many profiles at once.
        parameter: label of its parameter; "" where it has none.
        low: least value of the parameter on pages.
        high: greatest value on pages.
        default: value where none is given.
        law: probabilities of all orders of m candidates ``(m, parameter) -> [m!]``, in the order of
            ``all_places``; None where voters are not independent or the law is not of orders.
    """

    title: str
    summary: str
    reference: str
    places: Callable[..., np.ndarray]
    parameter: str = ""
    low: float = 0.0
    high: float = 1.0
    default: float = 0.0
    law: Callable[[int, float], np.ndarray] | None = None


def impartial(rng: Seed, profiles: int, voters: int, candidates: int, _: float = 0.0) -> np.ndarray:
    """Every ballot is drawn uniformly from the m! orders."""
    keys = np.random.default_rng(rng).random((profiles, voters, candidates), np.float32)
    return ranks(keys)


def urn(
    rng: Seed, profiles: int, voters: int, candidates: int, contagion: float = 0.1
) -> np.ndarray:
    """Pólya–Eggenberger: each ballot is drawn from an urn that at first holds every order once, and
    is returned with ``contagion``·m! copies. Two voters cast the same ballot with probability
    (contagion + 1/m!) / (1 + contagion). Impartial at 0."""
    _check(contagion >= 0 and math.isfinite(contagion), "contagion", contagion, "0 or more")
    rng = np.random.default_rng(rng)
    fresh = impartial(rng, profiles, voters, candidates)
    # Voter i copies an earlier voter with probability i·c / (1 + i·c), else draws a new order. The
    # original of a copy is found by pointer doubling.
    voter = np.arange(voters)
    copies = rng.random((profiles, voters)) < voter * contagion / (1 + voter * contagion)
    parent = np.where(copies, (rng.random((profiles, voters)) * voter).astype(np.int64), voter)
    for _ in range(max(voters - 1, 1).bit_length()):
        parent = np.take_along_axis(parent, parent, 1)
    return np.take_along_axis(fresh, parent[:, :, None], 1)


def impartial_anonymous(
    rng: Seed, profiles: int, voters: int, candidates: int, _: float = 0.0
) -> np.ndarray:
    """Every anonymous profile is equally likely: the urn with one copy returned."""
    return urn(rng, profiles, voters, candidates, 1 / math.factorial(candidates))


def mallows(
    rng: Seed,
    profiles: int,
    voters: int,
    candidates: int,
    phi: float = 0.8,
    centre: Sequence[int] | None = None,
) -> np.ndarray:
    """P(order) ∝ phi^(Kendall tau distance to ``centre``), by exact repeated insertion.

    Args:
        phi: dispersion; 0 repeats the centre on every ballot, 1 is impartial.
        centre: candidates, best first; 0, 1, 2 … where None.
    """
    _check(0 <= phi <= 1, "phi", phi, "between 0 and 1")
    uniform = np.random.default_rng(rng).random((profiles, voters, candidates))
    place = np.zeros(uniform.shape, np.int16)
    for i in range(1, candidates):
        # The i-th candidate of the centre is inserted above d earlier ones with P ∝ phi^d.
        cumulative = np.cumsum(phi ** np.arange(i + 1.0))
        cumulative /= cumulative[-1]
        inserted = i - np.searchsorted(cumulative, uniform[..., i], side="right").clip(0, i)
        place[..., :i] += place[..., :i] >= inserted[..., None]
        place[..., i] = inserted
    if centre is None:
        return place
    relabelled = np.empty_like(place)
    relabelled[..., list(centre)] = place
    return relabelled


def spatial(
    rng: Seed, profiles: int, voters: int, candidates: int, dimensions: float = 2
) -> np.ndarray:
    """Voters and candidates are uniform in the unit cube; voters rank candidates by distance."""
    return ranks(-spatial_utility(rng, profiles, voters, candidates, dimensions))


def spatial_utility(
    rng: Seed, profiles: int, voters: int, candidates: int, dimensions: float = 2
) -> np.ndarray:
    """The utilities behind ``spatial``: minus the Euclidean distance ``[profiles, voters,
    candidates]``."""
    _check(1 <= dimensions <= 100, "dimensions", dimensions, "between 1 and 100")
    rng, d = np.random.default_rng(rng), int(dimensions)
    voter, candidate = rng.random((profiles, voters, d)), rng.random((profiles, candidates, d))
    square = np.zeros((profiles, voters, candidates))
    for axis in range(d):
        square += (voter[:, :, None, axis] - candidate[:, None, :, axis]) ** 2
    return -np.sqrt(square)


def plackett_luce(
    rng: Seed,
    profiles: int,
    voters: int,
    candidates: int,
    ratio: float = 0.6,
    strength: ArrayLike | None = None,
) -> np.ndarray:
    """Each place goes to one of the remaining candidates with probability in proportion to its
    strength, from first to last; drawn by sorting log strength plus Gumbel noise.

    Args:
        ratio: of each default strength to the one before.
        strength: ``[candidates]``; 1, ratio, ratio² … where None.
    """
    if strength is None:
        _check(0 < ratio <= 1, "ratio", ratio, "above 0 and at most 1")
        strength = ratio ** np.arange(candidates)
    strength = np.asarray(strength, float)
    if strength.shape != (candidates,) or not ((strength > 0) & np.isfinite(strength)).all():
        raise InputError(f"Give {candidates} strengths above 0, one a candidate.")
    noise = np.random.default_rng(rng).gumbel(size=(profiles, voters, candidates))
    return ranks(-(np.log(strength) + noise))


def ranks(keys: np.ndarray) -> np.ndarray:
    """The rank of each entry along the last axis, the smallest first, same shape."""
    order = np.argsort(keys, axis=-1)
    place = np.empty(order.shape, np.int16)
    np.put_along_axis(place, order, np.arange(keys.shape[-1], dtype=np.int16), axis=-1)
    return place


def _check(is_valid: bool, name: str, value: float, requirement: str) -> None:
    if not is_valid:
        raise InputError(f"{name} is {quoted(value)}; give a number {requirement}.")


CULTURES = {
    "impartial": Culture(
        "Impartial culture", "Each voter draws an order at random. All orders are equally likely.",
        "Guilbaud 1952", impartial, law=impartial_law,
    ),
    "impartial-anonymous": Culture(
        "Impartial anonymous culture",
        "All ways to share the voters out among the orders are equally likely.",
        "Kuga & Nagatani 1974; Gehrlein & Fishburn 1976", impartial_anonymous,
    ),
    "mallows": Culture(
        "Mallows (around one order)", "All ballots resemble one order, some more and some less.",
        "Mallows 1957; repeated insertion, Doignon, Pekeč & Regenwetter 2004", mallows,
        "disagreement: 0 all agree, 1 at random", 0.0, 1.0, 0.8, mallows_law,
    ),
    "urn": Culture(
        "Urn (voters copy voters)", "Many voters copy the ballot of a voter before them.",
        "Eggenberger & Pólya 1923; Berg 1985", urn,
        "copying: 0 none, 1 and more a lot", 0.0, 2.0, 0.2,
    ),
    "spatial": Culture(
        "Spatial (points in a cube)",
        "Voters and candidates are points in a cube. A voter ranks the nearest candidate first.",
        "Enelow & Hinich 1984", spatial, "dimensions", 1, 5, 2,
    ),
    "plackett-luce": Culture(
        "Plackett–Luce (strong and weak candidates)",
        "Candidates have strengths. Each place is drawn among those left, in proportion to them.",
        "Luce 1959; Plackett 1975", plackett_luce,
        "strength of each candidate, as a share of the one before", 0.1, 1.0, 0.7,
        lambda m, ratio: plackett_luce_law(m, ratio ** np.arange(m)),
    ),
    "single-peaked-walsh": Culture(
        "Single-peaked (Walsh)",
        "Candidates stand on a line, and no voter prefers both sides of a candidate to the "
        "candidate. All such ballots are equally likely.",
        "Black 1948; Walsh 2015", single_peaked_walsh, law=walsh_law,
    ),
    "single-peaked-conitzer": Culture(
        "Single-peaked (Conitzer)",
        "Candidates stand on a line. A voter's favourite is drawn at random, and the next places "
        "are filled from the left or the right of it.",
        "Conitzer 2009", single_peaked_conitzer, law=conitzer_law,
    ),
    "group-separable": Culture(
        "Group-separable (groups within groups)",
        "Candidates form groups within groups. Of each two halves of a group a voter ranks one "
        "above the other.",
        "Inada 1964; Faliszewski, Karpov & Obraztsova 2022", group_separable,
    ),
}  # fmt: skip


def draw_profile(
    culture: str,
    candidates: Sequence[str] | int,
    voters: int,
    seed: Seed,
    parameter: float | None = None,
) -> Profile:
    """Draw one profile. Equal ballots are grouped, except in the spatial culture, which keeps every
    voter with their utilities.

    Args:
        culture: a key of ``CULTURES``.
        candidates: their names, or their number.
        voters: their number.
        seed: a seed or a ``numpy.random.Generator``.
        parameter: of the culture; its default where None.

    Raises:
        InputError: for an unknown culture, a parameter out of its range, or a number of candidates
            or voters out of range: voters × candidates is at most ``MAX_CELLS``, and with up to
            ``MAX_ENUMERATED`` candidates there are up to ``MAX_VOTERS`` voters.
    """
    if culture not in CULTURES:
        raise InputError(
            f"There is no culture {quoted(culture)}; choose from {', '.join(CULTURES)}."
        )
    chosen = CULTURES[culture]
    names = candidate_names(candidates)
    value = chosen.default if parameter is None else parameter
    if culture == "spatial":
        check_cells(len(names), voters)
        return Profile.from_utilities(names, spatial_utility(seed, 1, voters, len(names), value)[0])
    if culture in ("urn", "impartial-anonymous"):
        return draw_from_urn(names, voters, seed, None if culture != "urn" else value)

    def places(rng: Seed, voters: int) -> np.ndarray:
        return chosen.places(rng, 1, voters, len(names), value)[0]

    law = None if chosen.law is None else partial(chosen.law, len(names), value)
    return draw_ballots(names, voters, seed, places, law)


def draw_ballots(
    names: Sequence[str],
    voters: int,
    seed: Seed,
    places: Callable[[np.random.Generator, int], np.ndarray],
    law: Callable[[], np.ndarray] | None,
) -> Profile:
    """A profile of ballots without ties, equal ones merged.

    Args:
        places: draws the places of some voters ``(rng, voters) -> [voters, candidates]``.
        law: the probability of each order, in the order of ``all_places``, where voters are
            independent; None where all voters are to be drawn at once.
    """
    m, rng = len(names), np.random.default_rng(seed)
    if law is not None and m <= MAX_ENUMERATED and voters > VOTERS_AT_ONCE:
        check_voters(voters)
        places(rng, 1)  # checks the parameter
        return _profile_of_counts(names, rng.multinomial(int(voters), law()))
    check_cells(m, voters)
    if law is None or voters <= VOTERS_AT_ONCE:
        return group_ballots(names, places(rng, int(voters)))
    step = max(1, CELLS_AT_ONCE // m)
    parts = []
    for start in range(0, int(voters), step):
        drawn = places(rng, min(step, int(voters) - start))
        first, row = distinct_rows(drawn)
        parts.append((drawn[first], np.bincount(row)))
    distinct, weight = (np.concatenate(part) for part in zip(*parts, strict=True))
    return group_ballots(names, distinct, weight)


def draw_from_urn(
    names: Sequence[str], voters: int, seed: Seed, contagion: float | None
) -> Profile:
    """A profile of the urn; every anonymous profile is equally likely where ``contagion`` is None.

    Many voters on few candidates are drawn from the Dirichlet-multinomial law of their counts.
    """
    m, rng = len(names), np.random.default_rng(seed)
    if m > MAX_ENUMERATED or voters <= VOTERS_AT_ONCE:
        check_cells(m, voters)
        if contagion is None:
            return group_ballots(names, impartial_anonymous(rng, 1, int(voters), m)[0])
        return group_ballots(names, urn(rng, 1, int(voters), m, contagion)[0])
    check_voters(voters)
    orders = math.factorial(m)
    share = impartial_law(m)
    if contagion is None or contagion != 0:
        urn(rng, 1, 1, m, contagion or 0.0)  # checks the parameter
        share = rng.dirichlet(np.full(orders, 1.0 if contagion is None else 1 / contagion / orders))
    return _profile_of_counts(names, rng.multinomial(int(voters), share))


def _profile_of_counts(names: Sequence[str], count: np.ndarray) -> Profile:
    """The profile in which ``count [m!]`` voters cast each order."""
    cast = np.flatnonzero(count)
    cast = cast[np.argsort(-count[cast], kind="stable")]
    return Profile(tuple(names), all_places(len(names))[cast], count[cast])


def candidate_names(candidates: Sequence[str] | int) -> tuple[str, ...]:
    """The candidates' names; letters where their number is given.

    Raises:
        InputError: for none or too many.
    """
    count = candidates if isinstance(candidates, int) else len(candidates)
    _check(1 <= count <= MAX_CANDIDATES, "candidates", count, f"from 1 to {MAX_CANDIDATES:,}")
    return letter_names(candidates) if isinstance(candidates, int) else tuple(candidates)


def check_voters(voters: int) -> None:
    """Raise ``InputError`` for a number of voters that cannot be drawn."""
    _check(1 <= voters <= MAX_VOTERS and voters == int(voters), "voters", voters,
           f"from 1 to {MAX_VOTERS:,}")  # fmt: skip


def check_cells(candidates: int, voters: int) -> None:
    """Raise ``InputError`` for a number of voters that cannot be drawn one by one."""
    check_voters(voters)
    if voters * candidates > MAX_CELLS:
        raise InputError(
            f"{voters:,} voters on {candidates} candidates are too many; voters × candidates is at "
            f"most {MAX_CELLS:,} (with up to {MAX_ENUMERATED} candidates there may be "
            f"{MAX_VOTERS:,} voters, except in a space)."
        )


def letter_names(count: int) -> tuple[str, ...]:
    """The names A, B … Z, A2, B2 …"""
    return tuple(chr(65 + i % 26) + (str(i // 26 + 1) if i >= 26 else "") for i in range(count))

"""Random profiles of known laws: a function for each culture.

Every simulator takes the candidates (names, or their number) and the number of voters, and returns
a ``Profile``: equal ballots merged, the heaviest first. ``seed`` is a number or a
``numpy.random.Generator``; the same number draws the same profile, so a loop takes another number
each time, or one generator. With up to seven candidates there may be 10^12 voters; else voters ×
candidates is at most 20,000,000. ``voting.draw_profile`` draws by a culture's name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from scrl.data.files import quoted
from scrl.types import InputError
from scrl.voting.cultures import cultures
from scrl.voting.cultures.cultures import Seed, candidate_names, draw_ballots, draw_from_urn
from scrl.voting.cultures.order_laws import (
    conitzer_law,
    impartial_law,
    mallows_law,
    plackett_luce_law,
    walsh_law,
)
from scrl.voting.cultures.structured_cultures import (
    group_separable as group_separable_places,
)
from scrl.voting.cultures.structured_cultures import single_peaked_conitzer, single_peaked_walsh
from scrl.voting.profiles.profile import Profile

Candidates = Sequence[str] | int


def impartial(candidates: Candidates, voters: int, *, seed: Seed) -> Profile:
    """Impartial culture: every ballot is drawn uniformly from all orders.

    >>> impartial("ABC", 1_000_000, seed=0).voters
    1000000.0
    """
    names = candidate_names(candidates)

    def places(rng: np.random.Generator, count: int) -> np.ndarray:
        return cultures.impartial(rng, 1, count, len(names))[0]

    return draw_ballots(names, voters, seed, places, partial(impartial_law, len(names)))


def impartial_anonymous(candidates: Candidates, voters: int, *, seed: Seed) -> Profile:
    """Impartial anonymous culture: all ways to share the voters out among the orders are equally
    likely (Gehrlein & Fishburn 1976)."""
    return draw_from_urn(candidate_names(candidates), voters, seed, None)


def urn(candidates: Candidates, voters: int, contagion: float = 0.1, *, seed: Seed) -> Profile:
    """Pólya–Eggenberger urn: it holds every order once, and each ballot drawn is returned with
    ``contagion``·m! copies (Berg 1985). Impartial at 0."""
    return draw_from_urn(candidate_names(candidates), voters, seed, contagion)


def mallows(
    candidates: Candidates,
    voters: int,
    phi: float | None = None,
    *,
    normalised_phi: float | None = None,
    centre: Sequence[str] | None = None,
    seed: Seed,
) -> Profile:
    """Mallows: P(order) ∝ phi^(Kendall tau distance to the centre).

    >>> mallows("ABC", 5, phi=0, centre="CAB", seed=0).to_text()
    'candidates: A, B, C\\n5: C > A > B'

    Args:
        phi: dispersion; 0 repeats the centre, 1 is impartial. 0.8 where neither is given.
        normalised_phi: in place of ``phi``: the expected distance to the centre as a share of the
            impartial culture's, m(m - 1)/4, so that one value means the same for any number of
            candidates (Boehmer, Bredereck, Faliszewski, Niedermeier & Szufa 2021).
        centre: all candidates, best first; in their order where None.

    Raises:
        InputError: for a dispersion outside of 0 to 1, or both.
    """
    names = candidate_names(candidates)
    if phi is not None and normalised_phi is not None:
        raise InputError("Give phi or normalised_phi, not both.")
    if normalised_phi is not None:
        phi = phi_of_normalised(normalised_phi, len(names))
    value = 0.8 if phi is None else phi
    order = _in_order(names, centre, "centre")

    def places(rng: np.random.Generator, count: int) -> np.ndarray:
        return cultures.mallows(rng, 1, count, len(order), value)[0]

    return _renamed(names, order, draw_ballots(
        order, voters, seed, places, partial(mallows_law, len(order), value)
    ))  # fmt: skip


def spatial(candidates: Candidates, voters: int, dimensions: int = 2, *, seed: Seed) -> Profile:
    """Voters and candidates are uniform in the unit cube, and the nearest candidate is best. Every
    voter is a ballot, with minus the distances as utilities (Enelow & Hinich 1984)."""
    names = candidate_names(candidates)
    cultures.check_cells(len(names), voters)
    utility = cultures.spatial_utility(seed, 1, int(voters), len(names), dimensions)
    return Profile.from_utilities(names, utility[0])


def plackett_luce(
    candidates: Candidates,
    voters: int,
    strength: Mapping[str, float] | ArrayLike,
    *,
    seed: Seed,
) -> Profile:
    """Plackett–Luce: each place goes to a remaining candidate in proportion to its strength.

    >>> sorted(plackett_luce("AB", 8000, {"A": 3, "B": 1}, seed=0).counts())
    ['A > B', 'B > A']

    Args:
        strength: positive, by name or in the order of the candidates.

    Raises:
        InputError: for strengths that are not one positive number a candidate.
    """
    names = candidate_names(candidates)
    if isinstance(strength, Mapping):
        if set(strength) != set(names):
            raise InputError("Give a strength for each candidate, and for no other.")
        strength = [strength[name] for name in names]
    values = np.asarray(strength, float)

    def places(rng: np.random.Generator, count: int) -> np.ndarray:
        return cultures.plackett_luce(rng, 1, count, len(names), strength=values)[0]

    return draw_ballots(names, voters, seed, places, partial(plackett_luce_law, len(names), values))


def single_peaked(
    candidates: Candidates,
    voters: int,
    law: str = "walsh",
    *,
    axis: Sequence[str] | None = None,
    seed: Seed,
) -> Profile:
    """Single-peaked ballots: candidates stand on a line, and voters like those less who are farther
    from their favourite on either side.

    Args:
        law: ``"walsh"``: all single-peaked orders are equally likely (Walsh 2015); ``"conitzer"``:
            a uniform favourite, then the next to the left or to the right with probability ½ each
            (Conitzer 2009).
        axis: all candidates from left to right; in their order where None.
    """
    names = candidate_names(candidates)
    order = _in_order(names, axis, "axis")
    laws = {
        "walsh": (single_peaked_walsh, walsh_law),
        "conitzer": (single_peaked_conitzer, conitzer_law),
    }
    if law not in laws:
        raise InputError(f"There is no law {quoted(law)}; choose 'walsh' or 'conitzer'.")
    draw, exact = laws[law]

    def places(rng: np.random.Generator, count: int) -> np.ndarray:
        return draw(rng, 1, count, len(order))[0]

    drawn = draw_ballots(order, voters, seed, places, partial(exact, len(order)))
    return _renamed(names, order, drawn)


def group_separable(
    candidates: Candidates, voters: int, tree: str = "random", *, seed: Seed
) -> Profile:
    """Group-separable ballots: candidates form groups within groups, and each voter ranks one half
    of every group above the other (Inada 1964; Faliszewski, Karpov & Obraztsova 2022).

    Args:
        tree: how groups are split: ``"balanced"``, ``"caterpillar"`` (one candidate at a time) or
            ``"random"``.
    """
    names = candidate_names(candidates)

    def places(rng: np.random.Generator, count: int) -> np.ndarray:
        return group_separable_places(rng, 1, count, len(names), tree=tree)[0]

    return draw_ballots(names, voters, seed, places, None)


def phi_of_normalised(normalised_phi: float, candidates: int) -> float:
    """The dispersion of Mallows whose expected distance to the centre is ``normalised_phi`` times
    that of the impartial culture, by bisection.

    Raises:
        InputError: for a value outside of 0 to 1.
    """
    if not 0 <= normalised_phi <= 1:
        raise InputError(f"normalised_phi is {normalised_phi}; give a number between 0 and 1.")
    size = np.arange(1, candidates + 1)

    def mean_distance(phi: float) -> float:
        """Repeated insertion moves the i-th candidate up by d < i with P ∝ phi^d."""
        power = phi ** np.arange(candidates)
        return float(sum((power[:i] @ np.arange(i)) / power[:i].sum() for i in size))

    wanted = normalised_phi * candidates * (candidates - 1) / 4
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if mean_distance(middle) < wanted else (low, middle)
    return (low + high) / 2


def _in_order(names: tuple[str, ...], order: Sequence[str] | None, what: str) -> tuple[str, ...]:
    """All names in the order given."""
    if order is None:
        return names
    if sorted(order) != sorted(names):
        raise InputError(f"The {what} does not name each candidate once.")
    return tuple(order)


def _renamed(names: tuple[str, ...], order: tuple[str, ...], drawn: Profile) -> Profile:
    """A profile of the candidates ``order`` with its columns in the order of ``names``."""
    return drawn if names == order else drawn.restrict(names)

"""Anonymous profiles from ratings, and their export to PrefLib files."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from math import ceil, lcm, log10

import numpy as np
from numpy.typing import ArrayLike

from scrl.data.preflib import WEIGHT_KEY
from scrl.types import InputError, Ratings
from scrl.voting.profiles.names import plain_name
from scrl.voting.profiles.profile import Profile
from scrl.voting.profiles.rankings import distinct_rows
from scrl.voting.profiles.text import MAX_BALLOTS, MAX_CANDIDATES

#: Numbers of voters in a PrefLib file are below this.
MAX_COUNT = 1e17


def group_ballots(
    names: Sequence[str], place: ArrayLike, weight: ArrayLike | None = None
) -> Profile:
    """Merge equal ballots, the heaviest first.

    Args:
        names: of the candidates.
        place: ``[ballots, candidates]``, 0 = best, equal = tied, dense, -1 = not ranked.
        weight: ``[ballots]``; 1 each where None.
    """
    place = np.asarray(place)
    weight = np.ones(len(place)) if weight is None else np.asarray(weight, float)
    first, row = distinct_rows(place)
    total = np.bincount(row, weight, len(first))
    heaviest = np.argsort(-total, kind="stable")
    return Profile(tuple(names), place[first[heaviest]], total[heaviest])


def profile_from_ratings(ratings: Ratings, prompt: int, as_cast: bool = False) -> Profile:
    """The ballots on one prompt, equal ones grouped. Names are written in one line, and numbered
    where they would then be equal.

    Args:
        as_cast: whether ballots stay as they were cast, so that whoever counts them says what they
            mean for the completions left out. Otherwise the ratings say it.

    Raises:
        InputError: for no ballot that ranks two completions (any, ``as_cast``), or for more
            completions or distinct ballots than a page shows.
    """
    catalogue = ratings.catalogue
    names = catalogue.names(prompt)
    if len(names) > MAX_CANDIDATES:
        raise InputError(
            f"This prompt has {len(names):,} candidates and a page shows at most "
            f"{MAX_CANDIDATES}; count it with 'python -m scrl vote'."
        )
    selected = ratings.select(ratings.ballot_prompt == prompt)
    if not as_cast:
        selected = selected.with_absent_resolved(min_size=2)
    if not selected.ballots:
        least = "any" if as_cast else "two"
        raise InputError(f"No ballot ranks {least} of this prompt's completions.")
    place = np.full((selected.ballots, len(names)), -1)
    place[selected.entry_ballot, selected.item - catalogue.offsets[prompt]] = selected.rank
    profile = group_ballots(distinct_names(names), place, selected.ballot_weight)
    if len(profile.weight) > MAX_BALLOTS:
        raise InputError(
            f"This prompt has {len(profile.weight):,} different ballots and a page shows at most "
            f"{MAX_BALLOTS:,}; count it with 'python -m scrl vote'."
        )
    return profile


def distinct_names(names: Sequence[str]) -> list[str]:
    """Names in one spelling (``names.plain_name``), numbered where they would be equal."""
    distinct: dict[str, None] = {}
    for name in names:
        plain = plain_name(name) or "unnamed"
        unique, number = plain, 2
        while unique in distinct:
            unique, number = f"{plain} ({number})", number + 1
        distinct[unique] = None
    return list(distinct)


def to_preflib(profile: Profile, title: str = "Profile") -> tuple[str, str]:
    """The suffix (``soc``, ``soi``, ``toc`` or ``toi``: strict or tied, complete or incomplete) and
    the text of a PrefLib file. ``load_ratings`` reads the same ballots of the same weights.

    PrefLib's weights are whole numbers of voters. Weights are multiplied by the least power of ten,
    at most a million, that makes them whole; else by their least common denominator; else so that
    15 digits are kept. A line ``VOTERS PER UNIT OF WEIGHT`` says by what. Ballots that weigh or
    rank nothing are left out.

    Raises:
        InputError: where no ballot counts, or a weight has more than 17 digits.
    """
    counted = (profile.weight > 0) & (profile.place >= 0).any(axis=1)
    if not counted.any():
        raise InputError("No ballot has a weight and ranks a candidate; there is none to write.")
    count, scale = _whole_weights(profile.weight[counted])
    orders = [order for order, kept in zip(profile.orders(), counted, strict=True) if kept]
    is_tied = any(len(place) > 1 for order in orders for place in order)
    is_complete = bool((profile.place[counted] >= 0).all())
    suffix = ("t" if is_tied else "s") + "o" + ("c" if is_complete else "i")
    head: dict[str, object] = {
        "FILE NAME": f"profile.{suffix}", "TITLE": plain_name(title) or "Profile",
        "DATA TYPE": suffix, "NUMBER ALTERNATIVES": len(profile.names),
        "NUMBER VOTERS": sum(count), "NUMBER UNIQUE ORDERS": len(count),
    }  # fmt: skip
    if scale != 1:
        head[WEIGHT_KEY] = scale
    lines = [f"# {key}: {value}" for key, value in head.items()]
    number = {name: i for i, name in enumerate(profile.names, 1)}
    written = distinct_names(profile.names)
    lines += [f"# ALTERNATIVE NAME {i}: {name}" for i, name in enumerate(written, 1)]
    for n, order in zip(count, orders, strict=True):
        tied = [[str(number[name]) for name in place] for place in order]
        lines.append(f"{n}: " + ",".join(p[0] if len(p) == 1 else f"{{{','.join(p)}}}"
                                         for p in tied))  # fmt: skip
    return suffix, "\n".join(lines) + "\n"


def _whole_weights(weight: np.ndarray) -> tuple[list[int], int]:
    """Positive weights as whole numbers of voters, and by what they were multiplied."""
    largest = float(weight.max())
    if largest >= MAX_COUNT:
        raise InputError(f"A ballot weighs {largest:g}; PrefLib's numbers have at most 17 digits.")
    scales = [10**k for k in range(7)]
    denominators = {Fraction(w).limit_denominator(1_000).denominator for w in weight.tolist()}
    common = lcm(*denominators)
    scales += [common] if common < 10**9 else []
    for scale in scales:
        whole = weight * scale
        if whole.max() < MAX_COUNT and _are_whole(whole):
            break
    else:
        scale = 10 ** max(0, 15 - ceil(log10(largest)))
    return [max(1, round(w * scale)) for w in weight.tolist()], scale


def _are_whole(values: np.ndarray) -> bool:
    """Whether numbers are whole but for rounding; a small one is whole only where it is nearly 0 of
    its own size, so that proportions of small weights are kept."""
    gap = np.abs(values - np.rint(values))
    return bool((gap <= 1e-15 * values + 1e-9 * np.minimum(values, 1)).all())

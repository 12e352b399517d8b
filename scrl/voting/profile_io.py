"""Anonymous profiles from ratings, and their export to PrefLib files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from scrl.types import InputError, Ratings
from scrl.voting.profile import Profile
from scrl.voting.profile_text import MAX_BALLOTS, MAX_CANDIDATES
from scrl.voting.rankings import distinct_rows


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
    """The ballots on one prompt, equal ones grouped. The characters that separate names in
    ``Profile.to_text`` are removed from names.

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
    profile = group_ballots(_distinct_names(names), place, selected.ballot_weight)
    if len(profile.weight) > MAX_BALLOTS:
        raise InputError(
            f"This prompt has {len(profile.weight):,} different ballots and a page shows at most "
            f"{MAX_BALLOTS:,}; count it with 'python -m scrl vote'."
        )
    return profile


def _distinct_names(names: Sequence[str]) -> list[str]:
    """Names without separator characters, numbered where they would be equal."""
    distinct: dict[str, None] = {}
    for name in names:
        plain = re.sub(r"[>=;:,#\s]+", " ", name).strip() or "unnamed"
        unique, number = plain, 2
        while unique in distinct:
            unique, number = f"{plain} ({number})", number + 1
        distinct[unique] = None
    return list(distinct)


def to_preflib(profile: Profile, title: str = "Profile") -> tuple[str, str]:
    """The suffix (``toc`` for complete ballots, else ``toi``) and the text of a PrefLib file.

    PrefLib's weights are whole numbers of voters. Weights are multiplied by the least power of ten
    that makes them whole, at most a million, and then rounded.
    """
    weight = profile.weight
    scale = next(
        (10**k for k in range(7) if np.allclose(weight * 10**k, np.rint(weight * 10**k), 0, 1e-9)),
        10**6,
    )
    count = np.maximum(np.rint(weight * scale).astype(np.int64), 1)
    suffix = "toc" if profile.is_complete else "toi"
    head = {
        "FILE NAME": f"profile.{suffix}", "TITLE": " ".join(title.split()), "DATA TYPE": suffix,
        "NUMBER ALTERNATIVES": len(profile.names), "NUMBER VOTERS": count.sum(),
        "NUMBER UNIQUE ORDERS": len(count),
    }  # fmt: skip
    lines = [f"# {key}: {value}" for key, value in head.items()]
    number = {name: i for i, name in enumerate(profile.names, 1)}
    lines += [f"# ALTERNATIVE NAME {i}: {name}" for name, i in number.items()]
    for n, order in zip(count, profile.orders(), strict=True):
        tied = [[str(number[name]) for name in place] for place in order]
        lines.append(f"{n}: " + ",".join(p[0] if len(p) == 1 else f"{{{','.join(p)}}}"
                                         for p in tied))  # fmt: skip
    return suffix, "\n".join(lines) + "\n"

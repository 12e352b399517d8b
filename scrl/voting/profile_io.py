"""Profiles from ratings, and profiles as scenarios and PrefLib files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from scrl.types import InputError, Ratings
from scrl.voting.anonymous_profile import MAX_BALLOTS, MAX_CANDIDATES, AnonymousProfile


def group_ballots(names: Sequence[str], place: np.ndarray, weight=None) -> AnonymousProfile:
    """Equal ballots made one, the most frequent first.

    Args:
        place: ``[ballots, candidates]``, 0 = best, equal = tied, dense, -1 = not ranked.
        weight: ``[ballots]``, one each where None.
    """
    place = np.asarray(place)
    weight = np.ones(len(place)) if weight is None else np.asarray(weight, float)
    kinds, member = np.unique(place, axis=0, return_inverse=True)
    total = np.bincount(member.ravel(), weight, len(kinds))
    best = np.argsort(-total, kind="stable")
    return AnonymousProfile(tuple(names), kinds[best], total[best])


def profile_from_ratings(ratings: Ratings, prompt: int) -> AnonymousProfile:
    """The ballots on one prompt, equal ones grouped. Names lose the signs that separate them in
    ``AnonymousProfile.to_text``.

    Raises:
        InputError: where they are none, or too many to show.
    """
    catalogue = ratings.catalogue
    names = catalogue.names(prompt)
    if len(names) > MAX_CANDIDATES:
        raise InputError(
            f"This prompt has {len(names):,} candidates and a page shows at most "
            f"{MAX_CANDIDATES}; count it with 'python -m scrl vote'."
        )
    some = ratings.select(ratings.ballot_prompt == prompt).with_absent_resolved(min_size=2)
    if not some.ballots:
        raise InputError("No ballot ranks two of this prompt's completions.")
    place = np.full((some.ballots, len(names)), -1)
    place[some.entry_ballot, some.item - catalogue.offsets[prompt]] = some.rank
    profile = group_ballots(_distinct(names), place, some.ballot_weight)
    if len(profile.weight) > MAX_BALLOTS:
        raise InputError(
            f"This prompt has {len(profile.weight):,} different ballots and a page shows at most "
            f"{MAX_BALLOTS:,}; count it with 'python -m scrl vote'."
        )
    return profile


def _distinct(names: Sequence[str]) -> list[str]:
    clean: dict[str, None] = {}
    for name in names:
        plain = re.sub(r"[>=;:,#\s]+", " ", name).strip() or "unnamed"
        free, number = plain, 2
        while free in clean:
            free, number = f"{plain} ({number})", number + 1
        clean[free] = None
    return list(clean)


def to_preflib(profile: AnonymousProfile, title: str = "Profile") -> tuple[str, str]:
    """The suffix (``toc`` with complete ballots, else ``toi``) and the text of a PrefLib file.

    PrefLib counts whole voters: shares are multiplied by the least power of ten, up to a million,
    that makes them whole, and rounded after that.
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

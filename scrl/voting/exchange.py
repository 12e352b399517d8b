"""Profiles from ratings, and profiles as scenarios and PrefLib files."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import yaml

from scrl.ratings_table import MAX_RATERS
from scrl.scenario import Scenario, parse_scenario
from scrl.types import InputError, Ratings
from scrl.voting.anonymous import MOST_BALLOTS, MOST_CANDIDATES, AnonymousProfile

#: More kinds of ballot than this are too many types of rater for a scenario.
MOST_TYPES = 200


def grouped(names: Sequence[str], place: np.ndarray, weight=None) -> AnonymousProfile:
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


def of_ratings(ratings: Ratings, prompt: int) -> AnonymousProfile:
    """The ballots on one prompt, equal ones grouped. Names lose the signs that separate them in
    ``AnonymousProfile.to_text``.

    Raises:
        InputError: where they are none, or too many to show.
    """
    catalogue = ratings.catalogue
    names = catalogue.names(prompt)
    if len(names) > MOST_CANDIDATES:
        raise InputError(
            f"This prompt has {len(names):,} candidates and a page shows at most "
            f"{MOST_CANDIDATES}; count it with 'python -m scrl vote'."
        )
    some = ratings.select(ratings.ballot_prompt == prompt)
    some = some.completed() if some.absent == "last" else some.select(some.sizes >= 2)
    if not some.ballots:
        raise InputError("No ballot ranks two of this prompt's completions.")
    place = np.full((some.ballots, len(names)), -1)
    place[some.entry_ballot, some.item - catalogue.offsets[prompt]] = some.rank
    profile = grouped(_distinct(names), place, some.ballot_weight)
    if len(profile.weight) > MOST_BALLOTS:
        raise InputError(
            f"This prompt has {len(profile.weight):,} different ballots and a page shows at most "
            f"{MOST_BALLOTS:,}; count it with 'python -m scrl vote'."
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
    suffix = "toc" if profile.complete else "toi"
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


def to_scenario(profile: AnonymousProfile, name: str) -> Scenario:
    """A type of rater for every ballot, its weight the share, its order the ranking (or its
    utilities, where they are known, the utilities).

    Raises:
        InputError: where a ballot leaves a candidate out, since silence is no order, or where
            there are too many ballots.
    """
    if not profile.complete:
        raise InputError(
            "A scenario needs complete orders; rank every candidate on every ballot, ties allowed."
        )
    if len(profile.weight) > MOST_TYPES:
        raise InputError(
            f"There are {len(profile.weight):,} different ballots, and a scenario takes at most "
            f"{MOST_TYPES} types of rater."
        )
    if len(profile.names) < 2:
        raise InputError("A scenario needs at least two candidates.")
    share = profile.weight / profile.weight.sum()
    whole = profile.weight.sum()
    raters = int(whole) if whole == int(whole) and 500 <= whole <= MAX_RATERS else 10_000
    types = {}
    for row, (label, s, order) in enumerate(
        zip(profile.labels, share, profile.orders(), strict=True)
    ):
        label = free = label or f"{order[0][0]} first"
        number = 2
        while free in types:
            free, number = f"{label} ({number})", number + 1
        types[free] = {"share": float(s), "rankings": {"best": order}}
        if profile.utility is not None:
            worth = dict(zip(profile.names, map(float, profile.utility[row]), strict=True))
            types[free] = {"share": float(s), "utilities": {"best": worth}}
    content = {
        "name": name, "summary": "Sent from the voting pages.",
        "completions": list(profile.names), "prompts": {"best": {"text": "The best is"}},
        "types": types, "raters": raters,
    }  # fmt: skip
    return parse_scenario(
        yaml.safe_dump(content, sort_keys=False, allow_unicode=True), "the profile as a scenario"
    )

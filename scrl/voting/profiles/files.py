"""Ballots from a file, for ``Profile.from_file``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_PLACES
from scrl.data.readers import load_ratings
from scrl.data.table import MAX_ROWS
from scrl.types import InputError, Ratings
from scrl.voting.profiles.profile_data import on_demand
from scrl.voting.profiles.ratings_profiles import distinct_names, group_ballots


def read_ballot_file(
    path: str | Path,
    contest: str | None,
    columns: Mapping[str, object] | None,
    settings: Mapping[str, Any],
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """Names of the candidates, places ``[ballots, candidates]`` and weights ``[ballots]``.

    Args:
        contest, columns, settings: as in ``Profile.from_file``.

    Raises:
        InputError: where the file cannot be read, or holds several elections and none is named.
    """
    records = on_demand("election_records")
    is_record = columns is None and records.record_format(path) not in (None, "PrefLib")
    if settings or is_record:
        found = records.read_election(path, contest, **settings).profile
        return found.names, found.place, found.weight
    ratings = load_ratings(path, columns=columns, most_raters=MAX_ROWS)
    return ballots_of_prompt(ratings, _chosen_prompt(ratings, contest))


def ballots_of_prompt(
    ratings: Ratings, prompt: int
) -> tuple[tuple[str, ...], np.ndarray, np.ndarray]:
    """The ballots on one prompt as they were cast, equal ones merged, the heaviest first."""
    catalogue = ratings.catalogue
    names = catalogue.names(prompt)
    selected = ratings.select(ratings.ballot_prompt == prompt)
    if not selected.ballots:
        raise InputError(f"No ballot ranks a candidate of {quoted(catalogue.prompts[prompt])}.")
    if selected.ballots * len(names) > MAX_PLACES:
        raise InputError(
            f"{ratings.name}: {quoted(catalogue.prompts[prompt])} has {selected.ballots:,} ballots "
            f"of {len(names):,} candidates, and at most {MAX_PLACES:,} places are held; keep those "
            "that most ballots rank by scrl.data.most_ranked."
        )
    place = np.full((selected.ballots, len(names)), -1, np.int32)
    place[selected.entry_ballot, selected.item - catalogue.offsets[prompt]] = selected.rank
    found = group_ballots(distinct_names(names), place, selected.ballot_weight)
    return found.names, found.place, found.weight


def _chosen_prompt(ratings: Ratings, prompt: str | None) -> int:
    prompts = ratings.catalogue.prompts
    if prompt is None and len(prompts) == 1:
        return 0
    if prompt is None:
        raise InputError(
            f"{ratings.name} holds {len(prompts):,} elections; name one by contest=, such as "
            f"{', '.join(map(quoted, prompts[:3]))}."
        )
    if prompt not in prompts:
        raise InputError(f"{ratings.name} has no election {quoted(prompt)}.")
    return prompts.index(prompt)

"""PrefLib's files, read by the reader of ratings."""

from __future__ import annotations

from pathlib import PurePosixPath

from scrl.data import parse_ratings
from scrl.data.files import quoted
from scrl.data.preflib import FORMATS
from scrl.data.preflib_other import CATEGORIES
from scrl.election_records.cast_ballots import CastContest
from scrl.types import InputError

SUFFIXES = (*FORMATS, CATEGORIES)


def is_preflib(name: str, text: str) -> bool:
    """Whether the name or the first line of a file is PrefLib's."""
    suffix = PurePosixPath(name).suffix.lower()
    return suffix in SUFFIXES or text.startswith("# FILE NAME:")


def read_preflib(data: bytes, text: str, name: str, file: str) -> CastContest:
    """The election in a file.

    Raises:
        InputError: naming the line.
    """
    suffix = PurePosixPath(name).suffix.lower()
    if suffix not in SUFFIXES:
        stated = [line for line in text[:4_000].splitlines() if line.startswith("# DATA TYPE:")]
        suffix = "." + stated[0].partition(":")[2].strip().lower() if stated else ""
        if suffix not in SUFFIXES:
            raise InputError(
                f"{file}: DATA TYPE is {quoted(suffix[1:])}; orders are soc, soi, toc, toi and cat."
            )
    ratings = parse_ratings(data, f"{PurePosixPath(name).stem or 'election'}{suffix}")
    if len(ratings.catalogue.prompts) != 1:
        raise InputError(f"{file}: this file holds several elections.")
    contest = CastContest(ratings.catalogue.prompts[0], ties=True, gaps=False)
    contest.title = ratings.name
    for candidate in ratings.catalogue.names(0):
        contest.candidate(candidate, file)
    offsets, ranks, items = ratings.offsets, ratings.rank, ratings.item
    for ballot, weight in enumerate(ratings.ballot_weight.tolist()):
        part = slice(offsets[ballot], offsets[ballot + 1])
        pairs = zip((ranks[part] + 1).tolist(), items[part].tolist(), strict=True)
        contest.add_pairs(pairs, file, weight)
    contest.notes += ratings.notes
    return contest

"""Debian's tally sheets: lines such as ``V: 12-3  2f0c…``, a rank for each option."""

from __future__ import annotations

import re

from scrl.data.files import quoted
from scrl.election_records.cast_ballots import CastContest
from scrl.types import InputError

_VOTE = re.compile(r"\s*V:\s*([0-9A-Za-z-]{1,64})(?:\s.*)?")
_OPTION = re.compile(r"[\s|/\\]*Option\s*([0-9]{1,2})[^:]{0,80}:\s*(.+)", re.IGNORECASE)
_TITLE = re.compile(r"\s*(?:Title|Vote):\s*(.+)", re.IGNORECASE)
MAX_OPTIONS = 60


def is_debian(text: str) -> bool:
    """Whether the text has lines of votes."""
    return re.search(r"(?m)^[ \t]*V:[ \t]*[0-9A-Za-z-]{1,64}(?:\s|$)", text) is not None


def read_debian(text: str, file: str, name: str) -> CastContest:
    """The votes of a sheet.

    The place in a vote is the option, the character its rank: 1 to 9, then letters; ``-`` is
    unranked. Equal ranks are ties and ranks may be left out, as on Debian's ballots.

    Raises:
        InputError: naming the line.
    """
    options: dict[int, str] = {}
    votes: list[tuple[int, str]] = []
    contest = CastContest(name, ties=True, gaps=False)
    for number, line in enumerate(text.split("\n"), start=1):
        if match := _VOTE.fullmatch(line):
            votes.append((number, match[1]))
        elif match := _OPTION.fullmatch(line.rstrip()):
            options.setdefault(int(match[1]), match[2].strip().strip('"'))
        elif (match := _TITLE.fullmatch(line.rstrip())) and not contest.title:
            contest.title = match[1].strip()
        elif line.lstrip().startswith("V:"):
            raise InputError(
                f"{file}: line {number}: {quoted(line.strip())} is not a vote; write it as "
                "'V: 12-3', a rank for each option."
            )
    if not votes:
        raise InputError(f"{file}: there is no vote, such as 'V: 12-3', in this sheet.")
    width = len(votes[0][1])
    if len(options) > MAX_OPTIONS or max(options, default=0) > width:
        raise InputError(
            f"{file}: there is an option {max(options)} and votes rank {width} options."
        )
    for option in range(1, width + 1):
        text = options.get(option, f"option {option}")
        taken = contest.has(text)
        contest.candidate(f"{text} ({option})" if taken else text, file)
    for number, vote in votes:
        where = f"{file}: line {number}"
        if len(vote) != width:
            raise InputError(
                f"{where}: the vote {quoted(vote)} ranks {len(vote)} options and the first vote "
                f"{width}."
            )
        ranks = [(int(char, 36), i) for i, char in enumerate(vote) if char != "-"]
        contest.add_pairs(((rank, i) for rank, i in ranks), where)
    return contest

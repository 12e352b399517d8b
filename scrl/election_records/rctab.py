"""RCTab's configuration files: where the ballots are, who stands, and by which rules they count.

The keys are those that RCTab documents (config_file_documentation.txt of BrightSpots/rcv).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import Any

from scrl.data.files import quoted
from scrl.election_records.cast_ballots import CastContest, Labels, Wanted, merged
from scrl.election_records.choice_columns import read_positioned, read_rank_cells
from scrl.election_records.election_files import ElectionFiles
from scrl.election_records.plain_json import get, label, objects
from scrl.election_records.plain_tables import table_rows
from scrl.types import InputError

#: Overvote rules by their letters alone, as old and new versions write them.
_OVERVOTES = {
    "exhaustimmediately": "exhaust",
    "alwaysskiptonextrank": "skip",
    "exhaustifmultiplecontinuing": "exhaust_if_multiple_continuing",
}
_PROVIDERS = {
    "ess": "ess", "es&s": "ess", "cdf": "cdf", "clearballot": "clear", "dominion": "dominion",
    "hart": "hart", "genericcsv": "csv", "csv": "csv",
}  # fmt: skip
_MAX_COLUMNS = 1_000
#: Files that a configuration may name.
MAX_SOURCES = 1_000

#: Reads files of another format: the files, which contests, and what words mean.
OtherReader = Callable[[ElectionFiles, Wanted, Labels], list[CastContest]]


@dataclass(frozen=True)
class _Configuration:
    """What one reading of a configuration needs.

    Attributes:
        content: the JSON object.
        where: what to call it in messages.
        candidates: name, code or alias in the ballots -> name.
        excluded: candidates who do not count.
        max_ranks: how many ranks a ballot has, or None.
    """

    content: dict[str, Any]
    where: str
    candidates: dict[str, str]
    excluded: set[str]
    max_ranks: int | None


def is_configuration(content: dict[str, Any]) -> bool:
    """Whether a JSON object is a configuration of RCTab."""
    return "cvrFileSources" in content and "rules" in content


def read_configured(
    content: dict[str, Any], name: str, files: ElectionFiles, other: OtherReader
) -> list[CastContest]:
    """The contest of a configuration, from all its sources.

    Args:
        name: of the configuration among ``files``, which hold the sources, too.
        other: reads what is no table.

    Raises:
        InputError: naming the key, or the file that is missing.
    """
    where = files.where(name)
    rules = get(content, "rules", dict, where)
    candidates, excluded = _candidates(content, where)
    chosen = _Configuration(content, where, candidates, excluded, _max_ranks(rules, where))
    sources = objects(content, "cvrFileSources", where)
    if not 0 < len(sources) <= MAX_SOURCES:
        raise InputError(
            f"{where}: 'cvrFileSources' names {len(sources):,} files; it should name 1 to "
            f"{MAX_SOURCES:,}."
        )
    output = get(content, "outputSettings", dict, where, {})
    title = str(output.get("contestName") or PurePosixPath(name).stem)
    parts = [_read_source(source, chosen, files, other) for source in sources]
    for part in parts:
        part.name = title
    contest = merged(parts, where)[0]
    for candidate in dict.fromkeys(candidates.values()):
        contest.candidate(candidate, where)
    contest.withdrawn |= {contest.candidate(candidate, where) for candidate in excluded}
    if excluded:
        contest.notes.append(
            f"The configuration excludes {', '.join(sorted(excluded))[:200]}; they are left out."
        )
    contest.title = " · ".join(
        str(output[key]) for key in ("contestJurisdiction", "contestOffice", "contestDate")
        if output.get(key)
    )[:300]  # fmt: skip
    seats = str(rules.get("numberOfWinners") or "")
    contest.seats = int(seats) if seats.isdecimal() and 0 < int(seats[:6]) < 10_000 else None
    contest.settings = _settings(rules, chosen, where)
    return [contest]


def _candidates(content: dict[str, Any], where: str) -> tuple[dict[str, str], set[str]]:
    known: dict[str, str] = {}
    excluded = set()
    for entry in objects(content, "candidates", where, required=False):
        name = label(entry.get("name"), where, "candidate's name")
        aliases = entry.get("aliases") or []
        codes = [entry.get("code"), *(aliases if isinstance(aliases, list) else [])]
        for word in (name, *(str(code).strip() for code in codes if code)):
            known[word] = name
        if entry.get("excluded") in (True, "true"):
            excluded.add(name)
    return known, excluded


def _max_ranks(rules: dict[str, Any], where: str) -> int | None:
    value = str(rules.get("maxRankingsAllowed") or "max").strip().lower()
    return None if value == "max" else _number(value, "maxRankingsAllowed", where, least=1)


def _number(value: Any, key: str, where: str, least: int = 0) -> int:
    text = str(value).strip()
    if not (text.isdecimal() and text.isascii() and len(text) < 8 and int(text) >= least):
        raise InputError(
            f"{where}: {quoted(key)} is {quoted(value)}; it should be a whole number, at least "
            f"{least}."
        )
    return int(text)


def _settings(
    rules: dict[str, Any], chosen: _Configuration, where: str
) -> dict[str, str | int | None]:
    word = re.sub(r"[^a-z]", "", str(rules.get("overvoteRule") or "").lower())
    if word not in _OVERVOTES:
        raise InputError(
            f"{where}: 'overvoteRule' is {quoted(rules.get('overvoteRule'))}; RCTab's are "
            "exhaustImmediately, alwaysSkipToNextRank and exhaustIfMultipleContinuing."
        )
    skipped = str(rules.get("maxSkippedRanksAllowed") or 0).strip().lower()
    unlimited = skipped == "unlimited"
    return {
        "overvotes": _OVERVOTES[word],
        "max_skipped": None if unlimited else _number(skipped, "maxSkippedRanksAllowed", where),
        "duplicates": "exhaust" if _is_true(rules, "exhaustOnDuplicateCandidate") else "skip",
        "max_ranks": chosen.max_ranks,
    }


def _is_true(record: dict[str, Any], key: str) -> bool:
    return record.get(key) in (True, "true")


def _labels(source: dict[str, Any], chosen: _Configuration) -> Labels:
    """What words mean in a source; old versions state it among the rules."""
    rules = chosen.content["rules"]

    def words(*keys: str) -> frozenset[str]:
        found = {str(place.get(key) or "").strip() for key in keys for place in (source, rules)}
        return frozenset(found - {""})

    return Labels(
        words("overvoteLabel"), words("undervoteLabel", "skippedRankLabel"),
        words("undeclaredWriteInLabel"), str(source.get("overvoteDelimiter") or ""),
        chosen.candidates or None,
        _is_true(source, "treatBlankAsUndeclaredWriteIn")
        or _is_true(rules, "treatBlankAsUndeclaredWriteIn"),
    )  # fmt: skip


def _read_source(
    source: dict[str, Any], chosen: _Configuration, files: ElectionFiles, other: OtherReader
) -> CastContest:
    word = str(source.get("provider") or "").lower().replace(" ", "").replace("_", "")
    provider = _PROVIDERS.get(word)
    if provider is None:
        raise InputError(
            f"{chosen.where}: the provider is {quoted(source.get('provider'))}; there are ES&S, "
            "CDF, Clear Ballot, Dominion, Hart and generic CSV."
        )
    path = label(source.get("filePath"), chosen.where, "filePath")
    part = _part(files, path, chosen.where)
    labels = _labels(source, chosen)
    if provider in ("ess", "csv"):
        return _read_table(source, part, provider, chosen, labels)
    wanted = str(source.get("contestId") or "").strip()
    known = bool(chosen.candidates)
    if provider in ("cdf", "clear", "hart") and not labels.overvote:
        labels = replace(labels, overvote=None)
    if not known:
        labels = replace(labels, candidates=None, write_in=labels.write_in or None)
    found = other(part, lambda name, identifier: not wanted or wanted in (name, identifier), labels)
    matching = [c for c in found if not wanted or wanted in (c.name, c.identifier)]
    if len(matching) != 1:
        what = f"{len(matching)} contests {quoted(wanted)}" if wanted else f"{len(found)} contests"
        raise InputError(f"{part.file}: there are {what} in this source; state one as 'contestId'.")
    return matching[0]


def _part(files: ElectionFiles, path: str, where: str) -> ElectionFiles:
    """The files that ``filePath`` names: beside the configuration, or in a folder beside it."""
    plain = PurePosixPath(path.replace("\\", "/"))
    steps = [step for step in plain.parts if step not in ("..", ".", "/")]
    base = "/".join(steps).lower()
    last = steps[-1].lower() if steps else ""
    tests: tuple[Callable[[str], bool], ...] = (
        lambda name: name == base,
        lambda name: name.startswith(f"{base}/") or f"/{base}/" in name,
        lambda name: name.rpartition("/")[2] == last,
        lambda name: f"/{last}/" in f"/{name}",
    )
    for test in tests if steps else ():
        names = [name for name in files.names if test(name.lower())]
        if names:
            return files.only(names)
    raise InputError(
        f"{where}: the configuration reads {quoted(path)}, which is not beside it; give the folder "
        "or a ZIP archive with both."
    )


def _read_table(
    source: dict[str, Any], part: ElectionFiles, provider: str, chosen: _Configuration,
    labels: Labels,
) -> CastContest:  # fmt: skip
    if len(part.names) != 1:
        raise InputError(f"{chosen.where}: 'filePath' of a table names {len(part.names)} files.")
    file = part.where(part.names[0])
    where = chosen.where
    first = _number(source.get("firstVoteColumnIndex"), "firstVoteColumnIndex", where, 1)
    row = _number(source.get("firstVoteRowIndex"), "firstVoteRowIndex", where, 1)
    contest = CastContest("contest")
    rows = table_rows(part.load(part.names[0]), file)
    if provider == "csv":
        read_rank_cells(rows, contest, row, first - 1, file, labels)
        return contest
    ranks = chosen.max_ranks or max(len(set(chosen.candidates.values())), 1)
    if ranks > _MAX_COLUMNS or first > _MAX_COLUMNS:
        raise InputError(f"{where}: the choices stand beyond column {_MAX_COLUMNS:,}.")
    read_positioned(rows, contest, row, range(first - 1, first - 1 + ranks), file, labels)
    return contest

"""Cast-vote records in NIST's Common Data Format (SP 1500-103), as JSON and as XML."""

from __future__ import annotations

from typing import Any

from scrl.data.files import quoted
from scrl.election_records.cast_ballots import WRITE_IN, CastContest, Labels, Wanted
from scrl.election_records.plain_json import label, objects
from scrl.election_records.plain_xml import Element
from scrl.types import InputError

_YES = (True, "true", "yes", 1, "1")
#: Elements of the XML form that may stand several times, or hold no text.
_LISTS = frozenset({
    "CVR", "Election", "Candidate", "Contest", "ContestSelection", "CVRSnapshot", "CVRContest",
    "CVRContestSelection", "SelectionPosition", "CVRWriteIn",
})  # fmt: skip


def xml_content(root: Element) -> dict[str, Any]:
    """The XML form as the JSON form."""
    content: dict[str, Any] = dict(root.attributes)
    if "ObjectId" in content:
        content["@id"] = content.pop("ObjectId")
    for child in root.children:
        if child.name in _LISTS:
            content.setdefault(child.name, []).append(xml_content(child))
        elif child.name == "CandidateIds":
            content.setdefault("CandidateIds", []).extend(child.text.split())
        else:
            content.setdefault(child.name, child.text.strip())
    return content


def read_common_data(
    content: dict[str, Any], where: str, wanted: Wanted, labels: Labels
) -> list[CastContest]:
    """The contests of a report; of each record the current snapshot counts.

    Raises:
        InputError: naming the field.
    """
    contests: dict[str, CastContest] = {}
    marks: dict[str, tuple[int, ...]] = {}
    taken: set[str] = set()
    for election in objects(content, "Election", where):
        names = {
            label(entry.get("@id"), where, "candidate's @id"): str(entry.get("Name") or "").strip()
            for entry in objects(election, "Candidate", where, required=False)
        }
        for entry in objects(election, "Contest", where):
            key = label(entry.get("@id"), where, "contest's @id")
            name = str(entry.get("Name") or key).strip()
            name = f"{name} ({key})" if name in taken else name
            taken.add(name)
            contest = contests[key] = CastContest(name, key, seats=_seats(entry))
            contest.title = str(election.get("Name") or "")
            for selection in objects(entry, "ContestSelection", where, required=False):
                own = label(selection.get("@id"), where, "contest selection's @id")
                marks[f"{key}\n{own}"] = _selection(contest, selection, names, labels, where)
    if not contests:
        raise InputError(f"{where}: the report names no contest.")
    for number, record in enumerate(objects(content, "CVR", where), start=1):
        at = f"{where}: record {number}"
        for cast in objects(_snapshot(record, at), "CVRContest", at, required=False):
            key = label(cast.get("ContestId"), at, "ContestId")
            if key not in contests:
                raise InputError(f"{at}: there is no contest {quoted(key)} in the report.")
            if wanted(contests[key].name, key):
                _add_ballot(contests[key], cast, marks, at)
    return list(contests.values())


def _seats(contest: dict[str, Any]) -> int | None:
    value = str(contest.get("NumberElected") or "")
    return int(value) if value.isdecimal() and 0 < int(value[:6]) < 10_000 else None


def _selection(
    contest: CastContest, selection: dict[str, Any], names: dict[str, str], labels: Labels,
    where: str,
) -> tuple[int, ...]:  # fmt: skip
    """The mark that a selection stands for."""
    if selection.get("IsWriteIn") in _YES:
        return (WRITE_IN,)
    own = selection.get("CandidateIds")
    key = label(selection.get("@id"), where, "contest selection's @id")
    if not isinstance(own, list) or not own:
        name = str(selection.get("Selection") or key)  # as of a ballot measure
    else:
        first = label(own[0], where, "CandidateIds")
        if first not in names:
            raise InputError(
                f"{where}: the selection {quoted(key)} names the candidate {quoted(first)}, who is "
                "not in the report."
            )
        name = names[first] or first
        if labels.candidates is not None and name not in labels.candidates:
            name = first if first in labels.candidates else name
    return contest.cell(name, labels, where)


def _snapshot(record: dict[str, Any], where: str) -> dict[str, Any]:
    snapshots = objects(record, "CVRSnapshot", where)
    current = record.get("CurrentSnapshotId")
    for snapshot in snapshots:
        if current is None or snapshot.get("@id") == current:
            return snapshot
    raise InputError(f"{where}: the current snapshot {quoted(current)} is missing.")


def _add_ballot(
    contest: CastContest, cast: dict[str, Any], marks: dict[str, tuple[int, ...]], where: str
) -> None:
    pairs: list[tuple[int, int]] = []
    for chosen in objects(cast, "CVRContestSelection", where, required=False):
        if chosen.get("Status") == "needs-adjudication":
            continue
        own = label(chosen.get("ContestSelectionId"), where, "ContestSelectionId")
        key = f"{contest.identifier}\n{own}"
        if key not in marks:
            raise InputError(f"{where}: there is no selection {quoted(own)} in the contest.")
        mark = marks[key]
        if chosen.get("Rank") is not None:
            pairs += [(_rank(chosen, where), m) for m in mark]
            continue
        for position in objects(chosen, "SelectionPosition", where, required=False):
            if "no" in (position.get("HasIndication"), position.get("IsAllocable")):
                continue
            written = position.get("CVRWriteIn") is not None
            pairs += [(_rank(position, where), m) for m in ((WRITE_IN,) if written else mark)]
    contest.add_pairs(pairs, where)


def _rank(entry: dict[str, Any], where: str) -> int:
    text = str(entry.get("Rank", 1))  # a contest that is not ranked has no ranks
    if not (text.isdecimal() and text.isascii() and len(text) < 7):
        raise InputError(
            f"{where}: 'Rank' is {quoted(entry.get('Rank'))}; it should be a whole number."
        )
    return int(text)

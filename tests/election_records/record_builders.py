"""Files of published formats made from ballots in one notation: ranks separated by commas, a
letter a candidate, several letters an overvote."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

PUBLISHED = Path(__file__).parent / "published"
RCTAB: dict[str, Any] = json.loads((PUBLISHED / "rctab.json").read_text("utf-8"))


def ballots_of(text: str) -> list[list[str]]:
    return [ballot.split(",") for ballot in text.split(" ")]


def name_of(letter: str) -> str:
    return f"Candidate {letter} Name"


def common_data(title: str, ballots: list[list[str]], letters: str = "ABCD") -> str:
    """NIST's Common Data Format, with the fields that RCTab's test data have."""
    records = []
    for number, ballot in enumerate(ballots, 1):
        positions: dict[str, list] = {}
        for rank, here in enumerate(ballot, 1):
            for letter in here:
                mark = {"HasIndication": "yes", "IsAllocable": "unknown", "Rank": rank}
                positions.setdefault(letter, []).append(mark)
        chosen = [
            {"ContestSelectionId": f"cs-{letter}", "SelectionPosition": marks}
            for letter, marks in positions.items()
        ]
        contest = {"ContestId": "contest-001", "CVRContestSelection": chosen}
        snapshot = {"@id": f"ballot-{number}", "CVRContest": [contest], "Type": "original"}
        records.append({"CurrentSnapshotId": f"ballot-{number}", "CVRSnapshot": [snapshot]})
    selections = [{"@id": f"cs-{x}", "CandidateIds": [f"candidate-{x}"]} for x in letters]
    election = {
        "@id": "election-001",
        "Candidate": [{"@id": f"candidate-{x}", "Name": name_of(x)} for x in letters],
        "Contest": [{"@id": "contest-001", "Name": title, "ContestSelection": selections}],
    }
    content = {"@type": "CVR.CastVoteRecordReport", "CVR": records, "Election": [election]}
    return json.dumps(content)


def configuration(rules: dict[str, str], source: dict[str, str], names: Sequence[str] = ()) -> str:
    return json.dumps({
        "outputSettings": {"contestName": "the contest"},
        "cvrFileSources": [source],
        "candidates": [{"name": name} for name in names],
        "rules": {"numberOfWinners": "1", **rules},
    })  # fmt: skip


def table(header: list[str], rows: list[list[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def packed(files: dict[str, str]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return data.getvalue()


def alaska_ballots() -> list[list[str]]:
    """The published ballots; U is an undeclared write-in, an empty cell nothing."""
    return [[] if b == "-" else ["" if x == "-" else x for x in b]
            for b in RCTAB["2024_alaska_dominion"]["ballots"].split(" ")]  # fmt: skip


def alaska_export() -> dict[str, str]:
    """Dominion's export of the ballots, in two files, with an ambiguous mark, an adjudicated and a
    superseded sheet, and another contest."""
    data = RCTAB["2024_alaska_dominion"]
    codes, sessions = data["codes"], []
    for number, ballot in enumerate(alaska_ballots(), 1):
        marks = [
            {"CandidateId": codes[x], "Rank": rank, "IsAmbiguous": False, "IsVote": True}
            for rank, x in enumerate(ballot, 1) if x
        ]  # fmt: skip
        marks.append({"CandidateId": 476, "Rank": 1, "IsAmbiguous": True, "IsVote": False})
        judge = {"CandidateId": 217, "Rank": 1, "IsAmbiguous": False}
        contests = [{"Id": 7, "Undervotes": 0, "Marks": marks}, {"Id": 68, "Marks": [judge]}]
        record = {"IsCurrent": True, "Cards": [{"Id": 1, "Contests": contests}]}
        session: dict[str, Any] = {"TabulatorId": 1, "RecordId": number, "Original": record}
        if number % 10 == 0:
            old = {"IsCurrent": False, "Cards": [{"Id": 1, "Contests": []}]}
            session |= {"Original": old, "Modified": record}
        sessions.append(session)
    sessions.append({"TabulatorId": 1, "RecordId": 999, "Original": {"IsCurrent": False}})
    candidates = [
        {"Description": data["names"].get(x, "Write-in"), "Id": code, "ContestId": 7,
         "Type": "Regular" if x in data["names"] else "WriteIn"}
        for x, code in codes.items()
    ]  # fmt: skip
    candidates.append({"Description": "YES", "Id": 217, "ContestId": 68, "Type": "Regular"})
    contests = [
        {"Description": "U.S. Representative", "Id": 7, "VoteFor": 1, "NumOfRanks": 5},
        {"Description": "Court of Appeals - Judge", "Id": 68, "VoteFor": 1, "NumOfRanks": 0},
    ]
    return {
        "CandidateManifest.json": json.dumps({"List": candidates}),
        "ContestManifest.json": json.dumps({"List": contests}),
        "CvrExport_1730.json": json.dumps({"Version": "5.17", "Sessions": sessions[:60]}),
        "CvrExport_1731.json": json.dumps({"Version": "5.17", "Sessions": sessions[60:]}),
    }


def alaska_csv() -> str:
    """The ballots as Dominion's CSV export, beside a contest that half of them do not have."""
    data = RCTAB["2024_alaska_dominion"]
    names = data["names"] | {"U": "Write-in"}
    ranked = [(x, rank) for rank in range(1, 5) for x in names]
    first = ["CvrNumber", "TabulatorNum", "BatchId"]
    contest = "U.S. Representative (Number of positions=1, Number of ranks=4)"
    rows = [
        ["2024 General", "5.17", *[""] * (len(ranked) + 2)],
        [""] * 3 + [contest] * len(ranked) + ["Court (Vote For=1)"] * 2,
        [""] * 3 + [f"{names[x]}({rank})" for x, rank in ranked] + ["YES", "NO"],
    ]
    ballots = []
    for number, ballot in enumerate(alaska_ballots(), 1):
        marks = [str(int(rank <= len(ballot) and ballot[rank - 1] == x)) for x, rank in ranked]
        ballots.append([str(number), "1", "1", *marks, *(["1", "0"] if number % 2 else ["", ""])])
    return table(rows[0], [*rows[1:], [*first, *[""] * (len(ranked) + 2)], *ballots])

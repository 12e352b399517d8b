"""A report as Markdown."""

from __future__ import annotations

import re
from collections.abc import Sequence

from scrl.election_reports.headlines import joined, margin_sentence, number
from scrl.election_reports.report_data import ElectionReport


def report_markdown(report: ElectionReport) -> str:
    """The report as Markdown; what Markdown or HTML would read as markup is escaped."""
    b = report.ballots
    lines = [f"# {_plain(report.title)}", "", *(f"{_plain(s)}\n" for s in report.headline)]
    lines += [
        "## Ballots", "",
        f"{number(b.voters)} ballots, {b.distinct:,} different; {number(b.truncated)} leave "
        f"candidates out, {number(b.single)} rank one only, {number(b.tied)} have ties. "
        f"{_plain(report.reading)}", "",
    ]  # fmt: skip
    lines += ["## Rules", ""]
    lines += _table(
        ["Rule", "Order"],
        [[e.title, " > ".join(" = ".join(place) for place in e.order)] for e in report.rules],
    )
    lines += ["## Head to head", ""]
    names = report.pairwise.names
    lines += _table(
        ["", *names],
        [
            [name, *("" if i == j else number(n) for j, n in enumerate(row))]
            for i, (name, row) in enumerate(zip(names, report.pairwise.above, strict=True))
        ],
    )
    lines += ["## Instant runoff", ""]
    for i, entry in enumerate(report.rounds, 1):
        tally = ", ".join(f"{n} {number(v)}" for n, v in entry.tally.items())
        end = f"{joined(entry.winners)} first" if entry.winners else f"{joined(entry.out)} out"
        lines.append(f"{i}. {_plain(tally)}; exhausted {number(entry.exhausted)}. {_plain(end)}.")
    lines += ["", "## Margins of victory", ""] if report.margins else [""]
    lines += [f"- {_plain(margin_sentence(entry))}" for entry in report.margins]
    lines += ["", "## Notes", ""] if report.notes else []
    lines += [f"- {_plain(note)}" for note in report.notes]
    return "\n".join(lines).rstrip() + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [" | ".join(map(_plain, head)), " | ".join("---" for _ in head)]
    lines += [" | ".join(map(_plain, row)) for row in rows]
    return [*(f"| {line} |" for line in lines), ""]


def _plain(text: str) -> str:
    """Text without line breaks, its markup escaped."""
    return re.sub(r"([\\`*_{}\[\]<>#|~$!&])", r"\\\1", " ".join(text.split()))

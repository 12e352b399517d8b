"""The command that writes a report on an election.

The library is imported inside the functions, so that ``--help`` and bad input need no JAX.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from scrl.cli.columns import add_columns, stated_columns
from scrl.cli.outputs import check_output, keep
from scrl.cli.printing import clear_progress, print_notes, print_table, show_progress, shown
from scrl.cli.record_options import add_record_options, stated_record
from scrl.cli.vote import MEANINGS, WIDTHS
from scrl.types import InputError, Progress

if TYPE_CHECKING:
    from scrl.election_records import ElectionRecord
    from scrl.election_reports import ElectionReport
    from scrl.voting import Profile

#: What the suffix of ``--out`` may be.
SUFFIXES = (".html", ".htm", ".json", ".md")


def add_report_options(parser: ArgumentParser) -> None:
    """The arguments of ``report``."""
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--rule",
        action="append",
        metavar="NAME",
        help="a rule; may be given several times; all for every rule that reads orders",
    )
    parser.add_argument(
        "--missing", choices=MEANINGS, default="last",
        help="what a ballot says of a candidate that it leaves out (default: tied last)",
    )  # fmt: skip
    parser.add_argument("--widths", choices=WIDTHS, default="shares", help="as of vote")
    parser.add_argument("--title", default="", help="of the report")
    parser.add_argument(
        "--seconds", type=float, default=5.0, metavar="S",
        help="time for the margin of victory of each rule (default: 5; 0 for no margins)",
    )  # fmt: skip
    parser.add_argument(
        "--resamples", type=int, default=0, metavar="N",
        help="draw the ballots again so often, to say how often each candidate would win",
    )  # fmt: skip
    parser.add_argument(
        "--seats", type=int, metavar="N",
        help="how many are elected, by the single transferable vote (default: as the file has it)",
    )  # fmt: skip
    parser.add_argument(
        "--out", type=Path, metavar="REPORT.html", help="write it as .html, .json or .md"
    )
    add_columns(parser)
    add_record_options(parser)


def report(chosen: Namespace) -> None:
    """Print who wins by each rule and how closely, and write the report."""
    from scrl.election_reports import election_report
    from scrl.runtime import start
    from scrl.voting import RULES

    check_output(chosen.out)
    if chosen.out is not None and chosen.out.suffix.lower() not in SUFFIXES:
        raise InputError(f"--out {chosen.out}: name a file that ends in .html, .json or .md.")
    if not 0 <= chosen.seconds <= 3_600:
        raise InputError(f"--seconds is {chosen.seconds:g}; give 0 to 3600.")
    if not 0 <= chosen.resamples <= 100_000:
        raise InputError(f"--resamples is {chosen.resamples}; give 0 to 100,000.")
    if chosen.seats is not None and chosen.seats < 1:
        raise InputError(f"--seats is {chosen.seats}; give 1 or more.")
    election = read(chosen)
    rules = chosen.rule
    if rules and "all" in rules:
        rules = [name for name in RULES.ordinal if not RULES[name].lottery]
    start()
    found = election_report(
        election, title=chosen.title or _default_title(election, chosen.file), rules=rules,
        left_out=chosen.missing, widths=chosen.widths, margins=chosen.seconds > 0,
        seconds=chosen.seconds, resamples=chosen.resamples, seats=chosen.seats,
        progress=lambda done, message: show_progress(Progress("evaluating", done, message)),
    )  # fmt: skip
    clear_progress()
    try:
        _print_report(found)
    finally:
        if chosen.out is not None:
            keep(chosen.out, found.save, "report")
    if chosen.out is not None:
        print(f"written: {chosen.out}")


def _print_report(found: ElectionReport) -> None:
    from scrl.election_reports import margin_sentence

    print("\n".join(map(shown, found.headline)) + "\n")
    rows = [(e.title, [list(place) for place in e.order], "") for e in found.rules]
    print_table("Orders", rows)
    for entry in found.margins:
        print(shown(margin_sentence(entry)))
    print_notes([found.reading, *found.notes, *found.errors.values()])


def read(chosen: Namespace) -> Profile | ElectionRecord:
    """The election in ``chosen.file``."""
    from scrl.voting import Profile

    record = stated_record(chosen)
    if record is not None:
        return record
    return Profile.from_file(chosen.file, columns=stated_columns(chosen) or None)


def _default_title(election: Profile | ElectionRecord, file: Path) -> str:
    """Empty for a record, which has its own title."""
    from scrl.voting import Profile

    return file.stem if isinstance(election, Profile) else ""

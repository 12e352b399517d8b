"""Options of the command line that say how a published election is read."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from typing import TYPE_CHECKING, Any

from scrl.cli.columns import stated_columns
from scrl.election_records.ballot_settings import CHOICES, PRESETS
from scrl.types import InputError, Ratings

if TYPE_CHECKING:
    from scrl.election_records import ElectionRecord

#: Option -> setting.
_SETTINGS = {
    "overvotes": "overvotes", "skipped": "max_skipped", "duplicates": "duplicates",
    "write_ins": "write_ins",
}  # fmt: skip


def add_record_options(parser: ArgumentParser) -> None:
    """Add the options to a command that counts an election."""
    group = parser.add_argument_group(
        "published elections", "cast-vote records, Debian's tallies, BLT (docs/files.md)"
    )
    group.add_argument("--contest", metavar="NAME", help="which, where a file holds several")
    group.add_argument("--preset", choices=PRESETS, help="settings of ballots of a place")
    group.add_argument(
        "--overvotes", choices=CHOICES["overvotes"], help="a rank with several candidates"
    )
    group.add_argument(
        "--skipped", type=_ranks, metavar="N|any",
        help="so many blank ranks in a row are passed over; more end a ballot",
    )  # fmt: skip
    group.add_argument(
        "--duplicates", choices=CHOICES["duplicates"], help="a candidate at several ranks"
    )
    group.add_argument("--write-ins", choices=CHOICES["write_ins"], help="undeclared write-ins")


def _ranks(text: str) -> int | str:
    if text == "any":
        return text
    if text.isdecimal() and text.isascii() and len(text) < 7:
        return int(text)
    raise ArgumentTypeError(f"{text!r} is no whole number; give one, or 'any'")


def read_record(chosen: Namespace) -> Ratings | None:
    """The published election in ``chosen.file`` as ratings; None where the file is a table of
    ratings, or a PrefLib file without settings.

    Raises:
        InputError: where the file cannot be read, or options are given for another file.
    """
    from scrl.election_records import record_format

    stated = _stated(chosen)
    if not stated and not stated_columns(chosen) and record_format(chosen.file) == "PrefLib":
        return None
    record = stated_record(chosen)
    return None if record is None else record.to_ratings()


def stated_record(chosen: Namespace) -> ElectionRecord | None:
    """The published election in ``chosen.file`` by the settings that the options state; None where
    the file is a table of ratings. Raises as ``read_record``."""
    from scrl.election_records import read_election, record_format

    stated = _stated(chosen)
    if stated_columns(chosen) or record_format(chosen.file) is None:
        if stated:
            raise InputError(
                f"{chosen.file}: --contest, --preset, --overvotes, --skipped, --duplicates and "
                "--write-ins are for published elections, which this file is not."
            )
        return None
    return read_election(chosen.file, **stated)


def _stated(chosen: Namespace) -> dict[str, Any]:
    """The contest, the preset and the settings that the options state, as arguments."""
    settings = {
        setting: None if getattr(chosen, option) == "any" else getattr(chosen, option)
        for option, setting in _SETTINGS.items()
        if getattr(chosen, option) is not None
    }
    others = {"contest": chosen.contest, "preset": chosen.preset}
    return {**settings, **{name: value for name, value in others.items() if value is not None}}

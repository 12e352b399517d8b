"""What becomes of a ballot that is not a plain order: settings, and what places have decided."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from typing import Any, NamedTuple

from scrl.data.files import quoted
from scrl.types import InputError

#: Setting -> the values that it takes; ``None`` for a number.
CHOICES: dict[str, tuple[str, ...] | None] = {
    "overvotes": ("exhaust", "skip", "exhaust_if_multiple_continuing", "tie"),
    "max_skipped": None,
    "duplicates": ("skip", "exhaust"),
    "write_ins": ("leave_out", "candidate"),
    "blank": ("leave_out", "keep"),
    "max_ranks": None,
}

_SAID = {
    "overvotes": {
        "exhaust": "a rank with several candidates ends the ballot",
        "skip": "a rank with several candidates is passed over",
        "exhaust_if_multiple_continuing": (
            "a rank with several candidates counts for the one who is left, and ends the ballot "
            "while several are"
        ),
        "tie": "several candidates at one rank are tied",
    },
    "duplicates": {
        "skip": "a candidate who is named again keeps the first rank",
        "exhaust": "a candidate who is named again ends the ballot",
    },
    "write_ins": {
        "leave_out": "undeclared write-ins are left out",
        "candidate": "undeclared write-ins are one candidate",
    },
    "blank": {
        "leave_out": "blank ballots are left out",
        "keep": "blank ballots stay in the profile, all candidates tied",
    },
}


@dataclass(frozen=True)
class BallotSettings:
    """How a ballot with faults is read.

    Attributes:
        overvotes: of a rank with several candidates. ``exhaust``: the ballot ends there;
            ``skip``: the rank is passed over; ``tie``: the candidates are tied;
            ``exhaust_if_multiple_continuing``: decided in each round of a count, see
            ``count_rounds`` (in the profile the candidates are tied).
        max_skipped: so many ranks in a row may be left blank; more end the ballot. None: any.
        duplicates: of a candidate at several ranks. ``skip``: the first counts; ``exhaust``: the
            ballot ends at the second.
        write_ins: undeclared write-ins are left out, or are one candidate. Their rank is used
            either way, so that it is no skipped rank.
        blank: ballots without any mark are left out, or kept with all candidates tied.
        max_ranks: later ranks are not read; None: all are.
    """

    overvotes: str = "exhaust"
    max_skipped: int | None = None
    duplicates: str = "skip"
    write_ins: str = "leave_out"
    blank: str = "leave_out"
    max_ranks: int | None = None

    def __post_init__(self) -> None:
        for name, choices in CHOICES.items():
            value = getattr(self, name)
            if choices is None:
                whole = isinstance(value, int) and not isinstance(value, bool)
                if value is not None and not (whole and 0 <= value <= 1_000_000):
                    raise InputError(
                        f"The setting {name} is {quoted(value)[1:-1]}; give a whole number from 0, "
                        "or None for no limit."
                    )
            elif value not in choices:
                raise InputError(
                    f"The setting {name} is {quoted(value)}; give one of {', '.join(choices)}."
                )
        if self.max_ranks == 0:
            raise InputError("The setting max_ranks is 0; give at least 1, or None for all.")

    def changed(self, **settings: Any) -> BallotSettings:
        """These settings with others in place of some.

        Raises:
            InputError: for an unknown setting or value.
        """
        known = {field.name for field in fields(self)}
        unknown = sorted(set(settings) - known)
        if unknown:
            raise InputError(
                f"There is no setting {quoted(unknown[0])}; there are {', '.join(sorted(known))}."
            )
        return replace(self, **settings)

    def sentence(self, without: tuple[str, ...] = ()) -> str:
        """The settings in words, those of ``without`` left out."""
        said = [_SAID[name][getattr(self, name)] for name in _SAID if name not in without]
        if "max_skipped" not in without:
            limit = self.max_skipped
            said.insert(1 if "overvotes" not in without else 0, (
                "skipped ranks are passed over" if limit is None else
                "a skipped rank ends the ballot" if limit == 0 else
                "two skipped ranks in a row end the ballot" if limit == 1 else
                f"more than {limit} skipped ranks in a row end the ballot"
            ))  # fmt: skip
        if self.max_ranks is not None:
            said.append(f"ranks after {self.max_ranks} are not read")
        return "; ".join(said)


class Preset(NamedTuple):
    """The settings of a place.

    Attributes:
        place: its name.
        settings: of ballots there.
        source: the law or publication that says so.
    """

    place: str
    settings: BallotSettings
    source: str


PRESETS: dict[str, Preset] = {
    "maine": Preset(
        "Maine", BallotSettings("exhaust", 1),
        "Maine Revised Statutes 21-A §723-A(1)(D): an overvote, or two skipped ranks in a row, "
        "before the ranking that counts exhaust a ballot; RCTab's 'Maine Rules'",
    ),
    "alaska": Preset(
        "Alaska", BallotSettings("exhaust", 1),
        "Alaska Statutes 15.15.350, and RCTab's configuration of the 2024 election for Congress "
        "(exhaustImmediately, maxSkippedRanksAllowed 1)",
    ),
    "san_francisco": Preset(
        "San Francisco", BallotSettings("exhaust"),
        "San Francisco Charter §13.102, as its Department of Elections applies it: an overvote "
        "exhausts a ballot, a blank rank is passed over",
    ),
    "new_york_city": Preset(
        "New York City", BallotSettings("exhaust", max_ranks=5),
        "New York City Charter §1057-g: five ranks; an overvote makes a ballot inactive, a "
        "skipped rank is passed over",
    ),
    "minneapolis": Preset(
        "Minneapolis", BallotSettings("skip", max_ranks=3),
        "Minneapolis Code of Ordinances §167.60: three ranks; skipped ranks, overvotes and "
        "repeated candidates are passed over",
    ),
    "burlington": Preset(
        "Burlington (Vermont)", BallotSettings("exhaust_if_multiple_continuing"),
        "Burlington's rules of 2006–2009 as its vendor states them (electionsolutions.com/"
        "burlington/manualverification.htm): an overvote is skipped if no candidate in it is "
        "left, counts for the only one left, and exhausts the ballot otherwise",
    ),
}  # fmt: skip


def preset_settings(name: str) -> BallotSettings:
    """The settings of a preset; spaces, hyphens and capitals in its name do not matter.

    Raises:
        InputError: for another name.
    """
    key = name.strip().lower().replace(" ", "_").replace("-", "_")
    if key not in PRESETS:
        raise InputError(f"There is no preset {quoted(name)}; there are {', '.join(PRESETS)}.")
    return PRESETS[key].settings

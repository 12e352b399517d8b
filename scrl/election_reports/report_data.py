"""An election report as typed plain data; imports nothing heavy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from scrl.voting.profiles.profile_data import on_demand

#: Version of the JSON form; it grows with every change of a key's name or meaning.
SCHEMA = 1


@dataclass(frozen=True)
class BallotSummary:
    """What ballots there are. Numbers of ballots are by weight.

    Attributes:
        voters: all ballots.
        distinct: different ballots.
        truncated: those that leave a candidate out.
        single: those that rank one candidate only.
        tied: those that rank two candidates equally.
        mean_ranked: candidates that a ballot ranks, on average.
        first: ballots with each candidate in first place, a tied first place split equally.
        ranked: ballots that rank each candidate.
    """

    voters: float
    distinct: int
    truncated: float
    single: float
    tied: float
    mean_ranked: float
    first: dict[str, float]
    ranked: dict[str, float]


@dataclass(frozen=True)
class PairwiseTable:
    """Head-to-head contests.

    Attributes:
        names: of the candidates, those who win most contests first.
        above: ballots that rank the row's candidate above the column's ``[candidates,
            candidates]``.
        condorcet_winner: who beats every other, or None.
        condorcet_loser: whom every other beats, or None.
        smith_set: the smallest set of candidates who all beat everybody outside it.
    """

    names: tuple[str, ...]
    above: tuple[tuple[float, ...], ...]
    condorcet_winner: str | None
    condorcet_loser: str | None
    smith_set: tuple[str, ...]

    def margin(self, row: int, column: int) -> float:
        """Ballots for the row's candidate less those for the column's."""
        return self.above[row][column] - self.above[column][row]


@dataclass(frozen=True)
class RoundEntry:
    """A round of instant runoff.

    Attributes:
        tally: ballots of each candidate who is left.
        exhausted: ballots that prefer none of them.
        out: who goes out after the round.
        winners: who wins in it; empty before the last round.
    """

    tally: dict[str, float]
    exhausted: float
    out: tuple[str, ...]
    winners: tuple[str, ...] = ()


@dataclass(frozen=True)
class StageEntry:
    """A stage of the single transferable vote.

    Attributes:
        votes: of each candidate at its beginning.
        exhausted: ballots that count for nobody.
        event: what happens in it, in a sentence.
        elected: who is found elected in it.
        out: who goes out in it.
    """

    votes: dict[str, float]
    exhausted: float
    event: str
    elected: tuple[str, ...]
    out: tuple[str, ...]


@dataclass(frozen=True)
class SeatsEntry:
    """A count of several seats by the single transferable vote.

    Attributes:
        seats: to fill.
        quota: how many votes elect; the rule of the quota and of transfers in ``method``.
        method: in a sentence.
        elected: who is elected; where ties decide, one of the possible committees.
        tied: whether another way of breaking ties elects others.
        stages: of the count.
    """

    seats: int
    quota: float
    method: str
    elected: tuple[str, ...]
    tied: bool
    stages: tuple[StageEntry, ...]


@dataclass(frozen=True)
class RuleEntry:
    """The outcome of a rule.

    Attributes:
        rule: its name in the registry.
        title: its name for readers.
        summary: how it counts, in a sentence.
        order: best first; each place is the list of candidates tied there.
        scores: by candidate, higher better.
        chances: how often each candidate wins when ballots are drawn again; empty where it was not
            asked for.
    """

    rule: str
    title: str
    summary: str
    order: tuple[tuple[str, ...], ...]
    scores: dict[str, float]
    chances: dict[str, float]

    @property
    def winners(self) -> tuple[str, ...]:
        """The candidates in first place."""
        return self.order[0]


@dataclass(frozen=True)
class ReadingEntry:
    """What another reading of truncated ballots would change.

    Attributes:
        left_out, widths: the reading, as in ``scrl.aggregate``.
        title: the reading in a few words.
        sentence: the reading in a sentence.
        winners: rule -> its winners by this reading, for each rule that elects others by it.
        reordered: rules with the same winners and another order behind them.
        uncounted: rules that cannot count by this reading.
    """

    left_out: str
    widths: str
    title: str
    sentence: str
    winners: dict[str, tuple[str, ...]]
    reordered: tuple[str, ...]
    uncounted: tuple[str, ...]


@dataclass(frozen=True)
class MarginEntry:
    """A rule's margin of victory: how many ballots have to change before the winners change.

    Attributes:
        rule: its name in the registry.
        title: its name for readers.
        lower, upper: bounds, in ballots of weight ``unit``; None where there is none.
        unit: the weight of one ballot.
        ballots: the number of ballots.
        winners, new_winners: in first place as it is, and after the change of ``upper`` ballots.
        removed, added: the ballots that change, and what they become: weight and ballot.
        method: how the bounds were found, or why there are none, in a sentence.
    """

    rule: str
    title: str
    lower: int | None
    upper: int | None
    unit: float
    ballots: int
    winners: tuple[str, ...]
    new_winners: tuple[str, ...]
    removed: tuple[tuple[float, str], ...]
    added: tuple[tuple[float, str], ...]
    method: str

    @property
    def exact(self) -> bool:
        """Whether the bounds are equal."""
        return self.upper is not None and self.lower == self.upper

    @property
    def share(self) -> float | None:
        """The upper bound as a share of the ballots."""
        return None if self.upper is None else self.upper / self.ballots


@dataclass(frozen=True)
class ElectionReport:
    """All about one election.

    Attributes:
        title: of the election.
        source: the contest, the format and the settings by which ballots were read; "" for none.
        headline: who wins, by which rules and how closely, in sentences; the first is the shortest.
        left_out, widths: the reading of truncated ballots, as in ``scrl.aggregate``.
        reading: the same in a sentence.
        ballots, pairwise, rounds, rules, readings, margins: the parts.
        seats: the count of several seats, or None.
        errors: rule -> why it could not count.
        resamples: how often ballots were drawn again for ``RuleEntry.chances``; 0 for never.
        notes: remarks on the ballots and the count.
    """

    title: str
    source: str
    headline: tuple[str, ...]
    left_out: str
    widths: str
    reading: str
    ballots: BallotSummary
    pairwise: PairwiseTable
    rounds: tuple[RoundEntry, ...]
    rules: tuple[RuleEntry, ...]
    readings: tuple[ReadingEntry, ...]
    margins: tuple[MarginEntry, ...]
    seats: SeatsEntry | None
    errors: dict[str, str]
    resamples: int
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        lines = [self.title, *(f"- {sentence}" for sentence in self.headline)]
        return "\n".join([*lines, "Write all of it by save('report.html'), or read to_dict()."])

    def winner_groups(self) -> dict[tuple[str, ...], tuple[RuleEntry, ...]]:
        """The rules by their winners, those with most rules first."""
        groups: dict[tuple[str, ...], list[RuleEntry]] = {}
        for entry in self.rules:
            groups.setdefault(tuple(sorted(entry.winners)), []).append(entry)
        ranked = sorted(groups.items(), key=lambda item: -len(item[1]))
        return {winners: tuple(entries) for winners, entries in ranked}

    def reading_rows(self) -> list[tuple[RuleEntry, list[tuple[str, ...] | None]]]:
        """The rules whose winners depend on the reading of truncated ballots, each with its winners
        by each of ``readings``: empty where they stay, None where the rule cannot count so."""
        rows = []
        for rule in self.rules:
            found = [
                None if rule.rule in entry.uncounted else entry.winners.get(rule.rule, ())
                for entry in self.readings
            ]
            if any(found):
                rows.append((rule, found))
        return rows

    def to_dict(self) -> dict[str, Any]:
        """The report as plain JSON."""
        return {"schema": SCHEMA, **_plain(asdict(self))}

    def to_html(self) -> str:
        """The report as one file that can be read, printed and sent: no script, nothing fetched."""
        return str(on_demand("election_reports.html_page").report_page(self))

    def to_markdown(self) -> str:
        """The report as Markdown, with names escaped."""
        return str(on_demand("election_reports.markdown").report_markdown(self))

    def save(self, path: str | Path) -> Path:
        """Write the report; the suffix decides: ``.html``, ``.json`` or ``.md``.

        Raises:
            InputError: for another suffix, or a file that cannot be written.
        """
        return Path(on_demand("election_reports.writing").save_report(self, path))


def _plain(value: Any) -> Any:
    """Tuples as lists, throughout."""
    if isinstance(value, Mapping):
        return {key: _plain(entry) for key, entry in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(entry) for entry in value]
    return value

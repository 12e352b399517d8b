"""An election report made from a profile or a record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from itertools import islice

import numpy as np

from scrl.committees.approvals import ranking_ballots
from scrl.election_records import ElectionRecord
from scrl.election_reports.headlines import headline
from scrl.election_reports.report_data import (
    BallotSummary,
    ElectionReport,
    MarginEntry,
    PairwiseTable,
    ReadingEntry,
    RuleEntry,
)
from scrl.election_reports.rounds import first_votes, runoff_rounds, transferable_vote
from scrl.types import InputError, Outcome
from scrl.voting import RULES, Profile, count_all_rules, format_ballot
from scrl.voting.explain import (
    describe_reading,
    silent_ballots_note,
    supported_orders_notes,
)
from scrl.voting.robustness import margin_of_victory

#: Rules of a report unless told otherwise; those that the registry lacks are left out.
REPORT_RULES = (
    "plurality", "instant-runoff", "borda", "bucklin", "2-approval", "anti-plurality", "coombs",
    "baldwin", "nanson", "copeland", "minimax", "schulze", "ranked-pairs", "split-cycle", "kemeny",
)  # fmt: skip
#: Rules whose margin of victory is computed unless told otherwise.
MARGIN_RULES = ("plurality", "instant-runoff", "borda", "copeland", "minimax", "schulze")
#: Readings of truncated ballots that a report compares (what candidates left out mean, and widths)
#: -> title.
READINGS = {
    ("last", "shares"): "Tied last",
    ("unseen", "shares"): "Unseen",
    ("unseen", "counts"): "Unseen, widths as counts",
    ("pref_voting", "shares"): "As pref_voting",
}
#: Most different ballots of a witness that a report holds.
MAX_WITNESS = 200
#: Most candidates of a report, which has a table of all pairs.
MAX_CANDIDATES = 500
Progress = Callable[[float, str], None]


def election_report(
    election: Profile | ElectionRecord,
    *,
    title: str = "",
    rules: Iterable[str] | None = None,
    left_out: str = "last",
    widths: str = "shares",
    margins: Iterable[str] | bool = True,
    seconds: float = 5.0,
    resamples: int = 0,
    seats: int | None = None,
    progress: Progress | None = None,
) -> ElectionReport:
    """All about one election: who wins by which rules, round by round, head to head, how closely,
    and what another reading of truncated ballots would change.

    >>> from scrl import Profile
    >>> report = election_report(
    ...     Profile.from_text("42: M>N>C>K; 26: N>C>K>M; 15: C>K>N>M; 17: K>C>N>M"),
    ...     rules=["plurality", "instant-runoff", "borda"], margins=["plurality"],
    ... )
    >>> print(report.headline[0])
    M wins by plurality, K by instant runoff and N by Borda.

    Args:
        election: a profile, or a record (``scrl.election_records.read_election``), whose title,
            settings and notes the report then states.
        title: of the report; the record's where empty.
        rules: names of rules; ``REPORT_RULES`` where None. Lotteries are not reported.
        left_out, widths: what a ballot says of candidates that it leaves out, and what the width of
            a victory is, as in ``scrl.aggregate``.
        margins: whether to compute margins of victory, or for which rules; those of
            ``MARGIN_RULES`` that are reported where True. Margins read candidates left out as tied
            last, whatever ``left_out`` is.
        seconds: time for the margin of each rule, after which its bounds are reported.
        resamples: how often to draw the ballots again with replacement, to say how often each
            candidate would win by ``rules``, or by ``MARGIN_RULES``; 0 for never.
        seats: how many are elected, the record's number or one where None; of several, the report
            has a count by the single transferable vote.
        progress: is told the fraction done and what is being computed.

    Raises:
        InputError: for no ballots, an unknown rule or reading, or ballots that no rule can count.
    """
    tell = progress or (lambda fraction, message: None)
    if not isinstance(election, Profile | ElectionRecord):
        raise InputError(
            f"A report is about a Profile or an election record, not a {type(election).__name__}."
        )
    profile = election.profile if isinstance(election, ElectionRecord) else election
    if len(profile.names) > MAX_CANDIDATES:
        raise InputError(
            f"A report compares all pairs of at most {MAX_CANDIDATES} candidates, and there are "
            f"{len(profile.names):,}; leave some out by profile.restrict."
        )
    blank = float(profile.weight[(profile.place < 0).all(axis=1)].sum())
    profile = ranking_ballots(Profile(profile.names, profile.place, profile.weight)).merged()
    names = _reported_rules(rules, len(profile.names))
    seats = seats or (election.seats if isinstance(election, ElectionRecord) else None) or 1
    tell(0.0, "Counting by every rule")
    outcomes, errors = count_all_rules(profile, names, left_out, widths)
    if not outcomes:
        raise InputError(next(iter(errors.values()), "No rule was named; name one."))
    entries = []
    for rule, outcome in outcomes.items():
        chances: dict[str, float] = {}
        if resamples and (rules is not None or rule in MARGIN_RULES):
            tell(0.1, f"Drawing ballots again: {RULES[rule].title}")
            chances = profile.bootstrap(rule, resamples, 0, left_out, widths)
        entries.append(_rule_entry(profile, rule, outcome, chances))
    tell(0.3, "Counting by other readings")
    report = ElectionReport(
        title=title or _record_title(election), source=_source(election), headline=(),
        left_out=left_out, widths=widths, reading=describe_reading(left_out, widths),
        ballots=summarise_ballots(profile), pairwise=_pairwise(profile, left_out),
        rounds=tuple(runoff_rounds(profile)), rules=tuple(entries),
        readings=tuple(_other_readings(profile, outcomes, left_out, widths)), margins=(),
        seats=transferable_vote(profile, seats) if seats > 1 else None, errors=errors,
        resamples=resamples, notes=tuple(_notes(election, profile, outcomes, left_out, blank)),
    )  # fmt: skip
    if margins is True:
        margins = [rule for rule in MARGIN_RULES if rule in outcomes]
    chosen, found = list(margins or ()), []
    for number, rule in enumerate(chosen):
        done = 0.4 + 0.6 * number / len(chosen)
        tell(done, f"Margin of victory: {RULES[rule].title}")
        found.append(margin_entry(profile, rule, seconds))
    return report_with_margins(report, found)


def report_with_margins(report: ElectionReport, entries: Iterable[MarginEntry]) -> ElectionReport:
    """The report with these margins of victory, and a headline that names the closest."""
    report = replace(report, margins=tuple(entries))
    return replace(report, headline=headline(report))


def _reported_rules(rules: Iterable[str] | None, candidates: int) -> list[str]:
    if rules is None:
        pointless = {"2-approval"} if candidates < 3 else set[str]()
        return [rule for rule in REPORT_RULES if rule in RULES and rule not in pointless]
    chosen = list(dict.fromkeys([rules] if isinstance(rules, str) else rules))
    for rule in chosen:
        if RULES[rule].lottery:
            raise InputError(f"{RULES[rule].title} draws the winner; a report needs other rules.")
    return chosen


def _record_title(election: Profile | ElectionRecord) -> str:
    if isinstance(election, ElectionRecord):
        parts = [part for part in (election.title, election.contest) if part]
        return ": ".join(dict.fromkeys(parts)) or "Election report"
    return "Election report"


def _source(election: Profile | ElectionRecord) -> str:
    if not isinstance(election, ElectionRecord):
        return ""
    return f"Read as {election.format}."


def _notes(
    election: Profile | ElectionRecord,
    profile: Profile,
    rules: Iterable[str],
    left_out: str,
    blank: float,
) -> list[str]:
    notes = list(election.notes) if isinstance(election, ElectionRecord) else []
    notes += supported_orders_notes(profile, list(rules), left_out)
    if blank:
        notes.append(f"Ballots that rank nobody are left out; they weigh {blank:,.10g}.")
    if left_out == "unseen":
        silent = profile.weight[(profile.place >= 0).sum(1) < 2].sum()
        notes += filter(None, [silent_ballots_note(float(silent), profile.voters)])
    return notes


def summarise_ballots(profile: Profile) -> BallotSummary:
    """What ballots a profile has."""
    ranked = profile.place >= 0
    size, weight = ranked.sum(1), profile.weight
    places = np.array([len(np.unique(row[row >= 0])) for row in profile.place])
    first = _by_name(profile, weight @ first_votes(profile, list(range(len(profile.names)))))
    return BallotSummary(
        profile.voters, len(profile.merged().weight),
        float(weight[size < len(profile.names)].sum()), float(weight[size == 1].sum()),
        float(weight[places < size].sum()), float(weight @ size / weight.sum()),
        first, _by_name(profile, weight @ ranked),
    )  # fmt: skip


def _by_name(profile: Profile, values: np.ndarray) -> dict[str, float]:
    return {name: float(value) for name, value in zip(profile.names, values, strict=True)}


def _pairwise(profile: Profile, left_out: str) -> PairwiseTable:
    above = profile.pairwise(left_out)
    lead = above - above.T
    wins = (lead > 0).sum(1) - (lead < 0).sum(1)
    order = np.lexsort((-lead.sum(1), -wins))
    table = tuple(tuple(map(float, row)) for row in above[np.ix_(order, order)])
    return PairwiseTable(
        tuple(profile.names[i] for i in order), table, profile.condorcet_winner(left_out),
        profile.condorcet_loser(left_out), tuple(profile.smith_set(left_out)),
    )  # fmt: skip


def _rule_entry(
    profile: Profile, rule: str, outcome: Outcome, chances: dict[str, float]
) -> RuleEntry:
    order = tuple(tuple(place) for place in outcome.order(list(profile.names)))
    return RuleEntry(
        rule, RULES[rule].title, RULES[rule].summary, order,
        _by_name(profile, outcome.scores), chances,
    )  # fmt: skip


def _other_readings(
    profile: Profile, outcomes: dict[str, Outcome], left_out: str, widths: str
) -> Iterable[ReadingEntry]:
    """What the other readings would change; none where no ballot leaves a candidate out."""
    if profile.is_complete:
        return
    for reading, title in READINGS.items():
        if reading == (left_out, widths) or (reading[0] == left_out != "unseen"):
            continue
        other, errors = count_all_rules(profile, list(outcomes), *reading)
        if not other:
            continue
        names, winners, reordered = list(profile.names), {}, []
        for rule, outcome in other.items():
            if not np.array_equal(outcome.place == 0, outcomes[rule].place == 0):
                winners[rule] = tuple(outcome.order(names)[0])
            elif not np.array_equal(outcome.place, outcomes[rule].place):
                reordered.append(rule)
        yield ReadingEntry(
            *reading, title, describe_reading(*reading), winners, tuple(reordered), tuple(errors)
        )


def margin_entry(
    election: Profile | ElectionRecord, rule: str, seconds: float = 5.0
) -> MarginEntry:
    """The margin of victory of a rule, or why there is none; candidates left out are tied last.

    Args:
        seconds: time for the search, after which bounds are reported.
    """
    profile = election.profile if isinstance(election, ElectionRecord) else election
    try:
        found = margin_of_victory(profile, rule, seconds=seconds)
    except InputError as error:
        return MarginEntry(rule, RULES[rule].title, None, None, 1.0, 0, (), (), (), (), str(error))
    return MarginEntry(
        rule, RULES[rule].title, found.lower, found.upper, found.unit, found.ballots,
        found.winners, found.new_winners, _witness(found.removed), _witness(found.added),
        found.method,
    )  # fmt: skip


def _witness(profile: Profile | None) -> tuple[tuple[float, str], ...]:
    """The ballots of a witness, the heaviest first."""
    if profile is None or not len(profile.weight):
        return ()
    merged = profile.merged()
    ballots = zip(merged.weight, merged.orders(), strict=True)
    return tuple((float(w), format_ballot(order)) for w, order in islice(ballots, MAX_WITNESS))

"""Who wins, by which rules and how closely, in sentences."""

from __future__ import annotations

from collections.abc import Sequence

from scrl.election_reports.report_data import ElectionReport, MarginEntry, RuleEntry

#: Most winners, and most rules, that a sentence names one by one.
MAX_NAMED = 4


def headline(report: ElectionReport) -> tuple[str, ...]:
    """The sentences that open a report."""
    groups = report.winner_groups()
    sentences = [_winners_sentence(groups)]
    table = report.pairwise
    if table.condorcet_winner is not None:
        sentences.append(f"{table.condorcet_winner} beats every other candidate head to head.")
    elif len(table.smith_set) == len(table.names):
        sentences.append("Nobody beats all others head to head, and no group beats the rest.")
    else:
        sentences.append(
            f"Nobody beats all others head to head; {joined(table.smith_set)} beat everybody else."
        )
    if report.seats is not None:
        seats = report.seats
        sentences.append(
            f"{joined(seats.elected)} are elected to {seats.seats} seats by the single "
            f"transferable vote{', by a broken tie' if seats.tied else ''}."
        )
    sentences += [margin_sentence(entry) for entry in _shown_margins(report)]
    return tuple(sentences)


def _winners_sentence(groups: dict[tuple[str, ...], tuple[RuleEntry, ...]]) -> str:
    total = sum(map(len, groups.values()))
    (winners, entries), *others = groups.items()
    who = joined(winners)
    verb = "wins" if len(winners) == 1 else "tie"
    if not others:
        by = f"by {in_text(entries[0].title)}" if total == 1 else f"by all {total} rules"
        return f"{who} {verb} {by}."
    parts = [f"{who} {verb} {_by(entries, total)}"]
    named = others if len(others) <= MAX_NAMED else others[: MAX_NAMED - 1]
    parts += [f"{_tie(names)} {_by(entries, 0)}" for names, entries in named]
    if rest := sum(len(entries) for _, entries in others[len(named) :]):
        parts.append(f"others by {rest} more")
    return f"{joined(parts)}."


def _by(entries: Sequence[RuleEntry], total: int) -> str:
    """By which rules: by name where they are few, else how many (of ``total``, if given)."""
    if len(entries) <= (1 if total > MAX_NAMED else 2):
        return f"by {' and '.join(in_text(entry.title) for entry in entries)}"
    return f"by {len(entries)} of {total} rules" if total else f"by {len(entries)}"


def _tie(winners: Sequence[str]) -> str:
    return winners[0] if len(winners) == 1 else f"a tie of {joined(winners)}"


def _shown_margins(report: ElectionReport) -> list[MarginEntry]:
    """The margin of instant runoff and the smallest; the first of each where they are equal."""
    known = [entry for entry in report.margins if entry.upper is not None]
    shown = [entry for entry in known if entry.rule == "instant-runoff"]
    least = min(known, key=lambda e: e.upper or 0, default=None)
    return [*shown, *([least] if least is not None and least not in shown else [])]


def margin_sentence(entry: MarginEntry) -> str:
    """A margin of victory in a sentence."""
    if entry.upper is None:
        return f"{entry.title}: {entry.method}"
    wins = "wins" if len(entry.winners) == 1 else "tie"
    who = f"By {in_text(entry.title)}, {joined(entry.winners)} {wins};"
    most = ballots_text(entry.upper, entry.ballots, entry.unit)
    if entry.exact:
        return f"{who} {most} would change it, and no fewer."
    bound = ""
    if (entry.lower or 1) > 1:
        bound = f"at least {amount(entry.lower or 1, entry.ballots, entry.unit)} and "
    return f"{who} it takes {bound}at most {most} to change it."


def amount(size: int, total: int, unit: float) -> str:
    """A number of ballots; a percentage where the weights of ballots are no whole numbers."""
    return f"{size:,}" if unit == 1 else f"{100 * size / total:.4g} %"


def ballots_text(size: int, total: int, unit: float) -> str:
    """A number of ballots of all, such as ``12 of 8,833 ballots`` or ``2 % of the ballots``."""
    if unit != 1:
        return f"{amount(size, total, unit)} of the ballots"
    return f"{size:,} of {total:,} ballots"


def in_text(title: str) -> str:
    """A rule's title within a sentence: without its capital, unless it is a person's name or the
    name of a rule that bears one."""
    plain = ("Plurality", "Instant", "Anti", "Minimax", "Split", "Ranked", "Utilitarian", "River",
             "Stable", "Simple", "Egalitarian")  # fmt: skip
    return title[0].lower() + title[1:] if title.startswith(plain) else title


def joined(names: Sequence[str]) -> str:
    """Names as a list in a sentence."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def number(value: float) -> str:
    """A number of ballots: whole where it is, else with two decimals at most."""
    return f"{value:,.0f}" if abs(value - round(value)) < 1e-9 else f"{value:,.2f}".rstrip("0")

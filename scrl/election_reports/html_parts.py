"""The sections of the HTML file."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence

from scrl.election_reports.headlines import amount, joined, number
from scrl.election_reports.report_data import ElectionReport, MarginEntry, RuleEntry

#: Tables with more columns have smaller type.
MANY_COLUMNS = 8
#: Most different ballots of a change that are listed.
MAX_BALLOTS = 8
#: Most tied winners that a cell names.
MAX_TIED = 3
#: What is said where every reading elects the same.
OTHER_READINGS = "By every other reading the same candidates win:"
#: Most candidates whose order stands in one line.
MAX_IN_LINE = 6


def text(value: str) -> str:
    """Text that means itself in HTML: escaped, without control characters."""
    return html.escape("".join(c if c.isprintable() else " " for c in value))


def name(value: str) -> str:
    """A candidate's name, which does not change the direction of the text around it."""
    return f"<bdi>{text(value)}</bdi>"


def names(values: Iterable[str], sign: str = " = ") -> str:
    """Names with a sign between."""
    return sign.join(map(name, values))


def ballot_tiles(report: ElectionReport) -> str:
    """What ballots there are, as tiles."""
    b = report.ballots
    tiles = [
        (number(b.voters), "ballots" if b.voters != 1 else "weight of all ballots"),
        (f"{len(b.first):,}", "candidates"),
        (f"{b.distinct:,}", "different ballots"),
        (f"{b.mean_ranked:.1f}", "candidates ranked on average"),
    ]  # fmt: skip
    for count, what in (
        (b.truncated, "ballots leave candidates out"), (b.single, "ballots rank one candidate"),
        (b.tied, "ballots have ties"),
    ):  # fmt: skip
        if count:
            tiles.append((number(count), what))
    items = "".join(f"<li><b>{value}</b><span>{what}</span></li>" for value, what in tiles)
    return f'<ul class="tiles">{items}</ul>'


def winners(report: ElectionReport) -> str:
    """Who wins by which rules."""
    items = []
    for who, entries in report.winner_groups().items():
        chips = "".join(f"<span>{text(entry.title)}</span>" for entry in entries)
        items.append(f'<li><b>{names(who)}</b><div class="chips">{chips}</div></li>')
    return _section("Who wins by which rule", "", f'<ul class="groups">{"".join(items)}</ul>')


def margins(report: ElectionReport) -> str:
    """How many ballots would change each winner."""
    if not report.margins:
        return ""
    largest = max((entry.share or 0.0 for entry in report.margins), default=0.0) or 1.0
    rows = []
    for entry in report.margins:
        width = 100 * (entry.share or 0.0) / largest
        share = "" if entry.share is None else f"{entry.share:.2%}".replace("%", " %")
        bar = f'<span class="track"><span class="bar strong" style="width:{width:.1f}%"></span>'
        rows.append(
            f"<tr><th>{text(entry.title)}</th>"
            f'<td data-label="Winner">{names(entry.winners)}</td>'
            f'<td data-label="Ballots" class="number">{_amount(entry)}</td>'
            f'<td data-label="Share" class="number">{share}</td><td>{bar}</span></td>'
            f'<td data-label="Then first">{names(entry.new_winners)}{_witness(entry)}</td></tr>'
        )
    intro = (
        "The fewest ballots that have to be replaced by others before another candidate wins or "
        "draws level. A new ballot ranks all candidates. The change shown was counted, and no "
        "smaller one suffices; where that is not proved, a range is given."
    )
    head = ("Rule", "Winner", "Ballots", "Share", "", "Then first")
    return _section("How close it was", intro, _table(head, rows, "stack", {2, 3}))


def _amount(entry: MarginEntry) -> str:
    if entry.upper is None:
        return text(entry.method)
    most = amount(entry.upper, entry.ballots, entry.unit)
    if entry.exact:
        return most
    return f"{amount(entry.lower or 1, entry.ballots, entry.unit)} to {most}"


def _witness(entry: MarginEntry) -> str:
    """The ballots that change, to be unfolded."""
    if not entry.removed:
        return ""
    return (
        f"<details><summary>Which ballots</summary>Replace{_ballots(entry, entry.removed)}by"
        f"{_ballots(entry, entry.added)}{text(entry.method)}</details>"
    )


def _ballots(entry: MarginEntry, listed: Sequence[tuple[float, str]]) -> str:
    """Ballots as a list; the last line says how many more there are."""
    assert entry.upper is not None
    shown = listed[:MAX_BALLOTS]
    lines = [f"<li>{number(n)} × {text(ballot)}</li>" for n, ballot in shown]
    more = entry.upper * entry.unit - sum(n for n, _ in shown)
    if more > 0.5 * entry.unit:
        lines.append(f"<li>and {number(more)} more</li>")
    return f"<ul>{''.join(lines)}</ul>"


def rounds(report: ElectionReport) -> str:
    """Instant runoff: a row for each candidate, a column for each round."""
    last = {who: i for i, entry in enumerate(report.rounds) for who in entry.tally}
    order = sorted(last, key=lambda who: (-last[who], -report.rounds[last[who]].tally[who]))
    cells = [
        [(e.tally.get(who), _mark(who, e.winners, e.out)) for e in report.rounds] for who in order
    ]
    ended = [entry.exhausted for entry in report.rounds]
    intro = (
        "Ballots for each candidate. Underlined: the fewest, who go out after the round. A ballot "
        "is exhausted when it prefers none of those left."
    )
    table = _rounds_table("Round", order, cells, ended)
    return _section("Instant runoff, round by round", intro, table)


def seats(report: ElectionReport) -> str:
    """The single transferable vote: a row for each candidate, a column for each stage."""
    count = report.seats
    if count is None:
        return ""
    order = list(report.ballots.first)
    out: set[str] = set()
    columns = []
    for stage in count.stages:
        shown = {who: None if who in out else votes for who, votes in stage.votes.items()}
        columns.append([(shown[who], _mark(who, stage.elected, stage.out)) for who in order])
        out |= set(stage.out)
    cells = [list(row) for row in zip(*columns, strict=True)]
    events = "".join(f"<li>{text(stage.event)}</li>" for stage in count.stages)
    table = _rounds_table("Stage", order, cells, [stage.exhausted for stage in count.stages])
    title = f"{count.seats} seats by the single transferable vote"
    return _section(title, text(count.method), f"{table}<ol>{events}</ol>")


def _mark(who: str, winners: Sequence[str], out: Sequence[str]) -> str:
    return "first" if who in winners else "out" if who in out else ""


def _rounds_table(
    word: str,
    order: Sequence[str],
    cells: Sequence[Sequence[tuple[float | None, str]]],
    exhausted: Sequence[float],
) -> str:
    """Votes of candidates, a column for each round, with the class of each cell."""
    rows = []
    for who, row in zip(order, cells, strict=True):
        shown = "".join(
            f'<td class="{kind}">{"" if votes is None else number(votes)}</td>'
            for votes, kind in row
        )
        rows.append(f'<tr><th class="name">{name(who)}</th>{shown}</tr>')
    ended = "".join(f"<td>{number(votes)}</td>" for votes in exhausted)
    foot = f'<tfoot><tr><th class="name">Exhausted</th>{ended}</tr></tfoot>'
    return _table(_numbered("Candidate", word, len(exhausted)), rows, "rounds", (), foot)


def head_to_head(report: ElectionReport) -> str:
    """The pairwise table: ballots for the row against the column."""
    table = report.pairwise
    largest = max(
        (abs(table.margin(i, j)) for i in range(len(table.names)) for j in range(i)), default=0
    )
    rows = []
    for i, who in enumerate(table.names):
        cells = []
        for j, count in enumerate(table.above[i]):
            lead = table.margin(i, j)
            kind = "self" if i == j else "win" if lead > 0 else "loss" if lead < 0 else ""
            depth = 0.08 + 0.42 * abs(lead) / largest if largest else 0
            shown = "–" if i == j else number(count)
            cells.append(f'<td class="{kind}" style="--a:{depth:.2f}">{shown}</td>')
        place = f'<span class="place">{i + 1}</span>'
        rows.append(f'<tr><th class="name">{place}{name(who)}</th>{"".join(cells)}</tr>')
    head = _numbered("Ballots for", "over", len(table.names))
    return _section("Head to head", text(_condorcet(report)), _table(head, rows, "matrix"))


def _condorcet(report: ElectionReport) -> str:
    table = report.pairwise
    sentences = ["How many ballots rank the candidate of the row above that of the column."]
    if table.condorcet_winner is not None:
        sentences.append(f"{table.condorcet_winner} beats every other candidate.")
    else:
        sentences.append(f"No candidate beats all others. Smith set: {joined(table.smith_set)}.")
    if table.condorcet_loser is not None:
        sentences.append(f"{table.condorcet_loser} loses to every other candidate.")
    return " ".join(sentences)


def orders(report: ElectionReport) -> str:
    """The order of each rule: a line for each rule where candidates are few, else a table of
    places."""
    errors = "".join(
        f'<p class="quiet">{text(rule)}: {text(reason)}</p>'
        for rule, reason in report.errors.items()
    )
    if len(report.pairwise.names) > MAX_IN_LINE:
        return _section("The place by each rule", "", _places(report) + errors)
    rows = [
        f'<tr><th>{text(entry.title)}</th><td><div class="order">{_order(entry)}</div></td></tr>'
        for entry in report.rules
    ]
    body = _table(("Rule", "Order"), rows, "stack") + errors
    return _section("The order by each rule", "", body)


def _places(report: ElectionReport) -> str:
    """Places of candidates by rules, those who do best on average first."""
    places = {who: [_place(entry, who) for entry in report.rules] for who in report.pairwise.names}
    rows = []
    for who, found in sorted(places.items(), key=lambda item: sum(item[1])):
        depth = 0.45 / len(places)
        cells = "".join(
            f'<td class="{"place-first" if p == 1 else "place-other"}" '
            f'style="--a:{max(0.0, 0.5 - depth * 1.6 * p):.2f}">{p}</td>'
            for p in found
        )
        rows.append(f'<tr><th class="name">{name(who)}</th>{cells}</tr>')
    head = "".join(f'<th class="upright"><span>{text(e.title)}</span></th>' for e in report.rules)
    return (
        '<div class="scroll"><table class="matrix wide"><thead><tr><th>Candidate</th>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _place(entry: RuleEntry, who: str) -> int:
    """How many candidates are ahead of one, plus one."""
    place = 1
    for tied in entry.order:
        if who in tied:
            break
        place += len(tied)
    return place


def _order(entry: RuleEntry) -> str:
    parts, place = [], 1
    for tied in entry.order:
        parts.append(f'<span><span class="place">{place}</span>{names(tied)}</span>')
        place += len(tied)
    return " ".join(parts)


def readings(report: ElectionReport) -> str:
    """What another reading of truncated ballots would change."""
    if not report.readings:
        return ""
    found = report.reading_rows()
    intro = f"{text(report.reading)} This report reads them so. "
    intro += "Read otherwise, other candidates would win:" if found else OTHER_READINGS
    heads = [f"{number}. {entry.title}" for number, entry in enumerate(report.readings, 1)]
    rows = []
    for rule, winners in found:
        cells = "".join(
            f'<td data-label="{text(head)}">{_other_winners(who)}</td>'
            for head, who in zip(heads, winners, strict=True)
        )
        now = f'<td data-label="Here">{names(rule.winners)}</td>'
        rows.append(f"<tr><th>{text(rule.title)}</th>{now}{cells}</tr>")
    table = _table(("Rule", "Here", *heads), rows, "stack") if rows else ""
    said = "".join(f"<li>{text(entry.sentence)}</li>" for entry in report.readings)
    return _section("What a ballot leaves out", intro, f'{table}<ol class="note">{said}</ol>')


def _other_winners(who: Sequence[str] | None) -> str:
    if who is None:
        return '<span class="quiet">not counted</span>'
    if not who:
        return '<span class="quiet">the same</span>'
    return names(who) if len(who) <= MAX_TIED else f"{len(who)} candidates tie"


def chances(report: ElectionReport) -> str:
    """How often each candidate wins when ballots are drawn again."""
    shown = [entry for entry in report.rules if entry.chances]
    if not shown:
        return ""
    rows = []
    for entry in shown:
        likely = sorted(entry.chances.items(), key=lambda pair: -pair[1])
        listed = ", ".join(f"{name(who)} {share:.0%}" for who, share in likely if share >= 0.005)
        rows.append(f"<tr><th>{text(entry.title)}</th><td>{listed}</td></tr>")
    intro = (
        f"As many ballots as were cast, drawn {report.resamples:,} times with replacement from "
        "those cast: how often each candidate wins."
    )
    return _section("If the ballots were a sample", intro, _table(("Rule", "Wins"), rows, "stack"))


def first_places(report: ElectionReport) -> str:
    """First places of each candidate, as bars."""
    b = report.ballots
    largest = max(b.first.values(), default=0) or 1
    rows = []
    for who, count in sorted(b.first.items(), key=lambda pair: -pair[1]):
        width = 100 * count / largest
        rows.append(
            f'<div class="row"><span class="label">{name(who)}</span><span class="bar" '
            f'style="width:{width:.1f}%"></span><span class="value">{number(count)} · '
            f"{count / b.voters:.1%}</span></div>"
        )
    intro = "Ballots with the candidate in first place; a tied first place is split equally."
    return _section("First places", intro, f'<div class="bars">{"".join(rows)}</div>')


def notes(report: ElectionReport) -> str:
    """Remarks on the ballots and the count."""
    items = "".join(f"<li>{text(note)}</li>" for note in report.notes)
    return _section("Notes", "", f'<ul class="notes">{items}</ul>') if items else ""


#: The sections in order.
SECTIONS = (
    winners, margins, first_places, rounds, seats, head_to_head, orders, readings, chances, notes,
)  # fmt: skip


def _section(title: str, intro: str, body: str) -> str:
    lead = f"<p>{intro}</p>" if intro else ""
    return f"<section><h2>{title}</h2>{lead}{body}</section>"


def _numbered(first: str, word: str, columns: int) -> list[str]:
    """The head of a table with numbered columns; the word stands once where they are many."""
    if columns < MANY_COLUMNS:
        return [first, *(f"{word} {i}" for i in range(1, columns + 1))]
    return [f"{first}, {word.lower()}", *(str(i) for i in range(1, columns + 1))]


def _table(
    head: Sequence[str],
    rows: Sequence[str],
    kind: str,
    right: Iterable[int] = (),
    foot: str = "",
) -> str:
    aligned = set(right)
    cells = "".join(
        f"<th{' class=number' if i in aligned else ''}>{text(cell)}</th>"
        for i, cell in enumerate(head)
    )
    wide = " wide" if len(head) > MANY_COLUMNS else ""
    return (
        f'<div class="scroll"><table class="{kind}{wide}"><thead><tr>{cells}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody>{foot}</table></div>"
    )

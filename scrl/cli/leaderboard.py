"""The command that fits a leaderboard to the comparisons or the rankings of a table."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrl.cli.outputs import check_output, write_result
from scrl.types import InputError

if TYPE_CHECKING:
    from scrl.choice_models.leaderboards import Anchor, Leaderboard

#: Arguments that name a column of comparisons, and of rankings.
PAIR_COLUMNS = ("winner", "loser", "model_a", "model_b")
RANKING_COLUMNS = ("ranking", "item", "rank")


def add_leaderboard_options(parser: ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("file", type=Path)
    columns = parser.add_argument_group("columns of comparisons")
    for name in PAIR_COLUMNS:
        columns.add_argument(f"--{name.replace('_', '-')}", metavar="COLUMN")
    columns = parser.add_argument_group("columns of rankings (Plackett–Luce), a row an item")
    for name in RANKING_COLUMNS:
        columns.add_argument(f"--{name}", metavar="COLUMN")
    parser.add_argument("--weight", metavar="COLUMN")
    parser.add_argument("--rater", metavar="COLUMN", help="rows of one rater depend on each other")
    parser.add_argument(
        "--ties", default="half", help="half (default), davidson, rao-kupper or omit"
    )
    parser.add_argument(
        "--feature", action="append", default=[], metavar="COLUMN[-COLUMN]",
        help="what may favour the first item, such as len_a-len_b; may be given several times",
    )  # fmt: skip
    parser.add_argument("--side", action="store_true", help="whether being shown first helps")
    parser.add_argument("--prior-sd", type=float, metavar="SD", help="of a prior; default: none")
    parser.add_argument("--scale", default="log-odds", help="log-odds (default) or elo")
    parser.add_argument(
        "--anchor", metavar="[NAME=]SCORE", help="an item's score, or the mean of all scores"
    )
    parser.add_argument("--bootstrap", type=int, metavar="N", help="intervals from N resamples")
    parser.add_argument("--held-out", type=int, metavar="FOLDS", help="likelihood of held-out rows")
    parser.epilog = (
        "Columns called winner and loser, or model_a, model_b and winner, need no argument."
    )


def leaderboard(chosen: Namespace) -> None:
    """Fit the table in ``chosen.file``, print the leaderboard, write the result."""
    from scrl.cli.printing import shown
    from scrl.data.whole_tables import read_columns

    check_output(chosen.out)
    board = _fit(read_columns(chosen.file), chosen)
    method = "normal"
    if chosen.bootstrap is not None:
        board, method = board.bootstrap(chosen.bootstrap, chosen.seed), "percentile"
    print("\n".join(map(shown, board.to_text(method).split("\n"))))
    for name, found in board.coefficients.items():
        between = f"{found.low:.3f} to {found.high:.3f}"
        print(f"{shown(name)}: {found.estimate:.3f} ({between}), log-odds")
    result: dict[str, Any] = {
        "model": board.model, "gauge": board.gauge, "scale": board.scale, "errors": board.errors,
        "intervals": method, "rows": board.rows(method=method), "tie": board.tie,
        "log_likelihood": board.log_likelihood, "notes": list(board.notes),
        "coefficients": {name: found._asdict() for name, found in board.coefficients.items()},
    }  # fmt: skip
    if chosen.held_out is not None:
        held_out = board.held_out(chosen.held_out, chosen.seed)
        result["held_out"] = held_out._asdict()
        print(
            f"held-out log-likelihood a row: {held_out.log_likelihood:.4f}, {held_out.gain:+.4f} "
            f"± {held_out.standard_error:.4f} beside equal items"
        )
    write_result(chosen.out, result)


def _fit(columns: dict[str, Any], chosen: Namespace) -> Leaderboard:
    """The fit of comparisons, or of rankings where their columns are named or alone there."""
    from scrl.choice_models.leaderboard_fits import fit_bradley_terry, fit_plackett_luce

    shared: dict[str, Any] = {
        "weight": chosen.weight, "rater": chosen.rater, "prior_sd": chosen.prior_sd,
        "anchor": _anchor(chosen.anchor), "scale": chosen.scale,
    }  # fmt: skip
    stated = {name: getattr(chosen, name) for name in PAIR_COLUMNS}
    ranked = {name: getattr(chosen, name) for name in RANKING_COLUMNS}
    if any(ranked.values()) or ({"item", "rank"} <= set(columns) and not any(stated.values())):
        if any(stated.values()) or chosen.feature or chosen.side or chosen.ties != "half":
            raise InputError("--winner, --ties, --feature and the like are for comparisons.")
        return fit_plackett_luce(columns, **ranked, **shared)
    features = [_feature(text, columns) for text in chosen.feature]
    return fit_bradley_terry(
        columns, **stated, **shared, ties=chosen.ties, side=chosen.side, features=features
    )


def _feature(text: str, columns: dict[str, Any]) -> str | tuple[str, str]:
    """A column, or two with a minus between them."""
    if text in columns:
        return text
    for i, mark in enumerate(text):
        if mark == "-" and text[:i] in columns and text[i + 1 :] in columns:
            return text[:i], text[i + 1 :]
    return text


def _anchor(text: str | None) -> Anchor:
    """``NAME=SCORE`` or ``SCORE``."""
    if text is None:
        return None
    name, mark, score = text.rpartition("=")
    try:
        value = float(score)
    except ValueError:
        raise InputError(f"--anchor {text}: give NAME=SCORE or a number.") from None
    return {name: value} if mark else value

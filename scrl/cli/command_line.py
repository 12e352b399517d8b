"""Arguments of the command line, and ``main``, which runs one command.

Tables go to stdout, progress to stderr. The exit code is 0, or 2 with one line for bad input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from scrl.cli import baking, commands, packing
from scrl.cli.columns import add_columns
from scrl.cli.engines import add_engine_options
from scrl.cli.leaderboard import add_leaderboard_options, leaderboard
from scrl.cli.outputs import check_apart
from scrl.cli.printing import clear_progress, show_warnings
from scrl.cli.record_options import add_record_options
from scrl.cli.reporting import add_report_options, report
from scrl.cli.serving import app
from scrl.cli.sweeping import add_sweep_options, sweep
from scrl.cli.tracking import add_tracking_options, track
from scrl.cli.vote import MEANINGS, WIDTHS, vote
from scrl.config import MAX_SEEDS
from scrl.types import InputError

MAX_VOTERS = 1_000_000
Subparsers = argparse._SubParsersAction


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code.

    Args:
        arguments: default ``sys.argv[1:]``.
    """
    chosen = _parser().parse_args(arguments)
    show_warnings()
    try:
        check_apart(vars(chosen))
        chosen.command(chosen)
    except InputError as error:
        clear_progress()
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nstopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        sys.stderr.close()
    return 0


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def _parser() -> argparse.ArgumentParser:
    top = _Parser(prog="python -m scrl", description="The social choice reward lab.")
    subparsers = top.add_subparsers(metavar="COMMAND", required=True)
    for add in (
        _add_app,
        _add_run,
        _add_pack,
        _add_train,
        _add_elect,
        _add_vote,
        _add_report,
        _add_leaderboard,
        _add_evaluate,
        _add_score,
        _add_reproduce,
        _add_track,
        _add_sweep,
        _add_bake,
    ):
        add(subparsers)
    return top


def _add_app(subparsers: Subparsers) -> None:
    parser = _command(subparsers, "app", app, "Start the app in the browser.")
    parser.add_argument("--port", type=_whole_number(1, 65535), default=8501, metavar="N")
    parser.add_argument(
        "--address", default="", metavar="IP", help="listen at this address only (default: all)"
    )
    parser.add_argument(
        "--headless", action="store_true", help="open no browser window, as on a server"
    )
    help = "processes at one address, behind nginx (default 1; see docs/server.md)"
    parser.add_argument("--workers", type=_whole_number(1, 64), default=1, metavar="N", help=help)


def _add_run(subparsers: Subparsers) -> None:
    help = "From a scenario or a ratings file to a social reward model."
    run = _command(subparsers, "run", commands.run, help)
    run.add_argument("file", type=Path)
    run.add_argument(
        "--raters", type=_whole_number(1), metavar="N", help="of a scenario, else its own"
    )
    run.add_argument(
        "--voters", type=_whole_number(1, MAX_VOTERS), metavar="N", help="simulated voters"
    )
    run.add_argument(
        "--seeds", type=_whole_number(1, MAX_SEEDS), default=1, metavar="N",
        help="so many runs at once, from --seed on; the result tells how far apart they lie",
    )  # fmt: skip
    run.add_argument("--save", type=Path, metavar="FOLDER", help="save the reward models here")
    _add_options(run, "rule", "seed", "missing", "columns", "texts")


def _add_pack(subparsers: Subparsers) -> None:
    help = "Read a table of any size once, and write it as packed ratings to train on."
    packing.add_pack_options(_command(subparsers, "pack", packing.pack, help))


def _add_train(subparsers: Subparsers) -> None:
    help = "Train the model of raters on packed ratings, in batches."
    packing.add_train_options(_command(subparsers, "train", packing.train, help), _whole_number)


def _add_elect(subparsers: Subparsers) -> None:
    help = "Hold the elections of a trained model's simulated voters, as many as one likes."
    packing.add_elect_options(_command(subparsers, "elect", packing.elect, help), _whole_number)


def _add_vote(subparsers: Subparsers) -> None:
    help = "Count the ballots of a ratings file or of a published election as they are."
    parser = _command(subparsers, "vote", vote, help)
    parser.add_argument("file", type=Path)
    parser.add_argument(
        "--missing", choices=MEANINGS,
        help="what a ballot says of a completion that it leaves out: tied in last place (default), "
        "nothing, or as the package pref_voting counts",
    )  # fmt: skip
    parser.add_argument(
        "--widths", choices=WIDTHS,
        help="with --missing unseen, the width of a victory: a share of the ballots that rank both "
        "(default), or a count of ballots",
    )  # fmt: skip
    parser.add_argument(
        "--most-ranked", type=_whole_number(2, 2_000), metavar="N",
        help="count only the N completions of each prompt that most ballots rank",
    )  # fmt: skip
    _add_options(parser, "rule", "columns")
    add_record_options(parser)
    parser.epilog = "--rule all counts by every rule that reads orders."


def _add_report(subparsers: Subparsers) -> None:
    help = "Report on an election: rules, rounds, head to head, margins of victory; as HTML."
    add_report_options(_command(subparsers, "report", report, help))


def _add_leaderboard(subparsers: Subparsers) -> None:
    help = "Scores with intervals from a table of compared pairs or of rankings."
    parser = _command(subparsers, "leaderboard", leaderboard, help)
    add_leaderboard_options(parser)
    _add_options(parser, "seed")


def _add_evaluate(subparsers: Subparsers) -> None:
    help = "Predict hidden comparisons of held-out raters."
    evaluate = _command(subparsers, "evaluate", commands.evaluate, help)
    evaluate.add_argument("file", type=Path)
    evaluate.add_argument("--hide", type=float, default=0.5, metavar="FRACTION")
    evaluate.add_argument(
        "--rivals", default="all", metavar="NAMES",
        help="simple models to compare with: all (default), none, or names with commas between",
    )  # fmt: skip
    _add_options(evaluate, "seed", "missing", "columns", "texts")


def _add_score(subparsers: Subparsers) -> None:
    help = "Rewards of a saved model for the completions of a file."
    score = _command(subparsers, "score", commands.score, help)
    score.add_argument("model", type=Path)
    score.add_argument("file", type=Path)
    _add_options(score, "columns")


def _add_reproduce(subparsers: Subparsers) -> None:
    help = "Run again what an exported archive holds."
    reproduce = _command(subparsers, "reproduce", commands.reproduce, help)
    reproduce.add_argument("file", type=Path, metavar="ARCHIVE.zip")
    _add_options(reproduce)


def _add_track(subparsers: Subparsers) -> None:
    help = "Write finished runs or a sweep to MLflow, or to Weights & Biases' offline folders."
    add_tracking_options(_command(subparsers, "track", track, help))


def _add_sweep(subparsers: Subparsers) -> None:
    help = "Run scenarios × settings × seeds, on this machine or on a cluster, as one table."
    add_sweep_options(_command(subparsers, "sweep", sweep, help), _whole_number)


def _add_bake(subparsers: Subparsers) -> None:
    help = "Make, list, check or verify the baked results of the studies."
    bake = _command(subparsers, "bake", baking.bake, help)
    bake.add_argument("names", nargs="*", metavar="NAME", help="a study (see --list)")
    bake.add_argument("--all", action="store_true", help="every study; half an hour and more")
    action = bake.add_mutually_exclusive_group()
    action.add_argument("--list", action="store_true", help="list the studies and their state")
    action.add_argument(
        "--check", action="store_true", help="fail where a baked file is missing or stale"
    )
    action.add_argument(
        "--verify", action="store_true",
        help="recompute a part; where it agrees, mark the baked file as made by today's code",
    )  # fmt: skip
    bake.add_argument(
        "--people", type=Path, metavar="FOLDER", help="the folder of real people's ballots"
    )
    bake.add_argument("--out", type=Path, metavar="FOLDER", help="where baked files are written")
    add_engine_options(bake, _whole_number)


def _command(
    subparsers: Subparsers, name: str, function: Callable[[argparse.Namespace], None], help: str
) -> argparse.ArgumentParser:
    parser = subparsers.add_parser(name, help=help, description=help)
    parser.set_defaults(command=function)
    return parser


def _add_options(parser: argparse.ArgumentParser, *names: str) -> None:
    """Add ``--out``, and those of the shared options that are named."""
    if "rule" in names:
        parser.add_argument(
            "--rule", action="append", metavar="NAME", help="a rule; may be given several times"
        )
    if "seed" in names:
        parser.add_argument("--seed", type=_whole_number(0, 2**32 - 1), default=0, metavar="N")
    if "missing" in names:
        parser.add_argument(
            "--missing",
            choices=("unseen", "last"),
            help="what a completion left off a ballot means (default: as the format has it)",
        )
    if "columns" in names:
        add_columns(parser)
    if "texts" in names:
        parser.add_argument(
            "--texts",
            choices=("read", "ignore"),
            default="ignore",
            help="whether models read the texts of a ratings file (default: ignore)",
        )
    parser.add_argument("--out", type=Path, metavar="RESULT.json", help="also write the result")


def _whole_number(least: int, most: int | None = None) -> Callable[[str], int]:
    """A parser of whole numbers within these bounds."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if value < least or (most is not None and value > most):
            bound = f"from {least:,} to {most:,}" if most else f"{least} or more"
            raise argparse.ArgumentTypeError(f"'{text}' is not a whole number {bound}")
        return value

    return parse

"""The commands for data of any size: pack a table, train on it, hold the elections of a model.

The library is imported inside the functions, so that ``--help`` and bad input need no JAX.
"""

from __future__ import annotations

import hashlib
import time
from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from typing import Any

from scrl.cli.columns import add_columns, stated_columns
from scrl.cli.outputs import check_output, keep, write_result
from scrl.cli.printing import (
    ProgressLines,
    clear_progress,
    print_notes,
    print_table,
    show_progress,
    shown,
)
from scrl.config import DEFAULT_RULES
from scrl.types import InputError, Progress

#: Voters of an electorate, at most.
MAX_VOTERS = 1_000_000_000
#: Prompts whose orders are printed; the result file has all.
_PRINTED = 5


class TimedProgress:
    """Progress with the time that is left, told by the time that the work took so far.

    Args:
        interval: seconds between two lines at least.
    """

    def __init__(self, interval: float = 0.5) -> None:
        self._interval, self._shown = interval, 0.0
        self._start: tuple[float, float] | None = None
        self._lines = ProgressLines()

    def __call__(self, share: float, message: str) -> None:
        """Show a line; ``share`` of the work is done."""
        now = time.monotonic()
        if self._start is None:
            self._start = now, share
        if now - self._shown < self._interval:
            return
        self._shown = now
        started, before = self._start
        done = share - before  # what was done before, by an interrupted run, took no time
        left = (now - started) * (1 - share) / done if done > 0.005 else None
        if left is not None:
            message += f", {in_words(left)} left"
        show_progress(Progress("individual", share, message))
        self._lines(f"{share:.0%}  {message}")


def in_words(seconds: float) -> str:
    """A duration for a person.

    >>> in_words(8), in_words(200), in_words(9000)
    ('8 s', '3 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def add_pack_options(parser: ArgumentParser) -> None:
    """The arguments of ``scrl pack``."""
    parser.add_argument("file", type=Path, help=".parquet, .arrow or .csv, or a folder of them")
    parser.add_argument("folder", type=Path, help="where the packed ratings are written")
    parser.add_argument(
        "--texts", choices=("read", "ignore"), default="ignore",
        help="whether features are made of the texts (default: ignore)",
    )  # fmt: skip
    parser.add_argument("--overwrite", action="store_true", help="replace the folder")
    add_columns(parser)


def pack(chosen: Namespace) -> None:
    """Pack a table of ratings."""
    from scrl.packed_ratings import pack as pack_ratings

    started = time.monotonic()
    packed = pack_ratings(
        chosen.file, chosen.folder, stated_columns(chosen), chosen.texts, chosen.overwrite,
        TimedProgress(),
    )  # fmt: skip
    clear_progress()
    c = packed.catalogue
    print(
        f"{packed.raters:,} raters, {packed.ballots:,} ballots that rank {packed.entries:,} "
        f"completions; {len(c.prompts):,} prompts, {c.items:,} completions of them; "
        f"{in_words(time.monotonic() - started)}\n"
    )
    print_notes(packed.notes)


def add_train_options(parser: ArgumentParser, whole_number: Callable[..., Any]) -> None:
    """The arguments of ``scrl train``; ``whole_number`` makes a parser of numbers in bounds."""
    parser.add_argument("folder", type=Path, help="of packed ratings (scrl pack)")
    parser.add_argument("--out", type=Path, metavar="MODEL", required=True,
                        help="the file of the model")  # fmt: skip
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE",
        help="kept while training; where it is there, training goes on from it",
    )  # fmt: skip
    parser.add_argument("--types", type=whole_number(1, 64), metavar="N",
                        help="of raters (default: chosen by held-out raters)")  # fmt: skip
    parser.add_argument("--latent", type=whole_number(1, 16), metavar="N",
                        help="dimensions of the variation within types (default: 4)")  # fmt: skip
    parser.add_argument("--epochs", type=whole_number(1, 10_000), metavar="N",
                        help="how often every rater is read (default: 3)")  # fmt: skip
    parser.add_argument("--steps", type=whole_number(1, 10_000_000), metavar="N",
                        help="steps at least, where an epoch is few batches (default: 200)",
                        )  # fmt: skip
    parser.add_argument("--devices", type=whole_number(1, 4096), metavar="N",
                        help="to train on (default: all)")  # fmt: skip
    parser.add_argument(
        "--leave-out", type=fraction, default=0.0, metavar="SHARE",
        help="of the raters who are not trained on, drawn by --seed, for a test of the model",
    )  # fmt: skip
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=0, metavar="N")


def train(chosen: Namespace) -> None:
    """Train the model of raters on packed ratings, and save it."""
    from scrl.packed_ratings import PackedRatings

    check_output(chosen.out)
    check_output(chosen.checkpoint, "--checkpoint")
    packed = PackedRatings.open(chosen.folder)

    from scrl.runtime import start
    from scrl.streamed_raters import StreamedConfig, save_streamed, train_streamed

    start()
    named = {"types": chosen.types, "latent": chosen.latent, "epochs": chosen.epochs,
             "min_steps": chosen.steps}  # fmt: skip
    config = StreamedConfig(**{name: value for name, value in named.items() if value is not None})
    left_out = packed.held_out(chosen.leave_out, chosen.seed) if chosen.leave_out else None
    show, started = TimedProgress(), time.monotonic()
    try:
        model = train_streamed(
            packed, config, chosen.seed, left_out=left_out, checkpoint=chosen.checkpoint,
            devices=chosen.devices, on_progress=lambda p: show(p.fraction, p.message),
        )  # fmt: skip
    except OSError as error:
        raise InputError(
            f"--checkpoint {chosen.checkpoint}: {error.strerror or error}; that of before is kept, "
            "and the same command goes on from it."
        ) from error
    clear_progress()
    keep(chosen.out, lambda place: save_streamed(model, place), "model")
    shares = ", ".join(f"{share:.1%}" for share in sorted(model.share, reverse=True))
    kinds = "1 type" if model.types == 1 else f"{model.types} types"
    print(
        f"{kinds} of raters ({shares}) that vary in {model.latent} dimensions; trained in "
        f"{in_words(time.monotonic() - started)}; the model is in {shown(str(chosen.out))}\n"
    )


def add_elect_options(parser: ArgumentParser, whole_number: Callable[..., Any]) -> None:
    """The arguments of ``scrl elect``; ``whole_number`` makes a parser of numbers in bounds."""
    parser.add_argument("model", type=Path, help="a model of raters (scrl train)")
    parser.add_argument("--voters", type=whole_number(1, MAX_VOTERS), default=100_000, metavar="N",
                        help="simulated voters (default: 100,000)")  # fmt: skip
    parser.add_argument("--rule", action="append", metavar="NAME",
                        help="a rule; may be given several times (default: "
                        f"{', '.join(DEFAULT_RULES)})")  # fmt: skip
    parser.add_argument(
        "--choice-noise", choices=("on", "off"), default="on",
        help="whether voters choose with the noise of raters (default: on)",
    )  # fmt: skip
    parser.add_argument(
        "--checkpoint", type=Path, metavar="FILE",
        help="outcomes as they come; where it is there, the contests in it are not counted again",
    )  # fmt: skip
    parser.add_argument("--memory", type=gigabytes, default=1.0, metavar="GB",
                        help="that ballots may take (default: 1)")  # fmt: skip
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=0, metavar="N")
    parser.add_argument("--out", type=Path, metavar="RESULT.json", help="also write the result")


def elect(chosen: Namespace) -> None:
    """Count the simulated voters of a model on every prompt."""
    from scrl.electorates import count_simulated_voters
    from scrl.results import outcome_dict
    from scrl.runtime import start
    from scrl.streamed_raters import load_streamed

    check_output(chosen.out)
    check_output(chosen.checkpoint, "--checkpoint")
    rules = chosen.rule or DEFAULT_RULES
    start()
    model = load_streamed(chosen.model)
    with chosen.model.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    catalogue, show = model.catalogue, TimedProgress()
    contests = len(catalogue.prompts)
    counts = count_simulated_voters(
        model, chosen.voters, rules, chosen.seed, chosen.choice_noise == "on",
        chosen.checkpoint, {"model": digest}, int(chosen.memory * 1e9),
        lambda n: show(n / contests, f"counting: {n:,} of {contests:,} prompts"),
    )  # fmt: skip
    clear_progress()
    prompts: dict[str, Any] = {}
    for number, prompt in enumerate(catalogue.prompts):
        names = catalogue.names(number)
        prompts[prompt] = {
            rule: outcome_dict(counts.outcome(number, rule), names) for rule in counts.rules
        }
    try:
        for prompt, outcomes in islice(prompts.items(), _PRINTED):
            print_table(prompt, [(rule, entry["order"], "") for rule, entry in outcomes.items()])
        if contests > _PRINTED:
            print(f"{contests - _PRINTED:,} more prompts are not shown; --out writes all.\n")
    finally:
        write_result(chosen.out, {
            "voters": chosen.voters, "seed": chosen.seed,
            "choice_noise": chosen.choice_noise == "on", "model": digest, "prompts": prompts,
        })  # fmt: skip


def fraction(text: str) -> float:
    """A share from 0 to .9."""
    return _number(text, 0.0, 0.9, "a share from 0 to 0.9")


def gigabytes(text: str) -> float:
    """Gigabytes of memory."""
    return _number(text, 0.001, 1e6, "a number of gigabytes from 0.001 to 1,000,000")


def _number(text: str, least: float, most: float, what: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise ArgumentTypeError(f"'{text}' is not {what}")
    return value

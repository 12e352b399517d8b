"""The command ``track``: runs and sweeps for MLflow or for Weights & Biases.

The library is imported inside the function, so that ``--help`` and bad input need neither.
"""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path

from scrl.cli.printing import clear_progress
from scrl.types import InputError


def add_tracking_options(parser: ArgumentParser) -> None:
    """The arguments of ``track``."""
    parser.add_argument(
        "file", type=Path, metavar="RESULT",
        help="a result file, an exported run (ZIP), the file of stored runs, or a sweep's folder",
    )  # fmt: skip
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--mlflow", metavar="URI",
        help="a folder, sqlite:///FILE, or the http(s) address of a server",
    )  # fmt: skip
    where.add_argument(
        "--wandb", type=Path, metavar="FOLDER", help="offline runs; `wandb sync` uploads them"
    )
    parser.add_argument(
        "--name", default="scrl", metavar="NAME",
        help="MLflow's experiment, or the project of Weights & Biases (default: scrl)",
    )  # fmt: skip
    parser.add_argument(
        "--run", metavar="ID", help="of the file of stored runs, one run (default: all finished)"
    )


def track(chosen: Namespace) -> None:
    """Export, and print what was added.

    Raises:
        InputError: as ``scrl.tracking.to_mlflow``.
    """
    from scrl.tracking import to_mlflow, to_wandb

    if not chosen.name.strip():
        raise InputError("--name is empty; give a name, or leave the option out.")

    def show(count: int) -> None:
        if sys.stderr.isatty():
            print(f"\r\x1b[K{count:,} runs", end="", file=sys.stderr)

    if chosen.mlflow is not None:
        found = to_mlflow(
            chosen.file, chosen.mlflow, experiment=chosen.name, run=chosen.run, on_done=show
        )
    else:
        found = to_wandb(
            chosen.file, chosen.wandb, project=chosen.name, run=chosen.run, on_done=show
        )
    clear_progress()
    runs = "run" if found.added == 1 else "runs"
    print(
        f"{found.added:,} {runs} added, {found.replaced:,} replaced, {found.kept:,} there already: "
        f"{found.address}"
    )

"""The options that say where tasks run: processes of this machine, or a cluster."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from typing import Any

#: Processes of one command, at most.
MAX_WORKERS = 1024


def add_engine_options(parser: ArgumentParser, whole_number: Callable[..., Any]) -> None:
    """The arguments ``--cluster`` and ``--workers``.

    Args:
        whole_number: makes a parser of whole numbers within bounds.
    """
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--cluster", metavar="ADDRESS",
        help="of a Dask scheduler (tcp://host:8786), or the path of its scheduler file",
    )  # fmt: skip
    where.add_argument(
        "--workers", type=whole_number(1, MAX_WORKERS), metavar="N",
        help="processes of this machine",
    )  # fmt: skip


def engine_of(chosen: Namespace) -> str:
    """The engine that the options ask for."""
    return chosen.cluster or "processes"

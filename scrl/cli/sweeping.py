"""The command ``sweep``: run a specification, show how far it is, print and write its table."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from math import fsum, sqrt
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scrl.cli.engines import add_engine_options, engine_of
from scrl.cli.printing import ProgressLines, clear_progress, show_progress, shown
from scrl.types import InputError, Progress

if TYPE_CHECKING:
    from scrl.sweeps import SweepProgress, SweepRow, SweepTable

#: Lines of the printed table, and failed tasks that are named; the files have all.
MAX_LINES, MAX_FAILURES = 40, 20
#: Measures that are printed unless others are asked for, by their last parts.
_PRINTED = ("vanilla/tau", "social/tau", "accuracy/individual", "accuracy/vanilla")


def add_sweep_options(parser: ArgumentParser, whole_number: Callable[..., Any]) -> None:
    """The arguments of ``sweep``.

    Args:
        whole_number: makes a parser of whole numbers within bounds.
    """
    parser.add_argument("spec", type=Path, metavar="SPEC.yaml")
    add_engine_options(parser, whole_number)
    parser.add_argument(
        "--measure", action="append", metavar="NAME",
        help="a measure to print; may be given several times (default: Kendall's τ of the "
        "vanilla and the social model under each rule, six columns at most)",
    )  # fmt: skip
    parser.add_argument("--retry", action="store_true", help="run again the tasks that failed")
    parser.add_argument(
        "--out", type=Path, metavar="FOLDER",
        help="of the sweep; a second call goes on with what is there (default: one of its name "
        "beside the stored runs, where the app looks)",
    )  # fmt: skip
    parser.epilog = (
        "The folder holds a result file for each task, and the table as table.csv and, with "
        "pyarrow, table.parquet. The exit code is 1 where a task failed."
    )


def sweep(chosen: Namespace) -> None:
    """Run the sweep, print its table and write it.

    Raises:
        InputError: as ``scrl.sweep``; for a measure that no task has.
        SystemExit: with code 1 where tasks failed.
    """
    from scrl.sweeps import sweep as run_sweep

    report = _Report()
    try:
        table = run_sweep(
            chosen.spec, chosen.out, engine_of(chosen), chosen.workers, report, chosen.retry
        )
    except (KeyboardInterrupt, InputError):
        clear_progress()
        report.print_kept()
        raise
    clear_progress()
    assert report.last is not None
    folder = report.last.folder
    print(
        f"{shown(table.name)}: {len(table.rows):,} tasks, {report.last.computed:,} computed now, "
        f"{len(table.failed):,} failed\n"
    )
    written = _write_tables(table, folder)
    _print_table(table, chosen.measure)
    print(f"\n{folder}: {', '.join(written)}, results/")
    if table.failed:
        _print_failures(table.failed)
        raise SystemExit(1)


class _Report:
    """Prints how far a sweep is, and when it will end."""

    def __init__(self) -> None:
        self.last: SweepProgress | None = None
        self._lines = ProgressLines()

    def __call__(self, progress: SweepProgress) -> None:
        if self.last is None and progress.dashboard:
            print(f"dashboard of the cluster: {progress.dashboard}", file=sys.stderr)
        self.last = progress
        message = f"{progress.ended:,} of {progress.tasks:,} done"
        if progress.failed:
            message += f", {progress.failed:,} failed"
        if progress.seconds_left is not None and progress.ended < progress.tasks:
            message += f", {_duration(progress.seconds_left)} left"
        show_progress(Progress("sweep", progress.ended / progress.tasks, message))
        self._lines(message)

    def print_kept(self) -> None:
        """What a stopped sweep keeps."""
        if self.last is not None:
            print(
                f"{self.last.ended:,} of {self.last.tasks:,} results are kept in "
                f"{self.last.folder}; the same command goes on.",
                file=sys.stderr,
            )


def _duration(seconds: float) -> str:
    """Seconds in words.

    >>> _duration(50), _duration(500), _duration(50_000)
    ('50 s', '8 min', '13 h 53 min')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"


def _print_table(table: SweepTable, measures: list[str] | None) -> None:
    """Means and standard errors over seeds of each scenario and settings."""
    known = table.measures
    for name in measures or ():
        if name not in known:
            raise InputError(
                f"--measure {name}: no task has it; there are {', '.join(known[:60]) or 'none'}."
            )
    named = measures or [m for m in known if m.startswith(("agreement/", "accuracy/"))
                         and m.endswith(_PRINTED)][:6]  # fmt: skip
    varied = [name for name, values in table.axes.items() if len(values) > 1] or ["scenario"]
    groups: dict[str, list[SweepRow]] = {}
    for row in table.rows:
        groups.setdefault(repr([row.settings.get(name) for name in table.axes]), []).append(row)
    lines = [[*varied, "seeds", *named]]
    for rows in list(groups.values())[:MAX_LINES]:
        done = [row for row in rows if row.state == "done"]
        line = [_setting(rows[0].settings.get(name)) for name in varied]
        line.append(str(len(done)) if len(done) == len(rows) else f"{len(done)} of {len(rows)}")
        lines.append(line + [_mean([row.measures.get(name) for row in done]) for name in named])
    widths = [max(len(line[i]) for line in lines) for i in range(len(lines[0]))]
    for line in lines:
        print("  " + "  ".join(map(str.ljust, line, widths)).rstrip())
    if any("±" in cell for line in lines[1:] for cell in line):
        print("  ± is the standard error of the mean over seeds.")
    if len(groups) > MAX_LINES:
        print(f"  {len(groups) - MAX_LINES:,} more lines are in the table.")


def _setting(value: Any) -> str:
    return shown(", ".join(map(str, value)) if isinstance(value, list) else str(value))[:40]


def _mean(values: list[float | None]) -> str:
    """The mean and, of two or more, its standard error."""
    numbers = [value for value in values if value is not None]
    if not numbers:
        return "–"
    mean = fsum(numbers) / len(numbers)
    if len(numbers) < 2:
        return f"{mean:.3f}"
    variance = fsum((value - mean) ** 2 for value in numbers) / (len(numbers) - 1)
    return f"{mean:.3f} ± {sqrt(variance / len(numbers)):.3f}"


def _write_tables(table: SweepTable, folder: Path) -> list[str]:
    """Write the table beside the results; the names of its files."""
    table.to_csv(folder / "table.csv")
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        return ["table.csv"]
    table.to_parquet(folder / "table.parquet")
    return ["table.csv", "table.parquet"]


def _print_failures(failed: list[SweepRow]) -> None:
    print(f"{len(failed):,} tasks failed:", file=sys.stderr)
    for row in failed[:MAX_FAILURES]:
        settings = ", ".join(f"{name} {_setting(value)}" for name, value in row.settings.items())
        place = f"results/{row.id}.json"
        print(f"  {settings}, seed {row.seed}: {shown(row.error)} ({place})", file=sys.stderr)
    if len(failed) > MAX_FAILURES:
        print(f"  and {len(failed) - MAX_FAILURES:,} more; see the table", file=sys.stderr)

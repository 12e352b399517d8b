"""Tables on stdout and progress on stderr."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Mapping, Sequence
from itertools import islice
from typing import Any

from scrl.results import EvaluationResult
from scrl.runs.seed_spread import seed_spreads
from scrl.types import Progress

#: Prompts whose orders are printed; the result file has all.
MAX_PROMPTS = 200
#: Seconds between two lines of progress where stderr is no terminal.
QUIET_SECONDS = 30
#: Joiners, which letters and emoji need, and the selectors of an emoji's look.
_JOINERS = "\u200c\u200d\ufe0e\ufe0f"


def show_progress(progress: Progress) -> None:
    """One line on a terminal, overwritten by the next."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{progress.fraction:4.0%}  {progress.message}", end="", file=sys.stderr)


def clear_progress() -> None:
    """Remove the line of ``show_progress``."""
    if sys.stderr.isatty():
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


class ProgressLines:
    """Prints a line of progress now and then where stderr is no terminal, such as a job's log."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, message: str) -> None:
        """Print it, unless a line was printed within ``QUIET_SECONDS``."""
        if not sys.stderr.isatty() and time.monotonic() - self._told > QUIET_SECONDS:
            self._told = time.monotonic()
            print(message, file=sys.stderr, flush=True)


class _LogLines(logging.Handler):
    """Prints warnings of the library between the lines of progress."""

    def emit(self, record: logging.LogRecord) -> None:
        clear_progress()
        print(shown(record.getMessage()), file=sys.stderr, flush=True)


def show_warnings() -> None:
    """Print what the library warns of, from now on."""
    log = logging.getLogger("scrl")
    if not any(isinstance(handler, _LogLines) for handler in log.handlers):
        log.addHandler(_LogLines(logging.WARNING))


def shown(text: str) -> str:
    """Text of other people on one line, without what a terminal obeys: escape sequences and marks
    that turn the direction of writing."""
    return "".join(
        ch if ch.isprintable() or ch in _JOINERS else " " if ch.isspace() else "�" for ch in text
    )


def print_orders(prompt: str, entry: Mapping[str, Any]) -> None:
    """The orders of one prompt of a result file, with their agreement with the truth."""
    labels = {"truth": "truth", "raters": "raters' own ballots", "vanilla": "vanilla Bradley–Terry",
              "voters": "simulated voters", "social": "social reward"}  # fmt: skip
    agreement = entry.get("agreement", {})
    rows = []
    for source, label in labels.items():
        if source == "vanilla":
            taus = [f"{found['vanilla']['tau']:.2f} {rule}" for rule, found in agreement.items()]
            rows.append((label, entry[source]["order"], f"τ {', '.join(taus)}" if taus else ""))
            continue
        for rule, outcome in entry.get(source, {}).items():
            found = agreement.get(rule, {}).get(source)
            tau = f"τ {found['tau']:.2f}" if found else ""
            rows.append((f"{label}, {rule}", outcome["order"], tau))
    print_table(prompt, rows)
    if agreement:
        print("  τ: Kendall's with the truth under the same rule\n")


def print_table(title: str, rows: list[tuple[str, list[list[str]], str]]) -> None:
    """One line for each label, order and remark."""
    width = max(len(label) for label, *_ in rows)
    print(f"{shown(title)}\n")
    for label, order, remark in rows:
        places = [" = ".join(tied) for tied in order[:12]] + ["…"] * (len(order) > 12)
        print(f"  {label:<{width}}  {shown(' > '.join(places))}   {remark}".rstrip())
    print()


def print_left_off(prompts: int) -> None:
    """How many prompts are not printed; nothing where all are."""
    if prompts > MAX_PROMPTS:
        print(f"{prompts - MAX_PROMPTS:,} more prompts are not shown; --out writes all.\n")


def print_seed_spreads(result: Mapping[str, Any]) -> None:
    """The most frequent order of each source and rule over several seeds; nothing for one."""
    if "seeds" not in result:
        return
    seeds = result["seeds"]["seeds"]
    print(f"{len(seeds)} seeds, {seeds[0]} to {seeds[-1]}\n")
    for prompt, entry in islice(result["prompts"].items(), MAX_PROMPTS):
        rows = []
        for rule in entry["social"]:
            for source, spread in seed_spreads(result, prompt, rule).items():
                order, count = spread.distinct_orders[0]
                remark = f"in {count} of {len(seeds)}"
                if spread.tau is not None:
                    mean = sum(spread.tau) / len(seeds)
                    remark += f", the true one in {spread.exact}; "
                    remark += f"τ {mean:.2f}, least {min(spread.tau):.2f}"
                rows.append((f"{source}, {rule}", order, remark))
        print_table(prompt, rows)


def print_check(result: Mapping[str, Any]) -> None:
    """Whether the simulated voters reproduce the ballots; a failure is among the notes."""
    check = result["check"]
    if check["tested"]:
        print(
            f"{check['tested']} shares of pairs and first places against simulated ballots: "
            f"{check['failed']} differ beyond chance, by {check['largest']:.3f} at most, "
            f"{check['mean']:.3f} on average"
        )
    if not check["failed"]:
        print(check["message"])


def print_rivals(result: EvaluationResult) -> None:
    """The accuracy of each rival, and which model predicts best; nothing without rivals."""
    if result["rivals"]:
        print("  rival         accuracy                individual less rival     calibration error")
    for name, entry in result["rivals"].items():
        accuracy, gap = entry["accuracy"], entry["difference"]
        print(
            f"  {name:<14}{accuracy['mean']:.3f}  [{accuracy['low']:.3f}, {accuracy['high']:.3f}]"
            f"   {gap['mean']:+.3f}  [{gap['low']:+.3f}, {gap['high']:+.3f}]"
            f"   {entry['calibration_error']:.3f}"
        )
    for name, reason in result["skipped"].items():
        print(f"  {name:<14}left out: {reason}")
    if result["rivals"]:
        errors = result["calibration_error"]
        print(
            f"\n  calibration error of individual {errors['individual']:.3f}, "
            f"of vanilla {errors['vanilla']:.3f}\n\n{result['winner']['note']}\n"
        )


def print_notes(notes: Sequence[str]) -> None:
    for note in notes:
        print(f"note: {shown(note)}")

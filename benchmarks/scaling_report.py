"""docs/scaling.md from the measurements of ``benchmarks/scaling.py``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Found = dict[str, Any]
#: Raters for whom time and memory are worked out by the law that is fitted.
FAR = 10_000_000
#: A GPU of today (NVIDIA H100 SXM, data sheet): bytes of its memory a second, and of the links
#: between the GPUs of one machine, in each direction.
GPU_MEMORY, GPU_LINK = 3.35e12, 450e9
#: Share of these that a program reaches: an assumption.
REACHED = 0.3


def write_report(record: Found, path: Path) -> None:
    """Write the report of a record."""
    sections = [_head(record)]
    for part, needed in PARTS:
        if all(of_task(record, task) for task in needed):
            sections.append(part(record))
    path.write_text("\n\n".join(filter(None, sections)) + "\n", encoding="utf-8")


def of_task(record: Found, task: str, **given: Any) -> list[Found]:
    """The measurements of a task whose arguments have these values."""
    return [
        found for found in record["measurements"]
        if found["task"] == task and all(found.get(name) == v for name, v in given.items())
    ]  # fmt: skip


def line_law(size: Sequence[float], value: Sequence[float]) -> Callable[[float], float]:
    """The line through the last two measurements: below them a start, or a buffer that fills, takes
    a large part."""
    (n, m), (v, w) = size[-2:], value[-2:]
    return lambda x: float(w + (w - v) / (m - n) * (x - m))


def ratio(size: Sequence[float], value: Sequence[float]) -> float:
    """By how much a value grows where the size doubles, over the last step measured."""
    (n, m), (v, w) = size[-2:], value[-2:]
    return float(2 ** (np.log(w / v) / np.log(m / n)))


def _growth(size: Sequence[float], rows: Sequence[Sequence[Any]], skip: int = 1) -> list[str]:
    """The line of a table with the growth of its columns, of which the first ones are sizes."""
    grown = [f"{ratio(size, column):.2f} ×" for column in list(zip(*rows, strict=True))[skip:]]
    return ["growth", *[""] * (skip - 1), *grown]


def table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [header, ["---:"] * len(header), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, int) or value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def _seconds(found: Found) -> float:
    """Seconds of a training without compilation."""
    return max(found["training"] - found["compiling"], 0.01)


def _head(record: Found) -> str:
    loads = [found["load"] for found in record["measurements"]]
    return f"""# What the size of the data costs

Written by `python benchmarks/scaling.py` from `benchmarks/scaling.json`, {record["date"]}:
{record["hardware"]}, Python {record["python"]}, JAX {record["versions"]["jax"]}, NumPy
{record["versions"]["numpy"]}, seed 0. No GPU was at hand. Before a measurement began, the load of
the machine was {np.mean(loads):.1f} on average (least {min(loads):.1f}, most {max(loads):.1f}):
other work, which the measured processes preceded. Where it is much above 0 seconds of the clock are
a little too many, and seconds of the processor are those to compare.
Each line is a process of its own, and its memory is the maximum resident size of that process,
Python and libraries included. Rows are ballots' entries: a completion that a rater ranks. Raters
see 1 % of 10,000 completions, 107 on average, with ties, weights and missing completions
(`scrl.packed_ratings.LargePopulation`). Growth is by how much a figure grows where the size
doubles, between the last two sizes measured."""


def _raters(record: Found) -> str:
    packs = [found for found in of_task(record, "pack", prompts=1000) if "texts" not in found]
    trainings = {
        found["raters"]: found
        for found in of_task(record, "train", prompts=1000)
        if found["config"].get("types") == 4 and found["config"].get("latent") == 3
    }
    rows: list[list[Any]] = []
    for pack in packs:
        rows.append([pack["raters"], pack["entries"], pack["wall"], pack["cpu"], pack["peak MB"]])
        train = trainings.get(pack["raters"])
        rows[-1] += ["", "", "", ""] if train is None else [
            _seconds(train), train["compiling"], train["cpu"], train["peak MB"]
        ]  # fmt: skip
    if len(trainings) > 1:
        growth, far = ["growth"], [f"{FAR:,} by the law"]
        for number, column in enumerate(list(zip(*rows, strict=True))[1:], 1):
            known = [(r[0], v) for r, v in zip(rows, column, strict=True) if v != ""]
            size, value = zip(*known, strict=True)
            growth.append("" if number == 1 else f"{ratio(size, value):.2f} ×")
            # The number of programs is bounded.
            far.append(value[-1] if number == 6 else line_law(size, value)(FAR))
        rows += [growth, far]
    folder = line_law([p["raters"] for p in packs], [p["folder MB"] for p in packs])
    header = ["raters", "rows", "pack, s", "CPU s", "MB", "train, s", "compile, s", "CPU s", "MB"]
    return f"""## Raters

Packing, and a training of four types and three dimensions that reads the data 1.5 times (an epoch,
and half of one before it).

{table(header, rows)}

The last line is worked out, not measured: a straight line through the last two sizes above it, and
no more compilation. The peak of packing grows with the names of raters. That of training grows with
the pages of the packed arrays that the system keeps in memory while there is room:
{folder(FAR) / 1000:,.0f} GB of the last line."""


def _prompts(record: Found) -> str:
    packs = {(f["raters"], f["prompts"]): f for f in of_task(record, "pack")}
    middle = _middle(record)
    rows = []
    for prompts in sorted(p for r, p in packs if r == middle):
        (train, *_) = [
            f for f in of_task(record, "train", raters=middle, prompts=prompts)
            if f["config"].get("types") == 4 and f["config"].get("latent") == 3
        ]  # fmt: skip
        pack = packs[middle, prompts]
        rows.append([prompts, 10 * prompts, pack["entries"], pack["wall"], pack["peak MB"],
                     _seconds(train), train["peak MB"]])  # fmt: skip
    rows.append(_growth([row[0] for row in rows], rows, skip=1))
    header = ["prompts", "completions", "rows", "pack, s", "MB", "train, s", "MB"]
    return f"""## Prompts and completions

{middle:,} raters, who rank about as many completions whatever the number of prompts.

{table(header, rows)}"""


def _settings(record: Found) -> str:
    middle, rows = _middle(record), []
    found = [f for f in of_task(record, "train", raters=middle, prompts=1000)
             if f["config"].get("min_steps") == 1]  # fmt: skip
    for train in sorted(found, key=lambda f: (f["config"]["types"], f["config"]["latent"])):
        config = train["config"]
        rows.append([config["types"], config["latent"], _seconds(train), train["compiling"],
                     train["peak MB"]])  # fmt: skip
    by_types = sorted(row for row in rows if row[1] == 3)
    by_latent = sorted(row for row in rows if row[0] == 4)
    rows += [
        ["growth by types", *_growth([row[0] for row in by_types], by_types)[1:]],
        ["growth by dimensions", *_growth([row[1] for row in by_latent], by_latent, skip=2)[1:]],
    ]
    rows[-2][1] = ""
    return f"""## Types and latent dimensions

{middle:,} raters, 1,000 prompts.

{table(["types", "dimensions", "train, s", "compile, s", "MB"], rows)}"""


def _voters(record: Found) -> str:
    rows = [
        [found["voters"], found["contests"], found["seconds a contest"],
         found.get("CPU seconds a contest", "–"), found["seconds a contest"] * 1000 / 60,
         found["peak MB"]]
        for found in sorted(of_task(record, "count"), key=lambda f: (f["voters"], f["contests"]))
    ]  # fmt: skip
    alike = [row for row in rows if row[1] == 80]
    if len(alike) > 1:
        rows.append(_growth([row[0] for row in alike], alike, skip=2))
    header = ["voters", "contests", "s a contest", "CPU s", "1,000 contests, min", "MB"]
    return f"""## Voters

Simulated voters with choice noise, ten candidates, counted by Borda, plurality, Copeland, minimax
and instant runoff; their drawing is included. Outcomes are on the disk after every contest.

{table(header, rows)}

Minutes of a thousand contests are the seconds of one times a thousand, except where a thousand were
counted."""


def _accuracy(record: Found) -> str:
    rows = []
    for found in of_task(record, "train"):
        if "accuracy" in found:
            a = found["accuracy"]
            rows.append([
                found["raters"], "yes" if "texts" in found else "no",
                found["config"].get("epochs", 3), found["steps"], found["types"],
                found["training"] / 60, found["cpu"] / 60,
                found["peak MB of training"], a["pairs"],
                *(f"{a[name]:.4f}" for name in ("model", "true population", "shares of wins",
                                                "true utilities")),
                f"{a['standard error']:.4f}",
            ])  # fmt: skip
    if not rows:
        return ""
    header = ["raters", "texts", "epochs", "steps", "types", "min", "CPU min", "MB", "pairs",
              "model", "true population", "shares of wins", "true utilities",
              "standard error"]  # fmt: skip
    return f"""## Accuracy

Trainings at default settings (3 epochs), and with fewer epochs; held-out raters choose the
number of types, and compilation is included in the minutes. *Texts*: whether features of all
completions' texts are read. Minutes of the processor include the predictions. 2 % of the raters are
left out. Half of their ballots are shown, and one strict pair of each other ballot is predicted;
means over raters. *True population* knows every parameter but the raters' own and predicts from the
same ballots: no model does better in expectation. *Shares of wins* is one order for all. *True
utilities* knows each rater's own: what remains is the noise of ballots. The standard error is that
of the model's accuracy over raters; the columns share raters, so differences between them are more
certain. Since no number of steps does better than *true population* in expectation, a model that is
level with it has had enough of them.

{table(header, rows)}"""


def _bounds(record: Found) -> str:
    most = max(of_task(record, "assemble"), key=lambda f: f["raters"])
    return f"""## What bounds each step

- **Packing**: one core, which parses Parquet, numbers names and sorts by rater. The disk is
  written twice (partitions, then arrays); memory follows raters, items and texts.
- **Batches**: one core gathers {most["entries a second"] / 1e6:.1f} million rows a second
  (measured) from the packed arrays.
- **Training**: the processor. Every rater's posterior is found by Newton steps in each type, so
  time follows rows × (types + 1) × dimensions; the parameters (completions × (types + dimensions
  + 1) numbers, with Adam's two moments) only pass by once a batch.
- **Compiling**: a program for each shape of ballots and each stage, whatever the number of raters.
- **Counting**: drawing the voters' noise. Of a million ballots of ten candidates the five rules
  take .04 s of the processor, since they read bytes, and ranking utilities .04 s (measured apart).
  One contest is in memory at a time."""


def _gpus(record: Found) -> str:
    trainings = [f for f in of_task(record, "train", prompts=1000)
                 if f["config"].get("types") == 4 and f["config"].get("latent") == 3]  # fmt: skip
    most = max(trainings, key=lambda f: f["raters"])
    assemble = max(of_task(record, "assemble"), key=lambda f: f["raters"])["entries a second"]
    rate = 1.5 * most["entries"] / _seconds(most)
    memory = 2 * record["copy GB a second"] * 1e9
    speed = REACHED * GPU_MEMORY / memory
    machine = 8 * rate * speed
    bytes_of_gradient = 4 * 10_000 * (4 + 3 + 1)
    exchange = 2 * bytes_of_gradient / (REACHED * GPU_LINK)
    passes = 1.5 * 1_000_000_000
    fed = min(machine, 16 * assemble)
    return f"""## Eight GPUs, worked out

None of this is measured. Two cores train {rate / 1e3:,.0f} thousand rows a second (measured, the
largest size above). If a step is bound by memory, a GPU of {GPU_MEMORY / 1e12:.2f} TB/s (data
sheet of an H100) of which {REACHED:.0%} is reached (assumed) is {speed:.0f} times as fast as two
cores of {memory / 1e9:.0f} GB/s (measured by copying), and eight are as fast as
{machine / 1e6:,.0f} million rows a second. Adding up gradients of {bytes_of_gradient / 1e6:.2f} MB
over links of {GPU_LINK / 1e9:.0f} GB/s takes {exchange * 1e6:,.0f} µs a step, which a batch of a
million rows hides.

One core can feed {assemble / 1e6:.1f} million rows a second (measured), so
{machine / assemble:.1f} cores would be kept busy assembling batches; a machine with 16 for it
trains at most {fed / 1e6:,.0f} million rows a second. {FAR:,} raters (about a billion rows, read
1.5 times) would then take {passes / fed / 60:,.1f} minutes, and {passes / rate / 3600:,.1f} hours
on the two cores. The program assembles batches in one process on each host, so one host would train
{min(machine, assemble) / 1e6:,.0f} million rows a second, and two hosts of four GPUs twice that at
most."""


def _middle(record: Found) -> int:
    """The number of raters of which other sizes were varied."""
    (most, *_) = Counter(found["raters"] for found in of_task(record, "pack")).most_common(1)
    return int(most[0])


#: Sections, and the tasks that must have been measured for them.
PARTS = (
    (_raters, ("pack", "train")), (_prompts, ("pack", "train")), (_settings, ("train",)),
    (_voters, ("count",)), (_accuracy, ("train",)), (_bounds, ("assemble",)),
    (_gpus, ("train", "assemble")),
)  # fmt: skip

"""Time and peak memory of packing, training and counting against the size of the data.

Each measurement is a process of its own; peak memory is its maximum resident size. The report is
docs/scaling.md, written from benchmarks/scaling.json. The data are populations of known truth
(``scrl.packed_ratings.LargePopulation``).

    python benchmarks/scaling.py            # about 20 minutes on two idle cores
    python benchmarks/scaling.py --full     # and whole data with texts: about an hour more
    python benchmarks/scaling.py --report   # write docs/scaling.md again
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
RECORDS = Path(__file__).with_suffix(".json")
#: Measurements of an interrupted call, which ``--resume`` reads.
RECORDED: list[dict[str, Any]] = []
RULES = ("borda", "plurality", "copeland", "minimax", "instant-runoff")
#: Share of raters who are left out of training, and of whose ballots half are hidden.
LEFT_OUT = 0.02
#: Epochs of trainings on whole data: fewest, and the default.
EPOCHS = (1, 3)
#: Of the population and of its fits.
SEEN, ITEMS_OF_A_PROMPT = 0.01, 10


# -- what a child measures -------------------------------------------------------------------------


def write_population(given: dict[str, Any]) -> dict[str, Any]:
    """A Parquet file of a population."""
    from scrl.packed_ratings import LargePopulation

    population = LargePopulation(
        raters=given["raters"], prompts=given["prompts"], completions=ITEMS_OF_A_PROMPT,
        seen=SEEN * 1000 / given["prompts"], seed=given["seed"],
    )  # fmt: skip
    return {"rows": population.write(given["file"])}


def pack_file(given: dict[str, Any]) -> dict[str, Any]:
    """The file packed."""
    from scrl.packed_ratings import pack

    packed = pack(
        given["file"], given["folder"], texts=given.get("texts", "ignore"), overwrite=True
    )
    size = sum(path.stat().st_size for path in Path(given["folder"]).iterdir())
    return {"entries": packed.entries, "ballots": packed.ballots, "folder MB": round(size / 1e6, 1)}


def assemble(given: dict[str, Any]) -> dict[str, Any]:
    """All batches once, without training: what the host can feed to devices."""
    from scrl.packed_ratings import PackedRatings

    packed, entries, start = PackedRatings.open(given["folder"]), 0, time.perf_counter()
    for number, shape in enumerate(packed.shapes):
        order = np.random.default_rng(number).permutation(shape.rows)
        for first in range(0, shape.rows, 256):
            entries += int(packed.batch(number, order[first : first + 256]).mask.sum())
    return {"entries": entries, "entries a second": entries / (time.perf_counter() - start)}


def train(given: dict[str, Any]) -> dict[str, Any]:
    """A training on packed ratings, and its accuracy where raters are left out."""
    import jax

    jax.config.update("jax_num_cpu_devices", given["devices"])
    from scrl.packed_ratings import PackedRatings
    from scrl.runtime import compile_seconds, start
    from scrl.streamed_raters import StreamedConfig, train_streamed

    start()
    compile_seconds()  # counts from its first call on
    packed = PackedRatings.open(given["folder"])
    left_out = packed.held_out(given.get("left out", 0.0), given["seed"])
    config, steps, begun = StreamedConfig(**given["config"]), [0], time.perf_counter()

    def count(_: Any) -> None:
        steps[0] += 1

    model = train_streamed(
        packed, config, given["seed"], left_out=left_out if left_out.any() else None,
        devices=given["devices"], on_progress=count, checkpoint=given.get("checkpoint"),
    )  # fmt: skip
    found = {
        "entries": packed.entries, "training": round(time.perf_counter() - begun, 2),
        "compiling": round(compile_seconds(), 2), "steps": steps[0], "types": model.types,
    }  # fmt: skip
    if left_out.any():
        found["peak MB of training"] = peak()
        found["accuracy"] = accuracies(given, packed, model, left_out)
    return found


def accuracies(given: dict[str, Any], packed: Any, model: Any, left_out: np.ndarray) -> dict:
    """Share of strict pairs on hidden ballots of raters left out that are predicted, given their
    other ballots: by the model, by the true population, by each rater's true utilities, and by the
    completions' shares of wins in training."""
    from scrl.packed_ratings import LargePopulation
    from scrl.packed_ratings.large_populations import BLOCK

    population = LargePopulation.load(given["file"])
    visible, rater, better, worse = hidden_pairs(packed, left_out, given["seed"])
    # The catalogue numbers items by first appearance, the population by name.
    c = packed.catalogue
    names = [
        f"{c.prompts[p]} {c.completions[m]}" for p, m in zip(c.item_prompt, c.members, strict=True)
    ]
    own = np.array([
        (int(name.split()[1]) - 1) * ITEMS_OF_A_PROMPT + ord(name[-1]) - ord("a") for name in names
    ])  # fmt: skip
    number = np.array([int(packed.rater_name(r).split()[1]) - 1 for r in range(packed.raters)])
    right = np.empty(len(rater))
    for block in np.unique(number[rater] // BLOCK):
        rows = np.flatnonzero(number[rater] // BLOCK == block)
        kind, latent = population.kinds(int(block))
        who = number[rater[rows]] % BLOCK
        both = np.stack([own[better[rows]], own[worse[rows]]], axis=1)
        utility = population.utilities(kind[who], latent[who], both)
        right[rows] = np.where(utility[:, 0] == utility[:, 1], 0.5, utility[:, 0] > utility[:, 1])
    wins = share_of_wins(packed, left_out)
    known = true_model(packed, population, own)

    def predicted(fit: Any) -> np.ndarray:
        chance = fit.pair_probability(visible, rater, better, worse)
        return np.where(chance == 0.5, 0.5, chance > 0.5)

    found = {
        "model": predicted(model), "true population": predicted(known), "true utilities": right,
        "shares of wins": np.where(
            wins[better] == wins[worse], 0.5, wins[better] > wins[worse]
        ),
    }  # fmt: skip
    # Over raters, since pairs of one rater are not independent.
    _, group = np.unique(rater, return_inverse=True)
    count = np.bincount(group)
    means = {name: np.bincount(group, value) / count for name, value in found.items()}
    return {
        "raters": len(count), "pairs": len(rater),
        **{name: round(float(mean.mean()), 4) for name, mean in means.items()},
        "standard error": round(float(means["model"].std() / np.sqrt(len(count))), 4),
        "standard error of model less true population": round(
            float((means["model"] - means["true population"]).std() / np.sqrt(len(count))), 4
        ),
    }  # fmt: skip


def hidden_pairs(packed: Any, left_out: np.ndarray, seed: int) -> tuple[Any, ...]:
    """Visible ballots of the raters left out, and the pairs on the others: rater, better, worse
    ``[pairs]``, one a hidden ballot."""
    from scrl.types import Ratings

    columns: dict[str, list[np.ndarray]] = {"rater": [], "item": [], "rank": [], "size": []}
    rng, pairs = np.random.default_rng(seed), []
    for number in range(len(packed.shapes)):
        rows = np.flatnonzero(left_out[packed.raters_of(number)])
        if not len(rows):
            continue
        batch = packed.batch(number, rows)
        for row, contest in zip(*np.nonzero(batch.weight), strict=True):
            mask = batch.mask[row, contest]
            item, rank = batch.item[row, contest, mask], batch.rank[row, contest, mask]
            if rng.random() < 0.5:
                one, two = rng.permutation(len(item))[:2]
                if rank[one] != rank[two]:
                    best = (one, two) if rank[one] < rank[two] else (two, one)
                    pairs.append((batch.rater[row], item[best[0]], item[best[1]]))
                continue
            columns["rater"].append(batch.rater[row])
            columns["item"].append(item)
            columns["rank"].append(rank)
            columns["size"].append(len(item))
    c, rater = packed.catalogue, np.array(columns["rater"])
    order = np.argsort(rater, kind="stable")
    item = np.concatenate([columns["item"][i] for i in order])
    rank = np.concatenate([columns["rank"][i] for i in order])
    offsets = np.concatenate([[0], np.cumsum(np.array(columns["size"])[order])])
    prompt = c.item_prompt[item[offsets[:-1]]]
    names = tuple(map(str, range(packed.raters)))
    visible = Ratings(
        c, names, rater[order], prompt, np.ones(len(rater)), offsets, c.members[item], rank
    )
    return visible, *np.array(pairs).T


def share_of_wins(packed: Any, left_out: np.ndarray) -> np.ndarray:
    """How often each item is ahead among its comparisons on the ballots trained on, ties half, with
    one comparison won and one lost added ``[items]``."""
    wins, all_ = np.ones(packed.catalogue.items), np.full(packed.catalogue.items, 2.0)
    for number, shape in enumerate(packed.shapes):
        kept = np.flatnonzero(~left_out[packed.raters_of(number)])
        for first in range(0, len(kept), 512):
            b = packed.batch(number, kept[first : first + 512])
            both = b.mask[..., None] & b.mask[..., None, :] & ~np.eye(shape.slots, dtype=bool)
            ahead = (b.rank[..., None] < b.rank[..., None, :]) * 1.0
            ahead += 0.5 * (b.rank[..., None] == b.rank[..., None, :])
            np.add.at(wins, b.item, (ahead * both).sum(-1) * b.mask)
            np.add.at(all_, b.item, both.sum(-1) * b.mask)
    return wins / all_


def true_model(packed: Any, population: Any, own: np.ndarray) -> Any:
    """The model whose parameters are the true ones, in units of the choice noise."""
    from scrl.streamed_raters import StreamedRaters
    from scrl.streamed_raters.items import ItemFunctions
    from scrl.streamed_raters.parameters import Parameters

    t, items = population.truth, len(own)
    nothing = np.zeros((0, population.types), np.float32)
    parameters = Parameters(
        share=np.log(t.shares).astype(np.float32), common=np.zeros(items, np.float32),
        own=(t.means[:, own].T / population.noise).astype(np.float32),
        loading=(t.loadings[own] / population.noise).astype(np.float32),
        weight=nothing[:, 0], type_weight=nothing,
        loading_weight=np.zeros((0, population.rank), np.float32),
    )  # fmt: skip
    return StreamedRaters(packed.catalogue, parameters, ItemFunctions(None, np.zeros((items, 0))))


def count(given: dict[str, Any]) -> dict[str, Any]:
    """Elections of a population's voters."""
    from scrl.electorates import count_simulated_voters
    from scrl.packed_ratings import LargePopulation
    from scrl.runtime import start
    from scrl.types import Catalogue

    start()
    population = LargePopulation(prompts=given["contests"], completions=ITEMS_OF_A_PROMPT,
                                 seen=1.0)  # fmt: skip
    truth = population.truth._replace(
        means=population.truth.means.astype(np.float32),
        loadings=population.truth.loadings.astype(np.float32),
    )

    class Voters:
        """The population as a model that draws voters."""

        catalogue = Catalogue(
            tuple(map(str, range(given["contests"]))), tuple("abcdefghij"),
            np.tile(np.arange(10), given["contests"]), 10 * np.arange(given["contests"] + 1),
        )  # fmt: skip

        def draw_voters(self, size: int, seed: int = 0, block: int = 0) -> Any:
            return population.kinds(block, size)

        def rewards(self, voters: Any, items: Any = slice(None)) -> np.ndarray:
            kind, latent = voters
            return truth.means[:, items][kind] + latent @ truth.loadings[items].T

    times = [(0, time.perf_counter(), time.process_time())]
    count_simulated_voters(
        Voters(), given["voters"], RULES, given["seed"], checkpoint=given.get("checkpoint"),
        on_contest=lambda counted: times.append(
            (counted, time.perf_counter(), time.process_time())
        ),
    )  # fmt: skip
    # By the middle of the contests the rules are compiled.
    contests, wall, cpu = (b - a for a, b in zip(times[len(times) // 2], times[-1], strict=True))
    return {
        "seconds a contest": round(wall / contests, 4),
        "CPU seconds a contest": round(cpu / contests, 4),
    }


TASKS = {"write": write_population, "pack": pack_file, "assemble": assemble, "train": train,
         "count": count}  # fmt: skip


def peak() -> float:
    """Maximum resident size of this process so far, in MB. ``ru_maxrss`` would include its
    parent's."""
    status = Path("/proc/self/status").read_text("utf-8")
    return round(int(status.split("VmHWM:")[1].split()[0]) / 1024, 1)


# -- the command -----------------------------------------------------------------------------------


def measured(task: str, **given: Any) -> dict[str, Any]:
    """One measurement, in a process of its own; one that was recorded before is not made again."""
    shown = {k: v for k, v in given.items() if k not in ("file", "folder", "checkpoint")}
    for before in RECORDED:
        if {"task": task, **shown}.items() <= before.items():
            return before
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    load, started = os.getloadavg()[0], time.perf_counter()
    with tempfile.TemporaryDirectory() as cache:  # so that every program is compiled
        done = subprocess.run(
            [sys.executable, __file__, "--child", json.dumps({"task": task, **given})],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
            env=os.environ | threads | {"PYTHONPATH": str(ROOT), "SCRL_CACHE": cache},
        )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    found |= {"wall": round(time.perf_counter() - started, 2), "load": round(load, 1)}
    print(f"{task} {shown}: {found}", file=sys.stderr, flush=True)
    return {"task": task, **shown, **found}


def experiments(home: Path, raters: list[int], full: bool) -> Iterator[dict[str, Any]]:
    """All measurements."""
    fixed = {"types": 4, "latent": 3, "epochs": 1, "min_steps": 1}

    def data(size: int, prompts: int = 1000) -> Iterator[dict[str, Any]]:
        where = {"file": str(home / f"{size}-{prompts}.parquet"),
                 "folder": str(home / f"{size}-{prompts}.packed")}  # fmt: skip
        given = {"raters": size, "prompts": prompts, "seed": 0, **where}
        files[size, prompts] = given
        yield measured("write", **given)
        yield measured("pack", **given)

    def training(size: int, prompts: int = 1000, **config: int) -> dict[str, Any]:
        given = files[size, prompts]
        return measured("train", **given, devices=2, config={**fixed, **config})

    files: dict[tuple[int, int], dict[str, Any]] = {}
    for voters, contests in ((10_000, 80), (100_000, 20), (100_000, 80), (1_000_000, 20)):
        yield measured("count", voters=voters, contests=contests, seed=0)
    for size in raters:
        yield from data(size)
        yield measured("assemble", **files[size, 1000])
        yield training(size)
    middle = raters[len(raters) // 2]
    for prompts in (250, 4000):
        yield from data(middle, prompts)
        yield training(middle, prompts)
    for latent in (1, 6):
        yield training(middle, latent=latent)
    for types in (1, 16):
        yield training(middle, types=types)
    whole = {"devices": 2, "left out": LEFT_OUT}
    yield measured("train", **files[middle, 1000], **whole, config={})
    if full:
        yield from data(10 * raters[-1])
        keep = str(home / "counts")
        yield measured("count", voters=1_000_000, contests=1000, seed=0, checkpoint=keep)
        most = files[raters[-1], 1000] | {"folder": str(home / "texts.packed"), "texts": "read"}
        yield measured("pack", **most)
        for epochs in EPOCHS:
            # A checkpoint, since an hour should not be lost.
            keep = str(home / f"epochs-{epochs}.checkpoint")
            config = {"epochs": epochs}
            yield measured("train", **most, **whole, config=config, checkpoint=keep)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--raters", type=int, nargs="+", default=[1_000, 10_000, 100_000])
    parser.add_argument("--full", action="store_true", help="whole data, with texts, too")
    parser.add_argument("--report", action="store_true", help="only write docs/scaling.md again")
    parser.add_argument("--folder", type=Path, help="where data are kept (default: a new one)")
    parser.add_argument("--records", type=Path, default=RECORDS, help="where figures are kept")
    parser.add_argument("--resume", action="store_true", help="keep what the records hold")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        task = json.loads(given.child)
        cpu = time.process_time()
        found = TASKS[task.pop("task")](task)
        cpu = round(time.process_time() - cpu, 2)
        print(json.dumps({**found, "cpu": cpu, "peak MB": peak()}))
        return
    rate = 0.0
    if given.resume and given.folder and given.records.exists():
        before = json.loads(given.records.read_text())
        rate = before["copy GB a second"]
        RECORDED.extend(before["measurements"])
    if not given.report:
        record = {
            "date": date.today().isoformat(), "python": platform.python_version(),
            "hardware": f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}",
            "copy GB a second": max(memory_rate(), rate),
            "versions": {name: version(name) for name in ("jax", "numpy", "pyarrow")},
            "measurements": [],
        }  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            home, made = given.folder or Path(folder), []
            home.mkdir(parents=True, exist_ok=True)
            for found in experiments(home, given.raters, given.full):
                made.append(found)
                # With those that the last call reached and this one has not yet.
                record["measurements"] = made + [m for m in RECORDED if m not in made]
                given.records.write_text(json.dumps(record, indent=1) + "\n")
    from scaling_report import write_report

    write_report(json.loads(given.records.read_text()), ROOT / "docs" / "scaling.md")


def memory_rate() -> float:
    """Bytes that one core reads and writes a second, copying 200 MB, in GB."""
    source = np.ones(25_000_000)
    target, best = np.empty_like(source), np.inf
    for _ in range(5):
        start = time.perf_counter()
        np.copyto(target, source)
        best = min(best, time.perf_counter() - start)
    return round(2 * source.nbytes / best / 1e9, 1)


if __name__ == "__main__":
    main()

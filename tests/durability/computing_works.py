"""The works that are killed while they compute: trainings, packing, sweeps, baked results."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

from scrl.cli import main
from scrl.packed_ratings import PackedRatings
from scrl.packed_ratings import pack as pack_ratings
from scrl.runs import Archive, WorkerProcesses, pack, pack_source, train_in_process
from scrl.studies import registry
from scrl.studies.protocol import differences, settings_hash
from scrl.sweeps import SweepStore, read_sweep, running
from scrl.types import InputError
from tests.durability import light_task
from tests.durability.kills import CHILD, MARK, WORKER, Work, say
from tests.durability.works import nothing, scenario

# -- runs that a server trains in a process of its own -------------------------------------------


def train_runs(folder: Path, number: int) -> Iterator[str]:
    """Train runs and store them, as a server does; where the process that trains is killed, the run
    has failed, and the next call trains it."""
    archive, processes = Archive(folder / "runs.sqlite"), WorkerProcesses(1)
    source = scenario()
    while True:
        id = f"run-{number}"
        archive.delete(id, "ann")  # of a piece that was killed
        archive.begin(id, owner="ann", name=id, spec="s", scenario="x", seed=number,
                      rules=("borda",), source=pack_source(source))  # fmt: skip
        try:
            content = {**train_in_process(processes, source, ("borda",), number, _mark)}
        except InputError as error:
            if "its process ended" not in str(error):
                raise
            archive.fail(id, str(error))
            say(f"{MARK}failed")
            continue
        fitted = pack(content.pop("learnt"), with_source=False)
        archive.finish(id, {**content, "yaml": source.to_yaml()}, fitted)
        yield id
        number += 1


def _mark(progress: object) -> None:
    """Tell that a training is under way."""
    say(f"{MARK}step")


def check_trained(folder: Path, finished: list[str]) -> None:
    archive = Archive(folder / "runs.sqlite")
    records = {record.id: record for record in archive.runs_of("ann")}
    assert all(records[id].state == "done" for id in finished)
    for id, record in records.items():
        whole = archive.content(id) is not None and archive.fitted(id) is not None
        assert whole == (record.state == "done"), f"{id} is half there"
    archive.close()


# -- the streamed training and its checkpoints ----------------------------------------------------

RATERS, PROMPTS, ITEMS = 60, 4, 4


def make_packed(folder: Path) -> None:
    write_table(folder / "ratings.csv", RATERS)
    pack_ratings(folder / "ratings.csv", folder / "ratings")


def write_table(path: Path, raters: int) -> None:
    """Rankings of a few prompts by raters, drawn at random."""
    rng, lines = np.random.default_rng(0), ["rater,prompt,completion,rank"]
    for rater in range(raters):
        for prompt in range(PROMPTS):
            for item, rank in enumerate(rng.permutation(ITEMS)):
                lines.append(f"r{rater},p{prompt},c{item},{rank + 1}")
    path.write_text("\n".join(lines) + "\n")


def train_streamed_models(folder: Path, number: int) -> Iterator[str]:
    """Train one model again and again, from the checkpoint where there is one."""
    from scrl.runtime import start
    from scrl.streamed_raters import StreamedConfig, save_streamed, train_streamed

    start()
    packed, checkpoint = PackedRatings.open(folder / "ratings"), folder / "checkpoint"
    config = StreamedConfig(types=1, latent=1, epochs=1, min_steps=40)
    while True:
        model = train_streamed(
            packed, config, 0, checkpoint=checkpoint, checkpoint_seconds=0.0, devices=1,
            on_progress=_mark,
        )  # fmt: skip
        save_streamed(model, folder / "model")
        checkpoint.unlink()
        yield hashlib.sha256((folder / "model").read_bytes()).hexdigest()


def check_streamed(folder: Path, finished: list[str]) -> None:
    """Trainings that went on from a checkpoint found what the others found, bit for bit."""
    assert len(set(finished)) <= 1
    if finished:
        model = hashlib.sha256((folder / "model").read_bytes()).hexdigest()
        assert model == finished[0]
    with suppress(FileNotFoundError):
        assert load_file(folder / "checkpoint")


# -- packed ratings -------------------------------------------------------------------------------

TABLE_RATERS = 700


def make_table(folder: Path) -> None:
    write_table(folder / "table.csv", TABLE_RATERS)


def pack_tables(folder: Path, number: int) -> Iterator[str]:
    """Pack a table, over the folder of before."""
    while True:
        assert main(["pack", str(folder / "table.csv"), str(folder / "packed"), "--overwrite"]) == 0
        yield str(number)
        number += 1


def check_packed(folder: Path, finished: list[str]) -> None:
    if not (folder / "packed").exists():
        assert not finished
        return
    packed = PackedRatings.open(folder / "packed")
    packed.verify()
    assert (packed.raters, packed.entries) == (TABLE_RATERS, TABLE_RATERS * PROMPTS * ITEMS)


# -- sweeps ---------------------------------------------------------------------------------------

#: Tasks by which a sweep grows when it is whole.
MORE_TASKS = 300


def run_sweeps(folder: Path, number: int) -> Iterator[str]:
    """Fill a sweep with two processes; a whole one grows. A word is the number of its results."""
    running.compute = light_task.compute
    done = len(set(SweepStore(folder / "sweep").ended()))
    while True:
        count = (done // MORE_TASKS + 1) * MORE_TASKS
        spec = {"scenarios": "pets", "settings": {"rules": "borda"}, "seeds": count}
        running.sweep(spec, folder / "sweep", "processes", 2,
                      lambda state: say(str(state.ended)) if state.computed else None)  # fmt: skip
        done = count
        yield f"{MARK}whole"


def check_swept(folder: Path, finished: list[str]) -> None:
    if not (folder / "sweep" / "sweep.json").exists():
        assert not finished
        return
    table, store = read_sweep(folder / "sweep"), SweepStore(folder / "sweep")
    there = set(store.ended())
    assert len(there) >= max(map(int, finished), default=0)
    states = {row.id: row.state for row in table.rows}
    assert set(states.values()) <= {"done", "missing"}
    assert {id for id, state in states.items() if state == "done"} == there & states.keys()
    for row in table.rows[-100:]:
        assert row.state == "missing" or row.measures == {"seed": float(row.seed)}


# -- baked results --------------------------------------------------------------------------------


class Numbers:
    """A study that counts how often it was run in this folder."""

    name, title, modules, needs_data = "numbers", "Numbers", ("scrl.results",), False

    def __init__(self, number: int) -> None:
        self.number = number

    def spec(self) -> str:
        return settings_hash(())

    def run(self, on_progress=None, data=None):
        return {"result": {"number": self.number, "filling": list(range(50_000))}}

    def spot_check(self, content, on_progress=None, data=None):
        return differences(content["result"], self.run()["result"])


def bake_results(folder: Path, number: int) -> Iterator[str]:
    """Bake a study, over the file of before."""
    while True:
        registry.STUDIES["numbers"] = Numbers(number)
        assert main(["bake", "numbers", "--out", str(folder / "baked")]) == 0
        yield str(number)
        number += 1


def check_baked(folder: Path, finished: list[str]) -> None:
    path, last = folder / "baked" / "numbers.json", len(finished) - 1
    if not path.exists():
        assert not finished
        return
    found = json.loads(path.read_text())["result"]
    assert len(found["filling"]) == 50_000
    assert last <= found["number"] <= last + 1


COMPUTING_WORKS = {
    work.name: work
    for work in (
        Work("training", nothing, train_runs, check_trained, 12.0, (CHILD, WORKER)),
        Work("streamed", make_packed, train_streamed_models, check_streamed, 8.0),
        Work("packing", make_table, pack_tables, check_packed),
        Work("sweeping", nothing, run_sweeps, check_swept, victims=(CHILD, WORKER)),
        Work("baking", nothing, bake_results, check_baked),
    )
}

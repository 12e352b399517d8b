"""Packed ratings say what the in-memory reader says of the same file."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest

from scrl import load_ratings
from scrl.data.batches import buckets
from scrl.packed_ratings import PackedRatings, pack
from scrl.types import InputError
from tests import lanes

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")


def columns_of_random_ballots(seed, value="rank", rows=300):
    """Columns of a table whose rows stand in random order, with ties, repeated rows, weights,
    several ballots on a prompt, empty cells, texts that differ by prompt, and features."""
    rng = np.random.default_rng(seed)
    table = {name: [] for name in (
        "rater", "prompt", "completion", value, "ballot", "weight", "prompt_text",
        "completion_text", "rater_group", "feature_a", "prompt_feature_b", "unused",
    )}  # fmt: skip
    ranked: dict[tuple, int] = {}
    weights: dict[tuple, float] = {}
    for _ in range(rows):
        rater, prompt, name, ballot = (int(rng.integers(n)) for n in (25, 6, 8, 2))
        rank = ranked.setdefault((rater, prompt, name, ballot), int(rng.integers(1, 5)))
        weight = weights.setdefault((rater, prompt, ballot), float(rng.integers(1, 5)) / 2)
        row = (
            f"rater {rater}", f"p{prompt}", "" if rng.random() < 0.03 else f"c{name}",
            "" if rng.random() < 0.03 else str(rank), str(ballot), str(weight),
            f"What is {prompt}?", f"{name}, {prompt % 2}" if (rater + name) % 4 else "",
            f"group {rater % 3}" if rater % 4 else "", str(name + 0.25 * (prompt % 2)),
            str(prompt), "x",
        )  # fmt: skip
        for column, cell in zip(table.values(), row, strict=True):
            column.append(cell)
    for name in rng.choice(["ballot", "weight", "completion_text", "feature_a", "none"], 2):
        table.pop(name, None)
    if "completion_text" not in table:  # a name is then the same completion under every prompt
        table.pop("feature_a", None)
    if "ballot" not in table:  # the two ballots are one, on which a completion stands once
        seen, keep = set(), []
        for i, key in enumerate(zip(table["rater"], table["prompt"], strict=True)):
            ballot_key = (*key, table["completion"][i])
            keep += [i] if ballot_key not in seen else []
            seen.add(ballot_key)
        table = {name: [cells[i] for i in keep] for name, cells in table.items()}
        table.pop("weight", None)
    return table


def write(table, path):
    """Write columns of strings in the format of the path."""
    if path.suffix == ".csv":
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(table)
            writer.writerows(zip(*table.values(), strict=True))
        return
    arrow = pa.table(table)
    if path.suffix == ".parquet":
        parquet.write_table(arrow, path, row_group_size=70)
    else:
        with pa.ipc.new_file(path, arrow.schema) as writer:
            for batch in arrow.to_batches(max_chunksize=50):
                writer.write_batch(batch)


def same(one, two):
    """Whether two frozen classes of arrays hold the same, apart from names and notes."""
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(two, field.name)
        if field.name == "catalogue":
            same(a, b)
        elif field.name not in ("notes", "name"):
            equal = np.array_equal(a, b) if isinstance(a, np.ndarray) else a == b
            assert equal, field.name


@pytest.mark.parametrize("seed", range(9))
def test_a_packed_file_has_the_ballots_that_the_reader_reads(tmp_path, seed):
    suffix = (".parquet", ".arrow", ".csv")[seed % 3]
    table = columns_of_random_ballots(seed, ("rank", "score", "penalty")[seed // 3])
    file = tmp_path / f"file{suffix}"
    write(table, file)
    plain = file.with_suffix(".csv")
    write(table, plain)  # the in-memory reader reads no Arrow files
    read = load_ratings(plain)
    packed = pack(file, tmp_path / "packed", part_rows=37, sorted_rows=100)
    same(read, packed.ratings())
    assert (packed.raters, packed.ballots) == (len(read.raters), read.ballots)
    assert [packed.rater_name(i) for i in range(packed.raters)] == list(read.raters)
    assert set(packed.notes) == {n.replace(".csv", suffix) for n in read.notes if "last" not in n}
    packed.verify()


@pytest.mark.parametrize("seed", [1, 4])
def test_batches_are_those_of_the_buckets_apart_from_padding(tmp_path, seed):
    write(columns_of_random_ballots(seed, rows=900), tmp_path / "file.parquet")
    packed = pack(tmp_path / "file.parquet", tmp_path / "packed", sorted_rows=150)
    known = {
        int(bucket.rater[row]): bucket.rows(np.array([row]))
        for bucket in buckets(load_ratings(tmp_path / "file.parquet"))
        for row in range(bucket.size)
    }
    found = 0
    for number, shape in enumerate(packed.shapes):
        rows = np.random.default_rng(seed).permutation(shape.rows)
        batch = packed.batch(number, rows, size=shape.rows + 3)
        assert batch.item.shape == (shape.rows + 3, shape.contests, shape.slots)
        assert (batch.rater[shape.rows :] == -1).all()
        assert not batch.mask[shape.rows :].any()
        assert np.array_equal(batch.rater[: shape.rows], packed.raters_of(number)[rows])
        for row in range(shape.rows):
            expected, own = known[int(batch.rater[row])], batch.rows(np.array([row]))
            found += 1
            assert own.rater_weight == expected.rater_weight
            for name in ("item", "rank", "mask", "weight"):
                a, b = getattr(expected, name)[0], getattr(own, name)[0]
                assert a.dtype == b.dtype
                least = tuple(slice(min(n, m)) for n, m in zip(a.shape, b.shape, strict=True))
                assert np.array_equal(a[least], b[least])
                # What stands beyond the smaller of the two shapes is padding.
                assert np.count_nonzero(a) == np.count_nonzero(a[least])
                assert np.count_nonzero(b) == np.count_nonzero(b[least])
    assert found == len(known)


def test_a_folder_is_one_table(tmp_path):
    table = columns_of_random_ballots(0)
    write(table, tmp_path / "whole.parquet")
    parts = tmp_path / "parts"
    parts.mkdir()
    for number, start in enumerate(range(0, 300, 100)):
        part = {name: cells[start : start + 100] for name, cells in table.items()}
        write(part, parts / f"part-{number}.parquet")
    (parts / "README.csv").write_text("about\nthe parts\n")
    whole = pack(tmp_path / "whole.parquet", tmp_path / "one")
    packed = pack(parts, tmp_path / "two")
    same(whole.ratings(), packed.ratings())
    assert whole.content == packed.content


def test_columns_are_named_as_for_the_reader(tmp_path):
    table = {"user": ["a", "a", "b", "b"], "film": list("xyxy"), "stars": [5, 1, 2.5, 2.5]}
    parquet.write_table(pa.table(table), tmp_path / "films.parquet")
    columns = {"rater": "user", "completion": "film", "score": "stars"}
    packed = pack(tmp_path / "films.parquet", tmp_path / "packed", columns)
    same(load_ratings(tmp_path / "films.parquet", columns=columns), packed.ratings())
    assert packed.ratings().rank.tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rank": [1, 2, -1, 1]}, "row 3: rank is -1; a rank is 1 for the best"),
        ({"rank": [1, 0, 2, 1]}, "row 2: the rank is 0, and ranks of other ballots begin at 1"),
        ({"rank": ["1", "2", "x", "1"]}, "row 3: rank is 'x'; give a number in place of a word"),
        ({"rater": ["a", "a", "", "b"]}, "row 3: rater is empty"),
        ({"completion": list("xxxy")}, "row 2: this rater already ranked .* in row 1; remove one"),
        ({"weight": [1.0, 2.0, 1.0, 1.0]}, "row 2: the weight of this ballot differs from row 1"),
        ({"weight": [1.0, 1.0, -1.0, -1.0]}, "row 3: weight is '-1'; give a number from 1e-12 to"),
        ({"prompt_text": list("ttut")}, "row 3: prompt_text of 'p' differs from row 1"),
        ({"completion_text": list("tutt")}, "row 4: completion_text of 'y' for 'p' differs from"),
        ({"feature_a": [1.0, 2.0, 3.0, 2.0]}, "row 3: a feature_… column of 'x' for 'p' differs"),
        ({"feature_a": [1.0, None, 1.0, None]}, "row 2: feature_a is empty"),
        ({"completion": ["x", "y", "x", "a\0b"]}, "row 4: completion is .*, which holds a NUL"),
        ({"rank": [[1], [2], [1], [2]]}, r"row 1: rank is '\[1\]'"),
    ],
)  # fmt: skip
def test_a_bad_row_is_one_sentence_with_its_number(tmp_path, change, message):
    table = {"rater": list("aabb"), "prompt": ["p"] * 4, "completion": list("xyxy"),
             "rank": [1, 2, 2, 1]}  # fmt: skip
    parquet.write_table(pa.table({**table, **change}), tmp_path / "file.parquet")
    with pytest.raises(InputError, match="^file.parquet: " + message) as error:
        pack(tmp_path / "file.parquet", tmp_path / "packed", part_rows=2)
    assert "\n" not in str(error.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.parquet"]


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.parquet", b"PAR1nothing", "not readable as Parquet"),
        ("a.arrow", b"ARROW1nothing at all", "not readable as Arrow IPC"),
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"rater,completion,rank\n", "there is no row"),
        ("a.csv", b"rater,completion,rank\na,b\n", "not readable as CSV"),
        ("a.csv", b"a,b,c\n1,2,3\n", "packing reads a table with a row for each completion"),
        ("a.csv", b"completion,rank\na,1\nb,2\n", "there is no column of raters"),
        ("a.txt", b"rater\n", "packing reads .parquet, .arrow and .csv files"),
    ],
)
def test_a_file_that_cannot_be_packed_is_one_sentence(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match=message) as error:
        pack(tmp_path / name, tmp_path / "packed")
    assert "\n" not in str(error.value)
    with pytest.raises(InputError, match="there is no such file"):
        pack(tmp_path / f"no {name}", tmp_path / "packed")


def test_texts_become_features(tmp_path):
    write(columns_of_random_ballots(5), tmp_path / "file.parquet")
    packed = pack(tmp_path / "file.parquet", tmp_path / "packed", texts="read")
    c = packed.catalogue
    assert c.completion_features.shape[0] == c.items == len(c.completions)
    assert c.read_by
    assert np.array_equal(c.members, np.arange(c.items))
    with pytest.raises(InputError, match="choose 'read' or 'ignore'"):
        pack(tmp_path / "file.parquet", tmp_path / "other", texts="yes")


def test_raters_are_held_out_by_seed(tmp_path):
    write(columns_of_random_ballots(0), tmp_path / "file.parquet")
    packed = pack(tmp_path / "file.parquet", tmp_path / "packed")
    one, again, other = (packed.held_out(0.2, seed) for seed in (0, 0, 1))
    assert one.sum() == round(0.2 * packed.raters)
    assert (one == again).all()
    assert (one != other).any()


def test_a_folder_that_is_there_is_replaced_only_where_asked(tmp_path):
    write(columns_of_random_ballots(0), tmp_path / "one.parquet")
    write(columns_of_random_ballots(1), tmp_path / "two.parquet")
    one = pack(tmp_path / "one.parquet", tmp_path / "packed")
    with pytest.raises(InputError, match="this is there already"):
        pack(tmp_path / "two.parquet", tmp_path / "packed")
    two = pack(tmp_path / "two.parquet", tmp_path / "packed", overwrite=True)
    assert PackedRatings.open(tmp_path / "packed").content == two.content != one.content
    with pytest.raises(InputError, match="this is a file"):
        pack(tmp_path / "two.parquet", tmp_path / "one.parquet", overwrite=True)


KILLED = """
import os, signal, sys
from scrl.packed_ratings import pack

def end(share, message):
    if share >= float(sys.argv[3]):
        os.kill(os.getpid(), signal.SIGKILL)

pack(sys.argv[1], sys.argv[2], on_progress=end, part_rows=100, sorted_rows=100)
"""


@pytest.mark.parametrize("share", lanes.deep(["0.6"], ["0.1", "0.6", "0.9"]))
def test_a_killed_packing_leaves_nothing_that_opens_and_can_be_done_again(tmp_path, share):
    file, folder = tmp_path / "file.parquet", tmp_path / "packed"
    write(columns_of_random_ballots(2), file)
    done = subprocess.run(
        [sys.executable, "-c", KILLED, str(file), str(folder), share],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])},
    )
    assert done.returncode == -signal.SIGKILL
    with pytest.raises(InputError, match="there is no such folder"):
        PackedRatings.open(folder)
    packed = pack(file, folder)
    same(load_ratings(file), packed.ratings())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file.parquet", "packed"]


def test_two_processes_do_not_pack_one_folder(tmp_path):
    fcntl = pytest.importorskip("fcntl")
    write(columns_of_random_ballots(2), tmp_path / "file.parquet")
    (tmp_path / "packed.packing").mkdir()
    with (tmp_path / "packed.packing" / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(InputError, match="another process is packing this folder"):
            pack(tmp_path / "file.parquet", tmp_path / "packed")


def test_the_folder_of_before_is_kept_until_the_new_one_has_its_name(tmp_path):
    """Also where a process was killed between the two renames."""
    write(columns_of_random_ballots(2), tmp_path / "file.parquet")
    folder, left = tmp_path / "packed", tmp_path / "packed.packing"
    before = pack(tmp_path / "file.parquet", folder)
    left.mkdir()
    folder.rename(left / "old")
    with pytest.raises(InputError, match="this is there already"):
        pack(tmp_path / "file.parquet", folder)
    (tmp_path / "bad.csv").write_text("rater,completion,rank\na,x,one\n")
    with pytest.raises(InputError, match="rank is 'one'"):
        pack(tmp_path / "bad.csv", folder, overwrite=True)
    assert PackedRatings.open(folder).content == before.content
    assert not left.exists()


def test_columns_of_types_that_arrow_does_not_encode(tmp_path):
    """Other programs write texts as views, runs and extensions."""
    from pyarrow import ipc

    plain = {"prompt": ["p"] * 4, "completion": ["x", "y"] * 2}
    ids = [b"0" * 16, b"0" * 16, b"1" * 16, b"1" * 16]
    for rater in (
        pa.array(["a", "a", "b", "b"], pa.string_view()),
        pa.array([b"a", b"a", b"b", b"b"], pa.binary_view()),
        pa.RunEndEncodedArray.from_arrays([2, 4], ["a", "b"]),
        pa.array(ids, pa.uuid()),
    ):
        table = pa.table({**plain, "rater": rater, "rank": [1, 2, 2, 1]})
        with ipc.new_file(str(tmp_path / "file.arrow"), table.schema) as file:
            file.write_table(table)
        packed = pack(tmp_path / "file.arrow", tmp_path / "packed", overwrite=True)
        assert (packed.raters, packed.entries) == (2, 4)
    assert packed.rater_name(0) == "30303030-3030-3030-3030-303030303030"


def test_a_header_without_an_end_of_line_has_no_row(tmp_path):
    (tmp_path / "file.csv").write_text("rater,prompt,completion,rank")
    with pytest.raises(InputError, match="there is no row"):
        pack(tmp_path / "file.csv", tmp_path / "packed")

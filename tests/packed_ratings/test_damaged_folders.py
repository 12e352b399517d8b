"""Damaged folders of packed ratings are refused by one sentence."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest

from scrl.packed_ratings import LargePopulation, PackedRatings, pack
from scrl.types import InputError

pytest.importorskip("pyarrow")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    home = tmp_path_factory.mktemp("packed")
    LargePopulation(raters=40, prompts=10, completions=4, seen=0.3).write(home / "file.parquet")
    pack(home / "file.parquet", home / "packed", texts="read")
    return home / "packed"


def refused(folder):
    with pytest.raises(InputError) as error:
        PackedRatings.open(folder)
    assert "\n" not in str(error.value)
    assert str(folder)[-20:] in str(error.value)


def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "copy", dirs_exist_ok=True)


def test_every_file_is_needed_whole(folder, tmp_path):
    for path in folder.iterdir():
        for change in ("gone", "shorter", "longer", "empty"):
            copy = copied(folder, tmp_path) / path.name
            data = path.read_bytes()
            if change == "gone":
                copy.unlink()
            else:
                new = {"shorter": data[:-1], "longer": data + b"\0", "empty": b""}
                copy.write_bytes(new[change])
            refused(copy.parent)


def test_numbers_out_of_range_are_refused(folder, tmp_path):
    manifest = json.loads((folder / "manifest.json").read_text())
    fields = ("entry_start", "ballot_start", "rater_name_start")
    for name in ("item", "ballot_rater", "rater", "ballot_weight", "rater_weight", *fields):
        for value in (-5, 1 << 30):
            if name in ("ballot_weight", "rater_weight") and value > 0:
                value = np.nan
            copy = copied(folder, tmp_path)
            dtype = {"ballot_weight": "<f8", "rater_weight": "<f8"}.get(
                name, "<i8" if name in fields else "<i4"
            )
            array = np.fromfile(copy / name, dtype)
            assert len(array) == manifest["arrays"][name]["length"]
            array[len(array) // 2] = value
            array.tofile(copy / name)
            refused(copy)


def test_a_flipped_byte_is_refused_or_found_by_its_hash(folder, tmp_path):
    rng = np.random.default_rng(0)
    for path in sorted(folder.iterdir()):
        data = bytearray(path.read_bytes())
        for at in rng.integers(len(data), size=6):
            changed = data.copy()
            changed[at] ^= int(rng.integers(1, 256))
            copy = copied(folder, tmp_path)
            (copy / path.name).write_bytes(changed)
            with pytest.raises(InputError) as error:
                PackedRatings.open(copy).verify()
            assert "\n" not in str(error.value)


def test_a_manifest_that_lies_is_refused(folder, tmp_path):
    """Also where its hash is made to fit."""
    from scrl.packed_ratings.manifest import digest

    plain = json.loads((folder / "manifest.json").read_text())
    shapes = plain["shapes"]
    lies = (
        {"raters": plain["raters"] + 1}, {"entries": -1}, {"entries": 10**15}, {"ballots": "x"},
        {"shapes": shapes * 2}, {"shapes": [{**shapes[0], "slots": 2}, *shapes[1:]]},
        {"shapes": [{"contests": 1, "slots": 2, "rows": plain["raters"]}]}, {"arrays": {}},
        {"arrays": {**plain["arrays"], "../file.parquet": plain["arrays"]["item"]}},
        {"version": 99}, {"format": "another"}, {"least_weight": 1e9}, {"catalogue": "0" * 64},
        {"shapes": None}, {"name": 3}, {"more": 1},
    )  # fmt: skip
    for lie in lies:
        fields = {**{k: v for k, v in plain.items() if k != "hash"}, **lie}
        for hash_of in (plain["hash"], digest(fields)):
            copy = copied(folder, tmp_path)
            (copy / "manifest.json").write_text(json.dumps({**fields, "hash": hash_of}))
            refused(copy)


def test_no_folder(tmp_path):
    with pytest.raises(InputError, match="there is no such folder"):
        PackedRatings.open(tmp_path / "none")
    with pytest.raises(InputError, match="is no folder of packed ratings"):
        PackedRatings.open(tmp_path)

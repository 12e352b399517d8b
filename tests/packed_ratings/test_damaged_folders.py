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


def test_arrays_that_lie_are_refused_although_their_hashes_fit(folder, tmp_path):
    """Each of these would be trained on, or be no number or no text later."""
    from scrl.packed_ratings.manifest import ARRAYS, digest, file_digest

    plain = json.loads((folder / "manifest.json").read_text())
    array = {n: np.fromfile(folder / n, ARRAYS[n][0]) for n in plain["arrays"]}
    shapes, items = plain["shapes"], int(array["item"].max()) + 1
    lies = (
        {"item": np.arange(len(array["item"])) % items},  # ballots across prompts
        {"rank": array["rank"] * 0 + 32_767}, {"ballot_weight": array["ballot_weight"] * 1e300},
        {"rater_weight": array["rater_weight"] * 1e300}, {"rater": array["rater"][::-1]},
        {"ballot_rater": array["ballot_rater"][::-1]},
        {"rater_name": array["rater_name"] * 0 + 0xFF},
        {"rater_name": array["rater_name"] * 0 + 0x80},
        {"completion_features": array["completion_features"] * 0 + 3e38},
        {"completion_features": array["completion_features"][:0]},
    )  # fmt: skip
    fields = [
        {"shapes": []}, {"shapes": [{**s, "contests": 2**30, "slots": 2**30} for s in shapes]},
        {"shapes": [{**s, "contests": s["contests"] + 1} for s in shapes]},
        {"least_weight": 1e-300}, {"raters": 2**31 - 1}, {"name": "x" * 100_000},
        {"types": ["x" * 100_000]},
    ]  # fmt: skip
    for lie in [*lies, *fields]:
        copy, manifest = copied(folder, tmp_path), json.loads(json.dumps(plain))
        for name, value in lie.items():
            if name in ARRAYS:
                np.ascontiguousarray(value, ARRAYS[name][0]).tofile(copy / name)
                entry = {"length": len(value), "sha256": file_digest(copy / name)}
                manifest["arrays"][name] = entry
            else:
                manifest[name] = value
        del manifest["hash"]
        (copy / "manifest.json").write_text(json.dumps({**manifest, "hash": digest(manifest)}))
        refused(copy)


def test_arrays_changed_within_their_ranges_are_refused(folder, tmp_path):
    for name in ("rank", "ballot_weight", "rater_weight", "item", "completion_features"):
        copy = copied(folder, tmp_path)
        size = np.dtype({"rank": "<i2", "item": "<i4"}.get(name, "<f4")).itemsize
        data = np.fromfile(copy / name, f"V{size}")
        data[::-1].tofile(copy / name)
        refused(copy)


def test_a_catalogue_of_zeros_is_refused_before_it_is_read(folder, tmp_path):
    import time

    copy = copied(folder, tmp_path)
    with (copy / "catalogue.json").open("r+b") as file:
        file.truncate(2_000_000_000)
    started = time.process_time()
    refused(copy)
    assert time.process_time() - started < 1


def test_paths_that_are_none(tmp_path):
    for path in ("\0", "x" * 300, tmp_path / ("y" * 300), "/dev/null"):
        with pytest.raises(InputError, match=r"no such folder|is no folder of packed ratings"):
            PackedRatings.open(path)

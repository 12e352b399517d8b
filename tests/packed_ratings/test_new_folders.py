"""Packing replaces only what packing wrote."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scrl.packed_ratings import PackedRatings, pack
from scrl.packed_ratings.new_folders import new_folder
from scrl.types import InputError

TABLE = "rater,prompt,completion,rank\na,p,x,1\na,p,y,2\nb,p,x,2\nb,p,y,1\n"


@pytest.fixture
def table(tmp_path):
    pytest.importorskip("pyarrow")
    (tmp_path / "table.csv").write_text(TABLE)
    return tmp_path / "table.csv"


def test_a_folder_with_other_files_is_never_replaced(table, tmp_path):
    for name in ("mine", "next.packing"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "thesis.txt").write_text("years of work")
    for folder in ("mine", "next"):
        with pytest.raises(InputError, match=r"holds 'thesis.txt'.* would remove"):
            pack(table, tmp_path / folder, overwrite=True)
    for name in ("mine", "next.packing"):
        assert (tmp_path / name / "thesis.txt").read_text() == "years of work"
    with pytest.raises(InputError, match=r"holds 'mine'"):  # its own source
        pack(tmp_path, tmp_path, overwrite=True)
    assert table.read_text() == TABLE


def test_packed_and_damaged_folders_are_replaced_and_empty_ones_filled(table, tmp_path):
    (tmp_path / "empty").mkdir()
    packed = pack(table, tmp_path / "empty").folder
    with pytest.raises(InputError, match="this is there already"):
        pack(table, packed)
    (packed / "item").unlink()
    assert pack(table, packed, overwrite=True).raters == 2
    assert sorted(os.listdir(tmp_path)) == ["empty", "table.csv"]


def test_a_link_to_a_folder_stays_a_link(table, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere", target_is_directory=True)
    for overwrite in (False, True):
        assert pack(table, tmp_path / "link", overwrite=overwrite).raters == 2
    assert (tmp_path / "link").is_symlink()
    assert PackedRatings.open(tmp_path / "elsewhere").raters == 2


def test_places_that_are_no_folders(table, tmp_path):
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    for folder in ("/", "\0", "x" * 300, table, table / "x", "/dev/null", tmp_path / "loop"):
        with pytest.raises(InputError) as error:
            pack(table, folder)
        assert "\n" not in str(error.value)
    for source in ("x" * 300, "\0", "/dev/zero", tmp_path / "none"):
        with pytest.raises(InputError):
            pack(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [{"part_rows": 0}, {"part_rows": 1.5}, {"sorted_rows": -1}, {"texts": "\n"}, {"columns": "a"}],
)
def test_arguments_that_are_none(table, tmp_path, arguments):
    with pytest.raises(InputError, match=next(iter(arguments))):
        pack(table, tmp_path / "out", **arguments)


def test_a_writer_that_ended_leaves_the_lock_to_the_next(tmp_path, monkeypatch):
    """The folder with the lock is removed between opening the file and locking it."""
    import shutil

    from scrl.packed_ratings import new_folders

    lock, removed = new_folders.lock, []

    def late(file):
        if not removed:
            removed.append(shutil.rmtree(tmp_path / "made.packing"))
        lock(file)

    monkeypatch.setattr(new_folders, "lock", late)
    with new_folder(Path(tmp_path / "made"), False, ("file",)) as whole:
        (whole / "file").write_text("x")
    assert removed
    assert (tmp_path / "made" / "file").read_text() == "x"

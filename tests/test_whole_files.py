"""Files are whole or not there, whatever ends the writing."""

import os
import signal
import subprocess
import sys
import time

import pytest

from scrl.whole_files import PART_LIFETIME, whole_file, write_whole


def test_a_file_is_replaced_only_where_writing_ended_well(tmp_path):
    path = tmp_path / "a.json"
    write_whole(path, "before\n")
    with pytest.raises(ValueError, match="stopped"):
        _write_half(path)
    assert path.read_text() == "before\n"
    write_whole(path, "é\r\n")
    assert path.read_bytes() == "é\r\n".encode()
    assert os.listdir(tmp_path) == ["a.json"]


def _write_half(path):
    with whole_file(path) as part:
        part.write_text("half")
        raise ValueError("stopped")


def test_the_file_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    calls = []
    flush, rename = os.fsync, type(tmp_path).replace
    monkeypatch.setattr(os, "fsync", lambda fd: calls.append("flush") or flush(fd))
    monkeypatch.setattr(
        type(tmp_path), "replace", lambda *names: calls.append("rename") or rename(*names)
    )
    write_whole(tmp_path / "a", b"1")
    assert calls[:2] == ["flush", "rename"]


def test_links_permissions_pipes_and_long_names(tmp_path):
    real, link = tmp_path / "real", tmp_path / "link"
    real.write_text("before")
    real.chmod(0o600)
    link.symlink_to(real)
    write_whole(link, "after")
    assert link.is_symlink()
    assert real.read_text() == "after"
    assert real.stat().st_mode & 0o777 == 0o600
    write_whole(tmp_path / "fresh", "")
    umask = os.umask(0)
    os.umask(umask)
    assert (tmp_path / "fresh").stat().st_mode & 0o777 == 0o666 & ~umask
    write_whole(tmp_path / ("ü" * 125 + ".json"), "long")
    write_whole("/dev/null", "gone")
    assert not os.path.isfile("/dev/null")


def test_what_killed_processes_left_goes_at_a_later_writing(tmp_path):
    names = [".a.1.00.part", ".a.2.00.part", ".b.1.00.part"]
    for name in names:
        (tmp_path / name).write_text("half")
    old = time.time() - PART_LIFETIME - 1
    os.utime(tmp_path / names[0], (old, old))
    os.utime(tmp_path / names[2], (old, old))
    write_whole(tmp_path / "a", "whole")
    assert sorted(os.listdir(tmp_path)) == [*names[1:], "a"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_limit_of_the_file_system_leaves_the_file_of_before(tmp_path):
    """A limit on a file's size fails as a full disk does: in the middle of a write."""
    code = (
        "import resource, signal, sys\n"
        "from scrl.whole_files import write_whole\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n    write_whole(sys.argv[1], b'x' * 100_000)\n"
        "except OSError as error:\n    print(error.errno)\n"
    )
    path = tmp_path / "a"
    path.write_text("before")
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert int(done.stdout) == 27  # EFBIG
    assert path.read_text() == "before"
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
def test_a_killed_process_leaves_one_of_the_whole_files(tmp_path):
    code = (
        "import sys\nfrom scrl.whole_files import write_whole\n"
        "for i in range(10**6):\n    write_whole(sys.argv[1], str(i % 10) * 300_000)\n"
    )
    path = tmp_path / "a"
    for wait in (0.0, 0.01, 0.02, 0.03):
        child = subprocess.Popen([sys.executable, "-c", code, str(path)])
        while not path.exists():
            time.sleep(0.001)
        time.sleep(wait)
        child.send_signal(signal.SIGKILL)
        child.wait()
        text = path.read_text()
        assert len(text) == 300_000
        assert len(set(text)) == 1

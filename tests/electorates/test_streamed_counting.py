"""Electorates counted in blocks have the outcomes of all ballots counted at once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from scrl import RULES
from scrl.electorates import count_electorate, memory_of_contest, read_counts
from scrl.electorates.counts import CountsFile, header_of
from scrl.types import Ballots, InputError
from scrl.voting import aggregate_all
from tests import lanes

#: Rules that count many voters.
SCALE = [name for name, rule in RULES.items() if rule.of_profile is None]
PAIRWISE = [name for name in SCALE if RULES[name].reads == "pairwise"]
ORDINAL = [name for name in SCALE if RULES[name].reads != "utility"]
SIZES = [4, 4, 5, 3, 4]


def electorate(voters, seed, step):
    """Utilities of a contest, rounded to a step where there are ties."""
    rng = np.random.default_rng(seed)
    taste = rng.normal(size=(voters, 2))
    places = [rng.normal(size=(m, 2)) for m in SIZES]
    own = [rng.gumbel(size=(voters, m)) for m in SIZES]

    def utilities(contest, block):
        found = 20 + taste[block] @ places[contest].T + 0.3 * own[contest][block]
        return np.round(found / step) * step if step else found

    return utilities


@pytest.mark.parametrize(("step", "memory"), [(0.0, 1 << 30), (0.5, 1 << 30), (0.5, 200_000)])
def test_blocks_are_counted_as_all_at_once(step, memory):
    """In memory, and merged to distinct orders where they do not fit it."""
    voters = 2_000
    utilities = electorate(voters, 1, step)
    rules = SCALE if memory > 1 << 20 else ORDINAL
    merges = memory_of_contest(voters, 4, rules) > memory
    assert merges == (memory < 1 << 20)
    counts = count_electorate(utilities, SIZES, voters, rules, block=300, memory=memory)
    for contest in range(len(SIZES)):
        at_once = aggregate_all(Ballots(utilities(contest, slice(0, voters))), rules)
        for rule in rules:
            found = counts.outcome(contest, rule)
            assert np.array_equal(found.place, at_once[rule].place), rule
            assert np.allclose(found.scores, at_once[rule].scores, atol=1e-6), rule
            assert found.lottery == at_once[rule].lottery


def test_pairwise_sums_are_enough_for_rules_that_read_pairs():
    voters = 3_000
    utilities = electorate(voters, 2, 0.7)
    counts = count_electorate(utilities, SIZES, voters, PAIRWISE, block=700, memory=1)
    assert len(PAIRWISE) >= 15
    for contest in range(len(SIZES)):
        at_once = aggregate_all(Ballots(utilities(contest, slice(0, voters))), PAIRWISE)
        for rule in PAIRWISE:
            found = counts.outcome(contest, rule)
            assert np.array_equal(found.place, at_once[rule].place), rule
            assert np.allclose(found.scores, at_once[rule].scores, atol=1e-9), rule


def test_many_voters_are_counted_as_bytes():
    """Strict orders of many voters, which are compiled, against the count of pairs."""
    voters = 200_000

    def utilities(contest, own):
        rng = np.random.default_rng([contest, own.start])
        return rng.normal(size=(own.stop - own.start, 5)) + 0.02 * np.arange(5)

    counts = count_electorate(utilities, [5, 5], voters, ["borda", "plurality"], block=50_000)
    every = np.concatenate([utilities(1, slice(s, s + 50_000)) for s in range(0, voters, 50_000)])
    borda = (every[:, :, None] > every[:, None, :]).sum(2).mean(0)
    assert np.allclose(counts.outcome(1, "borda").scores, borda)
    first = np.bincount(every.argmax(1), minlength=5) / voters
    assert np.allclose(counts.outcome(1, "plurality").scores, first)


def test_what_does_not_fit_says_what_would():
    def utilities(contest, own):
        return np.random.default_rng(own.start).normal(size=(own.stop - own.start, 16))

    with pytest.raises(InputError, match=r"do not fit the memory .* allow .* GB, or choose rules"):
        count_electorate(utilities, [16], 500, ["plurality"], memory=1000)
    with pytest.raises(InputError, match=r"Utilitarian.* reads every utility"):
        count_electorate(utilities, [16], 500, ["utilitarian"], memory=1000)
    with pytest.raises(InputError, match=r"more than .* different ballots"):
        count_electorate(lambda c, own: utilities(c, own)[:, :9], [9], 500, ["plurality"],
                         memory=3000)  # fmt: skip


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (lambda n: np.zeros((n, 3)), r"Contest 1: .* shape \(10, 3\) .* give numbers \[10, 2\]"),
        (lambda n: np.full((n, 2), np.nan), "Contest 1: .* voters 1 to 10 is not a finite number"),
        (lambda n: np.full((n, 2), "x"), "Contest 1: "),
    ],
)
def test_utilities_that_are_none_are_refused(found, message):
    with pytest.raises(InputError, match=message):
        count_electorate(lambda contest, own: found(own.stop - own.start), [2], 10, ["borda"])


def test_an_electorate_without_rules_voters_or_contests_is_refused():
    utilities = electorate(10, 0, 0)
    for sizes, voters, rules, message in (
        ([], 10, ["borda"], "nothing to count"), ([4], 0, ["borda"], "nobody"),
        ([4], 10, [], "no rule"), ([4], 10, ["bordas"], "did you mean 'borda'"),
        ([13], 10, ["dodgson"], "at most 12"),
    ):  # fmt: skip
        with pytest.raises(InputError, match=message):
            count_electorate(utilities, sizes, voters, rules)


def test_a_checkpoint_is_counted_on(tmp_path):
    voters, file = 500, tmp_path / "counts"
    utilities = electorate(voters, 3, 0)
    whole = count_electorate(utilities, SIZES, voters, ["borda", "random-ballot"])
    asked = []

    def stopped(contest, own):
        asked.append(contest)
        if contest == 2:
            raise KeyboardInterrupt
        return utilities(contest, own)

    options = {"checkpoint": file, "about": {"model": "m"}}
    rules = ["borda", "random-ballot"]
    with pytest.raises(KeyboardInterrupt):
        count_electorate(stopped, SIZES, voters, rules, **options)
    with pytest.raises(InputError, match="2 of 5 contests are counted"):
        read_counts(file)
    asked.clear()

    def watched(contest, own):
        asked.append(contest)
        return utilities(contest, own)

    found = count_electorate(watched, SIZES, voters, rules, **options)
    assert set(asked) == {2, 3, 4}
    for counts in (found, read_counts(file)[0]):
        assert np.array_equal(counts.place, whole.place)
        assert np.array_equal(counts.scores, whole.scores)
    assert read_counts(file)[1] == {"model": "m"}
    for change in ({"about": {"model": "n"}}, {"checkpoint": file}):
        with pytest.raises(InputError, match=r"another electorate \(it differs in model\)"):
            count_electorate(utilities, SIZES, voters, rules, **{**options, "about": {}, **change})
    with pytest.raises(InputError, match=r"another electorate \(it differs in rules\)"):
        count_electorate(utilities, SIZES, voters, ["borda"], **options)


def test_a_file_that_another_call_counts_into_is_refused(tmp_path):
    header = header_of(["borda"], SIZES, 3, {})
    first = CountsFile(tmp_path / "counts", header)
    with pytest.raises(InputError, match="another call is counting into this file"):
        CountsFile(tmp_path / "counts", header)
    first.close()
    CountsFile(tmp_path / "counts", header).close()


def test_a_damaged_checkpoint_is_refused_and_a_cut_line_is_counted_again(tmp_path):
    file, voters = tmp_path / "counts", 50
    utilities = electorate(voters, 4, 0)
    whole = count_electorate(utilities, SIZES, voters, ["borda"], checkpoint=file)
    data = file.read_bytes()
    for cut in (1, 30, len(data.splitlines()[-1])):
        file.write_bytes(data[:-cut])
        again = count_electorate(utilities, SIZES, voters, ["borda"], checkpoint=file)
        assert np.array_equal(again.scores, whole.scores)
        assert file.read_bytes() == data
    rng = np.random.default_rng(0)
    for at in rng.integers(len(data) - len(data.splitlines()[-1]) - 2, size=30):
        changed = bytearray(data)
        changed[at] ^= int(rng.integers(1, 256))
        file.write_bytes(changed)
        with pytest.raises(InputError, match=r"damaged|another electorate") as error:
            read_counts(file)
        assert "\n" not in str(error.value)


KILLED = """
import os, signal, sys
import numpy as np
from scrl.electorates import count_electorate

def utilities(contest, own):
    return np.random.default_rng([contest, own.start]).normal(size=(own.stop - own.start, 4))

def end(counted):
    if counted == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)

counts = count_electorate(utilities, [4] * 12, 300_000, ["borda"], sys.argv[1], on_contest=end)
print(counts.scores.tobytes().hex())
"""


@lanes.deep_only
def test_a_killed_count_loses_no_contest(tmp_path):
    def run(file, kill_at):
        command = [sys.executable, "-c", KILLED, str(file), str(kill_at)]
        home = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
        return subprocess.run(command, env=home, capture_output=True, text=True)

    assert run(tmp_path / "one", 5).returncode == -signal.SIGKILL
    assert len((tmp_path / "one").read_bytes().splitlines()) == 1 + 5
    resumed = run(tmp_path / "one", -1)
    whole = run(tmp_path / "two", -1)
    assert resumed.returncode == whole.returncode == 0
    assert resumed.stdout == whole.stdout
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


@pytest.mark.parametrize(
    "changed",
    [{"rules": "borda"}, {"rules": None}, {"rules": [3]}, {"candidates": [3.7]}, {"candidates": 3},
     {"candidates": "33"}, {"candidates": None}, {"candidates": [40_000]}, {"voters": 1.5},
     {"candidates": [10**30]}, {"voters": "3"}, {"voters": True}, {"voters": 10**20},
     {"block": 0.5},
     {"memory": "x"}, {"checkpoint": "\0"}, {"checkpoint": "x" * 300}, {"checkpoint": "/"},
     {"checkpoint": "/dev/full"}],
)  # fmt: skip
def test_arguments_that_are_none_are_refused(changed):
    arguments = {"candidates": [3], "voters": 10, "rules": ["borda"], **changed}
    with pytest.raises(InputError) as error:
        count_electorate(lambda contest, own: np.eye(10, 3)[own], **arguments)
    assert "\n" not in str(error.value)

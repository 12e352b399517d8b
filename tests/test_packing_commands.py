"""The commands for data of any size: from a table to the elections of a model's voters."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scrl.cli import main
from scrl.cli.packing import TimedProgress
from scrl.packed_ratings import PackedRatings, large_population
from tests.tiny import one_factor

pytest.importorskip("pyarrow")
#: The shortest training.
QUICK = ["--types", "1", "--latent", "1", "--epochs", "1", "--steps", "2", "--devices", "1"]


@pytest.fixture(scope="module", autouse=True)
def one_program():
    with one_factor():
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A folder with a table, and the same table packed."""
    home = tmp_path_factory.mktemp("packing")
    large_population(home / "file.parquet", raters=60, prompts=6, completions=4, seen=0.5)
    assert run("pack", home / "file.parquet", home / "packed") == 0
    return home


def run(*arguments) -> int:
    return main([str(argument) for argument in arguments])


def failed(capsys) -> str:
    """The one line that a failed command prints."""
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("\n") == 1
    return error


def test_from_a_table_to_the_elections_of_a_model(home, capsys):
    assert run("train", home / "packed", "--out", home / "model", *QUICK, "--leave-out", ".1",
               "--checkpoint", home / "training") == 0  # fmt: skip
    assert "1 type of raters (100.0%) that vary in 1 dimensions" in capsys.readouterr().out
    options = ("--voters", 3000, "--rule", "borda", "--rule", "random-ballot")
    kept = ("--checkpoint", home / "counts", "--out", home / "result.json")
    assert run("elect", home / "model", *options, *kept) == 0
    catalogue = PackedRatings.open(home / "packed").catalogue
    shown = capsys.readouterr().out
    assert catalogue.prompts[0] in shown
    assert "1 more prompts are not shown" in shown
    result = json.loads((home / "result.json").read_text())
    assert list(result["prompts"]) == list(catalogue.prompts)
    for entry in result["prompts"].values():
        assert sum(entry["borda"]["scores"].values()) == pytest.approx(6)  # pairs of four
        assert sum(entry["random-ballot"]["probabilities"].values()) == pytest.approx(1)
    before = (home / "counts").read_bytes()
    assert run("elect", home / "model", *options, *kept) == 0  # nothing is counted again
    assert (home / "counts").read_bytes() == before
    assert run("elect", home / "model", *options, *kept, "--seed", 1) == 2
    assert "it differs in seed" in failed(capsys)


def test_voters_without_choice_noise_are_those_of_the_rewards(home, capsys):
    from scrl.electorates import count_simulated_voters
    from scrl.streamed_raters import load_streamed
    from scrl.types import Ballots
    from scrl.voting import aggregate

    run("train", home / "packed", "--out", home / "model", *QUICK)
    model = load_streamed(home / "model")
    counts = count_simulated_voters(model, 700, ["borda"], seed=2, choice_noise=False)
    voters = model.draw_voters(700, 2, 0)
    for prompt in range(counts.contests):
        items = np.arange(*model.catalogue.offsets[prompt : prompt + 2])
        expected = aggregate(Ballots(model.rewards(voters, items)), "borda")
        assert np.allclose(counts.outcome(prompt, "borda").scores, expected.scores)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("pack", "none.csv", "new"), "there is no such file"),
        (("pack", "{home}/file.parquet", "{home}/packed"), "this is there already"),
        (("pack", "{home}/file.parquet", "new", "--rater", "who"), "there is no column 'who'"),
        (("train", "none", "--out", "model"), "there is no such folder"),
        (("train", "{home}", "--out", "model"), "is no folder of packed ratings"),
        (("train", "{home}/file.parquet", "--out", "model"), "is no folder of packed ratings"),
        (("train", "{home}/packed", "--out", "{home}/none/model"), "cannot be written"),
        (("elect", "none"), "there is no such model file"),
        (("elect", "{home}"), "this is a folder; give the file of a model"),
        (("elect", "{home}/file.parquet"), "not a streamed model"),
    ],
)
def test_bad_input_is_one_line(home, tmp_path, monkeypatch, capsys, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert run(*(argument.format(home=home) for argument in arguments)) == 2
    assert message in failed(capsys)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "options",
    [("train", "a", "--out", "b", "--leave-out", "2"), ("elect", "a", "--memory", "no"),
     ("elect", "a", "--voters", "0"), ("train", "a", "--out", "b", "--types", "65")],
)  # fmt: skip
def test_options_out_of_range_are_one_line(options, capsys):
    with pytest.raises(SystemExit) as end:
        run(*options)
    assert end.value.code == 2
    error = failed(capsys)
    assert "is not a" in error
    assert f"(see python -m scrl {options[0]} --help)" in error


def test_where_stderr_is_no_terminal_a_line_now_and_then_tells_the_progress(monkeypatch, capsys):
    show = TimedProgress(interval=0)
    show(0.25, "first")
    assert capsys.readouterr().err == ""
    monkeypatch.setattr("scrl.cli.printing.QUIET_SECONDS", -1)
    show(0.5, "second")
    assert capsys.readouterr().err == "50%  second, 0 s left\n"

"""The command line: the result files it promises, and one line for every bad input."""

from __future__ import annotations

import gzip
import json
import math
from itertools import pairwise

import pytest

from scrl.cli import main
from scrl.config import DEFAULT_RULES
from scrl.data import load_ratings
from scrl.types import InputError
from scrl.voting import RULES, count_all_rules, profile_from_ratings
from tests import lanes

#: As in test_pipeline.py, or in the experiment that tests share, and so their programs.
RATERS, VOTERS = lanes.deep((500, 500), (10_000, 20_000))
#: As many completions and rules as there, too.
SCENARIO = """
name: Two camps
completions: [left, middle, right, near, far]
prompts:
  best: {text: "What should be done"}
types:
  L:
    share: 0.6
    rankings: {best: [left, middle, right, near, far]}
    includes: {best: {right: 0.5}}
  R: {share: 0.4, rankings: {best: [right, middle, left, near, far]}}
"""
HEAD = "rater,prompt,completion,rank\n"
ONE = HEAD + "r0,p,a,1\nr1,p,a,1\n"
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n"


@pytest.fixture
def files(tmp_path, monkeypatch):
    """A folder with a scenario, ratings, and things that are neither; work goes on inside it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "camps.yaml").write_text(SCENARIO)
    rows = [
        f"r{i},p,{c},{1 + (k if i % 3 else 2 - k)}\n"
        for i in range(12)
        for k, c in enumerate("abc")
    ]
    (tmp_path / "ratings.csv").write_text(HEAD + "".join(rows))
    (tmp_path / "one.csv").write_text(ONE)
    (tmp_path / "empty.csv").write_text("")
    (tmp_path / "bomb.yaml").write_text(BOMB)
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)))
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "films.csv").write_text("user,film,stars\nann,A,3\nann,B,4\nben,A,2\nben,B,3\n")
    pair = {"prompt": "why? " * 99, "chosen": "a very long answer " * 999, "rejected": "no " * 999}
    (tmp_path / "pairs.jsonl").write_text(json.dumps(pair) + "\n")
    return tmp_path


def run(*arguments: str) -> int:
    """The exit code, however the program ends."""
    try:
        return main([*arguments])
    except SystemExit as ended:
        return ended.code


# -- what it promises -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A run, its result file and its saved models."""
    folder = tmp_path_factory.mktemp("run")
    scenario, out = folder / "camps.yaml", folder / "result.json"
    scenario.write_text(SCENARIO)
    rules = ("borda", "plurality", "copeland", "maximal-lottery", "random-ballot")
    asked = [part for rule in rules for part in ("--rule", rule)]
    size = ("--raters", str(RATERS), "--voters", str(VOTERS), "--seed", "4")
    save = ("--save", str(folder / "models"), "--out", str(out))
    assert run("run", str(scenario), *size, *asked, *save) == 0
    return folder, json.loads(out.read_text()), rules


def check_order(entry: dict, values: str, names: list[str]) -> None:
    """An order names each completion once, and follows the values beside it."""
    assert sorted(name for tied in entry["order"] for name in tied) == sorted(names)
    assert sorted(entry[values]) == sorted(names)
    assert all(math.isfinite(x) for x in entry[values].values())
    levels = [[entry[values][name] for name in tied] for tied in entry["order"]]
    assert all(max(level) - min(level) < 1e-6 for level in levels)
    assert all(min(a) > max(b) for a, b in pairwise(levels))


@pytest.mark.slow
def test_run_writes_the_contract(ran):
    _, result, rules = ran
    assert result.keys() >= {"scenario", "seed", "device", "prompts", "latent", "seconds"}
    assert result["scenario"] == "Two camps"
    assert result["seed"] == 4
    assert result["device"]
    (entry,) = result["prompts"].values()
    names = entry["completions"]
    assert names == ["left", "middle", "right", "near", "far"]
    for part in ("truth", "raters", "voters"):
        assert list(entry[part]) == list(rules)
        for rule, outcome in entry[part].items():
            lottery = RULES[rule].lottery
            check_order(outcome, "probabilities" if lottery else "scores", names)
            if lottery:
                assert sum(outcome["probabilities"].values()) == pytest.approx(1)
    check_order(entry["vanilla"], "rewards", names)
    assert sorted(entry["vanilla"]["mle"]) == sorted(names)
    assert list(entry["social"]) == list(rules)
    for outcome in entry["social"].values():
        check_order(outcome, "rewards", names)
    latent = result["latent"]
    assert latent["raters"] == RATERS
    assert 1 <= latent["active_units"] <= latent["dim"]
    assert latent["components"] >= 2
    assert result["check"]["tested"] == 10 + 5
    seconds = result["seconds"]
    steps = ("individual", "density", "voters", "social", "vanilla")
    assert seconds.keys() == {*steps, "compile", "total"}
    assert all(seconds[step] > 0 for step in steps)
    assert sum(seconds[step] for step in steps) <= seconds["total"]
    assert 0 <= seconds["compile"] <= seconds["total"]
    # Otherwise test_pipeline.py may have compiled all.
    assert seconds["compile"] > 0 or not lanes.DEEP


@pytest.mark.slow
def test_run_finds_the_truth_of_two_camps(ran):
    _, result, _ = ran
    entry = result["prompts"]["best"]
    assert entry["truth"]["borda"]["scores"] == pytest.approx(
        {"left": 3.2, "middle": 3.0, "right": 2.8, "near": 1.0, "far": 0.0}
    )
    assert entry["voters"]["borda"]["order"] == [["left"], ["middle"], ["right"], ["near"], ["far"]]
    assert entry["voters"]["plurality"]["scores"]["left"] == pytest.approx(
        0.6, abs=lanes.deep(0.04, 0.02)
    )


@pytest.mark.slow
def test_saved_models_score_the_file_they_came_from(ran, capsys):
    folder, result, rules = ran
    saved = {path.stem for path in (folder / "models").iterdir()}
    assert saved == {"vanilla", *rules}
    scored = folder / "scored.json"
    model = folder / "models" / "borda.safetensors"
    assert run("score", str(model), str(folder / "camps.yaml"), "--out", str(scored)) == 0
    entry = result["prompts"]["best"]
    found = json.loads(scored.read_text())["prompts"]["best"]
    assert found == pytest.approx(entry["social"]["borda"]["rewards"], abs=1e-4)
    printed = capsys.readouterr().out
    assert printed.index("left") < printed.index("middle") < printed.index("right")
    rows = folder / "rows.csv"
    rows.write_text("prompt,completion\nbest,left\nbest,right\n")
    assert run("score", str(model), str(rows)) == 0
    printed = capsys.readouterr().out
    assert printed.index("left") < printed.index("right")
    rows.write_text("prompt,completion\nbest,left\nbest,up\n")
    assert run("score", str(model), str(rows)) == 2
    assert "rows.csv: The model was never trained on the completion 'up'" in capsys.readouterr().err


def test_completions_of_equal_reward_are_printed_as_tied(tmp_path, capsys):
    row = {"prompt": "p", "completions": ["left", "middle", "right"], "scores": [1, 1, 1]}
    rows = [row, row | {"prompt": "q", "scores": [2, 1, 1]}]
    (tmp_path / "ties.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    assert main(["run", str(tmp_path / "ties.jsonl"), "--rule", "borda"]) == 0
    printed = capsys.readouterr().out.split("q\n")
    assert "left = middle = right" in printed[0]
    assert ">" not in printed[0]
    assert "left > middle = right" in printed[1]


def test_vote_counts_the_golden_files(golden, tmp_path, capsys):
    out = tmp_path / "result.json"
    expected = json.loads((golden / "expected.json").read_text())
    expected = expected["tennessee-four.csv"]["unseen"]  # complete: the reading does not matter
    rules = [*expected, "maximal-lottery"]
    expected["maximal-lottery"] = {
        "order": [["Nashville"], ["Memphis", "Chattanooga", "Knoxville"]]
    }
    asked = [part for rule in rules for part in ("--rule", rule)]
    assert run("vote", str(golden / "tennessee-four.csv"), *asked, "--out", str(out)) == 0
    result = json.loads(out.read_text())
    assert result.keys() == {"left_out", "notes", "prompts"}
    assert result["left_out"] == "last"
    assert list(result["prompts"]["capital"]) == list(rules)
    for rule, entry in result["prompts"]["capital"].items():
        assert entry.keys() == {"order", "probabilities" if RULES[rule].lottery else "scores"}
        for key, wanted in expected[rule].items():
            if key == "order":
                assert [sorted(t) for t in entry["order"]] == [sorted(t) for t in wanted]
            else:
                assert entry[key] == pytest.approx(wanted, abs=1e-8)
    said = capsys.readouterr()
    assert "Nashville > Chattanooga > Memphis > Knoxville" in said.out
    assert said.err == ""


def test_without_a_rule_the_usual_five_are_counted(files, capsys):
    assert run("vote", "ratings.csv", "--out", "out.json") == 0
    assert list(json.loads((files / "out.json").read_text())["prompts"]["p"]) == list(DEFAULT_RULES)


def test_all_rules_leave_out_those_that_cannot_count(tmp_path, capsys):
    """Dodgson and Young stop at twelve candidates; the others count thirteen."""
    names = [f"c{i}" for i in range(13)]
    rows = "".join(f"{v},x,{c},{i}\n" for v in "ab" for i, c in enumerate(names))
    (tmp_path / "many.csv").write_text("rater,prompt,completion,rank\n" + rows)
    assert run("vote", str(tmp_path / "many.csv"), "--rule", "all") == 0
    printed = capsys.readouterr().out
    assert "Not counted by Dodgson: Dodgson counts at most 12 candidates" in printed
    assert "Not counted by Young" in printed
    assert "kemeny" in printed
    assert run("vote", str(tmp_path / "many.csv"), "--rule", "dodgson") == 2


def test_missing_changes_what_absence_means(golden, tmp_path, capsys):
    expected = json.loads((golden / "expected.json").read_text())["truncated.csv"]
    for options, reading in (([], "last"), (["--missing", "last"], "last"),
                             (["--missing", "unseen"], "unseen")):  # fmt: skip
        out = tmp_path / "result.json"
        file = str(golden / "truncated.csv")
        assert run("vote", file, "--rule", "borda", *options, "--out", str(out)) == 0
        result = json.loads(out.read_text())
        (entry,) = result["prompts"].values()
        assert entry["borda"]["scores"] == pytest.approx(expected[reading]["borda"]["scores"])
        assert result["left_out"] == reading
        assert f"(--missing {reading})" in capsys.readouterr().out


def test_widths_as_shares_let_one_ballot_elect_and_a_note_says_so(tmp_path, capsys):
    """1,900 voters compare A and B, one of them C and A, and 700 name B alone."""
    rows = ["a,p,A,1,1000", "a,p,B,2,1000", "b,p,B,1,900", "b,p,A,2,900", "c,p,C,1,1",
            "c,p,A,2,1", "d,p,B,1,700"]  # fmt: skip
    (tmp_path / "x.csv").write_text("rater,prompt,completion,rank,weight\n" + "\n".join(rows))
    winners = {}
    for widths in ("shares", "counts"):
        out = tmp_path / "result.json"
        assert run("vote", str(tmp_path / "x.csv"), "--rule", "borda", "--missing", "unseen",
                   "--widths", widths, "--out", str(out)) == 0  # fmt: skip
        result = json.loads(out.read_text())
        winners[widths] = result["prompts"]["p"]["borda"]["order"][0]
        assert result["widths"] == widths
        notes = " ".join(result["notes"])
        assert "700 of 2,601 ballots by weight (26.9 %)" in notes
        assert ("C over A by 1 of 2,601 ballots" in notes) == (widths == "shares")
        assert all(note in capsys.readouterr().out for note in result["notes"][:1])
    assert winners == {"shares": ["C"], "counts": ["A"]}
    assert "Borda elects C instead of A" in notes
    assert run("vote", str(tmp_path / "x.csv"), "--rule", "borda") == 0
    assert "B > A > C" in capsys.readouterr().out


def test_a_count_says_what_only_the_prior_of_a_reward_orders(tmp_path):
    rows = [f"r{i},p,{name},{rank}" for i in range(11) for rank, name in enumerate(
        ("A", "C") if i == 5 else ("A", "B"))]  # fmt: skip
    (tmp_path / "x.csv").write_text("rater,prompt,completion,rank\n" + "\n".join(rows))
    for rule, said in (("bradley-terry", True), ("borda", False)):
        out = tmp_path / "result.json"
        assert run("vote", str(tmp_path / "x.csv"), "--rule", rule, "--missing", "unseen",
                   "--out", str(out)) == 0  # fmt: skip
        notes = " ".join(json.loads(out.read_text())["notes"])
        assert ("'B', 'C' are not all ordered by ballots" in notes) == said


def test_every_golden_file_is_counted_alike_by_the_command_and_the_page(golden, tmp_path):
    """So is an election of more voters than are read one by one, from either format."""
    many = "# NUMBER ALTERNATIVES: 3\n150001: 1,2\n150000: 2,{1,3}\n70000: 3\n1: 3,2,1\n"
    (tmp_path / "many.toi").write_text(many)
    rows = ["a,p,A,1,150001", "a,p,B,2,150001", "b,p,B,1,150000", "b,p,A,2,150000", "c,p,C,1,1e9"]
    (tmp_path / "many.csv").write_text("rater,prompt,completion,rank,weight\n" + "\n".join(rows))
    files = [*golden.glob("*.csv"), *golden.glob("*.soi"), *tmp_path.glob("many.*")]
    for file in sorted(files):
        profile = profile_from_ratings(load_ratings(file), 0, as_cast=True)
        for reading in ("last", "unseen"):
            out = tmp_path / "result.json"
            assert run("vote", str(file), "--missing", reading, "--out", str(out)) == 0
            (entries,) = json.loads(out.read_text())["prompts"].values()
            outcomes, _ = count_all_rules(profile, DEFAULT_RULES, reading)
            for rule, entry in entries.items():
                order = outcomes[rule].order(list(profile.names))
                wanted = [sorted(tied) for tied in order]
                assert [sorted(tied) for tied in entry["order"]] == wanted, (file.name, rule)


def test_a_table_is_counted_by_naming_its_columns(files, capsys):
    assert run("vote", "films.csv", "--completion", "film", "--score", "STARS", "--rater", "user",
               "--rule", "borda") == 0  # fmt: skip
    assert "B > A" in capsys.readouterr().out
    assert run("vote", "films.csv", "--completion", "film", "--penalty", "stars", "--rater", "user",
               "--rule", "borda") == 0  # fmt: skip
    assert "A > B" in capsys.readouterr().out


def test_whole_texts_are_never_printed(files, capsys):
    assert run("vote", "pairs.jsonl", "--rule", "borda") == 0
    said = capsys.readouterr().out
    assert len(said) < 300
    assert "a very long answer" in said
    assert "cannot be told apart" in said


# -- bad input ------------------------------------------------------------------------------------

BAD = {
    "no command": ([], "COMMAND"),
    "no such command": (["dance"], "dance"),
    "no file": (["run"], "file"),
    "missing scenario": (["run", "none.yaml"], "none.yaml"),
    "missing ratings": (["vote", "none.csv"], "none.csv"),
    "a folder": (["vote", "folder.csv"], "folder"),
    "a folder to run": (["run", "folder.csv"], "folder.csv"),
    "an empty file": (["vote", "empty.csv"], "empty"),
    "bytes": (["vote", "noise.csv"], "noise.csv"),
    "unknown rule": (["vote", "ratings.csv", "--rule", "bord"], "did you mean 'borda'"),
    "unknown rule of a run": (["run", "camps.yaml", "--rule", "x y\nz"], "no rule"),
    "an alias bomb": (["run", "bomb.yaml"], "aliases"),
    "one completion": (["vote", "one.csv", "--missing", "unseen"], "nothing to count"),
    "widths of tied ballots": (["vote", "ratings.csv", "--widths", "counts"], "--missing unseen"),
    "one completion to run": (["run", "one.csv"], "nothing is compared"),
    "one completion to evaluate": (["evaluate", "one.csv"], "10"),
    "negative seed": (["run", "camps.yaml", "--seed", "-1"], "--seed"),
    "a vast seed": (["run", "camps.yaml", "--seed", "9" * 30], "seed"),
    "no raters": (["run", "camps.yaml", "--raters", "0"], "--raters"),
    "too many raters": (["run", "camps.yaml", "--raters", "100001"], "100,000"),
    "half a rater": (["run", "camps.yaml", "--raters", "1.5"], "1.5"),
    "raters of ratings": (["run", "ratings.csv", "--raters", "5"], "--raters is for scenarios"),
    "one rater": (["run", "camps.yaml", "--raters", "1"], "at least two"),
    "no voters": (["run", "camps.yaml", "--voters", "0"], "--voters"),
    "too many voters": (["run", "camps.yaml", "--voters", "1000000000"], "1,000,000"),
    "missing of a scenario": (["run", "camps.yaml", "--missing", "last"], "--missing"),
    "missing is unknown": (["vote", "ratings.csv", "--missing", "first"], "first"),
    "hide nothing": (["evaluate", "ratings.csv", "--hide", "0"], "--hide"),
    "hide all": (["evaluate", "ratings.csv", "--hide", "1"], "--hide"),
    "hide more": (["evaluate", "ratings.csv", "--hide", "50%"], "--hide"),
    "hide nonsense": (["evaluate", "ratings.csv", "--hide", "nan"], "--hide"),
    "an unknown rival": (["evaluate", "ratings.csv", "--rivals", "pooled,best"], "no rival 'best'"),
    "evaluate a scenario": (["evaluate", "camps.yaml"], "camps.yaml"),
    "out in no folder": (["vote", "ratings.csv", "--out", "none/out.json"], "none"),
    "out is a folder": (["vote", "ratings.csv", "--out", "folder.csv"], "folder.csv"),
    "save is a file": (["run", "camps.yaml", "--save", "one.csv"], "one.csv"),
    "missing model": (["score", "none.safetensors", "camps.yaml"], "none.safetensors"),
    "not a model": (["score", "noise.csv", "camps.yaml"], "not a reward model"),
    "unknown option": (["run", "camps.yaml", "--speed", "9"], "--speed"),
    "columns of a scenario": (["run", "camps.yaml", "--completion", "x"], "columns of a table"),
    "no such column": (["vote", "films.csv", "--completion", "x", "--score", "stars"], "stars"),
    "columns nobody knows": (["vote", "films.csv"], "name the columns"),
    "no rater to hold out": (["evaluate", "pairs.jsonl"], "name no rater"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_answered_in_one_line(files, capsys, case):
    arguments, word = BAD[case]
    assert run(*arguments) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.endswith("\n")
    assert said.err.count("\n") == 1
    assert said.err.startswith("error: ")
    assert word in said.err
    assert "Traceback" not in said.err
    assert len(said.err) < 800  # an unknown rule is answered by the names of all


def test_rows_of_texts_that_are_no_texts_are_refused_with_their_line(tmp_path):
    from scrl.cli.text_rows import read_text_rows

    path = tmp_path / "rows.jsonl"
    good = '{"Prompt": "p", "Completion": "c"}\n'
    for bad in ("null", "3", '"\\ud800"', '"a\\u0000"'):
        for row in (f'{{"prompt": {bad}, "completion": "c"}}', f'{{"completion": {bad}}}'):
            path.write_text(good + row)
            with pytest.raises(InputError, match=r"^rows.jsonl: line 2: .*\.$"):
                read_text_rows(path)
    packed = tmp_path / "rows.jsonl.gz"
    packed.write_bytes(gzip.compress(good.encode()))
    assert read_text_rows(packed) == [("p", ["c"])]


CHAT = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "yes?"}]


@pytest.mark.parametrize(
    ("name", "content", "rows"),
    [
        ("a.csv", "Prompt,completion\np,x\np,y\n", [("p", ["x"]), ("p", ["y"])]),
        ("a.tsv", "question\tanswer\np\tx, y\n", [("p", ["x, y"])]),
        ("a.csv", "completion\nx\n", [("", ["x"])]),
        ("a.json", json.dumps([{"prompt": "p", "completions": ["x", "y"]}]), [("p", ["x", "y"])]),
        ("a.json", json.dumps([{"prompt": CHAT[:1], "completion": CHAT[1:]}]), [("hi", ["yes?"])]),
        ("a.jsonl", json.dumps({"messages": CHAT}), [("hi", ["yes?"])]),
        ("a.csv", "rater,prompt,completion,rank\nr,p,x,1\n", None),
        ("a.jsonl", json.dumps({"prompt": "p", "chosen": "x", "rejected": "y"}), None),
        ("a.json", json.dumps([{"prompt": "p", "completions": [{"response": "x", "score": 1}]}]),
         None),
        ("a.yaml", "name: camps", None),
        ("a.csv", "prompt,completion\n", "there is a header but no row"),
        ("a.csv", "prompt,completion\np,x\np,\n", "line 3: a completion is empty"),
        ("a.csv", "prompt,completion,Completion\np,x,y\n", "column 'completion' stands twice"),
        ("a.csv", "prompt,completions\np,x\n", "line 2: 'completions' is 'x'"),
        ("a.json", '[{"completion": "x"}, {"prompt": "p"}]', "row 2: there is no completion"),
        ("a.jsonl", "", "the file is empty"),
    ],
)  # fmt: skip
def test_rows_of_texts_are_read_from_tables_and_json(tmp_path, name, content, rows):
    from scrl.cli.text_rows import read_text_rows

    path = tmp_path / name
    path.write_text(content)
    if isinstance(rows, str):
        with pytest.raises(InputError, match=rows):
            read_text_rows(path)
    else:
        assert read_text_rows(path) == rows


def test_rows_of_texts_are_read_from_parquet_and_by_named_columns(tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    from pyarrow import table as arrow_table

    from scrl.cli.text_rows import read_text_rows

    path = tmp_path / "a.parquet"
    parquet.write_table(arrow_table({"prompt": ["p"], "completions": [["x", "y"]]}), path)
    assert read_text_rows(path) == [("p", ["x", "y"])]
    films = tmp_path / "films.csv"
    films.write_text("q,Film\np,x\n")
    assert read_text_rows(films, {"prompt": "q", "completion": "film"}) == [("p", ["x"])]

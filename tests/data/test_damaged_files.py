"""Damaged files of every format: ratings or one sentence, never anything else."""

from __future__ import annotations

import gzip
import io
import json
import random
from typing import Any

import numpy as np
import pytest

from scrl.data import parse_ratings, ratings_from_frame
from scrl.types import InputError
from tests.data.test_published_shapes import MODEL, USER, lines, only, orders, said

#: Inputs that the suite tries; ``python -m tests.data.test_damaged_files 20000`` tries more.
TRIES = 600
#: Pieces that damage puts in.
PIECES = (
    b"", b",", b";", b"\t", b'"', b"'", b"\n", b"\r", b"{", b"}", b"[", b"]", b":", b"\\", b"\0",
    b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"null", b"true", b"NaN", b"1e999", b"-1", b"0",
    b"9" * 400, b"\\ud800", b"\\u0000", b"=cmd()", b"<b>", b"prompt", b"chosen", b"rater", b"score",
    b"x" * 3000, b"[" * 200, b'{"role":"user","content":', b"\xe2\x80\xae", b"1st choice",
)  # fmt: skip


def _tables() -> dict[str, bytes]:
    """Valid files by name."""
    pair = {"prompt": "What is blue?", "chosen": "The sky.\nIt is.", "rejected": "Grass"}
    said = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Ho"}]
    rated = {"instruction": "Do", "completions": [
        {"response": t, "overall_score": s, "annotations": {"honesty": {"Rating": "3"}}}
        for t, s in (("A", 1), ("B", 2.5))]}  # fmt: skip
    prism = {"user_id": "u", "conversation_id": "c", "conversation_history": [
        {"turn": 0, "role": "user", "content": "hi"},
        {"turn": 0, "role": "model", "content": "a", "score": 3},
        {"turn": 0, "role": "model", "content": "b", "score": 9}]}  # fmt: skip
    records = [
        [{"rater": "r", **pair}, {"rater": 7, "prompt": "p", "ranking": ["c", ["a", "b"]]}],
        [{"chosen": said, "rejected": [said[0], {"role": "assistant", "content": "No"}]}],
        [rated], [prism], [{"prompt": "p", "response_1": "A", "response_2": "B",
                            "preference_strength": -1}],
        [{"prompt": "p", "completion": c, "label": c == "a"} for c in "ab"],
        [{"judge": "j", "winner": "model_a", "conversation_a": said, "conversation_b": said}],
    ]  # fmt: skip
    files = {}
    for i, rows in enumerate(records):
        text = "\n".join(map(json.dumps, rows)).encode()
        files[f"{i}.jsonl"] = text
        files[f"{i}.json"] = json.dumps(rows).encode()
        files[f"{i}.jsonl.gz"] = gzip.compress(text, mtime=0)
    files |= {
        "long.csv": b"rater,prompt,completion,rank,weight\nr,p,a,1,2\nr,p,b,2,2\ns,p,b,1,1\n",
        "wide.csv": b"rater,a,b,c\nx,1,2,5\ny,3,,1\n",
        "votes.csv": b"participant,group-id,n-votes,0,1\n1,0,2,-1,1\n2,,1,,1\n",
        "choices.csv": b"1st choice,2nd choice,Count\nA,B,3\nB,skipped,2\n",
        "dices.csv": b"rater_id,rater_race,item_id,context,response,Q_overall\n1,W,i,c,r,No\n"
        b"1,W,j,c,s,Yes\n",
        "long.tsv": b"user\tresponse\tstars\nann\tA\t3\nann\tB\t4\n",
        "euro.csv": b"rater;completion;score\nr;a;1,5\nr;b;2\n",
        "linked.csv": b"a.soc;b.soc\nOne;Two\n1,2;2,1\n",
        "x.soi": b"# TITLE: T\n# NUMBER ALTERNATIVES: 3\n2: 1,2\n1: 3\n",
        "x.cat": b"# NUMBER ALTERNATIVES: 3\n2: {1,2},{},3\n",
        "x.wmd": b"# A: b\n1,2,0.5\n1,3,1\n",
    }
    return files


def _packed() -> dict[str, bytes]:
    """Valid Parquet files and workbooks."""
    pandas = pytest.importorskip("pandas")
    flat = pandas.DataFrame({"rater": ["a", "a"], "completion": ["x", "y"], "score": [1, 2]})
    nested = pandas.DataFrame({"chosen": [[{"role": "user", "content": "x"}]],
                               "rejected": [[{"role": "user", "content": "y"}]]})  # fmt: skip
    files = {}
    for name, frame in (("flat", flat), ("nested", nested)):
        out = io.BytesIO()
        frame.to_parquet(out)
        files[f"{name}.parquet"] = out.getvalue()
    out = io.BytesIO()
    flat.to_excel(out, index=False)
    files["flat.xlsx"] = out.getvalue()
    return files


def _damaged(data: bytes, rng: random.Random) -> bytes:
    """``data`` with a few pieces cut out, repeated, replaced or put in."""
    for _ in range(rng.choice((1, 1, 1, 2, 5))):
        start = rng.randrange(len(data) + 1)
        stop = min(len(data), start + rng.choice((0, 1, 1, 2, 8)))
        kind = rng.choice((0, 0, 0, 1, 1, 2, 3))
        if kind == 0:
            data = data[:start] + rng.choice(PIECES) + data[stop:]
        elif kind == 1:
            data = data[:stop] + data[start:]
        elif kind == 2:
            data = data[:start] + bytes(rng.randrange(256) for _ in range(stop - start))
            data += data[stop:]
        else:
            data = data[:start]
    return data


#: Values that damage puts in the place of another.
VALUES = (
    None, "", " ", "x" * 300, 0, -1, 1e308, True, [], {}, [[]], [None], ["a"], {"content": 1}, "=1",
    [{"role": "user"}], [{"role": "user", "content": "y"}], "a\nb", "\ud83d", "nan",
)  # fmt: skip


def _damaged_value(value: Any, rng: random.Random) -> Any:
    """JSON with one value or key replaced."""
    if isinstance(value, dict) and value and rng.random() < 0.9:
        key = rng.choice(list(value))
        if rng.random() < 0.1:
            return {("score" if k == key else k): v for k, v in value.items()}
        return {**value, key: _damaged_value(value[key], rng)}
    if isinstance(value, list) and value and rng.random() < 0.9:
        i = rng.randrange(len(value))
        return [*value[:i], _damaged_value(value[i], rng), *value[i + rng.randrange(2) :]]
    return rng.choice(VALUES)


STATED = (
    {"rater": "rater", "completion": "completion", "score": "rank"},
    {"items": "a,b"}, {"values": "choices"}, {"score": "honesty"}, {"chosen": "chosen",
    "rejected": "prompt"}, {"completion": "prompt", "score": "label"},
)  # fmt: skip


def _check(data: bytes, name: str, columns: dict | None) -> bool:
    """Whether damaged data are still ratings; fails where they are neither that nor refused."""
    try:
        r = parse_ratings(data, name, None, columns)
    except InputError as error:
        message = str(error)
        assert message.startswith(f"{name}: "), message
        assert message.endswith("."), message
        assert "\n" not in message
        assert len(message) < 700
        return False
    assert r.ballots
    assert (r.sizes > 0).all()
    assert np.isfinite(r.ballot_weight).all()
    assert (r.item < r.catalogue.items).all()
    names = (*r.catalogue.prompts, *r.catalogue.completions)
    assert all(0 < len(n) <= 200 and "\n" not in n for n in names), names
    assert all(map(str.strip, r.catalogue.completion_texts))
    return True


def _fuzz(tries: int, seed: int) -> int:
    rng, read = random.Random(seed), 0
    files = [*_tables().items(), *_packed().items()]
    for name, data in files:
        parse_ratings(data, name)
    for _ in range(tries):
        name, data = rng.choice(files)
        columns = rng.choice(STATED) if rng.random() < 0.3 else None
        if name.endswith(".json") and rng.random() < 0.7:
            data = json.dumps(_damaged_value(json.loads(data), rng)).encode()
        else:
            data = _damaged(data, rng)
        try:
            read += _check(data, name, columns)
        except Exception as error:
            raise AssertionError((name, data[:2000], columns)) from error
    return read


def test_damaged_files_are_ratings_or_a_sentence():
    assert 50 < _fuzz(TRIES, 0) < TRIES


# -- tables that are nearly right --------------------------------------------------------------


@pytest.mark.parametrize("name", ["question", "Instruction", "query", "messages"])
def test_pairs_have_a_prompt_of_any_usual_name(name):
    rows = [{name: f"p{i}", "chosen": "a", "rejected": "b"} for i in range(3)]
    want = [(f"p{i}", [["a"], ["b"]]) for i in range(3)]
    assert only(parse_ratings(lines(*rows), "x.jsonl")) == want
    table = f"{name},chosen,rejected\n" + "".join(f"p{i},a,b\n" for i in range(3))
    assert only(parse_ratings(table.encode(), "x.csv")) == want
    stated = {"chosen": "chosen", "rejected": "rejected"}
    assert only(parse_ratings(table.encode(), "x.csv", columns=stated)) == want


def test_messages_that_hold_the_chosen_completion_are_not_the_prompt():
    chosen, rejected = ([said(USER, "Hi"), said(MODEL, text)] for text in "AB")
    data = lines({"messages": chosen, "chosen": chosen, "rejected": rejected})
    assert only(parse_ratings(data, "x.jsonl")) == [("Hi", [["A"], ["B"]])]


@pytest.mark.parametrize("key", ["rater", "prompt"])
@pytest.mark.parametrize("before", [1, 5000])
def test_all_rows_of_json_tell_its_columns(key, before):
    full = {"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b"}
    row = {k: v for k, v in full.items() if k != key}
    with pytest.raises(InputError, match=rf"line 1: there is no '{key}'; give every line a {key}"):
        parse_ratings(lines(*[row] * before, full), "x.jsonl")
    rated = [{"rater": "r", "prompt": f"p{i}", "completion": "a", "score": i} for i in range(5000)]
    del rated[0][key]
    with pytest.raises(InputError, match=f"{key} is empty"):
        parse_ratings(lines(*rated), "x.jsonl")


def test_columns_of_late_rows_are_read():
    rows = [{"prompt": f"p{i}", "chosen": "a", "rejected": "b"} for i in range(4100)]
    for name in ("weight", "rater_group"):
        late = {**rows[0], "prompt": "late", name: 2}
        r = parse_ratings(lines(*rows, late), "x.jsonl")
        assert r.ballots == 4101
        assert (r.ballot_weight[-1] == 2) if name == "weight" else (r.types == ("2",))
    long = [{"rater": "r", "completion": f"c{i}", "score": i} for i in range(4100)]
    late = {"rater": "s", "completion": "c0", "score": 1, "weight": 3}
    with pytest.raises(InputError, match="weight is empty"):
        parse_ratings(lines(*long, late), "x.jsonl")


@pytest.mark.parametrize("end", ["\n[{}]", " junk", "]", "\n" + " " * (1 << 20) + "{}"])
def test_nothing_may_follow_an_array(end):
    array = json.dumps([{"prompt": "p", "chosen": "a", "rejected": "b"}])
    assert parse_ratings(f"{array} \n\t".encode(), "x.json").ballots == 1
    with pytest.raises(InputError, match="follows the end of the array"):
        parse_ratings((array + end).encode(), "x.json")


def test_votes_are_matched_exactly():
    def vote(winner, i):
        return {"judge": f"j{i}", "winner": winner,
                "conversation_a": [said(USER, "Hi"), said(MODEL, "A")],
                "conversation_b": [said(USER, "Hi"), said(MODEL, "B")]}  # fmt: skip

    words = ["a", "B", "model_a", "tie", "tie (bothbad)", "gemma", "tiepin", "alphab", None, "none"]
    r = parse_ratings(lines(*(vote(w, i) for i, w in enumerate(words))), "x.jsonl")
    a, b, tie = [["A"], ["B"]], [["B"], ["A"]], [["A", "B"]]
    want = [a, b, a, tie, tie]
    assert orders(r) == {(f"j{i}", "Hi"): places for i, places in enumerate(want)}
    assert "2 rows are left out: no response is preferred." in r.notes
    assert "3 rows are left out: the preferred response is none of the row's responses." in r.notes
    row = {"annotator_id": "x", "first_turn_prompt": "p", "first_turn_response_a": "A",
           "first_turn_response_d": "D", "first_turn_preferred_response": "response_d"}  # fmt: skip
    idle = {**row, "annotator_id": "y", "first_turn_preferred_response": "Neither/no idea"}
    r = parse_ratings(lines(row, idle), "x.jsonl")
    assert orders(r) == {("x", "p"): [["D"], ["A"]]}
    assert "1 row is left out: no response is preferred." in r.notes


@pytest.mark.parametrize("word", ["NA", "NULL", "nan", "None", "N/A"])
def test_words_for_missing_values_are_left_out_with_a_count(word):
    data = f"rater,completion,score\nr,a,1\nr,b,{word}\n".encode()
    r = parse_ratings(data, "x.csv")
    assert len(r.rank) == 1
    assert "1 row is left out: the score is empty." in r.notes


def test_pairs_without_a_text_are_left_out_with_a_count():
    row = {"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b"}
    call = [{"role": "assistant", "tool_calls": [{"name": "f"}]}]
    data = lines(row, {**row, "chosen": None}, {**row, "chosen": []}, {**row, "rejected": call})
    r = parse_ratings(data, "x.jsonl")
    assert r.ballots == 1
    assert "2 rows are left out: a text is empty." in r.notes
    assert "1 row is left out: a message has no content." in r.notes


def test_rows_repeat_where_their_values_are_equal():
    text = "prompt,chosen,rejected,x\np,a,b,-1\np,a,b,-2\nq,c,d,3\nq,c,d,3\n"
    assert parse_ratings(text.encode(), "x.csv").ballots == 3
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"prompt": "p", "chosen": "a", "rejected": "b", "x": [-1, -2, -2, 5]})
    assert ratings_from_frame(frame).ballots == 3


if __name__ == "__main__":
    import sys

    print(_fuzz(int(sys.argv[1]), int(sys.argv[2])))

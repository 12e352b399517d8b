"""Damaged files of every format: ratings or one sentence, never anything else."""

from __future__ import annotations

import gzip
import io
import json
import random
from typing import Any

import numpy as np
import pytest

from scrl.data import parse_ratings
from scrl.types import InputError

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
        "wide.csv": b"rater,a,b,c\nx,1,2,3\ny,3,,1\n",
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


if __name__ == "__main__":
    import sys

    print(_fuzz(int(sys.argv[1]), int(sys.argv[2])))

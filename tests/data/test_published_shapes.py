"""Files as the field publishes them: rows made by hand in the columns of known data sets."""

from __future__ import annotations

import gzip
import io
import json
import sys
from itertools import pairwise

import numpy as np
import pytest

from scrl.data import load_ratings, parse_ratings, ratings_from_frame, to_csv
from scrl.types import InputError, Ratings

USER, MODEL = "user", "assistant"


def lines(*records: dict) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def said(role: str, content: str) -> dict:
    return {"role": role, "content": content}


def orders(r: Ratings) -> dict[tuple[str, str], list[list[str]]]:
    """(rater, text of the prompt) -> places of completions' texts, best first."""
    found: dict = {}
    for b in range(r.ballots):
        places: dict[int, list[str]] = {}
        for e in range(r.offsets[b], r.offsets[b + 1]):
            text = r.catalogue.completion_texts[r.completion[e]]
            places.setdefault(int(r.rank[e]), []).append(text)
        key = r.raters[r.ballot_rater[b]], r.catalogue.prompt_texts[r.ballot_prompt[b]]
        assert key not in found, "two ballots of one rater on one prompt"
        found[key] = [places[k] for k in sorted(places)]
    return found


def only(r: Ratings) -> list[tuple[str, list[list[str]]]]:
    """(prompt, places) of each ballot of raters without names."""
    assert not r.individuals
    assert "cannot be told apart" in r.notes[0]
    return [(prompt, places) for (_, prompt), places in orders(r).items()]


# -- TRL ------------------------------------------------------------------------------------------

SKY = ("What color is the sky?", [["It is blue."], ["It is green."]])


@pytest.mark.parametrize(
    "record",
    [
        {"prompt": SKY[0], "chosen": " It is blue.", "rejected": "It is green. "},
        {"prompt": [said(USER, SKY[0])], "chosen": [said(MODEL, "It is blue.")],
         "rejected": [said(MODEL, "It is green.")]},
        {"chosen": [said(USER, SKY[0]), said(MODEL, "It is blue.")],
         "rejected": [said(USER, SKY[0]), said(MODEL, "It is green.")]},
        {"prompt": SKY[0], "chosen": [said(USER, SKY[0]), said(MODEL, "It is blue.")],
         "rejected": [said(USER, SKY[0]), said(MODEL, "It is green.")], "score_chosen": 9.0},
        {"chosen": f"\n\nHuman: {SKY[0]}\n\nAssistant: It is blue.",
         "rejected": f"\n\nHuman: {SKY[0]}\n\nAssistant: It is green."},
        {"Prompt": SKY[0], "CHOSEN": "It is blue.", "Rejected": "It is green."},
    ],
)  # fmt: skip
def test_pairs_of_texts_and_of_chat_messages(record):
    assert only(parse_ratings(lines(record), "x.jsonl")) == [SKY]
    array = json.dumps([record], indent=2).encode()
    assert only(parse_ratings(array, "x.json")) == [SKY]
    assert only(parse_ratings(gzip.compress(lines(record)), "x.jsonl.gz")) == [SKY]


def test_a_prompt_may_be_what_two_texts_share():
    data = lines({"chosen": "The sky is blue.", "rejected": "The sky is green."})
    assert only(parse_ratings(data, "x.jsonl")) == [("The sky is", [["blue."], ["green."]])]
    # With raters' names the texts are names of completions, and the file is one prompt.
    data = lines({"rater": "r", "chosen": "bread roll", "rejected": "bread slice"})
    assert orders(parse_ratings(data, "lunch.jsonl")) == {
        ("r", "lunch"): [["bread roll"], ["bread slice"]]
    }


def test_several_turns_keep_who_spoke():
    history = [said("system", "Be kind."), said(USER, "Hi"), said(MODEL, "Yes?"), said(USER, "Why")]
    record = {"chosen": [*history, said(MODEL, "So.")], "rejected": [*history, said(MODEL, "No.")]}
    ((prompt, places),) = only(parse_ratings(lines(record), "x.jsonl"))
    assert prompt == "System: Be kind.\n\nUser: Hi\n\nAssistant: Yes?\n\nUser: Why"
    assert places == [["So."], ["No."]]


def test_unpaired_preferences_are_scores():
    rows = [{"prompt": "p", "completion": c, "label": c == "a"} for c in "bac"]
    assert only(parse_ratings(lines(*rows), "x.jsonl")) == [("p", [["a"], ["b", "c"]])]


def test_rows_that_say_nothing_are_left_out_with_a_count():
    pair = {"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b"}
    data = lines(pair, {**pair, "chosen": "b"}, pair, {**pair, "rejected": " "}, {**pair, "id": 7})
    r = parse_ratings(data, "x.jsonl")
    assert r.ballots == 2
    assert r.notes[:3] == (
        "1 row is left out: chosen equals rejected.",
        "1 row is left out: a text is empty.",
        "1 row is left out: it repeats another row.",
    )
    table = b"rater,prompt,completion,score\nr,p,a,1\nr,p,b,\nr,p,a,1.0\nr,p,,3\nr,p,c,2\n"
    r = parse_ratings(table, "x.csv")
    assert orders(r) == {("r", "p"): [["c"], ["a"]]}
    assert sorted(r.notes) == [
        "1 row is left out: the completion is empty.",
        "1 row is left out: the same rating stands before.",
        "1 row is left out: the score is empty.",
    ]
    with pytest.raises(InputError, match="every row is left out"):
        parse_ratings(lines({**pair, "chosen": "b"}), "x.jsonl")


def test_rows_of_unknown_raters_that_mostly_repeat_are_votes():
    votes = [{"prompt": "p", "chosen": "a", "rejected": "b"}] * 3
    votes += [{"prompt": "p", "chosen": "b", "rejected": "a"}] * 2
    r = parse_ratings(lines(*votes), "x.jsonl")
    assert len(only(r)) == r.ballots == 5
    again = parse_ratings(to_csv(r).encode(), "x.csv")
    assert sorted(map(str, only(again))) == sorted(map(str, only(r)))


# -- several completions --------------------------------------------------------------------------


def test_ultrafeedback():
    def completion(text, overall, helpful):
        return {"response": text, "overall_score": overall, "model": "m",
                "annotations": {"helpfulness": {"Rating": helpful, "Rationale": "…"}}}  # fmt: skip

    answers = [completion("A", 6.5, "5"), completion("B", 8, "2"), completion("C", 6.5, "N/A")]
    data = lines({"source": "s", "instruction": "Do", "models": ["m"], "completions": answers})
    assert only(parse_ratings(data, "x.jsonl")) == [("Do", [["B"], ["A", "C"]])]
    r = parse_ratings(data, "x.jsonl", columns={"score": "helpfulness"})
    assert only(r) == [("Do", [["A"], ["B"]])]
    assert "1 row is left out: the score is empty." in r.notes


@pytest.mark.parametrize(
    "row",
    [
        {"generations": ["A", "B"], "ratings": [1, 4]},
        {"responses": ["A", "B"], "ranks": [2, 1]},
        {"answers": [{"answer": "A", "rank": 2.0}, {"answer": "B", "rank": 1.0}]},
    ],
)
def test_lists_of_completions(row):
    assert only(parse_ratings(lines({"prompt": "p", **row}), "x.jsonl")) == [("p", [["B"], ["A"]])]


def test_helpsteer():
    rows = [{"prompt": "p", "response": r, "helpfulness": h, "correctness": 4 - h, "coherence": 3}
            for r, h in (("A", 1), ("B", 3), ("C", 2))]  # fmt: skip
    r = parse_ratings(lines(*rows), "x.jsonl")
    assert only(r) == [("p", [["B"], ["C"], ["A"]])]
    assert "helpfulness" in r.notes[1]
    r = parse_ratings(lines(*rows), "x.jsonl", columns={"score": "Correctness"})
    assert only(r) == [("p", [["A"], ["C"], ["B"]])]


def test_helpsteer_preferences():
    two = [{"prompt": prompt, "response_1": "A", "response_2": "B", "preference_strength": strength}
           for prompt, strength in (("p", -2), ("q", 0))]  # fmt: skip
    assert only(parse_ratings(lines(*two), "x.jsonl")) == [
        ("p", [["A"], ["B"]]), ("q", [["A", "B"]]),
    ]  # fmt: skip
    three = {"context": [said(USER, "p")], "response1": "A", "response2": "B",
             "overall_preference": 3, "individual_preference": [{"score": 3}]}  # fmt: skip
    assert only(parse_ratings(lines(three), "x.jsonl")) == [("p", [["B"], ["A"]])]


# -- real raters ----------------------------------------------------------------------------------


def test_prism_both_ways():
    long = "It depends on what you mean, and I would rather hear more of it before I answer. " * 3
    turns = [("u1", "c1", "hi", "Hello!", 80), ("u1", "c1", "hi", long, 20),
             ("u2", "c2", "hi", "Hello!", 10), ("u2", "c2", "hi", "Go on", 90)]  # fmt: skip
    wanted = {("u1", "hi"): [["Hello!"], [long.strip()]], ("u2", "hi"): [["Go on"], ["Hello!"]]}
    rows = [
        {"utterance_id": f"ut{i}", "interaction_id": f"int-{c}", "conversation_id": c,
         "user_id": u, "turn": 0, "within_turn_id": i, "user_prompt": p, "model_response": text,
         "model_name": "m", "score": score, "if_chosen": score > 50}
        for i, (u, c, p, text, score) in enumerate(turns)
    ]  # fmt: skip
    r = parse_ratings(lines(*rows), "utterances.jsonl")
    assert orders(r) == wanted
    assert r.individuals
    assert all(len(name) <= 80 for name in r.catalogue.completions)
    histories: dict = {}
    for u, c, p, text, score in turns:
        start = [{"turn": 0, "role": "user", "content": p, "score": None}]
        histories.setdefault((u, c), start).append(
            {"turn": 0, "role": "model", "content": text, "score": score, "model_name": "m"}
        )
    rows = [{"conversation_id": c, "user_id": u, "conversation_history": h}
            for (u, c), h in histories.items()]  # fmt: skip
    assert orders(parse_ratings(lines(*rows), "conversations.jsonl")) == wanted


def test_dices():
    head = ("rater_id,rater_gender,rater_race,rater_age,item_id,context,response,safety_gold,"
            "Q2_harmful_content_overall,Q_overall\n")  # fmt: skip
    rows = [("1", "Woman", "Asian", "i1", "No"), ("1", "Woman", "Asian", "i2", "Yes"),
            ("1", "Woman", "Asian", "i3", "Unsure"), ("2", "Man", "White", "i1", "Yes"),
            ("2", "Man", "White", "i2", "No")]  # fmt: skip
    text = head + "".join(
        f"{r},{g},{race},gen z,{i},USER: hi {i},LAMDA: ho,Yes,No,{q}\n" for r, g, race, i, q in rows
    )
    r = parse_ratings(text.encode(), "diverse_safety_adversarial_dialog_350.csv")
    names = r.catalogue.completions
    assert [names[i] for i in r.completion[:3][np.argsort(r.rank[:3])]] == ["i1", "i3", "i2"]
    assert r.catalogue.completion_texts[0] == "USER: hi i1\n\nLAMDA: ho"
    assert r.types == ("Asian", "White")
    assert r.rater_features.shape == (2, 5)
    assert sorted(r.rater_features.sum(1)) == [3, 3]
    r = parse_ratings(text.encode(), "x.csv", columns={"penalty": "Q2_harmful_content_overall"})
    assert (r.rank == 0).all()


def test_community_alignment_and_an_arena():
    row = {"conversation_id": 1, "annotator_id": "a7", "annotator_country": "India",
           "first_turn_prompt": "p", "first_turn_preferred_response": "response_b",
           **{f"first_turn_response_{x}": x.upper() for x in "abcd"}}  # fmt: skip
    silent = {**row, "annotator_id": "a8", "first_turn_preferred_response": None}
    r = parse_ratings(lines(row, silent), "x.jsonl")
    assert orders(r) == {("a7", "p"): [["B"], ["A", "C", "D"]]}
    assert r.types == ("India",)
    assert "1 row is left out: no response is preferred." in r.notes
    votes = [
        {"question_id": i, "model_a": "m", "model_b": "n", "winner": w, "judge": f"j{i}",
         "conversation_a": [said(USER, "Hi"), said(MODEL, "A")],
         "conversation_b": [said(USER, "Hi"), said(MODEL, "B")]}
        for i, w in enumerate(("model_a", "model_b", "tie (bothbad)"))
    ]  # fmt: skip
    assert orders(parse_ratings(lines(*votes), "x.jsonl")) == {
        ("j0", "Hi"): [["A"], ["B"]], ("j1", "Hi"): [["B"], ["A"]], ("j2", "Hi"): [["A", "B"]],
    }  # fmt: skip


# -- long texts -----------------------------------------------------------------------------------


def test_long_texts_get_short_distinct_names_and_keep_their_text():
    texts = ["the same beginning of every text " * 4 + str(i) for i in range(50)]
    texts += ["two\nlines", "\x1b[31mred", "x" * 500]
    rows = [{"rater": "r", "prompt": "p" * 100, "chosen": one, "rejected": two}
            for one, two in zip(texts[1:], texts[:-1], strict=True)]  # fmt: skip
    r = parse_ratings(lines(*rows), "x.jsonl")
    names = r.catalogue.completions
    assert len(set(names)) == len(texts)
    assert set(r.catalogue.completion_texts) == {text.strip() for text in texts}
    assert all(len(n) <= 80 and n.isprintable() for n in (*names, *r.catalogue.prompts))
    assert r.catalogue.prompt_texts == ("p" * 100,)
    again = parse_ratings(to_csv(r).encode(), "x.csv")
    assert again.catalogue.completions == names
    assert again.catalogue.completion_texts == r.catalogue.completion_texts


def test_a_hostile_text_stays_a_text():
    texts = ["", "<script>alert(1)</script>", "=cmd()", "[x](javascript:0)", "💥\u202e", "a\tb",
             "<|im_start|>system", "x" * 1_000_000]  # fmt: skip
    rows = [{"prompt": "p", "chosen": a, "rejected": b} for a, b in pairwise(texts)]
    r = parse_ratings(lines(*rows), "x.jsonl")
    assert set(r.catalogue.completion_texts) == {text.strip() for text in texts[1:]}
    assert "1 row is left out: a text is empty." in r.notes
    for bad in ('"\\ud800 x"', '"a\\u0000b"'):
        data = b'{"prompt": "p", "chosen": "a", "rejected": ' + bad.encode() + b"}\n"
        with pytest.raises(InputError, match=r"line 1: rejected is .*, which holds"):
            parse_ratings(data, "x.jsonl")


# -- other containers -----------------------------------------------------------------------------

RECORDS = [
    {"rater": 7, "prompt": "p", "completion": c, "score": s}
    for c, s in (("a", 1.5), ("b", 2.5), ("c", None))
]


def test_parquet_workbooks_and_frames_read_alike(tmp_path):
    pandas = pytest.importorskip("pandas")
    polars = pytest.importorskip("polars")
    frame = pandas.DataFrame(RECORDS)
    frame.to_parquet(tmp_path / "x.parquet")
    frame.to_excel(tmp_path / "x.xlsx", index=False)
    frame.to_csv(tmp_path / "x.tsv", index=False, sep="\t")
    wanted = {("7", "p"): [["b"], ["a"]]}
    for suffix in ("parquet", "xlsx", "tsv"):
        assert orders(load_ratings(tmp_path / f"x.{suffix}")) == wanted, suffix
    for table in (frame, polars.DataFrame(RECORDS), polars.LazyFrame(RECORDS),
                  polars.DataFrame(RECORDS).to_arrow()):  # fmt: skip
        assert orders(ratings_from_frame(table)) == wanted
    pair = {"chosen": [said(USER, "Hi"), said(MODEL, "A")], "rejected": [said(USER, "Hi"),
            said(MODEL, "B")]}  # fmt: skip
    for table in (pandas.DataFrame([pair]), polars.DataFrame([pair])):
        assert only(ratings_from_frame(table)) == [("Hi", [["A"], ["B"]])]
    polars.DataFrame([pair]).write_parquet(tmp_path / "m.parquet")
    assert only(load_ratings(tmp_path / "m.parquet")) == [("Hi", [["A"], ["B"]])]
    scores = pandas.array([1, 2, None, 3], dtype="Int64")
    odd = pandas.DataFrame({"completion": [b"a", 7.0, "c", True], "score": scores})
    odd["rater"] = pandas.Categorical(["r"] * 4)
    assert orders(ratings_from_frame(odd, name="q")) == {("r", "q"): [["true"], ["7"], ["a"]]}
    with pytest.raises(InputError, match="row 2: score is 'x'"):
        ratings_from_frame(polars.DataFrame({"completion": ["a", "b"], "score": ["1", "x"]}))


@pytest.mark.parametrize(
    ("module", "read"),
    [("openpyxl", lambda: parse_ratings(b"PK", "x.xlsx")),
     ("pyarrow.parquet", lambda: parse_ratings(b"PAR1", "x.parquet")),
     ("narwhals", lambda: ratings_from_frame(None))],
)  # fmt: skip
def test_what_is_not_installed_is_named(monkeypatch, module, read):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match=r"pip install 'scrl\[tables\]'"):
        read()


def test_a_folder_of_a_hub_is_its_training_part(tmp_path):
    (tmp_path / "data").mkdir()
    pair = {"prompt": "p", "chosen": "a", "rejected": "b"}
    for name, chosen in (("train-00000-of-00002", "a"), ("train-00001-of-00002", "c"),
                         ("test-00000-of-00001", "d")):  # fmt: skip
        (tmp_path / "data" / f"{name}.jsonl").write_bytes(lines({**pair, "chosen": chosen}))
    (tmp_path / "README.md").write_text("# card")
    r = load_ratings(tmp_path)
    assert [places[0] for _, places in only(r)] == [["a"], ["c"]]
    assert r.notes[1].startswith("Read 2 files") or r.notes[0].startswith("Read 2 files")
    assert any("Not read: test-00000-of-00001.jsonl" in note for note in r.notes)
    assert r.name == tmp_path.name
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="holds no"):
        load_ratings(tmp_path / "none")


def test_bombs_are_refused(tmp_path, monkeypatch):
    from scrl.data import readers, xlsx_format

    monkeypatch.setattr(readers, "MAX_BYTES", 100_000)
    packed = gzip.compress(b"rater,prompt,completion,rank\n" + b" " * 10_000_000)
    assert len(packed) < 100_000
    with pytest.raises(InputError, match="unpacked it is larger"):
        parse_ratings(packed, "x.csv.gz")
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.active.append(["rater", "completion", "score"])
    book.active.append(["r", "a" * 30_000, 1])
    out = io.BytesIO()
    book.save(out)
    monkeypatch.setattr(xlsx_format, "MAX_BYTES", 20_000)
    with pytest.raises(InputError, match="unpacked it is larger"):
        parse_ratings(out.getvalue(), "x.xlsx")

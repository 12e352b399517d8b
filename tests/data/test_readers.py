"""Files of ratings, and the way back to CSV."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.data import (
    escape_formula,
    load_ratings,
    parse_ratings,
    preflib,
    save_ratings,
    to_csv,
)
from scrl.data.short_names import is_name
from scrl.scenarios import gallery, load_scenario, sample, with_overrides
from scrl.types import InputError, Ratings


def rated(text, name="x.csv", missing=None):
    return parse_ratings(text.encode(), name, missing)


def plainly(r: Ratings):
    """Everything that ratings say, without the numbering of prompts and completions."""
    c = r.catalogue

    def features(array, i):
        """A row of features, None where unknown."""
        row = () if array is None else array[i].tolist()
        return None if array is None else tuple(None if v != v else v for v in row)

    prompts = {
        p: (c.prompt_texts[i], features(c.prompt_features, i)) for i, p in enumerate(c.prompts)
    }
    ballots = []
    for b in range(r.ballots):
        entries = [
            (
                c.completions[k], c.completion_texts[k], features(c.completion_features, k),
                int(r.rank[e]),
            )
            for e in range(r.offsets[b], r.offsets[b + 1])
            for k in [r.completion[e]]
        ]  # fmt: skip
        rater, prompt = r.ballot_rater[b], c.prompts[r.ballot_prompt[b]]
        kind = None
        if r.rater_type is not None and r.rater_type[rater] >= 0:
            kind = r.types[r.rater_type[rater]]
        ballots.append(
            (r.raters[rater], kind, prompt, prompts[prompt], float(r.ballot_weight[b]), entries,
             features(r.rater_features, rater))
        )  # fmt: skip
    return ballots, r.absent


# -- what the columns mean ------------------------------------------------------------------------


def test_ranks_are_dense_scores_fall_and_penalties_rise():
    for column, values in (("rank", (2, 2, 7)), ("score", (3.5, 3.50, -1)), ("penalty", (0, 0, 1))):
        rows = "".join(f"r,p,{c},{v}\n" for c, v in zip("abc", values, strict=True))
        r = rated(f"rater,prompt,completion,{column}\n{rows}")
        assert r.rank.tolist() == [0, 0, 1], column
        assert r.catalogue.completions == ("a", "b", "c")
        assert r.absent == "unseen"
        assert r.name == "x"


def test_rows_may_come_in_any_order_and_number_by_first_appearance():
    r = rated(
        "completion,rank,rater,prompt\n"
        "b,2,r2,q\na,1,r1,p\nc,1,r2,q\nb,1,r2,p\nc,9,r1,p\na,5,r2,q\nb,5,r1,p\n"
    )
    assert r.raters == ("r2", "r1")
    assert r.catalogue.prompts == ("q", "p")
    assert r.catalogue.completions == ("b", "a", "c")
    assert r.ballot_rater.tolist() == [0, 0, 1]
    assert r.ballot_prompt.tolist() == [0, 1, 1]
    assert r.offsets.tolist() == [0, 3, 4, 7]
    assert r.completion.tolist() == [0, 2, 1, 0, 1, 2, 0]
    assert r.rank.tolist() == [1, 0, 2, 0, 0, 2, 1]
    assert r.notes == (
        "1 ballot ranks one completion only; it compares nothing and is left out of training.",
    )


def test_a_prompt_recurs_where_a_column_names_ballots():
    r = rated(
        "rater,prompt,ballot,completion,rank,weight,rater_group\n"
        "r,p,1,a,1,2,g\nr,p,1,b,2,2.0,g\nr,p,2,b,1,.5,g\nr,p,2,a,2,0.5,\ns,p,1,a,1,3,\n"
    )
    assert r.ballots == 3
    assert r.ballot_weight.tolist() == [2, 0.5, 3]
    assert r.types == ("g",)
    assert r.rater_type.tolist() == [0, -1]


def test_one_name_with_several_texts_is_several_completions():
    r = rated(
        "rater,prompt,completion,rank,completion_text,prompt_text\n"
        "r,p,one,1,Yes,Really? \nr,p,two,2,same,\n"
        "r,q,one,1,No,Why\nr,q,two,2,,Why\nr,s,one,1,,\nr,s,two,2,same,\n"
    )
    c = r.catalogue
    assert c.completions == ("one", "two", "one", "one")
    assert c.completion_texts == ("Yes", "same", "No", "one")
    assert c.prompt_texts == ("Really?", "Why", "s")
    assert [c.names(p) for p in range(3)] == [["one", "two"], ["two", "one"], ["two", "one"]]
    assert r.completion.tolist() == [0, 1, 2, 1, 3, 1]
    np.testing.assert_array_equal(c.item_prompt[r.item], [0, 0, 1, 1, 2, 2])


def test_features_belong_to_completions_and_prompts():
    r = rated(
        "rater,prompt,completion,rank,feature_x,feature_y,prompt_feature_z\n"
        "r,p,a,1,0.1,1,5\nr,p,b,2,3,-2e3,5.0\nr,q,a,1,.1,1,6\n"
    )
    np.testing.assert_array_equal(
        r.catalogue.completion_features, np.float32([[0.1, 1], [3, -2000]])
    )
    np.testing.assert_array_equal(r.catalogue.prompt_features, [[5], [6]])


def test_features_of_raters_may_be_unknown():
    r = rated(
        "rater,prompt,completion,rank,rater_feature_age,rater_feature_lost,rater_feature_x\n"
        "r,p,a,1,0.1,,\nr,p,b,2,, ,7\ns,p,a,1,,,-2e3\nr,q,a,1,.1,,7.0\n"
    )
    none = np.nan
    np.testing.assert_array_equal(
        r.rater_features, np.float32([[0.1, none, 7], [none, none, -2000]])
    )
    assert r.notes == ("2 ballots rank one completion only; they compare nothing and are left "
                       "out of training.",)  # fmt: skip
    assert r.catalogue.completion_features is None
    for part in (r.select(r.ballot_rater == 1), r.keep(r.rank == 0), r.completed()):
        np.testing.assert_array_equal(part.rater_features, r.rater_features)
    assert rated("rater,prompt,completion,rank\nr,p,a,1\n").rater_features is None


def test_json_lines_name_features_of_raters():
    lines = [
        {"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b", "rater_features": {"age": 3}},
        {"rater": "s", "prompt": "p", "chosen": "b", "rejected": "a"},
        {"rater": "r", "prompt": "q", "ranking": [["a", "b"]],
         "rater_features": {"tall": 1.5, "age": None}},
    ]  # fmt: skip
    r = rated("\n".join(map(json.dumps, lines)), "x.jsonl")
    np.testing.assert_array_equal(r.rater_features, np.float32([[3, 1.5], [np.nan, np.nan]]))
    assert not r.notes
    # The way to CSV and back keeps what is unknown.
    assert plainly(rated(to_csv(r))) == plainly(r)
    assert rated(json.dumps(lines[1]), "x.jsonl").rater_features is None


def test_other_columns_are_ignored_with_a_note():
    r = rated("rater,prompt,completion,rank,place,\nr,p,a,1,9,\nr,p,b,2,,x\n")
    assert r.notes == ("Ignored columns: place, (unnamed).",)


def test_what_spreadsheets_add_is_harmless():
    plain = rated("rater,prompt,completion,rank\nr,p,a,1\nr,p,b,2\n")
    text = '\ufeffrater, prompt ,completion,rank\r\n"r",p,a,1\r\n\r\n,,,\r\nr,p,b,"2"\r\n,,,\r\n'
    assert plainly(rated(text)) == plainly(plain)
    assert plainly(rated(text.replace("\r\n", "\r"))) == plainly(plain)


@pytest.mark.parametrize("missing", ["unseen", "last"])
def test_missing_overrides_the_format(missing):
    one = "rater,prompt,completion,rank\nr,p,a,1\ns,p,b,1\n"
    r = rated(one, missing=missing)
    assert r.absent == missing
    # A ballot with one completion says something where the others are behind it.
    assert len(r.notes) == (missing == "unseen")
    assert rated("1: 1,2\n1: 3\n# X: y", "e.soi", missing).absent == missing


# -- JSON lines -----------------------------------------------------------------------------------


def test_json_lines():
    lines = [
        {"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b", "weight": 2},
        {"rater": 7, "prompt": "p", "ranking": ["c", ["a", "b"]], "rater_group": "g"},
        {"rater": "r", "prompt": "p", "chosen": "b", "rejected": "a", "prompt_text": "P?", "id": 1},
    ]
    r = rated("\n".join(map(json.dumps, lines)) + "\n\n", "x.jsonl")
    assert r.raters == ("r", "7")
    assert r.ballot_rater.tolist() == [0, 0, 1]
    assert r.ballot_weight.tolist() == [2, 1, 1]
    assert r.completion.tolist() == [0, 1, 1, 0, 2, 0, 1]
    assert r.rank.tolist() == [0, 1, 0, 1, 0, 1, 1]
    assert (r.rater_type.tolist(), r.types) == ([-1, 0], ("g",))
    assert r.catalogue.prompt_texts == ("P?",)
    assert r.notes == ("Ignored keys: id.",)
    assert plainly(rated(to_csv(r))) == plainly(r)


# -- PrefLib --------------------------------------------------------------------------------------


def test_preflib_orders_become_voters():
    text = (
        "# TITLE: Lunch\n# NUMBER ALTERNATIVES: 4\n# NUMBER VOTERS: 5\n"
        "# ALTERNATIVE NAME 1: soup\n# ALTERNATIVE NAME 2: bread\n# ALTERNATIVE NAME 3: soup\n"
        "2: 3,{1,2}\n1: 2\n"
    )
    r = rated(text, "e.toi")
    assert (r.name, r.catalogue.prompts, r.absent) == ("Lunch", ("Lunch",), "last")
    assert r.catalogue.names(0) == ["soup", "bread", "soup (3)", "alternative 4"]
    assert r.raters == ("voter 1", "voter 2", "voter 3")
    assert r.completion.tolist() == [2, 0, 1, 2, 0, 1, 1]
    assert r.rank.tolist() == [0, 1, 1, 0, 1, 1, 0]
    assert r.notes == (
        "Alternative 3 has the name of another; it is called 'soup (3)'.",
        "The file announces 5 voters and holds the orders of 3.",
    )


def test_a_large_preflib_election_is_held_by_orders():
    r = rated("# NUMBER ALTERNATIVES: 2\n60000: 1,2\n50000: 2,1\n", "big.soc")
    assert r.raters == ("order 1", "order 2")
    assert r.ballot_weight.tolist() == [60000, 50000]
    assert "110,000 voters" in r.notes[0]
    assert r.absent == "unseen"


# -- the files that come with the project ---------------------------------------------------------


def test_every_golden_file_loads(golden):
    files = sorted(golden.glob("*.csv"))
    assert files
    for path in files:
        r = load_ratings(path)
        with path.open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        assert len(r.rank) == len(rows), path.name
        assert set(r.raters) == {row["rater"] for row in rows}
        assert plainly(rated(to_csv(r))) == plainly(r)
        # Every pair on a ballot is ordered as in the file.
        at = {}
        for row in rows:
            at[row["rater"], row.get("ballot", ""), row["completion"]] = float(row["rank"])
        names = r.catalogue.completions
        for b in range(r.ballots):
            e = slice(r.offsets[b], r.offsets[b + 1])
            on = [names[k] for k in r.completion[e]]
            rater = r.raters[r.ballot_rater[b]]
            labels = {k[1] for k in at if k[0] == rater}
            assert any(
                all((rater, label, name) in at for name in on)
                and np.unique([at[rater, label, n] for n in on], return_inverse=True)[1].tolist()
                == r.rank[e].tolist()
                for label in labels
            )


def test_golden_weights(golden):
    r = load_ratings(golden / "tennessee-four.csv")
    assert r.ballot_weight.tolist() == [42, 26, 15, 17]


def test_every_preflib_file_loads(shared_data):
    files = [p for p in sorted((shared_data / "preflib").iterdir()) if p.suffix in preflib.FORMATS]
    assert len(files) >= 12
    for path in files:
        meta = dict(
            line[2:].split(": ", 1) for line in path.read_text().splitlines() if ": " in line[2:]
        )
        r = load_ratings(path)
        assert len(r.raters) == r.ballots == int(meta["NUMBER VOTERS"]), path.name
        assert len(r.catalogue.completions) == int(meta["NUMBER ALTERNATIVES"])
        assert r.absent == ("unseen" if path.suffix in (".soc", ".toc") else "last")
        assert r.notes == ()
        if path.suffix in (".soc", ".toc"):
            assert (r.sizes == len(r.catalogue.completions)).all()
        if path.suffix == ".soc":
            assert (r.rank == np.concatenate([np.arange(n) for n in r.sizes])).all()


def test_breakfast_is_its_preflib_source(shared_data):
    r = load_ratings(shared_data / "breakfast" / "breakfast.csv")
    assert (len(r.raters), r.ballots, len(r.rank)) == (42, 252, 3780)
    assert r.types == ("student", "spouse")
    assert set(r.rater_type.tolist()) == {0, 1}
    names = r.catalogue.completions
    source = load_ratings(shared_data / "preflib" / "00035-00000002.soc")
    prompt = r.catalogue.prompts.index(source.catalogue.prompts[0])

    def orders(r, prompt, names):
        table = np.full((r.ballots, 15), -1)
        table[r.entry_ballot, r.rank] = r.completion
        return sorted(tuple(names[k] for k in row) for row in table[r.ballot_prompt == prompt])

    assert orders(r, prompt, names) == orders(source, 0, source.catalogue.completions)


def test_mqm_texts(shared_data):
    path = shared_data / "mqm" / "wmt2023-ende-mqm.csv"
    r = load_ratings(path)
    c = r.catalogue
    assert (len(r.raters), len(c.prompts), len(c.completions)) == (10, 104, 1040)
    assert r.ballots == 312
    assert (r.sizes == 10).all()
    # The same system under another prompt is another completion, with that prompt's translation.
    with path.open(encoding="utf-8-sig", newline="") as lines:
        texts = {
            (x["prompt"], x["completion"]): x["completion_text"].strip()
            for x in csv.DictReader(lines)
        }
    for p, prompt in enumerate(c.prompts):
        members = c.members[c.offsets[p] : c.offsets[p + 1]]
        assert {(c.completions[k], c.completion_texts[k]) for k in members} == {
            (name, text) for (q, name), text in texts.items() if q == prompt
        }
    assert all("\n" not in n for n in r.notes)
    assert plainly(rated(to_csv(r))) == plainly(r)


# -- round trip -----------------------------------------------------------------------------------

names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1)
texts = st.one_of(st.just(""), names.map(str.strip))
names = names.map(str.strip).filter(lambda name: name and is_name(name))
floats32 = st.floats(-(2.0**126), 2.0**126, width=32)


@st.composite
def tables(draw):
    """Rows of a ratings file with every optional column, in any order."""
    raters, prompts, completions = (
        draw(st.lists(names, min_size=1, max_size=4, unique=True)) for _ in range(3)
    )
    split = draw(st.booleans())
    text = {}
    for p in prompts:
        for c in completions:
            text[p, c] = draw(texts) if split else text.get((prompts[0], c), draw(texts))
    features = {c: draw(floats32) for c in completions}
    prompt = {p: (draw(texts), draw(floats32)) for p in prompts}
    group = {r: draw(texts) for r in raters}
    own = {r: draw(st.one_of(st.just(""), floats32)) for r in raters}
    rows = []
    for label in range(draw(st.integers(1, 4))):
        rater, p = draw(st.sampled_from(raters)), draw(st.sampled_from(prompts))
        weight = draw(st.floats(1e-3, 1e3))
        for c in draw(st.lists(st.sampled_from(completions), min_size=1, unique=True)):
            rank = draw(st.integers(1, 3))
            rows.append(
                (rater, p, c, rank, label, weight, group[rater], prompt[p][0], text[p, c],
                 features[c], prompt[p][1], own[rater])
            )  # fmt: skip
    return draw(st.permutations(rows))


HEADER = (
    *("rater", "prompt", "completion", "rank", "ballot", "weight", "rater_group"),
    *("prompt_text", "completion_text", "feature_x", "prompt_feature_y", "rater_feature_z"),
)


@settings(max_examples=80, deadline=None)
@given(tables(), st.sampled_from(["unseen", "last"]))
def test_csv_round_trip(tmp_path_factory, rows, missing):
    path = tmp_path_factory.mktemp("round") / "a.csv"
    # An apostrophe before what a spreadsheet would compute is taken away, so one is written first.
    cells = [
        [escape_formula(c) if isinstance(c, str) and c.startswith("'") else c for c in row]
        for row in rows
    ]
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([HEADER, *cells])
    first = load_ratings(path, missing)
    # What was written is what is held: each ballot's order, text, weight and group.
    assert len(first.rank) == len(rows)
    held = sorted(
        (rater, kind or "", prompt, weight, sorted(entries), "" if own == (None,) else own[0])
        for rater, kind, prompt, _, weight, entries, own in plainly(first)[0]
    )
    written = {}
    for rater, p, c, rank, label, weight, group, _, text, x, _, own in rows:
        ballot = written.setdefault(label, (rater, group, p, weight, [], own))
        ballot[-2].append((c, text, (x,), rank))
    for ballot in written.values():
        ranks = sorted({rank for *_, rank in ballot[-2]})
        ballot[-2][:] = [(*rest, ranks.index(rank)) for *rest, rank in ballot[-2]]
    shown = {(c, p): t for _, _, p, _, _, entries, _ in plainly(first)[0] for c, t, *_ in entries}
    for _, _, p, _, entries, _ in written.values():
        # A text not given is the name, or that of the same completion under another prompt.
        entries[:] = sorted((c, t or shown[c, p], x, rank) for c, t, x, rank in entries)
    assert held == sorted(written.values())

    again = parse_ratings(to_csv(first).encode(), "a.csv", missing)
    assert plainly(again) == plainly(first)
    third = parse_ratings(to_csv(again).encode(), "a.csv", missing)
    assert plainly(third) == plainly(first)


def test_a_sampled_scenario_survives_a_file(tmp_path):
    s = with_overrides(load_scenario(gallery()["tennessee-inverted-missing"]), raters=300)
    r = sample(s, 0).ratings
    save_ratings(r, tmp_path / "r.csv")
    again = load_ratings(tmp_path / "r.csv")
    assert plainly(again) == plainly(r)
    assert again.raters == r.raters
    assert again.types == r.types
    np.testing.assert_array_equal(again.rater_type, r.rater_type)


def test_preflibs_table_of_linked_elections_is_one_person_a_line(shared_data):
    linked = load_ratings(shared_data / "preflib" / "00035-00000001.csv")
    assert len(linked.raters) == 41
    assert len(linked.catalogue.prompts) == 6
    assert linked.ballots == 6 * 41
    first = load_ratings(shared_data / "preflib" / "00035-00000002.soc")
    of_prompt = linked.select(linked.ballot_prompt == 0)
    found = {tuple(row) for row in of_prompt.completion.reshape(41, 15)[:, :].tolist()}
    names = [linked.catalogue.completions[c] for c in of_prompt.completion]
    orders = {tuple(names[15 * i : 15 * i + 15]) for i in range(41)}
    own = {tuple(str(c + 1) for c in row) for row in first.completion.reshape(42, 15).tolist()}
    assert len(found) == len(orders)
    assert orders <= own, "every person's order is one of that election's"


def test_a_broken_table_of_linked_elections_gets_a_sentence():
    data = b"a.soc;b.soc\nOne;Two\n1,2;2,1\n1,2\n"
    with pytest.raises(InputError, match=r"x.csv: line 4 holds 1 orders for 2 elections"):
        parse_ratings(data, "x.csv")
    with pytest.raises(InputError, match=r"x.csv: line 3"):
        parse_ratings(b"a.soc;b.soc\nOne;Two\n1,2;oops\n", "x.csv")

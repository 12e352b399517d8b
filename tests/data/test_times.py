"""Times of ballots in files of ratings."""

import json

import numpy as np
import pytest

from scrl.data import load_ratings, parse_ratings, ratings_from_frame, save_ratings, to_csv
from scrl.types import InputError


def rated(text, filename="x.csv", **columns):
    return parse_ratings(text.encode(), filename, None, columns or None)


PAIRS = "rater,prompt,chosen,rejected,time\nr,p,a,b,3\nr,p,b,a,7.5\ns,p,a,b,\n"


def test_pairs_keep_their_times():
    r = rated(PAIRS)
    np.testing.assert_array_equal(r.times, [3, 7.5, np.nan])
    assert not r.notes
    assert rated(PAIRS.replace("time", "when"), time="when").times.tolist()[:2] == [3, 7.5]
    assert rated(PAIRS.replace("time", "when")).times is None


def test_every_reader_gives_the_same_times(tmp_path):
    lines = [
        {"rater": "r", "prompt": "p", "chosen": "a", "rejected": "b", "time": 3},
        {"rater": "r", "prompt": "p", "chosen": "b", "rejected": "a", "time": 7.5},
        {"rater": "s", "prompt": "p", "chosen": "a", "rejected": "b", "time": None},
    ]
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(lines).rename(columns={"time": "when"})
    save_ratings(rated(PAIRS), tmp_path / "saved.csv")
    for r in (
        rated("\n".join(map(json.dumps, lines)), "x.jsonl"),
        rated(json.dumps(lines), "x.json"),
        ratings_from_frame(frame, time="when"),
        rated(PAIRS.replace(",", ";").replace("7.5", "7,5")),
        load_ratings(tmp_path / "saved.csv"),
    ):
        np.testing.assert_array_equal(r.times, [3, 7.5, np.nan])


def test_dates_are_days_and_files_of_them_are_read_back(tmp_path):
    text = PAIRS.replace("3\n", "1970-01-03\n").replace("7.5", "1970-01-02T12:00:00Z")
    r = rated(text)
    np.testing.assert_array_equal(r.times, [2, 1.5, np.nan])
    np.testing.assert_array_equal(rated(to_csv(r)).times, r.times)
    assert rated(text.replace("Z", "+12:00")).times[1] == 1.0


def test_a_ballot_rated_row_by_row_is_complete_at_its_last_row():
    r = rated("rater,completion,score,time\nr,a,1,5\nr,b,2,9\nr,c,3,\ns,a,1,4\ns,b,2,2\n")
    np.testing.assert_array_equal(r.times, [9, 4])


def test_a_rater_who_ranks_a_completion_again_later_casts_another_ballot():
    text = "rater,prompt,completion,rank,time\n"
    text += "r,p,a,1,1\nr,p,b,2,1\nr,p,a,2,2\nr,p,b,1,2\n"
    r = rated(text)
    np.testing.assert_array_equal(r.times, [1, 2])
    np.testing.assert_array_equal(r.rank, [0, 1, 1, 0])
    with pytest.raises(InputError, match="already ranked"):
        rated(text.replace(",2\n", ",1\n"))


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("soon", "line 3: time is 'soon'; give a number, or a date such as 2026-11-30"),
        ("inf", "line 3: time is 'inf'; give a number"),
        ("1_0", "line 3: time is '1_0'; give a number"),
        ("2026-13-01", "line 3: time is '2026-13-01'"),
        ("2026-11-30", "line 3: time is '2026-11-30', a date, where another row has a number"),
    ],
)
def test_a_bad_time_is_one_sentence_with_its_line(value, problem):
    longer = "rater,prompt,completion,rank,time\nr,p,a,1,1\nr,p,b,2,X\n"
    lines = '{"chosen": "a", "rejected": "b", "time": 1}\n\n'
    lines += f'{{"chosen": "b", "rejected": "a", "time": "{value}"}}'
    for text, name in (
        (PAIRS.replace("7.5", value), "x.csv"),
        (longer.replace("X", value), "x.csv"),
        (lines, "x.jsonl"),
    ):
        with pytest.raises(InputError) as error:
            rated(text, name)
        assert problem in str(error.value)
        assert "\n" not in str(error.value)


def test_selection_keeps_the_times_of_what_is_selected():
    r = rated("rater,prompt,chosen,rejected,time\nr,p,a,b,1\nr,q,a,b,2\ns,p,b,a,3\n")
    np.testing.assert_array_equal(r.select(np.array([0, 2])).times, [1, 3])
    np.testing.assert_array_equal(r.keep(r.entry_ballot > 0).times, [2, 3])
    np.testing.assert_array_equal(r.completed().times, r.times)


def test_people_in_rows_have_a_time_where_its_column_is_named():
    text = "voter,tea,coffee,milk,time\nann,3,2,1,10\nben,1,2,3,20\ncy,1,1,3,15\n"
    assert rated(text, values="score").times is None
    found = rated(text, values="score", items="tea,coffee,milk", time="time")
    np.testing.assert_array_equal(found.times, [10, 20, 15])

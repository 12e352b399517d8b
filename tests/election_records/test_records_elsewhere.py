"""Published elections on the command line, as profiles and as ratings."""

from __future__ import annotations

import json

import numpy as np
import pytest

import scrl
from scrl.cli import main
from scrl.data import load_ratings
from scrl.election_records import parse_contests, ratings_of_records
from scrl.voting import aggregate, count_ratings
from tests.election_records import record_builders as build
from tests.election_records.record_builders import PUBLISHED, RCTAB


def test_vote_counts_a_published_election(tmp_path, capsys):
    data = RCTAB["test_set_2_overvote_skip_to_next"]
    path, out = tmp_path / "cvr.json", tmp_path / "out.json"
    path.write_text(build.common_data("Mayor", build.ballots_of(data["ballots"])), "utf-8")
    options = ["--overvotes", "skip", "--skipped", "0", "--rule", "instant-runoff"]
    assert main(["vote", str(path), *options, "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    assert "3 were ended by skipped ranks" in printed
    result = json.loads(out.read_text("utf-8"))
    assert result["prompts"]["Mayor"]["instant-runoff"]["order"][0] == [build.name_of("B")]
    assert any("a skipped rank ends the ballot" in note for note in result["notes"])
    assert main(["vote", str(path), "--preset", "maine", "--skipped", "any"]) == 0
    assert "skipped ranks are passed over" in capsys.readouterr().out


def test_vote_says_which_contests_there_are_and_for_what_the_options_are(golden, capsys):
    sheet = str(PUBLISHED / "hart_sheet.xml")
    assert main(["vote", sheet]) == 2
    assert "4 contests; choose one of 'US SENATOR'" in capsys.readouterr().err
    assert main(["vote", sheet, "--contest", "cedar park", "--rule", "plurality"]) == 0
    assert "Barb Yarusso > " in capsys.readouterr().out
    assert main(["vote", str(golden / "tennessee-four.csv"), "--preset", "maine"]) == 2
    assert "published elections, which this file is not" in capsys.readouterr().err


def test_a_profile_reads_published_elections():
    profile = scrl.Profile.from_file(PUBLISHED / "gpus_2005.blt")
    record = scrl.read_election(PUBLISHED / "gpus_2005.blt")
    assert profile.names == record.profile.names
    np.testing.assert_array_equal(profile.place, record.profile.place)
    chosen = scrl.Profile.from_file(PUBLISHED / "hart_sheet.xml", "CEDAR PARK SCHOOL BOARD")
    assert chosen.winners("plurality") == ["Barb Yarusso"]


def test_ratings_of_a_record_are_its_ballots(golden):
    path = golden / "00002-00000001.soi"
    made, read = scrl.read_election(path).to_ratings(), load_ratings(path)
    assert made.catalogue.names(0) == read.catalogue.names(0)
    assert made.ballot_weight.sum() == read.ballot_weight.sum()
    assert not made.individuals
    blank = scrl.read_election(PUBLISHED / "hart_sheet.xml", "US SENATOR", blank="keep")
    assert blank.to_ratings().ballots == 0


def test_contests_of_a_file_are_prompts_of_ratings():
    records = parse_contests(build.packed(build.alaska_export()), "ak.zip", preset="alaska")
    ratings = ratings_of_records(records)
    assert ratings.catalogue.prompts == ("U.S. Representative", "Court of Appeals - Judge")
    for number, record in enumerate(records):
        assert ratings.catalogue.names(number) == list(record.profile.names)
        outcome = count_ratings(ratings, ["borda"], "last")[record.contest]["borda"]
        np.testing.assert_allclose(outcome.scores, aggregate(record.profile, "borda").scores)
    assert ratings.notes[0].startswith("U.S. Representative: ")


@pytest.mark.parametrize("name", ["read_election", "list_contests", "ElectionRecord"])
def test_the_reader_stands_at_top_level(name):
    assert name in scrl.__all__

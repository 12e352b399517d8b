"""Faults of ballots by every setting: against a count written out round by round, and by cases."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.election_records import PRESETS, BallotSettings, count_rounds, parse_election
from scrl.election_records.choice_columns import find_columns
from scrl.types import InputError
from scrl.voting import aggregate
from tests.election_records import record_builders as build

LETTERS = "ABCD"


def table_of(ballots: list[list[str]], width: int) -> bytes:
    """A table with a column for each rank; several candidates of a cell are separated by '//'."""
    rows = [["//".join(b[i]) if i < len(b) else "" for i in range(width)] for b in ballots]
    return build.table([f"choice_{i}" for i in range(1, width + 1)], rows).encode()


def report_of(ballots: list[list[str]]) -> bytes:
    return build.common_data("x", ballots).encode()


def one(ballot: str, **settings):
    """The order of one ballot, and the counts that are not zero."""
    record = parse_election(report_of([ballot.split(",")]), "x.json", **settings)
    orders = [
        ">".join("=".join(name.split()[1] for name in here) for here in order)
        for order in record.profile.orders()
    ]
    return (*orders, ""), {name for name, n in record.counts.to_dict().items() if n}


@pytest.mark.parametrize(
    ("ballot", "settings", "order", "counted"),
    [
        ("A,B,C", {}, "A>B>C", set()),
        ("A,BC,D", {}, "A", {"overvotes", "ended_by_overvote"}),
        ("A,BC,D", {"overvotes": "skip"}, "A>D", {"overvotes"}),
        ("A,BC,D", {"overvotes": "tie"}, "A>B=C>D", {"overvotes"}),
        ("AB", {}, "", {"overvotes", "ended_by_overvote", "empty"}),
        ("A,,,D", {}, "A>D", {"skipped"}),
        ("A,,,D", {"max_skipped": 2}, "A>D", {"skipped"}),
        ("A,,,D", {"max_skipped": 1}, "A", {"skipped", "ended_by_skipped"}),
        (",A,,B,,C", {"max_skipped": 1}, "A>B>C", {"skipped"}),
        (",A", {"max_skipped": 0}, "", {"skipped", "ended_by_skipped", "empty"}),
        ("A,A,B", {}, "A>B", {"duplicates"}),
        ("A,A,B", {"duplicates": "exhaust"}, "A", {"duplicates", "ended_by_duplicate"}),
        ("A,AB,C", {"overvotes": "tie"}, "A>B>C", {"duplicates", "overvotes"}),
        ("A,AB,C", {"overvotes": "skip"}, "A>C", {"duplicates", "overvotes"}),
        ("A,B,C,D", {"max_ranks": 2}, "A>B", set()),
        ("", {}, "", {"blank"}),
    ],
)
def test_what_becomes_of_a_ballot(ballot, settings, order, counted):
    found, names = one(ballot, **settings)
    assert found[0] == order
    assert names - {"cast", "counted"} == counted
    assert ("counted" in names) == bool(order)


def test_a_skipped_rank_after_an_overvote_that_is_passed_over_is_counted_from_the_overvote():
    assert one("AB,,C", overvotes="skip", max_skipped=0)[0][0] == ""
    assert one("AB,C", overvotes="skip", max_skipped=0)[0][0] == "C"


def test_blank_ballots_may_stay():
    record = parse_election(report_of([["A"], [], []]), "x.json", blank="keep")
    assert record.counts.blank == record.counts.counted - 1 == 2
    assert (record.profile.place[record.profile.weight == 2] == -1).all()


def reference_rounds(ballots: list[list[str]], settings: BallotSettings) -> list[dict]:
    """Instant runoff as RCTab's documentation of its rules words it, one ballot at a time."""
    left, ended, rounds = list(LETTERS), {}, []
    while True:
        tally = dict.fromkeys(left, 0)
        for number, ballot in enumerate(ballots):
            if number in ended or not any(ballot):
                continue
            last, seen, choice = 0, set(), None
            for rank, here in enumerate(ballot, 1):
                if not here:
                    continue
                if settings.max_skipped is not None and rank - last - 1 > settings.max_skipped:
                    break
                last = rank
                if settings.duplicates == "exhaust" and seen & set(here):
                    break
                seen |= set(here)
                staying = [x for x in here if x in left]
                if len(set(here)) > 1:
                    if settings.overvotes == "exhaust":
                        break
                    if settings.overvotes == "skip":
                        continue
                    if len(staying) > 1:
                        break
                if staying:
                    choice = staying[0]
                    break
            if choice is None:
                ended[number] = True
            else:
                tally[choice] += 1
        rounds.append(tally)
        if not sum(tally.values()):
            return rounds
        if max(tally.values()) > sum(tally.values()) / 2 or len(left) == 1:
            return rounds
        fewest = min(tally.values())
        left.remove([x for x in left if tally[x] == fewest][-1])


def random_ballots(rng: np.random.Generator, voters: int) -> list[list[str]]:
    ballots = []
    for _ in range(voters):
        ranks = rng.integers(0, 6)
        sizes = rng.choice([0, 1, 1, 1, 1, 2, 3], size=ranks)
        ballots.append(["".join(rng.choice(list(LETTERS), n, replace=False)) for n in sizes])
    return ballots


@pytest.mark.parametrize("seed", range(40))
def test_rounds_are_those_of_a_count_written_out(seed):
    rng = np.random.default_rng(seed)
    ballots = random_ballots(rng, int(rng.integers(1, 25)))
    settings = BallotSettings(
        str(rng.choice(["exhaust", "skip", "exhaust_if_multiple_continuing"])),
        [None, 0, 1, 2][rng.integers(4)],
        str(rng.choice(["skip", "exhaust"])),
    )
    record = parse_election(report_of(ballots), "x.json").read_again(
        overvotes=settings.overvotes,
        max_skipped=settings.max_skipped,
        duplicates=settings.duplicates,
    )
    expected = reference_rounds(ballots, settings)
    if not sum(expected[0].values()):
        with pytest.raises(InputError, match="counts for anybody"):
            count_rounds(record)
        return
    rounds = count_rounds(record)
    found = [{name.split()[1]: n for name, n in r.tally.items()} for r in rounds]
    assert found == [t for t in expected if sum(t.values())]
    marked = sum(any(b) for b in ballots)
    for here in rounds:
        assert sum(here.tally.values()) + sum(here.inactive.values()) == marked


@pytest.mark.parametrize("seed", range(12))
def test_the_profile_elects_whom_the_rounds_elect(seed):
    """By instant runoff, where no tie decides and no overvote depends on the round."""
    rng = np.random.default_rng(100 + seed)
    ballots = random_ballots(rng, 60)
    record = parse_election(report_of(ballots), "x.json", overvotes="exhaust", max_skipped=1)
    elected = count_rounds(record)[-1].elected
    best = aggregate(record.profile, "instant-runoff").order(record.profile.names)[0]
    assert elected in best or len(best) > 1


def test_batch_elimination_and_going_on_to_two_candidates():
    ballots = [["A"]] * 8 + [["B", "C"]] * 5 + [["C", "B"]] * 2 + [["D", "B"]] * 2
    record = parse_election(report_of(ballots), "x.json")
    assert [r.eliminated for r in count_rounds(record)] == [
        (build.name_of("D"),), (build.name_of("C"),), (),
    ]  # fmt: skip
    batch = count_rounds(record, batch=True)
    assert batch[0].eliminated == (build.name_of("D"), build.name_of("C"))
    assert batch[-1].tally == {build.name_of("A"): 8, build.name_of("B"): 9}
    many = parse_election(report_of([["A"]] * 9 + [["B"]] * 2 + [["C"]]), "x.json")
    assert len(count_rounds(many)) == 1
    assert [len(r.tally) for r in count_rounds(many, to_two=True)] == [4, 3, 2]


def test_words_for_marks_in_a_table():
    rows = [
        ["Ann", "undervote", "Bob"], ["overvote", "Ann", ""], ["Write-in", "Ann", "Bob"],
        ["skipped", "", ""], ["UWI", "uwi", "Undeclared Write-ins"],
    ]  # fmt: skip
    data = build.table(["1st Choice", "2nd Choice", "3rd Choice"], rows).encode()
    record = parse_election(data, "mayor.csv", overvotes="skip")
    assert record.contest == "mayor"
    assert record.profile.orders() == [[["Ann"], ["Bob"]], [["Ann"]]]
    assert record.counts.write_ins == 2
    assert record.counts.blank == 1
    assert record.counts.empty == 1
    kept = record.read_again(write_ins="candidate")
    assert kept.profile.names == ("Ann", "Bob", "Undeclared write-ins")
    assert kept.counts.counted == 4


@pytest.mark.parametrize("name", PRESETS)
def test_presets_state_their_source_and_are_said(name):
    preset = PRESETS[name]
    assert len(preset.source) > 30
    spaced = name.replace("_", " ").title()
    record = parse_election(report_of([["A", "B"]]), "x.json", preset=spaced)
    assert record.settings == preset.settings
    assert any(spaced in note for note in record.notes)


def test_settings_refuse_what_they_do_not_know():
    data = report_of([["A"]])
    for settings, said in (
        ({"overvotes": "explode"}, "overvotes is 'explode'; give one of exhaust, skip"),
        ({"overvote": "skip"}, "no setting 'overvote'"),
        ({"max_skipped": -1}, "max_skipped is -1"),
        ({"max_ranks": 0}, "max_ranks is 0"),
        ({"preset": "atlantis"}, "no preset 'atlantis'; there are maine"),
    ):
        with pytest.raises(InputError, match=said):
            parse_election(data, "x.json", **settings)


@pytest.mark.parametrize(
    ("header", "contests"),
    [
        ("Cast Vote Record,Precinct,Ballot Style,Rep. to Congress 1st Choice District 2,"
         "Rep. to Congress 2nd Choice District 2", {"Rep. to Congress District 2": [3, 4]}),
        ("Precinct,1st Choice,2nd Choice,3rd Choice,Count", {"": [1, 2, 3]}),
        ("Cast Vote Record,DEM Mayor Choice 1 of 5 Citywide (026916),"
         "DEM Mayor Choice 2 of 5 Citywide (226916)", {"DEM Mayor Citywide": [1, 2]}),
        ("id,choice_1,choice_2", {"": [1, 2]}),
        ("rank2,rank1", {"": [1, 0]}),
        ("Mayor - First Choice,Mayor - Second Choice,Council: First Choice",
         {"Mayor": [0, 1], "Council": [2]}),
        ("First preference,Second preference", {"": [0, 1]}),
        ("Source Filepath,Contest Id,Rank 1,Rank 2", {"": [2, 3]}),
        ("rater,choice,rank,franchise 1,ranking", None),
        ("preference_strength,response_1", None),
        ("choice_2,choice_3", None),
    ],
)  # fmt: skip
def test_columns_of_choices_as_elections_name_them(header, contests):
    """Maine 2018, Minneapolis 2013, New York City 2025, RCTab's export, and plain tables."""
    found = find_columns([(1, header.split(","))], "x.csv")
    assert (found and found.contests) == contests


def test_names_in_two_spellings_are_one_candidate():
    data = "choice_1\nAnn  Lee\nAnn Lee \nZoe\u0301\nZo\u00e9\n".encode()
    assert parse_election(data, "x.csv").profile.names == ("Ann Lee", "Zo\u00e9")


def test_names_that_look_alike_are_said():
    record = parse_election(b"choice_1,choice_2\nAnn Lee,ANN LEE\nAnn-Lee,Bo\n", "x.csv")
    said = [note for note in record.notes if "look alike" in note]
    assert said == [
        "'Ann Lee' and 'ANN LEE' look alike and are two candidates.",
        "'Ann Lee' and 'Ann-Lee' look alike and are two candidates.",
    ]

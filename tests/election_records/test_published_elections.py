"""Ballots that RCTab, Debian and others publish, with the results that they publish."""

from __future__ import annotations

import json

import numpy as np
import pytest

from scrl.data import load_ratings
from scrl.election_records import count_rounds, list_contests, parse_election, read_election
from scrl.voting import aggregate
from tests.election_records import record_builders as build
from tests.election_records.record_builders import PUBLISHED, RCTAB

SETS = [name for name in RCTAB if name.startswith("test_set")]


def shown(tally: dict[str, float]) -> dict[str, float]:
    return {name.removeprefix("Candidate ").removesuffix(" Name"): n for name, n in tally.items()}


@pytest.mark.parametrize("name", SETS)
def test_the_rounds_of_rctabs_test_sets(name):
    data = RCTAB[name]
    source = {"filePath": "cvr.json", "provider": "CDF"}
    archive = build.packed({
        "config.json": build.configuration(data["rules"], source),
        "cvr.json": build.common_data(name, build.ballots_of(data["ballots"])),
    })  # fmt: skip
    record = parse_election(archive, "set.zip")
    rounds = count_rounds(record)
    assert [shown(r.tally) for r in rounds] == data["tally"]
    for found, said in zip(rounds, data["inactive"], strict=True):
        assert {cause: n for cause, n in found.inactive.items() if n} == said
    assert rounds[-1].elected == build.name_of(data["elected"])
    assert record.counts.cast == 15


def test_settings_given_in_the_call_take_the_place_of_a_configuration():
    first, second = (RCTAB[name] for name in SETS[:2])
    archive = build.packed({
        "config.json": build.configuration(
            first["rules"], {"filePath": "cvr.json", "provider": "CDF"}
        ),
        "cvr.json": build.common_data("x", build.ballots_of(first["ballots"])),
    })  # fmt: skip
    record = parse_election(archive, "set.zip", overvotes="skip", max_skipped=0)
    assert [shown(r.tally) for r in count_rounds(record)] == second["tally"]
    again = parse_election(archive, "set.zip").read_again(overvotes="skip", max_skipped=0)
    assert [shown(r.tally) for r in count_rounds(again)] == second["tally"]


def test_generic_csv_as_rctab_counts_it():
    """generic_csv_test_expected_summary.json; the tie of round 3 is broken by candidate order."""
    record = read_election(PUBLISHED, contest="Generic CSV Test")
    rounds = count_rounds(record)
    assert [r.tally for r in rounds] == [
        {"Lettuce": 5, "Broccoli": 3, "Cucumber": 8, "Cauliflower": 4, "Undeclared write-ins": 6},
        {"Lettuce": 7, "Broccoli": 4, "Cucumber": 10, "Cauliflower": 5},
        {"Lettuce": 10, "Cucumber": 10, "Cauliflower": 6},
        {"Lettuce": 12, "Cucumber": 14},
    ]
    assert [r.eliminated for r in rounds[:-1]] == [
        ("Undeclared write-ins",), ("Broccoli",), ("Cauliflower",)
    ]  # fmt: skip
    assert rounds[-1].elected == "Cucumber"
    assert record.profile.names == ("Lettuce", "Broccoli", "Cucumber", "Cauliflower")


def test_alaskas_election_to_congress_as_a_table_and_as_dominions_exports():
    data = RCTAB["2024_alaska_dominion"]
    export = build.alaska_export()
    assert list_contests(build.packed(export), "ak.zip") == (
        "U.S. Representative", "Court of Appeals - Judge",
    )  # fmt: skip
    rows = [
        ["./partial_cvr/", "dominion", "7", *(names_of(x) for x in (ballot + [""] * 4)[:4])]
        for ballot in build.alaska_ballots()
    ]
    header = ["Source Filepath", "CVR Provider", "Contest Id", *(f"Rank {i}" for i in range(1, 5))]
    records = [
        parse_election(build.packed(export), "ak.zip", "U.S. Representative", preset="alaska"),
        parse_election(build.table(header, rows).encode(), "rctab_cvr.csv", preset="alaska"),
        parse_election(build.alaska_csv().encode(), "cvr.csv", "Representative", preset="alaska"),
    ]
    for record in records:
        assert (record.counts.cast, record.counts.blank) == (data["cast"], data["blank"])
        (last,) = count_rounds(record)
        named = {data["names"][x]: n for x, n in data["tally"].items()}
        assert {n: v for n, v in last.tally.items() if n in named} == named
        assert last.elected == "Begich, Nick"
        assert record.counts.write_ins == 3
        assert record.counts.duplicates == 3
        assert record.counts.skipped == 1
    assert same_ballots(*records[:2])
    assert same_ballots(*records[1:])
    assert records[2].title == "2024 General"
    court = parse_election(build.alaska_csv().encode(), "cvr.csv", "Court")
    assert court.counts.cast == 62
    assert any("left out: 1 of 125" in note for note in records[0].notes)
    assert records[0].seats == 1


def names_of(letter: str) -> str:
    names = RCTAB["2024_alaska_dominion"]["names"] | {"": "undervote", "U": "Write-in"}
    return names[letter]


def same_ballots(one, two) -> bool:
    def ballots(record):
        orders = record.profile.orders()
        return sorted(zip(map(str, orders), record.profile.weight.tolist(), strict=True))

    return ballots(one) == ballots(two)


def test_alaska_by_rctabs_configuration_for_dominion():
    """2024_alaska_dominion_config.json names candidates by their codes as aliases."""
    data = RCTAB["2024_alaska_dominion"]
    content = json.loads(build.configuration(
        {"overvoteRule": "exhaustImmediately", "maxSkippedRanksAllowed": "1"},
        {"filePath": "./partial_cvr/", "contestId": "7", "provider": "dominion",
         "undeclaredWriteInLabel": "476"},
    ))  # fmt: skip
    content["candidates"] = [
        {"name": name, "aliases": [str(data["codes"][x])]} for x, name in data["names"].items()
    ]
    files = {f"partial_cvr/{name}": text for name, text in build.alaska_export().items()}
    record = parse_election(build.packed(files | {"config.json": json.dumps(content)}), "a.zip")
    (last,) = count_rounds(record)
    assert last.tally["Peltola, Mary S."] == 45
    assert last.elected == "Begich, Nick"
    assert record.settings.max_skipped == 1


def clear_ballot_csv() -> str:
    data = RCTAB["clear_ballot_with_inline_comma"]
    first = ["RowNumber", "BoxID", "BoxPosition", "BallotID", "PrecinctID", "BallotStyleID",
             "PrecinctStyleName", "ScanComputerName", "Status", "Remade"]  # fmt: skip
    marks = ["000000"] * 89 + data["marks"].split()
    rows = [[str(i), "RCV", str(i), f"RCV+{i}", "76", "1", "3804", "Scan", "0", "0", *row]
            for i, row in enumerate(marks, 1)]  # fmt: skip
    return build.table(first + data["header"], rows)


def test_clear_ballots_table_with_a_comma_in_the_contest():
    data = RCTAB["clear_ballot_with_inline_comma"]
    source = {"filePath": "cvr.csv", "provider": "clearBallot",
              "contestId": "City of Portland, Auditor"}  # fmt: skip
    archive = build.packed({
        "config.json": build.configuration(data["rules"], source, data["candidates"]),
        "cvr.csv": clear_ballot_csv(),
    })  # fmt: skip
    record = parse_election(archive, "portland.zip")
    (only,) = count_rounds(record)
    assert only.tally == data["tally"]
    assert only.inactive["exhausted"] == data["exhausted"]
    assert (record.counts.cast, record.counts.blank) == (data["cast"], data["blank"])
    plain = parse_election(clear_ballot_csv().encode(), "cvr.csv", overvotes="skip")
    assert plain.contest == "City of Portland, Auditor"
    assert plain.profile.names == ("Simone test Rede", "Lisa Simpson")  # write-ins are left out


def test_common_data_and_the_table_that_rctab_converts_it_to_are_the_same_election():
    ballots = build.ballots_of(RCTAB["same_data_different_formats"]["ballots"])
    report = parse_election(build.common_data("x", ballots).encode(), "cdf.json")
    rows = [[build.name_of(x) for x in ballot] + ["undervote"] * (4 - len(ballot))
            for ballot in ballots]  # fmt: skip
    converted = parse_election(
        build.table([f"Rank {i}" for i in range(1, 5)], rows).encode(), "cdf_expected.csv"
    )
    assert same_ballots(report, converted)
    assert report.counts == converted.counts
    assert report.counts.duplicates == 1


def test_a_sheet_of_harts_has_ranks_from_the_left():
    record = read_election(PUBLISHED / "hart_sheet.xml", "CEDAR PARK SCHOOL BOARD")
    assert record.profile.orders() == [[
        ["Barb Yarusso"], ["Russ Bertsch"], ["Bev Scalze"], ["April King"], ["Betty McCollum"],
        ["Tony Hernandez"],
    ]]  # fmt: skip
    senate = read_election(PUBLISHED / "hart_sheet.xml", "US SENATOR")
    assert senate.counts.overvotes == 1
    assert not senate.profile.place.size
    written = read_election(PUBLISHED / "hart_sheet.xml", "Write-Ins", write_ins="candidate")
    assert written.profile.names == ("Undeclared write-ins",)


def test_the_green_partys_ballots_of_2005():
    """A withdrawn candidate is left out of every ballot; the title and the seats are stated."""
    record = read_election(PUBLISHED / "gpus_2005.blt")
    assert record.title == "GPUS Steering Committee Election 2005-07-24"
    assert record.seats == 4
    assert record.counts.cast == record.counts.counted == 94
    assert "Pat LaMarche" not in record.profile.names
    assert len(record.profile.names) == 12
    heaviest = record.profile.orders()[0]
    assert [name for (name,) in heaviest] == [
        "Rebecca Rotzler", "Kristen Olsen", "Jason Jones", "Steve Greenfield", "Jimmy Leas",
    ]  # fmt: skip


def test_ballots_of_meeks_algorithm():
    """Hill, Wichmann and Woodall, Algorithm 123 (1987), with OpenTally's equal ranks."""
    text = ('4 2\n-2\n3 1 3 4 0\n4 1 3 2 0\n2 4 1=3 0\n1 2 0\n2 2=4=3 1 0\n1 3 4 2 0\n0\n"Adam"\n'
            '"Basil"\n"Charlotte"\n"Donald"\n"Title"\n')  # fmt: skip
    record = parse_election(text.encode(), "x.blt")
    assert dict(zip(map(str, record.profile.orders()), record.profile.weight, strict=True)) == {
        "[['Adam'], ['Charlotte'], ['Donald']]": 3,
        "[['Adam'], ['Charlotte']]": 4,
        "[['Donald'], ['Adam', 'Charlotte']]": 2,
        "[['Charlotte', 'Donald'], ['Adam']]": 2,
        "[['Charlotte'], ['Donald']]": 1,
    }
    assert record.counts.empty == 1  # the voter who ranks only the withdrawn candidate


def test_a_debian_election_as_its_tally_sheet_and_as_preflibs_file(golden):
    """The sheet is written from PrefLib's file of the election of 2002, which Garbee won."""
    path = golden / "00002-00000001.soi"
    ratings = load_ratings(path)
    names = ratings.catalogue.names(0)
    lines = ["Tally Sheet for the votes cast.", "", "   The format is:", "       'V: vote hash'"]
    lines += [f"  {'/' * i} Option {i}{'-' * (9 - i)}->: {name}" for i, name in enumerate(names, 1)]
    entry = ratings.offsets
    for ballot in range(ratings.ballots):
        part = slice(entry[ballot], entry[ballot + 1])
        ranks = dict(zip(ratings.item[part].tolist(), ratings.rank[part] + 1, strict=True))
        vote = "".join(str(ranks.get(i, "-")) for i in range(len(names)))
        lines += [f"V: {vote}\t{'ab' * 16}"] * int(ratings.ballot_weight[ballot])
    sheet = parse_election("\n".join(lines).encode(), "leader2002_tally.txt")
    assert sheet.format == "Debian tally"
    record = read_election(path)
    assert record.format == "PrefLib"
    assert same_ballots(sheet, record)
    outcome = aggregate(record.profile, "schulze")
    assert outcome.order(record.profile.names)[0] == ["Bdale Garbee"]
    assert np.isclose(sheet.counts.cast, ratings.ballot_weight.sum())


def test_a_workbook_of_es_and_s_by_rctabs_configuration(tmp_path):
    """Columns by number, a delimiter of overvotes, blank cells as undeclared write-ins."""
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    for row in [["id", "precinct", "one", "two"], [1, "p", "Ann", "Bob//Cy"], [2, "p", "", "Ann"],
                [3, "p", "undervote", "Bob"], [4, "p", "overvote", None]]:  # fmt: skip
        book.active.append(row)
    book.save(tmp_path / "cvr.xlsx")
    source = {"filePath": "../shared/cvr.xlsx", "provider": "ess", "firstVoteColumnIndex": "3",
              "firstVoteRowIndex": "2", "overvoteDelimiter": "//", "overvoteLabel": "overvote",
              "skippedRankLabel": "undervote", "treatBlankAsUndeclaredWriteIn": True}  # fmt: skip
    rules = {"overvoteRule": "Exhaust if multiple continuing", "maxSkippedRanksAllowed": "0",
             "maxRankingsAllowed": "2", "numberOfWinners": "2"}  # fmt: skip
    content = build.configuration(rules, source, ["Ann", "Bob", "Cy", "Dee"])
    content = content.replace('{"name": "Dee"}', '{"name": "Dee", "excluded": true}')
    (tmp_path / "config.json").write_text(content, "utf-8")
    record = read_election(tmp_path)
    assert record.profile.names == ("Ann", "Bob", "Cy")
    assert record.settings.overvotes == "exhaust_if_multiple_continuing"
    assert record.seats == 2
    assert sorted(map(str, record.profile.orders())) == ["[['Ann'], ['Bob', 'Cy']]", "[['Ann']]"]
    assert (record.counts.write_ins, record.counts.ended_by_skipped) == (2, 1)


def test_common_data_as_xml_is_the_same_election():
    """The elements of NIST's XML form have the names of the JSON form; lists repeat them."""
    ballots = build.ballots_of(RCTAB["same_data_different_formats"]["ballots"])
    text = build.common_data("Mayor", ballots)

    def element(name: str, value) -> str:
        if isinstance(value, list):
            return "".join(element(name, entry) for entry in value)
        if not isinstance(value, dict):
            return f"<{name}>{value}</{name}>"
        own = f' ObjectId="{value["@id"]}"' if "@id" in value else ""
        inner = "".join(element(k, v) for k, v in value.items() if not k.startswith("@"))
        return f"<{name}{own}>{inner}</{name}>"

    xml = element("CastVoteRecordReport", json.loads(text))
    xml = xml.replace("<CastVoteRecordReport>", '<CastVoteRecordReport xmlns="NIST_V0_cvr.xsd">')
    assert same_ballots(
        parse_election(xml.encode(), "cvr.xml"), parse_election(text.encode(), "c.json")
    )


def test_options_of_droop_in_a_blt_file():
    """github.com/jklundell/droop, test/blt/meek/eq1.blt and test/blt/mpls/42o.blt."""
    text = '3 2\n[nick a b c]\n5 a b 0\n1 b=c 0\n3 c 0\n0\n"A"\n"B"\n"C"\n"equal rankings"\n'
    record = parse_election(text.encode(), "eq1.blt")
    assert record.profile.to_text("; ") == "5: A > B; 3: C; 1: B = C"
    assert record.seats == 2
    options = text.replace("[nick a b c]", "[droop precision=4]\n[nick a b c]\n[withdrawn c]")
    other = parse_election(options.encode(), "eq1.blt")
    assert other.profile.names == ("A", "B")
    assert other.counts.empty == 3
    assert any("not read: droop" in note for note in other.notes)

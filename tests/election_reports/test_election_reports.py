"""Election reports: they say what the library counts, and their files carry no markup of names."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

import numpy as np
import pytest

import scrl
from scrl.cli import main
from scrl.election_records import read_election
from scrl.election_reports import MARGIN_RULES, REPORT_RULES, election_report
from scrl.types import InputError
from scrl.voting import RULES, Profile
from scrl.voting.explain import explain
from scrl.voting.robustness import margin_of_victory

TENNESSEE = Profile.from_text("42: M>N>C>K; 26: N>C>K>M; 15: C>K>N>M; 17: K>C>N>M")
NASTY = (
    '<script>alert("1")</script>', "a&b", "'quoted'", "**bold** [x](javascript:alert(1))",
    "\u202eright to left", "| pipe |",
)  # fmt: skip


def truncated(seed: int = 0, m: int = 4, n: int = 25) -> Profile:
    rng = np.random.default_rng(seed)
    place = np.stack([np.argsort(rng.permutation(m)) for _ in range(n)])
    place = np.where(place > rng.integers(0, m, (n, 1)), -1, place)
    return Profile(tuple("ABCDEF"[:m]), place, rng.integers(1, 4, n)).merged()


def test_a_report_says_what_the_library_counts():
    profile = truncated()
    report = scrl.election_report(profile, margins=["plurality", "instant-runoff"])
    for entry in report.rules:
        assert [list(place) for place in entry.order] == profile.order(entry.rule)
    assert {e.rule for e in report.rules} == {r for r in REPORT_RULES if r in RULES}
    table = report.pairwise
    assert table.condorcet_winner == profile.condorcet_winner()
    assert set(table.smith_set) == set(profile.smith_set())
    for i, a in enumerate(table.names):
        for j, b in enumerate(table.names):
            assert table.margin(i, j) == profile.margin(a, b)
    for entry in report.margins:
        found = margin_of_victory(profile, entry.rule)
        assert (entry.lower, entry.upper) == (found.lower, found.upper)
        assert sum(n for n, _ in entry.removed) == entry.upper
    summary = report.ballots
    assert summary.voters == profile.voters == sum(summary.first.values())
    assert summary.truncated == sum(
        n for n, row in zip(profile.weight, profile.place, strict=True) if (row < 0).any()
    )


@pytest.mark.parametrize("seed", range(4))
def test_rounds_end_in_the_order_of_the_rule_and_agree_with_its_explanation(seed):
    profile = truncated(seed)
    report = election_report(profile, rules=["instant-runoff"], margins=False)
    assert list(report.rounds[-1].winners) == profile.winners("instant-runoff")
    explained = explain("instant-runoff", profile, profile.outcome("instant-runoff"))
    for entry, expected in zip(report.rounds, explained.steps[0].rounds, strict=False):
        assert sum(entry.tally.values()) + entry.exhausted == pytest.approx(profile.voters)
        assert entry.exhausted >= 0
        if not entry.winners:
            assert set(entry.out) == {profile.names[c] for c in expected.out}
    assert [len(e.tally) for e in report.rounds] == sorted(
        (len(e.tally) for e in report.rounds), reverse=True
    )


def test_readings_say_whose_first_place_depends_on_what_ballots_leave_out():
    profile = Profile.from_text("5: A; 3: B > C > A; 2: C > B > A; 1: A > C > B")
    report = election_report(profile, rules=["borda", "copeland"], margins=False)
    for entry in report.readings:
        for rule in ("borda", "copeland"):
            if rule in entry.uncounted:
                continue
            other = tuple(profile.winners(rule, entry.left_out, entry.widths))
            assert entry.winners.get(rule, tuple(profile.winners(rule))) == other
    assert any(entry.winners for entry in report.readings)
    rows = {rule.rule: found for rule, found in report.reading_rows()}
    for number, entry in enumerate(report.readings):
        for rule, who in entry.winners.items():
            assert rows[rule][number] == who
            assert who[0] in report.to_html()
    assert election_report(TENNESSEE, margins=False).readings == ()


def test_the_headline_names_winners_rules_and_the_margin():
    report = election_report(TENNESSEE, margins=["instant-runoff"])
    assert report.headline[0].startswith("N wins by 12 of 15 rules, M by plurality")
    assert (
        report.headline[-1]
        == "By instant runoff, K wins; 1 of 100 ballots would change it, and no fewer."
    )
    same = election_report(Profile.from_text("2: A > B; 1: B > A"), margins=False)
    assert same.headline[0] == f"A wins by all {len(same.rules)} rules."
    shares = election_report(
        Profile.from_text("0.6: A > B; 0.4: B > A"), rules=["borda"], margins=["borda"]
    )
    assert "10 % of the ballots would change" in shares.headline[-1]


def test_chances_are_those_of_the_bootstrap():
    report = election_report(TENNESSEE, rules=["plurality"], margins=False, resamples=5)
    assert report.rules[0].chances == TENNESSEE.bootstrap("plurality", 5)


def test_several_seats_are_counted_by_the_transferable_vote():
    report = election_report(TENNESSEE, rules=["borda"], margins=False, seats=2)
    assert report.seats.elected == ("M", "N")  # M has a quota of 34, its surplus of 8 elects N
    assert report.seats.stages[1].votes["N"] == 34
    assert "2 seats by the single transferable vote" in report.to_html()


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_the_file_runs_nothing_fetches_nothing_and_shows_names_as_they_are():
    profile = Profile(NASTY, [[0, 1, 2, 3, 4, 5], [5, 4, 3, 2, 1, -1]], [3, 2])
    report = election_report(profile, title=NASTY[0], margins=["plurality"], resamples=5)
    page = report.to_html()
    found = Tags()
    found.feed(page)
    assert not found.tags & {"script", "img", "link", "a", "iframe", "object", "form", "svg"}
    assert not {a for a in found.attributes if a.startswith("on") or a in ("src", "href")}
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src 'none'" in page
    shown = "".join(found.text)
    for name in NASTY:
        assert name.replace("\u202e", " ") in shown
    assert "\u202e" not in page
    markdown = report.to_markdown()
    assert not re.search(r"(?<!\\)<script", markdown)
    assert "\\[x\\]" in markdown


def test_reports_are_plain_json_and_written_by_suffix(tmp_path):
    report = election_report(truncated(1), margins=["plurality"], seats=2)
    written = json.loads(report.save(tmp_path / "r.json").read_text("utf-8"))
    assert written == report.to_dict()
    assert written["schema"] == 1
    assert written["rules"][0]["order"] == [list(p) for p in report.rules[0].order]
    assert report.save(tmp_path / "r.html").read_text("utf-8") == report.to_html()
    with pytest.raises(InputError, match="html"):
        report.save(tmp_path / "r.pdf")
    with pytest.raises(InputError, match="draws"):
        election_report(TENNESSEE, rules=["random-ballot"])


def test_a_report_says_what_only_the_prior_of_a_reward_orders():
    profile = Profile.from_text("1: A>B\n1: B>A\n1: A>C")
    report = election_report(profile, rules=["bradley-terry"], left_out="unseen")
    assert "'A', 'B' are level by all that was compared" in report.notes[-1]
    assert not election_report(profile, rules=["bradley-terry"], left_out="last").notes


def test_a_published_election_is_reported_on_the_command_line(tmp_path, capsys):
    out = tmp_path / "report.html"
    file = "tests/golden/00002-00000001.soi"
    arguments = ["report", file, "--rule", "schulze", "--rule", "plurality", "--out", str(out)]
    assert main(arguments) == 0
    said = capsys.readouterr().out
    record = read_election(file)
    report = election_report(record, rules=["schulze", "plurality"])
    assert report.headline[0] in said
    assert report.notes[-1] in said
    assert report.margins[0].upper == margin_of_victory(record.profile, "plurality").upper
    assert out.read_text("utf-8") == report.to_html()
    for bad in (["--out", "x.pdf"], ["--seconds", "-1"], ["--resamples", "-1"], ["--seats", "0"]):
        assert main(["report", file, *bad]) == 2
    assert {m.rule for m in report.margins} <= set(MARGIN_RULES)

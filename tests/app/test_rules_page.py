"""The profile chooser and the page of rules."""

import json
from urllib.parse import unquote

import pytest

from scrl.voting import RULES, count_all_rules
from scrl.voting.compiled_counting import TRACES
from tests import lanes
from ui.voting import rules
from ui.voting.preset_profiles import PRESETS

CYCLE = "1:A>B>C;1:B>C>A;1:C>A>B"


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def figure(app, key: str) -> dict:
    """The figure whose key ends so."""
    charts = app.get("plotly_chart")
    (found,) = (c for c in charts if c.proto.id.endswith(f"-{key}"))
    return json.loads(found.proto.spec)


def parameter(app, key: str) -> str:
    value = app.query_params[key]
    return unquote(value if isinstance(value, str) else value[0])


def test_a_preset_can_be_picked_and_stands_in_the_url(open_page):
    app = open_page("rules")
    assert not app.exception
    assert "profile" not in app.query_params
    app.selectbox(key="profile_pick").set_value("cycle").run()
    assert not app.exception
    assert parameter(app, "profile") == "cycle"
    assert app.selectbox(key="profile_pick").value == "cycle"
    assert app.text_area[0].value == "1: A > B > C\n1: B > C > A\n1: C > A > B"


def test_a_link_restores_a_profile_and_editing_changes_the_link(open_page):
    app = open_page("rules", profile=CYCLE)
    assert not app.exception
    assert app.text_area[0].value.startswith("1: A > B > C\n")
    app.text_area[0].set_value("3: A > B = C\n2: B").run()
    assert not app.exception
    assert parameter(app, "profile") == "3:A>B=C;2:B"
    app.text_area[0].set_value("3: A > A").run()
    assert [e.value for e in app.error] == [
        "Line 1 ranks 'A' twice; name each candidate once. Shown are the ballots from before."
    ]
    assert parameter(app, "profile") == "3:A>B=C;2:B"


@pytest.mark.parametrize(
    "bad",
    [
        "3:A>A",
        "nan:A>B",
        "file-0123456789abcdef",
        ">",
        ";",
        "3:",
        "draw:nonsense,3,4,5,6",
        "draw:mallows,3,4,7,6",
        "draw:mallows,99,4,.5,6",
        "draw:mallows,3,4,..,6",
    ],
)
def test_a_fault_in_the_url_gets_a_sentence(open_page, bad):
    app = open_page("rules", profile=bad)
    assert not app.exception
    assert len(app.warning) == 1
    assert app.selectbox(key="profile_pick").value == "tennessee"


def test_the_profile_stays_from_page_to_page(open_page):
    app = open_page("rules", profile=CYCLE)
    app.switch_page("pages/finding.py").run()
    app.switch_page("pages/rules.py").run()
    assert app.selectbox(key="profile_pick").value == CYCLE
    assert parameter(app, "profile") == CYCLE


def test_a_profile_goes_to_the_lab_as_a_scenario(open_page):
    app = open_page("rules", profile="many-winners")
    app.button(key="profile_send").click().run()
    assert not app.exception
    assert app.title[0].value == "What if others had answered?"
    assert "Sent from the voting pages" in words(app)


def test_truncated_ballots_go_to_the_lab_tied_last_and_never_unseen(open_page):
    app = open_page("rules", profile="3:A>B>C;2:B", left_out="unseen")
    app.button(key="profile_send").click().run()
    assert not app.exception
    assert "A scenario needs complete orders" in words(app)
    app.segmented_control(key="left_out_pick").set_value("last").run()
    app.button(key="profile_send").click().run()
    assert not app.exception
    assert app.title[0].value == "What if others had answered?"


def test_orders_that_no_ballot_supports_are_said(open_page):
    app = open_page("rules", profile="3:A>B;2:C>D", left_out="unseen")
    assert not app.exception
    # Names may hold Markdown, which is escaped.
    assert r"No ballot ranks members of \['A', 'B'\] and \['C', 'D'\] together" in words(app)
    assert "never compared" not in words(app), "once is enough"
    app = open_page("rules", profile="10:A>B;1:A>C", left_out="unseen")
    assert "rests on the prior of Bradley–Terry" in words(app)
    app = open_page("rules", profile="3:A>B>C;2:C>A>B", left_out="unseen")
    assert "rests on" not in words(app)


def first_places(app) -> dict[str, str]:
    """Rule -> its winners on the page's table of numbers."""
    rows = app.dataframe[0].value.to_dict("records")
    return {row["rule"]: row["order"].split(" ≻ ")[0] for row in rows}


def test_one_short_ballot_of_ten_elects_nobody_unless_the_reader_says_so(open_page):
    app = open_page("rules", profile="9:A>B>C;1:D>A>B>C", rules_shown="All")
    assert "share the last place" in words(app)
    assert first_places(app)["Borda"] == first_places(app)["Copeland"] == "A"
    assert not [rule for rule, first in first_places(app).items() if "D" in first]
    app.segmented_control(key="left_out_pick").set_value("unseen").run()
    assert not app.exception
    assert parameter(app, "left_out") == "unseen"
    assert first_places(app)["Copeland"] == "D"
    app.segmented_control(key="left_out_pick").set_value("pref_voting").run()
    assert not app.exception
    assert first_places(app)["Borda"] == "A"
    assert "Not counted: " in words(app)
    assert "Coombs" in words(app)


def test_widths_as_counts_stand_beside_unseen_and_the_page_says_what_they_change(open_page):
    ballots = "1000:A>B;900:B>A;1:C>A;700:B"
    app = open_page("rules", profile=ballots)
    assert not [c for c in app.segmented_control if c.key == "widths_pick"]
    app.segmented_control(key="left_out_pick").set_value("unseen").run()
    assert first_places(app)["Borda"] == "C"
    assert "700 of 2,601 ballots by weight (26.9 %)" in words(app)
    assert "C over A by 1 of 2,601 ballots" in words(app)
    assert "Borda elects A instead of C" in words(app)
    app.segmented_control(key="widths_pick").set_value("counts").run()
    assert not app.exception
    assert parameter(app, "widths") == "counts"
    assert first_places(app)["Borda"] == "A"
    assert "C over A by 1" not in words(app)


def test_long_names_and_many_get_a_key_and_short_ones_only_on_a_phone(open_page):
    def key(app) -> str:
        return next(h.value for h in app.get("html") if "candidates" in h.value)

    assert 'class="candidates narrow"' in key(open_page("rules"))
    long = [f"The assistant answers with a {end}" for end in ("joke", "poem")]
    app = open_page("rules", profile=f"3:{long[0]}>{long[1]};2:{long[1]}>{long[0]}")
    assert not app.exception
    assert all(f"{i}. {name}" in key(app) for i, name in enumerate(long, 1))
    assert "joke" in words(app)


def test_complete_ballots_need_no_choice_and_a_wrong_one_gets_none(open_page):
    assert not [c for c in open_page("rules").segmented_control if c.key == "left_out_pick"]
    app = open_page("rules", profile="1:A;2:B", left_out="unseen")
    assert not app.exception
    assert "Every ballot names one candidate only" in words(app)
    app = open_page("rules", profile="1:A>B;2:B>C", left_out="no`nsense")
    assert not app.exception
    assert app.segmented_control(key="left_out_pick").value == "last"


@pytest.mark.parametrize(
    ("name", "parameters"),
    [("rules", {}), ("strategy", {}), ("distortion", {"part": "Worst case"}),
     ("criteria", {"source": "My own ballots"})],
)  # fmt: skip
def test_a_profile_whose_file_is_gone_gives_way_to_another(open_page, name, parameters):
    app = open_page(name, **parameters)
    app.session_state["profile"] = app.session_state["profile_good"] = "file-0123456789abcdef"
    app.run()
    assert not app.exception
    assert "no longer kept" in words(app)
    app.run()
    assert not app.exception


def test_a_profile_is_drawn_and_its_link_draws_it_again(open_page):
    app = open_page("rules")
    app.selectbox(key="draw_culture").set_value("spatial").run()
    app.button(key="draw_go").click().run()
    assert not app.exception
    spec = parameter(app, "profile")
    assert spec == "draw:spatial,4,25,2,0"
    text = app.text_area[0].value
    again = open_page("rules", profile=spec)
    assert again.text_area[0].value == text
    app.button(key="draw_go").click().run()
    assert parameter(app, "profile") == "draw:spatial,4,25,2,1"


PREFLIB = b"""# TITLE: Three towns
# NUMBER ALTERNATIVES: 3
# ALTERNATIVE NAME 1: A; the first
# ALTERNATIVE NAME 2: B
# ALTERNATIVE NAME 3: C > D
3: 1
2: {2,3},1
"""


def test_a_file_is_read_and_named(open_page):
    app = open_page("rules")
    app.get("file_uploader")[0].set_value(("towns.toi", PREFLIB, "text/plain")).run()
    assert not app.exception
    assert parameter(app, "profile").startswith("file-")
    assert app.text_area[0].value.splitlines()[1:] == [
        '3: "A; the first"', '2: B = "C > D" > "A; the first"',
    ]  # fmt: skip
    assert app.segmented_control(key="left_out_pick").value == "last"
    app.get("file_uploader")[0].set_value(("bad.toi", b"x", "text/plain")).run()
    assert not app.exception
    assert len(app.error) == 1


# -- the rules ------------------------------------------------------------------------------------


def test_the_page_answers_its_question(open_page):
    app = open_page("rules", profile="tennessee", rules_shown="All")
    said = words(app)
    shown = len(rows_shown(app))
    sure = sum(not rule.lottery for rule in RULES.values() if rule.title in rows_shown(app))
    assert f"{sure} of these {shown} rules have **4 different winners**: " in said
    assert "Memphis, Nashville, Chattanooga and Knoxville." in said
    assert f"The other {shown - sure} are lotteries" in said
    assert "How many different" not in "".join(c.label for c in app.segmented_control)


def test_a_question_stands_without_its_answer_until_the_reader_guesses_or_asks(open_page):
    app = open_page("rules", profile="tennessee", predict="true", rules_shown="All")
    assert "different winners**" not in words(app)
    assert len(app.get("plotly_chart")) == 1
    app.button_group(key="winners_guess").set_value("2").run()
    assert "Not quite. 31 of these 38 rules have **4 different winners**" in words(app)
    app.button_group(key="winners_guess").set_value("4").run()
    assert "Right. 31 of these 38 rules have **4 different winners**" in words(app)
    app.selectbox(key="profile_pick").set_value("cycle").run()
    assert "3 different winners**" not in words(app)
    app.button(key="winners_guess_show").click().run()
    assert "3 different winners**" in words(app)
    assert figure(app, "standings")


def test_sentences_hold_full_names(open_page):
    long = [f"The candidate with the long name number {i}" for i in range(1, 11)]
    app = open_page("rules", profile=f"2:{'>'.join(long)};1:{'>'.join(reversed(long))}")
    assert not app.exception
    assert f"All 6 rules choose **{long[0]}**" in words(app)
    assert f"{long[0]} wins" in words(app)


def rows_shown(app) -> list[str]:
    """Titles of the rules in the figure of outcomes."""
    notes = figure(app, "standings")["layout"]["annotations"]
    titles = {rule.title for rule in RULES.values()}
    texts = [note["text"].removeprefix("<b>").removesuffix("</b>") for note in notes]
    return [text for text in texts if text in titles]


def test_six_rules_come_first_and_others_by_family(open_page):
    app = open_page("rules")
    assert sorted(rows_shown(app)) == sorted(RULES[name].title for name in rules.FIRST_RULES)
    app.segmented_control(key="rules_shown").set_value("Lotteries").run()
    assert not app.exception
    lotteries = {r.title for r in RULES.values() if r.family == "lottery"}
    assert set(rows_shown(app)) == lotteries | {RULES[rules.DEFAULT_RULE].title}
    app.selectbox(key="rule_pick").set_value("nanson").run()
    assert set(rows_shown(app)) == lotteries | {"Nanson"}
    assert "Welfare" not in app.segmented_control(key="rules_shown").options


def test_every_rule_has_its_row_and_its_places(open_page):
    app = open_page("rules", profile="tennessee", rules_shown="All")
    drawn = figure(app, "standings")
    assert set(rows_shown(app)) == {r.title for r in RULES.values() if r.reads != "utility"}
    memphis = next(t for t in drawn["data"] if t["name"] == "Memphis")
    rules = [row[0] for row in memphis["customdata"]]
    start = memphis["base"]
    assert start[rules.index("plurality")] == 0
    assert start[rules.index("borda")] == 2
    assert start[rules.index("copeland")] == 3


@pytest.mark.slow
def test_every_rule_can_be_asked_how_it_counted(open_page):
    app = open_page("rules", profile="morristown")
    for rule in app.selectbox(key="rule_pick").options[:: lanes.deep(3, 1)]:
        name = next(n for n, r in RULES.items() if r.title == rule)
        app.selectbox(key="rule_pick").set_value(name).run()
        assert not app.exception, name
        assert parameter(app, "rule") == name
        assert figure(app, f"step-{name}-0")["data"] or name == "kemeny"


def test_the_url_names_the_rule_and_a_wrong_name_gets_a_sentence(open_page):
    app = open_page("rules", rule="instant-runoff", profile="tennessee")
    assert app.selectbox(key="rule_pick").value == "instant-runoff"
    assert "Chattanooga has the fewest first places \\(15%\\) and goes out." in words(app)
    app = open_page("rules", rule="no`nsense")
    assert not app.exception
    assert len(app.warning) == 1
    app = open_page("rules", rule="nash")
    assert "Nash welfare cannot count these ballots" in words(app)


def test_utility_rules_come_where_utilities_are_known(open_page):
    app = open_page("rules", profile="intensity", rule="utilitarian", rules_shown="All")
    assert app.selectbox(key="rule_pick").value == "utilitarian"
    assert "the greatest average utility \\(0.9999\\)" in words(app)
    assert "Not counted: Nash welfare." in words(app)


@pytest.mark.parametrize("spec", [
    "1:A", "1:A=B", "3:A>B;2:C>D;1:D", "0.000001:A>B;1000000:B>A", "1:<b>x</b>>*y*;1:`z`",
    pytest.param("1:A>B>C>D>E>F>G>H>I>J>K>L", marks=pytest.mark.slow),
])  # fmt: skip
def test_odd_profiles_are_counted_or_get_a_sentence(open_page, spec):
    app = open_page("rules", profile=spec)
    assert not app.exception
    assert figure(app, "standings")["data"]


def test_small_profiles_compile_nothing(open_page):
    before = TRACES.total()
    app = open_page("rules", profile="3:A>B>C;2:B>C>A")
    for text in ("4: A > B > C\n2: B > C > A", "1: A > B > C\n9: B > C > A\n2: C > A > B",
                 "1: A > B > C > D\n9: B > C > A = D"):  # fmt: skip
        app.text_area[0].set_value(text).run()
        assert not app.exception
    assert TRACES.total() == before


def test_what_is_downloaded_reads_back(open_page):
    app = open_page("rules", profile="tennessee")
    assert [b.proto.label for b in app.get("download_button")] == [
        "Orders (CSV)", "Ballots (text)", "Ballots (PrefLib .soc)",
    ]  # fmt: skip
    profile = PRESETS["tennessee"].profile
    outcomes, _ = count_all_rules(profile)
    lines = rules.orders_csv(profile, outcomes).splitlines()
    assert lines[0] == "rule,candidate,place,score"
    assert "plurality,Memphis,1,0.42" in lines
    assert len(lines) == 1 + 4 * len(outcomes)


def test_presented_there_is_only_what_a_class_needs(open_page):
    app = open_page("rules", present="true")
    assert not app.exception
    assert not app.expander
    assert not [b for b in app.button if b.key == "profile_send"]


def test_another_prompt_of_a_file_can_be_chosen(open_page):
    csv = b"rater,prompt,completion,rank\na,p,x,1\na,p,y,2\na,q,y,1\na,q,z,2\n"
    app = open_page("rules")
    app.get("file_uploader")[0].set_value(("two.csv", csv, "text/csv")).run()
    assert app.text_area[0].value == "1: x > y"
    prompt = next(s for s in app.selectbox if s.label == "Prompt or contest")
    prompt.set_value("q").run()
    assert not app.exception
    assert app.text_area[0].value == "1: y > z"
    assert parameter(app, "profile").endswith(".1")

"""The profile chooser and the page of rules."""

from urllib.parse import unquote

import pytest

CYCLE = "1:A>B>C;1:B>C>A;1:C>A>B"


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


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
    assert app.text_area(key="profile_text").value == "1: A > B > C\n1: B > C > A\n1: C > A > B"


def test_a_link_restores_a_profile_and_editing_changes_the_link(open_page):
    app = open_page("rules", profile=CYCLE)
    assert not app.exception
    assert app.text_area(key="profile_text").value.startswith("1: A > B > C\n")
    app.text_area(key="profile_text").set_value("3: A > B = C\n2: B").run()
    assert not app.exception
    assert parameter(app, "profile") == "3:A>B=C;2:B"
    app.text_area(key="profile_text").set_value("3: A > A").run()
    assert [e.value for e in app.error] == [
        "Line 1 ranks 'A' twice; name each candidate once. Shown is the profile before."
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
    assert "A first 33%" in words(app)


def test_truncated_ballots_do_not_go_to_the_lab(open_page):
    app = open_page("rules", profile="3:A>B>C;2:B")
    app.button(key="profile_send").click().run()
    assert not app.exception
    assert "A scenario needs complete orders" in words(app)


def test_a_profile_is_drawn_and_its_link_draws_it_again(open_page):
    app = open_page("rules")
    app.selectbox(key="draw_culture").set_value("spatial").run()
    app.button(key="draw_go").click().run()
    assert not app.exception
    spec = parameter(app, "profile")
    assert spec == "draw:spatial,4,25,2,0"
    text = app.text_area(key="profile_text").value
    again = open_page("rules", profile=spec)
    assert again.text_area(key="profile_text").value == text
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
    app.file_uploader(key="profile_file").set_value(("towns.toi", PREFLIB, "text/plain")).run()
    assert not app.exception
    assert parameter(app, "profile").startswith("file-")
    assert app.text_area(key="profile_text").value == (
        "3: A the first > B = C D\n2: B = C D > A the first"
    )
    app.file_uploader(key="profile_file").set_value(("bad.toi", b"x", "text/plain")).run()
    assert not app.exception
    assert len(app.error) == 1

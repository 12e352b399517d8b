"""The page of distortion: three parts, their figures and links."""

import pytest

from tests import lanes


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.info, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_the_first_screen_shows_the_published_example(open_page):
    app = open_page("distortion")
    assert not app.exception
    said = words(app)
    assert (
        "**Borda elects A**, and so does Bradley–Terry. A has 3.2001 points and E has 3.1996"
        in said
    )
    assert "Those who hardly care (20.01%) get a utility of 1.0000" in said
    assert (
        "Those who care a lot (79.99%) get a utility of -0.9997; the most they could get is 1.0000."
        in said
    )
    assert "A wins once more than 1/5 of the voters (20%) hardly care." in said
    assert "At exactly 1/5 A and E tie." in said
    assert "Copeland; Minimax; Minimax, winning votes; Schulze" in said
    assert "**E**: Plurality" in said
    assert len(app.get("plotly_chart")) == 2
    assert "-0.5996" in app.get("plotly_chart")[0].proto.spec
    assert "0.9999" in app.get("plotly_chart")[0].proto.spec


def test_a_link_restores_the_share_and_buttons_move_it(open_page):
    app = open_page("distortion", share="19.0")
    assert "**Borda elects E**" in words(app)
    app.button(key="share-Tie").click().run()
    assert not app.exception
    assert app.slider(key="share").value == 20.0
    assert "**Borda elects A = E**" in words(app)
    assert "A has 3.2000 points and E has 3.2000" in words(app)
    app.button(key="share-Above").click().run()
    assert "**Borda elects A**" in words(app)


@pytest.mark.slow
def test_more_dummies_need_fewer(open_page):
    app = open_page("distortion", dummies="8.0", share="11.0")
    assert not app.exception
    assert "**Borda elects A**" in words(app)
    assert "1/10 of the voters (10%) hardly care" in words(app)
    app.slider(key="dummies").set_value(5.0).run()
    assert "**Borda elects G**" in words(app)
    assert "1/7 of the voters (14.29%) hardly care" in words(app)


def test_a_reader_may_guess_first(open_page):
    app = open_page("distortion", predict="true")
    assert not app.get("plotly_chart")
    assert "Borda elects" not in words(app)
    app.button_group(key="guess_minority").set_value("E").run()
    assert "Not quite. **Borda elects A**" in words(app)


def test_the_worst_case_of_a_profile_has_a_witness(open_page):
    app = open_page("distortion", part="Worst case")
    assert not app.exception
    assert len(app.get("plotly_chart")) == 2
    assert "If **Knoxville** wins, the best candidate may be **12.06 times**" in words(app)
    assert "an average of 0.043, and **Nashville** would have 0.512" in words(app)
    app.button_group(key="witness").set_value("Distances").run()
    assert not app.exception
    assert "These distances fit every ballot" in words(app)


def test_a_link_restores_the_witness_and_another_profile_has_its_own(open_page):
    app = open_page("distortion", part="Worst case", outcome="Memphis (Plurality)")
    assert app.selectbox(key="outcome").value == "Memphis (Plurality)"
    app.selectbox(key="profile_pick").set_value("majority").run()
    assert not app.exception
    assert app.selectbox(key="outcome").value in app.selectbox(key="outcome").options
    app = open_page("distortion", part="Worst case", outcome="nonsense")
    assert not app.exception
    assert "Knoxville" in app.selectbox(key="outcome").value


@pytest.mark.parametrize(
    "profile", ["cycle", "blind-1", "intensity", "1:A>B>C", "3:A>B=C;2:B", "2:A=B=C", "1:A"]
)
def test_any_profile_can_be_judged(open_page, profile):
    app = open_page("distortion", part="Worst case", profile=profile)
    assert not app.exception
    assert not app.error


@pytest.mark.slow
@pytest.mark.parametrize(
    "voters", lanes.deep(["Many candidates"], ["Two candidates", "Many candidates", "Searched"])
)
def test_noisy_voters_stay_below_the_bounds(open_page, voters):
    app = open_page("distortion", part="Voters who make mistakes", voters=voters, sharpness="4.0")
    assert not app.exception
    assert "never be more than 4.15 times" in words(app)
    assert "never more than 2.07" in words(app)
    assert len(app.get("plotly_chart")) == 1


def test_presenter_mode_hides_the_numbers(open_page):
    app = open_page("distortion", present="true")
    assert not app.exception
    assert not app.expander


@pytest.mark.slow
def test_other_pages_parts_do_no_harm(open_page):
    app = open_page("strategy")
    app.switch_page("pages/distortion.py").run()
    assert not app.exception
    assert app.title[0].value == "What can a choice cost?"
    app = open_page("distortion", part="One lie", share="nonsense", dummies="1e999")
    assert not app.exception
    assert "**Borda elects" in words(app)

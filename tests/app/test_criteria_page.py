"""The page of criteria: the table, the counterexample of a cell, the reader's own ballots."""

from __future__ import annotations

import pytest

from scrl.figures.criteria import MARKS
from scrl.voting.criteria import CRITERIA
from ui.voting import criteria


def words(app) -> str:
    return " ".join(str(m.value) for kind in (app.markdown, app.caption) for m in kind)


def parameter(app, key: str) -> str:
    value = app.query_params[key]
    return value[0] if isinstance(value, list) else value


def test_it_opens_with_the_table_and_a_counterexample(open_page):
    app = open_page("criteria")
    assert not app.exception
    assert CRITERIA["condorcet"].statement in words(app)
    assert "beats every other candidate head to head, and Plurality elects" in words(app)
    assert not app.error
    assert not app.warning


@pytest.mark.parametrize(
    ("rule", "criterion", "said"),
    [
        ("instant-runoff", "monotonicity", "is liked better than before and loses by it"),
        ("borda", "clones", "Only a clone has entered"),
        ("copeland", "reinforcement", "in one electorate and"),
        ("instant-runoff", "clones", "holds except for ties."),
        ("schulze", "smith", "Schulze: holds."),
        ("bucklin", "majority", "Bucklin: holds."),
        ("bucklin", "majority", "only one candidate can have more than half of them"),
        ("plurality-veto", "condorcet-loser", "no failure found."),
        ("2-approval", "majority-loser", "and 2-approval elects A."),
    ],
)
def test_a_link_restores_the_cell(open_page, rule, criterion, said):
    app = open_page("criteria", rule=rule, criterion=criterion)
    assert not app.exception
    assert said in words(app)
    assert app.selectbox(key="rule_pick").value == rule
    assert app.selectbox(key="criterion_pick").value == criterion


def test_a_choice_goes_to_the_link(open_page):
    app = open_page("criteria")
    app.selectbox(key="rule_pick").set_value("nanson").run()
    app.selectbox(key="criterion_pick").set_value("participation").run()
    assert not app.exception
    assert (parameter(app, "rule"), parameter(app, "criterion")) == ("nanson", "participation")
    assert "By their own ballots they lose by voting" in words(app)


def test_of_two_quick_choices_none_is_lost(open_page):
    """The browser sends the second before it has heard of the URL that the first one made."""
    app = open_page("criteria", rule="borda", criterion="condorcet")
    app.selectbox(key="rule_pick").set_value("nanson").run()
    app.query_params["rule"] = "borda"
    app.selectbox(key="criterion_pick").set_value("participation").run()
    assert (parameter(app, "rule"), parameter(app, "criterion")) == ("nanson", "participation")


def test_steps_reveal_one_thing_after_another(open_page):
    app = open_page("criteria", rule="instant-runoff", criterion="monotonicity")
    app.segmented_control(key="step").set_value("Before").run()
    assert not app.exception
    assert "becomes" not in words(app)
    app.segmented_control(key="step").set_value("The change").run()
    assert "becomes" in words(app)
    assert "loses by it" not in words(app)


def test_the_question_stands_without_its_answer_until_the_reader_guesses_or_asks(open_page):
    app = open_page("criteria", predict="true")
    assert "Copeland" in app.segmented_control(key="criteria_guess").options
    assert "Copeland" not in words(app)
    assert not app.selectbox
    app.segmented_control(key="criteria_guess").set_value("Borda").run()
    assert not app.exception
    assert "Not quite. **Copeland** does" in words(app)
    assert app.selectbox(key="rule_pick").value == "plurality"
    app = open_page("criteria", predict="true")
    app.button(key="criteria_guess_show").click().run()
    assert "**Copeland** does" in words(app)


def test_the_table_says_holds_fails_and_no_failure_found_apart(open_page):
    app = open_page("criteria")
    assert all(word in words(app) for word in ("✓ holds", "✗ fails", "? no failure found"))
    rows = app.dataframe[0].value
    assert set(rows.drop(columns="rule").to_numpy().ravel()) == set(criteria.STATE_TEXT.values())
    assert len({sign for sign, *_ in MARKS.values()}) == len(MARKS) == len(criteria.STATE_TEXT)


def test_own_ballots_are_checked(open_page):
    link = {"source": "My own ballots", "rule": "borda", "criterion": "majority"}
    app = open_page("criteria", profile="3:A>B>C;2:B>C>A", **link)
    assert not app.exception
    assert "More than half of the voters put A first, and Borda elects B." in words(app)
    app = open_page("criteria", profile="3:A>B>C;2:A>C>B", **link)
    assert "No failure found here" in words(app)


def test_unknown_names_in_a_link_get_a_sentence(open_page):
    app = open_page("criteria", rule="fair", criterion="random-ballot")
    assert not app.exception
    assert len(app.warning) == 2


def test_a_presenter_sees_the_published_table(open_page):
    app = open_page("criteria", present="true", rule="borda", criterion="condorcet")
    assert not app.exception
    assert "Borda elects" in words(app)
    assert not app.expander

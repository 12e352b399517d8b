"""The line of the lab's result that says whether the electorate reproduces the ballots."""

import pytest

SHARE = {"prompt": "best", "completion": "a $x$", "observed": 0.6, "simulated": 0.7,
         "raters": 900.0, "error": 0.02, "failed": True}  # fmt: skip


def part(check):
    """The part alone, as a script of its own."""

    def script(check):
        from ui.lab import electorate_check

        electorate_check.show({} if check is None else {"check": check})

    return script


@pytest.fixture
def shown(open_page, monkeypatch):
    """The part with a check."""
    from streamlit.testing.v1 import AppTest

    def opened(check, **parameters):
        app = AppTest.from_function(part(check), args=(check,), default_timeout=90)
        for key, value in parameters.items():
            app.query_params[key] = value
        return app.run()

    return opened


def check(message, shares, failed, reproduces):
    return {"reproduces": reproduces, "tested": 15, "failed": failed, "mean": 0.01,
            "largest": 0.1, "message": message, "shares": shares}  # fmt: skip


def test_an_older_run_has_no_line(shown):
    app = shown(None)
    assert not app.exception
    assert len(app.main.children) == 0


@pytest.mark.parametrize("reproduces", [True, None])
def test_a_check_that_did_not_fail_is_one_line(shown, reproduces):
    app = shown(check("It does.", [SHARE | {"failed": False}], 0, reproduces))
    assert not app.exception
    assert [c.value for c in app.caption] == ["It does."]
    assert not app.warning
    assert not app.get("plotly_chart")


def test_a_failed_check_has_a_sentence_a_figure_and_its_numbers(shown):
    app = shown(check("It does not: a $x$.", [SHARE, SHARE | {"over": "b"}], 2, False))
    assert not app.exception
    (warning,) = app.warning
    assert "a \\$x\\$" in warning.value
    (chart,) = app.get("plotly_chart")
    assert "a $x$ above b: 60% of ballots, 70% simulated" in chart.proto.alt
    (table,) = app.dataframe
    assert table.value["share"].tolist() == ["a $x$ first", "a $x$ above b"]


def test_a_presenter_sees_no_numbers(shown):
    app = shown(check("It does not.", [SHARE], 1, False), present="true")
    assert not app.exception
    assert app.get("plotly_chart")
    assert not app.dataframe


def test_messages_of_a_run_are_in_plain_words(shown):
    """Those of the module that writes them, so that a change there is seen here."""
    from scrl.runs import check_result

    for message in (check_result.REPRODUCED, check_result.UNTESTED):
        app = shown(check(message, [], 0, None))
        (caption,) = app.caption
        assert "electorate" not in caption.value
        assert "simulated voters" in caption.value
    message = "The electorate does not reproduce the ballots: on 'best', 61.0% of the raters'"
    (warning,) = shown(check(message, [SHARE], 1, False)).warning
    assert warning.value.startswith("The simulated voters do not vote like the real ones")

"""The lab on a file without raters trains what the ballots allow."""

from itertools import chain

from ui.lab import ballot_training

#: By Borda a is best, by plurality c.
ORDERS = {"cab": 4, "abc": 3, "bac": 2}


def rows() -> str:
    every = chain.from_iterable([order] * n for order, n in ORDERS.items())
    lines = [f'{{"prompt": "p", "ranking": ["{o[0]}", "{o[1]}", "{o[2]}"]}}' for o in every]
    return "\n".join([*lines, '{"prompt": "q", "ranking": ["a"]}'])


def test_the_lab_trains_rewards_on_counted_ballots_without_raters(open_page):
    app = open_page("lab")
    app.get("file_uploader")[0].set_value(("orders.jsonl", rows().encode(), "text/plain")).run()
    assert not app.exception
    assert any(ballot_training.WHY in m.value for m in app.markdown)
    assert "train" not in {button.key for button in app.button}
    app.multiselect(key="rules").set_value(["borda", "plurality"])
    app.button(key="train_ballots").click().run()
    app.segmented_control(key="rule").set_value("plurality").run()
    assert not app.exception
    assert not app.error
    table = app.dataframe[0].value
    assert table["completion"][0] == "c"
    assert table["social reward"][0] > 0

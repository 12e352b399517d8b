"""The page of election reports."""

import json

from scrl.voting.robustness import margin_of_victory
from ui.voting.preset_profiles import PRESETS


def words(app) -> str:
    kinds = (app.title, app.subheader, app.markdown, app.caption, app.error, app.warning)
    return "\n".join(element.value for kind in kinds for element in kind)


def test_it_opens_with_winners_and_margins_and_offers_the_report(open_page):
    app = open_page("report")
    assert not app.exception
    said = words(app)
    profile = PRESETS["tennessee"].profile
    found = margin_of_victory(profile, "instant-runoff")
    assert f"Knoxville wins; {found.upper} % of the ballots would change it" in said
    assert "Nashville wins by 12 of 15 rules" in said
    labels = [b.proto.label for b in app.get("download_button")]
    assert labels == ["Report (HTML)", "Report (JSON)", "Report (Markdown)"]
    (bars,) = (
        json.loads(c.proto.spec) for c in app.get("plotly_chart") if "margins-6" in c.proto.id
    )
    lengths = {round(bar["x"][0], 4) for bar in bars["data"]}
    assert found.upper * found.unit in lengths


def test_foreign_names_and_truncated_ballots_are_shown_as_they_are(open_page):
    app = open_page("report", profile="3:A;2:*B*>C;2:C>*B*")
    assert not app.exception
    said = words(app)
    assert "\\*B\\*" in said
    assert "*B*" not in said.replace("\\*", "")
    assert "What a ballot leaves out" in said
    app = open_page("report", profile="1:A>B", present="true")
    assert not app.exception
    app = open_page("report", profile="0.3333333:A>B;0.6666667:B>A")
    assert not app.exception
    assert "no whole multiples" in words(app)


def test_several_seats_are_filled_by_the_transferable_vote(open_page):
    app = open_page("report", profile="6:A>B>C;3:B>C>A;3:C>B>A", seats="2")
    assert not app.exception
    said = words(app)
    assert "2 seats by the single transferable vote" in said
    assert "A is elected" in said
    app.number_input(key="seats").set_value(1).run()
    assert "transferable" not in words(app)
    app = open_page("report", profile="2:A>B;1:B>A", seats="9")  # more than there are
    assert not app.exception
    assert app.number_input(key="seats").value == 1

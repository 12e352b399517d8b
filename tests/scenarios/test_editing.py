"""One edit at a time: what each changes, what it keeps, and what it refuses."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrl.scenarios import (
    editing,
    gallery,
    load_scenario,
    missing_overrides,
    parse_scenario,
    scenario_of,
    with_missing_ratings,
    with_overrides,
)
from scrl.types import InputError


def shipped(stem):
    return load_scenario(gallery()[stem])


@pytest.fixture
def content():
    return editing.content_of(shipped("safety-tail"))


@pytest.mark.parametrize("stem", gallery())
def test_content_is_the_scenario(stem):
    assert scenario_of(editing.content_of(shipped(stem))) == shipped(stem)


@pytest.mark.parametrize("stem", gallery())
@pytest.mark.parametrize("part", editing.PARTS)
def test_a_name_changed_and_changed_back_changes_nothing(stem, part):
    content = editing.content_of(shipped(stem))
    for i, name in enumerate(content[part]):
        once = editing.renamed(content, part, name, "Other: name")
        assert list(once[part])[i] == "Other: name"
        assert name not in once[part]
        scenario_of(once)
        assert editing.renamed(once, part, "Other: name", name) == content


@pytest.mark.parametrize("part", editing.PARTS)
@pytest.mark.parametrize("stem", ["safety-tail", "tennessee-map", "tennessee-inverted-missing"])
def test_one_more_and_one_less_is_as_before(stem, part):
    content = editing.content_of(shipped(stem))
    more = editing.added(content, part, "New")
    assert "New" in scenario_of(more).model_dump()[part]
    assert editing.removed(more, part, "New") == content


def test_a_new_completion_is_last_where_all_are_offered_and_nowhere_else(content):
    tennessee = editing.content_of(shipped("tennessee-inverted-full"))
    more = editing.added(tennessee, "completions", "Dover")
    for t in more["types"].values():
        assert t["rankings"]["best"][-1] == t["rankings"]["worst"][-1] == ["Dover"]
    more = editing.added(content, "completions", "Shrug")
    assert "Shrug" not in str(more["types"])
    mapped = editing.added(editing.content_of(shipped("tennessee-map")), "completions", "Dover")
    for t in mapped["types"].values():
        utility = t["utilities"]["best"]
        assert min(utility, key=utility.get) == "Dover"


def test_a_removed_types_share_goes_to_the_others_in_proportion():
    content = editing.removed(editing.content_of(shipped("tennessee-four")), "types", "Memphis")
    found = {name: t.share for name, t in scenario_of(content).types.items()}
    assert found == pytest.approx(
        {"Nashville": 0.26 / 0.58, "Chattanooga": 0.15 / 0.58, "Knoxville": 0.17 / 0.58}
    )


def test_a_prompts_own_completions_come_and_go(content):
    more = editing.with_offered(content, "danger", ["Refuse", "Answer in full", "Graphic"])
    assert editing.offered(more, "danger") == ["Graphic", "Answer in full", "Refuse"]
    cautious = more["types"]["Cautious"]
    assert cautious["rankings"]["danger"] == [["Refuse"], ["Answer in full"], ["Graphic"]]
    assert cautious["answers"] == {"danger": 0.004}
    scenario_of(more)
    whole = editing.with_offered(content, "danger", None)
    assert "completions" not in whole["prompts"]["danger"]
    assert len(scenario_of(whole).offered("danger")) == 6
    with pytest.raises(InputError, match="at least two completions"):
        editing.with_offered(content, "danger", ["Refuse"])


def test_a_silenced_completion_that_goes_takes_its_silence_with_it():
    scenario = shipped("tennessee-morristown")
    content = editing.removed(editing.content_of(scenario), "completions", "Morristown")
    assert "Morristown" not in str(content["types"])
    assert scenario_of(content).type_utilities.shape == (4, 4)


# -- orders, numbers, chances ---------------------------------------------------------------------

places = st.permutations(["Memphis", "Nashville", "Chattanooga", "Knoxville"]).flatmap(
    lambda names: st.lists(st.booleans(), min_size=3, max_size=3).map(
        lambda ties: grouped(names, ties)
    )
)


def grouped(names, ties):
    order = [[names[0]]]
    for name, tied in zip(names[1:], ties, strict=True):
        if tied:
            order[-1].append(name)
        else:
            order.append([name])
    return order


@settings(max_examples=40, deadline=None)
@given(places, places)
def test_orders_survive_their_text_and_their_numbers(one, other):
    content = editing.content_of(shipped("tennessee-four"))
    content = editing.with_order(content, "Memphis", "best", one)
    content = editing.with_order(content, "Knoxville", "best", other)
    text = editing.orders_to_text(content, "best")
    fresh = editing.content_of(shipped("tennessee-four"))
    assert scenario_of(editing.with_orders_text(fresh, "best", text)) == scenario_of(content)
    numbers = {t: editing.utilities_of(content, t, "best") for t in content["types"]}
    by_numbers = editing.with_utilities(content, "best", numbers)
    assert editing.states_utilities(by_numbers, "best")
    assert (scenario_of(by_numbers).type_utilities == scenario_of(content).type_utilities).all()
    for type, order in (("Memphis", one), ("Knoxville", other)):
        found = editing.order_of(by_numbers, type, "best")
        assert [set(p) for p in found] == [set(p) for p in order]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Memphis: Memphis > Nashville", "'Chattanooga' is missing"),
        ("Memphis: Memphis > Memphis", "'Memphis' stands twice"),
        ("Memphis: Memphis > Paris", "'Paris' is not one"),
        ("Memphis: Memphis > > Nashville", "Line 1 has an empty place"),
        ("\nParis: Memphis", "Line 2: begin with a type of rater"),
        ("Memphis", "Line 1: begin with a type of rater"),
    ],
)
def test_a_faulty_line_is_named_and_changes_nothing(text, sentence):
    content = editing.content_of(shipped("tennessee-four"))
    before = editing.content_of(shipped("tennessee-four"))
    with pytest.raises(InputError, match=sentence):
        editing.with_orders_text(content, "best", text)
    assert content == before


def test_a_type_whose_name_holds_a_colon_can_be_written():
    content = editing.renamed(
        editing.content_of(shipped("tennessee-four")), "types", "Memphis", "West: Memphis"
    )
    text = editing.orders_to_text(content, "best").replace(
        "West: Memphis: Memphis > Nashville", "West: Memphis: Nashville = Memphis"
    )
    found = editing.with_orders_text(content, "best", text)
    assert editing.order_of(found, "West: Memphis", "best")[0] == ["Nashville", "Memphis"]


@pytest.mark.parametrize("kind", ["some-completion", "some-prompt", "no-completion", "no-prompt"])
def test_chances_are_those_of_a_silence_and_of_overrides(kind):
    scenario = shipped("tennessee-inverted-full")
    does = missing_overrides(kind, "Nashville", "worst", "Memphis", 0.3)
    found = scenario_of(editing.with_chances(editing.content_of(scenario), **does))
    assert found == with_missing_ratings(scenario, kind, "Nashville", "worst", "Memphis", 0.3)
    assert found == with_overrides(scenario, **does)
    assert scenario_of(editing.fully_observed(editing.content_of(found))) == scenario


def test_a_chance_of_one_is_left_unsaid():
    content = editing.content_of(shipped("tennessee-morristown"))
    ones = {t: {"best": {"Morristown": 1.0}} for t in content["types"]}
    assert "'Morristown': 1" not in str(editing.with_chances(content, includes=ones)["types"])


def test_shares_are_scaled_to_one(content):
    content["types"]["Cautious"]["share"] = 0.45
    with pytest.raises(InputError, match=r"add up to 0\.6"):
        scenario_of(content)
    found = scenario_of(editing.with_normalised_shares(content))
    assert found.types["Cautious"].share == pytest.approx(0.75)
    for t in content["types"].values():
        t["share"] = 0.0
    with pytest.raises(InputError, match="at least one type"):
        editing.with_normalised_shares(content)


@pytest.mark.parametrize(
    ("edit", "sentence"),
    [
        (lambda c: editing.renamed(c, "types", "Cautious", "Permissive"), "already a type"),
        (lambda c: editing.renamed(c, "prompts", "danger", "  "), "needs a name"),
        (lambda c: editing.added(c, "completions", "Refuse"), "already a completion"),
        (lambda c: editing.removed(editing.removed(c, "types", "Cautious"), "types", "Permissive"),
         "at least one of its types"),
        (lambda c: editing.removed(editing.removed(c, "completions", "Refuse"), "completions",
                                   "Answer in full"), "fewer than two"),
    ],
)  # fmt: skip
def test_an_edit_that_cannot_be_made_says_why(content, edit, sentence):
    with pytest.raises(InputError, match=sentence):
        edit(content)
    assert scenario_of(content) == shipped("safety-tail")


def test_a_prompt_added_where_none_offers_all_has_an_order_of_all(content):
    content = editing.with_offered(content, "thriller", ["Graphic", "Veiled"])
    more = scenario_of(editing.added(content, "prompts", "third"))
    assert len(more.offered("third")) == 6


def test_features_keep_their_number():
    scenario = parse_scenario(
        """
name: featured
completions: {a: {features: [0, 1]}, b: {features: [1, 0]}}
prompts: {p: {features: [2]}}
types: {x: {share: 1, rankings: {p: [a, b]}}}
""",
        "featured.yaml",
    )
    content = editing.content_of(scenario)
    assert scenario_of(content) == scenario
    for part in ("completions", "prompts"):
        scenario_of(editing.added(content, part, "new"))

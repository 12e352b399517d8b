"""Places of completions in the orders of types, against the orders as the file states them."""

import numpy as np
import pytest

from scrl.scenarios import gallery, load_scenario, parse_scenario, places_by_type


@pytest.mark.parametrize("stem", ["blood-pressure", "tennessee-inverted-full", "safety-tail"])
def test_a_place_is_the_position_in_the_stated_order(stem):
    scenario = load_scenario(gallery()[stem])
    for prompt in scenario.prompts:
        for name in scenario.offered(prompt):
            served = places_by_type(scenario, prompt, name)
            stated = [t.rankings[prompt].index((name,)) + 1 for t in scenario.types.values()]
            assert [s.place for s in served] == stated
            np.testing.assert_allclose([s.share for s in served], scenario.type_shares)


def test_tied_places_are_averaged_and_utilities_count_as_orders():
    scenario = parse_scenario(
        b"name: x\ncompletions: [a, b, c]\nprompts: {p: {text: q}}\ntypes:\n"
        b"  one: {share: 0.5, rankings: {p: [[a, b], c]}}\n"
        b"  two: {share: 0.5, utilities: {p: {a: -3, b: 0.5, c: 7}}}\n",
        "x.yaml",
    )
    assert [s.place for s in places_by_type(scenario, "p", "a")] == [1.5, 3]
    assert [s.place for s in places_by_type(scenario, "p", "c")] == [3, 1]
    with pytest.raises(ValueError, match="not in tuple"):
        places_by_type(scenario, "p", "d")

"""The study of texts that nobody rated: what is held out, and how orders are judged."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.scenarios import gallery, load_scenario, true_ballots
from scrl.studies import generated_answers, text_generalisation
from scrl.studies.text_generalisation import RULES, SCENARIOS, measure, split_of
from scrl.voting import aggregate


@pytest.fixture(scope="module", params=SCENARIOS)
def split(request):
    return split_of(load_scenario(gallery()[request.param]), 3)


def test_nobody_rated_a_new_prompt_or_a_new_style(split):
    c = split.drawn.ratings.catalogue
    new = {c.prompts[p] for p in split.new_prompts}
    assert len(new) == 4
    assert len({p.kind for n, p in split.drawn.scenario.prompts.items() if n in new}) == 3
    hidden = {c.completions[m].rpartition(": ")[2] for m in c.members[split.new_style]}
    assert len(hidden) == 2
    for ratings in (split.rated, split.extended):
        own = ratings.catalogue
        rated = {own.completions[own.members[i]] for i in ratings.item}
        assert not {r.rpartition(": ")[2] for r in rated} & hidden
        assert not {r.rpartition(": ")[0] for r in rated} & new
        assert len(ratings.item) == len(ratings.rank) > 1000
    assert not new & set(split.rated.catalogue.prompts)
    assert new <= set(split.extended.catalogue.prompts)


def test_the_exact_outcome_is_right_everywhere_and_its_reverse_nowhere(split):
    truth = true_ballots(split.drawn.scenario, text_generalisation.TRUTH_DRAWS, 3)
    exact = {
        rule: np.concatenate([np.asarray(aggregate(b, rule).scores, float) for b in truth])
        for rule in RULES
    }
    scores = {
        "right": exact,
        "wrong": {rule: -s for rule, s in exact.items()},
        "tied": {rule: 0 * s for rule, s in exact.items()},
    }
    found = measure(split, scores, 3)
    for name, value in (("right", 1.0), ("wrong", 0.0), ("tied", 0.5)):
        for measured in ("pairs", "clear", "new_style", "silent_pairs"):
            assert found[name]["borda"][measured] == value, (name, measured)
    assert found["right"]["borda"]["voice"] == 0
    assert found["right"]["copeland"]["orders"] == 1


def test_a_group_alone_elects_its_own_order_and_who_does_not_rate_is_lost_on_vanilla():
    utility = np.array([[3.0, 1.0, -1.0, -3.0], [-3.0, -1.0, 1.0, 3.0]])
    alone = generated_answers.elect(utility[:1], np.ones(1), np.ones(1), ("borda", "copeland"))
    assert all(list(place) == [0, 1, 2, 3] for place in alone.values())
    both = generated_answers.elect(
        utility, np.array([0.4, 0.6]), np.array([1.0, 0.0]), ("borda", "plurality")
    )
    assert list(both["vanilla"]) == [0, 1, 2, 3]
    assert list(both["borda"]) == [3, 2, 1, 0]
    assert both["plurality"].argmin() == 3


def test_a_text_that_was_cut_off_ends_with_its_last_sentence():
    assert generated_answers.shortened("One. Two! Thr", False) == "One. Two!"
    assert generated_answers.shortened("One. Two", True) == "One. Two"
    assert generated_answers.shortened("no end", False) == "no end…"

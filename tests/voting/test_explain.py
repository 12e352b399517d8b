"""Explanations end where the rules do, and their steps add up."""

import numpy as np
import pytest

from scrl.types import InputError
from scrl.voting import RULES, Profile, count_all_rules
from scrl.voting.all_rules import applicable_rules
from scrl.voting.explain import Bars, Fit, Graph, Matrix, Rounds, explain
from scrl.voting.explain.explanations import explainers
from tests import lanes
from ui.voting.preset_profiles import PRESETS


def random_profile(rng, m: int, kind: str) -> Profile:
    """A profile of few ballots, so that ties are frequent. ``kind`` is the kind of its ballots."""
    n = int(rng.integers(1, 7))
    weight = rng.integers(1, 4, n)
    names = [chr(97 + i) for i in range(m)]
    if kind == "utilities":
        return Profile.from_utilities(names, rng.integers(0, 5, (n, m)), weight)
    place = np.argsort(rng.random((n, m)), axis=1)
    if kind in ("tied", "truncated"):
        place = place // rng.integers(1, 3, (n, 1))
    if kind == "truncated":
        place = np.where(rng.random((n, m)) < 0.3, -1, place)
        place[(place >= 0).sum(1) == 0, 0] = 0
    dense = np.full((n, m), -1)
    for i, row in enumerate(place):
        on = row >= 0
        dense[i, on] = np.unique(row[on], return_inverse=True)[1]
    return Profile(tuple(names), dense, weight)


#: Profiles of each kind of ballots.
EACH = lanes.deep(20, 80)
PROFILES = [
    (kind, i, random_profile(np.random.default_rng([i, k]), 1 + (i % 6) + (i % 6 == 0), kind))
    for k, kind in enumerate(("strict", "tied", "truncated", "utilities"))
    for i in range(EACH)
]
COUNTED = {}
#: Rules whose steps are counted apart from them; of others the explanation shows what they say.
EXPLAINED = [rule for rule in RULES if rule in explainers() or rule.endswith("-approval")]


def counted(at: int):
    if at not in COUNTED:
        COUNTED[at] = count_all_rules(PROFILES[at][2], EXPLAINED if at % 10 else None, None)
    return COUNTED[at]


def test_there_are_rules_to_explain():
    assert len(RULES) > 20
    assert explainers().keys() <= RULES.keys()


@pytest.mark.parametrize("rule", RULES)
def test_an_explanation_ends_in_the_order_of_its_rule(rule):
    seen = 0
    for at, (kind, i, profile) in enumerate(PROFILES):
        if rule not in applicable_rules(profile) or (at % 10 and rule not in EXPLAINED):
            continue
        outcomes, faults = counted(at)
        if rule in faults:
            with pytest.raises(InputError):
                explain(rule, profile, left_out=None)
            continue
        explained = explain(rule, profile, left_out=None)
        expected = outcomes[rule].place.tolist()
        assert explained.place.tolist() == expected, (kind, i, profile.to_text())
        assert explained.notes
        assert explained.steps
        check(explained)
        seen += 1
    assert seen >= (3 * EACH // 4 if rule in EXPLAINED else EACH // 16)


def check(explained) -> None:
    """What every step must satisfy."""
    m = len(explained.names)
    for step in explained.steps:
        if isinstance(step, Bars):
            assert step.total.shape == (m,)
            if step.parts is not None:
                assert step.parts.sum(0) == pytest.approx(step.total)
        elif isinstance(step, Matrix):
            assert step.values.shape == (len(step.rows) or m, m)
        elif isinstance(step, Graph):
            assert all(e.a != e.b and e.margin > 0 for e in step.edges)
        elif isinstance(step, Rounds):
            eliminated = [a for r in step.rounds for a in r.out]
            assert sorted(eliminated) == list(range(m))
            for r in step.rounds:
                if r.transfers is not None:
                    # The votes of eliminated candidates are transferred in full, and no others.
                    held = np.zeros(m)
                    held[list(r.out)] = r.score[list(r.out)]
                    assert r.transfers.sum(1) == pytest.approx(held)
        else:
            assert isinstance(step, Fit)
            assert step.observed.shape == step.fitted.shape == (m, m)


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_is_counted_and_explained_by_every_rule(preset):
    profile = PRESETS[preset].profile
    outcomes, faults = count_all_rules(profile)
    assert faults.keys() <= {"nash"}
    for rule in outcomes:
        assert explain(rule, profile).place.tolist() == outcomes[rule].place.tolist()


def winner(preset: str, rule: str) -> list[str]:
    profile = PRESETS[preset].profile
    place = count_all_rules(profile)[0][rule].place
    return [name for name, p in zip(profile.names, place, strict=True) if p == 0]


def test_presets_show_what_they_say():
    assert winner("tennessee", "borda") == ["Nashville"]
    assert winner("tennessee", "plurality") == ["Memphis"]
    assert winner("tennessee", "instant-runoff") == ["Knoxville"]
    assert winner("morristown", "borda") == ["Chattanooga"]
    assert winner("morristown", "copeland") == ["Nashville"]
    assert winner("majority", "plurality") == ["A"]
    assert winner("majority", "borda") == ["B"]
    assert winner("many-winners", "plurality") == ["A"]
    assert winner("many-winners", "instant-runoff") == ["C"]
    assert winner("many-winners", "borda") == ["D"]
    assert winner("many-winners", "copeland") == ["E"]
    assert winner("irrelevant", "borda") == ["Red"]
    assert winner("irrelevant", "maximal-lottery") == ["Blue"]
    assert winner("intensity", "borda") == ["A"]
    assert winner("intensity", "utilitarian") == ["E"]


def test_pairwise_rules_do_not_tell_the_blind_profiles_apart():
    one, other = (count_all_rules(PRESETS[f"blind-{i}"].profile)[0] for i in (1, 2))
    for rule in one:
        if RULES[rule].reads == "pairwise":
            assert one[rule].place.tolist() == other[rule].place.tolist(), rule


def test_the_steps_of_tennessee_are_those_of_the_textbook():
    """Instant runoff: Chattanooga's 15 % go to Knoxville, then Nashville's 26 %."""
    explained = explain("instant-runoff", PRESETS["tennessee"].profile)
    (rounds,) = explained.steps
    assert [explained.names[r.out[0]] for r in rounds.rounds] == [
        "Chattanooga", "Nashville", "Memphis", "Knoxville",
    ]  # fmt: skip
    knoxville = explained.names.index("Knoxville")
    assert rounds.rounds[0].transfers[:, knoxville].sum() == pytest.approx(0.15)
    assert rounds.rounds[1].transfers[:, knoxville].sum() == pytest.approx(0.26)
    borda = explain("borda", PRESETS["tennessee"].profile)
    assert borda.steps[0].total == pytest.approx([1.26, 1.94, 1.73, 1.07])


def test_a_cycle_is_named_where_a_victory_is_discarded():
    profile = Profile.from_text("4: A > B > C\n3: B > C > A\n2: C > A > B")
    for rule in ("split-cycle", "ranked-pairs"):
        explained = explain(rule, profile)
        (left_out,) = (e for e in explained.steps[0].edges if e.state == "left out")
        assert (explained.names[left_out.a], explained.names[left_out.b]) == ("C", "A")
        assert "C → A → B → C" in left_out.reason
    explained = explain("kemeny", profile)
    assert "reverses the win of C over A" in " ".join(explained.notes)


def test_unknown_rules_and_missing_utilities_get_a_sentence():
    profile = PRESETS["cycle"].profile
    with pytest.raises(InputError, match="There is no rule"):
        explain("nonsense", profile)
    with pytest.raises(InputError, match="only orders are known"):
        explain("utilitarian", profile)

"""Notes on orders that no ballot supports."""

import numpy as np
import pytest

from scrl.choice_models import pair_counts, support_notes
from scrl.data import parse_ratings
from scrl.voting import Profile, aggregate, count_all_rules
from scrl.voting.explain import prior_of, supported_orders_notes
from scrl.voting.rules import likelihood
from tests.voting.host_counting import counted_by_numpy
from tests.voting.test_readings import random_profile


def test_rewards_without_a_note_are_ordered_alike_by_weaker_priors(monkeypatch):
    rng, said = np.random.default_rng(2), 0
    for _ in range(150):
        profile = random_profile(rng, "short")
        outcomes, _ = count_all_rules(profile, ["bradley-terry"], "unseen")
        if supported_orders_notes(profile, outcomes, "unseen") or not outcomes:
            said += 1
            continue
        scores = [outcomes["bradley-terry"].scores]
        for precision in (1e-8, 1e-9):
            monkeypatch.setattr(likelihood, "PRECISION", precision)
            with counted_by_numpy():
                scores.append(aggregate(profile, "bradley-terry", "unseen").scores)
        monkeypatch.undo()
        signs = [np.sign(np.round(s[:, None] - s, 7)) for s in scores]
        assert (signs[0] == signs[1]).all()
        assert (signs[1] == signs[2]).all()
    assert 30 < said < 120


def test_a_profile_and_its_ratings_have_the_same_notes():
    rng, said = np.random.default_rng(3), 0
    for _ in range(200):
        profile = random_profile(rng, "short")
        if (profile.place < 0).all(0).any():
            continue  # a ratings file names no candidate that nobody ranks
        rows = ["rater,prompt,completion,rank,weight"]
        for number, (place, weight) in enumerate(zip(profile.place, profile.weight, strict=True)):
            ranked = [(n, p) for n, p in zip(profile.names, place, strict=True) if p >= 0]
            rows += [f"r{number},p,{name},{rank},{float(weight)!r}" for name, rank in ranked]
        ratings = parse_ratings("\n".join(rows).encode(), "profile.csv")
        rules = ["bradley-terry"]
        wanted = support_notes(
            pair_counts(ratings), ratings.catalogue, prior_of(rules), with_groups=False
        )
        found = supported_orders_notes(profile, rules, "unseen")
        if not profile.is_complete:
            # The file's order of the names is another.
            found = [f"Prompt 'p': {note}".lower() for note in found if "prior" in note]
            assert list(map(sorted, found)) == [sorted(note.lower()) for note in wanted]
            said += len(wanted)
    assert said > 10


@pytest.mark.parametrize(
    ("orders", "said"),
    [
        ({"A>B": 10, "A>C": 1}, "'B', 'C' are not all ordered by ballots"),
        ({"A>B": 1, "B>A": 1, "A>C": 1}, "'A', 'B' are level by all that was compared"),
        ({"A>B": 3, "C>D": 2}, "No ballot ranks members of ['A', 'B'] and ['C', 'D'] together"),
    ],
)
def test_what_only_the_prior_of_a_rule_orders_is_said(orders, said):
    profile = Profile.from_text("\n".join(f"{n}: {order}" for order, n in orders.items()))
    place = aggregate(profile, "bradley-terry", "unseen").place
    assert len(set(place.tolist())) == len(place), "a strict order"
    notes = supported_orders_notes(profile, ["borda", "bradley-terry"], "unseen")
    assert any(note.startswith(said) for note in notes)
    by_prior = notes[-1].endswith("a strict order of these rests on the prior of Bradley–Terry.")
    assert by_prior == ("No ballot" not in said)
    assert not any("prior" in note for note in supported_orders_notes(profile, ["borda"], "unseen"))
    assert not any("prior" in n for n in supported_orders_notes(profile, ["bradley-terry"], "last"))

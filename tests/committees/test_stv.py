"""The single transferable vote: published counts, other libraries, and what every count keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from scrl.committees import ELECTED, HOPEFUL, OUT, count_stv, quota_of
from scrl.election_records import parse_election
from scrl.types import InputError
from scrl.voting import Profile
from tests.committees.random_orders import agrees_with_pref_voting, draw_orders

#: Twenty guests choose three foods (Wikipedia, Single transferable vote, version of 2020).
FOOD = """
    4: Oranges; 2: Pears > Oranges; 8: Chocolate > Strawberries; 4: Chocolate > Sweets
    1: Strawberries; 1: Sweets
"""
#: Voting matters 12 (2000), The computational accuracy using the Meek algorithm.
ACCURACY = """
    333: A > X; 333: A > Y; 333: A > Z; 333: B > X; 333: B > Y; 333: B > Z
    667: X; 667: Y; 667: Z; 1: A > B > X; 1: A > B > Y; 2: B > A > X
"""


def named(profile: Profile, indices) -> list[str]:
    return [profile.names[c] for c in indices]


def test_food_stage_by_stage():
    profile = Profile.from_text(FOOD)
    count = count_stv(profile, 3)
    assert count.quota.value == 6
    assert count.outcome.named() == [["Oranges", "Chocolate", "Strawberries"]]
    told = [
        (s.event, named(profile, s.moved), s.votes.round(6).tolist(), s.exhausted)
        for s in count.stages
    ]
    assert told == [
        ("surplus", ["Chocolate"], [4, 2, 12, 1, 1], 0),
        ("out", ["Pears"], [4, 2, 6, 5, 3], 0),
        ("out", ["Sweets"], [6, 0, 6, 5, 3], 0),
        ("end", [], [6, 0, 6, 5, 0], 3),
    ]
    lines = str(count).splitlines()
    assert lines[0].startswith("stv, 3 seats: Oranges, Chocolate, Strawberries; Droop quota 6")
    assert [line.split() for line in lines[4:5]] == [["Chocolate", "12", "6", "6", "6"]]
    assert lines[-2:] == [
        "stage 3: elected: Oranges; out: Sweets",
        "stage 4: elected: Strawberries",
    ]


def test_accuracy_of_meek_and_gregory():
    """Quotas and votes are those of Lundell's program Droop with rational arithmetic."""
    profile = Profile.from_text("candidates: A, B, X, Y, Z\n" + ACCURACY)
    meek = count_stv(profile, 3, transfer="meek")
    assert meek.outcome.named() == [["A", "B", "X"]]
    first, second = meek.stages[:2]
    assert first.quota == pytest.approx(1000.75)
    np.testing.assert_allclose(
        first.votes, [1000.75, 1000.75, 667.166666769714, 667.166666644463, 667.166666581838],
        atol=1e-5,
    )  # fmt: skip
    assert second.quota == pytest.approx(800.6, abs=0.05)
    exact = count_stv(profile, 3, quota="hagenbach-bischoff", ties="order")
    assert exact.outcome.named() == [["A", "B", "X"]]
    np.testing.assert_allclose(
        exact.stages[1].votes[2:], [667.083416583417] * 2 + [667.083166833167]
    )
    np.testing.assert_allclose(
        exact.stages[2].votes[2:], [667.167082917083, 667.166583416583, 667.166333666334]
    )
    assert exact.stages[-1].exhausted == pytest.approx(1334.332917082917)


@pytest.mark.parametrize("transfer", ["weighted-inclusive", "last-parcel", "meek"])
def test_a_tie_is_followed_both_ways(transfer):
    """Castor passes two votes to Pollux, who then has as many as Helen (Droop's example 513)."""
    profile = Profile.from_text("5: Castor > Pollux\n1: Pollux\n3: Helen")
    count = count_stv(profile, 2, "hagenbach-bischoff", transfer)
    assert count.outcome.named() == [["Castor", "Pollux"], ["Castor", "Helen"]]
    assert count.outcome.all_found
    tied = [stage.tied for stage in count.stages if stage.tied]
    assert tied == [(1, 2)]
    # Helen had more votes in the stage before.
    if transfer != "meek":
        back = count_stv(profile, 2, "hagenbach-bischoff", transfer, ties="backwards")
        assert back.outcome.named() == [["Castor", "Helen"]]


def test_candidates_without_votes_go_out_together():
    """One by one there would be 2^20 ways; without them nothing changes."""
    names = [f"c{i}" for i in range(24)]
    orders = [[0, 5], [1, 6, 0], [2, 7, 1], [3, 8, 2]]
    for transfer in ("weighted-inclusive", "meek"):
        count = count_stv(Profile.from_orders(names, orders, [9, 7, 5, 4]), 2, transfer=transfer)
        assert count.outcome.all_found
        assert count.outcome.committees == ((0, 2),)
        assert max(len(stage.moved) for stage in count.stages) >= 16


def test_quotas():
    weight = np.array([60.0, 40.0])
    assert quota_of("droop", weight, 3).value == 26
    assert quota_of("hare", weight, 4).value == 25
    exact = quota_of("hagenbach-bischoff", weight, 3)
    assert (exact.value, exact.must_exceed) == (25.0, True)
    shares = quota_of("droop", weight / 100, 3)
    assert (shares.value, shares.must_exceed) == (0.25, True)
    with pytest.raises(InputError, match="quota is one of"):
        quota_of("imperiali", weight, 3)


def test_the_last_parcel_alone_moves():
    """A's surplus comes from the ballots that C passed on: they go to D, though E's are more."""
    profile = Profile.from_text(
        "candidates: A, B, C, D, E\n30: A > E\n9: C > A > D\n22: B\n20: D\n19: E"
    )
    last = count_stv(profile, 3, transfer="last-parcel", quota="hare")
    surplus = next(s for s in last.stages if s.event == "surplus")
    assert named(profile, surplus.moved) == ["A"]
    assert surplus.transfers[0, 3] == pytest.approx(39 - 100 / 3)
    assert surplus.transfers[0, 4] == 0
    whole = count_stv(profile, 3, quota="hare")
    surplus = next(s for s in whole.stages if s.event == "surplus")
    assert surplus.transfers[0, 3] == pytest.approx((39 - 100 / 3) * 9 / 39)


def test_scottish_values_are_cut_to_five_decimals():
    profile = Profile.from_text("candidates: A, B, C\n7: A > B\n3: B\n4: C")
    count = count_stv(profile, 2, decimals=5)
    assert count.quota.value == 5
    assert count.stages[1].votes[1] == pytest.approx(3 + 7 * 0.28571)


@pytest.mark.parametrize("transfer", ["weighted-inclusive", "last-parcel", "meek"])
def test_no_vote_is_lost_and_every_seat_is_filled(transfer):
    rng = np.random.default_rng(1)
    for _ in range(25):
        profile = draw_orders(rng)
        total, m = profile.weight.sum(), len(profile.names)
        seats = int(rng.integers(1, m + 1))
        quota = str(rng.choice(["droop", "hare", "hagenbach-bischoff"]))
        count = count_stv(profile, seats, quota, transfer, simultaneous=bool(rng.integers(2)))
        for stage in count.stages:
            assert stage.votes.sum() + stage.exhausted == pytest.approx(total)
            assert (stage.transfers >= -1e-9).all()
            if transfer != "meek":
                moved = list(stage.moved)
                gone = stage.transfers[moved].sum(axis=1)
                np.testing.assert_allclose(gone, stage.votes[moved])
        for before, after in zip(count.stages[:-1], count.stages[1:], strict=True):
            if transfer != "meek":
                np.testing.assert_allclose(before.transfers[:, :-1].sum(axis=0), after.votes)
            was, now = before.status, after.status
            assert ((was == now) | (was == HOPEFUL)).all()
        final = count.stages[-1].status
        assert (final == ELECTED).sum() == seats
        assert set(final.tolist()) <= {ELECTED, OUT}
        assert all(len(c) == seats for c in count.outcome.committees)


def test_one_seat_without_surplus_is_instant_runoff():
    rng = np.random.default_rng(2)
    for _ in range(30):
        profile = draw_orders(rng, ties=False)
        count = count_stv(profile, 1, ties="order")
        left, place = set(range(len(profile.names))), profile.place
        while True:
            votes = {c: 0.0 for c in left}
            for row, weight in zip(place, profile.weight, strict=True):
                ranked = [c for c in left if row[c] >= 0]
                if ranked:
                    votes[min(ranked, key=lambda c: row[c])] += weight
            top = max(votes.values())
            if top >= count.quota.value or len(left) == 1:
                break
            left.remove(min(left, key=lambda c: (votes[c], c)))
        assert votes[count.outcome.committee[0]] == top


def test_counts_agree_with_pref_voting():
    rng, told = np.random.default_rng(3), []
    for _ in range(30):
        profile = draw_orders(rng, ties=False)
        seats = int(rng.integers(1, len(profile.names) + 1))
        for transfer, quota in (("weighted-inclusive", "droop"), ("meek", "hagenbach-bischoff")):
            count = count_stv(profile, seats, quota, transfer)
            told.append(agrees_with_pref_voting(profile, seats, transfer, count))
            assert told[-1] is not False, (profile.to_text(), seats, transfer)
    assert told.count(True) > 40


#: Green Party of the United States, steering committee, 24 July 2005: 4 of 13, and as it would have
#: been without LaMarche. Votes of Dickinson, Mookerjee, Sevigny, Piacsek, Olsen, Jones and Kramer
#: after each transfer by the Scottish rules, as Lundell's program Droop prints them; candidates
#: without votes are left out.
GPUS = {
    "all": [
        (["Rebecca Rotzler"], [6.84848, 3.42424, 8.42424, 2.42424, 12.45448, 1.42424, 18.0]),
        (["Pat LaMarche"], [7.803, 3.5606, 9.2424, 2.69696, 12.7272, 1.42424, 18.54544]),
        (["Jason Jones"], [7.803, 3.5606, 9.2424, 2.69696, 14.15144, 0, 18.54544]),
        (["Michael Piacsek"], [8.803, 3.69696, 9.2424, 0, 14.57568, 0, 19.6818]),
        (["Steve Kramer"], [9.01084, 3.9536, 9.45496, 0, 14.57568, 0, 19.0]),
        (["Kirit Mookerjee"], [9.36448, 0, 10.59132, 0, 15.61032, 0, 19.0]),
        (["Budd Dickinson"], [0, 0, 16.62204, 0, 16.59988, 0, 19.0]),
        (["Kristen Olsen"], [0, 0, 18.59172, 0, 0, 0, 19.0]),
    ],
    "without LaMarche": [
        (["Rebecca Rotzler"], [13.91428, 4.45714, 14.45714, 4.91428, 14.79992, 1.45714, 21.0]),
        (["Steve Kramer"], [14.48566, 4.83806, 15.02852, 5.39043, 14.79992, 1.45714, 19.0]),
        (["Jason Jones"], [14.48566, 4.83806, 15.02852, 5.39043, 16.25706, 0, 19.0]),
        (["Kirit Mookerjee"], [15.58089, 0, 16.02852, 6.48566, 17.35229, 0, 19.0]),
        (["Michael Piacsek"], [18.15227, 0, 18.02852, 0, 17.80943, 0, 19.0]),
        (["Kristen Olsen"], [21.06655, 0, 18.48566, 0, 0, 0, 19.0]),
    ],
}


@pytest.mark.parametrize("election", GPUS)
def test_a_published_election_by_the_scottish_rules(election):
    path = Path(__file__).parents[1] / "election_records/published/gpus_2005.blt"
    text = path.read_text("utf-8")
    if election == "all":
        text = text.replace("\n-4\n", "\n", 1)
    record = parse_election(text.encode(), "gpus.blt")
    profile = record.profile
    count = count_stv(profile, record.seats, decimals=5)
    assert count.quota.value == 19
    shown = [
        next(c for c, name in enumerate(profile.names) if name.endswith(last))
        for last in ("Dickinson", "Mookerjee", "Sevigny", "Piacsek", "Olsen", "Jones", "Kramer")
    ]
    told = [
        (named(profile, before.moved), after.votes[shown].round(5).tolist())
        for before, after in zip(count.stages[:-1], count.stages[1:], strict=True)
        if before.votes[list(before.moved)].any()
    ]
    assert told == GPUS[election]
    last = GPUS[election][-1][1]
    assert "Tom Sevigny" in count.outcome.named()[0]
    assert ("Budd Dickinson" in count.outcome.named()[0]) == (last[0] > 19)
    assert not count.outcome.is_tied

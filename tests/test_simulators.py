"""Simulators have the laws that they state, few voters at a time and many at once."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import chisquare, kstest

import scrl
from scrl import InputError, simulators
from scrl.voting.cultures import cultures

ORDERS = {m: [" > ".join(o) for o in itertools.permutations("ABCD"[:m])] for m in (2, 3, 4)}


def assert_law(profile: scrl.Profile, law: dict[str, float]) -> None:
    """The numbers of voters agree with the probabilities of the orders."""
    m = len(profile.names)
    seen = profile.counts()
    assert all(law.get(order, 0) > 0 for order in seen)
    possible = [order for order in ORDERS[m] if law.get(order, 0) > 0]
    expected = np.array([law[order] for order in possible])
    assert expected.sum() == pytest.approx(1)
    counts = [seen.get(order, 0) for order in possible]
    assert chisquare(counts, expected * profile.voters).pvalue > 1e-3


# -- the laws, order by order, from their definitions ---------------------------------------------


def uniform(m: int) -> dict[str, float]:
    return dict.fromkeys(ORDERS[m], 1 / math.factorial(m))


def mallows(m: int, phi: float, centre: str) -> dict[str, float]:
    def far(order: str) -> int:
        o = order.split(" > ")
        return sum(o.index(a) > o.index(b) for a, b in itertools.combinations(centre, 2))

    weight = {order: phi ** far(order) for order in ORDERS[m]}
    return {order: w / sum(weight.values()) for order, w in weight.items()}


def plackett_luce(strength: dict[str, float]) -> dict[str, float]:
    law = {}
    for order in ORDERS[len(strength)]:
        left, p = sum(strength.values()), 1.0
        for name in order.split(" > "):
            p, left = p * strength[name] / left, left - strength[name]
        law[order] = p
    return law


def peaked(axis: str, weights) -> dict[str, float]:
    """All ways to walk from a peak to the ends of the axis."""
    law: dict[str, float] = {}

    def walk(left: int, right: int, order: list[str], p: float) -> None:
        if len(order) == len(axis):
            law[" > ".join(order)] = p
            return
        steps = [
            s for s in ((left - 1, right), (left, right + 1)) if s[0] >= 0 and s[1] < len(axis)
        ]
        for step in steps:
            name = axis[step[0]] if step[0] < left else axis[step[1]]
            walk(*step, [*order, name], p * weights(len(steps)))

    for peak in range(len(axis)):
        walk(peak, peak, [axis[peak]], 1 / len(axis))
    return law


SIMULATED = {
    "impartial": (lambda n: simulators.impartial(4, n, seed=1), uniform(4)),
    "mallows": (
        lambda n: simulators.mallows("ABCD", n, 0.6, centre="CABD", seed=2),
        mallows(4, 0.6, "CABD"),
    ),
    "plackett-luce": (
        lambda n: simulators.plackett_luce(3, n, {"B": 5, "A": 2, "C": 3}, seed=3),
        plackett_luce({"A": 2, "B": 5, "C": 3}),
    ),
    "walsh": (
        lambda n: simulators.single_peaked(4, n, axis="BDAC", seed=4),
        dict.fromkeys(peaked("BDAC", lambda k: 1 / k), 1 / 8),
    ),
    "conitzer": (
        lambda n: simulators.single_peaked(4, n, "conitzer", axis="BDAC", seed=5),
        peaked("BDAC", lambda k: 1 / k),
    ),
    "urn without copies": (lambda n: simulators.urn(3, n, 0.0, seed=6), uniform(3)),
}  # fmt: skip


@pytest.mark.parametrize("voters", [4_000, 10**6])
@pytest.mark.parametrize("name", SIMULATED)
def test_orders_have_their_exact_probabilities(name, voters):
    simulate, law = SIMULATED[name]
    profile = simulate(voters)
    assert profile.voters == voters
    assert_law(profile, law)


@pytest.mark.parametrize("name", ["mallows", "conitzer", "plackett-luce"])
def test_parts_of_a_large_draw_make_the_same_law(name, monkeypatch):
    monkeypatch.setattr(cultures, "MAX_ENUMERATED", 0)
    monkeypatch.setattr(cultures, "CELLS_AT_ONCE", 3_000)
    simulate, law = SIMULATED[name]
    profile = simulate(8_001)
    assert profile.voters == 8_001
    assert len(profile.weight) <= len(law)
    assert_law(profile, law)


@pytest.mark.parametrize("voters", [30, 6_000])
@pytest.mark.parametrize("contagion", [0.1, 1.0])
def test_two_voters_of_an_urn_agree_as_often_as_its_formula_says(contagion, voters):
    agree = []
    for seed in range(1_000):
        count = simulators.urn(3, voters, contagion, seed=seed).weight
        agree.append((count * (count - 1)).sum() / (voters * (voters - 1)))
    expected = (contagion + 1 / 6) / (1 + contagion)
    assert np.mean(agree) == pytest.approx(expected, abs=4 * np.std(agree) / np.sqrt(1_000))


@pytest.mark.parametrize("voters", [4_999, 10**9])
def test_every_anonymous_profile_is_equally_likely(voters):
    """With two candidates the share of A > B is then uniform."""
    share = [
        simulators.impartial_anonymous(2, voters, seed=s).counts().get("A > B", 0) / voters
        for s in range(250)
    ]
    assert kstest(share, "uniform").pvalue > 1e-3


def is_group_separable(orders: list[str]) -> bool:
    """By definition: every set of candidates has a part that each voter ranks above or below all
    of the rest."""
    rows = [order.split(" > ") for order in orders]
    for size in range(2, len(rows[0]) + 1):
        for group in itertools.combinations(rows[0], size):
            ranked = [[x for x in row if x in group] for row in rows]
            halves = [
                half for k in range(1, size) for half in itertools.combinations(group, k)
                if all({*r[:k]} == {*half} or {*r[-k:]} == {*half} for r in ranked)
            ]  # fmt: skip
            if not halves:
                return False
    return True


@pytest.mark.parametrize("tree", ["balanced", "caterpillar", "random"])
def test_group_separable_ballots_are_uniform_over_the_flips_of_a_tree(tree):
    for seed in range(5):
        profile = simulators.group_separable(4, 3_000, tree, seed=seed)
        assert len(profile.weight) == 8
        assert chisquare(profile.weight).pvalue > 1e-4
        assert is_group_separable(list(profile.counts()))
    assert not is_group_separable(["A > B > C > D", "B > D > A > C"])


def test_spatial_voters_rank_the_nearest_first():
    profile = simulators.spatial("ABC", 200, 1, seed=0)
    assert profile.utility.max() <= 0
    by_distance = np.argsort(-profile.utility, axis=1)
    assert (np.argsort(profile.place, axis=1) == by_distance).all()
    # On a line the middle candidate is never last.
    assert ((profile.place == 2).sum(0) == 0).sum() == 1


@pytest.mark.parametrize("m", [2, 6, 40])
@pytest.mark.parametrize("wanted", [0.0, 0.3, 1.0])
def test_normalised_phi_is_a_share_of_the_mean_distance(m, wanted):
    phi = simulators.phi_of_normalised(wanted, m)
    i = np.arange(1, m + 1)
    if 0 < phi < 1 - 1e-9:  # the closed form of Mallows' mean distance
        mean = m * phi / (1 - phi) - np.sum(i * phi**i / (1 - phi**i))
        assert mean == pytest.approx(wanted * m * (m - 1) / 4)
    else:
        assert phi == pytest.approx(wanted, abs=1e-9)
    drawn = simulators.mallows(m, 400, normalised_phi=wanted, seed=1)
    inversions = sum(
        drawn.weight @ (drawn.place[:, a] > drawn.place[:, b])
        for a, b in itertools.combinations(range(m), 2)
    )
    expected = wanted * m * (m - 1) / 4
    assert inversions / 400 == pytest.approx(expected, abs=4 * m**1.5 / 6 / 20 + 1e-9)


@pytest.mark.parametrize("m", [1, 2, 9])
def test_every_simulator_takes_names_and_repeats_a_seed(m):
    names = [f"n{i}" for i in range(m)]
    for simulate in (
        simulators.impartial, simulators.impartial_anonymous, simulators.urn, simulators.mallows,
        simulators.spatial, simulators.single_peaked, simulators.group_separable,
        lambda c, n, seed: simulators.plackett_luce(c, n, np.ones(m), seed=seed),
    ):  # fmt: skip
        profile = simulate(names, 7, seed=3)
        assert profile.names == tuple(names)
        assert profile.voters == 7
        assert profile.is_strict
        assert profile == simulate(names, 7, seed=np.random.default_rng(3))


@pytest.mark.parametrize("culture", cultures.CULTURES)
def test_a_culture_by_name_draws_millions_of_voters(culture):
    profile = scrl.draw_profile(culture, 4, 200_000, 1)
    assert profile.voters == 200_000
    if culture != "spatial":
        assert len(profile.weight) <= 24


@pytest.mark.parametrize(
    ("draw", "sentence"),
    [
        (lambda: simulators.impartial(3, 10**13, seed=0), "1 to 1,000,000,000,000"),
        (
            lambda: simulators.impartial(50, 10**6, seed=0),
            "voters × candidates is at most 20,000,000",
        ),
        (lambda: simulators.spatial(5, 10**8, seed=0), "at most 20,000,000"),
        (lambda: simulators.impartial(0, 5, seed=0), "candidates is '0'"),
        (lambda: simulators.mallows(3, 5, 0.5, normalised_phi=0.5, seed=0), "not both"),
        (lambda: simulators.mallows(3, 10**7, 1.5, seed=0), "phi is '1.5'"),
        (lambda: simulators.mallows(3, 5, normalised_phi=2, seed=0), "between 0 and 1"),
        (lambda: simulators.mallows("ABC", 5, centre="AB", seed=0), "centre does not name"),
        (lambda: simulators.urn(3, 10**7, -1, seed=0), "contagion is '-1'"),
        (lambda: simulators.plackett_luce("AB", 5, {"A": 1}, seed=0), "a strength for each"),
        (lambda: simulators.plackett_luce("AB", 10**7, [1, 0], seed=0), "strengths above 0"),
        (lambda: simulators.single_peaked(3, 5, "other", seed=0), "no law 'other'"),
        (lambda: simulators.group_separable(3, 5, "oak", seed=0), "no tree 'oak'"),
    ],
)
def test_faults_get_a_sentence(draw, sentence):
    with pytest.raises(InputError, match=sentence):
        draw()

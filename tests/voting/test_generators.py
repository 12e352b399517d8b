"""Cultures: their moments and laws, and pref_voting's where it draws the same."""

import itertools
import math

import numpy as np
import pytest
from pref_voting.generate_profiles import generate_profile
from scipy.stats import chisquare

from scrl.types import InputError
from scrl.voting import CULTURES, draw_profile
from scrl.voting.cultures.cultures import mallows, plackett_luce, spatial, spatial_utility, urn

ORDERS = list(itertools.permutations(range(3)))


def counts(place: np.ndarray) -> np.ndarray:
    """How many ballots put three candidates in each of the six orders ``[6]``."""
    order = np.argsort(place.reshape(-1, 3), axis=1)
    return np.array([(order == o).all(1).sum() for o in ORDERS])


def inversions(place: np.ndarray) -> np.ndarray:
    pairs = itertools.combinations(range(place.shape[-1]), 2)
    return sum((place[..., a] > place[..., b]).astype(int) for a, b in pairs)


@pytest.mark.parametrize("culture", CULTURES)
def test_every_ballot_is_an_order_and_the_seed_decides(culture):
    places = CULTURES[culture].places
    for m in (1, 2, 7):
        one = places(5, 3, 11, m, CULTURES[culture].default)
        assert one.shape == (3, 11, m)
        assert (np.sort(one, axis=-1) == np.arange(m)).all()
        assert (one == places(5, 3, 11, m, CULTURES[culture].default)).all()
    assert (places(6, 3, 11, 7, CULTURES[culture].default) != one).any()


@pytest.mark.parametrize("culture", CULTURES)
def test_a_profile_is_grouped_and_reads_back(culture):
    profile = draw_profile(culture, "abc", 40, 1)
    assert profile.weight.sum() == 40
    assert profile.names == ("a", "b", "c")
    if culture == "spatial":
        assert (np.argsort(-profile.utility) == np.argsort(profile.place)).all()
    else:
        assert len(profile.weight) <= 6
        assert (np.diff(profile.weight) <= 0).all()
    rng = np.random.default_rng(3)
    assert draw_profile(culture, 4, 5, rng).names == ("A", "B", "C", "D")


def test_impartial_orders_are_equally_likely():
    place = CULTURES["impartial"].places(0, 60, 1000, 3)
    assert chisquare(counts(place)).pvalue > 1e-3


@pytest.mark.parametrize("contagion", [0.0, 0.1, 1 / 6, 1.0])
def test_two_voters_of_an_urn_agree_as_often_as_its_formula_says(contagion):
    place = urn(1, 60_000, 5, 3, contagion)
    expected = (contagion + 1 / 6) / (1 + contagion)
    for a, b in ((0, 1), (1, 4), (3, 4)):  # exchangeable: any two alike
        same = (place[:, a] == place[:, b]).all(1).mean()
        assert same == pytest.approx(expected, abs=4 * math.sqrt(0.25 / 60_000))
    assert chisquare(counts(place[:, 4])).pvalue > 1e-3


def test_every_anonymous_profile_is_equally_likely():
    """Four voters over the two orders of two candidates: five counts, a fifth each."""
    place = CULTURES["impartial-anonymous"].places(2, 20_000, 4, 2)
    firsts = (place[:, :, 0] == 0).sum(1)
    assert chisquare(np.bincount(firsts, minlength=5)).pvalue > 1e-3


def mean_mallows_distance(m: int, phi: float) -> float:
    """Mean Kendall distance between a Mallows ranking and its centre."""
    if phi == 1:
        return m * (m - 1) / 4
    i = np.arange(1, m + 1)
    return float(m * phi / (1 - phi) - np.sum(i * phi**i / (1 - phi**i)))


@pytest.mark.parametrize("phi", [0.0, 0.3, 0.8, 1.0])
def test_mallows_has_its_law_and_its_mean_distance(phi):
    place = mallows(3, 1, 40_000, 3, phi)
    law = np.array([phi ** inversions(np.argsort(o)) for o in ORDERS], float)
    expected = law / law.sum() * 40_000
    seen = counts(place)
    assert (seen[expected == 0] == 0).all()
    if phi:
        assert chisquare(seen, expected).pvalue > 1e-3
    far = inversions(mallows(4, 1, 20_000, 6, phi))
    assert far.mean() == pytest.approx(mean_mallows_distance(6, phi), abs=0.08)


def test_mallows_scatters_about_the_centre_it_is_given():
    assert (mallows(0, 1, 4, 3, 0.0, centre=[2, 0, 1]) == [1, 2, 0]).all()


def test_plackett_luce_first_places_go_by_strength():
    strength = np.array([0.5, 0.3, 0.2])
    place = plackett_luce(5, 1, 50_000, 3, strength=strength)
    assert (place[0] == 0).mean(0) == pytest.approx(strength, abs=0.01)
    law = [
        strength[a] / strength.sum() * strength[b] / (strength[b] + strength[c])
        for a, b, c in ORDERS
    ]
    assert chisquare(counts(place), np.array(law) * 50_000).pvalue > 1e-3


def test_a_voter_on_a_line_never_puts_the_middle_last():
    place, utility = spatial(7, 1, 500, 3, 1)[0], spatial_utility(7, 1, 500, 3, 1)[0]
    assert (np.diff(np.take_along_axis(utility, np.argsort(place), 1), axis=1) <= 0).all()
    assert ((place == 2).sum(0) == 0).sum() == 1
    assert (utility <= 0).all()
    assert (utility >= -1).all()


@pytest.mark.parametrize(
    ("culture", "theirs", "parameter"),
    [
        ("impartial", {"probmodel": "IC"}, None),
        ("mallows", {"probmodel": "MALLOWS", "phi": 0.6}, 0.6),
        ("impartial-anonymous", {"probmodel": "IAC"}, None),
    ],
)
def test_pref_voting_draws_alike(culture, theirs, parameter):
    """Two statistics of five voters on three candidates: how many different ballots a profile
    has, and how far apart two of its voters are."""
    drawn = 2_000
    ours = CULTURES[culture].places(8, drawn, 5, 3, parameter if parameter is not None else 0.0)
    profiles = [generate_profile(3, 5, seed=i, **theirs) for i in range(drawn)]
    rankings = np.array([np.repeat(*p.rankings_counts, axis=0) for p in profiles])
    their = np.argsort(rankings, axis=-1)
    for statistic in (_kinds, _apart):
        a, b = statistic(ours), statistic(their)
        error = math.sqrt((a.var() + b.var()) / drawn)
        assert a.mean() == pytest.approx(b.mean(), abs=4 * error + 1e-12)


def _kinds(place: np.ndarray) -> np.ndarray:
    code = place @ np.array([9, 3, 1])
    return np.array([len(set(row)) for row in code.tolist()], float)


def _apart(place: np.ndarray) -> np.ndarray:
    """Mean number of pairs on which two voters differ."""
    pairs = list(itertools.combinations(range(place.shape[1]), 2))
    flips = [
        (place[..., a] > place[..., b]).astype(int) for a, b in itertools.combinations(range(3), 2)
    ]
    return np.mean([sum(abs(f[:, i] - f[:, j]) for f in flips) for i, j in pairs], axis=0)


@pytest.mark.parametrize(
    ("culture", "parameter"),
    [("mallows", 1.1), ("mallows", float("nan")), ("urn", -1), ("urn", float("inf")),
     ("spatial", 0), ("plackett-luce", 0), ("nonsense", 1)],
)  # fmt: skip
def test_faults_get_a_sentence(culture, parameter):
    with pytest.raises(InputError):
        draw_profile(culture, 3, 5, 0, parameter)


def test_too_many_are_refused():
    for candidates, voters in ((0, 5), (2_001, 5), (3, 0), (3, 2.5), (3, 10**13), (10, 10**7)):
        with pytest.raises(InputError):
            draw_profile("impartial", candidates, voters, 0)

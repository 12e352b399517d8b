"""Profiles go to VoteKit, preflibtools and pref_voting and come back the same."""

import sys

import numpy as np
import pytest

import scrl
from scrl import InputError, Profile


def random_profile(seed: int, strict: bool = False) -> Profile:
    rng = np.random.default_rng(seed)
    m, n = int(rng.integers(1, 6)), int(rng.integers(1, 8))
    ranks = rng.permuted(np.tile(np.arange(m), (n, 1)), axis=1).astype(float)
    if not strict:
        ranks = np.minimum(ranks, rng.integers(0, m, n)[:, None])
        ranks[rng.random((n, m)) < 0.3] = np.nan
        ranks[np.isnan(ranks).all(1), 0] = 0
    names = [f"Name {i}" for i in range(m)]
    return Profile.from_ranks(names, ranks, rng.integers(1, 9, n), best=0)


@pytest.mark.parametrize("library", ["votekit", "preflibtools", "pref_voting"])
def test_a_profile_comes_back_the_same(library):
    pytest.importorskip(library)
    there, back = getattr(scrl, f"to_{library}"), getattr(scrl, f"from_{library}")
    for seed in range(40):
        profile = random_profile(seed, strict=seed % 4 == 0)
        assert back(there(profile)) == profile
        assert back(there(profile)).names == profile.names


def test_votekit_counts_the_same_winners():
    pytest.importorskip("votekit")
    from votekit.elections import IRV, Borda, Plurality

    for seed in range(12):
        profile = random_profile(seed, strict=True)
        if len(profile.names) < 2:
            continue
        there = scrl.to_votekit(profile)
        for rule, election in (("plurality", Plurality), ("borda", Borda), ("instant-runoff", IRV)):
            winners = profile.winners(rule)
            if len(winners) == 1:
                elected = election(there, tiebreak="random").get_elected()
                assert elected == (frozenset(winners),), (seed, rule)


def test_scores_and_blank_ballots_of_votekit():
    votekit = pytest.importorskip("votekit")
    scores = [votekit.ScoreBallot(scores={"a": 3}, weight=2), votekit.ScoreBallot(scores={"b": 1})]
    profile = scrl.from_votekit(votekit.PreferenceProfile(ballots=scores))
    assert profile.utility.tolist() == [[3, 0], [0, 1]]
    assert profile.weight.tolist() == [2, 1]
    skipped = votekit.RankBallot(ranking=[{"b"}, frozenset(), {"a"}])
    blank = votekit.RankBallot(ranking=[frozenset()], weight=4)
    there = votekit.RankProfile(ballots=[skipped, blank], candidates=["a", "b"])
    assert scrl.from_votekit(there).counts() == {"b > a": 1}
    with pytest.raises(InputError, match="VoteKit cannot hold"):
        scrl.to_votekit(Profile.from_rankings([["~", "A"]]))


def test_a_preflib_file_that_preflibtools_writes_is_read(tmp_path):
    pytest.importorskip("preflibtools")
    profile = random_profile(5)
    there = scrl.to_preflibtools(profile, "A title")
    path = tmp_path / f"profile.{there.data_type}"
    there.write(str(path))
    assert Profile.from_file(path) == profile
    halves = Profile.from_text("0.5: A > B; 0.25: B")
    assert scrl.from_preflibtools(scrl.to_preflibtools(halves)).counts() == {"A > B": 50, "B": 25}


def test_categories_of_preflib_are_ties():
    instances = pytest.importorskip("preflibtools.instances")
    instance = instances.CategoricalInstance()
    text = (
        "# NUMBER ALTERNATIVES: 3\n# NUMBER VOTERS: 5\n# NUMBER UNIQUE PREFERENCES: 2\n"
        "# NUMBER CATEGORIES: 2\n# CATEGORY NAME 1: Yes\n# CATEGORY NAME 2: No\n"
        "# ALTERNATIVE NAME 1: a\n# ALTERNATIVE NAME 2: b\n# ALTERNATIVE NAME 3: c\n"
        "3: {1,2},3\n2: {},{1,2,3}\n"
    )
    instance.parse_str(text, "cat")
    assert scrl.from_preflibtools(instance).counts() == {"a = b > c": 3, "a = b = c": 2}


@pytest.mark.parametrize("library", ["votekit", "preflibtools", "pref_voting"])
def test_what_cannot_come_gets_a_sentence(library, monkeypatch):
    with pytest.raises(InputError, match="is none of"):
        getattr(scrl, f"from_{library}")(object())
    for name in [name for name in sys.modules if name.split(".")[0] == library]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(InputError, match="is not installed; pip install"):
        getattr(scrl, f"to_{library}")(Profile.from_text("1: A > B"))

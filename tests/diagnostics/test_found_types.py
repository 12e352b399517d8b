"""Types that the model found in place of unknown ones, and voters where no rater stands."""

from dataclasses import replace

import numpy as np
import pytest

from scrl.diagnostics import FoundTypes, maps, type_names, type_profiles, with_found_types
from scrl.studies import load_example_run


@pytest.fixture(scope="module")
def known():
    return load_example_run("tennessee-morristown")


def without_types(run):
    """The run as if its ballots had come from a file without groups."""
    ratings = replace(run.ratings, rater_type=None, types=())
    return replace(run, source=ratings, ratings=ratings, known_embedding=None)


def test_found_types_are_the_true_ones_where_those_are_clear(known):
    found = with_found_types(without_types(known))
    assert isinstance(found.source, FoundTypes)
    assert type_names(found)[0].startswith("Kind 1 (30%)")
    both = np.stack([known.rater_types, found.rater_types])
    pairs, count = np.unique(both, axis=1, return_counts=True)
    assert len(np.unique(pairs[0, count > 50])) == 4
    assert count[count > 50].sum() > 0.97 * count.sum(), "one kind for each type"
    profiles = type_profiles(found)
    assert profiles.shape == type_profiles(known).shape
    assert with_found_types(found) is found


def test_a_run_whose_types_are_known_stays_as_it_is(known):
    assert with_found_types(known) is known


def test_voters_of_a_type_without_raters_stand_where_no_rater_does(known):
    assert maps.stray_share(known) == 0
    silent = np.flatnonzero(known.ratings.rater_type == 0)
    heard = ~np.isin(known.ratings.ballot_rater, silent)
    ratings = known.ratings.select(heard)
    alone = replace(known, ratings=ratings, known_embedding=None)
    share = known.source.type_shares[0]
    assert maps.stray_share(alone) == pytest.approx(share, abs=0.02)

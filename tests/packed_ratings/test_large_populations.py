"""Large populations of known raters: the law that they state, block by block."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.packed_ratings import LargePopulation, large_population, pack
from scrl.types import InputError

pytest.importorskip("pyarrow")


def test_a_file_holds_what_the_settings_say(tmp_path):
    population = LargePopulation(raters=4_500, prompts=100, seen=0.05, seed=3)
    rows = population.write(tmp_path / "file.parquet")
    packed = pack(tmp_path / "file.parquet", tmp_path / "packed")
    assert (packed.raters, packed.entries) == (4_500, rows)
    assert packed.catalogue.items == population.items == 1_000
    assert rows / packed.raters / packed.catalogue.items == pytest.approx(0.05, rel=0.2)
    ratings = packed.ratings()
    places = np.maximum.reduceat(ratings.rank, ratings.offsets[:-1]) + 1
    assert 0.1 < (places < ratings.sizes).mean() < 0.9  # ballots with a tie
    assert set(np.unique(ratings.ballot_weight)) == {0.5, 1.0, 2.0}
    # Another seed is another file, the same seed the same one.
    again = large_population(
        tmp_path / "again.parquet", raters=4_500, prompts=100, seen=0.05, seed=3
    )
    assert again == population == LargePopulation.load(tmp_path / "file.parquet")
    assert pack(tmp_path / "again.parquet", tmp_path / "more").content == packed.content
    other = LargePopulation(raters=4_500, prompts=100, seen=0.05, seed=4)
    assert not np.array_equal(other.truth.means, population.truth.means)


def test_ballots_follow_the_true_utilities():
    """Of two completions that a ballot ranks strictly, the better one is above with the logistic
    probability; rounding moves it little."""
    population = LargePopulation(raters=2_000, prompts=50, seen=0.1, step=0.01, seed=1)
    rows = population.block(0)
    kind, latent = population.kinds(0)
    utility = population.utilities(
        kind[rows["rater"]], latent[rows["rater"]], rows["item"][:, None]
    )[:, 0]
    order = np.lexsort([rows["item"], rows["rater"]])
    rater, item, rank, u = (
        rows["rater"][order],
        rows["item"][order],
        rows["rank"][order],
        utility[order],
    )
    near = (rater[1:] == rater[:-1]) & (item[1:] // 10 == item[:-1] // 10) & (rank[1:] != rank[:-1])
    difference, won = (u[1:] - u[:-1])[near], (rank[1:] < rank[:-1])[near]
    expected = 1 / (1 + np.exp(-difference / population.noise))
    assert near.sum() > 10_000
    for low, high in ((-4, -1), (-1, 0), (0, 1), (1, 4)):
        part = (difference > low) & (difference < high)
        assert won[part].mean() == pytest.approx(expected[part].mean(), abs=0.015)


def test_texts_tell_a_part_of_every_taste():
    """Attributes explain most of the mean utilities, and not all."""
    from scrl.packed_ratings.composed_texts import compose_texts
    from scrl.random_streams import HostStream, host_rng

    population = LargePopulation(prompts=300, seed=2)
    attributes, texts = compose_texts(host_rng(2, HostStream.LARGE_POPULATION), 300, 10)
    assert len(set(texts)) > 2_900
    for mean in population.truth.means:
        fit, *_ = np.linalg.lstsq(attributes, mean, rcond=None)
        explained = 1 - (mean - attributes @ fit).var() / mean.var()
        assert 0.4 < explained < 0.9


def test_settings_that_make_no_population_are_refused(tmp_path):
    for settings in ({"raters": 0}, {"completions": 1}, {"seen": 0}, {"seen": 2}, {"rank": -1}):
        with pytest.raises(InputError):
            LargePopulation(**settings)
    (tmp_path / "file.parquet.truth.safetensors").write_bytes(b"nothing")
    with pytest.raises(InputError, match="these are not the true parameters"):
        LargePopulation.load(tmp_path / "file.parquet")

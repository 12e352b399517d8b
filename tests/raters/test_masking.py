"""Views of ballots: what the encoder sees and what it must predict."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from scrl.raters import masking
from tests import lanes

MASK = jnp.array([[True] * 5 + [False], [True] * 3 + [False] * 3])
RANK = jnp.array([[2, 0, 1, 4, 3, 0], [1, 0, 1, 0, 0, 0]])


def views(regime, ramp, single=0.0, n=500):
    keys = jax.random.split(jax.random.key(0), n)
    return jax.vmap(lambda k: masking.view(k, RANK, MASK, ramp, regime, single))(keys)


@pytest.mark.parametrize("regime", masking.REGIMES)
@pytest.mark.parametrize("single", lanes.deep([0.5], [0.0, 0.5]))
def test_padding_is_never_seen_nor_predicted(regime, single):
    view = views(regime, 0.5, single)
    assert not view.visible[:, ~MASK].any()
    assert not view.target[:, ~MASK].any()


def test_each_regime_hides_and_asks_as_its_name_says():
    whole = views("full", 0.0)
    assert (whole.visible == MASK).all()
    assert (whole.target == MASK).all()
    one = views("one-hidden", 0.0)
    assert ((MASK & ~one.visible).sum(-1) == 1).all()
    assert (one.target == (MASK & ~one.visible)).all()
    hidden = views("hidden-only", 1.0)
    assert (hidden.target == (MASK & ~hidden.visible)).all()
    everything = views("all-targets", 0.0)
    assert (everything.target == MASK).all()
    assert 0.2 < everything.visible[:, MASK].mean() < 0.6


def test_the_curriculum_lets_visible_completions_in_little_by_little():
    shares = []
    for ramp in (0.0, 0.5, 1.0):
        view = views("curriculum", ramp)
        assert (view.target | view.visible == MASK).all(), "what is hidden is always asked for"
        shares.append(float(view.target[view.visible].mean()))
    assert shares[0] == 0.0
    assert 0.4 < shares[1] < 0.6
    assert shares[2] == 1.0


def test_every_visible_length_occurs():
    lengths = np.asarray(views("curriculum", 0.0).visible[:, 0].sum(-1))
    assert set(lengths) == set(range(6))


def test_a_single_view_shows_one_completion_with_its_absolute_position():
    view = views("curriculum", 1.0, single=1.0)
    assert (view.visible.sum((1, 2)) == 1).all()
    at = np.argwhere(np.asarray(view.visible))
    for i, contest, slot in at[:50]:
        absolute = masking.positions(RANK[contest], MASK[contest], True)[slot]
        np.testing.assert_allclose(view.position[i, contest, slot], absolute)


def test_a_ballot_with_a_completion_hidden_looks_like_one_that_never_held_it():
    hidden = MASK.at[0, 4].set(False)  # hide the completion of rank 3, so rank 4 moves up
    shown = masking.positions(RANK[0], hidden[0], False)
    never = masking.positions(jnp.array([2, 0, 1, 3, 9, 9]), hidden[0], False)
    np.testing.assert_allclose(shown[hidden[0]], never[hidden[0]])


def test_places_run_from_one_to_minus_one_and_ties_share_theirs():
    share = masking.positions(RANK[0], MASK[0], False)[:5, 0]
    np.testing.assert_allclose(share, [0, 1, 0.5, -1, -0.5])
    tied = masking.positions(RANK[1], MASK[1], False)[:3, 0]
    np.testing.assert_allclose(tied, [-0.5, 1, -0.5])

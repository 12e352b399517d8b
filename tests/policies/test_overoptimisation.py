"""Over-optimised rewards: what is derived from a simulation."""

from __future__ import annotations

import numpy as np
import pytest

from scrl.policies import Overoptimisation


def test_the_peak_and_the_loss_are_of_the_mean_over_seeds():
    welfare = np.array([[[0.0, 0.4, 0.0], [0.0, 0.2, 0.4]], [[0.0, 0.1, 0.2], [0.0, 0.1, 0.2]]])
    found = Overoptimisation(np.arange(3.0), welfare, welfare, welfare, np.zeros((2, 2)))
    np.testing.assert_allclose(found.mean_welfare, [[0.0, 0.3, 0.2], [0.0, 0.1, 0.2]])
    assert found.peak.tolist() == [1, 2]
    assert found.welfare_loss == pytest.approx([0.1, 0.0])

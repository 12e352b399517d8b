"""The stored fitted runs: small, the same as a fit of today, and of the lab's model."""

import numpy as np
import pytest

from scrl.studies import STUDIES, example_runs, load_baked
from scrl.studies.baking import BAKED


@pytest.mark.parametrize("stem", example_runs.SCENARIOS)
def test_an_example_is_small_and_can_be_read(stem):
    study = example_runs.ExampleRun(stem)
    assert STUDIES[study.name] == study
    assert (BAKED / f"{study.name}.json").stat().st_size < 100_000
    fitted = example_runs.load_example_run(stem)
    assert fitted.source.to_yaml() == study._scenario().to_yaml()
    assert len(fitted.latents) == example_runs.VOTERS
    assert fitted.posterior.mean.shape == (len(fitted.embedded_raters), fitted.latents.shape[1])


def test_an_example_has_the_types_of_its_scenario():
    fitted = example_runs.load_example_run("tennessee-morristown")
    share = np.sort(fitted.individual.population.share)
    assert share == pytest.approx([0.15, 0.25, 0.3, 0.3], abs=0.01)


@pytest.mark.slow
def test_a_spot_check_finds_an_altered_model(monkeypatch):
    study = example_runs.ExampleRun("tennessee-morristown")
    fitted = study.fit()
    monkeypatch.setattr(example_runs.ExampleRun, "fit", lambda *_: fitted)
    assert study.spot_check(load_baked(study.name)) == []
    assert study.spot_check(study.run()) == []
    other = example_runs.ExampleRun("six-kinds")
    assert study.spot_check(load_baked(other.name))

"""The sweep that comes with the app: its settings, and what is stored of each run."""

import pytest
from scipy.stats import kendalltau

from scrl.scenarios import gallery, load_scenario
from scrl.studies import load_baked, sweep_example
from scrl.sweeps import plan_tasks, read_spec, scenario_with

CONTENT = load_baked("sweep-example")["result"]


def test_its_settings_are_those_that_a_specification_would_name():
    scenario = load_scenario(gallery()[sweep_example.SCENARIO])
    for settings in sweep_example.settings_of_tasks():
        same = scenario_with(scenario, {**settings, "scenario.sampling": "iid"})
        assert same.to_yaml() == sweep_example.scenario_of(settings).to_yaml()
    spec, folder = read_spec({
        "scenarios": [sweep_example.SCENARIO], "seeds": len(sweep_example.SEEDS),
        "settings": {**{name: list(values) for name, values in sweep_example.AXES.items()},
                     "scenario.sampling": "iid", "rules": [list(sweep_example.RULES)]},
    })  # fmt: skip
    tasks, axes = plan_tasks(spec, folder)
    assert len(tasks) == len(CONTENT["tasks"]) == 90
    assert {name: axes[name] for name in CONTENT["axes"]} == CONTENT["axes"]


def places(order, names):
    place = {name: p for p, tied in enumerate(order) for name in tied}
    return [place[name] for name in names]


@pytest.mark.parametrize("source", ["vanilla", "social"])
def test_stored_measures_are_those_of_the_stored_orders(source):
    names = CONTENT["completions"]
    for task in CONTENT["tasks"]:
        entry = sweep_example.result_of(CONTENT, task)["prompts"][sweep_example.PROMPT]
        for rule in sweep_example.RULES:
            outcome = entry[source] if source == "vanilla" else entry[source][rule]
            truth = entry["truth"][rule]["order"]
            tau = kendalltau(places(outcome["order"], names), places(truth, names)).statistic
            assert task["measures"][f"agreement/{rule}/{source}/tau"] == pytest.approx(
                tau, abs=1e-5
            )

"""The stored study of drift: what the page says of it."""

import pytest

from scrl.studies import drift, load_baked

MOVING = ("window", "discount", "random walk", "elo")


@pytest.fixture(scope="module")
def result():
    return load_baked("drift")["result"]


def test_a_stationary_model_falls_to_half_after_a_swap_and_others_recover(result):
    swap = result["drifts"]["swap"]
    wrong = swap["wrong"]["majority"]
    assert wrong[1] < 0.5 < wrong[2]
    assert wrong[2] - wrong[1] < 0.2
    assert swap["error"]["majority"]["stationary"][0][-1] < 0.46, "it errs where people care less"
    lag = swap["lag"]["majority"]
    assert lag["stationary"]["never"] == 1
    assert all(lag[name]["answers"][2] < 400 for name in MOVING)
    assert lag["oracle"]["answers"][0] == 0


def test_elo_leads_for_the_majority_and_trails_for_the_minority(result):
    swap = result["drifts"]["swap"]
    assert swap["lead"]["majority"][2] < 0 < swap["lead"]["minority"][1]
    lag = swap["lag"]["minority"]
    assert lag["random walk"]["answers"][2] < lag["elo"]["answers"][1]


def test_being_ready_costs_little_where_nothing_moves(result):
    late = result["drifts"]["none"]["late"]
    assert all(late["majority"][name][2] < 0.01 for name in MOVING)
    assert late["majority"]["stationary"][0] < min(late["majority"][n][0] for n in MOVING)
    assert late["minority"]["one for all"][1] > 0.3, "pooling costs more than drift"


def test_nothing_beats_the_oracle_and_looking_back_beats_the_filter(result):
    for found in result["drifts"].values():
        assert all(v[0] > -0.002 for scope in found["late"].values() for v in scope.values())
    for name in ("swap", "wander", "fashions"):
        late = result["drifts"][name]["late"]["majority"]
        assert late[drift.LATER][2] < late["random walk"][1]
        assert all(late["stationary"][1] > late[model][2] for model in MOVING)


def test_at_equal_loss_the_random_walk_is_back_soonest(result):
    def lag_at(name, loss):
        rows = [r for r in result["settings"][name] if r["lag"] is not None and r["loss"] <= loss]
        return min(r["lag"] for r in rows)

    settled = result["drifts"]["swap"]["settled"]["majority"]
    assert settled["random walk"] > 0.7
    assert settled["elo"] < 0.1
    for loss in (0.005, 0.0102, 0.02):
        assert lag_at("random walk", loss) == min(lag_at(name, loss) for name in MOVING)


def test_policies_gain_by_the_tastes_that_they_have_made(result):
    for rate, runs in result["influence"].items():
        first, present = (
            {p: run[judge][0][-1] for p, run in runs.items()} for judge in ("first", "present")
        )
        if float(rate) == 0:
            assert all(run["first"] == run["present"] for run in runs.values())
            continue
        assert max(present, key=present.get) == min(first, key=first.get) == "planned"
        assert present["retrained"] > present["both judge"] > present["trained once"]
    run = result["influence"]["0.1"]["retrained"]
    assert run["present"][1][-1] > 1.5 * run["present"][2][0]
    assert run["first"][2][-1] < run["first"][0][0]
    assert run["disagreement"][-1] < run["disagreement"][0] - 0.05

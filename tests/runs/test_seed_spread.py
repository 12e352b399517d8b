"""What several seeds gave, counted by hand."""

from scrl.runs import merge_seeds, seed_spreads

AB, BA, TIE = [["a"], ["b"]], [["b"], ["a"]], [["a", "b"]]


def result(seed, vanilla, social):
    def rewards(order):
        return {"order": order, "rewards": {"a": seed / 10, "b": 0.5}}

    return {
        "seed": seed,
        "latent": {"components": 4},
        "prompts": {
            "p": {
                "completions": ["a", "b"],
                "truth": {"borda": {"order": AB, "scores": {"a": 1, "b": 0}}},
                "vanilla": rewards(vanilla),
                "social": {"borda": rewards(social)},
                "agreement": {
                    "borda": {
                        "vanilla": {"tau": 1.0 if vanilla == AB else -1.0},
                        "social": {"tau": 1.0 if social == AB else -1.0},
                    }
                },
            }
        },
    }


def test_one_seed_has_no_spread():
    alone = merge_seeds([result(0, AB, AB)])
    assert "seeds" not in alone
    assert seed_spreads(alone, "p", "borda") == {}


def test_orders_are_counted_and_values_kept_by_seed():
    several = merge_seeds([result(1, BA, AB), result(2, BA, BA), result(3, [["b", "a"]], AB)])
    found = seed_spreads(several, "p", "borda")
    assert set(found) == {"vanilla", "social"}
    assert found["social"].distinct_orders == [(AB, 2), (BA, 1)]
    assert found["social"].exact == 2
    assert found["social"].tau == [1.0, -1.0, 1.0]
    assert found["vanilla"].exact == 0
    assert found["vanilla"].values["a"] == [0.1, 0.2, 0.3]
    assert found["vanilla"].range("a") == (0.1, 0.3)
    assert several["seeds"]["latent"] == {"components": [4, 4, 4]}
    assert several["prompts"] == result(1, BA, AB)["prompts"], "the first is shown"


def test_a_tie_is_one_order_however_it_is_written():
    several = merge_seeds([result(1, TIE, AB), result(2, [["b", "a"]], AB)])
    assert [n for _, n in seed_spreads(several, "p", "borda")["vanilla"].distinct_orders] == [2]


def test_without_a_truth_nothing_is_said_of_it():
    results = [result(1, AB, AB), result(2, BA, AB)]
    for one in results:
        del one["prompts"]["p"]["truth"], one["prompts"]["p"]["agreement"]
    found = seed_spreads(merge_seeds(results), "p", "borda")
    assert found["social"].exact is None
    assert found["social"].tau is None

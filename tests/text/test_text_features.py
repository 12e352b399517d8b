"""Features of texts, and texts that nobody rated."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest

import scrl
from scrl.choice_models import pair_counts
from scrl.cli import main
from scrl.data import parse_ratings
from scrl.social import fit_text_rewards
from scrl.text import (
    attribute_values,
    encoder_of,
    features,
    vectors_of,
    with_new_texts,
    with_text_features,
)
from scrl.types import InputError
from scrl.utility_models.feature_basis import feature_basis

FILE = """rater,prompt,completion,rank,completion_text
a,p,x,1,Perhaps so.
a,p,y,2,"Never do that, it is a risk!"
b,p,y,1,"Never do that, it is a risk!"
b,p,x,2,Perhaps so.
a,q,x,1,Perhaps so.
a,q,y,2,"Never do that, it is a risk!"
"""


@pytest.fixture
def ratings():
    return parse_ratings(FILE.encode(), "small.csv")


def test_each_item_has_features_and_ballots_stay_the_same(ratings):
    read = with_text_features(ratings)
    c = read.catalogue
    assert c.completion_features.shape[0] == c.items == 4
    assert c.names(1) == ratings.catalogue.names(1) == ["x", "y"]
    np.testing.assert_array_equal(read.item, ratings.item)
    assert np.isfinite(c.completion_features).all()
    assert "measured attributes" in read.notes[-1]


def test_without_the_encoder_attributes_are_read_and_a_note_says_so(ratings, monkeypatch):
    monkeypatch.setattr("scrl.text.features.is_available", lambda: False)
    read = with_text_features(ratings)
    assert read.catalogue.read_by == "14 measured attributes"
    assert read.notes[-1].endswith("run pip install 'scrl[text]'.")


def test_any_encoder_plugs_in(ratings):
    encoder = encoder_of(
        "letters/1", lambda texts: np.array([[t.count("e"), len(t)] for t in texts])
    )
    read = with_text_features(ratings, encoder)
    assert read.catalogue.read_by.startswith("letters/1")
    reward = fit_text_rewards(read.catalogue, {"v": pair_counts(read)})["v"]
    assert reward.functions.features.encoder is encoder


@pytest.fixture
def many(tmp_path, monkeypatch):
    """Texts of many items, and a quick encoder."""
    monkeypatch.setenv("SCRL_CACHE", str(tmp_path))
    rng = np.random.default_rng(0)
    table = rng.normal(size=(101, 300)) * rng.random(300)
    prompts = [f"Why {i // 3}?" for i in range(6000)]
    completions = [f"Because of {i}, perhaps." for i in range(6000)]
    return prompts, completions, encoder_of(
        "table/1", lambda texts: np.array([table[sum(map(ord, t)) % 101] for t in texts])
    )  # fmt: skip


def test_vectors_of_many_texts_are_not_copied(many, monkeypatch):
    """In the old way, vectors were held in double precision, and once more less their means."""
    monkeypatch.setattr(features, "BLOCK", 500)
    for texts in many[:2]:
        vectors_of(texts, many[2])
        attribute_values(texts)
    tracemalloc.start()
    made, values = features.measured_features(*many)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    dimensions = len(made.directions)
    assert dimensions == 300
    # A copy of the completions' vectors in double precision alone is larger than all that is held.
    assert peak < 6000 * dimensions * 8
    np.testing.assert_allclose(made(*many[:2]), values, atol=1e-9)


def test_features_do_not_depend_on_how_texts_are_shared_out(many, monkeypatch):
    """Among groups of which the largest is longer than a block."""
    prompts, completions, encoder = many
    prompts = ["Why?"] * 900 + prompts[900:2400]
    whole = features.measured_features(prompts, completions[:2400], encoder)[1]
    monkeypatch.setattr(features, "BLOCK", 200)
    parts = features.measured_features(prompts, completions[:2400], encoder)[1]
    np.testing.assert_allclose(parts, whole, atol=1e-6)


def test_more_texts_than_the_model_of_raters_reads_in_full_are_announced(many, monkeypatch):
    prompts, completions, encoder = many
    rows = zip(prompts[:60:3], completions[:60:3], completions[1:60:3], strict=True)
    lines = [
        json.dumps({"rater": f"r{i % 4}", "prompt": p, "chosen": a, "rejected": b})
        for i, (p, a, b) in enumerate(rows)
    ]
    ratings = parse_ratings("\n".join(lines).encode(), "few.jsonl")
    kernels = feature_basis(with_text_features(ratings, encoder).catalogue)
    monkeypatch.setattr(features, "MAX_CURVED", 30)
    monkeypatch.setattr("scrl.utility_models.feature_basis.MAX_CURVED", 30)
    read = with_text_features(ratings, encoder)
    assert read.notes[-1].endswith(
        "They are 40; of more than 30 the model of raters reads only what is linear in their "
        "features."
    )
    linear = feature_basis(read.catalogue)
    assert (kernels.group > 0).any()
    assert not linear.group.any()


def test_new_texts_come_after_the_rated_ones(ratings):
    wide = with_new_texts(ratings, {"Why?": ["Because.", "Why not?"], "p": ["A third one."]})
    c = wide.catalogue
    assert c.prompts == ("p", "q", "Why?")
    assert c.names(0) == ["x", "y", "A third one."]
    assert c.names(2) == ["Because.", "Why not?"]
    for entry in range(len(wide.rank)):
        names = [
            r.catalogue.completions[r.catalogue.members[r.item[entry]]] for r in (ratings, wide)
        ]
        assert names[0] == names[1]
    with pytest.raises(InputError, match="give it two or more"):
        with_new_texts(ratings, {"Alone?": ["Yes."]})


def test_the_command_scores_texts_and_says_how_sure_it_is(ratings, tmp_path, capsys):
    read = with_text_features(ratings)
    reward = fit_text_rewards(read.catalogue, {"v": pair_counts(read)})["v"]
    scrl.save(reward, tmp_path / "v.safetensors")
    rows = [
        {"prompt": "p", "completion": "Perhaps so."},
        {
            "prompt": [{"role": "user", "content": "New?"}],
            "completions": ["<b>No</b>", "It may be."],
        },
    ]
    texts = tmp_path / "texts.jsonl"
    texts.write_text("\n".join(map(json.dumps, rows)))
    out = tmp_path / "out.json"
    assert main(["score", str(tmp_path / "v.safetensors"), str(texts), "--out", str(out)]) == 0
    found = json.loads(out.read_text())["rows"]
    assert found[0]["completions"][0]["reward"] == pytest.approx(
        reward("p", "Perhaps so."), abs=1e-5
    )
    assert len(found[1]["completions"]) == 2
    assert found[1]["prompt"] == "New?"
    assert "±" in capsys.readouterr().out
    texts.write_text('{"prompt": "p", "completion": "x"}\n{"prompt": 3}')
    assert main(["score", str(tmp_path / "v.safetensors"), str(texts)]) == 2
    assert "line 2: there is no completion" in capsys.readouterr().err

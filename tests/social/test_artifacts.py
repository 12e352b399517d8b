"""Saved reward models: round trips, scores of new completions, damaged files."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from scrl.choice_models import PairCounts
from scrl.config import RewardConfig, Schedule
from scrl.social import fit_vanilla, load, save, score
from scrl.types import Catalogue, InputError

QUICK = RewardConfig(
    width=16, schedule=Schedule(rate=2e-2, warmup=20, explore=(0, 0), ramp=0, cool=300, chunk=100)
)


def trained(catalogue: Catalogue, reward: np.ndarray):
    """A network trained on the Bradley–Terry pairs of these rewards, all of a prompt."""
    first, second = np.triu_indices(catalogue.items, 1)
    same = catalogue.item_prompt[first] == catalogue.item_prompt[second]
    first, second = first[same], second[same]
    wins = 1000 / (1 + np.exp(reward[second] - reward[first]))
    counts = PairCounts(first, second, wins, 1000 - wins)
    return fit_vanilla(jax.random.key(0), catalogue, counts, QUICK)


@pytest.fixture(scope="module")
def named():
    """Two prompts; 'b' has another text under each, so that it is two completions."""
    catalogue = Catalogue(
        ("p", "q"), ("a", "b", "c", "b"), [0, 1, 2, 0, 3], [0, 3, 5],
        completion_texts=("A", "B of p", "C", "B of q"),
    )  # fmt: skip
    reward = np.array([1.0, 0.0, -1.0, -0.7, 0.7])
    return trained(catalogue, reward), reward


def features_of(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Features of completions in units of very different size, and their rewards."""
    z = np.random.default_rng(seed).uniform(-1.7, 1.7, size=(n, 2))
    return 500 + z * [100.0, 100.0], 1.5 * z[:, 0] - 0.8 * z[:, 1]


def featured_catalogue(features: np.ndarray, name: str) -> Catalogue:
    names = tuple(f"{name}{i}" for i in range(len(features)))
    return Catalogue(
        ("p",), names, np.arange(len(names)), [0, len(names)], completion_features=features
    )


@pytest.fixture(scope="module")
def featured():
    features, reward = features_of(40, 0)
    return trained(featured_catalogue(features, "seen"), reward - reward.mean())


# -- there and back -------------------------------------------------------------------------------


@pytest.mark.slow
def test_the_fixtures_fit_their_comparisons(named):
    model, reward = named
    np.testing.assert_allclose(model.rewards(), reward, atol=0.1)


@pytest.mark.slow
def test_a_loaded_network_is_called_with_names_or_texts(named, tmp_path):
    model, reward = named
    save(model, tmp_path / "model.safetensors")
    again = load(tmp_path / "model.safetensors")
    assert again("p", "a") == pytest.approx(reward[0], abs=0.1)
    assert again("p", "A") == again("p", "a")
    assert again(["p", "q"], ["C", "B of q"]) == pytest.approx(reward[[2, 4]], abs=0.1)
    assert again([], []) == []
    for pair, says in {("x", "a"): "the prompt 'x'", ("q", "c"): "'c' of the prompt 'q'"}.items():
        with pytest.raises(InputError, match=f"never trained on .*{says}"):
            again(*pair)


@pytest.mark.slow
def test_a_round_trip_changes_nothing(named, tmp_path):
    model, _ = named
    save(model, tmp_path / "model.safetensors", rule="borda")
    again = load(tmp_path / "model.safetensors")
    np.testing.assert_array_equal(again.rewards(), model.rewards())
    assert again.config == model.config
    for name in ("prompts", "completions", "prompt_texts", "completion_texts"):
        assert getattr(again.catalogue, name) == getattr(model.catalogue, name)
    np.testing.assert_array_equal(again.catalogue.members, model.catalogue.members)
    np.testing.assert_array_equal(again.catalogue.offsets, model.catalogue.offsets)


@pytest.mark.slow
def test_features_come_back(featured, tmp_path):
    save(featured, tmp_path / "model.safetensors")
    again = load(str(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(
        again.catalogue.completion_features, featured.catalogue.completion_features
    )
    fresh = featured_catalogue(features_of(10, 9)[0], "new")
    np.testing.assert_array_equal(score(again, fresh), score(featured, fresh))


# -- other files ----------------------------------------------------------------------------------


@pytest.mark.slow
def test_completions_are_known_by_name_whatever_their_order(named):
    model, _ = named
    shuffled = Catalogue(("p",), ("c", "a"), [0, 1], [0, 2])
    found = score(model, shuffled)
    wanted = model.rewards()[[2, 0]]
    np.testing.assert_allclose(found, wanted - wanted.mean(), atol=1e-5)


@pytest.mark.slow
def test_a_name_with_several_texts_is_known_by_its_text(named):
    model, _ = named
    texts = Catalogue(("p",), ("a", "b"), [0, 1], [0, 2], completion_texts=("A", "B of q"))
    other = replace(texts, completion_texts=("A", "B of p"))
    assert abs(np.diff(score(model, texts)) - np.diff(score(model, other))) > 0.1
    unsaid = Catalogue(("p",), ("a", "b"), [0, 1], [0, 2])
    with pytest.raises(InputError, match="'b'"):
        score(model, unsaid)


@pytest.mark.slow
def test_features_carry_over_to_completions_never_seen(featured):
    features, reward = features_of(200, 1)
    found = score(featured, featured_catalogue(features, "new"))
    assert np.corrcoef(found, reward)[0, 1] > 0.97
    assert found.mean() == pytest.approx(0, abs=1e-4)


@pytest.mark.slow
def test_new_features_are_measured_in_the_units_of_the_old(featured):
    """Half of a file scores as within the whole: its own standard deviation is not used."""
    features, _ = features_of(200, 1)
    high = np.argsort(features[:, 0])[-20:]
    whole = score(featured, featured_catalogue(features, "new"))[high]
    part = score(featured, featured_catalogue(features[high], "new"))
    np.testing.assert_allclose(part, whole - whole.mean(), atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("catalogue", "word"),
    [
        (Catalogue(("p",), ("a", "zebra"), [0, 1], [0, 2]), "completion 'zebra'"),
        (Catalogue(("elsewhere",), ("a", "c"), [0, 1], [0, 2]), "prompt 'elsewhere'"),
        (Catalogue(("p",), ("a", "x" * 500), [0, 1], [0, 2]), "xxx"),
    ],
)
def test_what_the_model_cannot_know_is_named(named, catalogue, word):
    with pytest.raises(InputError, match=word) as caught:
        score(named[0], catalogue)
    assert len(str(caught.value)) < 200


@pytest.mark.slow
def test_missing_and_mismatched_features_are_said(featured):
    plain = Catalogue(("p",), ("seen0", "seen1"), [0, 1], [0, 2])
    with pytest.raises(InputError, match="2 features; the file has none"):
        score(featured, plain)
    with pytest.raises(InputError, match="2 features; the file has 3"):
        score(featured, replace(plain, completion_features=np.zeros((2, 3))))


# -- wrong files ----------------------------------------------------------------------------------


def header(**metadata) -> bytes:
    text = json.dumps({"__metadata__": metadata}).encode()
    return struct.pack("<Q", len(text)) + text


def altered(path, **changes) -> bytes:
    """A saved model with its manifest changed."""
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    head = json.loads(data[8 : 8 + length])
    head["__metadata__"] |= changes
    text = json.dumps(head).encode()
    return struct.pack("<Q", len(text)) + text + data[8 + length :]


@pytest.mark.slow
@pytest.mark.parametrize(
    "change",
    [
        lambda path: b"",
        lambda path: b"rater,prompt,completion,rank\n",
        lambda path: path.read_bytes()[:-100],
        lambda path: path.read_bytes()[:50],
        lambda path: header(),
        lambda path: header(format="scrl reward 1"),
        lambda path: altered(path, format="another 1"),
        lambda path: altered(path, config="{}"),
        lambda path: altered(path, config="not JSON"),
        lambda path: altered(path, config="[]"),
        lambda path: altered(path, config='{"schedule": {"explore": 3}}'),
        lambda path: altered(path, config='{"width": 1, "schedule": {"explore": [0, 0]}}'),
        lambda path: altered(path, config='{"width": -1, "schedule": {"explore": [0, 0]}}'),
        lambda path: altered(path, config='{"width": "wide", "schedule": {"explore": [0, 0]}}'),
        lambda path: altered(path, completions="5"),
        lambda path: altered(path, completions='["a"]'),
        lambda path: altered(path, prompts="[]"),
    ],
)
def test_a_file_that_is_no_model_is_said_in_a_sentence(named, tmp_path, change):
    path = tmp_path / "model.safetensors"
    save(named[0], path)
    path.write_bytes(change(path))
    with pytest.raises(InputError, match="is not a reward model") as caught:
        load(path)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_parameters_of_another_shape_are_refused(named, tmp_path):
    path = tmp_path / "model.safetensors"
    save(named[0], path)
    arrays = load_file(path)
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    manifest = json.loads(data[8 : 8 + length])["__metadata__"]
    name = next(name for name in arrays if name.startswith("params"))
    save_file(arrays | {name: arrays[name][..., :-1].copy()}, path, metadata=manifest)
    with pytest.raises(InputError, match="is not a reward model"):
        load(path)
    save_file({n: a for n, a in arrays.items() if n != name}, path, metadata=manifest)
    with pytest.raises(InputError, match="is not a reward model"):
        load(path)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such model"):
        load(tmp_path / "none.safetensors")
    with pytest.raises(InputError, match="no such model"):
        load(tmp_path)

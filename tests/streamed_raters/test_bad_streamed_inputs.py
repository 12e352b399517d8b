"""Arguments, checkpoints and models that are none are refused by one sentence; nothing is trained
here."""

from __future__ import annotations

import time
import warnings

import numpy as np
import pytest

from scrl.devices import DeviceMesh
from scrl.scenarios import generate_population
from scrl.streamed_raters import StreamedConfig, load_streamed, train_streamed
from scrl.streamed_raters.checkpoints import read_checkpoint
from scrl.streamed_raters.sources import InMemory
from scrl.streamed_raters.stages import Stage, parameters_of_clusters, random_parameters
from scrl.streamed_raters.training_run import TrainingRun
from scrl.types import InputError

CHOSEN = StreamedConfig(max_types=2, latent=1, min_steps=4)


@pytest.fixture(scope="module")
def ratings():
    return generate_population("noise-1", 0).ratings


def refused(call):
    with pytest.raises(InputError) as error:
        call()
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize(
    ("setting", "value"),
    [("types", 1.5), ("types", "2"), ("types", True), ("epochs", None), ("epochs", 1.5),
     ("rate", "x"), ("rate", None), ("points", 2.0), ("batch_entries", 64.5), ("precision", 3)],
)  # fmt: skip
def test_settings_of_another_type_are_refused(setting, value):
    assert refused(lambda: StreamedConfig(**{setting: value})).startswith(f"{setting} is")


def test_numbers_of_numpy_are_numbers():
    config = StreamedConfig(types=np.int64(2), rate=np.float32(0.5), epochs=np.uint8(3))
    assert config == StreamedConfig(types=2, rate=0.5, epochs=3)
    assert [type(x) for x in (config.types, config.rate, config.epochs)] == [int, float, int]


@pytest.mark.parametrize(
    "arguments",
    [{"seed": -1}, {"seed": 1.5}, {"seed": "x"}, {"seed": 2**70}, {"devices": "x"},
     {"devices": True}, {"left_out": "x"}, {"left_out": [True]}, {"config": {"types": 2}},
     {"checkpoint_seconds": "x"}, {"checkpoint": "\0"}, {"checkpoint": "x" * 300 + "/x"},
     {"checkpoint": "/dev/zero"}, {"checkpoint": "/proc/none/x"}, {"checkpoint": "/"}],
)  # fmt: skip
def test_arguments_that_are_none_are_refused(ratings, arguments):
    refused(lambda: train_streamed(ratings, **arguments))


def test_a_source_that_is_none_is_refused():
    for source in (None, "packed", 3):
        assert "give packed ratings" in refused(lambda s=source: train_streamed(s))


def test_files_of_gigabytes_are_refused_by_their_header(tmp_path):
    """Such a file takes no room on the disk, and would take three gigabytes of memory."""
    for start in (b"", b"\xff" * 8, (2).to_bytes(8, "little") + b"{}", b"text" * 9):
        with (tmp_path / "file").open("wb") as file:
            file.write(start)
            file.truncate(3_000_000_000)
        started = time.process_time()
        assert "delete it" in refused(lambda: read_checkpoint(tmp_path / "file", "0" * 64))
        assert "not a streamed model" in refused(lambda: load_streamed(tmp_path / "file"))
        assert time.process_time() - started < 2
    for path in ("/dev/zero", "/dev/null", tmp_path, "x" * 300, "\0"):
        refused(lambda p=path: read_checkpoint(p, "0" * 64))
        refused(lambda p=path: load_streamed(p))


def test_moments_that_lie_are_refused(ratings):
    """Although a checkpoint's hash fits: a training would go on from other arrays, or fail."""
    source = InMemory.of(ratings)

    def new():
        return TrainingRun(source, CHOSEN, 0, None, DeviceMesh.of(1))

    stages = len(new().early)
    assert stages == 3  # one type, then one and two
    for stage in range(stages + 1):
        kept = {n: np.ones([d or 3 for d in a.shape], a.dtype)
                for n, a in new()._kept_before(stage).items()}  # fmt: skip
        new().go_on(stage, kept, [])  # the arrays of such a moment
        lies = [{**kept, "x": np.zeros(3)}, {**kept, "state[0]": np.zeros(3)}]
        for name, value in list(kept.items())[::5]:
            for lie in (value[..., None], value * np.nan, value.astype(complex)):
                lies.append({**kept, name: lie})
            lies.append({n: a for n, a in kept.items() if n != name})
        for lie in lies:
            with pytest.raises(ValueError, match=r"array|state"):
                new().go_on(stage, lie, [])
    for stage in (stages + 2, 1000):
        with pytest.raises(ValueError, match="no such stage"):
            new().go_on(stage, {}, [])


def test_raters_fewer_than_types_or_alike_have_clusters():
    one, two = (random_parameters(Stage("types", k, 2, 1), 4, 0, 0, 0, np.float32) for k in (1, 2))
    for latent in (np.ones((1, 2)), np.ones((9, 2))):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = parameters_of_clusters(two, one, latent)
        assert found.own.shape == (4, 2)
        assert all(np.isfinite(value).all() for value in found)

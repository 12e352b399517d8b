"""Kept runs: what a run learnt as bytes, the file of runs, and exported archives."""

import dataclasses
import io
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

import scrl
from scrl.config import Config, RatersConfig
from scrl.data import parse_ratings
from scrl.data.dataclass_json import to_plain
from scrl.raters import RaterModel
from scrl.runs import (
    Archive,
    count_differing_social_orders,
    differing_orders,
    differing_settings,
    export_run,
    latent_map,
    pack,
    pack_source,
    read_bundle,
    to_dict,
    unpack,
    unpack_source,
    zip_files,
)
from scrl.runs.bundle import result_differences
from scrl.runs.serialization import config_of, ratings_digest
from scrl.scenarios import with_overrides
from scrl.types import InputError
from scrl.utility_models import TieModel
from scrl.utility_models.completion_effects import CompletionEffects
from scrl.utility_models.population import Population
from scrl.utility_models.rater_features import FeatureScale, RaterEffects
from tests import lanes

ROOT = Path(__file__).resolve().parents[2]
BAKED = json.loads((ROOT / "scenarios" / "baked" / "tennessee-morristown.json").read_text("utf-8"))
CONTENT = {"result": BAKED["result"], "latent": BAKED["latent"], "yaml": ""}


@pytest.fixture
def archive(tmp_path):
    kept = Archive(tmp_path / "runs.sqlite")
    yield kept
    kept.close()


def begin(
    archive, id="one", owner="ann", name="Tennessee", source=b"source",
    rules=("borda", "plurality"), **about,
):  # fmt: skip
    archive.begin(
        id, owner=owner, name=name, spec="spec", scenario="Tennessee", seed=1,
        rules=rules, source=source, **about,
    )  # fmt: skip


def everything(path) -> bytes:
    """The file with its log."""
    return b"".join(p.read_bytes() for p in path.parent.glob(path.name + "*"))


# -- what was learnt ------------------------------------------------------------------------------


def same_fields(one, other):
    for field in dataclasses.fields(other):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@pytest.mark.parametrize("real", [False, True])
def test_what_was_learnt_is_the_same_after_a_round_trip(experiment, real):
    learnt = experiment.fitted_run
    if real:
        learnt = dataclasses.replace(learnt, source=learnt.ratings)
    again = unpack(pack(learnt))
    assert type(again.source) is type(learnt.source)
    for name in ("completion", "rank", "offsets", "ballot_rater", "rater_type", "ballot_weight"):
        np.testing.assert_array_equal(getattr(again.ratings, name), getattr(learnt.ratings, name))
    assert again.ratings.raters == learnt.ratings.raters
    assert again.seed == learnt.seed
    same_fields(again.density, learnt.density)
    same_fields(again.imputation, learnt.imputation)
    same_fields(again.individual.space, learnt.individual.space)
    population = dataclasses.asdict(learnt.individual.population)
    np.testing.assert_equal(dataclasses.asdict(again.individual.population), population)
    np.testing.assert_array_equal(again.latents, learnt.latents)
    np.testing.assert_array_equal(again.embedded_raters, learnt.embedded_raters)
    for mine, theirs in zip(again.posterior, learnt.posterior, strict=True):
        np.testing.assert_array_equal(mine, theirs)
    items = np.arange(learnt.catalogue.items)[None]
    np.testing.assert_array_equal(
        again.individual.rewards(again.latents[:50], items),
        learnt.individual.rewards(learnt.latents[:50], items),
    )


def test_the_source_may_lie_elsewhere(experiment):
    learnt = experiment.fitted_run
    data, source = pack(learnt, with_source=False), pack_source(learnt.source)
    assert b"Morristown" not in data
    again = unpack(data, unpack_source(source))
    np.testing.assert_array_equal(again.ratings.rank, learnt.ratings.rank)
    other = with_overrides(learnt.source, raters=learnt.source.raters + 1)
    with pytest.raises(InputError, match="can no longer be drawn"):
        unpack(data, other)


def test_features_of_raters_are_stored_and_earlier_ratings_had_none():
    text = "rater,prompt,completion,rank,rater_feature_x\nr,p,a,1,2\nr,p,b,2,\ns,p,a,1,\n"
    ratings = parse_ratings(text.encode(), "x.csv")
    again = unpack_source(pack_source(ratings))
    np.testing.assert_array_equal(again.rater_features, np.float32([[2], [np.nan]]))
    without = dataclasses.replace(ratings, rater_features=None)
    assert ratings_digest(without) != ratings_digest(ratings)
    # As version 0.7 stored it.
    written = without_field(pack_source(without), "rater_features")
    assert unpack_source(written).rater_features is None


def test_the_effects_of_raters_features_are_stored_and_earlier_runs_had_none(experiment):
    run, rng = experiment.fitted_run, np.random.default_rng(0)
    population = run.individual.population
    types, items = population.reward.shape
    effects = RaterEffects(
        FeatureScale(rng.normal(size=2), np.ones(2)), rng.normal(size=(5, 2)), np.full(5, 0.2),
        np.log(population.share), rng.normal(size=(2, types)), rng.normal(size=(2, items)),
    )  # fmt: skip
    assert effects.joint.shape == (5, types)  # what is derived is not stored
    model = dataclasses.replace(
        run.individual, population=dataclasses.replace(population, rater_effects=effects)
    )
    again = unpack(
        pack(dataclasses.replace(run, individual=model))
    ).individual.population.rater_effects
    np.testing.assert_equal(dataclasses.asdict(again), dataclasses.asdict(effects))
    wrong = dataclasses.replace(effects, slope=effects.slope[:, :-1])
    model = dataclasses.replace(
        run.individual, population=dataclasses.replace(population, rater_effects=wrong)
    )
    with pytest.raises(InputError, match="not what scrl keeps"):
        unpack(pack(dataclasses.replace(run, individual=model)))
    # As version 0.7 stored it.
    written = pack(run)
    for name in ("rater_effects", "completion_effects", "similarity"):
        written = without_field(written, name)
    earlier = unpack(written)
    assert earlier.individual.population.rater_effects is None
    assert earlier.individual.population.completion_effects is None
    np.testing.assert_array_equal(earlier.individual.population.reward, population.reward)
    assert unpack(without_field(pack(run), "pair_slope")).individual.population.pair_slope == 1.0


def test_the_effects_of_completions_features_are_stored(experiment):
    run, rng = experiment.fitted_run, np.random.default_rng(0)
    population, catalogue = run.individual.population, run.catalogue
    features = rng.normal(size=(len(catalogue.completions), 3))
    effects = CompletionEffects.of(
        dataclasses.replace(catalogue, completion_features=features)
    ).take(np.zeros(population.types, int))

    def stored(effects: CompletionEffects) -> Population:
        model = dataclasses.replace(
            run.individual, population=dataclasses.replace(population, completion_effects=effects)
        )
        return unpack(pack(dataclasses.replace(run, individual=model))).individual.population

    again = stored(effects).completion_effects
    np.testing.assert_equal(dataclasses.asdict(again), dataclasses.asdict(effects))
    with pytest.raises(InputError, match="not what scrl keeps"):
        stored(dataclasses.replace(effects, weight=effects.weight[:, :-1]))


def without_field(data: bytes, name: str) -> bytes:
    """A stored blob whose manifest lacks a field, wherever it stands."""
    (length,) = np.frombuffer(data[:8], "<u8")
    header = json.loads(data[8 : 8 + int(length)])

    def pruned(tree):
        if isinstance(tree, dict):
            return {k: pruned(v) for k, v in tree.items() if k != name}
        return [pruned(v) for v in tree] if isinstance(tree, list) else tree

    manifest = header["__metadata__"]
    tree = json.loads(manifest["tree"])
    assert pruned(tree) != tree
    manifest["tree"] = json.dumps(pruned(tree))
    blob = json.dumps(header).encode()
    return np.uint64(len(blob)).tobytes() + blob + data[8 + int(length) :]


@pytest.mark.parametrize(
    "change",
    [
        lambda data: b"",
        lambda data: b"garbage" * 100,
        lambda data: data[:-10],
        lambda data: data[:60],
        lambda data: data.replace(b"scrl fitted run", b"scrl flitted run"),
        lambda data: data.replace(rb"\"run.space.origin\"", rb"\"run.space.oregon\""),
        lambda data: data.replace(rb"\"run.density.mean\"", rb"\"run.density.bean\""),
    ],
)
def test_a_broken_or_foreign_blob_is_one_sentence(experiment, change):
    with pytest.raises(InputError, match="not what scrl keeps") as caught:
        unpack(change(pack(experiment.fitted_run)))
    assert "\n" not in str(caught.value)


def test_what_ties_are_learnt_is_the_same_after_a_round_trip(experiment):
    learnt = experiment.fitted_run
    ties = tuple(TieModel(np.array([0, 1, 0.2]), np.array([0, 1, 0.3])) for _ in range(4))
    population = dataclasses.replace(learnt.individual.population, ties=ties)
    model = RaterModel(learnt.catalogue, population, learnt.individual.space)
    again = unpack(pack(dataclasses.replace(learnt, individual=model)))
    np.testing.assert_equal(
        dataclasses.asdict(again.individual.population), dataclasses.asdict(population)
    )


def test_settings_of_another_version_are_named():
    tree = to_plain(Config())
    assert config_of(json.loads(json.dumps(tree))) == Config()
    inner = tree["raters"]
    kept = inner.pop("max_types")
    with pytest.raises(InputError, match="its 'raters' lacks 'max_types'"):
        config_of(tree)
    inner |= {"max_types": kept, "zeal": 1}
    with pytest.raises(InputError, match="its 'raters' has 'zeal'"):
        config_of(tree)
    assert not hasattr(RatersConfig(), "zeal")


# -- the file -------------------------------------------------------------------------------------


def test_a_run_is_unfinished_until_it_is_done_and_outlives_the_server(archive):
    begin(archive)
    assert [(k.id, k.state, k.headline) for k in archive.runs_of("ann")] == [
        ("one", "unfinished", {})
    ]
    assert archive.content("one") is None
    archive.finish("one", CONTENT, b"parameters")
    archive.close()
    again = Archive(archive.path)
    (kept,) = again.runs_of("ann")
    assert (kept.state, kept.rules, kept.seed) == ("done", ("borda", "plurality"), 1)
    assert kept.headline["social"][3] == ["Morristown"]
    assert kept.versions["numpy"] == np.__version__
    assert again.content("one") == CONTENT
    assert (again.fitted("one"), again.source("one")) == (b"parameters", b"source")
    again.close()


def test_a_list_is_its_owner_s_and_only_they_change_it(archive):
    begin(archive)
    begin(archive, "two", "bob")
    assert [k.id for k in archive.runs_of("bob")] == ["two"]
    assert not archive.rename("one", "bob", "Mine")
    assert not archive.delete("one", "bob")
    assert archive.rename("one", "ann", "  A new \n name ")
    assert archive.get("one").name == "A new name"
    with pytest.raises(InputError, match="needs a name"):
        archive.rename("one", "ann", "  ")
    archive.fail("two", "It stopped.")
    assert (archive.get("two").state, archive.get("two").error) == ("failed", "It stopped.")
    assert archive.get("nonsense") is None


def test_what_is_deleted_leaves_no_bytes(archive):
    secret = "Zanzibar-7731"
    begin(archive, "stays", name="Stays")
    begin(archive, "goes", name=secret, source=secret.encode() * 5000)
    archive.finish("goes", CONTENT, secret.encode() * 5000)
    assert secret.encode() in everything(archive.path)
    assert archive.delete("goes", "ann")
    assert secret.encode() not in everything(archive.path)
    assert [k.id for k in archive.runs_of("ann")] == ["stays"]


def test_no_name_that_a_deleted_run_ever_had_is_left(archive):
    """Renamed shorter and longer among others, so that rows move between pages."""
    for i in range(12):
        begin(archive, f"other{i}", name=f"Other {i}", source=b"x" * (137 * i))
        begin(archive, f"goes{i}", name=f"Zanzibar-{i}-first", source=b"Zanzibar" * (9 * i * i))
    for i in range(12):
        archive.rename(f"goes{i}", "ann", f"Zanzibar-{i}-" + "second" * (i % 9 + 1))
        archive.rename(f"other{i}", "ann", "Another" * (i % 7 + 1))
        archive.rename(f"goes{i}", "ann", f"Zanzibar-{i}")
    assert b"Zanzibar" in everything(archive.path)
    assert all(archive.delete(f"goes{i}", "ann") for i in range(12))
    assert b"Zanzibar" not in everything(archive.path)
    assert len(archive.runs_of("ann")) == 12


def test_what_is_deleted_while_somebody_reads_is_gone_at_the_next_start(archive):
    begin(archive, "goes", name="Zanzibar", source=b"Zanzibar" * 500)
    reader = sqlite3.connect(archive.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM runs").fetchone()
    archive.database.connection.execute("PRAGMA busy_timeout = 20")
    assert archive.delete("goes", "ann")
    assert b"Zanzibar" in everything(archive.path)  # the reader may still need it
    reader.execute("COMMIT")
    again = Archive(archive.path)
    assert b"Zanzibar" not in everything(archive.path)
    again.close()
    reader.close()


@pytest.mark.parametrize("damage", ["garbage", "truncated", "overwritten"])
def test_a_damaged_file_is_moved_aside_and_a_new_one_begun(archive, damage):
    for i in range(20):
        begin(archive, f"run-{i}", source=os.urandom(20_000))
    archive.close()
    data = archive.path.read_bytes()
    broken = {"garbage": b"no database" * 999, "truncated": data[: len(data) // 2],
              "overwritten": data[:100] + b"\xa5" * (len(data) - 100)}[damage]  # fmt: skip
    archive.path.write_bytes(broken)
    again = Archive(archive.path)
    assert str(archive.path) in again.notice
    assert "moved" in again.notice
    (aside,) = archive.path.parent.glob("*.damaged-*")
    assert aside.read_bytes() == broken
    assert again.runs_of("ann") == []
    begin(again)
    assert [k.id for k in again.runs_of("ann")] == ["one"]
    again.close()


def test_a_file_that_breaks_while_it_is_open_is_said_and_the_next_run_is_kept(archive):
    for i in range(20):
        begin(archive, f"run-{i}", source=os.urandom(20_000))
    archive.database.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    archive.path.write_bytes(b"no database" * 10_000)
    archive.database.connection.execute("PRAGMA cache_size = 0")
    with pytest.raises(InputError, match="damaged"):
        begin(archive)
    begin(archive, "next")
    assert [k.id for k in archive.runs_of("ann")] == ["next"]


def test_where_nothing_can_be_written_nothing_is_kept_and_that_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    kept = Archive(tmp_path / "file" / "runs.sqlite")
    assert not kept.is_open
    assert "Runs cannot be kept now" in kept.notice
    begin(kept)
    kept.finish("one", CONTENT)
    assert kept.runs_of("ann") == []
    assert kept.get("one") is None
    assert not kept.delete("one", "ann")


def test_another_program_s_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "runs.sqlite"
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE mine (x)")
    db.close()
    kept = Archive(path)
    assert not kept.is_open
    assert "another program" in kept.notice
    assert not list(tmp_path.glob("*.damaged-*"))


def test_a_file_of_the_first_schema_is_brought_up_to_date(tmp_path):
    """As version 0.3 made it: without the number of seeds."""
    path = tmp_path / "runs.sqlite"
    kept = Archive(path)
    begin(kept)
    kept.finish("one", CONTENT)
    kept.close()
    with sqlite3.connect(path) as db:
        db.execute("ALTER TABLE runs DROP COLUMN seeds")
        db.execute("PRAGMA user_version = 1")
    db.close()
    kept = Archive(path)
    assert kept.is_open
    assert kept.content("one") == CONTENT
    begin(kept, "two", seeds=20)
    assert [(run.id, run.seeds) for run in kept.runs_of("ann")] == [("two", 20), ("one", 1)]


def test_a_full_file_refuses_and_deletes_nothing(tmp_path):
    kept = Archive(tmp_path / "runs.sqlite", max_bytes=300_000, max_run_bytes=200_000)
    begin(kept, source=b"x" * 100_000)
    with pytest.raises(InputError, match="is full"):
        begin(kept, "two", source=b"x" * 199_000)
    with pytest.raises(InputError, match="of at most"):
        begin(kept, "two", source=b"x" * 200_001)
    assert [k.id for k in kept.runs_of("ann")] == ["one"]
    kept.delete("one", "ann")
    begin(kept, "two", source=b"x" * 199_000)
    kept.close()


def test_ten_threads_at_once(archive):
    faults = []

    def work(i):
        try:
            for j in range(5):
                id = f"{i}-{j}"
                begin(archive, id, owner=f"owner-{i}", source=bytes([i]) * 5000)
                archive.finish(id, CONTENT, bytes([i]) * 5000)
                if j % 2:
                    archive.delete(id, f"owner-{i}")
        except Exception as error:
            faults.append(error)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not faults
    for i in range(10):
        found = archive.runs_of(f"owner-{i}")
        assert {k.id for k in found} == {f"{i}-{j}" for j in (0, 2, 4)}
        assert all(archive.fitted(k.id) == bytes([i]) * 5000 for k in found)


@lanes.deep_only
def test_a_killed_process_leaves_what_was_done_and_says_what_was_not(tmp_path):
    path = tmp_path / "runs.sqlite"
    code = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
from tests.runs.test_archive import CONTENT, begin
from scrl.runs.archive import Archive
kept = Archive({str(path)!r})
begin(kept, "done"); kept.finish("done", CONTENT, b"parameters"); begin(kept, "cut")
with kept.database.transaction() as db:  # in the middle of a transaction
    db.execute("UPDATE runs SET state = 'done' WHERE id = 'cut'")
    print("ready", flush=True)
    time.sleep(60)
"""
    child = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert child.stdout.readline().strip() == "ready"
    child.send_signal(signal.SIGKILL)
    child.wait()
    kept = Archive(path)
    assert not kept.notice
    assert {k.id: k.state for k in kept.runs_of("ann")} == {"done": "done", "cut": "unfinished"}
    assert kept.content("done") == CONTENT
    kept.close()


# -- one archive ----------------------------------------------------------------------------------


def content_of(experiment):
    """What is kept of a run."""
    return {"result": to_dict(experiment), "latent": latent_map(experiment), "yaml": "",
            "config": to_plain(experiment.config)}  # fmt: skip


@pytest.fixture(scope="module")
def exported(experiment, tmp_path_factory):
    kept = Archive(tmp_path_factory.mktemp("export") / "runs.sqlite")
    begin(kept, source=pack_source(experiment.source), rules=experiment.config.rules)
    kept.finish("one", content_of(experiment), pack(experiment.fitted_run, with_source=False))
    yield export_run(kept, "one")
    with pytest.raises(InputError, match="no such finished run"):
        export_run(kept, "other")
    kept.close()


def rezipped(data: bytes, **files: bytes | str) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name not in files:
                new.writestr(name, old.read(name))
        for name, content in files.items():
            new.writestr(name, content)
    return out.getvalue()


def test_an_archive_says_all_that_makes_the_run_again(exported, experiment):
    source, config, seeds, result = read_bundle(exported)
    assert (source, config, list(seeds)) == (experiment.source, experiment.config, [1])
    assert not result_differences(result, to_dict(experiment))
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        names = set(archive.namelist())
        manifest = json.loads(archive.read("manifest.json"))
        assert b"Morristown" in archive.read("orders.csv")
    assert {"scenario.yaml", "parameters.safetensors", "figures/latent.html"} <= names
    assert set(manifest["files"]) == names
    assert manifest["versions"]["jax"]
    assert manifest["reproduce"].startswith("python -m scrl reproduce")


def test_ratings_travel_in_an_archive_as_they_are(experiment, archive):
    packed = pack_source(experiment.ratings)
    begin(archive, source=packed, origin="file-0123", rules=experiment.config.rules)
    archive.finish("one", content_of(experiment))
    source, *_ = read_bundle(export_run(archive, "one"))
    np.testing.assert_array_equal(source.rank, experiment.ratings.rank)
    assert archive.source_of_upload("file-0123")[0] == "Tennessee"


@pytest.mark.parametrize(
    ("spoil", "word"),
    [
        (lambda data: b"garbage", "not an archive"),
        (lambda data: data[:-300], "not an archive"),
        (lambda data: rezipped(data, **{"manifest.json": "[]"}), "not an archive"),
        (lambda data: rezipped(data, **{"manifest.json": "{"}), "manifest.json .* is not JSON"),
        (lambda data: rezipped(data, **{"result.json": "{}"}), "'scenario' .*[Ff]ield required"),
        (lambda data: rezipped(data, **{"../evil": "x"}), "outside itself"),
        (lambda data: rezipped(data, **{"/etc/evil": "x"}), "outside itself"),
    ],
)
def test_what_is_no_archive_is_one_sentence(exported, spoil, word):
    with pytest.raises(InputError, match=word):
        read_bundle(spoil(exported))


def test_a_zip_bomb_is_refused(exported, monkeypatch):
    monkeypatch.setattr(zip_files, "MAX_UNPACKED_BYTES", 2**20)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("result.json", b"0" * 2**23)
    assert len(bomb.getvalue()) < 2**14
    with pytest.raises(InputError, match="unpacks to more"):
        read_bundle(bomb.getvalue())
    monkeypatch.setattr(zip_files, "MAX_PACKED_BYTES", 100)
    with pytest.raises(InputError, match="at most"):
        read_bundle(exported)


def test_only_differences_are_told(experiment, archive):
    begin(archive)
    begin(archive, "two")
    kept = archive.get("one")
    other = dataclasses.replace(archive.get("two"), seed=2)
    result = CONTENT["result"]
    assert differing_settings([(kept, CONTENT), (kept, CONTENT)]) == []
    rows = differing_settings([(kept, CONTENT), (other, CONTENT)])
    assert rows == [{"setting": "seed", "1": "1", "2": "2"}]
    assert differing_orders([result, result]) == []
    rules = len(next(iter(result["prompts"].values()))["social"])
    assert count_differing_social_orders([result, result]) == (0, rules)
    changed = json.loads(json.dumps(result))
    ((prompt, entry),) = changed["prompts"].items()
    entry["social"]["borda"]["order"].reverse()
    entry["social"]["borda"]["rewards"]["Memphis"] += 1
    (row,) = differing_orders([result, changed])
    assert (row["prompt"], row["source"], row["rule"]) == (prompt, "social", "borda")
    assert count_differing_social_orders([result, changed]) == (1, rules)
    assert result_differences(result, changed) == [
        f"{prompt}: the orders of social by borda differ."
    ]


# -- runs of earlier versions ---------------------------------------------------------------------

VERSION_0_5 = Path(__file__).parent / "version_0_5"


@pytest.fixture
def earlier(tmp_path):
    """An archive as version 0.5 wrote it: a run on a scenario and one on ratings."""
    shutil.copy(VERSION_0_5 / "runs.sqlite", tmp_path / "runs.sqlite")
    kept = Archive(tmp_path / "runs.sqlite")
    yield kept
    kept.close()


@pytest.mark.parametrize("name", ["scenario", "ratings"])
def test_a_run_that_version_0_5_kept_has_its_result_and_says_that_its_model_was_another(
    earlier, name
):
    result = earlier.content(name)["result"]
    assert "borda" in next(iter(result["prompts"].values()))["social"]
    source = unpack_source(earlier.source(name))
    with pytest.raises(InputError, match="with another model; run it again") as caught:
        unpack(earlier.fitted(name), source)
    assert "\n" not in str(caught.value)


def test_a_run_of_version_0_6_says_that_its_model_was_another(experiment):
    data = pack(experiment.fitted_run).replace(b"scrl fitted run 3", b"scrl fitted run 2")
    with pytest.raises(InputError, match="with another model; run it again"):
        unpack(data)


def test_settings_of_version_0_6_are_read():
    """They have those of the network; the settings that are left are kept."""
    tree = to_plain(Config(voters=77, rules=("borda",)))
    del tree["raters"]
    tree |= {"individual": {"width": 8, "latent": 2}, "density": {"weigh": True}}
    tree["imputation"] |= {"schedule": {"rate": 0.004}}
    assert config_of(json.loads(json.dumps(tree))) == Config(voters=77, rules=("borda",))


def test_the_scenario_and_the_settings_that_version_0_5_kept_are_read(earlier):
    record, content = earlier.get("scenario"), earlier.content("scenario")
    assert (record.name, record.state, record.rules) == ("Kept by version 0.5", "done", ("borda",))
    assert unpack_source(earlier.source("scenario")).raters == 60
    other = earlier.content("ratings")
    runs = [(record, content), (earlier.get("ratings"), other)]
    rows = {row["setting"] for row in differing_settings(runs)}
    assert "scenario: raters" in rows
    assert not any(name.startswith("config") for name in rows)
    assert export_run(earlier, "scenario")


@pytest.mark.parametrize("name", ["scenario", "ratings"])
def test_a_zip_of_version_0_5_says_what_to_run_again(name):
    source, config, seeds, result = read_bundle((VERSION_0_5 / f"{name}.zip").read_bytes())
    assert (config.voters, config.rules, config.raters) == (60, ("borda",), RatersConfig())
    assert config.imputation.enabled
    assert list(seeds) == [3]
    assert "borda" in next(iter(result["prompts"].values()))["social"]
    assert source.name


def test_a_reward_model_that_version_0_5_saved_is_read():
    model = scrl.load(VERSION_0_5 / "borda.safetensors")
    assert model.config.width == 8
    assert np.isfinite(scrl.score(model, model.catalogue)).all()

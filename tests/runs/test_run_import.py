"""Exported runs that are brought back: round trips, and archives that were tampered with."""

import io
import json
import zipfile

import numpy as np
import pytest

from scrl.config import Config
from scrl.data import parse_ratings
from scrl.data.dataclass_json import to_plain
from scrl.runs import Archive, export_run, latent_map, pack, pack_source, read_run, to_dict, unpack
from scrl.runs import bundle as bundles
from scrl.runs.run_record import installed_versions
from scrl.types import InputError
from tests.runs.test_archive import VERSION_0_5, rezipped


@pytest.fixture(scope="module")
def exported(experiment, tmp_path_factory):
    kept = Archive(tmp_path_factory.mktemp("export") / "runs.sqlite")
    content = {"result": to_dict(experiment), "latent": latent_map(experiment), "yaml": "",
               "config": to_plain(experiment.config)}  # fmt: skip
    kept.begin(
        "one", owner="ann", name="Ann’s run", spec="s", scenario=experiment.source.name, seed=1,
        rules=experiment.config.rules, source=pack_source(experiment.source),
    )  # fmt: skip
    kept.finish("one", content, pack(experiment.fitted_run, with_source=False))
    yield export_run(kept, "one")
    kept.close()


@pytest.fixture
def archive(tmp_path):
    kept = Archive(tmp_path / "runs.sqlite")
    yield kept
    kept.close()


def stored(archive: Archive, data: bytes, id: str = "two") -> bytes:
    """What is exported after an import."""
    run = read_run(data)
    archive.begin(
        id, owner="bob", name=run.name, spec="s", scenario=run.source.name, seed=run.seed,
        seeds=run.seeds, rules=run.rules, source=run.packed_source, versions=run.versions,
        created=run.created,
    )  # fmt: skip
    archive.finish(id, run.content, run.fitted)
    return export_run(archive, id)


def content_of(data: bytes) -> dict[str, bytes]:
    """All but the time of the export, and figures, whose parts have random names."""
    return {
        name: content
        for name, content in members(data).items()
        if name != "manifest.json" and not name.startswith("figures/")
    }


def test_an_export_that_is_imported_and_exported_again_is_the_same(exported, experiment, archive):
    run = read_run(exported)
    assert (run.name, run.note, run.seed, run.seeds) == ("Ann’s run", "", 1, 1)
    assert run.rules == experiment.config.rules
    assert run.versions == installed_versions()
    fitted = unpack(run.fitted, run.source)
    np.testing.assert_array_equal(fitted.latents, experiment.fitted_run.latents)
    again = stored(archive, exported)
    assert content_of(again) == content_of(exported)
    before, after = (json.loads(members(d)["manifest.json"]) for d in (exported, again))
    assert before == after, "also the time of training"


@pytest.mark.parametrize("time", [None, "now", True, -1, 0, 1e300, [1]])
def test_a_time_that_is_none_of_the_past_is_left_out(exported, time):
    def changed(manifest):
        manifest["created"] = time

    assert read_run(edit("manifest", changed)(exported)).created is None


@pytest.mark.parametrize("name", [path.stem for path in VERSION_0_5.glob("*.zip")])
def test_runs_of_version_0_5_are_imported_without_their_network(name, archive):
    run = read_run((VERSION_0_5 / f"{name}.zip").read_bytes())
    assert run.fitted is None
    assert "earlier version" in run.note
    assert run.versions["scrl"].startswith("0.5")
    assert stored(archive, (VERSION_0_5 / f"{name}.zip").read_bytes())


def members(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def edit(file: str, change):
    """An archive with one of its JSON files changed."""

    def edited(data: bytes) -> bytes:
        content = json.loads(members(data)[f"{file}.json"])
        change(content)
        return rezipped(data, **{f"{file}.json": json.dumps(content)})

    return edited


def first(result: dict) -> dict:
    return next(iter(result["prompts"].values()))


def put(change):
    """An archive with the first prompt of its results changed."""
    return edit("result", lambda result: change(first(result)))


CODE = "name: !!python/object/apply:os.system ['touch x']"
TAMPERED = {
    "another prompt": edit("result", lambda r: r["prompts"].update(x=first(r))),
    "no prompt": edit("result", lambda r: r.update(prompts={})),
    "another completion": put(lambda p: p["completions"].append("x")),
    "an order that lacks one": put(lambda p: p["vanilla"]["order"].pop()),
    "an order with an empty place": put(lambda p: p["vanilla"]["order"].append([])),
    "an order with one twice": put(lambda p: p["vanilla"]["order"].append(["Memphis"])),
    "a reward that is a text": put(lambda p: p["vanilla"]["rewards"].update(Memphis="1")),
    "a rule too many": put(lambda p: p["social"].update(x=p["social"]["borda"])),
    "no social model": put(lambda p: p["social"].clear()),
    "an order that is a text": put(lambda p: p["social"]["borda"].update(order="Memphis")),
    "no truth": put(lambda p: p.pop("truth")),
    "no notes": edit("result", lambda r: r.pop("notes")),
    "a note that is none": edit("result", lambda r: r["notes"].append({})),
    "seeds that are not there": edit("manifest", lambda m: m.update(seeds=3)),
    "a map that is cut": edit("latent", lambda m: m["x"].pop()),
    "a map of other types": edit("latent", lambda m: m["type"].append(9)),
    "no map": lambda d: rezipped(d, **{"latent.json": "{}"}),
    "infinite numbers": lambda d: rezipped(d, **{"latent.json": '{"x": [Infinity]}'}),
    "deep nesting": lambda d: rezipped(d, **{"result.json": "[" * 100_000}),
    "a rule that is a list": edit("manifest", lambda m: m.update(rules=[["x"]])),
    "a rule that is none": edit("manifest", lambda m: m["config"].update(rules=["x"])),
    "a seed that is none": edit("manifest", lambda m: m.update(seed="x")),
    "code in the scenario": lambda d: rezipped(d, **{"scenario.yaml": CODE}),
    "a seed that is no whole number": edit("manifest", lambda m: m.update(seed=1.9)),
    "half of a letter for a name": edit("manifest", lambda m: m.update(name="\ud800")),
    "half of a letter in a version": edit("manifest", lambda m: m.update(versions={"\udfff": "1"})),
    "a raw half of a letter": lambda d: rezipped(d, **{"latent.json": b'{"x": "\xed\xa0\x80"}'}),
    "a seed twice": lambda d: rezipped(
        d,
        **{
            "manifest.json": (
                members(d)["manifest.json"].decode().replace('"seed"', '"seed": 7, "seed"', 1)
            )
        },
    ),
    "a format that is a number": edit("manifest", lambda m: m.update(format=9)),
    "a later version": edit("manifest", lambda m: m.update(format="scrl run 9")),
    "another format": edit("manifest", lambda m: m.update(format="zip")),
    "no zip": lambda d: b"PK",
    "half a zip": lambda d: d[: len(d) // 2],
    "a path outside": lambda d: rezipped(d, **{"../../etc/x": "x"}),
    "a file twice": lambda d: twice(d),
}


def twice(data: bytes) -> bytes:
    out = io.BytesIO(data)
    with zipfile.ZipFile(out, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("result.json", "{}")
    return out.getvalue()


@pytest.mark.parametrize("kind", TAMPERED)
def test_an_archive_that_was_tampered_with_is_refused_in_one_sentence(exported, kind):
    with pytest.raises(InputError) as refused:
        read_run(TAMPERED[kind](exported))
    message = str(refused.value)
    assert message.endswith(".")
    assert "\n" not in message
    assert ("Another version" in message) == (
        kind in ("a later version", "a format that is a number")
    )


def test_every_number_of_every_list_may_be_wrong_and_is_refused_or_harmless(exported):
    """No error but an ``InputError``, whatever value of the result is replaced."""
    result = json.loads(content_of(exported)["result.json"])
    places = list(leaves(result))
    rng = np.random.default_rng(0)
    for i in rng.choice(len(places), 40, replace=False):
        for value in (None, [], "x", -1, {}):
            broken = json.loads(json.dumps(result))
            *path, last = places[i]
            part = broken
            for key in path:
                part = part[key]
            part[last] = value
            try:
                read_run(rezipped(exported, **{"result.json": json.dumps(broken)}))
            except InputError:
                continue


def leaves(value, path=()):
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list) and inner:
            yield from leaves(inner, (*path, key))
        else:
            yield (*path, key)


def test_parameters_that_cannot_be_read_are_left_out_with_a_reason(exported):
    run = read_run(rezipped(exported, **{"parameters.safetensors": b"x"}))
    assert run.fitted is None
    assert run.note


def test_bombs_are_refused_before_they_are_read(exported, monkeypatch):
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for i in range(3000):
            archive.writestr(f"{i:040}", "")
    with pytest.raises(InputError, match="too many files"):
        read_run(many.getvalue())
    monkeypatch.setattr(bundles, "MAX_DIRECTORY_BYTES", 2**30)
    with pytest.raises(InputError, match="too many files"):
        read_run(many.getvalue())
    monkeypatch.setattr(bundles, "MAX_UNPACKED_BYTES", 2**20)
    with pytest.raises(InputError, match="unpacks to more"):
        read_run(rezipped(exported, **{"latent.json": b" " * 2**22}))


def test_ratings_with_texts_and_formulas_for_names_come_back_as_they_were(experiment, archive):
    ratings = parse_ratings(
        b"rater,prompt,completion,rank,completion_text\nann,=p,-x,1,=1+2\nann,=p,@y,2,z\n", "r.csv"
    )
    entry = {"completions": ["-x", "@y"], "voters": {"borda": value(["-x"], ["@y"])},
             "vanilla": value(["@y"], ["-x"], kind="rewards") | {"mle": {"-x": 0.0, "@y": 0.0}},
             "social": {"borda": value(["-x"], ["@y"], kind="rewards")}}  # fmt: skip
    result = to_dict(experiment) | {"prompts": {"=p": entry}, "silence": {
        "tests": 0, "choices": [], "chosen": -1, "kinds": []}}  # fmt: skip
    archive.begin("one", owner="ann", name="r", spec="s", scenario="r", seed=1, rules=("borda",),
                  source=pack_source(ratings), origin="file-0123")  # fmt: skip
    config = to_plain(Config(rules=("borda",)))
    archive.finish("one", {"result": result, "latent": latent_map(experiment), "config": config})
    run = read_run(export_run(archive, "one"))
    assert run.source.catalogue.prompts == ("=p",)
    assert run.source.catalogue.completion_texts == ("=1+2", "z")
    assert run.content["result"]["prompts"]["=p"] == entry


def value(*order: list[str], kind: str = "scores") -> dict:
    names = [name for tied in order for name in tied]
    return {"order": list(order), kind: dict.fromkeys(names, 0.5)}

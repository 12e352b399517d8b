"""Exported runs that are brought back: round trips, and archives that were tampered with."""

import io
import json
import zipfile

import numpy as np
import pytest

from scrl.config import Config
from scrl.data import parse_ratings
from scrl.data.dataclass_json import to_plain
from scrl.runs import (
    Archive,
    export_run,
    latent_map,
    pack,
    pack_source,
    read_bundle,
    read_run,
    to_dict,
    unpack,
    unpack_source,
    zip_files,
)
from scrl.runs.run_record import installed_versions
from scrl.types import InputError
from tests import lanes
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


def setting(**changes):
    """An archive with settings of its configuration changed."""
    return edit("manifest", lambda manifest: manifest["config"].update(changes))


def raw(file: str, old: str, new: str):
    """An archive with a part of a JSON text replaced."""

    def edited(data: bytes) -> bytes:
        text = members(data)[f"{file}.json"].decode()
        assert old in text
        return rezipped(data, **{f"{file}.json": text.replace(old, new, 1)})

    return edited


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
    "a voter too few": setting(voters=0),
    "a voter of another sign": setting(voters=-1),
    "too many voters": setting(voters=10**12),
    "voters that are a text": setting(voters="x"),
    "voters of many digits": raw("manifest", '"voters": 20000', '"voters": 1' + "0" * 5000),
    "no settings of raters": setting(raters=None),
    "a setting of an earlier version that is null": setting(individual=None),
    "no rules": edit("manifest", lambda m: (m.update(rules=[]), m["config"].update(rules=[]))),
    "a rule twice": setting(rules=["borda", "borda"]),
    "an infinite seed": raw("manifest", '"seed": 1', '"seed": Infinity'),
    "a seed beyond the last": edit("manifest", lambda m: m.update(seed=2**32 - 1, seeds=2)),
    "weights that are not finite": edit(
        "manifest", lambda m: m["config"]["reward"].update(prior_sd=1e400)
    ),
    "a schedule without end": edit(
        "manifest", lambda m: m["config"]["reward"]["schedule"].update(cool=10**9)
    ),
    "a wide network": edit("manifest", lambda m: m["config"]["reward"].update(width=10**7)),
    "deep nesting of a manifest": lambda d: rezipped(d, **{"manifest.json": "[" * 10**5}),
    "values without end": lambda d: rezipped(d, **{"result.json": "[" + "[]," * 3_000_000 + "[]]"}),
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
    spoilt = TAMPERED[kind](exported)
    with pytest.raises(InputError) as refused:
        read_run(spoilt)
    message = str(refused.value)
    if kind not in ("no map", "a map that is cut", "a map of other types", "infinite numbers",
                    "half of a letter for a name", "half of a letter in a version",
                    "a raw half of a letter"):  # fmt: skip
        with pytest.raises(InputError):  # what an import refuses is not reproduced
            read_bundle(spoilt)
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
    for i in rng.choice(len(places), lanes.deep(10, 40), replace=False):
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


ROWS = b"rater,prompt,completion,rank,weight\n" + b"".join(
    f"r{r},p{p},{c},{i},1\n".encode()
    for r in range(3) for p in range(2) for i, c in enumerate("abc")
)  # fmt: skip


def with_numbers(name: str, number: float, at: int = -1) -> bytes:
    """Stored ratings with a number of an array replaced, whatever it says."""
    data = pack_source(parse_ratings(ROWS, "x.csv"))
    length = int.from_bytes(data[:8], "little")
    entry = json.loads(data[8 : 8 + length])[f"source.ratings.{name}"]
    start, stop = (8 + length + place for place in entry["data_offsets"])
    kinds = {"F64": "<f8", "I64": "<i8", "I32": "<i4"}
    values = np.frombuffer(data[start:stop], kinds[entry["dtype"]]).copy()
    values[at] = number
    return data[:start] + values.tobytes() + data[stop:]


@pytest.mark.parametrize(
    ("name", "number", "at", "says"),
    [
        ("ballot_weight", np.nan, 0, "ballot_weight.* nan"),
        ("ballot_weight", 1e39, 0, "ballot_weight.* 1e.39"),
        ("ballot_weight", -1, 0, "ballot_weight.* -1"),
        ("ballot_rater", 10**6, -1, "ballot_rater.* 1000000"),
        ("ballot_rater", 2, 0, "ballot_rater.* does not rise"),
        ("offsets", -5, 0, "offsets.* -5"),
        ("offsets", 2**40, -1, "offsets"),
        ("offsets", 1, 0, "offsets"),
        ("completion", 99, 0, "completion.* 99"),
        ("completion", 1, 0, "ranks a completion twice"),
        ("rank", 5, 2, "ranks of a ballot"),
        ("rank", -1, 0, "rank.* -1"),
        ("ballot_prompt", 7, 0, "ballot_prompt.* 7"),
        ("catalogue.members", 9, 0, "members.* 9"),
        ("catalogue.members", 1, 0, "members.* twice"),
        ("catalogue.offsets", 0, 1, "offsets.* does not rise"),
    ],
)
def test_ratings_whose_arrays_lie_are_refused_by_name(name, number, at, says):
    with pytest.raises(InputError, match=says) as refused:
        unpack_source(with_numbers(name, number, at))
    assert "\n" not in str(refused.value)


def test_bombs_are_refused_before_they_are_read(exported, monkeypatch):
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for i in range(3000):
            archive.writestr(f"{i:040}", "")
    with pytest.raises(InputError, match="too many files"):
        read_run(many.getvalue())
    monkeypatch.setattr(zip_files, "MAX_DIRECTORY_BYTES", 2**30)
    with pytest.raises(InputError, match="too many files"):
        read_run(many.getvalue())
    thin = io.BytesIO()
    with zipfile.ZipFile(thin, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("latent.json", b" " * 2**24)
    with pytest.raises(InputError, match="unpacks to more than 200 times"):
        read_run(thin.getvalue())
    with pytest.raises(InputError, match="at most 32"):
        read_run(rezipped(exported, **{"latent.json": b" " * 2**26}))
    monkeypatch.setattr(zip_files, "MAX_UNPACKED_BYTES", 2**20)
    with pytest.raises(InputError, match="unpacks to more than 1 MB"):
        read_run(rezipped(exported, **{"latent.json": b" " * 2**22}))


@pytest.mark.parametrize(
    ("offset", "value", "says"),
    [
        (8, b"\x01\0", "encrypted"), (10, b"\x0c\0", "packed in a way"),
        (24, b"\xff\xff\xff\x7f", "MB, and at most"), (24, b"\x05\0\0\0", "not an archive"),
        (16, b"\0\0\0\0", "not an archive"), (42, b"\0\1\0\0", "not an archive"),
    ],
)  # fmt: skip
def test_a_zip_that_lies_of_its_files_is_refused(offset, value, says):
    """The fields of the list of files: flags, method, bytes unpacked, checksum, place."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("latent.json", "{}" * 100)
    data = bytearray(out.getvalue())
    at = data.index(b"PK\x01\x02") + offset
    data[at : at + len(value)] = value
    with pytest.raises(InputError, match=says):
        zip_files.unzipped(bytes(data), {"latent.json": 2**25})


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

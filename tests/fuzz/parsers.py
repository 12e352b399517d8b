"""Every parser and loader that a user can feed, with valid inputs and what is done with a value.

``read`` takes the bytes of a file, a link or a message. ``use`` does with the value what a user
would do next, as long as it takes milliseconds, so that a lie that is found late is found too. Both
return, or raise ``InputError``.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np

from scrl.types import InputError, Ratings
from tests.fuzz import corpus
from tests.fuzz.places import file_of, folder_of

#: Entries of ratings, up to which they are counted, stored and written back.
MAX_USED = 3_000


@dataclasses.dataclass(frozen=True)
class Parser:
    """A parser.

    Attributes:
        name: of the registry.
        kind: of its mutations, a key of ``mutation.KINDS``.
        seeds: its valid inputs.
        read: bytes -> a value.
        use: of the value.
        share: of the inputs that it gets, beside the others; slow parsers get fewer.
    """

    name: str
    kind: str
    seeds: Callable[[], Sequence[bytes]]
    read: Callable[[bytes], Any]
    use: Callable[[Any], object] = lambda value: None
    share: float = 1.0


PARSERS: dict[str, Parser] = {}


def _add(
    name: str,
    kind: str,
    seeds: corpus.Seeds,
    read: Callable[[bytes], Any],
    use: Callable[[Any], object] = lambda value: None,
    share: float = 1.0,
) -> None:
    PARSERS[name] = Parser(name, kind, seeds, read, use, share)


# -- ratings --------------------------------------------------------------------------------------


def _use_ratings(ratings: Ratings) -> None:
    """Store them and read them back, write them as a table, compare pairs of the first prompt."""
    from scrl.data import to_csv
    from scrl.runs import pack_source, unpack_source
    from scrl.voting import profile_from_ratings

    if len(ratings.rank) > MAX_USED or len(ratings.catalogue.prompts) > MAX_USED:
        return
    assert np.isfinite(ratings.ballot_weight).all()
    assert (ratings.ballot_weight > 0).all()
    unpack_source(pack_source(ratings))
    to_csv(ratings)
    if np.diff(ratings.catalogue.offsets).max() <= 50:
        profile = profile_from_ratings(ratings, 0)
        assert np.isfinite(profile.pairwise("last")).all()


def _ratings(suffix: str, **options: Any) -> Callable[[bytes], Ratings]:
    def read(data: bytes) -> Ratings:
        from scrl.data import parse_ratings

        return parse_ratings(data, f"x{suffix}", **options)

    return read


def _use_preview(preview: Any) -> None:
    preview.ratings(preview.suggested())


def _preview(data: bytes) -> Any:
    from scrl.data import preview_table

    return preview_table(data, "x.csv")


def _folder_of_tables(data: bytes) -> Ratings:
    from scrl.data import load_ratings

    return load_ratings(folder_of(data, "tables"))


_TABLE = {"csv": ".csv", "tsv": ".tsv", "json": ".json", "jsonl": ".jsonl", "xlsx": ".xlsx",
          "parquet": ".parquet", "gzip": ".csv.gz", "soc": ".soc", "toi": ".toi", "cat": ".cat",
          "wmd": ".wmd"}  # fmt: skip
_KIND = {"csv": "table", "tsv": "lines", "json": "json", "jsonl": "json", "xlsx": "zip",
         "parquet": "binary", "gzip": "packed"}  # fmt: skip
for _name, _suffix in _TABLE.items():
    _add(f"ratings-{_name}", _KIND.get(_name, "lines"), corpus.seeds_of(f"ratings-{_name}"),
         _ratings(_suffix), _use_ratings, 0.3 if _name == "xlsx" else 1.0)  # fmt: skip
_add("ratings-columns", "table", corpus.named_columns,
     _ratings(".csv", columns={"rater": "user", "completion": "film", "score": "stars"}),
     _use_ratings)  # fmt: skip
_add("ratings-last", "table", corpus.seeds_of("ratings-csv"), _ratings(".csv", missing="last"),
     _use_ratings)  # fmt: skip
_add("ratings-folder", "zip", corpus.folders, _folder_of_tables, _use_ratings, 0.3)
_add("table-preview", "table", corpus.seeds_of("ratings-csv"), _preview, _use_preview)


def _columns(data: bytes) -> Any:
    from scrl.data.whole_tables import read_columns

    return read_columns(file_of(data, "x.csv"))


_add("leaderboard-columns", "table", corpus.comparisons, _columns)


# -- elections ------------------------------------------------------------------------------------


def _profile(data: bytes) -> Any:
    from scrl import Profile

    return Profile.from_text(data.decode("utf-8", "replace"))


def _use_profile(profile: Any) -> None:
    from scrl import Profile

    assert np.isfinite(profile.margins("last")).all()
    profile.smith_set("last")
    again = Profile.from_text(profile.to_text())
    assert again.names == profile.names


def _election(name: str) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        from scrl.election_records import parse_contests

        return parse_contests(data, name)

    return read


def _use_records(records: Any) -> None:
    from scrl.election_records import count_rounds, ratings_of_records

    for record in records[:2]:
        assert np.isfinite(record.profile.margins("last")).all()
        with contextlib.suppress(InputError):  # ballots with ties have no rounds
            count_rounds(record)
    ranked = [record for record in records if record.profile.names and len(record.profile.weight)]
    if ranked and sum(len(r.profile.weight) for r in ranked) < MAX_USED:
        _use_ratings(ratings_of_records(ranked))


_add("profile-text", "lines", corpus.seeds_of("profile-text"), _profile, _use_profile)
for _name, _kind, _file_name, _share in (
    ("blt", "lines", "x.blt", 1), ("debian", "lines", "x.txt", 1), ("hart", "lines", "x.xml", 1),
    ("common-data", "json", "x.json", 1), ("choices", "table", "x.csv", 1),
    ("dominion-csv", "table", "x.csv", 1), ("clear-ballot", "table", "x.csv", 1),
    ("dominion-zip", "zip", "x.zip", 0.5), ("rctab-zip", "zip", "x.zip", 0.5),
    ("preflib", "lines", "x.soi", 1),
):  # fmt: skip
    _add(f"election-{_name}", _kind, corpus.seeds_of(f"election-{_name}"), _election(_file_name),
         _use_records, _share)  # fmt: skip


# -- scenarios and links --------------------------------------------------------------------------


def _scenario(data: bytes) -> Any:
    from scrl.scenarios import parse_scenario

    return parse_scenario(data, "x.yaml")


def _use_scenario(scenario: Any) -> None:
    from scrl.runs import pack_source, unpack_source
    from scrl.scenarios import sample, scenario_to_link, with_overrides

    unpack_source(pack_source(scenario))
    scenario_to_link(scenario)
    if scenario.catalogue.items <= 200 and len(scenario.types) <= 50:
        few = with_overrides(scenario, raters=max(20, len(scenario.types)))
        _use_ratings(sample(few, 0).ratings)


def _link(data: bytes) -> Any:
    from scrl.scenarios import scenario_from_link

    return scenario_from_link(data.decode("utf-8", "replace"))


def _map(data: bytes) -> Any:
    from scrl.scenarios import spatial_model_from_link

    return spatial_model_from_link(data.decode("utf-8", "replace"))


def _use_map(model: Any) -> None:
    from scrl.scenarios import scenario_of_spatial_model, spatial_model_to_link

    scenario_of_spatial_model(model)
    spatial_model_to_link(model)


def _answers(data: bytes) -> Any:
    """The answers of a visitor, as the page that asks reads them from its URL."""
    from scrl.elicitation import Answer

    parts = data.decode("utf-8", "replace").split("-")[:60]
    answers = [Answer.decoded(part, 6, 5) for part in parts if part]
    if None in answers:  # the page warns, and starts again
        raise InputError("The answers in this link belong to another model.")
    return answers


def _use_answers(answers: Any) -> None:
    from scrl.elicitation import Answer

    for answer in answers:
        again = Answer.decoded(answer.encoded(6), 6, 5)
        assert again == answer


_add("scenario", "yaml", corpus.scenarios, _scenario, _use_scenario, 0.15)
_add("scenario-link", "packed", corpus.links, _link, _use_scenario, 0.5)
_add("map-link", "packed", corpus.maps, _map, _use_map)
_add("quiz-answers", "lines", corpus.seeds_of("quiz-answers"), _answers, _use_answers)


# -- a class --------------------------------------------------------------------------------------


def _ballot(data: bytes) -> Any:
    from scrl.classroom import ClassroomError, parse_ballot

    try:
        return parse_ballot(data)
    except ClassroomError as error:
        raise InputError(str(error)) from None


def _use_ballot(ballot: Any) -> None:
    import json

    json.dumps(dataclasses.asdict(ballot)).encode()


_add("class-ballot", "json", corpus.seeds_of("class-ballot"), _ballot, _use_ballot)


# -- saved models and runs ------------------------------------------------------------------------


def _model(data: bytes) -> Any:
    from scrl.social import load

    return load(file_of(data, "model.safetensors"))


def _use_model(model: Any) -> None:
    """Score its own items by name, and rows of a file as ``scrl score`` does."""
    from scrl.cli.text_rows import TextRow, score_rows
    from scrl.social import score

    assert np.isfinite(score(model, model.catalogue)).all()
    c = model.catalogue
    pairs = zip(c.item_prompt[:5], c.members[:5], strict=True)
    rows = [TextRow(c.prompt_texts[p], [c.completion_texts[m]]) for p, m in pairs]
    score_rows(model, rows, "x")


def _rows(name: str) -> Callable[[bytes], Any]:
    def read(data: bytes) -> Any:
        from scrl.cli.text_rows import read_text_rows

        return read_text_rows(file_of(data, name))

    return read


def _use_rows(rows: Any) -> None:
    from scrl.cli.text_rows import score_rows

    if rows is not None:
        score_rows(_text_model(), rows[:50], "x")


@cache
def _text_model() -> Any:
    from scrl.social import load

    return load(corpus.FOLDER / "text-reward.safetensors")


def _adapter(data: bytes) -> Any:
    from scrl.language_model import load_adapter

    return load_adapter(file_of(data, "adapter.safetensors"), corpus.TINY_LLAMA)


def _source(data: bytes) -> Any:
    from scrl.runs import unpack_source

    return unpack_source(data)


def _use_source(source: Any) -> None:
    (_use_scenario if source.is_scenario else _use_ratings)(source)


def _fitted(data: bytes) -> Any:
    from scrl.runs import unpack

    return unpack(data)


def _use_fitted(run: Any) -> None:
    from scrl.runs import pack

    items = np.arange(run.catalogue.items)[None]
    assert np.isfinite(run.individual.rewards(run.latents[:5], items)).all()
    assert np.isfinite(run.density.membership(run.latents[:5])).all()
    pack(run)


def _archive(data: bytes) -> Any:
    from scrl.runs import read_bundle, read_run

    read_bundle(data)
    return read_run(data)


def _use_archive(run: Any) -> None:
    """What storing, showing and comparing a run reads of it."""
    import json

    from scrl.runs import orders_csv
    from scrl.runs.bundle import result_differences
    from scrl.runs.run_record import headline

    result = run.content["result"]
    json.dumps(run.content, allow_nan=False).encode()
    orders_csv(result)
    headline(result)
    assert result_differences(result, result) == []


_add("saved-reward", "safetensors", corpus.seeds_of("saved-reward"), _model, _use_model, 0.25)
_add("saved-text-reward", "safetensors", corpus.seeds_of("saved-text-reward"), _model, _use_model)
_add("saved-adapter", "safetensors", corpus.adapters, _adapter)
_add("score-rows-csv", "table", corpus.seeds_of("score-rows-csv"), _rows("x.csv"), _use_rows)
_add("score-rows-jsonl", "json", corpus.seeds_of("score-rows-jsonl"), _rows("x.jsonl"), _use_rows)
_add("stored-source", "safetensors", corpus.seeds_of("stored-source"), _source, _use_source)
_add("stored-run", "safetensors", corpus.seeds_of("stored-run"), _fitted, _use_fitted, 0.3)
_add("archive", "zip", corpus.seeds_of("archive"), _archive, _use_archive, 0.3)


# -- packed ratings, sweeps and what is tracked ---------------------------------------------------


def _packed(data: bytes) -> Any:
    """Packed ratings whose hashes are right, so that what they state is read."""
    from scrl.packed_ratings import PackedRatings

    folder = folder_of(data, "packed")
    corpus.with_true_hashes(folder)
    return PackedRatings.open(folder)


def _use_packed(packed: Any) -> None:
    for number, shape in enumerate(packed.shapes[:2]):
        if shape.contests * shape.slots * min(shape.rows, 8) < 10_000:
            packed.batch(number, slice(0, 8))
    packed.rater_name(0)
    packed.held_out(0.5, 0)


def _streamed(data: bytes) -> Any:
    from scrl.streamed_raters import load_streamed

    return load_streamed(file_of(data, "streamed.safetensors"))


def _use_streamed(model: Any) -> None:
    assert np.isfinite(model.mean_utility).all()
    assert np.isfinite(model.loadings).all()
    assert np.isfinite(model.share).all()


def _spec(data: bytes) -> Any:
    from scrl.sweeps import read_spec

    return read_spec(file_of(data, "sweep.yaml"))


def _use_spec(read: Any) -> None:
    from scrl.sweeps import plan_tasks

    spec, folder = read
    if spec.tasks < 50:
        plan_tasks(spec, folder)


def _table(data: bytes) -> Any:
    from scrl.sweeps import read_sweep

    return read_sweep(folder_of(data, "sweep"))


def _tracked(data: bytes) -> Any:
    from scrl.tracking import tracked

    return list(tracked(file_of(data, "run.zip")))


_add("packed-folder", "zip", corpus.packed_folders, _packed, _use_packed, 0.5)
_add("streamed-model", "safetensors", corpus.streamed_models, _streamed, _use_streamed, 0.5)
_add("sweep-spec", "yaml", corpus.specs, _spec, _use_spec, 0.3)
_add("sweep-table", "zip", corpus.sweep_folders, _table, lambda table: table.measures, 0.5)
_add("tracked-run", "zip", corpus.seeds_of("archive"), _tracked, share=0.02)

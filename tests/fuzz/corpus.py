"""Valid inputs of every parser: written by the project's own writers, or small files in
``corpus_files``, which ``python -m tests.fuzz --corpus`` writes again."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tempfile
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from scrl.language_model import LlamaConfig
from tests.election_records import record_builders as records
from tests.fuzz.mutation import zipped

FOLDER = Path(__file__).parent / "corpus_files"
ROOT = FOLDER.parents[2]
TINY_LLAMA = LlamaConfig(2, 8, 2, 1, 4, 16, 50)
Seeds = Callable[[], Sequence[bytes]]

_LONG = """rater,prompt,completion,rank,weight,rater_feature_age,rater_group
ann,p,a,1,2,31,x
ann,p,b,2,2,31,x
ann,p,c,2,2,31,x
bob,p,b,1,1,,y
bob,p,a,2,1,,y
bob,q,d,1,0.5,,y
bob,q,a,2,0.5,,y
"""
_TEXTS = '''rater,ballot,prompt,prompt_text,completion,completion_text,score,time
ann,1,p,"Say ""hi!""",a,hello,3,2024-01-02
ann,1,p,"Say ""hi!""",b,"hi, you",1.5,2024-01-02
ann,2,p,"Say ""hi!""",a,hello,1,2024-03-02T10:00:00Z
ann,2,p,"Say ""hi!""",c,=hey,2,2024-03-02T10:00:00Z
'''
_WIDE = "user,Alien,Brazil,Casablanca\n1,5,3,\n2,,4,4\n3,1,2,3\n"
_PAIRS = "rater,prompt,winner,loser\na,p,x,y\nb,p,y,x\nc,q,x,z\n"
_RECORDS = (
    {"rater": "a", "prompt": "p", "chosen": "x", "rejected": "y", "weight": 2},
    {"rater": "b", "prompt": "p", "ranking": [["x", "y"], ["z"]]},
    {"rater": "b", "prompt": "q", "ranking": ["x", "z"], "rater_features": {"age": 3}},
)
_CHATS = (
    {"prompt": [{"role": "user", "content": "Hi"}],
     "chosen": [{"role": "assistant", "content": "Yes?"}],
     "rejected": [{"role": "assistant", "content": "No."}]},
)  # fmt: skip
_TEXT_PAIRS = (
    {"chosen": "\n\nHuman: Hi\n\nAssistant: A", "rejected": "\n\nHuman: Hi\n\nAssistant: B"},
)
_LABELS = (
    {"prompt": "p", "completion": "a", "label": True},
    {"prompt": "p", "completion": "b", "label": False},
)
_LISTS = (
    {"instruction": "p", "completions": [{"model": "m", "response": "a", "overall_score": 3.0},
                                         {"model": "n", "response": "b", "overall_score": 1}]},
)  # fmt: skip
_SCORED = ({"prompt": "p", "responses": ["a", "b"], "scores": [1, 2]},)
_JSON = (_RECORDS, _CHATS, _TEXT_PAIRS, _LABELS, _LISTS, _SCORED)
_SOC = """# FILE NAME: x.soc
# TITLE: Lunch
# DATA TYPE: soc
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 5
# NUMBER UNIQUE ORDERS: 2
# ALTERNATIVE NAME 1: Apple
# ALTERNATIVE NAME 2: Bread
# ALTERNATIVE NAME 3: Corn
3: 1,2,3
2: 3,2,1
"""
_TOI = _SOC.replace("soc", "toi").replace("3: 1,2,3", "3: 1,{2,3}").replace("2: 3,2,1", "2: 3")
_CAT = """# FILE NAME: x.cat
# DATA TYPE: cat
# NUMBER ALTERNATIVES: 3
# NUMBER VOTERS: 3
# NUMBER UNIQUE PREFERENCES: 2
# NUMBER CATEGORIES: 2
# CATEGORY NAME 1: Yes
# CATEGORY NAME 2: No
# ALTERNATIVE NAME 1: Apple
# ALTERNATIVE NAME 2: Bread
# ALTERNATIVE NAME 3: Corn
2: {1,2},{3}
1: 3,{1,2}
"""
_WMD = """# FILE NAME: x.wmd
# DATA TYPE: wmd
# NUMBER ALTERNATIVES: 3
# NUMBER EDGES: 3
# ALTERNATIVE NAME 1: Apple
# ALTERNATIVE NAME 2: Bread
# ALTERNATIVE NAME 3: Corn
1,2,2.0
2,3,1.0
1,3,1.0
"""
_BLT = '3 1\n2 1 2 0\n1 3=2 0\n0\n"Ann"\n"Bob"\n"Cy"\n"Board"\n'
_DEBIAN = "Vote: x\n  Option 1--->: Ann\n/ Option 2-->: Bob\nV: 12\tab\nV: -1 cd\nV: 11 ef\n"
_DOMINION = (
    "E,5.1,,\n,,M (Number of positions=1; Number of ranks=2),M (Number of positions=1; Number of "
    "ranks=2)\n,,Ann(1),Bob(1)\nCvrNumber,Batch,,\n1,1,1,0\n2,1,0,1\n"
)
_CLEAR = (
    "RowNumber,BoxID,BoxPosition,BallotID,Choice_1_1:Mayor:1:Vote For 1:Ann:NON,"
    "Choice_1_2:Mayor:1:Vote For 1:Bob:NON\n1,b,1,x,1,0\n2,b,2,y,0,1\n"
)
_PROFILES = (
    "3: A > B = C\n2: C > B\n",
    'candidates: A, B, "C, D"\nA > B\n2 x B > A\n"C, D" > A * 4\n',
    "5: A≻B≻C\n# a note\n1.5: C>A",
)
_ANSWERS = ("3.1-0.t-b.2.0.1-r.4.2.1", "14.0-e.1.2.3-s.0.1.2-r.3.0_1.2", "w.p36.1x100~n40.0x80-0.1")
_BALLOT = {"room": "CDFHJ", "phone": "0123456789abcdef" * 2, "question": 1, "round": 1,
           "order": [[0], [1, 2]]}  # fmt: skip


def _lines(rows: Sequence[object]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def _workbook() -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    for row in _LONG.splitlines():
        cells = [int(cell) if cell.isdigit() else cell for cell in row.split(",")]
        book.active.append(cells)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _parquet() -> bytes:
    import pyarrow
    import pyarrow.parquet

    head, *rows = (row.split(",") for row in _LONG.splitlines())
    columns = dict(zip(head, map(list, zip(*rows, strict=True)), strict=True))
    out = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns | {"weight": [2.0] * len(rows)}), out)
    return out.getvalue()


def _dominion_zip() -> bytes:
    """Dominion's export, cut to few ballots."""
    files = records.alaska_export()
    for name in ("CvrExport_1730.json", "CvrExport_1731.json"):
        content = json.loads(files[name])
        files[name] = json.dumps(content | {"Sessions": content["Sessions"][:4]})
    return records.packed(files)


def _rctab_zip() -> bytes:
    published = records.PUBLISHED
    return zipped([
        ("config.json", (published / "generic_csv_test_config.json").read_bytes()),
        ("generic_csv_test_cvr.csv", (published / "generic_csv_test_cvr.csv").read_bytes()),
    ])  # fmt: skip


_MADE: dict[str, Seeds] = {
    "ratings-csv": lambda: [t.encode() for t in (_LONG, _TEXTS, _WIDE)],
    "ratings-tsv": lambda: [t.replace(",", "\t").encode() for t in (_LONG, _WIDE)],
    "ratings-json": lambda: [json.dumps(rows).encode() for rows in _JSON],
    "ratings-jsonl": lambda: [_lines(rows) for rows in _JSON],
    "ratings-xlsx": lambda: [_workbook()],
    "ratings-parquet": lambda: [_parquet()],
    "ratings-gzip": lambda: [gzip.compress(_LONG.encode(), mtime=0)],
    "ratings-soc": lambda: [_SOC.encode()],
    "ratings-toi": lambda: [_TOI.encode()],
    "ratings-cat": lambda: [_CAT.encode()],
    "ratings-wmd": lambda: [_WMD.encode()],
    "profile-text": lambda: [text.encode() for text in _PROFILES],
    "election-blt": lambda: [_BLT.encode()],
    "election-debian": lambda: [_DEBIAN.encode()],
    "election-hart": lambda: [(records.PUBLISHED / "hart_sheet.xml").read_bytes()],
    "election-common-data": lambda: [
        records.common_data("x", [["A", "B"], ["B"], ["", "AC"]], "ABC").encode()
    ],
    "election-choices": lambda: [b"choice_1,choice_2,count\nAnn,Bob,3\nBob,,1\novervote,Ann,2\n"],
    "election-dominion-csv": lambda: [_DOMINION.encode()],
    "election-clear-ballot": lambda: [_CLEAR.encode()],
    "election-dominion-zip": lambda: [_dominion_zip()],
    "election-rctab-zip": lambda: [_rctab_zip()],
    "election-preflib": lambda: [_TOI.replace("toi", "soi").replace("{2,3}", "2").encode()],
    "quiz-answers": lambda: [text.encode() for text in _ANSWERS],
    "class-ballot": lambda: [json.dumps(_BALLOT).encode()],
    "score-rows-csv": lambda: [b"prompt,completion\nHi,Hello there\nHi,Go away\n"],
    "score-rows-jsonl": lambda: [
        _lines([{"prompt": "p", "completions": ["a", "b"]}, {"prompt": "q", "completion": "c"}]),
        _lines([{"messages": [{"role": "user", "content": "Hi"},
                              {"role": "assistant", "content": "Yes?"}]}]),
    ],
}  # fmt: skip
#: Parser -> the files of its corpus.
_STORED = {
    "saved-reward": ("reward.safetensors", "featured-reward.safetensors"),
    "saved-text-reward": ("text-reward.safetensors",),
    "stored-source": ("ratings.safetensors", "scenario.safetensors"),
    "stored-run": ("run.safetensors",),
    "archive": ("scenario-run.zip", "ratings-run.zip"),
}


def seeds_of(name: str) -> Seeds:
    """The valid inputs of a parser, made when they are first asked for."""

    @cache
    def made() -> Sequence[bytes]:
        if name in _STORED:
            return [(FOLDER / file).read_bytes() for file in _STORED[name]]
        return _MADE[name]()

    return made


def named_columns() -> Sequence[bytes]:
    return [b"user,film,stars,when\nann,Alien,5,1\nann,Brazil,2,2\nbob,Alien,1,3\n"]


def folders() -> Sequence[bytes]:
    """Folders of tables, as archives."""
    rows = _LONG.splitlines(keepends=True)
    parts = [("0.csv", "".join(rows)), ("1.csv", rows[0] + "cy,p,a,1,1,4,x\n")]
    return [
        zipped([(name, text.encode()) for name, text in parts]),
        zipped([("0.jsonl", _lines(_RECORDS)), ("1.jsonl", _lines(_RECORDS[1:]))]),
    ]


def comparisons() -> Sequence[bytes]:
    return [b"model_a,model_b,winner,len_a\nx,y,model_a,3\ny,z,tie,4\n", _PAIRS.encode()]


def scenarios() -> Sequence[bytes]:
    shipped = ("tennessee-morristown", "noisy-alike", "text-caution", "pets")
    return [(ROOT / f"scenarios/{name}.yaml").read_bytes() for name in shipped]


def links() -> Sequence[bytes]:
    from scrl.scenarios import parse_scenario, scenario_to_link

    found = (scenario_to_link(parse_scenario(text, "x")) for text in scenarios())
    return [link.encode() for link in found if link is not None]


def maps() -> Sequence[bytes]:
    from scrl.scenarios import SPATIAL_MODELS, spatial_model_to_link

    few = list(SPATIAL_MODELS.values())[:3]
    return [spatial_model_to_link(model).encode() for model in few]


def adapters() -> Sequence[bytes]:
    from scrl.language_model import new_adapter, save_adapter

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "x.safetensors")
        save_adapter(new_adapter(TINY_LLAMA, rank=2), path)
        return [path.read_bytes()]


def _zip_of(folder: Path) -> bytes:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return zipped([(p.relative_to(folder).as_posix(), p.read_bytes()) for p in paths])


@cache
def packed_folders() -> Sequence[bytes]:
    """Folders of packed ratings, as archives."""
    from scrl.packed_ratings import pack

    with tempfile.TemporaryDirectory() as place:
        table = Path(place, "x.csv")
        table.write_text(_LONG, "utf-8")
        pack(table, Path(place, "packed"))
        return [_zip_of(Path(place, "packed"))]


def with_true_hashes(folder: Path) -> None:
    """Correct the hashes in a manifest of packed ratings, where it can be read."""
    try:
        tree = json.loads((folder / "manifest.json").read_bytes())
        tree["catalogue"] = hashlib.sha256((folder / "catalogue.json").read_bytes()).hexdigest()
        rest = {key: value for key, value in tree.items() if key != "hash"}
        text = json.dumps(rest, sort_keys=True, ensure_ascii=True)
        tree["hash"] = hashlib.sha256(text.encode()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(tree), "utf-8")
    except (OSError, ValueError, TypeError, RecursionError):
        pass


@cache
def streamed_models() -> Sequence[bytes]:
    """A model of raters with numbers that no training made."""
    from scrl.scenarios import parse_scenario
    from scrl.streamed_raters import StreamedRaters, save_streamed
    from scrl.streamed_raters.items import ItemFunctions
    from scrl.streamed_raters.parameters import Parameters

    catalogue = parse_scenario(scenarios()[0], "x").catalogue
    items, rng = catalogue.items, np.random.default_rng(0)
    sizes = {"share": (2,), "common": (items,), "own": (items, 2), "loading": (items, 3),
             "weight": (0,), "type_weight": (0, 2), "loading_weight": (0, 3)}  # fmt: skip
    numbers = {name: rng.normal(size=size).astype(np.float32) for name, size in sizes.items()}
    model = StreamedRaters(catalogue, Parameters(**numbers), ItemFunctions.of(catalogue))
    with tempfile.TemporaryDirectory() as place:
        save_streamed(model, Path(place, "x"))
        return [Path(place, "x").read_bytes()]


def specs() -> Sequence[bytes]:
    return [
        b"name: a\nscenarios: [pets, tennessee-four]\nsettings:\n  scenario.noise: [0, .5]\n"
        b"  voters: 500\nseeds: 3\n",
        b"scenarios: pets\ncombine: zip\nsettings:\n  voters: {from: 10, to: 90, steps: 3}\n"
        b"  scenario.raters: [20, 30, 40]\nseeds: {from: 4, count: 2}\n",
    ]


@cache
def sweep_folders() -> Sequence[bytes]:
    """A sweep that is not complete, as an archive."""
    from tests.sweeps.sample_store import write_sample

    with tempfile.TemporaryDirectory() as place:
        write_sample(Path(place, "sweep"))
        return [_zip_of(Path(place, "sweep"))]


def write_stored() -> None:
    """Train small models and write the files of ``corpus_files``."""
    from dataclasses import replace

    from scrl.choice_models import PairCounts
    from scrl.config import Config, RewardConfig
    from scrl.data import parse_ratings
    from scrl.runs import latent_map, pack, pack_source, run_seeds, seeds_dict
    from scrl.scenarios import parse_scenario, with_overrides
    from scrl.social import fit_text_rewards, save
    from scrl.text import item_texts
    from scrl.text.features import measured_features

    FOLDER.mkdir(exist_ok=True)
    schedule = replace(RewardConfig().schedule, cool=20, warmup=5, chunk=10)
    config = Config(rules=("borda", "plurality"), voters=40, draws=64,
                    reward=RewardConfig(width=4, schedule=schedule))  # fmt: skip
    scenario = with_overrides(parse_scenario(scenarios()[0], "x"), raters=40)
    rng, rows = np.random.default_rng(0), [_TEXTS.splitlines()[0].rpartition(",")[0]]
    for rater in range(12):
        for prompt in "pq":
            for c in rng.permutation(4)[:3]:
                text = f"{'please ' * c}answer {c} to {prompt}"
                rows.append(
                    f"r{rater},{prompt}{rater},{prompt},Ask {prompt},c{c},{text},{rng.integers(4)}"
                )
    ratings = parse_ratings("\n".join(rows).encode(), "ratings.csv")
    features = np.random.default_rng(1).normal(size=(len(ratings.catalogue.completions), 2))
    featured = replace(ratings, catalogue=replace(ratings.catalogue, completion_features=features))
    for name, source in (("scenario", scenario), ("ratings", ratings)):
        experiments = run_seeds(source, config, range(1))
        run = experiments[0].fitted_run
        (FOLDER / f"{name}.safetensors").write_bytes(pack_source(source))
        if name == "scenario":
            (FOLDER / "run.safetensors").write_bytes(pack(run))
        else:
            save(experiments[0].models["borda"], FOLDER / "reward.safetensors", rule="borda")
        content = {"result": seeds_dict(experiments), "latent": latent_map(experiments[0])}
        _write_archive(name, content, config, source, pack(run, with_source=False))
    model = run_seeds(featured, config, range(1))[0].models["borda"]
    save(model, FOLDER / "featured-reward.safetensors")
    catalogue = ratings.catalogue
    counts = PairCounts(np.array([0, 1]), np.array([1, 2]), np.ones(2), np.array([0.0, 0.5]))
    measured = measured_features(*item_texts(catalogue), None)[0]  # needs no encoder
    model = fit_text_rewards(catalogue, {"x": counts}, features=measured)["x"]
    save(model, FOLDER / "text-reward.safetensors")


def _write_archive(name, content, config, source, fitted) -> None:
    """An export without its figures, which no import reads."""
    import zipfile

    from scrl.data.dataclass_json import to_plain
    from scrl.runs import RunRecord, pack_source
    from scrl.runs.bundle import write_bundle

    record = RunRecord("x", "o", "A run", 1e9, "done", "", "s", "", source.name, 0, config.rules,
                       {"scrl": "1"}, {})  # fmt: skip
    data = write_bundle(record, content | {"config": to_plain(config)}, pack_source(source), fitted)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        kept = [n for n in archive.namelist() if not n.startswith("figures/")]
        (FOLDER / f"{name}-run.zip").write_bytes(zipped([(n, archive.read(n)) for n in kept]))

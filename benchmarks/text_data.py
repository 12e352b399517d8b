"""Training on large text data: load, encode, train, and peak memory, beside a simple peer.

Pairs are rows as TRL reads them (prompt, chosen, rejected), each with a prompt of its own and
texts of about 25 words. The peer is scikit-learn's logistic regression on differences of the same
vectors. Times are seconds of CPU; each size has a process and an empty cache of its own.
The encoder takes most of the time: with ``--drawn`` vectors are drawn at random in place of its
own, and the rest is measured alone.

    python benchmarks/text_data.py --pairs 10000
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from scrl.choice_models import PairCounts
    from scrl.text import Encoder, Vectors

ROOT = Path(__file__).resolve().parents[1]
RECORDS = Path(__file__).with_suffix(".json")
#: Words that raters like, each worth one log-odds, and pairs held out.
LIKED, HELD_OUT = ("because", "perhaps", "please"), 2_000


def vocabulary() -> np.ndarray:
    """Words of this project's documents, frequent ones first."""
    text = " ".join(p.read_text() for p in sorted(ROOT.glob("docs/*.md")))
    words, count = np.unique(re.findall(r"[A-Za-z][a-z]+", text), return_counts=True)
    return words[np.argsort(-count, kind="stable")]


def texts(rng: np.random.Generator, number: int, mean: int, words: np.ndarray) -> list[str]:
    """Texts of words by Zipf's law."""
    chance = 1 / (np.arange(len(words)) + 3.0)
    length = np.maximum(3, rng.poisson(mean, number))
    drawn = words[rng.choice(len(words), length.sum(), p=chance / chance.sum())]
    parts = np.split(drawn, np.cumsum(length)[:-1])
    return [" ".join(part).capitalize() + f". {i}" for i, part in enumerate(parts)]


def rows(number: int) -> list[dict[str, str]]:
    """Pairs; the liked words decide by the logistic law."""
    rng, words = np.random.default_rng(0), vocabulary()
    prompts = texts(rng, number, 12, words)
    both = np.array(texts(rng, 2 * number, 25, words), object).reshape(number, 2)
    liked = rng.integers(0, 4, both.shape)
    for word, name in enumerate(LIKED):
        both[liked == word] += f" {name} so"
    gap = (liked[:, 0] < 3).astype(float) - (liked[:, 1] < 3)
    first = rng.random(number) < 1 / (1 + np.exp(-2 * gap))
    return [
        {"prompt": p, "chosen": pair[int(not won)], "rejected": pair[int(won)]}
        for p, pair, won in zip(prompts, both, first, strict=True)
    ]


class Clock:
    """Seconds of CPU and of a clock on the wall, and peak memory, step by step."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, float]] = {}
        self._restart()

    def _restart(self) -> None:
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def lap(self, step: str) -> None:
        self.steps[step] = {
            "cpu": round(time.process_time() - self._cpu, 2),
            "wall": round(time.perf_counter() - self._wall, 2),
            "peak GB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20, 2),
        }
        print(step, self.steps[step], file=sys.stderr, flush=True)
        self._restart()


def drawn_encoder() -> Encoder:
    """Vectors of the packaged encoder's shape, by a text's checksum."""
    from scrl.text import encoder_of

    table = np.random.default_rng(0).normal(size=(5000, 512)) / np.sqrt(512)
    table = table.astype(np.float32)
    return encoder_of("drawn/1", lambda texts: table[[crc32(t.encode()) % 5000 for t in texts]])


def measure(file: Path, held_out: list[dict[str, str]], drawn: bool) -> dict:
    """All steps in this process."""
    clock = Clock()
    from scrl.choice_models import pair_counts
    from scrl.data import load_ratings
    from scrl.social import fit_text_rewards
    from scrl.text import SentenceEncoder, item_texts, vectors_of, with_text_features

    encoder = drawn_encoder() if drawn else SentenceEncoder()
    clock.lap("import")
    ratings = load_ratings(file)
    clock.lap("load")
    prompts, completions = item_texts(ratings.catalogue)
    vectors = vectors_of(completions, encoder), vectors_of(prompts, encoder)
    clock.lap("encode, cold")
    vectors = vectors_of(completions, encoder), vectors_of(prompts, encoder)
    clock.lap("encode, cached")
    read = with_text_features(ratings, encoder)
    counts = pair_counts(read.with_absent_resolved())
    clock.lap("features")
    model = fit_text_rewards(read.catalogue, {"vanilla": counts})["vanilla"]
    clock.lap("train")
    own = [[row[k] for row in held_out] for k in ("prompt", "chosen", "rejected")]
    gap = np.array(model(own[0], own[1])) - np.array(model(own[0], own[2]))
    clock.lap("score")
    found = {"pairs": len(counts.first), "items": ratings.catalogue.items, "steps": clock.steps}
    total = sum(step["cpu"] for step in clock.steps.values())
    found |= {"cpu": round(total, 1), "accuracy": round(float((gap > 0).mean()), 4)}
    del model, read
    return found | {"peer": peer(vectors[0], counts, own[1:], encoder, clock)}


def peer(
    vectors: Vectors,
    counts: PairCounts,
    held_out: list[list[str]],
    encoder: Encoder,
    clock: Clock,
) -> dict:
    """Logistic regression on differences of the texts' vectors."""
    from sklearn.linear_model import LogisticRegression

    from scrl.text import vectors_of

    gap = vectors[counts.first] - vectors[counts.second]
    # The chosen text is the first of each row; half of the differences are turned round.
    sign = np.where(np.arange(len(gap)) % 2, 1, -1)
    won = sign * np.sign(counts.wins_first - counts.wins_second) > 0
    gap *= sign[:, None].astype(np.float32)
    fit = LogisticRegression(fit_intercept=False, max_iter=1000).fit(gap, won)
    one, other = (vectors_of(texts, encoder)[slice(None)] for texts in held_out)
    right = float((fit.decision_function(one - other) > 0).mean())
    clock.lap("peer")
    return {"cpu": clock.steps.pop("peer")["cpu"], "accuracy": round(right, 4)}


def run(pairs: int, drawn: bool) -> dict:
    """A size in a process of its own."""
    data = rows(pairs + HELD_OUT)
    with tempfile.TemporaryDirectory() as folder:
        file, rest = Path(folder) / "pairs.jsonl", Path(folder) / "held_out.json"
        file.write_text("\n".join(map(json.dumps, data[:pairs])))
        rest.write_text(json.dumps(data[pairs:]))
        del data  # a new process's peak memory begins with that of this one
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        found = subprocess.run(
            [sys.executable, __file__, "--within", folder, *["--drawn"] * drawn],
            cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True,
            env=os.environ | threads | {"SCRL_CACHE": folder, "PYTHONPATH": str(ROOT)},
        )  # fmt: skip
    return {
        "date": date.today().isoformat(),
        "hardware": f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}",
        "load of the machine": round(os.getloadavg()[1], 1),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
        "vectors": "drawn" if drawn else "encoded",
        **json.loads(found.stdout),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pairs", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--drawn", action="store_true", help="vectors drawn at random")
    parser.add_argument("--show", action="store_true", help="print the records")
    parser.add_argument("--within", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.within:
        folder = Path(given.within)
        rest = json.loads((folder / "held_out.json").read_text())
        print(json.dumps(measure(folder / "pairs.jsonl", rest, given.drawn)))
        return
    for pairs in [] if given.show else given.pairs:
        found = run(pairs, given.drawn)
        # Read only now: another size may have been measured meanwhile.
        records = json.loads(RECORDS.read_text()) if RECORDS.exists() else []
        RECORDS.write_text(json.dumps([*records, found], indent=1, ensure_ascii=False) + "\n")
    if RECORDS.exists():
        print(RECORDS.read_text())


if __name__ == "__main__":
    main()

"""Large populations of known raters, written block by block: for tests, benchmarks and oracles.

A rater of type k with latent z has for item i the utility

    u(k, z, i) = m[k, i] + v[i] · z,        z ~ N(0, 1) in each dimension,

and ranks what it sees by utility plus Gumbel noise, values that are equal after rounding to a step
being tied. Mean utilities m and loadings v follow attributes that the texts express, and have a
part of their own, so that texts tell a part of every taste, and ballots the rest.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scrl.data.files import printable
from scrl.packed_ratings.composed_texts import compose_texts, prompt_texts
from scrl.random_streams import HostStream, host_rng
from scrl.types import InputError

if TYPE_CHECKING:
    import pyarrow

#: Raters that are drawn at once.
BLOCK = 2_000
#: Standard deviations of mean utilities over items: by attributes, by attributes that depend on the
#: prompt, and of an item's own; and of a rater's utility around its type's.
_BY_TEXT, _BY_PROMPT, _OWN, _WITHIN = 1.2, 0.6, 0.6, 0.9
#: Share of the variance of loadings that attributes explain.
_LOADINGS_BY_TEXT = 0.7
#: Groups of prompts in which attributes count differently.
_GROUPS = 4
SUFFIX = ".truth.safetensors"


class Truth(NamedTuple):
    """True parameters.

    Attributes:
        shares: of types ``[types]``; means: their mean utilities ``[types, items]``.
        loadings: ``[items, rank]``.
        answers: how many prompts raters of a type see, on average ``[types]``.
    """

    shares: np.ndarray
    means: np.ndarray
    loadings: np.ndarray
    answers: np.ndarray


@dataclass(frozen=True)
class LargePopulation:
    """A population and the file that it writes.

    Attributes:
        raters, prompts, completions: how many there are; completions of each prompt.
        seen: share of all items that a rater ranks, on average.
        types, rank: rater types, and dimensions in which raters of a type vary.
        noise: scale of the Gumbel noise of a ballot.
        step: noisy utilities are rounded to multiples of it.
        seed: of all draws.
    """

    raters: int = 100_000
    prompts: int = 1_000
    completions: int = 10
    seen: float = 0.01
    types: int = 4
    rank: int = 3
    noise: float = 1.0
    step: float = 0.25
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("raters", "prompts", "types"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} is {getattr(self, name)}; give 1 or more.")
        if not 2 <= self.completions <= 26 or self.rank < 0:
            raise InputError("completions are from 2 to 26 a prompt, and rank is 0 or more.")
        if not 0 < self.seen <= 1 or self.seen * self.prompts < 0.2:
            raise InputError(
                f"seen is {self.seen:g}; give a share of the items of at most 1 that makes a rater "
                "answer a prompt now and then."
            )

    @property
    def items(self) -> int:
        return self.prompts * self.completions

    @cached_property
    def _drawn(self) -> tuple[Truth, list[str]]:
        """The true parameters, and the text of each item."""
        rng = host_rng(self.seed, HostStream.LARGE_POPULATION)
        attributes, texts = compose_texts(rng, self.prompts, self.completions)
        group = np.repeat(rng.integers(_GROUPS, size=self.prompts), self.completions)
        weights = rng.normal(size=(self.types, attributes.shape[1]))
        shifts = rng.normal(size=(_GROUPS, self.types, attributes.shape[1]))
        means = _BY_TEXT * _scaled(weights @ attributes.T)
        means += _BY_PROMPT * _scaled(np.einsum("ia,ika->ki", attributes, shifts[group]))
        means += _OWN * rng.normal(size=means.shape)
        means -= means.reshape(self.types, -1, self.completions).mean(2).repeat(self.completions, 1)
        by_text = attributes @ rng.normal(size=(attributes.shape[1], self.rank))
        loadings = np.sqrt(_LOADINGS_BY_TEXT) * _scaled(by_text.T).T
        loadings += np.sqrt(1 - _LOADINGS_BY_TEXT) * rng.normal(size=loadings.shape)
        loadings *= _WITHIN / np.sqrt(max(self.rank, 1))
        shares = 1.0 / (1 + np.arange(self.types))
        most = np.minimum(0.9 * self.prompts, 2 * self.seen * self.prompts)
        answers = np.clip(most * rng.uniform(0.7, 1.3, self.types), 0.4, self.prompts)
        return Truth(shares / shares.sum(), means, loadings, answers), texts

    @property
    def truth(self) -> Truth:
        """The true parameters."""
        return self._drawn[0]

    def kinds(self, block: int, size: int = BLOCK) -> tuple[np.ndarray, np.ndarray]:
        """Types ``[size]`` and latents ``[size, rank]`` of a block of raters (or voters)."""
        return self._kinds(host_rng(self.seed, HostStream.LARGE_POPULATION_RATERS, block), size)

    def _kinds(self, rng: np.random.Generator, size: int) -> tuple[np.ndarray, np.ndarray]:
        kind = rng.choice(self.types, size, p=self.truth.shares).astype(np.int32)
        return kind, rng.standard_normal((size, self.rank), np.float32)

    def utilities(self, kind: np.ndarray, latent: np.ndarray, items: np.ndarray) -> np.ndarray:
        """True utilities of raters ``[raters]`` with latents ``[raters, rank]`` for items.

        Args:
            items: the same ``[candidates]`` for all, or each rater's own ``[raters, candidates]``.

        Returns:
            ``[raters, candidates]``.
        """
        t = self.truth
        if items.ndim == 1:
            return t.means[np.ix_(kind, items)] + latent @ t.loadings[items].T
        return t.means[kind[:, None], items] + np.einsum("rcd,rd->rc", t.loadings[items], latent)

    def block(self, number: int) -> dict[str, np.ndarray]:
        """The rows of a block of raters, in random order: rater, item, rank (1 = best), weight."""
        first = number * BLOCK
        size = min(BLOCK, self.raters - first)
        rng = host_rng(self.seed, HostStream.LARGE_POPULATION_RATERS, number)
        kind, latent = self._kinds(rng, BLOCK)
        kind, latent = kind[:size], latent[:size]
        # How much a person answers varies, whatever its type.
        expected = self.truth.answers[kind] * rng.gamma(4.0, 0.25, size)
        count = np.clip(rng.poisson(expected), 1, self.prompts)
        order = np.argsort(rng.random((size, self.prompts), np.float32), axis=1)
        rater, place = np.nonzero(np.arange(self.prompts) < count[:, None])
        prompt = order[rater, place]
        ranked = np.clip(rng.binomial(self.completions, 0.5, len(rater)), 2, None)
        slots = np.argsort(rng.random((len(rater), self.completions), np.float32), axis=1)
        item = prompt[:, None] * self.completions + slots
        utility = self.utilities(kind[rater], latent[rater], item)
        utility += rng.gumbel(0.0, self.noise, utility.shape) if self.noise else 0.0
        shown = np.arange(self.completions) < ranked[:, None]
        stepped = np.where(shown, np.round(utility / self.step), -np.inf)
        rank = 1 + (stepped[:, None, :] > stepped[:, :, None]).sum(2)
        # Weights of raters and of ballots are few simple numbers, so that they are exact.
        weight = rng.choice([1.0, 2.0], size, p=[0.8, 0.2])[rater]
        weight *= rng.choice([1.0, 0.5], len(rater), p=[0.9, 0.1])
        ballot, slot = np.nonzero(shown)
        mixed = rng.permutation(len(ballot))
        ballot, slot = ballot[mixed], slot[mixed]
        return {
            "rater": first + rater[ballot], "item": item[ballot, slot],
            "rank": rank[ballot, slot], "weight": weight[ballot],
        }  # fmt: skip

    def write(self, path: str | Path) -> int:
        """Write the population's ballots as a Parquet file, block by block, and its true parameters
        beside it (``FILE.truth.safetensors``).

        Returns:
            The number of rows.

        Raises:
            InputError: where the files cannot be written.
        """
        path, rows = Path(path), 0
        try:
            from pyarrow import parquet
        except ImportError:
            raise InputError(
                "Parquet files need pyarrow; run pip install 'scrl[tables]'."
            ) from None
        try:
            with parquet.ParquetWriter(path, self._schema(), compression="zstd") as writer:
                for number in range(-(-self.raters // BLOCK)):
                    table = self._table(self.block(number))
                    writer.write_table(table)
                    rows += table.num_rows
            self.save(path)
        except OSError as error:
            raise InputError(
                f"{printable(path)}: the file cannot be written ({error.strerror or error})."
            ) from error
        return rows

    @cached_property
    def _names(self) -> dict[str, list[str]]:
        letters = [chr(ord("a") + i) for i in range(self.completions)]
        return {
            "prompt": [f"prompt {i + 1}" for i in range(self.prompts)],
            "completion": [f"answer {letter}" for letter in letters],
            "prompt_text": prompt_texts(self.prompts),
            "completion_text": self._drawn[1],
        }

    def _schema(self) -> pyarrow.Schema:
        import pyarrow as pa

        text = pa.dictionary(pa.int32(), pa.string())
        return pa.schema({
            "rater": pa.string(), **dict.fromkeys(self._names, text),
            "rank": pa.int8(), "weight": pa.float32(),
        })  # fmt: skip

    def _table(self, rows: dict[str, np.ndarray]) -> pyarrow.Table:
        import pyarrow as pa

        prompt, slot = np.divmod(rows["item"], self.completions)
        codes = {"prompt": prompt, "prompt_text": prompt, "completion": slot,
                 "completion_text": rows["item"]}  # fmt: skip
        raters, number = np.unique(rows["rater"], return_inverse=True)
        names = pa.array([f"rater {i + 1}" for i in raters])
        columns = {"rater": names.take(pa.array(number))}
        for name, values in self._names.items():
            index = pa.array(codes[name], pa.int32())
            columns[name] = pa.DictionaryArray.from_arrays(index, pa.array(values))
        columns["rank"] = pa.array(rows["rank"], pa.int8())
        columns["weight"] = pa.array(rows["weight"], pa.float32())
        return pa.table(columns, schema=self._schema())

    def save(self, path: str | Path) -> None:
        """Write the true parameters beside a file."""
        from safetensors.numpy import save_file

        arrays = {name: np.ascontiguousarray(v) for name, v in self.truth._asdict().items()}
        metadata = {"population": json.dumps(asdict(self))}
        save_file(arrays, truth_path(path), metadata=metadata)

    @classmethod
    def load(cls, path: str | Path) -> LargePopulation:
        """The population of a file that ``write`` wrote.

        Raises:
            InputError: where no true parameters stand beside the file, or they are another's.
        """
        from safetensors import SafetensorError, safe_open

        beside = truth_path(path)
        try:
            with safe_open(str(beside), framework="numpy") as file:
                found = cls(**json.loads((file.metadata() or {})["population"]))
                means = file.get_tensor("means")
            if not np.array_equal(means, found.truth.means):
                raise ValueError("another version")
        except (OSError, SafetensorError, KeyError, TypeError, ValueError) as error:
            raise InputError(
                f"{printable(beside)}: these are not the true parameters of a population that this "
                "version writes; write the population again."
            ) from error
        return found


def truth_path(path: str | Path) -> Path:
    """Where the true parameters of a file stand."""
    return Path(path).with_name(Path(path).name + SUFFIX)


def large_population(path: str | Path, **settings: int | float) -> LargePopulation:
    """Write a Parquet file of a known population.

    Args:
        path: the file.
        settings: of ``LargePopulation``.

    Raises:
        InputError: for settings that make no population, or a file that cannot be written.
    """
    population = LargePopulation(**settings)  # type: ignore[arg-type]
    population.write(path)
    return population


def _scaled(values: np.ndarray) -> np.ndarray:
    """Rows with standard deviation 1 ``[rows, items]``."""
    return values / np.maximum(values.std(axis=1, keepdims=True), 1e-12)

"""Ballots collected one by one to the columns of a table."""

from __future__ import annotations

import math
from array import array
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scrl.data.short_names import short_names, with_own_texts
from scrl.data.table import (
    MAX_RATERS,
    Coder,
    Column,
    Table,
    check_counts,
    check_rater_features,
    rows_left_out,
)
from scrl.types import InputError


@dataclass(slots=True)
class Ballot:
    """One ballot as a row of a file states it.

    Attributes:
        rater: None where nobody is named.
        places: completions, best first; those of a place are tied.
        about: ``rater_group`` and ``prompt_text`` where they are stated.
        features: of the rater.
        time: when it was cast; NaN where unknown.
    """

    rater: str | None
    prompt: str
    places: Sequence[Sequence[str]]
    weight: float = 1.0
    about: Mapping[str, str] = field(default_factory=dict)
    features: Mapping[str, float] = field(default_factory=dict)
    time: float = math.nan


class BallotRows:
    """The rows of a table, added ballot by ballot.

    Args:
        file: what to call the file in messages; ``unit`` is what its places are counted in.
        line_of: the place of what ``add`` calls a line.
        most_raters: how many raters there may be.
    """

    def __init__(
        self, file: str, unit: str, line_of: Callable[[int], int], most_raters: int = MAX_RATERS
    ) -> None:
        self.file, self.unit, self.line_of, self._most = file, unit, line_of, most_raters
        self.left_out: Counter[str] = Counter()
        self._rater, self._prompt, self._completion = Coder(), Coder(), Coder()
        self._texts = {"rater_group": Coder(), "prompt_text": Coder()}
        self._anonymous = 0
        # Of each row: its ballot, its completion and its place. Of each ballot: the rest.
        self._rows = {name: array("i") for name in ("ballot", "completion", "place")}
        self._ballots = {name: array("i") for name in ("rater", "prompt", *self._texts)}
        self._line, self._print = array("q"), array("q")
        self._weight, self._time = array("d"), array("d")
        self._features: dict[str, tuple[array, array]] = {}

    def add(self, ballot: Ballot, line: int, fingerprint: int) -> None:
        """Add a ballot.

        Args:
            line: its number, of which ``line_of`` gives the place in the file.
            fingerprint: equal for rows that are equal in every column.
        """
        number = len(self._line)
        if ballot.rater is None:
            self._anonymous += 1
        self._ballots["rater"].append(-1 if ballot.rater is None else self._rater[ballot.rater])
        self._ballots["prompt"].append(self._prompt[ballot.prompt])
        for name, coder in self._texts.items():
            self._ballots[name].append(coder[ballot.about.get(name, "")])
        self._line.append(line)
        self._print.append(fingerprint)
        self._weight.append(ballot.weight)
        self._time.append(ballot.time)
        for name, value in ballot.features.items():
            at, values = self._features.setdefault(name, (array("q"), array("d")))
            at.append(len(self._rows["ballot"]))
            values.append(value)
            check_rater_features(self.file, len(self._features))
        for place, names in enumerate(ballot.places):
            for name in names:
                self._rows["ballot"].append(number)
                self._rows["completion"].append(self._completion[name])
                self._rows["place"].append(place)
        check_counts(self.file, len(self._rows["ballot"]), len(self._rater), 0, self._most)

    def table(self, lenient: bool) -> Table:
        """All ballots as a table; those that repeat another row of the file are left out.

        Raises:
            InputError: where there is none.
        """
        if not self._line:
            reasons = "; ".join(f"{n:,} because {why}" for why, n in self.left_out.items())
            what = f"every row is left out ({reasons})" if reasons else "the file is empty"
            raise InputError(f"{self.file}: {what}.")
        entry = np.frombuffer(self._rows["ballot"], np.int32)
        lines, line_of = np.frombuffer(self._line, np.int64), self.line_of
        columns = {n: np.frombuffer(v, np.int32)[entry] for n, v in self._ballots.items()}
        individuals = not self._anonymous
        rater = Column(columns["rater"], list(self._rater))
        if not individuals:
            rater = Column(entry, [f"anonymous {i + 1}" for i in range(len(lines))])
        prompt, own_prompt = short_names(Column(columns["prompt"], list(self._prompt)))
        codes = np.frombuffer(self._rows["completion"], np.int32)
        completion, own = short_names(Column(codes, list(self._completion)))
        texts = {n: Column(columns[n], list(coder)) for n, coder in self._texts.items()}
        for name, column in (("prompt_text", own_prompt), ("completion_text", own)):
            text = with_own_texts(texts.get(name), column)
            if text is not None:
                texts[name] = text
        time = np.frombuffer(self._time, float)
        table = Table(
            self.file, lambda row: line_of(int(lines[entry[row]])), rater, prompt,
            completion, entry,
            np.frombuffer(self._rows["place"], np.int32).astype(float),
            np.frombuffer(self._weight, float)[entry],
            None if np.isnan(time).all() else time[entry], texts,
            rater_features={
                f"rater_features.{n}": (np.array(at), np.array(values))
                for n, (at, values) in self._features.items()
            },
            unit=self.unit, individuals=individuals, lenient=lenient,
        )  # fmt: skip
        for why, count in self.left_out.items():
            table.notes += rows_left_out(count, why)
        return self._without_repeats(table, entry)

    def _without_repeats(self, table: Table, entry: np.ndarray) -> Table:
        """The table without ballots whose row stands in the file before.

        Where raters have no names and most rows repeat another, rows are votes, and all stay.
        """
        prints = np.frombuffer(self._print, np.int64)
        first = np.zeros(len(prints), bool)
        first[np.unique(prints, return_index=True)[1]] = True
        again = int((~first).sum())
        if not again or (not table.individuals and again > len(first) / 2):
            return table
        table.notes += rows_left_out(again, "they repeat another row" if again > 1 else
                                     "it repeats another row")  # fmt: skip
        return table.select(first[entry])

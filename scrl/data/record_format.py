"""Ballots of one row each, in the shapes of preference data sets.

A row compares two completions (``chosen``, ``rejected``), ranks several (``ranking``, or a list of
completions with scores or ranks), states a preference between two responses, or holds a rated
conversation. Texts may be lists of chat messages.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any

from scrl.data import messages
from scrl.data.ballot_rows import Ballot, BallotRows
from scrl.data.files import quoted
from scrl.data.layouts import Layout
from scrl.data.limits import WEIGHT, is_weight
from scrl.data.messages import BadText
from scrl.data.record_values import BadRow, LeftOut, places_of, preferred_items, record_number
from scrl.data.table import MAX_FEATURE, MAX_RATERS, Table, check_characters
from scrl.data.times import Clock
from scrl.types import InputError

#: The number of a row, the row, and a number that is equal for equal rows.
Record = tuple[int, Mapping[str, Any], int]
_RATER_FEATURES = "rater_features"
_TEXT_KEYS = ("response", "answer", "completion", "text", "content", "output", "generation")
_SCORE_KEYS = ("overall_score", "score", "rating")
#: Rows that tell whether prompts stand at the beginning of both completions.
_SAMPLE = 20
_SAME, _EMPTY = "chosen equals rejected", "a text is empty"


def read_records(
    records: Iterable[Record],
    layout: Layout,
    file: str,
    unit: str,
    name: str,
    line_of: Callable[[int], int] | None = None,
    most_raters: int = MAX_RATERS,
) -> Table:
    """The rows of a file as a table, a row for each ranked completion.

    Args:
        file: what to call it in messages; ``unit`` is what places are counted in.
        name: of the prompt, where no row names prompts.
        line_of: the place in the file of a record's number; None for JSON, where the number is the
            place, and where numbers are numbers and texts are texts.
        most_raters: how many raters there may be.

    Raises:
        InputError: naming the file and the place.
    """
    json, place = line_of is None, line_of or int
    records = iter(records)
    sample = list(islice(records, _SAMPLE))
    parser = _Parser(layout, name, json, _prompts_are_shared(sample, layout))
    rows = BallotRows(file, unit, place, most_raters)
    ignored: dict[str, None] = {}
    for line, record, fingerprint in chain(sample, records):
        try:
            found = parser.ballots(record)
        except LeftOut as reason:
            rows.left_out[str(reason)] += 1
            continue
        except (BadRow, BadText) as error:
            raise InputError(f"{file}: {unit} {place(line)}: {error}") from None
        for k, ballot in enumerate(found):
            rows.add(ballot, line, hash((fingerprint, k)) if k else fingerprint)
        if len(ignored) < 50:
            ignored.update((key, None) for key in record if key not in parser.known)
    rows.left_out.update(parser.left_out)
    table = rows.table(lenient=layout.kind != "pairs")
    table.notes[:0] = [layout.note] if layout.note else []
    if ignored:
        shown = ", ".join(quoted(key or "(unnamed)")[1:-1] for key in list(ignored)[:10])
        table.notes.append(f"Ignored {'keys' if json else 'columns'}: {shown}.")
    return table


def _prompts_are_shared(sample: Sequence[Record], layout: Layout) -> bool:
    """Whether every pair of texts begins with its prompt, as TRL's implicit prompts do."""
    if layout.kind != "pairs" or "prompt" in layout.columns or "rater" in layout.columns:
        return False
    keys = [layout.columns.get(role, role) for role in ("chosen", "rejected")]
    pairs = [(record.get(keys[0]), record.get(keys[1])) for _, record, _ in sample]
    return all(
        isinstance(one, str) and isinstance(two, str) and messages.split_words(one, two)
        for one, two in pairs
    )


@dataclass
class _Parser:
    """Reads rows of one layout.

    Attributes:
        name: of the prompt where none is named.
        shared: whether a prompt is what two texts have in common at the beginning.
    """

    layout: Layout
    name: str
    json: bool
    shared: bool

    def __post_init__(self) -> None:
        optional: tuple[str, ...] = (
            "weight", "time", "rater_group", "prompt_text", _RATER_FEATURES
        )  # fmt: skip
        if self.layout.kind == "pairs":
            optional = (*optional, "chosen", "rejected", "ranking")
        self.key = {**{role: role for role in optional}, **self.layout.columns}
        self.known = {*self.key.values(), *self.layout.items}
        self.left_out: dict[str, int] = {}
        self.clock = Clock()
        self.read = {
            "pairs": self._pair, "candidates": self._candidates,
            "two responses": self._two_responses, "choice": self._choice,
        }  # fmt: skip

    def ballots(self, record: Mapping[str, Any]) -> list[Ballot]:
        """The ballots of a row.

        Raises:
            BadRow, BadText: for a fault.
            LeftOut: where it says nothing.
        """
        rater = self._required(record, "rater") if "rater" in self.key else None
        if self.layout.kind == "conversation":
            time = self._time(record)
            return [Ballot(rater, *turn, time=time) for turn in self._turns(record)]
        prompt, places = self.read[self.layout.kind](record)
        about = {role: self._optional(record, role) for role in ("rater_group", "prompt_text")}
        return [
            Ballot(
                rater, prompt, places, self._weight(record),
                {role: text for role, text in about.items() if text}, self._features(record),
                self._time(record),
            )
        ]  # fmt: skip

    # -- the shapes -------------------------------------------------------------------------------

    def _pair(self, record: Mapping[str, Any]) -> tuple[str, list[list[str]]]:
        """The prompt and the places of a pair or a ranking."""
        ranking = record.get(self.key["ranking"])
        keys = [self.key[role] for role in ("chosen", "rejected")]
        pair = [messages.plain_list(record.get(key)) for key in keys]
        if ranking is None and any(key in record and pair[i] in (None, []) for i, key in
                                   enumerate(keys)):  # fmt: skip
            raise LeftOut(_EMPTY)
        if any(map(messages.lacks_content, (*pair, record.get(self.key.get("prompt", ""))))):
            raise LeftOut("a message has no content")
        if (ranking is not None) == any(value is not None for value in pair):
            raise BadRow("give either 'chosen' and 'rejected' or 'ranking'.")
        prompt = self._required(record, "prompt") if "prompt" in self.key else ""
        if ranking is not None:
            return prompt or self.name, self._ranking(ranking)
        for role, value in zip(("chosen", "rejected"), pair, strict=True):
            if value is None:
                raise BadRow(f"there is no {quoted(role)}; give both 'chosen' and 'rejected'.")
        own, chosen, rejected = self._split(*pair)
        if not chosen or not rejected:
            raise LeftOut(_EMPTY)
        if chosen == rejected:
            raise LeftOut(_SAME)
        if self.key.get("prompt", "").casefold() == "messages":
            prompt = own or prompt  # in some data sets, messages hold the chosen completion, too
        return prompt or own or self.name, [[chosen], [rejected]]

    def _split(self, chosen: Any, rejected: Any) -> tuple[str, str, str]:
        """The prompt that two completions hold, empty where none, and both without it."""
        if isinstance(chosen, str) and isinstance(rejected, str):
            both = self._text(chosen, "chosen"), self._text(rejected, "rejected")
            if "prompt" in self.key or both[0] == both[1]:
                return "", *both
            found = messages.split_dialogues(chosen, rejected)
            if found is None and self.shared:
                found = messages.split_words(chosen, rejected)
            return found or ("", *both)
        one, two = messages.plain_list(chosen), messages.plain_list(rejected)
        if messages.is_messages(one) and messages.is_messages(two):
            shared, one, two = messages.split_messages(one, two)
            prompt = messages.text_of_messages(shared) if shared else ""
            return prompt, self._text(one, "chosen"), self._text(two, "rejected")
        return "", self._text(one, "chosen"), self._text(two, "rejected")

    def _ranking(self, ranking: Any) -> list[list[str]]:
        ranking = messages.plain_list(ranking)
        if not isinstance(ranking, list) or not ranking:
            raise BadRow(
                f"ranking is {quoted(ranking)}; give a list of completions, best first, such as "
                '["a", "b"] in JSON.'
            )
        places = [messages.plain_list(place) for place in ranking]
        places = [place if isinstance(place, list) else [place] for place in places]
        if not all(places):
            raise BadRow("ranking holds an empty list; leave it out.")
        found = [[self._text(name, "ranking") for name in place] for place in places]
        if any(not name for place in found for name in place):
            raise BadRow("ranking holds an empty text; leave it out.")
        return found

    def _candidates(self, record: Mapping[str, Any]) -> tuple[str, list[list[str]]]:
        """The prompt and the places of a list of completions with values."""
        prompt = self._required(record, "prompt")
        listed = messages.plain_list(record.get(self.key["candidates"]))
        if not isinstance(listed, list):
            raise BadRow(f"{self.key['candidates']} is {quoted(listed)}; give a list.")
        sign = -1.0 if "ranks" in self.key else 1.0
        beside = self.key.get("scores", self.key.get("ranks"))
        given = messages.plain_list(record.get(beside)) if beside else None
        if beside and (not isinstance(given, list) or len(given) != len(listed)):
            raise BadRow(f"{beside} should be a list of {len(listed)} numbers, one a completion.")
        value: dict[str, float] = {}
        for i, candidate in enumerate(listed):
            text = self._candidate_text(candidate)
            score = sign * record_number(given[i]) if given else self._candidate_score(candidate)
            is_rank = "ranks" in self.key or (
                isinstance(candidate, Mapping) and "rank" in candidate
            )
            if is_rank and score > 0:
                raise BadRow(f"the rank is {-score:g}; a rank is 1 for the best; leave out the "
                             "completion that is not ranked.")  # fmt: skip
            if not text or math.isnan(score):
                self._count(_EMPTY if not text else "the score is empty")
            elif text in value:
                self._count("the completion stands twice in its row")
            else:
                value[text] = score
        return prompt, places_of(value)

    def _candidate_text(self, candidate: Any) -> str:
        if not isinstance(candidate, Mapping):
            return self._text(candidate, "a completion")
        key = next((key for key in _TEXT_KEYS if key in candidate), None)
        if key is None:
            raise BadRow("a completion has no 'response'; give each its text.")
        return self._text(candidate[key], key)

    def _candidate_score(self, candidate: Any) -> float:
        """Higher is better; NaN where it is empty."""
        if not isinstance(candidate, Mapping):
            raise BadRow("the completions have no scores; give a list of scores beside them.")
        wanted = self.layout.columns.get("attribute")
        if wanted:
            noted = candidate.get("annotations") or {}
            found = candidate.get(wanted, noted.get(wanted) if isinstance(noted, Mapping) else None)
            if isinstance(found, Mapping):
                found = found.get("Rating", found.get("rating"))
            return record_number(found)
        if "rank" in candidate:
            return -record_number(candidate["rank"])
        key = next((key for key in _SCORE_KEYS if key in candidate), None)
        if key is None:
            raise BadRow("a completion has neither score nor rank; give each one.")
        return record_number(candidate[key])

    def _two_responses(self, record: Mapping[str, Any]) -> tuple[str, list[list[str]]]:
        prompt = self._required(record, "prompt")
        one, two = self._required(record, "one", ""), self._required(record, "two", "")
        preference = record_number(record.get(self.key["preference"]))
        if math.isnan(preference):
            raise LeftOut("the preference is empty")
        if not one or not two:
            raise LeftOut(_EMPTY)
        if one == two:
            raise LeftOut("both responses are equal")
        return prompt, places_of({one: -preference, two: 0.0})

    def _choice(self, record: Mapping[str, Any]) -> tuple[str, list[list[str]]]:
        """The prompt and the places where a column names the best of the others."""
        options = [messages.plain_list(record.get(name)) for name in self.layout.items]
        if "prompt" in self.key:
            prompt = self._required(record, "prompt")
            texts = [self._text(value, "response") for value in options]
        else:
            prompt, *texts = self._split(*options)
        given = dict.fromkeys(text for text in texts if text)
        best_items = preferred_items(self._optional(record, "preferred"), self.layout.items)
        best = list(dict.fromkeys(texts[i] for i in best_items if texts[i]))
        if not best:
            raise LeftOut(_EMPTY)
        rest = [text for text in given if text not in best]
        return prompt or self.name, [best, rest] if rest else [best]

    def _turns(self, record: Mapping[str, Any]) -> Iterator[tuple[str, list[list[str]]]]:
        """The prompt and the places of each turn of a conversation that PRISM's raters scored."""
        history = messages.plain_list(record.get(self.key["conversation"]))
        if not isinstance(history, list) or not all(isinstance(m, Mapping) for m in history):
            raise BadRow(f"{self.key['conversation']} is no list of turns.")
        turns: dict[Any, tuple[list[str], dict[str, float]]] = {}
        for message in history:
            prompt, value = turns.setdefault(str(message.get("turn", 0)), ([], {}))
            text = self._text(message.get("content"), "content")
            if message.get("role") == "user":
                prompt.append(text)
            elif text and not math.isnan(score := record_number(message.get("score"))):
                value.setdefault(text, score)
            else:
                self._count("the score is empty" if text else _EMPTY)
        for prompt, value in turns.values():
            if any(prompt) and value:
                yield " ".join(prompt), places_of(value)

    # -- values -----------------------------------------------------------------------------------

    def _count(self, why: str) -> None:
        """Count a completion that is left out of its row."""
        self.left_out[why] = self.left_out.get(why, 0) + 1

    def _text(self, value: Any, role: str) -> str:
        """A name or text without white space around it; a whole number becomes its digits."""
        if isinstance(value, bool) or (self.json and isinstance(value, float)):
            raise BadRow(f"{role} is {quoted(value)}; give text.")
        try:
            text = messages.cell_text(value).strip()
        except BadText as error:
            raise BadRow(f"{role} {error}") from None
        problem = check_characters(text)
        if problem:
            raise BadRow(f"{role} is {quoted(text)}, which {problem}.")
        return text

    def _required(self, record: Mapping[str, Any], role: str, empty: str | None = None) -> str:
        key = self.key[role]
        if record.get(key) is None:
            raise BadRow(f"there is no {quoted(key)}; give every {'line' if self.json else 'row'} "
                         f"a {role}.")  # fmt: skip
        text = self._text(record[key], key)
        if not text and empty is None:
            if role == "prompt" and "rater" not in self.key:
                raise LeftOut(_EMPTY)
            raise BadRow(f"{key} is empty; give text.")
        return text

    def _optional(self, record: Mapping[str, Any], role: str) -> str:
        value = record.get(self.key[role])
        is_empty = value is None or (isinstance(value, str) and not value)
        return "" if is_empty else self._text(value, self.key[role])

    def _weight(self, record: Mapping[str, Any]) -> float:
        weight = record.get(self.key["weight"], 1.0)
        if not self.json:
            with suppress(BadRow):
                weight = record_number(weight)
        is_number = isinstance(weight, int | float) and not isinstance(weight, bool)
        if not is_number or not is_weight(weight):
            raise BadRow(f"weight is {quoted(weight)}; give {WEIGHT}.")
        return float(weight)

    def _time(self, record: Mapping[str, Any]) -> float:
        """When a row's ballot was cast; NaN where that is unknown."""
        key = self.key["time"]
        try:
            return self.clock.read(record.get(key), comma=not self.json)
        except ValueError as error:
            raise BadRow(f"{quoted(key)[1:-1]} {error}") from None

    def _features(self, record: Mapping[str, Any]) -> dict[str, float]:
        """The known features of a row's rater; null is unknown."""
        features = record.get(_RATER_FEATURES)
        if features is None:
            return {}
        if not isinstance(features, Mapping):
            raise BadRow(f"{_RATER_FEATURES} is {quoted(features)}; give {{name: number}}.")
        found = {}
        for name, value in features.items():
            is_number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (is_number and abs(value) <= MAX_FEATURE):
                raise BadRow(
                    f"{_RATER_FEATURES} {quoted(name)} is {quoted(value)}; give a finite number, "
                    f"{MAX_FEATURE:g} at most, or null where it is unknown."
                )
            if not self._text(name, _RATER_FEATURES):
                raise BadRow(f"{_RATER_FEATURES} is empty; give text.")
            if value is not None:
                found[str(name).strip()] = float(value)
        return found

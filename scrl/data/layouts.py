"""Which columns of a table play which role: named by the reader, known by their names, or guessed.

A *role* is what a column says: ``rater``, ``prompt``, ``completion``, ``score``, ``rank``,
``penalty``, ``ballot``, ``weight``, ``time``, ``rater_group``, ``prompt_text``,
``completion_text``, ``chosen``, ``rejected``, ``ranking``. The names are those of the published
data sets.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NoReturn

from scrl.data.files import quoted
from scrl.types import InputError

Kind = Literal[
    "long", "pairs", "candidates", "two responses", "choice", "conversation", "wide", "choices"
]
#: Roles of a value -> the sign that makes lower better.
VALUES = {"rank": 1.0, "score": -1.0, "penalty": 1.0}
KEYS = ("rater", "prompt", "completion")
TEXTS = ("rater_group", "prompt_text", "completion_text")
OPTIONAL = ("ballot", "weight", "time", *TEXTS)
FEATURES, RATER_FEATURE = ("feature_", "prompt_feature_"), "rater_feature_"
#: What a person may name, as in ``columns={"rater": "user"}``, beside the roles of this module.
STATED = (
    *("rater", "prompt", "completion", "score", "rank", "penalty", "weight", "group", "ballot"),
    *("time", "prompt_text", "completion_text", "chosen", "rejected", "items", "values"),
)
#: Other names of a column, in the order of preference.
ALIASES: dict[str, tuple[str, ...]] = {
    "rater": (
        *("rater_id", "user_id", "annotator_id", "worker_id", "annotator", "worker", "user"),
        *("participant", "participant_id", "voter", "voter_id", "judge", "respondent"),
    ),
    "prompt": ("instruction", "question", "query"),
    "completion": ("response", "answer", "alternative", "candidate"),
    "score": ("rating", "stars", "overall_score", "label"),
    "rater_group": ("group",),
}
#: Lists of completions in one row.
CANDIDATES = ("completions", "responses", "answers", "generations", "candidates")
_FIRST_TURN = tuple(f"first_turn_response_{letter}" for letter in "abcd")
_TWO = (("response_1", "response_2", "preference_strength"),
        ("response1", "response2", "overall_preference"))  # fmt: skip


@dataclass(frozen=True)
class Layout:
    """How a table is read.

    Attributes:
        kind: its shape.
        columns: role -> header name, as in the file.
        items: the columns that are completions, or choices, best first.
        values: of a wide table, what a cell is: "score", "rank" or "penalty".
        one_hot: columns of words about the rater that become features, one for each word.
        text_of: columns whose texts, joined, are the text of the completion.
        lenient: as ``Table.lenient``.
        note: what was taken for what; empty where the names leave no doubt.
    """

    kind: Kind
    columns: dict[str, str] = field(default_factory=dict)
    items: tuple[str, ...] = ()
    values: str = "score"
    one_hot: tuple[str, ...] = ()
    text_of: tuple[str, ...] = ()
    lenient: bool = False
    note: str = ""

    @property
    def value(self) -> str:
        """The role of the value."""
        return next(role for role in VALUES if role in self.columns)


def find_layout(
    header: Sequence[str], stated: Mapping[str, object] | None, file: str
) -> Layout | None:
    """The layout that the names in ``header`` tell; None for what may be a wide table.

    Args:
        stated: what a person named, one of ``STATED`` -> column (or columns, for ``items``).

    Raises:
        InputError: where a named column is missing, or names contradict each other.
    """
    names, stated = columns_by_name(header), dict(stated or {})
    published = _published(names)
    attribute = None
    if published is not None and published.kind == "candidates":
        attribute = stated.pop("score", None)  # of each completion, and no column of the file
    own = stated_roles(stated, header, names, file)
    if "items" in own or "values" in own:
        return None
    layout: Layout | None
    if own.keys() & {"completion", "chosen", "rejected"}:
        layout = _layout_of_roles({**_same_names(names, own), **own}, header, file)
    else:
        layout = published or _plain(names, header, file, own)
        if layout is None:
            if own.keys() & VALUES.keys():
                fail_missing(header, file, ["completion"])
            return None
        columns = {
            r: c for r, c in layout.columns.items() if not (r in VALUES and own.keys() & VALUES)
        }
        columns |= {"attribute": str(attribute)} if attribute else {}
        layout = replace(layout, columns={**columns, **own})
    check_used_once(layout, header, file)
    return layout


def columns_by_name(header: Sequence[str]) -> dict[str, str]:
    """Lower-case name -> name in the file; of equal ones the first."""
    found: dict[str, str] = {}
    for name in header:
        found.setdefault(name.casefold(), name)
    return found


def repeated_name(header: Sequence[str]) -> str | None:
    """The first name that stands twice; None where none does."""
    seen: set[str] = set()
    for name in header:
        if name in seen:
            return name
        seen.add(name)
    return None


def stated_roles(
    stated: Mapping[str, object], header: Sequence[str], names: Mapping[str, str], file: str
) -> dict[str, str]:
    """Role -> name in the file of what a person named."""
    unknown = [name for name in stated if name not in STATED]
    if unknown:
        raise InputError(
            f"{file}: there is no role {quoted(unknown[0])} for a column; name one of "
            f"{', '.join(STATED)}."
        )
    values = [name for name in VALUES if stated.get(name)]
    if len(values) > 1:
        raise InputError(f"{file}: name one column of {' and '.join(values)}, not several.")
    found: dict[str, str] = {}
    for role, column in stated.items():
        if column is None or (isinstance(column, str | list | tuple) and not column):
            continue
        if role == "items" and not isinstance(column, Iterable):
            raise InputError(f"{file}: items is {quoted(column)}; give a list of columns' names.")
        if role in ("items", "values"):
            found[role] = "stated"
            continue
        role = "rater_group" if role == "group" else role
        found[role] = column_named(str(column), header, names, file)
    return found


def column_named(
    column: str, header: Sequence[str], names: Mapping[str, str] | None, file: str
) -> str:
    """A column of the file by its name, in any case.

    Raises:
        InputError: where there is none.
    """
    names = columns_by_name(header) if names is None else names
    wanted = column.strip()
    found = names.get(wanted.casefold())  # of columns that differ in capitals, the first
    found = wanted if found not in (None, wanted) and wanted in header else found
    if found is None:
        raise InputError(
            f"{file}: there is no column {quoted(wanted)}; the columns are {shown_header(header)}."
        )
    return found


def _same_names(names: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The columns that are called as their role, unless they have another role already."""
    taken = set(own.values())
    roles = ("rater", "prompt", *OPTIONAL)
    found = {r: names[r] for r in roles if r in names and names[r] not in taken}
    if not own.keys() & VALUES.keys():
        found.update({r: names[r] for r in VALUES if r in names and names[r] not in taken})
    return found


def _layout_of_roles(columns: dict[str, str], header: Sequence[str], file: str) -> Layout:
    if "chosen" in columns or "rejected" in columns:
        lacking = [role for role in ("chosen", "rejected") if role not in columns]
        if lacking:
            raise InputError(f"{file}: name the column of {lacking[0]} completions, too.")
        columns = {r: c for r, c in columns.items() if r not in VALUES}
        taken = set(columns.values())
        prompt = {} if "prompt" in columns else _pair_prompt(columns_by_name(header), taken)
        return Layout("pairs", {**columns, **prompt}, note=_guess_note(prompt))
    values = [role for role in VALUES if role in columns]
    if not values:
        fail_missing(header, file, ["rank (or score, or penalty)"])
    if len(values) > 1:
        _fail_two_values(file, values)
    return Layout("long", columns)


def _published(names: Mapping[str, str]) -> Layout | None:
    """The layout of a published data set."""

    def columns(**roles: str) -> dict[str, str]:
        return {role: names[name] for role, name in roles.items() if name in names}

    def has(*wanted: str) -> bool:
        return all(name in names for name in wanted)

    if has("user_id", "user_prompt", "model_response", "score"):
        found = columns(rater="user_id", prompt="user_prompt", completion="model_response",
                        score="score", ballot="interaction_id")  # fmt: skip
        return Layout("long", found, lenient=True, note="Read as PRISM's utterances.")
    if has("user_id", "conversation_id", "conversation_history"):
        found = columns(rater="user_id", conversation="conversation_history")
        return Layout("conversation", found, note="Read as PRISM's conversations.")
    if has("rater_id", "item_id", "q_overall"):
        found = columns(rater="rater_id", completion="item_id", penalty="q_overall",
                        rater_group="rater_race")  # fmt: skip
        about = tuple(n for key, n in names.items() if key in _DICES_RATERS)
        texts = tuple(names[key] for key in ("context", "response") if key in names)
        note = "Read as DICES' ratings: one prompt, and an unsafe conversation is worse."
        return Layout("long", found, one_hot=about, text_of=texts, lenient=True, note=note)
    if has("prompt", "response", "helpfulness") and not has("score"):
        found = columns(rater="rater", prompt="prompt", completion="response", score="helpfulness")
        note = "Read as HelpSteer's ratings of helpfulness; name another column as the score."
        return Layout("long", found, lenient=True, note=note)
    for one, two, preference in _TWO:
        prompt = "prompt" if has("prompt") else "context"
        if has(prompt, one, two, preference):
            found = columns(rater="rater", prompt=prompt, one=one, two=two, preference=preference)
            note = "Read as HelpSteer's preferences: below 0 prefers the first response."
            return Layout("two responses", found, note=note)
    return _published_choices(names, columns, has) or _lists(names, columns)


_DICES_RATERS = ("rater_gender", "rater_locale", "rater_race", "rater_age", "rater_education")


def _published_choices(
    names: Mapping[str, str], columns: Callable[..., dict[str, str]], has: Callable[..., bool]
) -> Layout | None:
    """The layout of a published data set in which one column says which of the others is best."""
    options = tuple(names[n] for n in _FIRST_TURN if n in names)
    if has("annotator_id", "first_turn_prompt", "first_turn_preferred_response") and options:
        found = columns(
            rater="annotator_id", prompt="first_turn_prompt",
            preferred="first_turn_preferred_response", rater_group="annotator_country",
        )  # fmt: skip
        return Layout("choice", found, options, note="Read as Community Alignment's first turns.")
    if has("conversation_a", "conversation_b", "winner"):
        found = columns(rater="judge", preferred="winner", time="tstamp")
        options = names["conversation_a"], names["conversation_b"]
        return Layout("choice", found, options, note="Read as votes of an arena of models.")
    return None


def _lists(names: Mapping[str, str], columns: Callable[..., dict[str, str]]) -> Layout | None:
    """The layout of a table whose rows hold a list of completions, as UltraFeedback's do."""
    prompt_name = next((n for n in ("prompt", "instruction", "question") if n in names), None)
    lists = next((n for n in CANDIDATES if n in names), None)
    if prompt_name and lists and "chosen" not in names:
        found = columns(prompt=prompt_name, candidates=lists)
        found |= columns(rater=next((a for a in ("rater", *ALIASES["rater"]) if a in names), ""))
        values = {n: names[n] for n in ("scores", "ratings", "rating", "ranks") if n in names}
        if values:
            found["ranks" if "ranks" in values else "scores"] = next(iter(values.values()))
        return Layout("candidates", found)
    return None


def _plain(
    names: Mapping[str, str], header: Sequence[str], file: str, own: Mapping[str, str]
) -> Layout | None:
    """The layout of a table whose columns are called as their roles, or nearly so."""
    if "chosen" in names or "rejected" in names or "ranking" in names:
        roles = ("chosen", "rejected", "ranking", "prompt", "prompt_text", "weight", "time",
                 "rater_group")  # fmt: skip
        found = {role: names[role] for role in roles if role in names}
        found |= alias(names, "rater")
        prompt = {} if "prompt" in found else _pair_prompt(names, set(found.values()))
        lacking = [r for r in ("chosen", "rejected") if r not in found and "ranking" not in found]
        if lacking:
            fail_missing(header, file, lacking)
        return Layout("pairs", {**found, **prompt}, note=_guess_note(prompt))
    stated_value = bool(own.keys() & VALUES.keys())
    values = [] if stated_value else [role for role in VALUES if role in names]
    if len(values) > 1 and "completion" in names:
        _fail_two_values(file, values)
    found = {role: names[role] for role in ("rater", "prompt", "completion", *OPTIONAL, *values)
             if role in names}  # fmt: skip
    guessed: dict[str, str] = {}
    for role in ("rater", "prompt", "completion", "rater_group"):
        if role not in found:
            guessed |= alias(names, role, set(found.values()))
    if not values and not stated_value:
        guessed |= alias(names, "score", set(found.values()))
    columns = {**found, **guessed}
    has_value = stated_value or columns.keys() & VALUES.keys()
    if "completion" in columns and has_value:
        return Layout("long", columns, note=_guess_note(guessed))
    known = found.keys() & {"completion", *VALUES} or guessed.keys() & {"completion", *VALUES}
    if known and len(columns) > 1:
        lacking = [] if "completion" in columns else ["completion"]
        fail_missing(header, file, lacking + ([] if has_value else ["rank (or score, or penalty)"]))
    return None


def _pair_prompt(names: Mapping[str, str], taken: set[str]) -> dict[str, str]:
    """The column of the prompts of a table of pairs, by a usual name."""
    found = alias(names, "prompt", taken)
    if not found and "messages" in names and names["messages"] not in taken:
        found = {"prompt": names["messages"]}
    return found


def _guess_note(guessed: Mapping[str, str]) -> str:
    """Which columns were taken for a role that they are not called by."""
    taken = [f"{quoted(name)[1:-1]} as {role}" for role, name in guessed.items()]
    return f"Columns are read by their names: {', '.join(taken)}." if taken else ""


def alias(
    names: Mapping[str, str], role: str, taken: frozenset[str] | set[str] = frozenset()
) -> dict[str, str]:
    """The column of a role, by its own name or another that is usual."""
    for name in (role, *ALIASES[role]):
        if name in names and names[name] not in taken:
            return {role: names[name]}
    return {}


def check_used_once(layout: Layout, header: Sequence[str], file: str) -> None:
    """Each column that is used stands once."""
    used = {name.casefold() for name in (*layout.columns.values(), *layout.items)}
    seen: set[str] = set()
    for name in header:
        key = name.casefold()
        if key in seen and (key in used or key.startswith((*FEATURES, RATER_FEATURE))):
            raise InputError(f"{file}: column {quoted(name)} stands twice; keep one.")
        seen.add(key)


def _fail_two_values(file: str, values: Sequence[str]) -> NoReturn:
    raise InputError(
        f"{file}: there are columns {' and '.join(values)}; keep one of them, or name it."
    )


def shown_header(header: Sequence[str]) -> str:
    return ", ".join(quoted(name)[1:-1] for name in header[:8]) + (", …" * (len(header) > 8))


def fail_missing(header: Sequence[str], file: str, lacking: Sequence[str]) -> NoReturn:
    """Raise ``InputError``: the table is none that is known."""
    if lacking:
        raise InputError(
            f"{file}: missing column{'s' * (len(lacking) > 1)} {', '.join(lacking)}; found "
            f"{shown_header(header)}; name the columns if they are called otherwise."
        )
    no_names = any(name.replace(".", "", 1).isdecimal() for name in header)
    raise InputError(
        f"{file}: missing columns completion, rank (or score, or penalty); found "
        f"{shown_header(header)}; "
        + ("give names of the columns in the first line." if no_names
           else "name the columns that hold rater, completion and score.")
    )  # fmt: skip

"""Edits of a scenario's content: plain data as in its file.

Every function returns new content and leaves its argument unchanged. Content may be invalid between
edits, for example while shares do not add up; ``scenario_of`` reports the fault. An edit that is
impossible raises ``InputError``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy

from scrl.data.files import quoted
from scrl.scenarios.scenario import Scenario
from scrl.scenarios.schema import order_utilities
from scrl.types import InputError

PARTS = {"completions": "completion", "prompts": "prompt", "types": "type of rater"}
_STATED = ("rankings", "utilities", "answers", "includes")
#: Letters of a name, and of a text, that an edit may set.
MAX_NAME, MAX_TEXT = 200, 2_000
Order = list[list[str]]


def content_of(scenario: Scenario) -> dict:
    """The scenario as plain data; every prompt, completion and type is a mapping."""
    content = scenario.model_dump(exclude_defaults=True)
    content["raters"] = scenario.raters
    for t in content["types"].values():
        for p, places in t.get("rankings", {}).items():
            t["rankings"][p] = [list(place) for place in places]
    for entry in content["prompts"].values():
        if "completions" in entry:
            entry["completions"] = list(entry["completions"])
    return content


def offered(content: Mapping, prompt: str) -> list[str]:
    """The completions of a prompt, in item order."""
    return list(content["prompts"][prompt].get("completions") or content["completions"])


def blank_content() -> dict:
    """A new scenario: two types of rater, three completions, one prompt; valid at once."""
    names = ["Answer A", "Answer B", "Answer C"]
    return {
        "name": "My scenario",
        "completions": {name: {} for name in names},
        "prompts": {"question": {"text": "Which answer is best?"}},
        "types": {
            "Group 1": {"share": 0.6, "rankings": {"question": [[n] for n in names]}},
            "Group 2": {"share": 0.4, "rankings": {"question": [[n] for n in names[::-1]]}},
        },
        "raters": 1_000,
    }


# -- names ----------------------------------------------------------------------------------------


def renamed(content: dict, part: str, old: str, new: str) -> dict:
    """Rename a completion, prompt or type in all places.

    Args:
        part: ``"completions"``, ``"prompts"`` or ``"types"``.

    Raises:
        InputError: where the new name is empty or taken.
    """
    new = new.strip()
    if new == old:
        return content
    _check_name(content, part, new)
    content = deepcopy(content)
    content[part] = _renamed_key(content[part], old, new)
    if part == "prompts":
        for t in content["types"].values():
            for key in _STATED:
                if old in t.get(key, {}):
                    t[key] = _renamed_key(t[key], old, new)
    if part == "completions":
        for entry in content["prompts"].values():
            if "completions" in entry:
                entry["completions"] = [new if c == old else c for c in entry["completions"]]
        for t in content["types"].values():
            for p, order in t.get("rankings", {}).items():
                t["rankings"][p] = [[new if c == old else c for c in tied] for tied in order]
            for key in ("utilities", "includes"):
                for p, values in t.get(key, {}).items():
                    t[key][p] = _renamed_key(values, old, new)
    return content


def added(content: dict, part: str, name: str) -> dict:
    """Add a completion, prompt or type.

    A new completion is last on every ballot of the prompts that offer all completions. A new prompt
    copies the preferences on the first prompt that offers all. A new type has share 0 and copies
    the first type's preferences.

    Raises:
        InputError: where the name is empty or taken.
    """
    name = name.strip()
    _check_name(content, part, name)
    content = deepcopy(content)
    if part == "completions":
        for p, entry in content["prompts"].items():
            if "completions" not in entry:
                _append_completion(content, p, name)
        features = next(iter(content["completions"].values())).get("features")
        content["completions"][name] = {"features": list(features)} if features else {}
    elif part == "types":
        first = next(iter(content["types"].values()))
        content["types"][name] = {
            "share": 0.0, **{k: deepcopy(first[k]) for k in ("rankings", "utilities") if k in first}
        }  # fmt: skip
    else:
        like = next((p for p, e in content["prompts"].items() if "completions" not in e), None)
        features = next(iter(content["prompts"].values())).get("features")
        content["prompts"][name] = {"features": list(features)} if features else {}
        for t in content["types"].values():
            for key in ("rankings", "utilities"):
                if like in t.get(key, {}):
                    t[key][name] = deepcopy(t[key][like])
            if like is None:
                t.setdefault("rankings", {})[name] = [[c] for c in content["completions"]]
    return content


def removed(content: dict, part: str, name: str) -> dict:
    """Remove a completion, prompt or type in all places; a type's share goes to the others in
    proportion to theirs.

    Raises:
        InputError: where too few would be left.
    """
    least = 2 if part == "completions" else 1
    if len(content[part]) <= least:
        raise InputError(f"A scenario has at least {'two' if least == 2 else 'one'} of its {part}; "
                         "add another first.")  # fmt: skip
    content = deepcopy(content)
    entry = content[part].pop(name)
    if part == "types":
        left = sum(t["share"] for t in content["types"].values())
        if left > 0:
            for t in content["types"].values():
                t["share"] *= (left + entry["share"]) / left
    elif part == "prompts":
        for t in content["types"].values():
            for key in _STATED:
                t.get(key, {}).pop(name, None)
    else:
        for p, own in content["prompts"].items():
            if name in own.get("completions", []):
                if len(own["completions"]) <= 2:
                    raise InputError(f"The prompt {quoted(p)} would have fewer than two "
                                     "completions; give it another first.")  # fmt: skip
                own["completions"].remove(name)
            _remove_completion(content, p, name)
    return content


def with_offered(content: dict, prompt: str, names: Sequence[str] | None) -> dict:
    """Set the completions that a prompt offers; new ones are last on every ballot.

    Args:
        names: the completions offered, in any order; all where None.

    Raises:
        InputError: where they are fewer than two.
    """
    new = [c for c in content["completions"] if names is None or c in names]
    if len(new) < 2:
        raise InputError(f"The prompt {quoted(prompt)} needs at least two completions.")
    old = offered(content, prompt)
    content = deepcopy(content)
    if len(new) < len(content["completions"]):
        content["prompts"][prompt]["completions"] = new
    else:
        content["prompts"][prompt].pop("completions", None)
    for c in old:
        if c not in new:
            _remove_completion(content, prompt, c)
    for c in new:
        if c not in old:
            _append_completion(content, prompt, c)
    return content


# -- preferences ----------------------------------------------------------------------------------


def order_of(content: Mapping, type: str, prompt: str) -> Order:
    """A type's order on a prompt, best first, also where it states utilities."""
    t = content["types"][type]
    if prompt in t.get("utilities", {}):
        values = t["utilities"][prompt]
        return [[c for c, v in values.items() if v == u] for u in sorted({*values.values()})[::-1]]
    return [list(place) for place in t["rankings"][prompt]]


def with_order(content: dict, type: str, prompt: str, order: Order) -> dict:
    """Set a type's order on a prompt, in place of its order or utilities.

    Raises:
        InputError: where the order does not name each completion once.
    """
    names, offer = [c for place in order for c in place], offered(content, prompt)
    for c in names:
        if c not in offer:
            raise InputError(f"{type}: {quoted(c)} is not one of this prompt's completions.")
        if names.count(c) > 1:
            raise InputError(f"{type}: {quoted(c)} stands twice; name each completion once.")
    for c in offer:
        if c not in names:
            raise InputError(f"{type}: {quoted(c)} is missing; rank every completion, ties with =.")
    content = deepcopy(content)
    t = content["types"][type]
    t.get("utilities", {}).pop(prompt, None)
    t.setdefault("rankings", {})[prompt] = [list(place) for place in order if place]
    return content


def utilities_of(content: Mapping, type: str, prompt: str) -> dict[str, float]:
    """A type's utilities on a prompt in item order; an order of m stands for m-1 … 0."""
    stated = content["types"][type].get("utilities", {}).get(prompt)
    stated = stated or order_utilities(content["types"][type]["rankings"][prompt])
    return {c: float(stated[c]) for c in offered(content, prompt)}


def with_utilities(content: dict, prompt: str, values: Mapping[str, Mapping[str, float]]) -> dict:
    """Set types' utilities on a prompt, type -> completion -> number, in place of their orders or
    utilities."""
    content = deepcopy(content)
    for type, utilities in values.items():
        t = content["types"][type]
        t.get("rankings", {}).pop(prompt, None)
        t.setdefault("utilities", {})[prompt] = dict(utilities)
    return content


def states_utilities(content: Mapping, prompt: str) -> bool:
    """Whether any type states utilities on the prompt."""
    return any(prompt in t.get("utilities", {}) for t in content["types"].values())


def orders_to_text(content: Mapping, prompt: str) -> str:
    """Every type's order on a prompt, one line each: ``Memphis: A > B = C``."""
    return "\n".join(
        f"{t}: " + " > ".join(" = ".join(tied) for tied in order_of(content, t, prompt))
        for t in content["types"]
    )


def with_orders_text(content: dict, prompt: str, text: str) -> dict:
    """Set the orders in a text as ``orders_to_text`` writes it; types without a line keep theirs.

    Raises:
        InputError: naming the line.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        # The longest name first, since a type's name may hold a colon.
        known = sorted(content["types"], key=len, reverse=True)
        type = next((t for t in known if line.strip().startswith(f"{t}:")), None)
        if type is None:
            raise InputError(
                f"Line {number}: begin with a type of rater and a colon, such as "
                f"{next(iter(content['types']))}: A > B = C."
            )
        rest = line.strip()[len(type) + 1 :]
        order = [[c.strip() for c in place.split("=")] for place in rest.split(">")]
        if not all(c for place in order for c in place):
            raise InputError(f"Line {number} has an empty place; write A > B = C.")
        if order != order_of(content, type, prompt):
            content = with_order(content, type, prompt, order)
    return content


# -- chances and shares ---------------------------------------------------------------------------


def with_chances(
    content: dict,
    answers: Mapping[str, Mapping[str, float]] | None = None,
    includes: Mapping[str, Mapping[str, Mapping[str, float]]] | None = None,
) -> dict:
    """Set probabilities of answering and inclusion, in the form that ``with_overrides`` takes; a
    probability of 1 is removed, as it is the default."""
    content = deepcopy(content)
    for type, chances in (answers or {}).items():
        for p, chance in chances.items():
            _set_chance(content["types"][type].setdefault("answers", {}), p, chance)
    for type, by_prompt in (includes or {}).items():
        for p, chances in by_prompt.items():
            own = content["types"][type].setdefault("includes", {}).setdefault(p, {})
            for c, chance in chances.items():
                _set_chance(own, c, chance)
    return content


def with_shares(content: dict, shares: Mapping[str, float]) -> dict:
    """Set the shares of types."""
    content = deepcopy(content)
    for type, share in shares.items():
        content["types"][type]["share"] = share
    return content


def fully_observed(content: dict) -> dict:
    """Every rater answers everything."""
    content = deepcopy(content)
    for t in content["types"].values():
        t.pop("answers", None)
        t.pop("includes", None)
    return content


def with_normalised_shares(content: dict) -> dict:
    """Scale the shares so that they add up to 1.

    Raises:
        InputError: where all are 0.
    """
    total = sum(t["share"] for t in content["types"].values())
    if not total > 0:
        raise InputError("Give at least one type of rater a share above 0.")
    content = deepcopy(content)
    for t in content["types"].values():
        t["share"] /= total
    return content


# -- small parts ----------------------------------------------------------------------------------


def limited(text: str, most: int, what: str) -> str:
    """The text.

    Raises:
        InputError: where it is longer than ``most`` letters.
    """
    if len(text) > most:
        raise InputError(
            f"{what} has at most {most:,} letters; this one has {len(text):,}. Shorten it."
        )
    return text


def _check_name(content: Mapping, part: str, name: str) -> None:
    """Raise ``InputError`` where a new name is empty or taken."""
    if not name:
        raise InputError(f"A {PARTS[part]} needs a name.")
    limited(name, MAX_NAME, f"The name of a {PARTS[part]}")
    if name in content[part]:
        raise InputError(f"There is already a {PARTS[part]} called {quoted(name)}.")


def _renamed_key(values: Mapping, old: str, new: str) -> dict:
    return {new if key == old else key: value for key, value in values.items()}


def _set_chance(values: dict, key: str, chance: float) -> None:
    if chance == 1:
        values.pop(key, None)
    else:
        values[key] = chance


def _append_completion(content: dict, prompt: str, name: str) -> None:
    """Put a completion last in every type's preferences on a prompt, in place."""
    for t in content["types"].values():
        if prompt in t.get("utilities", {}):
            values = t["utilities"][prompt]
            values[name] = min(values.values()) - 1
        elif prompt in t.get("rankings", {}):
            t["rankings"][prompt].append([name])


def _remove_completion(content: dict, prompt: str, name: str) -> None:
    """Remove a completion from every type's statements on a prompt, in place."""
    for t in content["types"].values():
        t.get("utilities", {}).get(prompt, {}).pop(name, None)
        t.get("includes", {}).get(prompt, {}).pop(name, None)
        if prompt in t.get("rankings", {}):
            places = [[c for c in place if c != name] for place in t["rankings"][prompt]]
            t["rankings"][prompt] = [place for place in places if place]

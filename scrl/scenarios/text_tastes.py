"""Tastes over texts: completions made of templates, and utilities that follow from a text.

A scenario file may give ``templates`` (name -> text with ``{slots}``), which every prompt fills
with its own ``slots``, and its types may state ``likes``: weights on measured attributes of a text
(``scrl.text.ATTRIBUTES``), for all prompts or for those of a kind. Both are written out when the
file is read, so that all that follows sees completions and utilities. Any new text has a utility,
too (``text_utilities``).
"""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scrl.data.files import quoted
from scrl.scenarios.fields import fault, path_step, suggestion
from scrl.text import ATTRIBUTES, attribute_values
from scrl.types import InputError

#: Templates × prompts, and characters of a text that they make, at most.
MAX_TEXTS, MAX_LENGTH = 5_000, 20_000
#: Largest size of a weight of an attribute.
MAX_WEIGHT = 1e30
Likes = Mapping[str, float | Mapping[str, float]]


def written_out(content: Mapping[str, Any]) -> dict[str, Any]:
    """A scenario's content with templates filled, chances of kinds given to their prompts, and
    utilities in place of likes; what is misshapen is left for the schema to refuse."""
    content = dict(content)
    templates = content.pop("templates", None)
    prompts = content.get("prompts")
    if not isinstance(prompts, Mapping):
        return content
    if templates is not None:
        content |= _filled(content, templates)
    for p, entry in prompts.items():
        kind = entry.get("kind") if isinstance(entry, Mapping) else None
        if kind is not None and not isinstance(kind, str):
            raise fault(f"prompts.{path_step(p)}.kind: {quoted(kind)} is not text")
    types = content.get("types")
    if isinstance(types, Mapping):
        content["types"] = {name: _stated(content, name, t) for name, t in types.items()}
    return content


def text_utilities(likes: Sequence[Likes], kind: str | None, texts: Sequence[str]) -> np.ndarray:
    """Utilities of texts ``[types, texts]``: the sum of weights times attributes.

    Args:
        likes: of the types: attribute -> weight, or kind of prompt -> further such weights.
        kind: of the prompt.
        texts: of the completions.

    Raises:
        InputError: for an unknown attribute.
    """
    rows = []
    for own in likes:
        weight = {name: w for name, w in own.items() if not isinstance(w, Mapping)}
        further = own.get(kind) if kind is not None else None
        if isinstance(further, Mapping):
            for name, w in further.items():
                weight[name] = float(weight.get(name, 0.0)) + w
        values = attribute_values(texts, list(weight))
        rows.append(values @ np.array(list(weight.values()), float))
    return np.array(rows).reshape(len(likes), len(texts))


def _filled(content: Mapping[str, Any], templates: Any) -> dict[str, Any]:
    """The prompts and completions of templates."""
    if not isinstance(templates, Mapping) or len(templates) < 2:
        raise fault("templates: give at least two, each a name and a text with {slots}")
    if content.get("completions"):
        raise fault("templates: the completions are made of them; leave 'completions' out")
    prompts: Mapping[str, Any] = content["prompts"]
    if len(prompts) * len(templates) > MAX_TEXTS:
        raise fault(f"templates: they make more than {MAX_TEXTS:,} texts; give fewer")
    completions: dict[str, Any] = {}
    new_prompts: dict[str, Any] = {}
    for p, prompt in prompts.items():
        entry = dict(prompt) if isinstance(prompt, Mapping) else {}
        slots = entry.pop("slots", None) or {}
        names = []
        for t, template in templates.items():
            name = f"{p}: {t}"
            completions[name] = {"text": _fill(template, slots, f"prompts.{path_step(p)}.slots", t)}
            names.append(name)
        new_prompts[p] = entry | {"completions": names}
    return {"prompts": new_prompts, "completions": completions}


def _fill(template: Any, slots: Any, where: str, name: Any) -> str:
    if not isinstance(template, str):
        raise fault(f"templates.{path_step(name)}: should be a text with {{slots}}")
    if not isinstance(slots, Mapping):
        raise fault(f"{where}: should be a mapping (name: text)")
    try:
        pieces = list(string.Formatter().parse(template))
    except ValueError:
        raise fault(f"templates.{path_step(name)}: a brace has no partner") from None
    parts = []
    for text, slot, *_ in pieces:
        parts.append(text)
        if slot is not None:
            if slot not in slots:
                raise fault(
                    f"{where}: the template {quoted(name)} needs {quoted(slot)}"
                    f"{suggestion(slot, map(str, slots))}"
                )
            parts.append(str(slots[slot]))
    filled = "".join(parts).strip()
    if not filled or len(filled) > MAX_LENGTH:
        raise fault(f"{where}: the text of {quoted(name)} is empty or over {MAX_LENGTH:,} letters")
    return filled


def _stated(content: Mapping[str, Any], name: str, rater_type: Any) -> Any:
    """A type with its likes as utilities, and chances of kinds as those of prompts."""
    if not isinstance(rater_type, Mapping):
        return rater_type
    prompts = {
        p: entry if isinstance(entry, Mapping) else {} for p, entry in content["prompts"].items()
    }
    kinds = {str(entry["kind"]) for entry in prompts.values() if entry.get("kind") is not None}
    found = dict(rater_type)
    answers = found.get("answers")
    if isinstance(answers, Mapping) and kinds:
        given = {
            p: answers[entry["kind"]]
            for p, entry in prompts.items()
            if entry.get("kind") in answers and p not in answers
        }
        found["answers"] = given | {k: v for k, v in answers.items() if k not in kinds - {*prompts}}
    likes = found.get("likes")
    if not likes:
        return found
    _check_likes(likes, kinds, f"types.{path_step(name)}.likes")
    completions = content.get("completions")
    if not isinstance(completions, Mapping):
        completions = {name: {} for name in completions or ()}
    utilities = dict(found.get("utilities") or {})
    for p, entry in prompts.items():
        if p in utilities or p in (found.get("rankings") or {}):
            continue
        offered = list(entry.get("completions") or completions)
        texts = [str((completions.get(c) or {}).get("text") or c) for c in offered]
        try:
            values = text_utilities([likes], entry.get("kind"), texts)[0]
        except (InputError, TypeError, ValueError):
            return found
        utilities[p] = dict(zip(offered, (round(float(v), 6) for v in values), strict=True))
    return found | {"utilities": utilities}


def _check_likes(likes: Any, kinds: set[str], where: str) -> None:
    """Raise a fault where likes are not weights of attributes."""
    if not isinstance(likes, Mapping):
        raise fault(f"{where}: should be a mapping (attribute: weight)")
    for name, weight in likes.items():
        if isinstance(weight, Mapping):
            if name not in kinds:
                raise fault(
                    f"{where}: {quoted(name)} is no kind of a prompt{suggestion(name, kinds)}"
                )
            _check_likes(weight, set(), f"{where}.{path_step(name)}")
        elif name not in ATTRIBUTES:
            raise fault(
                f"{where}: {quoted(name)} is no measured attribute{suggestion(name, ATTRIBUTES)}; "
                f"the names are {', '.join(ATTRIBUTES)}"
            )
        elif isinstance(weight, bool) or not isinstance(weight, int | float):
            raise fault(f"{where}.{path_step(name)}: should be a number, not {quoted(weight)}")
        elif not -MAX_WEIGHT <= weight <= MAX_WEIGHT:
            raise fault(
                f"{where}.{path_step(name)}: should be a finite number, not {quoted(weight)}"
            )

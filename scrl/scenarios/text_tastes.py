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
from typing import Any, NamedTuple

import numpy as np

from scrl.data.files import quoted
from scrl.data.limits import MAX_UTILITY, UTILITY
from scrl.scenarios.fields import fault, path_step, suggestion
from scrl.text import ATTRIBUTES, attribute_values
from scrl.types import InputError

#: Templates × prompts, and characters of a template or of a text that they make, at most.
MAX_TEXTS, MAX_LENGTH = 5_000, 20_000
#: Characters of all texts that templates make, and slots that are filled, at most.
MAX_CHARACTERS, MAX_SLOTS = 10_000_000, 1_000_000
#: Utilities that likes stand for, and characters that are measured for them, at most.
MAX_LIKED, MAX_MEASURED = 100_000, 20_000_000
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
        offer = _offer(content, content["prompts"])
        _check_liked(offer, types)
        content["types"] = {name: _stated(offer, name, t) for name, t in types.items()}
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
    pieces = {name: _pieces(name, template) for name, template in templates.items()}
    if len(prompts) * sum(map(len, pieces.values())) > MAX_SLOTS:
        raise fault(f"templates: more than {MAX_SLOTS:,} slots would be filled; give fewer")
    completions: dict[str, Any] = {}
    new_prompts: dict[str, Any] = {}
    size = 0
    for p, prompt in prompts.items():
        entry = dict(prompt) if isinstance(prompt, Mapping) else {}
        slots = entry.pop("slots", None) or {}
        names = []
        for t, own in pieces.items():
            name = f"{p}: {t}"
            text = _fill(own, slots, f"prompts.{path_step(p)}.slots", t)
            size += len(text)
            if size > MAX_CHARACTERS:
                raise fault(f"templates: their texts have more than {MAX_CHARACTERS:,} letters")
            completions[name] = {"text": text}
            names.append(name)
        new_prompts[p] = entry | {"completions": names}
    return {"prompts": new_prompts, "completions": completions}


def _pieces(name: Any, template: Any) -> list[tuple[str, str | None]]:
    """The parts of a template: a text, and the slot after it (None at the end)."""
    where = f"templates.{path_step(name)}"
    if not isinstance(template, str):
        raise fault(f"{where}: should be a text with {{slots}}")
    if len(template) > MAX_LENGTH:
        raise fault(f"{where}: the template has more than {MAX_LENGTH:,} letters")
    try:
        return [(text, slot) for text, slot, *_ in string.Formatter().parse(template)]
    except ValueError:
        raise fault(f"{where}: a brace has no partner") from None


def _fill(pieces: Sequence[tuple[str, str | None]], slots: Any, where: str, name: Any) -> str:
    if not isinstance(slots, Mapping):
        raise fault(f"{where}: should be a mapping (name: text)")
    parts, size = [], 0
    for text, slot in pieces:
        parts.append(text)
        if slot is not None:
            if slot not in slots:
                raise fault(
                    f"{where}: the template {quoted(name)} needs {quoted(slot)}"
                    f"{suggestion(slot, map(str, slots))}"
                )
            parts.append(str(slots[slot]))
            size += len(parts[-1])
        if size > 2 * MAX_LENGTH:
            break
    filled = "".join(parts).strip()
    if not filled or len(filled) > MAX_LENGTH:
        raise fault(f"{where}: the text of {quoted(name)} is empty or over {MAX_LENGTH:,} letters")
    return filled


class _Offer(NamedTuple):
    """What prompts offer, for types that state kinds of prompts or likes.

    Attributes:
        kinds: kind -> its prompts.
        prompts: prompt -> its kind, and the completions that it offers.
        texts: completion -> its text.
    """

    kinds: dict[str, list[Any]]
    prompts: dict[Any, tuple[Any, Sequence[Any]]]
    texts: dict[Any, str]


def _offer(content: Mapping[str, Any], prompts: Mapping[Any, Any]) -> _Offer:
    completions = content.get("completions")
    if not isinstance(completions, Mapping):
        listed = completions if isinstance(completions, list | tuple) else ()
        completions = {name: {} for name in listed if isinstance(name, str)}
    texts = {
        name: str((entry.get("text") if isinstance(entry, Mapping) else None) or name)
        for name, entry in completions.items()
    }
    everything = tuple(texts)
    kinds: dict[str, list[Any]] = {}
    found: dict[Any, tuple[Any, Sequence[Any]]] = {}
    for p, entry in prompts.items():
        entry = entry if isinstance(entry, Mapping) else {}
        own = entry.get("completions")
        kind = entry.get("kind")
        found[p] = kind, own if isinstance(own, list | tuple) and own else everything
        if kind is not None:
            kinds.setdefault(str(kind), []).append(p)
    return _Offer(kinds, found, texts)


def _check_liked(offer: _Offer, types: Mapping[Any, Any]) -> None:
    """Raise a fault where likes stand for too many utilities, or for those of too long texts."""
    liking = sum(isinstance(t, Mapping) and bool(t.get("likes")) for t in types.values())
    if not liking:
        return
    offered = sum(len(own) for _, own in offer.prompts.values())
    if liking * offered > MAX_LIKED:
        raise fault(
            f"types: the likes of {liking:,} types for {offered:,} completions stand for more "
            f"utilities than the limit of {MAX_LIKED:,}; give fewer types or completions"
        )
    letters = sum(
        len(offer.texts.get(c, "")) if isinstance(c, str) else 0
        for _, own in offer.prompts.values()
        for c in own
    )
    if liking * letters > MAX_MEASURED:
        raise fault(
            f"types: the texts that {liking:,} types like have more than {MAX_MEASURED:,} letters "
            "to measure; give fewer types or shorter texts"
        )


def _stated(offer: _Offer, name: str, rater_type: Any) -> Any:
    """A type with its likes as utilities, and chances of kinds as those of prompts."""
    if not isinstance(rater_type, Mapping):
        return rater_type
    found = dict(rater_type)
    answers = found.get("answers")
    if isinstance(answers, Mapping) and offer.kinds:
        given = {
            p: chance
            for kind, chance in answers.items()
            for p in offer.kinds.get(kind if isinstance(kind, str) else "", ())
            if p not in answers
        }
        kept = {k: v for k, v in answers.items() if k not in offer.kinds or k in offer.prompts}
        found["answers"] = given | kept
    likes = found.get("likes")
    if not likes:
        return found
    _check_likes(likes, {*offer.kinds}, f"types.{path_step(name)}.likes")
    utilities = found.get("utilities")
    rankings = found.get("rankings")
    utilities = dict(utilities) if isinstance(utilities, Mapping) else {}
    rankings = rankings if isinstance(rankings, Mapping) else {}
    for p, (kind, offered) in offer.prompts.items():
        if p in utilities or p in rankings:
            continue
        try:
            texts = [offer.texts.get(c) or str(c) for c in offered]
            values = text_utilities([likes], kind, texts)[0]
            utilities[p] = dict(zip(offered, (round(float(v), 6) for v in values), strict=True))
        except (InputError, TypeError, ValueError):
            return found
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
        elif not -MAX_UTILITY <= weight <= MAX_UTILITY:
            raise fault(f"{where}.{path_step(name)}: should be {UTILITY}, not {quoted(weight)}")

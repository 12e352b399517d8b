"""XML from untrusted files as plain trees: no entities, no document types, limited depth."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from scrl.data.files import check_text, library_words, quoted
from scrl.types import InputError

MAX_DEPTH = 64
MAX_ELEMENTS = 4_000_000


@dataclass(slots=True)
class Element:
    """An element: its name without its namespace, its text, attributes and children."""

    name: str
    attributes: dict[str, str]
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def all(self, name: str) -> list[Element]:
        """The children of a name."""
        return [child for child in self.children if child.name == name]

    def first(self, name: str) -> Element | None:
        """The first child of a name."""
        return next((child for child in self.children if child.name == name), None)

    def value(self, name: str) -> str:
        """The text of the first child of a name, or its attribute; empty where there is neither."""
        child = self.first(name)
        return (child.text if child is not None else self.attributes.get(name, "")).strip()


class _Tree:
    """Builds the tree while expat reads."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.root: Element | None = None
        self.open: list[Element] = []
        self.parts: list[list[str]] = []  # of the text of each open element
        self.elements = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.elements += 1
        if self.elements > MAX_ELEMENTS:
            raise InputError(f"{self.file}: there are more than {MAX_ELEMENTS:,} elements.")
        if len(self.open) >= MAX_DEPTH:
            raise InputError(f"{self.file}: elements are nested deeper than {MAX_DEPTH} levels.")
        plain = {key.rpartition("}")[2]: value for key, value in attributes.items()}
        element = Element(name.rpartition("}")[2], plain)
        if self.open:
            self.open[-1].children.append(element)
        elif self.root is None:
            self.root = element
        self.open.append(element)
        self.parts.append([])

    def end(self, name: str) -> None:
        self.open.pop().text = "".join(self.parts.pop())

    def characters(self, text: str) -> None:
        if self.parts:
            self.parts[-1].append(text)

    def refuse(self, *_: object) -> NoReturn:
        raise InputError(
            f"{self.file}: the file defines a document type or entities, which are not read; "
            "give it without <!DOCTYPE …>."
        )


def parse_xml(data: bytes, file: str) -> Element:
    """The root element of a file.

    Raises:
        InputError: where it is no XML, defines entities, or is nested too deep.
    """
    check_text(data, file)
    tree = _Tree(file)
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartElementHandler = tree.start
    parser.EndElementHandler = tree.end
    parser.CharacterDataHandler = tree.characters
    parser.StartDoctypeDeclHandler = tree.refuse
    parser.EntityDeclHandler = tree.refuse
    parser.ExternalEntityRefHandler = tree.refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as error:
        message = quoted(expat.ErrorString(error.code))[1:-1]
        raise InputError(
            f"{file}: line {error.lineno}: this is not readable as XML ({message})."
        ) from None
    except (ValueError, LookupError) as error:  # an encoding that is unknown
        raise InputError(f"{file}: this is not readable as XML{library_words(error)}.") from None
    if tree.root is None:
        raise InputError(f"{file}: there is no element in this file.")
    return tree.root

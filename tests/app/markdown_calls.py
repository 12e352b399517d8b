"""Which calls of a page hand a person's text to Streamlit as Markdown without escaping it.

The source is read, not run. A text is foreign where it is an exception, or has a name or an
attribute of ``FOREIGN``; formatted numbers and what passes through ``escaped`` are not.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

#: Functions whose text, label, help or caption the browser reads as Markdown.
SHOWING = {
    "error", "warning", "info", "success", "exception", "markdown", "caption", "subheader",
    "header", "title", "toast", "progress", "metric", "tabs", "expander", "popover", "status",
    "spinner", "write", "button", "link_button", "page_link", "download_button", "checkbox",
    "toggle", "radio", "selectbox", "multiselect", "slider", "select_slider", "segmented_control",
    "pills", "text_input", "text_area", "number_input", "file_uploader", "form_submit_button",
    "data_editor", "badge", "say", "note", "guess", "switch", "take_file", "go_button",
}  # fmt: skip
#: Functions whose options are Markdown, too; those of other lists are plain text.
MARKDOWN_OPTIONS = {"radio", "segmented_control", "pills", "tabs"}
#: Keywords that hold Markdown; of positional arguments it is the first.
KEYWORDS = {"label", "help", "body", "text", "caption"}
#: Names and attributes that hold what a person wrote.
FOREIGN = {
    "name", "names", "prompt", "prompts", "completion", "completions", "text", "texts", "summary",
    "message", "notice", "notes", "error", "fault", "filename", "prompt_texts",
    "completion_texts", "raters", "type_names", "highlight", "stderr",
}  # fmt: skip
#: As attributes only: a parameter of this name is passed on by a function that draws a widget.
FOREIGN_ATTRIBUTES = {"label", "types"}
#: Calls that give the text of their arguments, or of what they are a method of.
SPEAKING = {
    "str", "join", "format", "replace", "lower", "upper", "capitalize", "title", "strip", "get",
    "repr", "sorted", "list", "map", "dict",
}  # fmt: skip


def unescaped(path: Path) -> Iterator[tuple[int, str]]:
    """``(line, expression)`` of every foreign text that is shown unescaped."""
    tree = ast.parse(path.read_text("utf-8"))
    caught = {h.name for h in ast.walk(tree) if isinstance(h, ast.ExceptHandler) and h.name}
    functions = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef)]
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or _name(call.func) not in SHOWING:
            continue
        around = [f for f in functions if f.lineno <= call.lineno <= (f.end_lineno or 0)]
        reader = _Reader(caught, _assigned(around[-1]) if around else {})
        shown = [*call.args[:1], *(k.value for k in call.keywords if k.arg in KEYWORDS)]
        if _name(call.func) in MARKDOWN_OPTIONS and not _formats(call):
            shown += call.args[1:2]
        for text in shown:
            for found in reader.foreign(text):
                yield call.lineno, ast.unparse(found)


def _formats(call: ast.Call) -> bool:
    return any(keyword.arg == "format_func" for keyword in call.keywords)


def _name(node: ast.AST) -> str:
    return getattr(node, "attr", getattr(node, "id", ""))


def _assigned(function: ast.FunctionDef) -> dict[str, list[ast.expr]]:
    """What each local name of a function is assigned."""
    found: dict[str, list[ast.expr]] = {}
    for node in ast.walk(function):
        if not isinstance(node, ast.Assign):
            continue
        for target in node.targets:
            pairs = [(target, node.value)]
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                pairs = list(zip(target.elts, node.value.elts, strict=False))
            for one, value in pairs:
                if isinstance(one, ast.Name):
                    found.setdefault(one.id, []).append(value)
    return found


class _Reader:
    """Finds foreign text in expressions of one function."""

    def __init__(self, caught: set[str], assigned: dict[str, list[ast.expr]]) -> None:
        self._caught, self._assigned = caught, assigned

    def foreign(self, node: ast.AST, depth: int = 3) -> Iterator[ast.AST]:
        """The foreign parts of an expression."""
        if isinstance(node, ast.Name) and node.id in self._assigned and depth:
            for value in self._assigned[node.id]:
                yield from self.foreign(value, depth - 1)
        elif isinstance(node, ast.Name | ast.Attribute):
            known = FOREIGN | (
                FOREIGN_ATTRIBUTES if isinstance(node, ast.Attribute) else self._caught
            )
            if _name(node) in known:
                yield node
        elif isinstance(node, ast.Subscript):
            key = node.slice.value if isinstance(node.slice, ast.Constant) else _name(node.slice)
            if key in FOREIGN or _name(node.value) in FOREIGN:
                yield node
        else:
            for part in self._parts(node):
                yield from self.foreign(part, depth)

    def _parts(self, node: ast.AST) -> list[ast.AST]:
        """The parts of an expression whose text becomes part of its own."""
        if isinstance(node, ast.Call):
            if _name(node.func) not in SPEAKING:
                return []
            method = [node.func.value] if isinstance(node.func, ast.Attribute) else []
            return [*method, *node.args]
        if isinstance(node, ast.FormattedValue):
            return [] if node.format_spec is not None else [node.value]
        if isinstance(node, ast.IfExp):
            return [node.body, node.orelse]
        if isinstance(node, ast.ListComp | ast.GeneratorExp):
            return [node.elt]
        if isinstance(node, ast.Compare | ast.Lambda | ast.Constant):
            return []
        return [part for part in ast.iter_child_nodes(node) if isinstance(part, ast.expr)]

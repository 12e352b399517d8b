"""A hash of the code that a baked result depends on.

The hash covers the source of the given modules and of every scrl module that they import, directly
or through others. Imports are read from the source; nothing is imported. The hash is of each
module's syntax tree without docstrings, comments, layout and type annotations: a reworded docstring
changes nothing, any other change of code does.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

PACKAGE = "scrl"
#: The folder that holds the package.
ROOT = Path(__file__).resolve().parents[2]
#: Modules imported for annotations only.
_TYPING = ("__future__", "typing", "typing_extensions", "collections.abc", "types", "jaxtyping")


def code_hash(modules: Iterable[str], root: Path = ROOT) -> str:
    """The hash of modules and everything of scrl that they import.

    Args:
        modules: dotted names.
        root: the folder that holds the package's sources.

    Raises:
        ModuleNotFoundError: for a name that is no module.
    """
    found = hashlib.sha256()
    for name in sorted(dependencies(modules, root)):
        found.update(f"{name} {module_hash(_file(name, root))}\n".encode())
    return found.hexdigest()[:16]


def dependencies(modules: Iterable[str], root: Path = ROOT) -> set[str]:
    """The given modules and every scrl module that importing them imports.

    The package itself is left out: it only names the public functions and the version.

    Raises:
        ModuleNotFoundError: for a name that is no module.
    """
    todo, found = list(modules), set()
    for name in todo:
        if not _file(name, root).is_file():
            raise ModuleNotFoundError(name)
    while todo:
        name = todo.pop()
        if name in found or name == PACKAGE:
            continue
        found.add(name)
        todo += [name.rpartition(".")[0]] if "." in name else []
        todo += _imported(name, root)
    return found


def module_hash(path: Path) -> str:
    """The hash of one module's code."""
    return _source_hash(path.read_text("utf-8"))


@cache
def _source_hash(source: str) -> str:
    tree = ast.parse(source)
    _Code().visit(tree)
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


class _Code(ast.NodeTransformer):
    """Removes what does not change results: docstrings, annotations, imports for annotations."""

    def visit(self, node: ast.AST) -> Any:
        found = super().visit(node)
        body = getattr(found, "body", None)
        if isinstance(body, list):
            # A string that stands alone is a docstring, wherever it stands.
            body[:] = [child for child in body if not _is_docstring(child)] or [ast.Pass()]
        return found

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_arg(self, node: ast.arg) -> ast.AST:
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST:
        if node.value is None:  # a field, known by its name
            return ast.Expr(node.target)
        return self.generic_visit(ast.Assign([node.target], node.value))

    def visit_If(self, node: ast.If) -> ast.AST | None:
        return None if _is_type_checking(node) else self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> ast.AST | None:
        return None if all(alias.name in _TYPING for alias in node.names) else node

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST | None:
        return None if node.module in _TYPING else node


def _is_docstring(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def _is_type_checking(node: ast.AST) -> bool:
    if not isinstance(node, ast.If):
        return False
    test = node.test
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


# -- imports --------------------------------------------------------------------------------------


def _imported(name: str, root: Path) -> set[str]:
    """The scrl modules that a module imports."""
    path = _file(name, root)
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for module, imported in _imports(path.read_text("utf-8"), package):
        found |= _modules_of(module, imported, root)
    return found - {name}


@cache
def _imports(source: str, package: str) -> list[tuple[str, str | None]]:
    """``(module, name)`` of every import outside ``if TYPE_CHECKING``; ``import module`` has no
    name."""
    todo: list[ast.AST] = [ast.parse(source)]
    found: list[tuple[str, str | None]] = []
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Import):
            found += [(alias.name, None) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found += [(module, alias.name) for alias in node.names]
        elif not _is_type_checking(node):
            todo += ast.iter_child_nodes(node)
    return found


def _modules_of(module: str, name: str | None, root: Path) -> set[str]:
    """The scrl modules that ``import module`` or ``from module import name`` needs.

    A name of a package whose public names are loaded lazily is looked up in its ``__init__.pyi``.
    """
    if module.split(".")[0] != PACKAGE or not _file(module, root).is_file():
        return set()
    found = {module}
    if name is None:
        return found
    if _file(f"{module}.{name}", root).is_file():
        return found | {f"{module}.{name}"}
    stub = _file(module, root).with_suffix(".pyi")
    if stub.is_file():
        for source, public_name in _imports(stub.read_text("utf-8"), module):
            if public_name == name:
                found |= _modules_of(source, name, root)
    return found


def _file(name: str, root: Path) -> Path:
    """The file of a module; of a package its ``__init__.py``."""
    path = root.joinpath(*name.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")

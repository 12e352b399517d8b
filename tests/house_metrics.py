"""Counts the structure of a checkout: ``python tests/house_metrics.py [ROOT]``.

A room is a module or a package at the root of ``scrl/``; an arrow is an import from one room to
another. The same script counts any checkout, so that a change can be shown as before and after.
"""

from __future__ import annotations

import ast
import sys
from functools import cache
from pathlib import Path


def module_name(path: Path, root: Path) -> str:
    """The dotted name of a file below ``root``; a package's ``__init__`` has the package's name."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def modules(root: Path, folders: tuple[str, ...] = ("scrl",)) -> dict[str, Path]:
    """Dotted name -> file, of every module below ``folders``."""
    return {
        module_name(path, root): path
        for folder in folders
        for path in sorted((root / folder).rglob("*.py"))
    }


#: Parts of a file that may hold statements.
BLOCKS = ast.stmt | ast.ExceptHandler | ast.match_case


def statements(path: Path) -> list[ast.AST]:
    """The imports, functions and classes of a file, in whatever they stand."""
    kinds = ast.Import | ast.ImportFrom | ast.FunctionDef | ast.ClassDef
    found, blocks = [], [ast.parse(path.read_text("utf-8"))]
    for node in blocks:  # expressions, the most of a file, hold none
        inside = [n for n in ast.iter_child_nodes(node) if isinstance(n, BLOCKS)]
        found += [n for n in inside if isinstance(n, kinds)]
        blocks += inside
    return found


@cache
def imports(path: Path, root: Path) -> set[str]:
    """Every module or name that a file imports, anywhere in it, for type checkers too."""
    package = module_name(path, root).split(".")
    if path.name != "__init__.py":
        package = package[:-1]
    found = set()
    for node in statements(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*base, *([node.module] if node.module else [])])
            found |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return found


@cache
def modules_named(path: Path) -> set[str]:
    """The modules that stand after ``from`` or ``import`` in a file."""
    found = set()
    for node in statements(path):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def arrows(root: Path, folders: tuple[str, ...] = ("scrl",)) -> dict[str, set[str]]:
    """Module -> the modules of ``folders`` that it imports, its own package's face left out."""
    known = modules(root, folders)
    found = {}
    for name, path in known.items():
        hits = {m for m in imports(path, root) if m in known and m != name}
        # ``from scrl.data import files`` names the package and the module; the module is meant.
        deep = {m for m in hits if not any(other.startswith(f"{m}.") for other in hits)}
        found[name] = {m for m in deep if not name.startswith(f"{m}.")}
    return found


def room(name: str) -> str:
    """The room of a module: its first part below ``scrl``."""
    parts = name.split(".")
    return parts[1] if len(parts) > 1 else parts[0]


def rooms(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """The graph of modules as a graph of rooms."""
    found: dict[str, set[str]] = {room(name): set() for name in graph if name != "scrl"}
    for name, targets in graph.items():
        if name != "scrl":
            found[room(name)] |= {room(t) for t in targets if t != "scrl"} - {room(name)}
    return found


def circles(graph: dict[str, set[str]]) -> list[set[str]]:
    """Strongly connected components of more than one node (Tarjan's algorithm)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[set[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for target in graph[node]:
            if target not in index:
                visit(target)
                low[node] = min(low[node], low[target])
            elif target in stack:
                low[node] = min(low[node], index[target])
        if low[node] == index[node]:
            component = set()
            while True:
                component.add(member := stack.pop())
                if member == node:
                    break
            if len(component) > 1:
                found.append(component)

    for node in graph:
        if node not in index:
            visit(node)
    return found


def longest_chain(graph: dict[str, set[str]]) -> int:
    """Nodes on the longest path of imports; members of a circle count once."""
    member = {m: min(c) for c in circles(graph) for m in c}
    merged: dict[str, set[str]] = {}
    for name, targets in graph.items():
        own = member.get(name, name)
        merged.setdefault(own, set()).update(member.get(t, t) for t in targets)
    depth: dict[str, int] = {}

    def deep(node: str) -> int:
        if node not in depth:
            depth[node] = 1 + max((deep(t) for t in merged[node] - {node}), default=0)
        return depth[node]

    return max(deep(node) for node in merged)


def reached(graph: dict[str, set[str]], name: str) -> set[str]:
    """Every module that importing one comes to import."""
    seen, todo = {name}, [name]
    while todo:
        for target in graph[todo.pop()] - seen:
            seen.add(target)
            todo.append(target)
    return seen


def long_functions(root: Path, most: int = 60) -> list[str]:
    """Functions of ``scrl`` longer than ``most`` lines, as ``module:function (lines)``."""
    found = []
    for name, path in modules(root).items():
        for node in statements(path):
            if isinstance(node, ast.FunctionDef):
                lines = node.end_lineno - node.lineno + 1
                if lines > most:
                    found.append(f"{name}:{node.name} ({lines})")
    return found


def main(root: Path) -> None:
    graph = arrows(root)
    inner = rooms(graph)
    pipeline = reached(graph, "scrl.pipeline")
    reader = "scrl.data.readers" if "scrl.data.readers" in graph else "scrl.ratings_io"
    report = "scrl.runs.report" if "scrl.runs.report" in graph else "scrl.report"
    path = pipeline | reached(graph, reader) | reached(graph, report)
    widest = max(
        modules(root).items(), key=lambda pair: len(pair[1].read_text("utf-8").splitlines())
    )
    print(f"rooms at the root of scrl/           {len(inner)}")
    print(f"arrows between rooms                 {sum(map(len, inner.values()))}")
    print(f"arrows between modules               {sum(map(len, graph.values()))}")
    print(f"longest chain of rooms               {longest_chain(inner)}")
    print(f"longest chain of modules             {longest_chain(graph)}")
    print(f"circles of rooms                     {len(circles(inner))}  {circles(inner)}")
    print(f"circles of modules                   {len(circles(graph))}  {circles(graph)}")
    print(f"modules from a ratings file to a result {len(path)}")
    print(f"rooms from a ratings file to a result   {len({room(m) for m in path if m != 'scrl'})}")
    lines = len(widest[1].read_text("utf-8").splitlines())
    print(f"widest file                          {widest[0]}, {lines} lines")
    long = long_functions(root)
    print(f"functions above 60 lines             {len(long)}  {', '.join(long)}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else ".").resolve())

"""The scenarios that are shipped with the library."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path


@cache
def gallery_folder() -> Path:
    """The folder of scenario files and baked results.

    A wheel carries it as ``scrl/gallery``; in a checkout it is the top-level folder ``scenarios``,
    where people edit the files.
    """
    package = Path(str(resources.files("scrl")))
    packed = package / "gallery"
    return packed if packed.is_dir() else package.parent / "scenarios"


def gallery() -> dict[str, Path]:
    """The shipped scenarios: file name without suffix -> path.

    >>> gallery()["pets"].name
    'pets.yaml'
    """
    return {path.stem: path for path in sorted(gallery_folder().glob("*.yaml"))}

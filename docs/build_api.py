"""Builds the API reference: ``python docs/build_api.py [FOLDER]`` (default ``docs/api``)."""

import pkgutil
import sys
from pathlib import Path

import pdoc

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import scrl  # noqa: E402 (the folder above is not a package)


def packages() -> list[str]:
    """The library, its packages and the modules of its root, by dotted name."""
    found = pkgutil.walk_packages(scrl.__path__, "scrl.")
    return ["scrl", *(m.name for m in found if m.ispkg or m.name.count(".") == 1)]


def main(folder: Path) -> None:
    pdoc.render.configure(docformat="google", footer_text=f"scrl {scrl.__version__}")
    pdoc.pdoc(*(name for name in packages() if name != "scrl.__main__"), output_directory=folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "api")

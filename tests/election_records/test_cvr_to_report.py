"""The notebook of docs/cvr_to_report.md runs and gives what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MARK = "# → "


def test_a_notebook_from_cast_votes_to_a_report(tmp_path, monkeypatch):
    text = (ROOT / "docs/cvr_to_report.md").read_text("utf-8")
    (code,) = re.findall(r"^```python\n(.*?)^```", text, re.M | re.S)
    lines = code.splitlines()
    assert len([line for line in lines if line.strip()]) < 20
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    monkeypatch.chdir(tmp_path)  # the report is written here
    names: dict = {}
    stated = 0
    for node in ast.parse(code).body:
        source = ast.get_source_segment(code, node)
        line = lines[node.end_lineno - 1]
        if MARK in line:
            stated += 1
            assert repr(eval(source, names)) == line.split(MARK)[1]
        else:
            exec(source, names)
    assert stated == code.count(MARK) == 7
    page = (tmp_path / "alaska_2024.html").read_text("utf-8")
    assert "Begich, Nick" in page
    assert "two skipped ranks in a row end the ballot" in page

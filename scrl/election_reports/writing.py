"""Reports as files."""

from __future__ import annotations

import json
from pathlib import Path

from scrl.election_reports.report_data import ElectionReport
from scrl.types import InputError
from scrl.whole_files import write_whole


def save_report(report: ElectionReport, path: str | Path) -> Path:
    """Write a report as ``ElectionReport.save`` describes."""
    path = Path(path)
    texts = {
        ".html": report.to_html,
        ".htm": report.to_html,
        ".json": lambda: json.dumps(report.to_dict(), ensure_ascii=False, indent=1) + "\n",
        ".md": report.to_markdown,
    }
    if path.suffix.lower() not in texts:
        raise InputError(
            f"A report is written as .html, .json or .md; '{path.name}' ends otherwise."
        )
    try:
        write_whole(path, texts[path.suffix.lower()]())
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}; choose another place.") from error
    return path

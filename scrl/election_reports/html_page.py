"""A report as one HTML file: no script, nothing fetched, every text escaped."""

from __future__ import annotations

from functools import cache
from importlib import resources

from scrl.election_reports import html_parts
from scrl.election_reports.html_parts import text
from scrl.election_reports.report_data import ElectionReport

#: Nothing is loaded and nothing runs, whatever a name says.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def report_page(report: ElectionReport) -> str:
    """The HTML file."""
    body = [
        f"<header><h1>{text(report.title)}</h1>",
        *(
            f'<p class="{"more" if i else "lead"}">{text(sentence)}</p>'
            for i, sentence in enumerate(report.headline)
        ),
        f"{html_parts.ballot_tiles(report)}</header>",
        *(part(report) for part in html_parts.SECTIONS),
        f"<footer>{text(report.source)} Made with scrl, the social choice reward lab.</footer>",
    ]
    head = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f"<title>{text(report.title)}</title>\n<style>\n{_style()}</style>\n</head>\n<body>\n"
    )
    return head + "\n".join(part for part in body if part) + "\n</body>\n</html>\n"


@cache
def _style() -> str:
    return (resources.files("scrl.election_reports") / "report.css").read_text("utf-8")

"""What to do about a cell that should be a number and is none."""

from __future__ import annotations

import re

#: Pattern of a cell -> the advice, in which {} is the number that was meant.
_ADVICE = (
    (r"([+-]?\d+),(\d{1,2})", "write a decimal point ({}.{})"),
    (r"([+-]?\d{1,3}),(\d{3})", "leave the comma out ({}{}) or write a decimal point"),
    (r"([+-]?\d+(?:[.,]\d+)?)\s*%", "leave the sign % out ({})"),
    (r"[€$£¥]\s*(\d+(?:\.\d+)?)", "give the number alone ({})"),
    (r"(\d+(?:\.\d+)?)\s*[€$£¥]", "give the number alone ({})"),
    (r"(\d+)(?:st|nd|rd|th)", "give the number alone ({})"),
    (r"(\d+)\s*(?:/|of|out of)\s*\d+", "give the number alone ({})"),
    (r"\d{1,4}([-./])\d{1,2}\1\d{1,4}.*", "this is a date; give a finite number"),
    (r"\d+\s*[-–]\s*\d+", "this is a range; give one number"),
    (r"#(?:DIV/0!|N/A|NAME\?|NULL!|NUM!|REF!|VALUE!).*",
     "a spreadsheet could not compute it; give a finite number"),
    (r"(?!(?:inf|infinity|nan)$)[^\W\d_][^\d]*",
     "give a number in place of a word, such as 1, 2 or 3"),
)  # fmt: skip


def number_advice(text: str) -> str:
    """What to write in place of ``text``; "" where nothing more is known than that it is no finite
    number.

    >>> number_advice("80 %"), number_advice("1,5"), number_advice("inf")
    ('leave the sign % out (80)', 'write a decimal point (1.5)', '')
    """
    for pattern, advice in _ADVICE:
        found = re.fullmatch(pattern, text.strip()[:60], re.IGNORECASE)
        if found:
            return advice.format(*found.groups())
    return ""

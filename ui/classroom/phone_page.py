"""The phones' page: one static document with its script and style, and its security headers."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from pathlib import Path

#: Bytes that the page may have in all.
MAX_BYTES = 30_000


@cache
def page() -> tuple[str, dict[str, str]]:
    """The document and its headers.

    The policy allows this script and this style by their hashes, requests to this server, and
    nothing else.
    """
    html = Path(__file__).with_name("phone.html").read_text("utf-8")
    allowed = {
        tag: " ".join(map(_hash, re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.S)))
        for tag in ("script", "style")
    }
    policy = (
        f"default-src 'none'; script-src {allowed['script']}; style-src {allowed['style']}; "
        "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    return html, {"Content-Security-Policy": policy, "X-Frame-Options": "DENY"}


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

"""Join codes, the teacher's token and phones' ids."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

#: Letters and digits that nobody mistakes for one another; without vowels they spell no word.
ALPHABET = "CDFHJKMNPRTVWXY34679"
CODE_LENGTH = 5
_PHONE = re.compile(r"[0-9a-f]{32}")


def new_code() -> str:
    """A random join code, one of 3.2 million."""
    return "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH))


def read_code(text: str) -> str:
    """A code as typed: capitals, without spaces and dashes; "" for what can be none."""
    code = re.sub(r"[\s\-]", "", text).upper()
    return code if len(code) == CODE_LENGTH and set(code) <= set(ALPHABET) else ""


def new_token() -> str:
    """An unguessable token of 192 random bits."""
    return secrets.token_urlsafe(24)


def result_key(token: str) -> str:
    """The key of the read-only link; the token cannot be computed from it."""
    return hmac.new(token.encode(), b"the result of the class", "sha256").hexdigest()[:32]


def digest(secret: str) -> bytes:
    """What the store keeps of a secret."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def matches(secret: str, stored: bytes) -> bool:
    """Whether a secret is the stored one, in constant time."""
    return hmac.compare_digest(digest(secret), stored)


def is_phone(id: object) -> bool:
    """Whether this is an id that a phone makes: 128 random bits in hexadecimal."""
    return isinstance(id, str) and _PHONE.fullmatch(id) is not None


def phone_in_room(code: str, phone: str) -> str:
    """How a room's ballots name a phone: nobody can tell that two rooms saw the same one."""
    return digest(f"{code} {phone}").hex()[:32]

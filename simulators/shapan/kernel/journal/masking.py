"""Striking out secrets (脱敏): what the journal must never hold, in headers, paths, forms and JSON, whichever way they come.

Names decide, as clients and receivers use them: whatever is called a secret, password, token or key of its own, in any case and with any
separators. Beside them tokens (JWT) and webhook secrets are known by their form.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import parse_qsl

MASK = "***"

_LONGEST = 4096
"""Characters that are kept of a path, a query and a header."""
_ENDINGS = ("secret", "password", "passwd", "passphrase", "token", "apikey", "privatekey", "encryptionkey", "assertion")
_NAMES = {"authorization", "proxyauthorization", "cookie", "setcookie", "signature", "webhooksignature", "credentials"}
# Of the token operations only these are shown; whatever else a client puts there may be its secret.
_TOKEN_FORM = {"granttype", "clientid", "scope", "tokentypehint", "clientassertiontype"}
# Bodies of these hold secrets; where such a body cannot be read, nothing of it is shown.
SECRET_OPERATIONS = frozenset({"issueToken", "revokeToken", "introspectToken", "createWebhook", "updateWebhook"})
_TOKEN_OPERATIONS = frozenset({"issueToken", "revokeToken", "introspectToken"})

# Words without which no name above can stand in a body, and no secret is known by its form; a "\\u" may hide any of them.
_WORDS = (
    b"secret", b"passw", b"passphrase", b"token", b"key", b"assertion", b"authorization", b"signature", b"cookie", b"credentials", b"\\u",
    b"eyj", b"whsec",
)  # fmt: skip
_KNOWN_FORMS = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*|\bwhsec_[A-Za-z0-9+/=_-]+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"<>\\]+")
_MEMBER = re.compile(r'("(?:[^"\\]|\\.)*"\s*:\s*)("(?:[^"\\]|\\.)*(?:"|$)|[^\s,}\]]+)', re.S)


@functools.lru_cache(4096)
def is_secret(name: str) -> bool:
    """Whether what stands under this name is a secret: client_secret, accessToken, X-Api-Key …"""
    plain = re.sub(r"[^a-z0-9]", "", name.lower())
    return plain in _NAMES or plain.endswith(_ENDINGS)


def headers(given: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by lower-case name, secrets struck out; of Authorization the scheme stays. Repeated ones are joined (RFC 9110 section 5.3)."""
    shown: dict[str, str] = {}
    for name, value in given:
        lower = name.lower()
        if is_secret(lower):
            scheme, space, _ = value.partition(" ")
            value = f"{scheme} {MASK}" if space and lower.endswith("authorization") and scheme.isalpha() else MASK
        else:
            value = known_forms(value[:_LONGEST])
        shown[lower] = f"{shown[lower]}, {value}" if lower in shown else value
    return shown


def query(text: str, operation_id: str | None = None) -> str:
    """A query string or form as it came, with the values of secret names struck out."""
    if not text:
        return text
    shown = []
    for part in text.split("&"):
        name, equals, _ = part.partition("=")
        [(plain, _)] = parse_qsl(part.replace(";", "%3B"), keep_blank_values=True, errors="replace") or [(name, "")]
        hidden = is_secret(plain) or (operation_id in _TOKEN_OPERATIONS and not _of_token_form(plain))
        shown.append(f"{name}={MASK}" if equals and hidden else MASK if hidden and not equals else known_forms(part))
    return "&".join(shown)


def _of_token_form(name: str) -> bool:
    return re.sub(r"[^a-z]", "", name.lower()) in _TOKEN_FORM


def url(text: str) -> str:
    """A URL with user information and secret parameters struck out."""
    before, mark, parameters = text.partition("?")
    before = re.sub(r"(?<=//)[^/@]*@", f"{MASK}@", before)
    return known_forms(before) + mark + query(parameters)


def known_forms(text: str) -> str:
    """A text without the tokens and webhook secrets that are known by their form."""
    if "eyJ" in text or "whsec_" in text:
        return _KNOWN_FORMS.sub(MASK, text)
    return text


def may_hold_secrets(body: bytes) -> bool:
    """Whether a body needs a closer look. Cheap: most bodies need none."""
    lower = body.lower()
    for word in _WORDS:  # not any(): a generator costs more than the search
        if word in lower:
            return True
    return b"://" in lower and b"@" in lower


def json_text(text: str, parsed: Any) -> str:
    """A JSON body with the values of secret members struck out. `parsed` is its value, or None where it cannot be read (cut off, malformed)."""
    if parsed is not None:
        changed = _struck(parsed)
        if changed is not parsed:
            text = json.dumps(changed, ensure_ascii=False, separators=(",", ":"))
        return known_forms(text)
    return known_forms(_URL.sub(lambda found: url(found[0]), _MEMBER.sub(_member, text)))


def _member(found: re.Match[str]) -> str:
    name = found[1].rpartition(":")[0].strip()[1:-1]
    with suppress(ValueError):
        name = json.loads(f'"{name}"', strict=False)
    return f'{found[1]}"{MASK}"' if is_secret(name) else found[0]


def _struck(value: Any) -> Any:
    """The value without its secrets; the value itself where there are none."""
    if isinstance(value, Mapping):
        changed = {name: _hidden(inner) if is_secret(name) else _struck(inner) for name, inner in value.items()}
        return changed if any(changed[name] is not value[name] for name in changed) else value
    if isinstance(value, list):
        items = [_struck(inner) for inner in value]
        return items if any(new is not old for new, old in zip(items, value, strict=True)) else value
    if isinstance(value, str) and "://" in value:
        shown = _URL.sub(lambda found: url(found[0]), value)
        return value if shown == value else shown
    return value


def _hidden(value: Any) -> Any:
    """A value under a secret name: all texts and numbers in it are struck out; that there is none, or a yes or no, tells nothing."""
    if isinstance(value, Mapping):
        return {name: _hidden(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return value if value is None or isinstance(value, bool) else MASK


def path(text: str, query_string: str, operation_id: str | None) -> str:
    """A path with its query as the journal shows it: text that UTF-8 can write, secrets struck out."""
    shown = known_forms(text[:_LONGEST]) + (f"?{query(query_string[:_LONGEST], operation_id)}" if query_string else "")
    return shown.encode(errors="replace").decode()

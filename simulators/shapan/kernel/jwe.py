"""Encrypted bodies (加密报文): JWE compact serialisation (RFC 7516) with `dir` and `A256GCM` (RFC 7518), for clients that ask for it.

A request with `Content-Type: application/jose` is opened before anything else looks at its body; its `cty` is the media type of what is inside.
An answer is sealed last, for a client whose `Accept` names `application/jose`; what is kept and compared (idempotency, journal, strict mode) is
the content. The key is never sent: each client derives it from its own secret, as docs/security.md shows.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.util import urlsafe_b64decode
from werkzeug.http import parse_accept_header

from shapan.kernel.auth import Client
from shapan.kernel.errors import Problem, simple
from shapan.kernel.wire import Reply, Request

MEDIA = "application/jose"


class _Registry(jwe.JWERegistry):
    """How large a body may be is the operation's business (`body_limit`), and checked before; joserfc would take 64 KiB."""

    max_ciphertext_length = 1 << 31


_REGISTRY = _Registry(algorithms=["dir", "A256GCM"])
# Those that we understand. Compression among them would be a way to send a bomb.
_HEADER = {"alg", "enc", "cty", "typ", "kid"}
_INFO = b"shapan JWE dir A256GCM"
# What a cty without a slash stands for (RFC 7516 section 4.1.12).
_PREFIX = "application/"


def encryption_key(secret: str) -> bytes:
    """The 32 bytes with which a client and the systems encrypt: HKDF-SHA256 (RFC 5869) of its secret, without salt."""
    return HKDF(SHA256(), 32, None, _INFO).derive(secret.encode())


@functools.lru_cache(maxsize=256)
def _key(secret: str) -> OctKey:
    return OctKey.import_key(encryption_key(secret))


def open_body(client: Client, request: Request) -> None:
    """Put what is in an encrypted body in its place, as if it had come so. 400 `malformed-jwe`; what is too large is left to whoever reads it."""
    media = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media == MEDIA and len(request.body) <= request.operation.body_limit:
        kind, request.body = opened(client, request.body)
        request.sealed_as = MEDIA
        request.headers = {**request.headers, "content-type": kind, "content-length": str(len(request.body))}


def opened(client: Client, body: bytes) -> tuple[str, bytes]:
    """(media type, content) of a JWE. 400 `malformed-jwe`, which says the same whatever failed."""
    try:
        head, key, _ = body.split(b".", 2)
        header: Any = json.loads(urlsafe_b64decode(head))
        # Before anything is decrypted: what is not understood here, compression above all, joserfc might.
        if key or not header.keys() <= _HEADER or (header["alg"], header["enc"]) != ("dir", "A256GCM"):
            raise _malformed()
        kind: str = header["cty"]
        plain = jwe.decrypt_compact(body, _key(client.secret), registry=_REGISTRY).plaintext
        if plain is None or not kind.isascii() or not kind.isprintable():
            raise _malformed()
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        # joserfc documents no common base for what a broken token can make it raise.
        raise _malformed() from error
    return kind if "/" in kind else _PREFIX + kind, plain


def wants_encryption(headers: Mapping[str, str]) -> bool:
    """Whether a client wants its answer encrypted: its Accept names the media type itself, and not with q=0."""
    accept = headers.get("accept", "")
    return MEDIA in accept.lower() and any(
        media.lower() == MEDIA and quality > 0 for media, quality in parse_accept_header(accept)
    )


def sealed(client: Client, reply: Reply) -> Reply:
    """The answer as a JWE whose `cty` is the media type that it had. One without a body stays as it is."""
    if not reply.body:
        return reply
    media = next((value for name, value in reply.headers if name.lower() == "content-type"), "application/octet-stream")
    header = {"alg": "dir", "enc": "A256GCM", "cty": media.removeprefix(_PREFIX) if media.count("/") == 1 else media}
    body = jwe.encrypt_compact(header, reply.body, _key(client.secret), registry=_REGISTRY)
    others = [(name, value) for name, value in reply.headers if name.lower() != "content-type"]
    return replace(reply, headers=(("Content-Type", MEDIA), *others), body=body.encode())


def _malformed() -> Problem:
    return simple(
        400,
        "malformed-jwe",
        "The body cannot be decrypted",
        "The body is not a JWE that this client's key opens. Send the compact serialisation with alg=dir, enc=A256GCM and cty=json (or the media "
        "type of the content), without compression, encrypted with the key of the client whose token is sent; docs/security.md shows how.",
        "请求体不是该客户端密钥可以解开的 JWE。请使用紧凑序列化，alg=dir、enc=A256GCM、cty=json（或内容的媒体类型），不压缩，"
        "并使用令牌所属客户端的密钥加密；示例见 docs/security.md。",
    )

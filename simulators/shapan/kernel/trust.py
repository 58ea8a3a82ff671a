"""Whom our clients believe over TLS (信任的证书颁发机构): the public authorities, and the one that SHAPAN_CA_FILE names.

A sandbox that is served with --tls has an authority of its own, which nobody else knows. Every client of the house asks here.
"""

from __future__ import annotations

import functools
import os
import ssl
from pathlib import Path

import httpx

VARIABLE = "SHAPAN_CA_FILE"


class TrustError(Exception):
    """The file of certificates cannot be used; `en` and `zh` say why and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en = en
        self.zh = zh


def trusted() -> ssl.SSLContext | bool:
    """What httpx takes as `verify`. TrustError when SHAPAN_CA_FILE names a file that holds no certificate."""
    name = os.environ.get(VARIABLE)
    return _context(name) if name else True


@functools.lru_cache(maxsize=8)
def _context(name: str) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    try:
        context.load_verify_locations(Path(name))
    except (OSError, ValueError) as error:  # ssl.SSLError is an OSError
        reason = error.strerror if isinstance(error, FileNotFoundError | PermissionError) else "it holds no certificate"
        raise TrustError(
            f"{VARIABLE} names {name}, which cannot be used ({reason}). Give it the ca.pem that `shapan up --tls` prints, or unset it.",
            f"{VARIABLE} 指定的文件 {name} 无法使用（{reason}）。请改为 shapan up --tls 打印的 ca.pem，或取消该变量。",
        ) from error
    return context

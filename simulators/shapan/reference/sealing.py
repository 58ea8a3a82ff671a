"""Bodies that nobody on the way can read (JWE, RFC 7516), where a house asks for more than HTTPS: `alg` dir, `enc` A256GCM.

The key is derived by each side from the client's secret and never sent: HKDF-SHA256 (RFC 5869) without salt.
"""

from __future__ import annotations

import httpx
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from shapan.reference.errors import Unavailable

MEDIA_TYPE = "application/jose"
_HEADER = {"alg": "dir", "enc": "A256GCM", "cty": "json"}
_INFO = b"shapan JWE dir A256GCM"


class _Registry(jwe.JWERegistry):
    """A page of a list is larger than the 64 KiB that joserfc takes by itself."""

    max_ciphertext_length = 64 * 1024 * 1024


_REGISTRY = _Registry(algorithms=["dir", "A256GCM"])


class Sealer:
    """Closes and opens the bodies of one client."""

    def __init__(self, client_secret: str) -> None:
        self._key = OctKey.import_key(HKDF(SHA256(), 32, None, _INFO).derive(client_secret.encode()))

    def headers(self, content: bytes | None) -> dict[str, str]:
        """What a request says of its body, and of the answer that it wants."""
        return {"Accept": MEDIA_TYPE, **({} if content is None else {"Content-Type": MEDIA_TYPE})}

    def close(self, content: bytes) -> bytes:
        """JSON as it goes over the wire."""
        return jwe.encrypt_compact(_HEADER, content, self._key, registry=_REGISTRY).encode()

    def open(self, response: httpx.Response) -> httpx.Response:
        """The answer with its body as JSON. What is not sealed is left as it is, as where no token was accepted. Unavailable when it does not open."""
        if response.headers.get("Content-Type", "").partition(";")[0] != MEDIA_TYPE:
            return response
        try:
            content = jwe.decrypt_compact(response.content, self._key, registry=_REGISTRY).plaintext or b""
        except (JoseError, ValueError) as error:
            raise Unavailable(f"{response.request.url.path} answered what the key does not open ({error})") from error
        kept = [(name, value) for name, value in response.headers.multi_items() if not name.startswith("content-")]
        return httpx.Response(response.status_code, headers=kept, content=content, request=response.request)

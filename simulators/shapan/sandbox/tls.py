"""TLS for a sandbox (本地证书颁发机构): an authority of its own, made by trustme and kept in the data folder, and a certificate by it.

Nobody trusts that authority but who is given its `ca.pem`: as SHAPAN_CA_FILE to an integration and to our own commands, as --cacert to curl.
Its private key never leaves the folder, which is for its owner only.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shapan.kernel.trust import VARIABLE
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.lock import FolderLock
from shapan.sandbox.text import write_whole

LOCAL_NAMES = ("127.0.0.1", "localhost", "::1")
# As long as browsers take certificates for; a new one is made at a start within the last of it.
_VALID = timedelta(days=397)
_RENEWED = timedelta(days=30)
_LOCK_SECONDS = 30.0


@dataclass(frozen=True)
class Tls:
    """Files in PEM: the authority's certificate, the server's certificate (with what leads to the authority), the server's key."""

    ca: Path
    certificate: Path
    key: Path


def ensure_tls(folder: Path, names: tuple[str, ...] = ()) -> Tls:
    """The files in `folder`/tls, made where they are missing, and the certificate anew where it lacks a name or ends soon.

    It is good for 127.0.0.1, localhost, ::1 and `names`. SandboxError when a name is none or the folder cannot be used.
    """
    home = folder / "tls"
    # An address as certificates hold it, or it would never be found again.
    wanted = tuple(dict.fromkeys((*LOCAL_NAMES, *(_plain(name) for name in names))))
    made = Tls(home / "ca.pem", home / "server.pem", home / "server-key.pem")
    try:
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o700)
        # Several systems may be started at once on one folder.
        lock = FolderLock(home, _LOCK_SECONDS)
        try:
            if not _is_good(made, wanted):
                _make(made, home / "ca-key.pem", wanted)
        finally:
            lock.release()
    except (OSError, ValueError) as error:
        raise SandboxError(
            f"No certificate can be made in {home} ({error}). Check the names, and make the folder writable or remove it.",
            f"无法在 {home} 中生成证书（{error}）。请检查名称，并确认该目录可写，或将其删除。",
        ) from error
    return made


@contextmanager
def trusting(tls: Tls | None) -> Iterator[None]:
    """Meanwhile this process, and what it starts, trust the authority of the sandbox: SHAPAN_CA_FILE names it."""
    if tls is None:
        yield
        return
    before = os.environ.get(VARIABLE)
    os.environ[VARIABLE] = str(tls.ca)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop(VARIABLE, None)
        else:
            os.environ[VARIABLE] = before


def _plain(name: str) -> str:
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return name.lower()


def _is_good(files: Tls, wanted: tuple[str, ...]) -> bool:
    from cryptography import x509

    if not all(path.exists() for path in (files.ca, files.certificate, files.key)):
        return False
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    authority = x509.load_pem_x509_certificate(files.ca.read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    names = {*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))}
    return (
        names.issuperset(wanted)
        and certificate.not_valid_after_utc - datetime.now(UTC) > _RENEWED
        and certificate.issuer == authority.subject
    )


def _make(files: Tls, authority_key: Path, names: tuple[str, ...]) -> None:
    # Not loaded where there is no TLS.
    import trustme

    if files.ca.exists() and authority_key.exists():
        authority = trustme.CA.from_pem(files.ca.read_bytes(), authority_key.read_bytes())
    else:
        authority = trustme.CA(organization_name="Shapan sandbox", organization_unit_name="Not for anything else")
        write_whole(authority_key, authority.private_key_pem.bytes().decode())
        write_whole(files.ca, authority.cert_pem.bytes().decode())
    made = authority.issue_cert(*names, common_name="Shapan sandbox", not_after=datetime.now(UTC) + _VALID)
    write_whole(files.key, made.private_key_pem.bytes().decode())
    write_whole(files.certificate, "".join(pem.bytes().decode() for pem in made.cert_chain_pems))

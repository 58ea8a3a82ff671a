"""HTTPS by an authority of the sandbox's own: who is given it gets through, who is not does not, and the whole house works over it."""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from shapan.kernel.trust import VARIABLE, TrustError, trusted
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.options import plan
from shapan.sandbox.processes import ProcessSandbox
from shapan.sandbox.threads import ThreadSandbox
from shapan.sandbox.tls import LOCAL_NAMES, Tls, ensure_tls, trusting

# Each starts and ends whole processes, which takes seconds.
pytestmark = pytest.mark.long


def _context(tls: Tls) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(tls.ca))


def _names(tls: Tls) -> set[str]:
    certificate = x509.load_pem_x509_certificate(tls.certificate.read_bytes())
    held = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    return {*held.get_values_for_type(x509.DNSName), *map(str, held.get_values_for_type(x509.IPAddress))}


def test_the_certificate_stays_until_it_lacks_a_name_and_the_authority_stays_then_too(tmp_path: Path) -> None:
    first = ensure_tls(tmp_path)
    assert _names(first) == set(LOCAL_NAMES)
    texts = [path.read_bytes() for path in (first.ca, first.certificate, first.key)]
    assert ensure_tls(tmp_path, ("127.0.0.1", "LOCALHOST", "0:0:0:0:0:0:0:1")) == first
    assert [path.read_bytes() for path in (first.ca, first.certificate, first.key)] == texts
    ensure_tls(tmp_path, ("shapan.example", "192.0.2.7"))
    assert _names(first) == {*LOCAL_NAMES, "shapan.example", "192.0.2.7"}
    assert first.ca.read_bytes() == texts[0]
    assert first.certificate.read_bytes() != texts[1]
    kept = first.certificate.read_bytes()
    ensure_tls(tmp_path)
    assert first.certificate.read_bytes() == kept


def test_a_certificate_is_renewed_before_it_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = ensure_tls(tmp_path)
    before = made.certificate.read_bytes()

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(days=380)

    monkeypatch.setattr("shapan.sandbox.tls.datetime", Later)
    ensure_tls(tmp_path)
    assert made.certificate.read_bytes() != before


def test_what_is_no_name_or_no_certificate_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SandboxError, match="No certificate can be made"):
        ensure_tls(tmp_path, ("not a name!",))
    ensure_tls(tmp_path / "a").certificate.write_text("spoilt")
    with pytest.raises(SandboxError, match="No certificate can be made"):
        ensure_tls(tmp_path / "a")
    (tmp_path / "empty.pem").write_text("")
    for name in ("missing.pem", "empty.pem"):
        monkeypatch.setenv(VARIABLE, str(tmp_path / name))
        with pytest.raises(TrustError, match=name):
            trusted()
    monkeypatch.delenv(VARIABLE)
    assert trusted() is True


def test_a_process_trusts_the_authority_as_long_as_its_sandbox_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with trusting(ensure_tls(tmp_path)):
        assert os.environ[VARIABLE] == str(tmp_path / "tls" / "ca.pem")
        assert isinstance(trusted(), ssl.SSLContext)
    assert VARIABLE not in os.environ
    monkeypatch.setenv(VARIABLE, "another")
    with trusting(ensure_tls(tmp_path)):
        pass
    assert os.environ[VARIABLE] == "another"


def test_a_sandbox_of_threads_serves_https(tmp_path: Path) -> None:
    with ThreadSandbox(plan(size="tiny", port=None, data=tmp_path, tls=())) as sandbox:
        assert sandbox.options.tls is not None
        url = sandbox.options.url("control")
        assert url.startswith("https://")
        answer = httpx.get(url + "/systems", verify=_context(sandbox.options.tls), trust_env=False)
        # Control reached the systems by HTTPS itself.
        assert [system["url"][:8] for system in answer.json()["items"]] == ["https://"] * 3


def test_a_real_sandbox_is_reached_by_who_was_given_the_authority_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    with ProcessSandbox(plan(size="tiny", port=None, data=tmp_path, tls=("shapan.example",))) as sandbox:
        options = sandbox.options
        assert options.tls is not None
        health = options.url("crm") + "/_shapan/health"
        assert httpx.get(health, verify=_context(options.tls), trust_env=False).status_code == 200
        port = options.ports["crm"]
        assert (
            httpx.get(
                f"https://localhost:{port}/_shapan/health", verify=_context(options.tls), trust_env=False
            ).status_code
            == 200
        )
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(health, verify=ssl.create_default_context(), trust_env=False)
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            httpx.get(health, verify=_context(ensure_tls(tmp_path / "another")), trust_env=False)
        with pytest.raises(httpx.TransportError):
            httpx.get(health.replace("https:", "http:"), trust_env=False)
        old = _context(options.tls)
        old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
        assert httpx.get(health, verify=old, trust_env=False).status_code == 200
        issuer = httpx.get(
            options.url("crm") + "/.well-known/oauth-authorization-server",
            verify=_context(options.tls),
            trust_env=False,
        ).json()["issuer"]
        assert issuer == options.url("crm")
        curl = shutil.which("curl")
        if curl is not None:
            # As docs/security.md has it.
            given = [curl, "-sS", "--fail", "--cacert", str(tmp_path / "tls" / "ca.pem"), health]
            assert subprocess.run(given, capture_output=True, check=False).returncode == 0
            assert subprocess.run([curl, "-sS", health], capture_output=True, check=False).returncode == 60
        said = {}
        for trusts in (True, False):
            environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
            environment |= {VARIABLE: str(options.tls.ca)} if trusts else {}
            command = [sys.executable, "-m", "shapan", "oracle", "--url", options.url("control")]
            said[trusts] = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert said[True].returncode == 0, said[True].stderr
        assert said[False].returncode == 2
        assert VARIABLE in said[False].stderr


def test_the_reference_integration_passes_over_https() -> None:
    command = [
        sys.executable,
        "-m",
        "shapan",
        "verify",
        "order-to-receivable",
        "--reference",
        "--tls",
        "--size",
        "tiny",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr

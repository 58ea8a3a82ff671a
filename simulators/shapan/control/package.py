"""A snapshot of all systems as one file (快照文件包): a ZIP with a manifest and each system's database, compressed on its own.

    manifest.json       format, version, made_at, snapshot (as control shows it), members: {crm.sqlite.gz: {system, size, sha256}, …}
    crm.sqlite.gz       and so on, one a system

What comes in is checked here as far as the package goes (nothing is unpacked, no name becomes a path); each system then checks its own database.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from typing import Any

from shapan import __version__
from shapan.kernel.errors import Fault

FORMAT = 1
MANIFEST = "manifest.json"
_LARGEST_MANIFEST = 64 * 1024


class PackageError(Exception):
    """What is wrong with a package, all of it."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(fault.en for fault in faults))
        self.faults = tuple(faults)


def member_of(system: str) -> str:
    """The name under which a system's database stands in the package."""
    return f"{system}.sqlite.gz"


def pack(snapshot: Mapping[str, Any], files: Mapping[str, bytes]) -> bytes:
    """The package of a snapshot, as control shows it, and of each system's compressed database."""
    manifest = {
        "format": FORMAT,
        "shapan": __version__,
        "snapshot": dict(snapshot),
        "members": {
            member_of(system): {"system": system, "size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            for system, content in files.items()
        },
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as package:
        package.writestr(MANIFEST, json.dumps(manifest, ensure_ascii=False, indent=1))
        for system, content in files.items():
            package.writestr(member_of(system), content)
    return target.getvalue()


def unpack(content: bytes, systems: Sequence[str]) -> dict[str, bytes]:
    """Each system's compressed database. PackageError with every fault."""
    try:
        package = zipfile.ZipFile(io.BytesIO(content))
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise PackageError([_fault("", "It is no ZIP file.", "不是 ZIP 文件。")]) from error
    with package:
        manifest = _manifest(package)
        faults = _check_members(package, manifest, systems)
        if faults:
            raise PackageError(faults)
        files, wrong = {}, []
        for system in systems:
            name, noted = member_of(system), manifest["members"][member_of(system)]
            try:
                files[system] = package.read(name)
            except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError):
                files[system] = b""
            if hashlib.sha256(files[system]).hexdigest() != noted["sha256"]:
                wrong.append(
                    _fault(name, "It is not what the manifest says (SHA-256).", "内容与清单中的 SHA-256 不符。")
                )
        if wrong:
            raise PackageError(wrong)
        return files


def _manifest(package: zipfile.ZipFile) -> dict[str, Any]:
    try:
        info = package.getinfo(MANIFEST)
        if info.file_size > _LARGEST_MANIFEST:
            raise ValueError("too large")
        manifest = json.loads(package.read(info).decode("utf-8"))
        members = manifest["members"]
        if not isinstance(members, dict):
            raise TypeError("members is no object")
        for one in members.values():
            if not (isinstance(one["size"], int) and isinstance(one["sha256"], str) and isinstance(one["system"], str)):
                raise TypeError("a member is described otherwise")
        format_ = manifest["format"]
    except (
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
        zipfile.BadZipFile,
        OSError,
        EOFError,
        NotImplementedError,
        RuntimeError,
        RecursionError,
    ) as error:
        raise PackageError(
            [_fault(MANIFEST, "There is no manifest of a snapshot in it.", "缺少有效的快照清单。")]
        ) from error
    if format_ != FORMAT:
        raise PackageError(
            [
                _fault(
                    MANIFEST,
                    f"Its format is {format_!r}, and this version reads {FORMAT}. Update shapan.",
                    f"格式为 {format_!r}，本版本只支持 {FORMAT}，请升级 shapan。",
                )
            ]
        )
    return dict(manifest)


def _check_members(package: zipfile.ZipFile, manifest: Mapping[str, Any], systems: Sequence[str]) -> list[Fault]:
    wanted = {MANIFEST, *map(member_of, systems)}
    infos = package.infolist()
    names = [info.filename for info in infos]
    found = [
        _fault(name, "It does not belong into a snapshot.", "不属于快照文件。")
        for name in dict.fromkeys(names)
        if name not in wanted
    ]
    found += [
        _fault(name, "It is in it more than once.", "重复出现。")
        for name in sorted(set(names))
        if names.count(name) > 1
    ]
    found += [
        _fault(name, "It is missing.", "缺失。")
        for name in sorted(wanted)
        if name not in names or (name != MANIFEST and name not in manifest["members"])
    ]
    for info in infos:
        noted = manifest["members"].get(info.filename)
        if info.filename in wanted and noted is not None and info.file_size != noted["size"]:
            found.append(
                _fault(
                    info.filename,
                    f"It has {info.file_size:,} bytes, and the manifest says {noted['size']:,}.",
                    f"大小为 {info.file_size:,} 字节，清单中为 {noted['size']:,} 字节。",
                )
            )
        elif info.filename in wanted and (info.compress_type != zipfile.ZIP_STORED or info.flag_bits & 1):
            found.append(_fault(info.filename, "It is compressed again or encrypted.", "被再次压缩或加密。"))
    return found


def _fault(member: str, en: str, zh: str) -> Fault:
    where = f"{member}: " if member else ""
    return Fault(f"/{member}" if member else "", where + en, (f"{member}：" if member else "") + zh)

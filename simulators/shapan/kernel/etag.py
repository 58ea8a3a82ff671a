"""Entity tags (RFC 9110 section 8.8.3): the version of a row as an ETag, and If-Match against it."""

from __future__ import annotations

from werkzeug.http import parse_etags

from shapan.kernel.errors import precondition_failed


def etag(version: int) -> str:
    """A strong entity tag, e.g. '"3"'."""
    return f'"{version}"'


def check_if_match(if_match: str, version: int) -> None:
    """Raise 412 unless `if_match` is `*` or lists the current version. A weak tag never matches strongly."""
    tags = parse_etags(if_match)
    if not tags.star_tag and not tags.contains(str(version)):
        raise precondition_failed(etag(version))

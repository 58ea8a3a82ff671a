"""One JSON value a line (NDJSON)."""

from __future__ import annotations

from collections.abc import Iterator

from shapan.kernel.bulk.encoding import UNDECODABLE, Undecodable, byte_of, decode
from shapan.kernel.bulk.source import NDJSON, Source, Unreadable, Value
from shapan.kernel.errors import Fault, Problem
from shapan.kernel.reading import parse_json


def open_ndjson(content: bytes, charset: str | None) -> Source:
    """The values of a file. Unreadable for an encoding that is not taken."""
    try:
        text, encoding = decode(content, charset)
    except Undecodable as error:
        raise Unreadable(error.en, error.zh) from error
    return Source(NDJSON, _values(text, encoding), encoding)


def _values(text: str, encoding: str) -> Iterator[Value]:
    # Not splitlines(): U+2028 and the like may stand inside a JSON text.
    for line, content in enumerate(text.split("\n"), 1):
        if not content.strip():
            continue
        mark = UNDECODABLE.search(content)
        if mark is not None:
            name = byte_of(mark[0])
            fault = Fault("", f"The byte {name} is not {encoding}.", f"含有不是 {encoding} 编码的字节 {name}。")
            yield Value(line, None, fault)
            continue
        try:
            value = parse_json(content.encode())
        except Problem as problem:
            yield Value(line, None, Fault("", problem.en, problem.zh))
            continue
        if not isinstance(value, dict):
            yield Value(line, None, Fault("", "The line must be one JSON object.", "每行必须是一个 JSON 对象。"))
            continue
        yield Value(line, value)

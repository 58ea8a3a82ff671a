"""Reads a script with all that its sources lead to: contracts, and other Arazzo documents with theirs; finds every fault of all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from shapan.scenario.building import Document, build
from shapan.scenario.contracts import Contract, ContractReader
from shapan.scenario.documents import SourceFile, Unreadable, find_source, read_file
from shapan.scenario.faults import ScriptFault, Text, pointer_of
from shapan.scenario.lint import lint
from shapan.scenario.model import Scenario
from shapan.scenario.raw import is_arazzo
from shapan.scenario.shapes import as_map, is_text, maps


class Reading:
    """One script. `documents` are it and the other ones by their whole path, `faults` all that is wrong with them."""

    def __init__(self, file: Path, reader: ContractReader) -> None:
        self._reader = reader
        self._entry = file.resolve()
        self.documents: dict[Path, Document] = {}
        self.faults: list[ScriptFault] = []
        try:
            source = read_file(file)
        except Unreadable as error:
            self.faults.append(ScriptFault(file, "", error.line, error.text.en, error.text.zh))
            return
        self._take(source)
        for document in self.documents.values():
            others = {name: self.documents[path].source for name, path in document.others.items()}
            self.faults += lint(document.source, document.contracts, others, reader)

    def scenario(self, name: str, file: Path) -> Scenario:
        """What the script is when it has no fault."""
        return build(name, file, self.documents, self._entry)

    def _take(self, source: SourceFile) -> None:
        contracts: dict[str, Contract] = {}
        others: dict[str, Path] = {}
        self.documents[source.path.resolve()] = Document(source, contracts, others)
        for index, raw in enumerate(maps(as_map(source.data).get("sourceDescriptions"))):
            name, url = raw.get("name"), raw.get("url")
            if not is_text(name) or not is_text(url):
                continue
            try:
                path = find_source(source.path, str(url))
                if self._is_arazzo(raw, path):
                    others[str(name)] = path.resolve()
                    self._other(path)
                else:
                    contracts[str(name)] = self._reader.read(path)
            except Unreadable as error:
                others.pop(str(name), None)
                self.faults.append(source.fault(pointer_of("sourceDescriptions", index, "url"), *error.text))

    def _is_arazzo(self, raw: Mapping[str, Any], path: Path) -> bool:
        return raw["type"] == "arazzo" if "type" in raw else is_arazzo(self._reader.load(path))

    def _other(self, path: Path) -> None:
        if path.resolve() in self.documents:
            return
        source = read_file(path)
        if not is_arazzo(source.data):
            raise Unreadable(Text(f"{path} is no Arazzo document.", f"{path} 不是 Arazzo 文档。"))
        self._take(source)

"""The whole world as files (导出): what a table is, and the writers of CSV, XLSX and SQLite that take the rows as they come."""

from shapan.world.export.run import FORMATS, Wish, export_world
from shapan.world.export.table import ANSWERS, Column, Put, Row, Table, TableSource

__all__ = ["ANSWERS", "FORMATS", "Column", "Put", "Row", "Table", "TableSource", "Wish", "export_world"]

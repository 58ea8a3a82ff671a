"""Data quality (数据质量): the data standard of the company, and how well records keep to it.

standard.yaml   the data standard, a JSON Schema for every kind of record (read by standard.py)
values.py       checks of one value that a pattern cannot say, pure
consistency.py  checks of one record by itself, pure
rules.py        the standard as rules over records given as dicts, each of one of the four dimensions
checking.py     records -> report
report.py       the report as JSON data, and what changed since an earlier one
rendering.py    the report as one HTML file
files.py        records of an export folder, or of a folder of cleansed files
systems.py      records of running systems, over HTTP as any client

The dimensions are those of ISO/IEC 25012 and GB/T 36344 that records show by themselves: completeness, validity (规范性, syntactic accuracy
in ISO), uniqueness and consistency. Whether a value is true nothing here can know: a telephone of somebody else is a valid telephone.
"""

from shapan.quality.checking import check_quality
from shapan.quality.errors import QualityError
from shapan.quality.files import FolderRecords
from shapan.quality.report import compared, read_report
from shapan.quality.standard import load_standard, standard_document
from shapan.quality.systems import SystemRecords

__all__ = [
    "FolderRecords",
    "QualityError",
    "SystemRecords",
    "check_quality",
    "compared",
    "load_standard",
    "read_report",
    "standard_document",
]

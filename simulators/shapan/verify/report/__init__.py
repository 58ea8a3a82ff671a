"""Reports of a verification, all made from the plain data of `Report.as_dict()`: JUnit XML for CI servers, HTML for people, JSON for programs.

`junit`     JUnit XML
`html`      one self-contained file, English and Chinese
`drawing`   where the lines of its diagrams are
`files`     writing
"""

from shapan.verify.report.files import write_html, write_json, write_junit
from shapan.verify.report.html import as_html
from shapan.verify.report.junit import as_junit

__all__ = ["as_html", "as_junit", "write_html", "write_json", "write_junit"]

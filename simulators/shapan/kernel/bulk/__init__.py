"""Imports and exports of every master and document, in every system (批量导入导出); docs/bulk.md is for those who use them.

declaration, resources   what can be imported and exported: found in the contract, little is declared
shape                    a schema as tables see it: columns, titles, types
encoding, source         a file's text and what it holds, whatever its format
delimited, ndjson, workbook   the three formats
formulas                 texts that a spreadsheet would run
convert, records, documents   cells to values, rows to records, several rows to one document
identity                 what was imported before: the same file again changes nothing
calls, entering          an operation's own function called for a job; one record through it in a savepoint
imports, exports, writing     a whole job
jobs                     every SQL statement about jobs and results
worker                   the thread that does them, and goes on with what was interrupted
operations, views        `/imports` and `/exports`
"""

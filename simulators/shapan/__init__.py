"""Shapan (沙盘): three stateful business systems to point an integration at, and an oracle that judges the result."""

__version__ = "0.2.0.dev0"

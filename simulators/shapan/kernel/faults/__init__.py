"""Faults (故障): what happens to integrations in production, made to happen on demand."""

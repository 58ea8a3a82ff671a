"""The operations of the control contract."""

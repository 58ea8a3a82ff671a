"""The SCM's operations, one module per kind of document; each function is named after its operationId."""

"""The CRM's operations (接口操作), one module per kind of document: load, ask the rules, store, emit, answer."""

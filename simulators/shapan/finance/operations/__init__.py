"""One function per operationId of contracts/finance.yaml, by kind of document. They load, ask the rules, store, emit and answer."""

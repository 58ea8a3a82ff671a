"""The reference integration (参考集成): moves documents between CRM, SCM and finance, as a user's integration would.

It is a client like any other: it knows the three contracts and its environment variables, speaks HTTP only and imports nothing
of the simulators. It is also a model to read, one subject a file:

config    environment -> settings; one answer that names every fault
client    one HTTP client per system: token, retries, idempotency keys, paging
state     what must survive a kill -9: inbox, cursors, crosswalks (SQLite)
inbox     CloudEvent -> row of the inbox, under the key of its document
webhook   takes events that the systems push
pull      fetches events from the feeds, also those that were never pushed
worker    works the inbox off: in parallel across documents, in order for one
flows     what each event means for the other systems
matching  which customer there is which customer here
money     conversions in Decimal
app       wires it all; `python -m shapan.reference` runs it

    order confirmed (CRM)      -> partner, sales order, approval (SCM)
    order changed (CRM)        -> sales order cancelled, and entered anew once the change is confirmed (SCM)
    order cancelled (CRM)      -> sales order cancelled (SCM)
    delivery shipped (SCM)     -> customer, receivable (finance); delivery status (CRM)
    receivable, receipt or settlement posted (finance) -> balance (CRM)
"""

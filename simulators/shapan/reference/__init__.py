"""The reference integration (参考集成): moves documents between CRM, SCM and finance, as a user's integration would.

It is a client like any other: it knows the three contracts and its environment variables, speaks HTTP only and imports nothing
of the simulators. It is also a model to read, one subject a file:

config    environment -> settings; one answer that names every fault
client    one HTTP client per system: retries, Retry-After, idempotency keys, paging
tokens    one access token for all threads, renewed before it expires and when it is refused
sealing   bodies that nobody on the way can read (JWE), where the house asks for it
tracing   what is done for an event belongs to the trace of what caused it
state     what must survive a kill -9: inbox, cursors, crosswalks (SQLite)
inbox     CloudEvent -> row of the inbox, under the key of its document
webhook   takes events that the systems push
signature who sent this webhook
pull      fetches events from the feeds, also those that were never pushed
worker    works the inbox off: in parallel across documents, in order for one
flows     what each event means for the other systems, one subject a file
units     how many base units a sales unit is
books     which period of finance a document goes to, also when its own is closed
items     which product of the SCM is which inventory item of finance
suppliers which supplier of the SCM is which of finance
matching  which customer there is which customer here
names     names of companies taken apart, so that style does not matter and region does
directory all customers of a system, read once and then on
batches   many records at once, and what became of each row
money     conversions in Decimal
parts     the classes that app puts together; each can be replaced by a subclass
app       wires it all; `python -m shapan.reference` runs it
defects   mistakes that real integrations make, each a subclass of one part (`--defect`), to test the scenarios with

    customer created or merged (CRM) -> partner (SCM) and customer (finance), many of them as files
    product created (SCM)      -> inventory item (finance); orders that waited for it go on
    order confirmed (CRM)      -> partner, sales order, approval (SCM)
    order changed (CRM)        -> sales order cancelled, and entered anew once the change is confirmed (SCM)
    order cancelled (CRM)      -> sales order cancelled (SCM); when goods have left, its rest closed and a note to sales (CRM)
    order closed (CRM)         -> rest of the sales order closed (SCM)
    delivery shipped (SCM)     -> customer, receivable (finance); delivery status (CRM)
    delivery shipped, sales return received, cost adjusted, stock counted (SCM) -> inventory document (finance)
    supplier invoice posted at another price (finance) -> cost adjustment (SCM)
    purchase order approved, goods receipt or purchase return posted (SCM) -> registered (finance)
    receivable, receipt or settlement posted (finance) -> balance (CRM)
    receipt posted (finance)   -> settlement of what its bank text names (finance)
    return approved (CRM)      -> sales return (SCM); received there -> red receivable (finance), return received and credited (CRM)
    store sale (CRM)           -> ingredients (SCM), cash sale (finance); their cost (finance); the same when it is voided or returned
    transfer ended short (SCM) -> its loss (finance)
    material issued or returned, goods made (SCM) -> inventory documents (finance)
"""

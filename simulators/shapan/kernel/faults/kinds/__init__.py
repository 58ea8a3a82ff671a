"""All faults there are, by name. One file each; a new one is one more file, one line here, and its schema in the contract."""

from __future__ import annotations

from collections.abc import Mapping

from shapan.kernel.faults.kind import Kind
from shapan.kernel.faults.kinds.drop import DROP
from shapan.kernel.faults.kinds.error import ERROR
from shapan.kernel.faults.kinds.event_delayed import EVENT_DELAYED
from shapan.kernel.faults.kinds.event_duplicated import EVENT_DUPLICATED
from shapan.kernel.faults.kinds.event_lost import EVENT_LOST
from shapan.kernel.faults.kinds.event_out_of_order import EVENT_OUT_OF_ORDER
from shapan.kernel.faults.kinds.event_replayed import EVENT_REPLAYED
from shapan.kernel.faults.kinds.event_wrong_signature import EVENT_WRONG_SIGNATURE
from shapan.kernel.faults.kinds.hang import HANG
from shapan.kernel.faults.kinds.latency import LATENCY
from shapan.kernel.faults.kinds.maintenance import MAINTENANCE
from shapan.kernel.faults.kinds.partial_batch import PARTIAL_BATCH
from shapan.kernel.faults.kinds.rate_limit import RATE_LIMIT
from shapan.kernel.faults.kinds.stale_read import STALE_READ
from shapan.kernel.faults.kinds.token_revoked import TOKEN_REVOKED
from shapan.kernel.faults.kinds.truncated_body import TRUNCATED_BODY
from shapan.kernel.faults.kinds.wrong_typed_body import WRONG_TYPED_BODY

FAULTS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        LATENCY,
        HANG,
        ERROR,
        MAINTENANCE,
        RATE_LIMIT,
        DROP,
        TRUNCATED_BODY,
        WRONG_TYPED_BODY,
        STALE_READ,
        TOKEN_REVOKED,
        PARTIAL_BATCH,
        EVENT_LOST,
        EVENT_DUPLICATED,
        EVENT_DELAYED,
        EVENT_OUT_OF_ORDER,
        EVENT_WRONG_SIGNATURE,
        EVENT_REPLAYED,
    )
}

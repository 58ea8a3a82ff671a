"""Tokens that are no longer good before they expire (令牌吊销): one by one (RFC 7009), or all that a client has.

Both are kept in the workspace's database. A client's tokens bear the number of its generation; to revoke them all is to begin the next one,
which needs no list of tokens and no comparison of times (a frozen clock gives many tokens the same).
"""

from __future__ import annotations

import sqlite3
import threading

from shapan.kernel.auth import Grant
from shapan.kernel.database import Database

ALL = ""
"""The name under which the generations of all clients together are counted; no client is called so."""


class Revocations:
    """What was revoked in one workspace, in memory as in its database. Thread-safe: requests ask, few change."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._tokens: frozenset[str] = frozenset()
        self._generations: dict[str, int] = {}
        self.reload()

    def reload(self) -> None:
        """Read all of it again: the database was put back to another state."""
        # Read within the lock: of two that reload, the one that read later must not be overwritten by the other.
        with self._lock, self._database.read() as db:
            self._tokens = frozenset(str(row[0]) for row in db.execute("SELECT id FROM shapan_revoked_token"))
            self._generations = {
                str(row[0]): int(row[1]) for row in db.execute("SELECT * FROM shapan_token_generation")
            }

    def generation(self, client_id: str) -> int:
        """The number that a new token of this client bears; one of a lower number is revoked."""
        generations = self._generations
        return generations.get(ALL, 0) + generations.get(client_id, 0)

    def holds(self, grant: Grant) -> bool:
        """Whether a token is among the revoked ones."""
        return grant.token_id in self._tokens or grant.generation < self.generation(grant.client_id)

    def revoke_client(self, client_id: str | None) -> None:
        """Revoke every token that a client has, or that all have. In a transaction of its own."""
        with self._database.write(self.reload) as db:
            db.execute(
                "INSERT INTO shapan_token_generation (client_id, generation) VALUES (?, 1)"
                " ON CONFLICT (client_id) DO UPDATE SET generation = generation + 1",
                (client_id or ALL,),
            )


def note_revoked(db: sqlite3.Connection, grant: Grant) -> None:
    """Write down that a token is revoked. The caller reloads after the commit.

    It stays written down when the token has expired: a reset or a snapshot takes the clock back to when it had not.
    """
    db.execute("INSERT INTO shapan_revoked_token (id) VALUES (?) ON CONFLICT (id) DO NOTHING", (grant.token_id,))

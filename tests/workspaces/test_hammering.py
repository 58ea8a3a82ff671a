"""Clients at work in all systems while snapshots are restored: none sees one system before a restore and another after it."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

SYSTEMS = ("crm", "scm", "finance")
PATHS = {"crm": "/stores?limit=100", "scm": "/warehouses?page_size=100", "finance": "/stores?limit=100"}
ROUNDS = 8


def marker(house, system, workspace):
    """Which state a system shows: the number of the newest store that stands for one."""
    answer = house.ask(system, workspace, "GET", PATHS[system])
    assert answer.status_code == 200, answer.text
    items = answer.json()["items"]
    codes = {item.get("code") or item.get("warehouse_code") for item in items}
    return max((int(code[2:]) for code in codes if code.startswith("ST")), default=0)


def test_no_client_sees_a_restore_half_done(house, workspace):
    # Snapshot n has the stores 1 to n in every system; they are restored in the order of their numbers.
    for number in range(1, ROUNDS + 1):
        house.enter_all(workspace, f"ST{number}")
        house.control.put(f"/ws/{workspace}/snapshots/{workspace}-{number}")
    house.control.post(f"/ws/{workspace}/snapshots/{workspace}-1/restore")
    done, asked = threading.Event(), [0] * 6
    for system in SYSTEMS:
        house.token(system, workspace)

    def hammer(client):
        """Ask the systems in turn, each client in another order; what was seen once must not go back anywhere."""
        seen, torn = 1, []
        while not done.is_set():
            for place in range(3):
                system = SYSTEMS[(client + place * (1 if client % 2 else 2)) % 3]
                now = marker(house, system, workspace)
                if now < seen:
                    torn.append((system, seen, now))
                seen = max(seen, now)
                asked[client] += 1
        return seen, torn

    with ThreadPoolExecutor(6) as pool:
        clients = [pool.submit(hammer, client) for client in range(6)]
        try:
            for number in range(2, ROUNDS + 1):
                # Every client has been at work between two restores.
                before = list(asked)
                while any(now < then + 3 for now, then in zip(asked, before, strict=True)):
                    failed = [one.exception() for one in clients if one.done()]
                    assert not failed
                answer = house.control.post(f"/ws/{workspace}/snapshots/{workspace}-{number}/restore")
                assert answer.status_code == 200, answer.text
        finally:
            done.set()
        seen = [client.result() for client in clients]
    assert [torn for _, torn in seen if torn] == []
    assert {marker(house, system, workspace) for system in SYSTEMS} == {ROUNDS}


def test_what_is_written_during_restores_is_in_one_state_or_in_none(house, workspace):
    """Each client writes the same store into system after system. An acknowledged write is of the state before a restore, or after it: a
    client that got both acknowledgements after the last restore finds both stores.
    """
    house.control.put(f"/ws/{workspace}/snapshots/{workspace}")
    for system in SYSTEMS:
        house.token(system, workspace)
    stop = threading.Event()
    written = []

    def write(client):
        number = 0
        while not stop.is_set():
            number += 1
            code = f"W{client}{number}"
            for system in SYSTEMS:
                house.enter(system, workspace, code)
            written.append(code)

    with ThreadPoolExecutor(3) as pool:
        clients = [pool.submit(write, client) for client in range(3)]
        try:
            for _ in range(5):
                assert house.control.post(f"/ws/{workspace}/snapshots/{workspace}/restore").status_code == 200
            begun = len(written)
            while len(written) < begun + 6:
                assert not [one for one in clients if one.done()]
        finally:
            stop.set()
        for client in clients:
            client.result()
    # The first three may have been begun before the last restore.
    for code in written[begun + 3 :]:
        assert house.having(workspace, code) == set(SYSTEMS)
    # The states agree: a store that is there in a later system of a client's round is there in the earlier ones, or was begun before.
    torn = [code for code in written[:begun] if house.having(workspace, code) not in (set(), set(SYSTEMS))]
    assert len(torn) <= 3, "at most one round of each client was interrupted by the last restore"

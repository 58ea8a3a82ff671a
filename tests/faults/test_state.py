"""Faults of what a client may know or do: stale reads, tokens that were revoked, imports that are entered in part."""

from __future__ import annotations

import json


def test_stale_reads_show_the_past_until_the_fault_goes(shop):
    first = shop.order().json()["number"]
    rule = shop.add("stale-read", match={"path": "/orders**"})
    before = len(shop.orders())
    second = shop.order()
    assert second.status_code == 201
    number = second.json()["number"]
    assert len(shop.orders()) == before
    assert shop.get(f"/orders/{second.json()['id']}").status_code == 404
    assert first in {order["number"] for order in shop.orders()}
    # Whoever reads the present sees it: the oracle, and other paths.
    facts = shop.http.get(f"{shop.url}/_shapan/facts").json()["facts"]
    assert number in json.dumps(facts)
    shop.remove(rule["id"])
    assert len(shop.orders()) == before + 1
    assert shop.get(f"/orders/{second.json()['id']}").json()["number"] == number


def test_a_copy_goes_with_its_rule_and_its_workspace(one_shop, threads):
    folder = threads.folder / "crm" / "workspaces"
    copies = f"{one_shop.name}.sqlite-stale-*"
    rule = one_shop.add("stale-read")
    assert len(list(folder.glob(copies))) == 1
    one_shop.remove(rule["id"])
    assert list(folder.glob(copies)) == []
    one_shop.add("stale-read")
    assert one_shop.http.delete(f"{threads.url('crm')}/_shapan/workspaces/{one_shop.name}").status_code == 204
    assert list(folder.glob(f"{one_shop.name}*")) == []


def test_tokens_from_before_are_refused_and_new_ones_are_good(shop):
    shop.clock(frozen=True)  # both are issued at the very same second
    rule = shop.add("token-revoked")
    refused = shop.get("/orders")
    assert refused.status_code == 401
    assert refused.json()["type"] == "urn:shapan:problem:invalid-token"
    assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
    old, shop.token = shop.token, shop.fetch_token()
    assert shop.get("/orders").status_code == 200
    assert shop.order().status_code == 201
    new, shop.token = shop.token, old
    assert shop.get("/orders").status_code == 401
    assert shop.counts(rule["id"]) == (2, 2, False)
    shop.remove(rule["id"])
    assert shop.get("/orders").status_code == 200
    shop.add("token-revoked", parameters={"all": True}, match={"client": "faults"}, times=1)
    shop.token = new
    assert shop.get("/orders").status_code == 401
    assert shop.get("/orders").status_code == 200


def test_some_rows_of_an_import_fail_and_the_same_file_enters_the_rest(shop, eventually):
    rule = shop.add("partial-batch", operations=["createCustomer"], match={"every": 3}, times=2)
    names = [f"批量客户{number}有限公司" for number in range(1, 8)]
    rows = [json.dumps({"name": name, "region": "BJ", "industry": "IT"}, ensure_ascii=False) for name in names]

    def run():
        """Import the file, and what became of its rows."""
        made = shop.request(
            "POST",
            "/imports?resource=customers&mode=by_row&key=name",
            content="\n".join(rows).encode(),
            headers={"Content-Type": "application/x-ndjson"},
        )
        assert made.status_code == 202, made.text
        path = f"/imports/{made.json()['id']}"
        eventually(lambda: shop.get(path).json()["finished_at"])
        return shop.get(f"{path}/rows").json()["items"]

    def there():
        return {item["name"] for item in shop.get("/customers?limit=100").json()["items"]}

    first = run()
    failed = [row for row in first if row["state"] == "failed"]
    assert [row["row"] for row in failed] == [3, 6]
    assert {row["problem"] for row in failed} == {"urn:shapan:problem:injected-fault"}
    assert rule["id"] in failed[0]["errors"][0]["detail"]
    assert set(names) - there() == {names[2], names[5]}
    assert shop.counts(rule["id"]) == (6, 2, True)
    assert [row["state"] for row in run()] == ["unchanged", "unchanged", "created"] * 2 + ["unchanged"]
    assert set(names) <= there()

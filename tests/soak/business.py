"""The people of the soak: salespeople, a warehouse and a cashier, who repeat under the same key what was not acknowledged."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import Any

import httpx

from shapan.kernel.uscc import complete

RETRIED = {401, 409, 425, 429, 500, 502, 503, 504}
PAUSE = 0.1
MOST_OPEN = 50
"""Orders on their way at one time: more would only wait for the one warehouse."""


class GaveUp(Exception):
    """Something was not acknowledged within the patience of whoever asked, or refused for good."""


class Caller:
    """A client of one system that asks until it is answered. Thread-safe."""

    def __init__(self, base_url: str, credentials: tuple[str, str], patience: float) -> None:
        self._http = httpx.Client(base_url=base_url, timeout=5, trust_env=False)
        self._credentials = credentials
        self._patience = patience
        self._token = ""
        self._pause = threading.Event()
        self.repeated = 0
        """How often something was asked again."""

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._ask("GET", path, params=query)

    def post(self, path: str, body: Any, key: str) -> Any:
        return self._ask("POST", path, json=body, headers={"Idempotency-Key": key})

    def _ask(self, method: str, path: str, **options: Any) -> Any:
        deadline, reason = time.monotonic() + self._patience, "nothing was tried"
        headers = options.pop("headers", {})
        while time.monotonic() < deadline:
            try:
                token = self._token or self._fetch()
                answer = self._http.request(
                    method, path, headers={**headers, "Authorization": f"Bearer {token}"}, **options
                )
            except httpx.TransportError as error:
                reason = f"{type(error).__name__}: {error}"
            else:
                if answer.is_success:
                    return answer.json() if answer.content else None
                reason = f"{answer.status_code} {answer.text[:300]}"
                if answer.status_code == 401:
                    self._token = ""
                elif answer.status_code not in RETRIED or (answer.status_code == 409 and "in-progress" not in reason):
                    raise GaveUp(f"{method} {path}: {reason}")
            self.repeated += 1
            self._pause.wait(PAUSE)
        raise GaveUp(f"{method} {path}: not acknowledged in {self._patience:g} s, last {reason}")

    def _fetch(self) -> str:
        client_id, secret = self._credentials
        form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret}
        answer = self._http.post("/oauth/token", data=form)
        if answer.is_success:
            self._token = str(answer.json()["access_token"])
        return self._token


@dataclass
class Acknowledged:
    """What was answered with 2xx, and so must be there at the end: by its key, the number or id that it was given."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    deliveries: dict[str, str] = field(default_factory=dict)
    receipts: dict[str, int] = field(default_factory=dict)


class Business:
    """All people at work, until they are told to stop; then what was begun is carried to its end."""

    def __init__(
        self, urls: dict[str, str], credentials: tuple[str, str], *, salespeople: int, seed: int, patience: float
    ) -> None:
        self.callers = {name: Caller(urls[name], credentials, patience) for name in ("crm", "scm", "finance")}
        self.done = Acknowledged()
        self.errors: list[str] = []
        self._patience = patience
        self._seed = seed
        self._salespeople = salespeople
        self._no_more_orders = threading.Event()
        self._abandoned = threading.Event()
        self._to_ship: SimpleQueue[str] = SimpleQueue()
        self._to_cash: SimpleQueue[str] = SimpleQueue()
        self._shipped = threading.Event()
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        """Everybody begins."""
        products = self.callers["crm"].get("/products", limit=50)["items"]
        self._sellers = [
            self._thread(lambda number=number: self._sell(number, products)) for number in range(self._salespeople)
        ]
        self._warehouse = self._thread(self._ship)
        self._cashier = self._thread(self._cash)

    def finish(self) -> None:
        """No more orders; wait until what was ordered is shipped and paid."""
        self._no_more_orders.set()
        for seller in self._sellers:
            seller.join()
        self._shipped.set()
        self._warehouse.join()
        self._abandoned.set()
        self._cashier.join()

    def close(self) -> None:
        for caller in self.callers.values():
            caller.close()

    def _thread(self, work: Callable[[], None]) -> threading.Thread:
        def guarded() -> None:
            try:
                work()
            except Exception as error:  # told at the end; the others go on
                self.errors.append(f"{type(error).__name__}: {error}")

        thread = threading.Thread(target=guarded, daemon=True)
        thread.start()
        self._threads.append(thread)
        return thread

    # -- CRM ---------------------------------------------------------------------------------------------------------------------

    def _sell(self, number: int, products: list[dict[str, Any]]) -> None:
        chance = random.Random(f"{self._seed}/{number}")
        crm = self.callers["crm"]
        customer = crm.post(
            "/customers",
            {
                "name": f"北京沙盘耐力{self._seed:05d}{number:03d}科技有限公司",
                "unifiedSocialCreditCode": complete("91", "110108", f"MA{self._seed % 1000:03d}{number:03d}"),
                "region": "BJ",
                "industry": "IT",
                "address": {
                    "province": "北京市",
                    "city": "北京市",
                    "district": "海淀区",
                    "street": f"耐力路{number + 1}号",
                    "postcode": "100080",
                },
                "paymentTerms": "NET30",
            },
            f"soak-customer-{self._seed}-{number}",
        )
        count = 0
        while not self._no_more_orders.is_set():
            count += 1
            key = f"soak-{self._seed}-{number}-{count}"
            lines = [
                {"productCode": product["code"], "quantity": chance.randint(1, 5)}
                for product in chance.sample(products, min(len(products), chance.randint(1, 3)))
            ]
            order = crm.post(
                "/orders", {"customerId": customer["id"], "note": key, "submit": True, "lines": lines}, key
            )
            self.done.orders[key] = order
            if order["state"] == "confirmed":
                self._to_ship.put(order["number"])
            self._no_more_orders.wait(chance.uniform(0.05, 0.5))
            while self._to_ship.qsize() + self._to_cash.qsize() > MOST_OPEN and not self._no_more_orders.is_set():
                self._no_more_orders.wait(PAUSE)  # nobody sells what cannot be carried out

    # -- SCM ---------------------------------------------------------------------------------------------------------------------

    def _ship(self) -> None:
        while (number := self._next(self._to_ship, self._shipped)) is not None:
            self._carry_out(number)

    def _carry_out(self, number: str) -> None:
        scm = self.callers["scm"]

        def approved() -> dict[str, Any] | None:
            found = scm.get("/sales-orders", source_document=number)["items"]
            return found[0] if found and found[0]["state"] in ("approved", "closed") else None

        order = self._until(approved, f"the sales order of {number}")
        sales_order, tries = order["sales_order_no"], 0
        # Again, where an order that was approved meanwhile took what had been fetched for this one.
        while any(float(line["backorder_quantity"]) for line in order["lines"]):
            tries += 1
            for line in order["lines"]:
                if float(line["backorder_quantity"]):
                    movement = {
                        "kind": "other_receipt",
                        "warehouse_code": order["warehouse_code"],
                        "product_code": line["product_code"],
                        "quantity": line["backorder_quantity"],
                    }
                    scm.post("/stock-movements", movement, f"soak-stock-{sales_order}-{line['line_no']}-{tries}")
            order = scm.post(f"/sales-orders/{sales_order}/allocate", None, f"soak-allocate-{sales_order}-{tries}")
        delivery = scm.post("/deliveries", {"sales_order_no": sales_order}, f"soak-delivery-{sales_order}")
        try:
            scm.post(f"/deliveries/{delivery['delivery_no']}/ship", None, f"soak-ship-{sales_order}")
        except GaveUp:
            # An action takes no key. Where it was done and the answer lost, the state refuses it the second time: look.
            if scm.get(f"/deliveries/{delivery['delivery_no']}")["state"] != "shipped":
                raise
        self.done.deliveries[number] = delivery["delivery_no"]
        self._to_cash.put(delivery["delivery_no"])

    # -- finance -----------------------------------------------------------------------------------------------------------------

    def _cash(self) -> None:
        finance = self.callers["finance"]
        while (delivery := self._next(self._to_cash, self._abandoned)) is not None:

            def booked(delivery: str = delivery) -> dict[str, Any] | None:
                found = finance.get("/receivables", source_document=delivery)["items"]
                return found[0] if found else None

            receivable = self._until(booked, f"the receivable of {delivery}")
            receipt = finance.post(
                "/receipts",
                {
                    "customer_id": receivable["customer_id"],
                    "business_date": receivable["business_date"],
                    "amount": receivable["gross_amount"],
                    "bank_reference": f"耐力{delivery}",
                },
                f"soak-receipt-{delivery}",
            )
            # Its bank text names the delivery, so that settling it is the integration's work; the oracle would miss it.
            self.done.receipts[delivery] = receipt["id"]

    # -- waiting -----------------------------------------------------------------------------------------------------------------

    @staticmethod
    def _next(queue: SimpleQueue[str], last: threading.Event) -> str | None:
        """The next piece of work; None once no more can come."""
        while True:
            ended = last.is_set()
            try:
                return queue.get(timeout=PAUSE)
            except Empty:
                if ended:
                    return None

    def _until(self, check: Callable[[], dict[str, Any] | None], what: str) -> dict[str, Any]:
        """What the integration has to bring about."""
        deadline, pause = time.monotonic() + self._patience, threading.Event()
        while (found := check()) is None:
            if time.monotonic() > deadline:
                raise GaveUp(f"{what} did not come in {self._patience:g} s")
            pause.wait(PAUSE)
        return found

"""Order rush (抢单): many salespeople press "submit" in the CRM at the same instant, one order each.

    locust -f loadtests/order_rush.py --headless -u 100 -r 100 --host http://127.0.0.1:8101
    shapan load order-rush --users 100 --max-seconds 3

Each user first fetches a token of its own and reads customers and products; the last one to be ready releases all of
them at once. Every user sends one order and is done, so the run ends by itself. The verdict then has three parts, and
the process exits with 0 only if all of them hold:

1. the gate: no request failed, and the slowest order was answered within --max-seconds;
2. the CRM holds every acknowledged order exactly once, under the number that it gave, and no order under two numbers;
3. the oracle of the sandbox finds the systems in agreement (`GET /reconciliation`), once the integration under test has
   had time to catch up.

Exit code 1 says that one of them does not hold, 2 that the rush could not be run (nothing answers, wrong credentials,
no products).

Environment: SHAPAN_CRM_URL (where --host is not given), SHAPAN_CONTROL_URL, SHAPAN_CLIENT_ID, SHAPAN_CLIENT_SECRET,
SHAPAN_OPERATOR_TOKEN (for a control that listens beyond loopback), SHAPAN_MAX_SECONDS, SHAPAN_ORACLE ("off" leaves out
part 3, for a rush without an integration), SHAPAN_ORACLE_SECONDS (how long the systems may take to agree).
Like any client of the sandbox it speaks HTTP and imports nothing of it.
"""

from __future__ import annotations

import math
import os
import sys
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import gevent
import requests
from gevent.event import Event
from gevent.pool import Pool
from locust import FastHttpUser, events, task
from locust.env import Environment
from locust.exception import StopUser
from locust.runners import MasterRunner, WorkerRunner

CRM_URL = os.environ.get("SHAPAN_CRM_URL", "http://127.0.0.1:8101").rstrip("/")
CONTROL_URL = os.environ.get("SHAPAN_CONTROL_URL", "http://127.0.0.1:8100").rstrip("/")
CREDENTIALS = (os.environ.get("SHAPAN_CLIENT_ID", "shapan"), os.environ.get("SHAPAN_CLIENT_SECRET", ""))
OPERATOR_TOKEN = os.environ.get("SHAPAN_OPERATOR_TOKEN", "")
GRANT = {"grant_type": "client_credentials", "scope": "customers:read products:read orders:read orders:write"}
ORACLE = os.environ.get("SHAPAN_ORACLE", "on").lower() != "off"
ORACLE_SECONDS = float(os.environ.get("SHAPAN_ORACLE_SECONDS", "30"))

# What nobody has reason to change in an order that was just submitted; an integration may well touch the rest.
STABLE_MEMBERS = ("id", "customerId", "note", "grossAmount", "state")
# No request hangs longer than this, so that the run ends whatever the server does.
REQUEST_SECONDS = 60.0
# Beyond the ramp that -r asks for, this long may the preparations of all users take.
PREPARATION_SECONDS = 60.0
# A gate is not an archive: listings that are longer than this are somebody else's data.
MOST_PAGES = 200
SHOWN = 20


class CannotRun(Exception):
    """The rush could not be run at all; the two sentences say why and what to do."""

    def __init__(self, en: str, zh: str) -> None:
        super().__init__(en)
        self.en, self.zh = en, zh


@dataclass
class Rush:
    """One run: what its users share. All greenlets live on one thread, so plain attributes are safe."""

    users: int
    max_seconds: float
    base_url: str
    name: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    joined: int = 0
    ready: int = 0
    done: int = 0
    seconds: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    acknowledged: dict[str, dict[str, Any]] = field(default_factory=dict)
    trouble: CannotRun | None = None
    released: Event = field(default_factory=Event)
    finished: Event = field(default_factory=Event)
    exit_code: int | None = None

    def note(self, user: int) -> str:
        """What marks the one order of a user, so that a second one can be told from other people's orders."""
        return f"order-rush {self.name} {user}"

    def user_is_ready(self) -> None:
        self.ready += 1
        if self.ready == self.users:
            self.released.set()

    def user_is_done(self) -> None:
        self.done += 1
        if self.done == self.users:
            self.finished.set()

    def stop(self, trouble: CannotRun) -> None:
        self.trouble = self.trouble or trouble
        self.finished.set()


_rush: Rush | None = None


@events.init_command_line_parser.add_listener
def _add_arguments(parser: Any) -> None:
    parser.add_argument(
        "--max-seconds",
        type=float,
        env_var="SHAPAN_MAX_SECONDS",
        default=3.0,
        help="The gate: the slowest order must be answered within so many seconds (default 3).",
    )


@events.init.add_listener
def _check_runner(runner: Any, **_: Any) -> None:
    if isinstance(runner, MasterRunner | WorkerRunner):
        _say(
            "order-rush: releases all users from one process; run it without --master, --worker and --processes.",
            "抢单：所有用户须由同一个进程同时放行，请去掉 --master、--worker 和 --processes。",
        )
        sys.exit(2)


@events.test_start.add_listener
def _start(environment: Environment, **_: Any) -> None:
    global _rush
    options = environment.parsed_options
    users = environment.runner.target_user_count or options.num_users or 1
    _rush = Rush(users=users, max_seconds=options.max_seconds, base_url=(environment.host or CRM_URL).rstrip("/"))
    ramp = users / (options.spawn_rate or 1)
    gevent.spawn(_conduct, environment, _rush, ramp + PREPARATION_SECONDS)


@events.quitting.add_listener
def _quitting(environment: Environment, **_: Any) -> None:
    """A run that ends before its verdict (Ctrl-C, --run-time) has not passed."""
    if _rush is not None and _rush.exit_code is None:
        _say("order-rush: ended before the verdict.", "抢单：在得出结论之前就结束了。")
        environment.process_exit_code = 1


class Salesperson(FastHttpUser):
    """Prepares, waits for the others, submits one order."""

    host = CRM_URL
    network_timeout = REQUEST_SECONDS
    connection_timeout = REQUEST_SECONDS

    @task
    def order(self) -> None:
        if _rush is None:
            raise StopUser
        rush = self.rush = _rush
        self.number = rush.joined
        rush.joined += 1
        try:
            self._prepare()
        except CannotRun as trouble:
            rush.stop(trouble)
            raise StopUser from None
        rush.user_is_ready()
        rush.released.wait()
        started = time.perf_counter()
        with self.client.post(
            "/orders",
            json=self.body,
            headers=self.headers | {"Idempotency-Key": str(uuid.uuid4())},
            name="POST /orders",
            catch_response=True,
        ) as answer:
            rush.seconds.append(time.perf_counter() - started)
            order = _json(answer)
            if answer.status_code != 201:
                fault = order.get("detail") or answer.error or "no answer"
                rush.failures.append(f"order of user {self.number}: HTTP {answer.status_code}: {fault}")
                answer.failure(f"HTTP {answer.status_code}")
            elif not order.get("number") or not order.get("id"):
                rush.failures.append(f"order of user {self.number}: HTTP 201 without the order's number and id")
                answer.failure("no number")
            elif order["number"] in rush.acknowledged:
                rush.failures.append(f"order of user {self.number}: number {order['number']} was given to another one")
                answer.failure("number given twice")
            else:
                rush.acknowledged[order["number"]] = order
        rush.user_is_done()
        raise StopUser

    def _prepare(self) -> None:
        """Token, customer and product of this user. Raises CannotRun."""
        token = self._read("POST", "/oauth/token", data=GRANT, auth=CREDENTIALS)
        self.headers = {"Authorization": f"Bearer {token.get('access_token')}"}
        customers = self._read("GET", "/customers?limit=100", headers=self.headers).get("items") or []
        products = self._read("GET", "/products?limit=100", headers=self.headers).get("items") or []
        if not customers or not products:
            raise CannotRun(
                f"order-rush: {self.rush.base_url} has no customers or no products to order. "
                "Reset the sandbox, then run again.",
                f"抢单：{self.rush.base_url} 中没有客户或产品可供下单。请先重置沙盘再运行。",
            )
        # Spread over the world by the user's own number, so that the same run orders the same things again.
        self.body = {
            "customerId": customers[self.number % len(customers)]["id"],
            "note": self.rush.note(self.number),
            "submit": True,
            "lines": [{"productCode": products[self.number % len(products)]["code"], "quantity": 1}],
        }

    def _read(self, method: str, path: str, **kwargs: Any) -> dict[str, Any]:
        name = f"prepare: {method} {path.split('?')[0]}"
        with self.client.request(method, path, name=name, catch_response=True, **kwargs) as answer:
            if answer.status_code == 200:
                return _json(answer)
            raise _refused(f"{method} {self.rush.base_url}{path}", answer.status_code, _json(answer))


def _conduct(environment: Environment, rush: Rush, preparation_seconds: float) -> None:
    """Waits for the run's two stages, gives the verdict, ends locust. Runs in a greenlet of its own."""
    try:
        gevent.wait([rush.released, rush.finished], timeout=preparation_seconds, count=1)
        if not rush.released.is_set() and rush.trouble is None:
            rush.stop(
                CannotRun(
                    f"order-rush: only {rush.ready} of {rush.users} users were ready after {preparation_seconds:.0f} s."
                    f" Look at the log of {rush.base_url}, or raise --spawn-rate.",
                    f"抢单：{preparation_seconds:.0f} 秒后 {rush.users} 个用户中只有 {rush.ready} 个就绪。"
                    f"请查看 {rush.base_url} 的日志，或调高 --spawn-rate。",
                )
            )
        # Each request has its own time limit, so this one only guards against a fault in locust itself.
        rush.finished.wait(timeout=2 * REQUEST_SECONDS)
        if rush.trouble:
            raise rush.trouble
        passed = _gate(rush)
        passed = _crm_is_right(rush) and passed
        passed = _systems_agree(rush) and passed
        rush.exit_code = 0 if passed else 1
    except CannotRun as trouble:
        _say(trouble.en, trouble.zh)
        rush.exit_code = 2
    except Exception as error:  # whatever it is, a run without a verdict must not pass
        _say(
            f"order-rush: no verdict: {error!r}. This is a fault in the load test.",
            f"抢单：测试脚本自身出错：{error!r}。",
        )
        rush.exit_code = 2
    environment.process_exit_code = rush.exit_code
    if environment.web_ui is None:
        environment.runner.quit()
    else:
        environment.runner.stop()


def _gate(rush: Rush) -> bool:
    """Part 1: all orders answered 201, the slowest in time."""
    slowest = max(rush.seconds, default=math.inf)
    p50, p95 = _percentile(rush.seconds, 50), _percentile(rush.seconds, 95)
    accepted = len(rush.acknowledged)
    passed = slowest <= rush.max_seconds and accepted == rush.users and not rush.failures
    _say(
        f"order-rush gate {'passed' if passed else 'MISSED'}: {accepted} of {rush.users} orders accepted, "
        f"slowest {slowest:.3f} s, p50 {p50:.3f} s, p95 {p95:.3f} s, limit {rush.max_seconds:g} s.",
        f"抢单门槛{'通过' if passed else '未通过'}：{rush.users} 个订单中接受 {accepted} 个，"
        f"最慢 {slowest:.3f} 秒，p50 {p50:.3f} 秒，p95 {p95:.3f} 秒，上限 {rush.max_seconds:g} 秒。",
    )
    _list(rush.failures)
    return passed


def _crm_is_right(rush: Rush) -> bool:
    """Part 2: each acknowledged order is there once, as it was answered, and no user's order is there twice."""
    if not rush.acknowledged:
        return False
    with requests.Session() as crm:
        # A proxy of the environment is for the outside world; the sandbox is not there.
        crm.trust_env = False
        token = _ask(crm, "POST", f"{rush.base_url}/oauth/token", data=GRANT, auth=CREDENTIALS)
        crm.headers["Authorization"] = f"Bearer {token['access_token']}"
        found = Pool(10).imap(lambda order: _lookup(crm, rush, order), rush.acknowledged.values())
        faults = [fault for fault in found if fault] + _surplus(crm, rush)
    number = len(rush.acknowledged)
    _say(
        f"order-rush orders {'WRONG' if faults else 'right'}: "
        f"{number} acknowledged orders looked up in the CRM, {len(faults)} faults.",
        f"抢单订单核对{'有误' if faults else '无误'}：在 CRM 中查对 {number} 个已确认订单，发现 {len(faults)} 处错误。",
    )
    _list(faults)
    return not faults


def _lookup(crm: requests.Session, rush: Rush, order: dict[str, Any]) -> str | None:
    """What is wrong with an acknowledged order in the CRM, or None."""
    number = order["number"]
    found = _ask(crm, "GET", f"{rush.base_url}/orders", params={"number": number})["items"]
    if not found:
        return f"{number} was acknowledged and is lost"
    if len(found) > 1:
        return f"{number} is there {len(found)} times"
    changed = [member for member in STABLE_MEMBERS if found[0].get(member) != order.get(member)]
    return f"{number} differs from its acknowledgement in {', '.join(changed)}" if changed else None


def _surplus(crm: requests.Session, rush: Rush) -> list[str]:
    """Orders of this run that nobody was told of, or that a user has twice."""
    # A minute before the first acknowledged order, to catch one that was written before it.
    params: dict[str, Any] = {"updatedSince": (_first(rush) - timedelta(minutes=1)).isoformat(), "limit": 100}
    marks = {rush.note(user) for user in range(rush.users)}
    surplus = []
    for _ in range(MOST_PAGES):
        page = _ask(crm, "GET", f"{rush.base_url}/orders", params=params)
        surplus += [
            f"{order['number']} was never acknowledged: a second order of the same user, or one whose answer was lost"
            for order in page["items"]
            if order.get("note") in marks and order["number"] not in rush.acknowledged
        ]
        if not page.get("nextCursor"):
            return surplus
        params["cursor"] = page["nextCursor"]
    return [*surplus, f"the CRM lists more than {MOST_PAGES} pages of orders; reset the sandbox before a rush"]


def _first(rush: Rush) -> datetime:
    """When the first acknowledged order was created, by the CRM's own clock, which may be a simulated one."""
    return min(datetime.fromisoformat(order["createdAt"]) for order in rush.acknowledged.values())


def _systems_agree(rush: Rush) -> bool:
    """Part 3: the oracle, asked until it is content or the time is over."""
    if not ORACLE:
        _say("order-rush: oracle not asked (SHAPAN_ORACLE=off).", "抢单：未做对账（SHAPAN_ORACLE=off）。")
        return True
    if not rush.acknowledged:
        return False
    started = time.monotonic()
    with requests.Session() as control:
        control.trust_env = False
        if OPERATOR_TOKEN:
            control.headers["Authorization"] = f"Bearer {OPERATOR_TOKEN}"
        while True:
            # What was in disagreement before the rush is not the fault of the rush.
            verdict = _ask(control, "GET", f"{CONTROL_URL}/reconciliation", params={"since": _first(rush).isoformat()})
            waited = time.monotonic() - started
            # An oracle that has not seen all these orders is that of another sandbox, and content for the wrong reason.
            compared = sum(check["compared"] for check in verdict["checks"] if check["name"] == "orders")
            agreed = verdict["ok"] and compared >= len(rush.acknowledged)
            if agreed or waited >= ORACLE_SECONDS:
                break
            gevent.sleep(0.25)
    differences = verdict["differences"]
    if agreed:
        _say(f"order-rush: the systems agree after {waited:.1f} s.", f"抢单：各系统在 {waited:.1f} 秒后对账一致。")
        return True
    _say(
        f"order-rush: the systems still DISAGREE after {waited:.0f} s: {len(differences)} differences, "
        f"{compared} orders compared. Was an integration running? "
        "SHAPAN_ORACLE=off leaves this check out, SHAPAN_ORACLE_SECONDS gives it more time.",
        f"抢单：{waited:.0f} 秒后各系统仍不一致，差异 {len(differences)} 处，已比对订单 {compared} 张。请确认集成程序已在运行；"
        "SHAPAN_ORACLE=off 可跳过此项，SHAPAN_ORACLE_SECONDS 可延长等待。",
    )
    _list([f"{difference['code']}: {difference['en']} {difference['zh']}" for difference in differences])
    return False


def _ask(session: requests.Session, method: str, url: str, **kwargs: Any) -> dict[str, Any]:
    """One request that must succeed. Raises CannotRun."""
    try:
        answer = session.request(method, url, timeout=REQUEST_SECONDS, **kwargs)
    except requests.RequestException as error:
        raise _refused(f"{method} {url}", 0, {"detail": type(error).__name__}) from None
    if answer.status_code != 200:
        raise _refused(f"{method} {url}", answer.status_code, _json(answer))
    return _json(answer)


def _refused(what: str, status: int, problem: dict[str, Any]) -> CannotRun:
    detail = problem.get("detail") or problem.get("error_description") or problem.get("error") or "no detail"
    if status in (0, None):
        return CannotRun(
            f"order-rush: {what} gave no answer ({detail}). Is the sandbox running? Start it with `shapan up`, "
            "or name it with --host and SHAPAN_CONTROL_URL.",
            f"抢单：{what} 没有响应。请用 `shapan up` 启动沙盘，或用 --host 和 SHAPAN_CONTROL_URL 指定地址。",
        )
    return CannotRun(
        f"order-rush: {what} answered {status}: {detail}. Are SHAPAN_CLIENT_ID and SHAPAN_CLIENT_SECRET those "
        "that `shapan up` prints?",
        f"抢单：{what} 返回 {status}：{detail}。"
        "请检查 SHAPAN_CLIENT_ID 和 SHAPAN_CLIENT_SECRET 是否与 `shapan up` 所示一致。",
    )


def _json(answer: Any) -> dict[str, Any]:
    """The body as an object; empty when it is none, so that a strange answer is reported and not stumbled over."""
    try:
        body = answer.json()
    except (ValueError, TypeError):
        return {}
    return body if isinstance(body, dict) else {}


def _percentile(seconds: list[float], percent: int) -> float:
    """Nearest rank; infinite when nothing was measured."""
    if not seconds:
        return math.inf
    return sorted(seconds)[max(0, math.ceil(len(seconds) * percent / 100) - 1)]


def _say(en: str, zh: str) -> None:
    print(en, file=sys.stdout)
    print(zh, file=sys.stdout, flush=True)


def _list(lines: list[str]) -> None:
    for line in lines[:SHOWN]:
        print(f"  - {line}")
    if len(lines) > SHOWN:
        print(f"  … {len(lines) - SHOWN} more")
    sys.stdout.flush()

"""How control reaches the three systems: their operator interface over HTTP, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from shapan.kernel.errors import Fault, Problem, no_such, passed_on, simple
from shapan.kernel.trust import trusted

# Downstream first: a document that moves on while we read is then seen upstream without its follower, which is what
# was true a moment ago. The other way round it would look like a follower of nothing.
READING_ORDER = ("finance", "scm", "crm")
# Calls to systems at one time, for all requests that control serves.
_AT_ONCE = 32
_FILE_SECONDS = 120.0
_CHINESE = {"crm": "CRM", "scm": "SCM", "finance": "财务系统"}


def chinese(name: str) -> str:
    """What a system is called in Chinese; its own name for one that joined later."""
    return _CHINESE.get(name, name)


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """What one system said: `body` when it answered with 2xx, else the `reason` why there is none and the
    `status`, if any.
    """

    name: str
    url: str
    status: int | None
    body: Any
    reason: str | None

    @property
    def good(self) -> bool:
        """Whether there is a usable body."""
        return self.reason is None


class SystemsClient:
    """The systems by name, each at its base URL.

    `urls` maps crm, scm and finance to base URLs; `operator_token` is sent as a Bearer token where it is set;
    `transport` stands in for the network in tests. Safe to be used by several threads.
    """

    def __init__(
        self, urls: Mapping[str, str], operator_token: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._urls = {name: url.rstrip("/") for name, url in urls.items()}
        headers = {"Authorization": f"Bearer {operator_token}"} if operator_token else {}
        # The systems are this sandbox's own: a proxy from the environment is never meant for them.
        self._http = httpx.Client(
            headers=headers,
            timeout=httpx.Timeout(30, connect=3),
            transport=transport,
            trust_env=False,
            verify=trusted(),
        )
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="control")

    def close(self) -> None:
        """Close the connections."""
        self._pool.shutdown(wait=False)
        self._http.close()

    def base(self, name: str, workspace: str) -> str:
        """The base URL of a system for a workspace."""
        return self._urls[name] + ("" if workspace == "default" else f"/ws/{workspace}")

    def docs(self, name: str) -> str:
        """The documentation page of a system."""
        return self._urls[name] + "/docs/"

    def health(self, workspace: str) -> list[SystemAnswer]:
        """Each system's health, or why there is none, in the order in which the systems were given."""
        return [self._ask("GET", name, workspace, "/_shapan/health") for name in self._urls]

    def facts(self, workspace: str, versions: Mapping[str, str] | None = None) -> dict[str, dict[str, Any]]:
        """{system: {system, workspace, as_of, facts}}, with `versions` also {version, changes} (contracts/operator/facts.yaml).
        Raises 503, 502 or 404 naming every system that gave none.
        """
        since = {name: "" if versions is None else f"?since={versions.get(name, 'new')}" for name in READING_ORDER}
        answers = [self._ask("GET", name, workspace, f"/_shapan/facts{since[name]}") for name in READING_ORDER]
        _complain(
            answers, workspace, "There is no verdict without all three systems.", "三个系统缺一不可，无法给出对账结论。"
        )
        broken = [answer for answer in answers if not _is_facts(answer.body)]
        if broken:
            raise bad_answer(
                broken[0].name, f"{broken[0].url} did not answer with facts", f"{broken[0].url} 返回的不是对账事实"
            )
        return {answer.name: answer.body for answer in answers}

    def kpis(self, workspace: str, first: str, last: str) -> list[dict[str, Any]]:
        """Each system's key figures over a period. Raises 503, 502 or 404 naming every system that gave none."""
        path = f"/_shapan/kpis?from={first}&to={last}"
        answers = [self._ask("GET", name, workspace, path) for name in self._urls]
        _complain(
            answers, workspace, "Key figures are given for all systems or none.", "任一系统缺失时不给出关键指标。"
        )
        for answer in answers:
            if not (isinstance(answer.body, Mapping) and isinstance(answer.body.get("items"), list)):
                raise bad_answer(
                    answer.name, f"{answer.url} did not answer with key figures", f"{answer.url} 返回的不是关键指标"
                )
        return [answer.body for answer in answers]

    @property
    def names(self) -> tuple[str, ...]:
        """The systems, in the order in which they were given."""
        return tuple(self._urls)

    def call(
        self,
        method: str,
        path: str | Mapping[str, str],
        workspace: str,
        *,
        systems: Iterable[str] | None = None,
        body: Any = None,
        bodies: Mapping[str, Any] | None = None,
        language: str = "en",
        seconds: float | None = None,
    ) -> dict[str, SystemAnswer]:
        """Ask the operator interface of several systems (all by default) the same at the same time; {system: what it said}, in their order.

        `path` may be each system's own; `body` is sent as JSON to each, `bodies` to each its own. A refusal is no `good` answer but has the problem as its `body`.
        """

        def ask(name: str) -> SystemAnswer:
            sent = bodies.get(name) if bodies is not None else body
            where = path if isinstance(path, str) else path[name]
            return self._ask(method, name, workspace, where, json=sent, language=language, seconds=seconds)

        return self._each(ask, systems)

    def fetch(self, path: str, workspace: str, *, language: str = "en") -> dict[str, SystemAnswer]:
        """Ask all systems for a file; a good answer has its bytes as `body`."""
        return self._each(
            lambda name: self._ask("GET", name, workspace, path, language=language, seconds=_FILE_SECONDS, file=True),
            None,
        )

    def send(
        self, path: str, workspace: str, files: Mapping[str, bytes], media: str, *, language: str = "en"
    ) -> dict[str, SystemAnswer]:
        """Put a file into each system that has one in `files`."""
        return self._each(
            lambda name: self._ask(
                "PUT", name, workspace, path, content=(media, files[name]), language=language, seconds=_FILE_SECONDS
            ),
            files,
        )

    def _each(self, ask: Callable[[str], SystemAnswer], systems: Iterable[str] | None) -> dict[str, SystemAnswer]:
        names = self.names if systems is None else tuple(systems)
        if len(names) == 1:
            return {names[0]: ask(names[0])}
        return dict(zip(names, self._pool.map(ask, names), strict=True))

    def _ask(
        self,
        method: str,
        name: str,
        workspace: str,
        path: str,
        *,
        json: Any = None,
        content: tuple[str, bytes] | None = None,
        language: str = "en",
        seconds: float | None = None,
        file: bool = False,
    ) -> SystemAnswer:
        if name not in self._urls:
            return SystemAnswer(name, "no address", None, None, "control was given no address for it")
        url = self.base(name, workspace) + path
        options: dict[str, Any] = {"headers": {"Accept-Language": language}}
        if json is not None:
            options["json"] = json
        if content is not None:
            options["headers"]["Content-Type"], options["content"] = content
        if seconds is not None:
            options["timeout"] = httpx.Timeout(seconds, connect=3)
        try:
            answer = self._http.request(method, url, **options)
        except httpx.HTTPError as error:
            return SystemAnswer(name, url, None, None, str(error) or type(error).__name__)
        if not answer.is_success:
            return SystemAnswer(name, url, answer.status_code, _problem(answer), f"it answered {answer.status_code}")
        if file or not answer.content:
            return SystemAnswer(name, url, answer.status_code, answer.content if file else None, None)
        try:
            body = answer.json()
        except ValueError:
            return SystemAnswer(name, url, answer.status_code, None, "its answer is no JSON")
        return SystemAnswer(name, url, answer.status_code, body, None)


def require_all(answers: Iterable[SystemAnswer], workspace: str, en: str, zh: str) -> None:
    """Nothing when every system gave a good answer; else the one problem that names each that did not, with `en`/`zh` for what follows from it."""
    _complain(list(answers), workspace, en, zh)


def unknown_systems(known: SystemsClient, named: Iterable[tuple[str, str]], where: str = "body") -> list[Fault]:
    """A fault for each (pointer, name) whose system control does not know."""
    return [
        Fault(
            pointer,
            f"There is no system {name}; there are {', '.join(known.names)}.",
            f"没有系统 {name}；已有 {'、'.join(map(chinese, known.names))}。",
            where,
        )
        for pointer, name in named
        if name not in known.names
    ]


def pass_on_refusals(answers: Iterable[SystemAnswer], statuses: tuple[int, ...] = (400, 422)) -> None:
    """Nothing, or the first refusal of the request itself, in the words of the system that says so."""
    for answer in answers:
        if answer.status in statuses and isinstance(answer.body, Mapping):
            raise passed_on(answer.status, answer.body)


def _problem(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _is_facts(body: Any) -> bool:
    return isinstance(body, Mapping) and isinstance(body.get("facts"), Mapping) and isinstance(body.get("as_of"), str)


def bad_answer(name: str, en: str, zh: str) -> Problem:
    """502: a system gave an answer that control cannot use."""
    return simple(
        502,
        "system-answer-unusable",
        "A system gave an unusable answer",
        f"{name}: {en}. Check that it is a Shapan system of the same version.",
        f"{chinese(name)}：{zh}。请确认它是同一版本的沙盘系统。",
    )


def _complain(answers: list[SystemAnswer], workspace: str, en: str, zh: str) -> None:
    """Raise the one problem that names every system without a good answer."""
    bad = [answer for answer in answers if not answer.good]
    if not bad:
        return
    if all(answer.status == 404 for answer in bad):
        names = ", ".join(answer.name for answer in bad)
        raise no_such(f"workspace {workspace} in {names}", f"工作区 {workspace}（{names}）")
    down = [answer for answer in bad if answer.status is None or answer.status >= 500]
    listed = "; ".join(f"{answer.name} at {answer.url} ({answer.reason})" for answer in bad)
    listed_zh = "；".join(f"{chinese(answer.name)} {answer.url}（{answer.reason}）" for answer in bad)
    if down:
        raise simple(
            503,
            "system-unreachable",
            "A system cannot be reached",
            f"Not reachable: {listed}. {en} Start it, or correct its address.",
            f"无法访问：{listed_zh}。{zh}请启动该系统或更正其地址。",
        )
    raise simple(
        502,
        "system-refused",
        "A system refused control",
        f"Refused: {listed}. {en} Give control the operator token of the systems (SHAPAN_OPERATOR_TOKEN).",
        f"被拒绝：{listed_zh}。{zh}请为总控配置各系统的运维令牌（SHAPAN_OPERATOR_TOKEN）。",
    )

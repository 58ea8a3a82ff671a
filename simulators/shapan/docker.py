"""The sandbox as a container, through the Docker SDK (`pip install 'shapan[docker]'`): started, ready, and gone at the end.

    with Sandbox(image="shapan:local") as sandbox:
        crm = sandbox.workspace().crm
        crm.get("/customers").json()

One container serves all four ports (`shapan up` in it), published on free ports of this machine's loopback. It holds its standard
input open towards us and ends with it, and Docker then removes it with its data: also when this process is killed.
"""

from __future__ import annotations

import contextlib
import secrets
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from shapan.kernel.auth import Client
from shapan.sandbox.errors import SandboxError, heard
from shapan.sandbox.options import CONTROL, PORT, SIMULATORS
from shapan.sandbox.remote import RunningSandbox, Workspace

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

IMAGE = "shapan:local"
LABEL = "shapan.sandbox"
START_SECONDS = 60.0
_STOP_SECONDS = 10.0
_ENGINE_SECONDS = 60
_PORTS = {CONTROL: PORT, **{name: PORT + 1 + n for n, name in enumerate(SIMULATORS)}}


class Sandbox:
    """A sandbox in a container of its own; a context manager.

    `world`, `size`, `seed` and `mess` are those of `shapan up`, `options` more words for its command line, `environment` more variables for it.
    `start_seconds` is how long (real time) it may take until all four systems are healthy. `engine` is a docker.DockerClient; without one
    the environment says where the engine is (DOCKER_HOST), as for the command `docker`. SandboxError when it cannot be started, with the
    reason and, where the container said one, its words; nothing of it is left then.
    """

    def __init__(
        self,
        image: str = IMAGE,
        *,
        world: str | None = None,
        size: str = "tiny",
        seed: int | None = None,
        mess: str | None = None,
        strict: bool = False,
        options: tuple[str, ...] = (),
        environment: Mapping[str, str] | None = None,
        start_seconds: float = START_SECONDS,
        engine: DockerClient | None = None,
    ) -> None:
        self.image = image
        self.client = Client("shapan", secrets.token_urlsafe(24))
        self.operator_token = secrets.token_urlsafe(24)
        wishes = {"--world": world, "--size": size, "--seed": seed, "--mess": mess}
        self._command = [
            *("up", "--host", "0.0.0.0", "--port", str(PORT), "--data", "/data", "--with-parent"),  # noqa: S104
            *(word for name, value in wishes.items() if value is not None for word in (name, str(value))),
            *(["--strict"] if strict else []),
            *options,
        ]
        self._environment = {
            **(environment or {}),
            "SHAPAN_CLIENT_ID": self.client.client_id,
            "SHAPAN_CLIENT_SECRET": self.client.secret,
            "SHAPAN_OPERATOR_TOKEN": self.operator_token,
        }
        self._start_seconds = start_seconds
        self._given_engine = engine
        self._engine: DockerClient | None = engine
        self._container: Container | None = None
        self._said = bytearray()
        self._listener: threading.Thread | None = None
        self._line: Any = None
        self._running: RunningSandbox | None = None

    @property
    def running(self) -> RunningSandbox:
        """The sandbox as everybody sees it from outside. SandboxError before it has started."""
        if self._running is None:
            raise SandboxError(
                "The sandbox does not run; use it in a `with` block, or call start().",
                "沙盘未运行；请在 with 语句中使用，或先调用 start()。",
            )
        return self._running

    @property
    def urls(self) -> dict[str, str]:
        """Base URLs by system, control included, as this machine reaches them."""
        return dict(self.running.urls)

    def workspace(self, name: str = "default") -> Workspace:
        """A workspace that is there, with clients that have tokens."""
        return self.running.workspace(name)

    def new_workspace(self, template: str | None = None) -> contextlib.AbstractContextManager[Workspace]:
        """A workspace for as long as the block runs, as new or a copy of `template`."""
        return self.running.new_workspace(template)

    def logs(self) -> str:
        """What the container has said so far, without our secrets."""
        text = self._said.decode("utf-8", "replace")
        for secret in (self.client.secret, self.operator_token):
            text = text.replace(secret, "********")
        return text

    def start(self) -> Sandbox:
        """Start it and wait until all four systems are healthy. SandboxError."""
        try:
            self._create()
            self._attach()
            self._begin()
            self._await_health()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """End and remove it, with its data. May be called twice."""
        if self._running is not None:
            self._running.close()
            self._running = None
        if self._container is not None:
            import docker.errors

            container, self._container = self._container, None
            # It may be gone already: it ended, and Docker removed it.
            with contextlib.suppress(docker.errors.NotFound, docker.errors.APIError):
                container.stop(timeout=int(_STOP_SECONDS))
            with contextlib.suppress(docker.errors.NotFound, docker.errors.APIError):
                container.remove(v=True, force=True)
            self._await_removal(container)
        if self._listener is not None:
            self._listener.join(_STOP_SECONDS)
            self._listener = None
        if self._line is not None:
            # The SDK gives its answer and its socket away with the line, and closes neither.
            line, self._line = self._line, None
            connection = getattr(line, "_sock", None)  # not on Windows, nor through ssh
            line._response.close()
            line.close()
            if connection is not None:
                connection.close()
        if self._engine is not None and self._given_engine is None:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> Sandbox:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def _create(self) -> None:
        engine = self._connect()
        import docker.errors

        address = "127.0.0.1" if _host(engine) == "127.0.0.1" else "0.0.0.0"  # noqa: S104
        try:
            self._container = engine.containers.create(
                self.image,
                self._command,
                environment=self._environment,
                labels={LABEL: "1"},
                ports={f"{port}/tcp": (address, 0) for port in _PORTS.values()},
                # Docker closes its standard input when we, the one that is attached, are gone.
                stdin_open=True,
                auto_remove=True,
                init=True,
                read_only=True,
                tmpfs={"/tmp": ""},  # noqa: S108
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                extra_hosts={"host.docker.internal": "host-gateway"},
            )
        except docker.errors.ImageNotFound as error:
            raise SandboxError(
                f"There is no image {self.image} here. Build it with `docker build -t {self.image} .` in a checkout of shapan, or name another.",
                f"本机没有镜像 {self.image}。请在 shapan 源码目录执行 docker build -t {self.image} . 构建，或指定其他镜像。",
            ) from error
        except docker.errors.DockerException as error:
            raise _refused(error) from error

    def _connect(self) -> DockerClient:
        try:
            import docker
            import docker.errors
        except ImportError as error:
            raise SandboxError(
                "The Docker SDK is not installed: pip install 'shapan[docker]'.",
                "未安装 Docker SDK，请执行 pip install 'shapan[docker]'。",
            ) from error
        try:
            if self._engine is None:
                self._engine = docker.from_env(timeout=_ENGINE_SECONDS)
            self._engine.ping()
        except (docker.errors.DockerException, OSError) as error:
            raise SandboxError(
                f"No Docker engine answers ({type(error).__name__}). Start it, or say with DOCKER_HOST where it is.",
                f"没有可用的 Docker 引擎（{type(error).__name__}）。请先启动，或用 DOCKER_HOST 指定其地址。",
            ) from error
        return self._engine

    def _attach(self) -> None:
        """Listen from its first word on, and hold its standard input."""
        assert self._engine is not None
        assert self._container is not None
        assert self._container.id is not None
        ends = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1, "logs": 1}
        self._line = self._engine.api.attach_socket(self._container.id, params=ends)
        self._listener = threading.Thread(
            target=self._listen, args=(self._line,), daemon=True, name="shapan-docker-log"
        )
        self._listener.start()

    def _listen(self, line: Any) -> None:
        from docker.utils.socket import frames_iter

        with contextlib.suppress(OSError, ValueError):  # the engine may go away before the container's last word
            for _, words in frames_iter(line, tty=False):  # type: ignore[no-untyped-call]
                self._said += words

    def _begin(self) -> None:
        import docker.errors

        assert self._container is not None
        try:
            self._container.start()
        except docker.errors.DockerException as error:
            raise _refused(error) from error

    def _await_health(self) -> None:
        deadline = time.monotonic() + self._start_seconds
        pause = threading.Event()
        urls: dict[str, str] = {}
        waiting = list(_PORTS)
        with httpx.Client(trust_env=False, timeout=5) as http:
            while waiting:
                if not urls:
                    urls = self._published()
                waiting = [name for name in waiting if not (name in urls and _healthy(http, urls[name]))]
                if not waiting:
                    break
                if not self._lives():
                    raise SandboxError(*self._reason("ended before it was ready", "在就绪之前已退出"))
                if time.monotonic() > deadline:
                    late = ", ".join(waiting)
                    raise SandboxError(
                        *self._reason(
                            f"is not ready after {self._start_seconds:g} s, {late} not healthy",
                            f"在 {self._start_seconds:g} 秒内未就绪（{late}）",
                        )
                    )
                pause.wait(0.05)
        self._running = RunningSandbox(urls, self.client, self.operator_token)

    def _published(self) -> dict[str, str]:
        """Where the engine publishes the ports; empty until it does."""
        import docker.errors

        assert self._engine is not None
        assert self._container is not None
        try:
            self._container.reload()
        except docker.errors.NotFound:
            return {}
        host, found = _host(self._engine), {}
        for name, port in _PORTS.items():
            bound = (self._container.ports or {}).get(f"{port}/tcp")
            if not bound:
                return {}
            found[name] = f"http://{host}:{bound[0]['HostPort']}"
        return found

    def _lives(self) -> bool:
        import docker.errors

        assert self._container is not None
        try:
            self._container.reload()
        except docker.errors.NotFound:
            return False
        return str(self._container.status) in ("created", "running")

    def _await_removal(self, container: Container) -> None:
        """Until Docker has removed it: whoever comes next may count what is there."""
        import docker.errors

        with contextlib.suppress(docker.errors.NotFound, docker.errors.APIError):
            container.wait(timeout=_STOP_SECONDS, condition="removed")

    def _reason(self, en: str, zh: str) -> tuple[str, str]:
        if self._listener is not None and not self._lives():
            self._listener.join(_STOP_SECONDS)
        text = self.logs()
        lines = [line for line in text.splitlines() if line.strip()]
        last = (f"its last words are: {lines[-1]}", f"其最后输出为：{lines[-1]}") if lines else None
        said = heard(text) or last or ("it said nothing.", "没有任何输出。")
        return f"The container of {self.image} {en}: {said[0]}", f"镜像 {self.image} 的容器{zh}：{said[1]}"


def _host(engine: DockerClient) -> str:
    """Where this machine reaches what the engine publishes: elsewhere only when the engine itself is spoken to over TCP."""
    parts = urlsplit(str(engine.api.base_url))
    here = parts.scheme.startswith("http+") or parts.hostname in (None, "localhost", "127.0.0.1", "::1")
    return "127.0.0.1" if here else str(parts.hostname)


def _healthy(http: httpx.Client, url: str) -> bool:
    try:
        return http.get(url + "/_shapan/health").is_success
    except httpx.HTTPError:
        return False


def _refused(error: Exception) -> SandboxError:
    reason = " ".join(str(getattr(error, "explanation", None) or error).split())
    return SandboxError(
        f"The Docker engine refuses to start the container: {reason}.", f"Docker 引擎拒绝启动容器：{reason}。"
    )

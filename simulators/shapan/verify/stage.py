"""The sandbox of a verification: workspaces by world, with an integration in each that needs one. Everything is ended at the end."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass

from shapan.kernel.auth import Client
from shapan.sandbox.errors import SandboxError
from shapan.sandbox.integration import Integration
from shapan.sandbox.options import CONTROL, plan
from shapan.sandbox.outgoing import Outgoing
from shapan.sandbox.processes import ProcessSandbox
from shapan.sandbox.remote import RunningSandbox
from shapan.sandbox.remote.sandbox import unique_name
from shapan.sandbox.running import operator_tokens
from shapan.verify.planning import Job, World


@dataclass(frozen=True)
class Place:
    """Where a scenario runs: base URLs by system (control included) of one workspace, the people's client, and the integration at work there."""

    workspace: str
    urls: Mapping[str, str]
    client: Client
    integration: Integration | None


@dataclass
class _Shared:
    """A workspace that scenarios of one world share; its integration runs as long as one of them may still come."""

    place: Place
    stack: ExitStack
    left: int


class Stage:
    """Gives each job its place. A context manager; the methods may be called by several threads.

    command   how to start the integration, None where none of ours is started
    world     what the sandbox is seeded with; other worlds come into workspaces of their own
    running   a sandbox that runs already (base URLs, client), whose world `world` is
    """

    def __init__(
        self,
        command: list[str] | None,
        world: World,
        *,
        running: tuple[dict[str, str], Client] | None = None,
        tls: tuple[str, ...] | None = None,
        outgoing: Outgoing | None = None,
        make_integration: Callable[..., Integration] = Integration,
    ) -> None:
        self._command = command
        self._world = world
        self._running = running
        self._tls = tls
        self._outgoing = outgoing
        self._make_integration = make_integration
        self._stack = ExitStack()
        self._lock = threading.Lock()
        self._locks: dict[tuple[World, str], threading.Lock] = {}
        self._pristine: dict[World, str] = {}
        self._shared: dict[World, _Shared] = {}
        self._expected: dict[World, int] = {}

    def __enter__(self) -> Stage:
        try:
            running = self._running
            token = operator_tokens().get(CONTROL)
            if running is None:
                world = self._world
                options = plan(
                    profile=world.profile,
                    size=world.size,
                    seed=world.seed,
                    mess=world.mess,
                    rates=world.rates,
                    port=None,
                    tls=self._tls,
                    outgoing=self._outgoing,
                )
                self._stack.enter_context(ProcessSandbox(options))
                running = options.urls, options.client
                token = options.operator_token
            self.sandbox = RunningSandbox(*running, token)
            self._stack.callback(self.sandbox.close)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        # A stack goes on when one of its members fails to end, and the sandbox is at its bottom.
        with self._stack:
            for shared in self._shared.values():
                self._stack.callback(shared.stack.close)
            self._shared.clear()

    def expect(self, jobs: tuple[Job, ...]) -> None:
        """These are all the jobs that will ask: the shared integration of a world ends with the last of them."""
        for job in jobs:
            if not job.own:
                self._expected[job.world] = self._expected.get(job.world, 0) + 1

    @contextmanager
    def place(self, job: Job) -> Iterator[Place]:
        """The place for a job, as long as the block runs. SandboxError when there can be none."""
        if job.own:
            with ExitStack() as stack:
                name = self._fresh(job.world, job.scenario.name)
                stack.callback(self._forget, name)
                yield stack.enter_context(self._populated(name, job))
        else:
            yield self._join(job)

    def leave(self, job: Job) -> None:
        """A job of a shared place is over, also one that never began."""
        if job.own:
            return
        with self._lock:
            self._expected[job.world] = self._expected.get(job.world, 1) - 1
            last = self._expected[job.world] <= 0
            shared = self._shared.pop(job.world, None) if last else None
        if shared is not None:
            shared.stack.close()

    def shared_places(self) -> dict[World, Place]:
        """The shared places that are open now."""
        with self._lock:
            return {world: shared.place for world, shared in self._shared.items()}

    def _join(self, job: Job) -> Place:
        with self._lock_of(job.world):
            with self._lock:
                found = self._shared.get(job.world)
            if found is None:
                stack = ExitStack()
                try:
                    name = "default"
                    if job.world != self._world:
                        name = self._fresh(job.world, str(job.world))
                        stack.callback(self._forget, name)
                    place = stack.enter_context(self._populated(name, job, needed=True))
                except BaseException:
                    stack.close()
                    raise
                found = _Shared(place, stack, 0)
                with self._lock:
                    self._shared[job.world] = found
        return found.place

    @contextmanager
    def _populated(self, name: str, job: Job, needed: bool = False) -> Iterator[Place]:
        prefix = "" if name == "default" else f"/ws/{name}"
        urls = {system: url + prefix for system, url in self.sandbox.urls.items()}
        with ExitStack() as stack:
            integration = None
            if self._command is not None and (needed or job.needs_integration):
                broker = self._outgoing.broker if self._outgoing is not None else None
                extra = dict(job.scenario.environment) if job.own else {}
                command = [*self._command, *(["--defect", job.defect] if job.defect is not None else [])]
                integration = stack.enter_context(
                    self._make_integration(command, urls, self.sandbox.client, broker, extra)
                )
            yield Place(name, urls, self.sandbox.client, integration)

    def _fresh(self, world: World, title: str) -> str:
        """The name of a new workspace that holds a world as it is at first."""
        name = unique_name(title)
        if world == self._world:
            self.sandbox.create(name)
        else:
            self.sandbox.fork(self._template(world), name)
        return name

    def _template(self, world: World) -> str:
        """The workspace of another world that nobody ever works in. Made once; to copy it is much cheaper than to seed."""
        with self._lock_of(world, "template"):
            found = self._pristine.get(world)
            if found is None:
                found = unique_name(f"pristine {world}")
                self.sandbox.create(found)
                self._stack.callback(self._forget, found)
                self.sandbox.control.call("POST", "/seed", found, json=world.as_seed())
                self._pristine[world] = found
        return found

    def _lock_of(self, world: World, what: str = "") -> threading.Lock:
        with self._lock:
            return self._locks.setdefault((world, what), threading.Lock())

    def _forget(self, name: str) -> None:
        # At the end the whole sandbox may be gone already, and its workspaces with it.
        with suppress(SandboxError):
            self.sandbox.delete(name)

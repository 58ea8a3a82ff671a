"""A Docker engine and our image on it, made once a session. Skipped, with the reason, where there is none.

BASE_IMAGE names another base image, as for docker-compose.yml; wheelhouse/ serves builds that reach no package index.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from docker.errors import DockerException, ImageNotFound

ROOT = Path(__file__).parents[2]
BASE_IMAGE = os.environ.get("BASE_IMAGE", "python:3.12-slim")


@pytest.fixture(scope="session")
def engine() -> Iterator[docker.DockerClient]:
    """A Docker engine that answers and has, or can get, the base image."""
    try:
        client = docker.from_env(timeout=120)
        client.ping()
    except DockerException as error:
        pytest.skip(f"no Docker engine answers ({type(error).__name__})")
    try:
        client.images.get(BASE_IMAGE)
    except ImageNotFound:
        try:
            client.images.pull(BASE_IMAGE)
        except DockerException:
            pytest.skip(f"the base image {BASE_IMAGE} is not here and cannot be pulled; name another one in BASE_IMAGE")
    yield client
    client.close()


@pytest.fixture(scope="session")
def image(engine: docker.DockerClient) -> Iterator[str]:
    """The name of an image of this checkout; removed at the end."""
    name = f"shapan-test-{os.getpid()}:local"
    # By the command, as a user does: it reads .dockerignore, which the SDK does in its own way.
    command = ["docker", "build", "-q", "--build-arg", f"BASE_IMAGE={BASE_IMAGE}", "-t", name, str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    yield name
    engine.images.remove(name, force=True)

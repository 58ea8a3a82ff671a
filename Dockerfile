#
#   docker build -t shapan .
#   docker build -t shapan --build-arg BASE_IMAGE=my-python .     any image with Python 3.11 or newer, its venv module and pip
#
# Where the package index cannot be reached during the build, put wheels for the base image's Python into wheelhouse/ first:
#   pip download -d wheelhouse -c constraints.txt '.[broker]' 'hatchling>=1.27'
ARG BASE_IMAGE=python:3.12-slim

FROM ${BASE_IMAGE} AS build
WORKDIR /src
# The wildcard makes wheelhouse optional; a second file must be there for COPY to have something to do.
COPY pyproject.toml constraints.txt wheelhouse* /src/wheelhouse/
RUN python3 -m venv /opt/shapan
# Dependencies first, those of --broker too: this layer is rebuilt only when they change.
RUN set -eu; \
    python3 -c "import tomllib; p = tomllib.load(open('wheelhouse/pyproject.toml', 'rb'))['project']; print('\n'.join(p['dependencies'] + p['optional-dependencies']['broker']))" > requirements.txt; \
    if ls wheelhouse/*.whl >/dev/null 2>&1; then echo '--no-index --find-links /src/wheelhouse' >> requirements.txt; fi; \
    /opt/shapan/bin/pip install --no-cache-dir --disable-pip-version-check -c wheelhouse/constraints.txt -r requirements.txt
COPY pyproject.toml README.md LICENSE /src/
COPY contracts /src/contracts
COPY scenarios /src/scenarios
COPY loadtests /src/loadtests
COPY simulators /src/simulators
# The environment variables also reach the isolated environment in which the wheel is built.
RUN set -eu; \
    if ls wheelhouse/*.whl >/dev/null 2>&1; then export PIP_NO_INDEX=1 PIP_FIND_LINKS=/src/wheelhouse; fi; \
    /opt/shapan/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps .

FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="shapan" \
      org.opencontainers.image.description="A CRM, an SCM and a finance system to point an integration at, and an oracle that judges the result" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/shapan /opt/shapan
ENV PATH=/opt/shapan/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    SHAPAN_HEALTH_PORT=8100
RUN useradd --uid 10001 --no-create-home --home-dir /data --shell /usr/sbin/nologin shapan \
    && mkdir -p /data && chown shapan /data
USER shapan
WORKDIR /data
VOLUME /data
EXPOSE 8100 8101 8102 8103
HEALTHCHECK --interval=5s --timeout=5s --start-period=30s --retries=6 \
    CMD ["python3", "-c", "import os, urllib.request as u; u.build_opener(u.ProxyHandler({})).open('http://127.0.0.1:' + os.environ['SHAPAN_HEALTH_PORT'] + '/_shapan/health', timeout=4)"]
# Each service of docker-compose.yml says which system it is: `serve crm --host 0.0.0.0 --port 8101 --data /data`.
# All four in one container: `up --host 0.0.0.0 --data /data`.
ENTRYPOINT ["shapan"]
CMD ["--help"]

# The server: `docker build .` needs the package registries, the container needs no network but database and broker.

FROM python:3.12-slim-bookworm AS build
RUN pip install --no-cache-dir "uv>=0.9"
WORKDIR /build
ENV UV_PROJECT_ENVIRONMENT=/opt/patrol UV_LINK_MODE=copy UV_COMPILE_BYTECODE=1 UV_PYTHON_DOWNLOADS=never
# Dependencies first: they change less often than the code.
COPY pyproject.toml uv.lock ./
RUN uv sync --locked --no-dev --no-install-project
COPY hatch_build.py README.md LICENSE ./
COPY runtime runtime
COPY schemas schemas
COPY tracking tracking
COPY alerts alerts
COPY ingest ingest
COPY device_sim device_sim
COPY web web
COPY patrol patrol
# Builds the map page with the Node of a wheel, and installs the wheel, so that nothing refers to /build.
RUN uv sync --locked --no-dev --no-editable

FROM python:3.12-slim-bookworm
RUN useradd --system --uid 10001 --create-home --home-dir /var/lib/patrol patrol
COPY --from=build /opt/patrol /opt/patrol
ENV PATH=/opt/patrol/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
# Mosquitto's user writes its configuration here, on a volume that takes over these rights.
RUN install -d -o 1883 -g 1883 /mosquitto/config && \
  install -d -o 10001 -g 10001 /var/lib/patrol/media /var/lib/patrol/audit /var/lib/patrol/keys
USER patrol
WORKDIR /var/lib/patrol
EXPOSE 8000
ENTRYPOINT ["patrol"]
CMD ["serve"]

"""What is shipped for containers: docker-compose.yml, Dockerfile and what they name."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from ingest.run.config import SHARED
from patrol.services import mosquitto, roles
from patrol.settings.settings import Settings
from tests.support.missing import OPTIONAL

ROOT = Path(__file__).parents[2]
SECRETS = (
    "PATROL_DATABASE_PASSWORD",
    "PATROL_SERVER_DATABASE_PASSWORD",
    "PATROL_MQTT_PASSWORD",
    "PATROL_ADMIN_PASSWORD",
    "PATROL_DEVICE_KEY",
)


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The compose file, parsed."""
    parsed: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
    assert all(parsed[each] for each in ("services", "volumes"))
    return parsed


def test_compose_has_the_services_with_pinned_images(compose: dict[str, Any]) -> None:
    """Database, broker, migrations, worker and web process, each from a fixed version or from our Dockerfile."""
    services = compose["services"]
    always = {name for name, service in services.items() if "profiles" not in service}
    assert always == {"db", "mqtt", "migrate", "worker"}
    for profile, names in (
        ("plain", {"mqtt-config", "web"}),
        ("tls", {"mqtt-config-tls", "web-tls"}),
        ("watch", {"prometheus", "grafana"}),
        ("scale", {"worker-more", "web-more"}),
    ):
        assert {name for name, service in services.items() if service.get("profiles") == [profile]} == names
    for name, service in services.items():
        assert "build" in service or re.search(r":v?\d+\.\d+", service["image"]), name
    assert re.fullmatch(r"timescale/timescaledb:2\.\d+\.\d+-pg17", services["db"]["image"])
    # There is no tag 2.1 or 2.1.2: the image's own tags name the system it is built on.
    assert re.fullmatch(r"eclipse-mosquitto:2\.1\.\d+-alpine", services["mqtt"]["image"])


def test_compose_checks_the_health_of_all_that_keeps_running(compose: dict[str, Any]) -> None:
    """Each service that stays has a health check; each that ends is waited for."""
    for name, service in compose["services"].items():
        assert ("healthcheck" in service) == (service["restart"] != "no"), name
    for name in ("worker", "web", "web-tls", "worker-more", "web-more"):
        needs = compose["services"][name]["depends_on"]
        assert needs["migrate"]["condition"] == "service_completed_successfully"
        assert needs["mqtt"]["condition"] == "service_healthy"


def test_compose_keeps_data_in_volumes_that_exist(compose: dict[str, Any]) -> None:
    """Every named volume is declared and every file that is mounted is there."""
    for service in compose["services"].values():
        for mount in service.get("volumes", []):
            source = mount.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in compose["volumes"]


@pytest.mark.parametrize("name", ["web", "web-tls", "worker", "worker-more", "web-more"])
def test_compose_keeps_what_must_outlast_a_container(compose: dict[str, Any], name: str) -> None:
    """Media and the anchors of the audit record lie on volumes that the image's user may write to."""
    service = compose["services"][name]
    mounts = {mount.split(":")[1] for mount in service["volumes"]}
    dockerfile = (ROOT / "Dockerfile").read_text()
    for variable in ("PATROL_MEDIA_DIR", "PATROL_AUDIT_ANCHOR"):
        path = service["environment"].get(variable)
        if path is None:
            assert variable == "PATROL_AUDIT_ANCHOR"
            assert name.startswith("worker")
            continue
        (mount,) = (each for each in mounts if path.startswith(each))
        assert re.search(rf"install -d -o 10001 -g 10001 .*{mount}\b", dockerfile)


def test_compose_speaks_tls_to_devices_and_browsers(compose: dict[str, Any]) -> None:
    """In the profile, the broker's configuration is made with the certificate that is mounted, and so is the page's."""
    config, web = compose["services"]["mqtt-config-tls"], compose["services"]["web-tls"]
    given = dict(zip(config["command"][2::2], config["command"][3::2], strict=True))
    assert {given["--cert"], given["--key"]} == {"/mosquitto/tls/server.pem", "/mosquitto/tls/server.key"}
    for service in (config, compose["services"]["mqtt"]):
        assert "./deploy/tls:/mosquitto/tls:ro" in service["volumes"]
    assert (web["environment"]["PATROL_HTTP_CERT"], web["environment"]["PATROL_HTTP_KEY"]) == (
        "/tls/server.pem", "/tls/server.key",
    )  # fmt: skip
    assert "./deploy/tls:/tls:ro" in web["volumes"]
    places = mosquitto.BrokerPaths(
        folder=Path(given["--folder"]), data=Path(given["--data"]), plugin=Path(given["--plugin"])
    )
    listener = mosquitto.Listener(
        port=8883, cert=Path(given["--cert"]), key=Path(given["--key"]), inside=int(given["--inside"])
    )
    written = mosquitto.configuration(places, listener)
    assert "listener 8883\ncertfile /mosquitto/tls/server.pem\nkeyfile /mosquitto/tls/server.key" in written
    example = (ROOT / "deploy/env.example").read_text()
    # The listener without TLS is never published by the profile.
    assert "# PATROL_MQTT_PUBLISH=8883:8883" in example


def test_compose_has_no_default_secret() -> None:
    """Every secret must be given, and the example of the environment file leaves it empty."""
    text, example = (ROOT / "docker-compose.yml").read_text(), (ROOT / "deploy/env.example").read_text()
    for secret in SECRETS:
        uses = re.findall(rf"\$\{{{secret}([^}}]*)}}", text)
        assert uses
        assert all(use.startswith(":?") for use in uses), secret
        assert re.search(rf"^{secret}=$", example, re.MULTILINE)


def test_compose_sets_only_settings_that_exist(compose: dict[str, Any]) -> None:
    """Every PATROL_ variable of a container is a field of the settings."""
    known = {f"PATROL_{name.upper()}" for name in Settings.model_fields}
    for service in compose["services"].values():
        assert {name for name in service.get("environment", {}) if name.startswith("PATROL_")} <= known


def test_more_workers_share_the_units_under_names_of_their_own(compose: dict[str, Any]) -> None:
    """Each container is a worker of another name with a part of the units; all else is as for the first."""
    services = compose["services"]
    more = dict(services["worker-more"]["environment"])
    settings = Settings(units=more["PATROL_UNITS"], worker_id=more["PATROL_WORKER_ID"])
    assert settings.unit_list == (SHARED,)
    assert settings.worker_name not in ("worker-1", "@host")
    first = dict(services["worker"]["environment"])
    assert {name: value for name, value in more.items() if first.get(name) != value} == {
        "PATROL_UNITS": "shared", "PATROL_WORKER_ID": "@host",
    }  # fmt: skip
    assert services["web-more"]["environment"] == services["web"]["environment"]
    assert services["web-more"]["ports"] != services["web"]["ports"]


def test_dockerfile_copies_what_exists_and_runs_unprivileged() -> None:
    """Each path it copies from the context is there and not kept out by .dockerignore; it ends as a plain user."""
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    allowed = (ROOT / ".dockerignore").read_text()
    sources = [
        word for line in lines if line.startswith("COPY ") and "--from" not in line for word in line.split()[1:-1]
    ]
    for source in sources:
        assert (ROOT / source).exists(), source
        assert f"!{source}\n" in allowed, source
    assert [line.split()[1] for line in lines if line.startswith("USER ")] == ["patrol"]
    packages = re.search(
        r"\[tool\.hatch\.build\.targets\.wheel]\npackages = \[(.*)]", (ROOT / "pyproject.toml").read_text()
    )
    assert packages is not None
    assert set(re.findall(r'"(\w+)"', packages[1])) <= set(sources)


@pytest.mark.skipif(
    shutil.which("docker") is None
    or subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode != 0,
    reason=f"{OPTIONAL}docker compose checks more of the same file where it is installed",
)
def test_compose_is_accepted_by_docker() -> None:
    """Where Docker's own parser is, it finds no fault."""
    env = dict.fromkeys(SECRETS, "x")
    done = subprocess.run(
        ["docker", "compose", "config", "--quiet"],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_compose_gives_the_owner_of_the_tables_to_migrations_alone(compose: dict[str, Any]) -> None:
    """Every other process of ours has a role that can only append to the audit record."""
    for name, service in compose["services"].items():
        if "build" not in service:
            continue
        environment = service["environment"]
        assert environment["PATROL_DATABASE_URL"].startswith(f"postgresql://{roles.SERVER}:"), name
        assert ("PATROL_OWNER_DATABASE_URL" in environment) == (name == "migrate"), name
        assert "${PATROL_DATABASE_PASSWORD" not in environment["PATROL_DATABASE_URL"]

"""docker-compose.yml as the Compose specification and an engine would judge it, without an engine."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import compose_spec
import pytest
import yaml

from tests.support.compose import Compose, RefusedError, variables

FILE = Path(__file__).parents[2] / "docker-compose.yml"
EXAMPLE = FILE.parent / "deploy/env.example"
ENV = dict.fromkeys(re.findall(r"^(PATROL_\w+)=$", EXAMPLE.read_text(), re.MULTILINE), "x")
"""What the example leaves to be filled in."""
PROFILES = [("plain",), ("tls",), ("plain", "scale"), ("plain", "watch"), ("plain", "scale", "watch"), ("tls", "watch")]


@pytest.fixture(scope="module")
def compose() -> Compose:
    """The file with what must be filled in, filled in."""
    return Compose.load(FILE, ENV)


def test_specification_accepts_the_file(compose: Compose) -> None:
    """A parser that knows the specification reads it and finds all that it names."""
    parsed = compose_spec.PyCompose.from_yaml(yaml.safe_dump(dict(compose.document)))
    parsed.validate()
    assert set(parsed.service_names()) == compose.document["services"].keys()


BROKEN: dict[str, Callable[[Any], object]] = {
    "unknown key": lambda services: services["db"].update(imagee="x"),
    "unknown key of a health check": lambda services: services["db"]["healthcheck"].update(retry=1),
    "condition": lambda services: services["web"]["depends_on"]["mqtt"].update(condition="ready"),
    "type": lambda services: services["web"].update(read_only={}),
    "restart": lambda services: services["web"].update(restart="sometimes"),
    "duration": lambda services: services["db"]["healthcheck"].update(interval="10 sec"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_specification_refuses_what_is_broken(compose: Compose, what: str) -> None:
    """The judge notices what an engine would."""
    document = copy.deepcopy(dict(compose.document))
    BROKEN[what](document["services"])
    with pytest.raises(ValueError, match=r"services\."):
        compose_spec.PyCompose.from_yaml(yaml.safe_dump(document))


@pytest.mark.parametrize("profiles", PROFILES, ids=",".join)
def test_services_of_each_profile_fit_together(compose: Compose, profiles: tuple[str, ...]) -> None:
    """What is waited for starts and can be waited for, nothing waits in a ring, ports and mounts are free and there."""
    services = compose.active(profiles)
    assert {"db", "mqtt", "migrate", "worker"} <= services.keys()
    assert len([name for name in services if name.startswith("mqtt-config")]) == 1
    assert {"web", "web-tls"} & services.keys()


NOT_FIT: dict[str, Callable[[Any], object]] = {
    "no such service": lambda services: services["web"]["depends_on"].update(nobody={"condition": "service_started"}),
    "no health check": lambda services: services["mqtt"].pop("healthcheck"),
    "never ends": lambda services: services["migrate"].update(restart="always"),
    "a ring": lambda services: services["db"].update(depends_on={"worker": {"condition": "service_started"}}),
    "a port twice": lambda services: services["mqtt"].update(ports=["8000:1883"]),
    "no such volume": lambda services: services["web"].update(volumes=["nowhere:/x"]),
    "no such file": lambda services: services["web"].update(volumes=["./nowhere:/x"]),
    "no such secret": lambda services: services["web"].update(secrets=["nothing"]),
    "misspelt": lambda services: services["web"]["depends_on"]["mqtt"].update(requird=True),
}


@pytest.mark.parametrize("what", NOT_FIT)
def test_services_that_do_not_fit_are_refused(compose: Compose, what: str) -> None:
    """The judge notices each way in which they could not."""
    document = copy.deepcopy(dict(compose.document))
    NOT_FIT[what](document["services"])
    with pytest.raises(RefusedError):
        Compose(compose.root, document).active(["plain"])


@pytest.mark.parametrize("missing", ENV)
def test_a_secret_that_is_not_filled_in_is_asked_for(missing: str) -> None:
    """Left empty or left out, the engine says where to look."""
    for env in (ENV | {missing: ""}, {name: value for name, value in ENV.items() if name != missing}):
        with pytest.raises(RefusedError, match=rf"{missing}: copy deploy/env.example"):
            Compose.load(FILE, env)


def test_example_names_all_that_can_be_put_in() -> None:
    """Every variable of the file is in the example, and the example names no other."""
    named = set(re.findall(r"^(?:# )?(PATROL_\w+)=", EXAMPLE.read_text(), re.MULTILINE))
    assert named == set(variables(FILE.read_text()))


def test_every_container_is_bounded(compose: Compose) -> None:
    """None may gain rights, write beside its mounts, make processes or take memory without end, or fill the disk."""
    for name, service in compose.document["services"].items():
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["read_only"] is True, name
        assert service["pids_limit"] > 0, name
        assert re.fullmatch(r"\d+g", service["mem_limit"]), name
        assert service["logging"] == {"driver": "local"}, name
        assert not service.get("privileged"), name
    added = {name: service["cap_add"] for name, service in compose.document["services"].items() if "cap_add" in service}
    assert added == {"db": ["CHOWN", "DAC_READ_SEARCH", "FOWNER", "SETGID", "SETUID"]}


@pytest.mark.parametrize(("text", "env", "value"), [
    ("${A}", {}, ""), ("${A}", {"A": "b"}, "b"), ("${A:-c}", {"A": ""}, "c"), ("${A-c}", {"A": ""}, ""),
    ("${A-c}", {}, "c"), ("${A:-2}", {}, 2), ("$${A}", {"A": "1"}, "${A}"), ("a${A:-b:c}d", {}, "ab:cd"),
])  # fmt: skip
def test_variables_are_put_in(tmp_path: Path, text: str, env: dict[str, str], value: object) -> None:
    """As the specification says: set, empty, default, escaped."""
    (tmp_path / "c.yml").write_text(yaml.safe_dump({"services": {"a": {"image": text}}}))
    assert Compose.load(tmp_path / "c.yml", env).document["services"]["a"]["image"] == value

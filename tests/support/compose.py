"""Evaluates docker-compose.yml as an engine would: variables, profiles, what waits for what, what is mounted.

Only what the file uses; the syntax itself is judged by a parser of the Compose specification.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

_VARIABLE = re.compile(r"\$(?:(\$)|\{(\w+)(?:(:?[-?])([^}]*))?\})")


class RefusedError(Exception):
    """What an engine would refuse, in its words."""


@dataclass(frozen=True, slots=True)
class Compose:
    """A compose file with its variables put in."""

    root: Path
    document: Mapping[str, Any]

    @classmethod
    def load(cls, file: Path, env: Mapping[str, str]) -> "Compose":
        """Read a file with the variables of an `.env`.

        Raises:
            RefusedError: a variable that must be set is not.
        """
        document = _put_in(yaml.safe_load(file.read_text()), env)
        return cls(file.parent, {name: part for name, part in document.items() if not name.startswith("x-")})

    def active(self, profiles: Collection[str]) -> dict[str, Any]:
        """The services that start with these profiles.

        Raises:
            RefusedError: they do not fit together.
        """
        services = {
            name: service
            for name, service in self.document["services"].items()
            if not service.get("profiles") or set(service["profiles"]) & set(profiles)
        }
        self._check_order(services)
        self._check_ports(services)
        self._check_mounts(services)
        return services

    def _check_order(self, services: Mapping[str, Any]) -> None:
        for name, service in services.items():
            for other, rule in service.get("depends_on", {}).items():
                if unknown := rule.keys() - {"condition", "required", "restart"}:
                    raise RefusedError(f"{name} depends on {other} with {unknown}")
                if other not in services:
                    if rule.get("required", True) or other not in self.document["services"]:
                        raise RefusedError(f"{name} depends on {other}, which does not start")
                    continue
                _check_condition(name, other, rule["condition"], services[other])
        started: set[str] = set()
        while ready := {
            name
            for name, service in services.items()
            if name not in started and not service.get("depends_on", {}).keys() & (services.keys() - started)
        }:
            started |= ready
        if services.keys() - started:
            raise RefusedError(f"{sorted(services.keys() - started)} wait for each other")

    @staticmethod
    def _check_ports(services: Mapping[str, Any]) -> None:
        taken: dict[str, str] = {}
        for name, service in services.items():
            for mapping in service.get("ports", ()):
                host = mapping.rpartition(":")[0].rpartition(":")[2]
                if host in taken:
                    raise RefusedError(f"{name} and {taken[host]} both publish {host}")
                taken[host] = name

    def _check_mounts(self, services: Mapping[str, Any]) -> None:
        for name, service in services.items():
            for mount in service.get("volumes", ()):
                source = mount.split(":")[0]
                known = (self.root / source).exists() if source.startswith(".") else source in self.document["volumes"]
                if not known:
                    raise RefusedError(f"{name} mounts {source}, which is nowhere")
            for kind in ("secrets", "configs", "networks"):
                if missing := set(service.get(kind, ())) - set(self.document.get(kind, ())):
                    raise RefusedError(f"{name} names {missing}, which is not among the {kind}")


def variables(text: str) -> Iterator[str]:
    """Names that a compose file puts in."""
    yield from (name for _, name, _, _ in _VARIABLE.findall(text) if name)


def _check_condition(name: str, other: str, condition: str, service: Mapping[str, Any]) -> None:
    if condition == "service_healthy" and "healthcheck" not in service:
        raise RefusedError(f"{name} waits for the health of {other}, which has no check")
    if condition == "service_completed_successfully" and service.get("restart") != "no":
        raise RefusedError(f"{name} waits for the end of {other}, which is started again")


def _put_in(part: Any, env: Mapping[str, str]) -> Any:
    if isinstance(part, dict):
        return {name: _put_in(value, env) for name, value in part.items()}
    if isinstance(part, list):
        return [_put_in(value, env) for value in part]
    if not isinstance(part, str):
        return part
    value = _VARIABLE.sub(lambda found: _value(found, env), part)
    # An engine makes a number of what a variable gives where a number is wanted.
    return int(value) if _VARIABLE.fullmatch(part) and value.isdigit() else value


def _value(found: re.Match[str], env: Mapping[str, str]) -> str:
    escaped, name, how, text = found.groups()
    if escaped:
        return "$"
    value = env.get(name)
    unset = value is None or (value == "" and (how or "").startswith(":"))
    if unset and (how or "").endswith("?"):
        raise RefusedError(f"{name}: {text}")
    return (text or "") if unset and (how or "").endswith("-") else value or ""

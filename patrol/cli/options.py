"""The command-line options that every command shares."""

import functools
import importlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

_SHARED: dict[str, Any] = {
    "http_port": Annotated[int | None, typer.Option(help="Port of the map and the API [PATROL_HTTP_PORT, 8000]")],
    "mqtt_port": Annotated[int | None, typer.Option(help="Port of the MQTT broker [PATROL_MQTT_PORT, 1883]")],
    "data_dir": Annotated[Path | None, typer.Option(help="Folder for data and logs [PATROL_DATA_DIR, .patrol]")],
    "database_url": Annotated[str | None, typer.Option(help="postgresql://… [PATROL_DATABASE_URL]")],
    "mqtt_url": Annotated[str | None, typer.Option(help="mqtt://… [PATROL_MQTT_URL]")],
}


def call(command: str, given: dict[str, Any], **options: Any) -> None:
    """Load a command, `folder.module` or `folder.module.function`, when it is called, and run it with the settings."""
    settings = importlib.import_module("patrol.settings.settings").load(given)
    folder, module, *function = command.split(".")
    getattr(importlib.import_module(f"patrol.cli.{folder}.{module}"), *function or ["run"])(settings, **options)


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options; it receives those given as the dictionary `given`."""

    @functools.wraps(command)
    def with_options(**options: Any) -> None:
        given = {name: options.pop(name) for name in _SHARED}
        command(given=given, **options)

    own = [p for p in inspect.signature(command).parameters.values() if p.name != "given"]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    signature = inspect.Signature([*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *more])
    with_options.__signature__ = signature  # type: ignore[attr-defined]  # what typer reads
    with_options.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return with_options

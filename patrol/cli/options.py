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


def call(command: str, overrides: dict[str, Any], **options: Any) -> None:
    """Load a command, `folder.module` or `folder.module.function`, when it is called, and run it with the settings."""
    settings = importlib.import_module("patrol.settings.settings").load(overrides)
    folder, module, *function = command.split(".")
    getattr(importlib.import_module(f"patrol.cli.{folder}.{module}"), *function or ["run"])(settings, **options)


def shared(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the shared options; it receives those given as the dictionary `overrides`."""

    @functools.wraps(command)
    def with_options(**options: Any) -> None:
        overrides = {name: options.pop(name) for name in _SHARED}
        command(overrides=overrides, **options)

    own = [p for p in inspect.signature(command).parameters.values() if p.name != "overrides"]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation)
        for name, annotation in _SHARED.items()
    ]
    signature = inspect.Signature([*(p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own), *more])
    with_options.__signature__ = signature  # type: ignore[attr-defined]  # what typer reads
    with_options.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    return with_options

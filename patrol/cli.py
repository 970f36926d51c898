"""The command `patrol`. Commands are loaded when they are called, so that `patrol --help` answers at once."""

import importlib
import sys
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from patrol import errors
from patrol.options import shared

app = typer.Typer(
    name="patrol",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Patrolgrid 巡格: know which cells of a city are really being patrolled.",
)
sim = typer.Typer(no_args_is_help=True, help="Simulated devices 模拟设备.")
grid = typer.Typer(no_args_is_help=True, help="Cells and responsibility grids 网格.")
token = typer.Typer(no_args_is_help=True, help="API tokens 接口令牌.")
app.add_typer(sim, name="sim")
app.add_typer(grid, name="grid")
app.add_typer(token, name="token")

Given = dict[str, Any]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the logs of all processes")]
Officers = Annotated[int, typer.Option(min=1, max=5_000, help="Officers on patrol")]
History = Annotated[float, typer.Option(min=0, help="Minutes of patrol that lie behind at the start")]


@app.command()
@shared
def demo(
    given: Given,
    *,
    officers: Officers = 200,
    no_sim: Annotated[bool, typer.Option("--no-sim", help="Without simulated officers")] = False,
    history_minutes: History = 150,
    verbose: Verbose = False,
) -> None:
    """Start everything on this machine: database, broker, server, a town and officers who walk it. 一键演示."""
    officers = 0 if no_sim else officers
    _call("demo", given, officers=officers, history_minutes=history_minutes, verbose=verbose)


@app.command()
@shared
def serve(given: Given, *, verbose: Verbose = False) -> None:
    """Run the server against the database and broker of the settings. 启动服务."""
    _call("serve", given, verbose=verbose)


@app.command()
@shared
def worker(given: Given) -> None:
    """Run one worker: MQTT in, engine, store, alerts. 处理进程."""
    _call("worker", given)


@app.command()
@shared
def web(given: Given) -> None:
    """Run one web process: map, API, live feed. 网页进程."""
    _call("web", given)


@app.command()
@shared
def migrate(given: Given) -> None:
    """Bring the database's tables up to date. 升级数据库."""
    _call("migrate", given)


@sim.command("fleet")
@shared
def sim_fleet(
    given: Given,
    *,
    officers: Officers = 60,
    seed: Annotated[int, typer.Option(help="Another seed is another town and fleet")] = 1,
    history_minutes: History = 0,
    with_faults: Annotated[bool, typer.Option("--faults", help="The mix of docs/accuracy.md")] = False,
    packed: Annotated[bool, typer.Option("--packed", help="MessagePack instead of JSON")] = False,
    truth: Annotated[Path | None, typer.Option(help="Write what really happened to this file")] = None,
) -> None:
    """Walk a fleet of simulated officers through the synthetic town. 模拟巡逻队."""
    options = {"officers": officers, "seed": seed, "history_minutes": history_minutes, "with_faults": with_faults}
    _call("sim_fleet", given, **options, packed=packed, truth=truth)


@sim.command("city")
@shared
def sim_city(
    given: Given,
    *,
    file: Annotated[Path, typer.Argument(help="GeoJSON to write", dir_okay=False)],
    seed: Annotated[int, typer.Option(help="Another seed is another town")] = 1,
) -> None:
    """Write the synthetic town as a grid file. 导出模拟城区网格."""
    _call("sim_city", given, file=file, seed=seed)


@sim.command("replay")
@shared
def sim_replay(
    given: Given,
    *,
    files: Annotated[list[Path], typer.Argument(help="GPX, GeoLife PLT, CSV or GeoJSON", exists=True, dir_okay=False)],
    unit: Annotated[str, typer.Option(help="Unit of the devices")] = "replay",
    speed: Annotated[
        float | None, typer.Option(min=0, help="Times as fast as it was; 0: as fast as it goes; without, 60")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Fixes in one message, at most")] = 1,
    from_now: Annotated[bool, typer.Option("--from-now", help="Move the times so that each track begins now")] = False,
) -> None:
    """Replay recorded tracks as devices. 回放轨迹."""
    _call("sim_replay", given, files=files, unit=unit, speed=speed, batch=batch, from_now=from_now)


@grid.command("import")
@shared
def grid_import(
    given: Given, file: Annotated[Path, typer.Argument(help="GeoJSON", exists=True, dir_okay=False)]
) -> None:
    """Import cells and responsibility grids. 导入网格."""
    _call("grid_import", given, file=file)


@token.command("create")
@shared
def token_create(
    given: Given,
    name: Annotated[str, typer.Argument(help="What it is for")],
    role: Annotated[str, typer.Option(help="administrator, commander, supervisor, analyst, auditor")] = "analyst",
    days: Annotated[int | None, typer.Option(min=1, help="Days it is valid; without, until it is removed")] = None,
) -> None:
    """Make an API token and print it once. 创建令牌."""
    _call("token_create", given, name=name, role=role, valid=None if days is None else timedelta(days=days))


def main() -> None:
    """Run the command line; faults that a person can mend become one line."""
    try:
        app()
    except errors.SetupError as fault:
        typer.echo(f"patrol: {fault}", err=True)
        sys.exit(1)


def _call(command: str, given: Given, **options: Any) -> None:
    settings = importlib.import_module("patrol.settings").load(given)
    importlib.import_module(f"patrol.commands.{command}").run(settings, **options)

"""The command `patrol`. Commands are loaded when they are called, so that `patrol --help` answers at once."""

import importlib
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
import typer.core

from patrol.cli import cli_accounts, cli_devices, cli_operate, errors
from patrol.cli.options import call as _call
from patrol.cli.options import shared


class _WithSettings(typer.core.TyperGroup):
    """The command `patrol`, with all settings in its help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help of the commands, then the settings."""
        super().format_help(ctx, formatter)
        typer.echo(importlib.import_module("patrol.cli.settings_reference").listing())


app = typer.Typer(
    name="patrol",
    cls=_WithSettings,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
sim = typer.Typer(no_args_is_help=True, help="Simulated devices 模拟终端.")
calendar = typer.Typer(no_args_is_help=True, help="Holidays and make-up workdays 节假日与调休.")
grid = typer.Typer(no_args_is_help=True, help="Cells and responsibility grids 网格.")
roads = typer.Typer(no_args_is_help=True, help="Roads to patrol 道路.")
checkpoints = typer.Typer(no_args_is_help=True, help="Checkpoints to visit 打卡点.")
cli_operate.add_to(app)
app.add_typer(sim, name="sim")
app.add_typer(grid, name="grid")
app.add_typer(roads, name="roads")
app.add_typer(checkpoints, name="checkpoints")
app.add_typer(calendar, name="calendar")
cli_accounts.add_to(app)
cli_devices.add_to(app)


def _tell_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"patrolgrid {importlib.import_module('runtime.build').VERSION}")
        raise typer.Exit


@app.callback()
def options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=lambda wanted: _tell_version(wanted=wanted), is_eager=True,
                           help="Show the version and exit")
    ] = False,
) -> None:  # fmt: skip
    """Patrolgrid 巡格: shows which cells of a city are being patrolled."""


Overrides = dict[str, Any]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the logs of all processes")]
Officers = Annotated[int, typer.Option(min=1, max=5_000, help="Officers on patrol")]
GeoJson = Annotated[Path, typer.Argument(help="GeoJSON", exists=True, dir_okay=False)]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would change; import nothing")]
History = Annotated[float, typer.Option(min=0, help="Minutes of patrol before the start")]


@app.command()
@shared
def demo(
    overrides: Overrides,
    *,
    officers: Officers = 200,
    no_sim: Annotated[bool, typer.Option("--no-sim", help="No simulated officers")] = False,
    history_minutes: History = 150,
    verbose: Verbose = False,
) -> None:
    """Start everything on this machine: database, broker, server and a simulated town with officers. 一键演示."""
    officers = 0 if no_sim else officers
    _call("processes.demo", overrides, officers=officers, history_minutes=history_minutes, verbose=verbose)


@app.command()
@shared
def serve(overrides: Overrides, *, verbose: Verbose = False) -> None:
    """Run the server with the database and broker of the settings. 启动服务."""
    _call("processes.serve", overrides, verbose=verbose)


@app.command()
@shared
def worker(overrides: Overrides) -> None:
    """Run one worker: it receives, stores and judges fixes, and raises alerts. 处理进程."""
    _call("processes.worker", overrides)


@app.command()
@shared
def web(overrides: Overrides) -> None:
    """Run one web process: map, API and live positions. 网页进程."""
    _call("processes.web", overrides)


@app.command()
@shared
def migrate(overrides: Overrides) -> None:
    """Bring the tables of the database up to date. 升级数据库."""
    _call("database.migrate", overrides)


@app.command()
@shared
def rebuild(
    overrides: Overrides,
    *,
    from_: Annotated[str, typer.Option("--from", help="RFC 3339, or a local day such as 2026-05-01")],
    to: Annotated[str, typer.Option("--to", help="RFC 3339, or a local day, whose end is meant")],
    device: Annotated[list[str] | None, typer.Option(help="Only this device; may be repeated")] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Store nothing; list what differs and exit with code 1")
    ] = False,
) -> None:
    """Recompute the visits of a period from the stored fixes and correct what differs. 重算巡查记录."""
    _call("database.rebuild", overrides, start=from_, end=to, devices=device or None, check=check)


@sim.command("fleet")
@shared
def sim_fleet(
    overrides: Overrides,
    *,
    officers: Officers = 60,
    seed: Annotated[int, typer.Option(help="Each seed gives another town and fleet")] = 1,
    history_minutes: History = 0,
    with_faults: Annotated[bool, typer.Option("--faults", help="With the faults of docs/accuracy.md")] = False,
    packed: Annotated[bool, typer.Option("--packed", help="MessagePack instead of JSON")] = False,
    until_stored: Annotated[
        bool, typer.Option("--until-stored", help="Devices keep fixes until the database has stored them")
    ] = False,
    truth: Annotated[Path | None, typer.Option(help="Write the true visits to this file")] = None,
) -> None:
    """Simulate a fleet of officers in the synthetic town. 模拟巡查队伍."""
    options = {"officers": officers, "seed": seed, "history_minutes": history_minutes, "with_faults": with_faults}
    _call("sim.sim_fleet", overrides, **options, packed=packed, until_stored=until_stored, truth=truth)


@sim.command("city")
@shared
def sim_city(
    overrides: Overrides,
    *,
    file: Annotated[Path, typer.Argument(help="GeoJSON file to write", dir_okay=False)],
    roads: Annotated[Path | None, typer.Option(help="GeoJSON file for its roads", dir_okay=False)] = None,
    checkpoints: Annotated[Path | None, typer.Option(help="GeoJSON file for its checkpoints", dir_okay=False)] = None,
    seed: Annotated[int, typer.Option(help="Each seed gives another town")] = 1,
) -> None:
    """Write the synthetic town as a grid file. 导出模拟城区网格."""
    _call("sim.sim_city", overrides, file=file, roads=roads, checkpoints=checkpoints, seed=seed)


@sim.command("replay")
@shared
def sim_replay(
    overrides: Overrides,
    *,
    files: Annotated[list[Path], typer.Argument(help="GPX, GeoLife PLT, CSV or GeoJSON", exists=True, dir_okay=False)],
    unit: Annotated[str, typer.Option(help="Unit of the devices")] = "replay",
    speed: Annotated[
        float | None, typer.Option(min=0, help="Factor of the original speed; 0: as fast as possible; default 60")
    ] = None,
    batch: Annotated[int, typer.Option(min=1, help="Most fixes in one message")] = 1,
    from_now: Annotated[bool, typer.Option("--from-now", help="Shift the times so that each track begins now")] = False,
    to_now: Annotated[
        bool,
        typer.Option(
            "--to-now", help="Shift the times so that each track ends now; fixes that are too old are refused"
        ),
    ] = False,
) -> None:
    """Replay recorded tracks as devices. 回放轨迹."""
    _call(
        "sim.sim_replay", overrides, files=files, unit=unit, speed=speed, batch=batch, from_now=from_now, to_now=to_now
    )


@grid.command("import")
@shared
def grid_import(
    overrides: Overrides,
    file: GeoJson,
    *,
    dry_run: DryRun = False,
    valid_from: Annotated[datetime | None, typer.Option(help="Start of validity, UTC; default now")] = None,
) -> None:
    """Import cells and responsibility grids. 导入网格."""
    begins = valid_from and valid_from.replace(tzinfo=UTC)
    _call("imports.grid_import", overrides, file=file, dry_run=dry_run, valid_from=begins)


@roads.command("import")
@shared
def roads_import(overrides: Overrides, file: GeoJson, *, dry_run: DryRun = False) -> None:
    """Import the roads of the city; they replace the present ones. 导入道路."""
    _call("imports.route_import.roads", overrides, file=file, dry_run=dry_run)


@checkpoints.command("import")
@shared
def checkpoints_import(
    overrides: Overrides,
    file: Annotated[Path, typer.Argument(help="GeoJSON or CSV", exists=True, dir_okay=False)],
    *,
    dry_run: DryRun = False,
) -> None:
    """Import the checkpoints of the city; they replace the present ones. 导入打卡点."""
    _call("imports.route_import.checkpoints", overrides, file=file, dry_run=dry_run)


@calendar.command("import")
@shared
def calendar_import(
    overrides: Overrides,
    file: Annotated[Path, typer.Argument(help="CSV, JSON or ICS", exists=True, dir_okay=False)],
    *,
    dry_run: DryRun = False,
) -> None:
    """Import holidays and make-up workdays. 导入节假日."""
    _call("imports.calendar_import", overrides, file=file, dry_run=dry_run)


def main() -> None:
    """Run the command line; errors that the user can correct become one line."""
    try:
        app()
    except errors.SetupError as fault:
        _end(str(fault))
    except Exception as fault:
        reason = importlib.import_module("patrol.cli.faults").explain(fault)
        if reason is None:
            raise
        _end(reason)


def _end(reason: str) -> NoReturn:
    typer.echo(f"patrol: {reason}", err=True)
    sys.exit(1)

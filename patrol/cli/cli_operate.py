"""Commands for operators: retention, legal holds, checks."""

from typing import Annotated, Any

import typer

from patrol.cli.options import call, shared

Overrides = dict[str, Any]

retention = typer.Typer(no_args_is_help=True, help="How long data is kept 数据保存期限.")
hold = typer.Typer(no_args_is_help=True, help="Legal holds: evidence that is not deleted 证据保全.")
db = typer.Typer(no_args_is_help=True, help="The database 数据库.")

Number = Annotated[int, typer.Argument(min=1, help="Number of the hold")]
Why = Annotated[str, typer.Option(help="Case number or order, for the record")]


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    app.add_typer(retention, name="retention")
    app.add_typer(hold, name="hold")
    app.add_typer(db, name="db")
    app.command("doctor")(doctor)


@retention.command("show")
@shared
def retention_show(overrides: Overrides) -> None:
    """Show how long each class of data is kept, and the result of the last pass. 查看保存期限."""
    call("database.retention.show", overrides)


@retention.command("set")
@shared
def retention_set(
    overrides: Overrides,
    data: Annotated[str, typer.Argument(help="fixes, visits, history, events, media, alerts")],
    *,
    days: Annotated[int | None, typer.Option(min=1, help="Days; default: for ever")] = None,
) -> None:
    """Set how many days a class of data is kept, from the next night on. 设置保存期限."""
    call("database.retention.keep", overrides, data=data, days=days)


@retention.command("run")
@shared
def retention_run(
    overrides: Overrides,
    *,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Delete nothing; count what would be deleted and what holds keep")
    ] = False,
) -> None:
    """Delete expired data now, except what a hold keeps. A worker does this every night. 立即清理."""
    call("database.retention.run", overrides, dry=dry)


@hold.command("add")
@shared
def hold_add(  # noqa: PLR0913 - options of a command
    overrides: Overrides,
    *,
    why: Why,
    device: Annotated[str | None, typer.Option(help="Name of a device")] = None,
    officer: Annotated[
        str | None, typer.Option(help="Badge; holds the data of each device while the officer carried it")
    ] = None,
    area: Annotated[str | None, typer.Option(help="Code of a grid, street or district")] = None,
    case: Annotated[str | None, typer.Option(help="Case, as events name it")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="RFC 3339, or a local day; default: the beginning")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="RFC 3339, or a local day, whose end is meant; default: no end")
    ] = None,
    until: Annotated[
        str | None, typer.Option(help="When the hold ends by itself; default: when it is released")
    ] = None,
) -> None:
    """Keep evidence: nothing that the hold names is deleted, however old. 新增证据保全."""
    call("database.hold.add", overrides, why=why, device=device, officer=officer, area=area, case=case,
         start=from_, end=to, until=until)  # fmt: skip


@hold.command("list")
@shared
def hold_list(
    overrides: Overrides, *, ended: Annotated[bool, typer.Option("--all", help="Also those that have ended")] = False
) -> None:
    """List the holds. 查看证据保全."""
    call("database.hold.listed", overrides, ended=ended)


@hold.command("release")
@shared
def hold_release(overrides: Overrides, *, number: Number, why: Why) -> None:
    """End a hold; expired data is deleted the next night. 解除证据保全."""
    call("database.hold.release", overrides, number=number, why=why)


@db.command("check")
@shared
def db_check(overrides: Overrides) -> None:
    """Check the database and its settings; exit with code 1 if something must be done. 检查数据库."""
    call("database.db_check", overrides)


@db.command("tune")
@shared
def db_tune(
    overrides: Overrides,
    *,
    rate: Annotated[
        float | None, typer.Option(min=0.01, help="Expected fixes per second; default: the recent rate")
    ] = None,
) -> None:
    """On TimescaleDB, set the chunk interval by the rate of fixes; existing chunks stay. 调整分块."""
    call("database.db_tune", overrides, rate=rate)


@shared
def doctor(overrides: Overrides) -> None:
    """Check broker, database, clock, disk, policies and certificates, and say what to do. 体检."""
    call("processes.doctor", overrides)

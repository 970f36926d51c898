"""The part of the command line for those who keep the system running: retention, legal holds, checks."""

from typing import Annotated, Any

import typer

from patrol.cli.options import call, shared

Given = dict[str, Any]

retention = typer.Typer(no_args_is_help=True, help="How long data is kept 数据保存期限.")
hold = typer.Typer(no_args_is_help=True, help="Legal holds: evidence that is not dropped 证据保全.")
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
def retention_show(given: Given) -> None:
    """Show for how long each class of data is kept, and how the last pass went. 查看保存期限."""
    call("database.retention.show", given)


@retention.command("set")
@shared
def retention_set(
    given: Given,
    data: Annotated[str, typer.Argument(help="fixes, visits, history, events, media, alerts")],
    *,
    days: Annotated[int | None, typer.Option(min=1, help="Days; without, for ever")] = None,
) -> None:
    """Keep a class of data for so many days, from the next night on. 设置保存期限."""
    call("database.retention.keep", given, data=data, days=days)


@retention.command("run")
@shared
def retention_run(
    given: Given,
    *,
    dry: Annotated[
        bool, typer.Option("--dry-run", help="Drop nothing; count what would go and what holds keep")
    ] = False,
) -> None:
    """Drop now what is older than it is kept, but for what a hold names. A worker does it every night. 立即清理."""
    call("database.retention.run", given, dry=dry)


@hold.command("add")
@shared
def hold_add(  # noqa: PLR0913 - options of a command
    given: Given,
    *,
    why: Why,
    device: Annotated[str | None, typer.Option(help="Name of a device")] = None,
    officer: Annotated[str | None, typer.Option(help="Badge; what he carried is held while he carried it")] = None,
    area: Annotated[str | None, typer.Option(help="Code of a grid, street or district")] = None,
    case: Annotated[str | None, typer.Option(help="Case, as events name it")] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="RFC 3339, or a local day; without, from the beginning")
    ] = None,
    to: Annotated[str | None, typer.Option("--to", help="The same; a day counts as its end; without, no end")] = None,
    until: Annotated[
        str | None, typer.Option(help="When the hold ends by itself; without, when it is released")
    ] = None,
) -> None:
    """Keep evidence: nothing that the hold names is dropped, however old. 新增证据保全."""
    call("database.hold.add", given, why=why, device=device, officer=officer, area=area, case=case,
         start=from_, end=to, until=until)  # fmt: skip


@hold.command("list")
@shared
def hold_list(
    given: Given, *, ended: Annotated[bool, typer.Option("--all", help="Those that have ended too")] = False
) -> None:
    """Show the holds. 查看证据保全."""
    call("database.hold.listed", given, ended=ended)


@hold.command("release")
@shared
def hold_release(given: Given, *, number: Number, why: Why) -> None:
    """End a hold; what is old then goes the next night. 解除证据保全."""
    call("database.hold.release", given, number=number, why=why)


@db.command("check")
@shared
def db_check(given: Given) -> None:
    """Say what is configured and what is wrong; exit code 1 when something must be done. 检查数据库."""
    call("database.db_check", given)


@db.command("tune")
@shared
def db_tune(
    given: Given,
    *,
    rate: Annotated[float | None, typer.Option(min=0.01, help="Fixes a second to expect; without, as of late")] = None,
) -> None:
    """On TimescaleDB set the chunk interval by the rate of fixes; chunks that are there stay. 调整分块."""
    call("database.db_tune", given, rate=rate)


@shared
def doctor(given: Given) -> None:
    """Examine broker, database, clock, disk, policies and certificates, and say what to do. 体检."""
    call("processes.doctor", given)

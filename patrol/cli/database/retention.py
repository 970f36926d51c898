"""`patrol retention`: retention of data."""

import functools
import time
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from ingest.run import passes
from patrol.cli import errors, tables
from patrol.cli.accounts import as_operator
from patrol.settings.settings import Settings
from runtime import db
from schemas import holds as models
from schemas import rest
from tracking.records.retention import DataClass
from web.store import holds


def show(settings: Settings) -> None:
    """Print every class."""
    _show(as_operator.run(settings, holds.retentions))


def keep(settings: Settings, *, data: str, days: int | None) -> None:
    """Set the retention of a class in days."""
    _show([as_operator.run(settings, lambda conn: holds.set_retention(conn, data, days, as_operator.actor()))])


def run(settings: Settings, *, dry: bool) -> None:
    """Delete expired data, or count it.

    Raises:
        SetupError: another pass is running, or a class failed.
    """
    as_operator.run(settings, _count if dry else functools.partial(_drop, settings.media_folder))


async def _count(conn: db.Connection) -> None:
    table = Table(title="What a pass would delete 将清理", title_justify="left")
    for name in ("class 类别", "table 表", "rows to delete 待清理", "kept by holds 保全"):
        table.add_column(name, justify="left" if name.startswith(("class", "table")) else "right")
    for cls, name, old, held in await passes.would_drop(conn, _now()):
        table.add_row(cls.value, name, f"{old:,}", f"{held:,}")
    tables.show(table)


async def _drop(media: Path, conn: db.Connection) -> None:
    text = TextColumn("{task.description} {task.completed:,} rows 行")
    with Progress(SpinnerColumn(), text, TimeElapsedColumn()) as progress:
        tasks = {cls: progress.add_task(cls.value, total=None) for cls in DataClass}

        def report(cls: DataClass, table: str, n: int) -> None:
            progress.update(tasks[cls], advance=n, description=f"{cls.value} ({table})")

        dropped = await passes.Pass(conn, _now(), media=media, report=report).run()
    if dropped is None:
        raise errors.SetupError("Another pass is running: wait until it ends. 另一清理任务正在进行。")
    await passes.refresh_days(conn, _now())
    items = await holds.retentions(conn)
    _show(items)
    if any(item.fault for item in items):
        raise errors.SetupError("Some classes failed, see above: correct the cause and run it again.")


def _show(items: list[models.Retention]) -> None:
    table = Table(title="Kept 保存期限", title_justify="left")
    for name in (
        "class 类别",
        "what 内容",
        "days 天",
        "why 依据",
        "oldest accepted 最早接收",
        "last pass 上次",
        "deleted 已清理",
    ):
        table.add_column(name, overflow="fold")
    for item in items:
        days = "for ever 永久" if item.days is None else str(item.days)
        floor = "-" if item.floor is None else rest.rfc3339(item.floor)
        table.add_row(
            item.data, f"{item.name_en} {item.name_zh}", days, item.why, floor, rest.rfc3339(item.ran_at),
            f"{item.dropped:,}" if item.fault is None else f"✗ {item.fault}",
        )  # fmt: skip
    tables.show(table)


def _now() -> int:
    return time.time_ns() // 1_000_000

"""The migrations of this release: ordered SQL files below `schemas/sql`, each applied once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import resources


@dataclass(frozen=True, slots=True, kw_only=True)
class Migration:
    """One SQL file. `name` is its path below schemas/sql."""

    name: str
    sql: str

    @property
    def sha256(self) -> str:
        """Hash of the text, by which a file changed after it was applied is noticed."""
        return hashlib.sha256(self.sql.encode()).hexdigest()


def plain() -> list[Migration]:
    """List the files for every PostgreSQL, in order."""
    return list(_files(""))


def timescale() -> list[Migration]:
    """List the files for databases with TimescaleDB, in order."""
    return list(_files("timescale/"))


def _files(prefix: str) -> Iterator[Migration]:
    folder = resources.files("schemas").joinpath("sql", *filter(None, prefix.split("/")))
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".sql"):
            yield Migration(name=prefix + entry.name, sql=entry.read_text(encoding="utf-8"))

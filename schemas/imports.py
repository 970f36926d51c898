"""Models of what is imported over REST."""

from pydantic import Field

from schemas.rest import Model


class GridFault(Model):
    """One fault of a grid file."""

    kind: str
    feature: int | None = Field(description="Number of the feature in the file, from 0; null: the file as a whole.")
    code: str | None
    zh: str
    en: str


class GridImport(Model):
    """What an import changed, or would change."""

    done: bool = Field(description="It is in force now; false: tried only, or refused because of faults.")
    cells: int = Field(description="In the file.")
    added: int
    changed: int
    ended: int = Field(description="In force before and not in the file: no longer valid.")
    areas: int = Field(description="Added or changed.")
    faults: list[GridFault]

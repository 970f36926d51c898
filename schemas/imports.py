"""Models of imports over REST."""

from pydantic import Field

from schemas.rest import Model, Problem


class GridFault(Model):
    """One fault of a file."""

    kind: str
    feature: int | None = Field(description="Number of the feature in the file, from 0; null: the file as a whole.")
    code: str | None
    zh: str
    en: str


class ImportProblem(Problem):
    """Faults of a refused file; nothing was imported."""

    faults: list[GridFault] = Field(description="The faults of the file; the last entry says if there are more.")


class GridImport(Model):
    """Changes made, or to be made, by an import."""

    done: bool = Field(description="True: in force now; false: dry run only.")
    cells: int = Field(description="In the file.")
    added: int
    changed: int
    ended: int = Field(description="Ended: in force before and missing in the file.")
    areas: int = Field(description="Added or changed.")


class RoadImport(Model):
    """Changes made, or to be made, by an import of roads."""

    done: bool = Field(description="True: in force now; false: dry run only.")
    length_m: float = Field(description="In the file; roads drawn twice count once.")
    inside_m: float = Field(description="Length in a cell in force or on its edge.")
    pieces: int = Field(description="Number of pieces of at most 20 m.")
    added: int = Field(description="Pieces.")
    ended: int = Field(description="Ended pieces: in force before and missing in the file.")


class CheckpointImport(Model):
    """Changes made, or to be made, by an import of checkpoints."""

    done: bool = Field(description="True: in force now; false: dry run only.")
    checkpoints: int = Field(description="In the file.")
    added: int = Field(description="New, moved or renamed.")
    ended: int = Field(description="Ended: in force before and missing in the file, or at another position.")

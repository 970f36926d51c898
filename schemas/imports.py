"""Models of what is imported over REST."""

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
    """Why a file is refused; nothing of it is taken."""

    faults: list[GridFault] = Field(description="All of them, as far as they are counted.")


class GridImport(Model):
    """What an import changed, or would change."""

    done: bool = Field(description="It is in force now; false: it was tried only.")
    cells: int = Field(description="In the file.")
    added: int
    changed: int
    ended: int = Field(description="In force before and not in the file: no longer valid.")
    areas: int = Field(description="Added or changed.")


class RoadImport(Model):
    """What an import of roads changed, or would change."""

    done: bool = Field(description="It is in force now; false: it was tried only.")
    length_m: float = Field(description="In the file; what is drawn twice counts once.")
    inside_m: float = Field(description="Of that, in a cell in force or on its edge.")
    pieces: int = Field(description="Into which it was cut, of at most 20 m.")
    added: int = Field(description="Pieces.")
    ended: int = Field(description="Pieces in force before and not in the file: no longer valid.")


class CheckpointImport(Model):
    """What an import of checkpoints changed, or would change."""

    done: bool = Field(description="It is in force now; false: it was tried only.")
    checkpoints: int = Field(description="In the file.")
    added: int = Field(description="New, moved, or named otherwise.")
    ended: int = Field(description="In force before and not in the file, or not there: no longer valid.")

"""REST models of indicators of cells, areas, officers and devices. Shares are from 0 to 1; null: unknown."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.rest import Model, Page

_NOT_TOLD = "null: too much is unknown (below 70 %), or there is nothing to tell of"


class Sufficiency(Model):
    """Known shares of the data."""

    known_cells: float = Field(description="Share of cells whose state is known.")
    known_time: float = Field(
        description="Share of duty time in which it is known whether the wait was within the limit."
    )
    observed: float = Field(
        description="Share of the duty time of the period in which anything was heard from the city."
    )
    roads_told: float = Field(description="Share of hours with fixes that were compared with the roads.")
    checkpoints_told: float = Field(description="The same for checkpoints.")


class Checkpoints(Model):
    """Required checkpoints: each once in every window of required visits of its cell, else once in the period."""

    required: int
    passed: int = Field(description="By 30 s within 30 m, or within the accuracy of the fixes, or by its tag.")
    unknown: int = Field(description="Not passed as far as known, but silence may hide it.")
    share: float | None = Field(description=f"Passed among those of which it can be told; {_NOT_TOLD}.")


class Place(Model):
    """Indicators of a cell or an area over a period."""

    code: str
    level: Literal["cell", "grid", "street", "district"]
    name: str | None
    owner: str | None = Field(description="Owner of the area; for a cell, of its grid.")
    cells: int
    visited: int = Field(description="Cells with all required visits.")
    not_visited: int
    unknown: int = Field(description="Unknown cells: neither covered nor failed.")
    coverage: float | None = Field(description=f"Visited among known cells; {_NOT_TOLD}.")
    coverage_weighted: float | None = Field(description="The same, weighted.")
    coverage_road: float | None = Field(
        description=f"Length of roads within 20 m of tracks, among cells of which it can be told; {_NOT_TOLD}. "
        "By visited cells: the same as `coverage` by length of roads as the grid file says it."
    )
    coverage_road_by: Literal["walked", "visited"] = Field(
        description="Basis of coverage_road: roads along tracks, or visited cells if no roads are known."
    )
    coverage_road_cells: float | None = Field(
        description="Share of known cells with 60 % of their roads walked; null if by visited cells."
    )
    checkpoints: Checkpoints
    completion: float | None = Field(description="Share of required visits made, mean over known cells.")
    compliance: float | None = Field(description=f"Share of duty time with a wait within the limit; {_NOT_TOLD}.")
    visits: int = Field(description="Valid visits that began in the period.")
    drive_throughs: int
    drive_through_share: float | None = Field(description="Among drive-throughs and valid visits.")
    idle_mean_s: float | None = Field(description="Wait averaged over duty time and cells: Σ gap² / 2T.")
    idle_weighted_s: float | None = Field(description="The same, weighted by the cells.")
    gap_mean_s: float | None = Field(description="Mean of waits ended by a visit, duty seconds.")
    gap_std_s: float | None = Field(description="Standard deviation of them.")
    worst_s: float | None = Field(description="Longest wait, including the open one.")
    sufficiency: Sufficiency


class Arrivals(Model):
    """Arrivals at shifts."""

    on_time: int = Field(description="In the area up to 10 min after the start.")
    late: int = Field(description="Up to 30 min after it.")
    absent: int = Field(description="Later or never.")
    unknown: int = Field(description="Unknown: too many gaps in the track, or no area.")


class Person(Model):
    """Indicators of an officer or a device over a period."""

    level: Literal["officer", "device"]
    code: str = Field(description="Badge of the officer, or name of the device.")
    name: str | None
    unit: str
    shifts: int
    expected_s: float = Field(description="Length of the shifts.")
    covered_s: float = Field(description="Time of them that the track covers: Σ min(time between fixes, 120 s).")
    completeness: float | None = Field(description="covered_s / expected_s; null: no shift.")
    assessable: bool = Field(
        description="The track covers 70 % of the shifts; otherwise figures that depend on time are null."
    )
    on_post_s: float | None = Field(description="Time of the shifts inside the area.")
    on_post_rate: float | None
    arrivals: Arrivals
    way_m: float = Field(description="Distance walked inside cells, jitter removed, without drives.")
    drive_m: float
    visits: int
    drive_throughs: int
    drive_through_share: float | None
    fixes: int = Field(description="Fixes received in the hours that the period touches.")
    fix_share: float | None = Field(description="fixes × interval / time of the shifts; null: no shift.")
    late_share: float | None = Field(description="Share of fixes that arrived more than 60 s late.")
    recorder_share: float | None = Field(
        description="Share of fixes with the recorder running, of those that report it."
    )
    events: int
    events_recorded: float | None = Field(
        description="Share of known events with the recorder running from 10 s before."
    )
    events_two: float | None = Field(description="Share of known events with a second officer within 50 m.")


class Places(Page):
    """Indicators by cell or area."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    duty_s: float = Field(description="Duty time of the period.")
    items: list[Place]


class People(Page):
    """Indicators by officer or device."""

    start: AwareDatetime = Field(alias="from")
    end: AwareDatetime = Field(alias="to")
    items: list[Person]

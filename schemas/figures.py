"""Indicators of the REST surface: of cells, areas, officers and devices. Shares run from 0 to 1; null: not told."""

from typing import Literal

from pydantic import AwareDatetime, Field

from schemas.rest import Model, Page

_NOT_TOLD = "null: too much is unknown (below 70 %), or there is nothing to tell of"


class Sufficiency(Model):
    """How far the data can tell."""

    known_cells: float = Field(description="Share of cells whose state is known.")
    known_time: float = Field(
        description="Share of duty time of which it is known whether the wait was within its limit."
    )
    observed: float = Field(description="Share of the period's duty time in which anything was heard from the city.")
    roads_told: float = Field(description="Share of the city's hours with fixes that were compared with its roads.")
    checkpoints_told: float = Field(description="The same for checkpoints.")


class Checkpoints(Model):
    """Checkpoints to be passed: each once in every window of required visits of its cell, else once in the period."""

    required: int
    passed: int = Field(description="By 30 s within 30 m, or within the accuracy of the fixes, or by its tag.")
    unknown: int = Field(description="Not passed as far as is known, but silence may hide it.")
    share: float | None = Field(description=f"Passed among those of which it can be told; {_NOT_TOLD}.")


class Place(Model):
    """Indicators of a cell or an area over a period."""

    code: str
    level: Literal["cell", "grid", "street", "district"]
    name: str | None
    owner: str | None = Field(description="Who answers for the area; of a cell, for its grid.")
    cells: int
    visited: int = Field(description="Cells with all visits that were required.")
    not_visited: int
    unknown: int = Field(description="Cells of which it cannot be told: neither covered nor a failure.")
    coverage: float | None = Field(description=f"Visited among known cells; {_NOT_TOLD}.")
    coverage_weighted: float | None = Field(description="The same by weight.")
    coverage_road: float | None = Field(
        description=f"Length of roads within 20 m of tracks, among cells of which it can be told; {_NOT_TOLD}. "
        "By visited cells: the same as `coverage` by length of roads as the grid file says it."
    )
    coverage_road_by: Literal["walked", "visited"] = Field(
        description="What coverage_road is made of: roads along tracks, or, where no road is known, visited cells."
    )
    coverage_road_cells: float | None = Field(
        description="Cells with 60 % of their roads walked, among those of which it can be told; null by visited cells."
    )
    checkpoints: Checkpoints
    completion: float | None = Field(description="Required visits that were made, mean over known cells.")
    compliance: float | None = Field(description=f"Share of duty time with a wait within the limit; {_NOT_TOLD}.")
    visits: int = Field(description="Valid visits that began in the period.")
    drive_throughs: int
    drive_through_share: float | None = Field(description="Among drive-throughs and valid visits.")
    idle_mean_s: float | None = Field(description="Wait averaged over duty time and cells: Σ gap² / 2T.")
    idle_weighted_s: float | None = Field(description="The same by weight of the cells.")
    gap_mean_s: float | None = Field(description="Mean of the waits that a visit ended, duty seconds.")
    gap_std_s: float | None = Field(description="Standard deviation of them.")
    worst_s: float | None = Field(description="Longest wait, the one that goes on included.")
    sufficiency: Sufficiency


class Arrivals(Model):
    """How shifts began."""

    on_time: int = Field(description="In the area up to 10 min after the start.")
    late: int = Field(description="Up to 30 min after it.")
    absent: int = Field(description="Later or not at all.")
    unknown: int = Field(description="The track has too many gaps to tell, or there is no area.")


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
    assessable: bool = Field(description="The track covers 70 % of the shifts: else what follows from time is null.")
    on_post_s: float | None = Field(description="Time of the shifts inside the area.")
    on_post_rate: float | None
    arrivals: Arrivals
    way_m: float = Field(description="Way inside cells with jitter removed, drives left out.")
    drive_m: float
    visits: int
    drive_throughs: int
    drive_through_share: float | None
    fixes: int = Field(description="Fixes received, by the hours that the period touches.")
    fix_share: float | None = Field(description="fixes × interval / time of the shifts; null: no shift.")
    late_share: float | None = Field(description="Fixes that arrived more than 60 s after their time.")
    recorder_share: float | None = Field(description="Fixes with the recorder running, of those that say so.")
    events: int
    events_recorded: float | None = Field(
        description="Events with the recorder running from 10 s before on; of known ones."
    )
    events_two: float | None = Field(description="Events with a second officer within 50 m; of known ones.")


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

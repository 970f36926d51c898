"""Reports of one device: stays and runs when they become known, and again when they change."""

from collections.abc import Callable, Sequence

from tracking.geometry.lookup import CityGrid
from tracking.presence.between import MERGE_MS, Between, Maybe
from tracking.presence.points import Point
from tracking.presence.presence import OpenStay
from tracking.presence.stays import Changes, Run, RunChange, Stay, StayChange, StayKind, StoredStays, classify
from tracking.presence.trail import Trail
from tracking.presence.visit_rules import VisitRules

RUN_REPORT_MS = 60_000
"""An open run is reported at its first fix of every minute."""

_Key = tuple[int, int]
"""Device, and the time at which a stay or run begins, ms."""

Report = Stay | Run | StayChange
"""A stay or run as known now; or None, if a reported one does not exist."""


class Reports(Trail):
    """Reports of one device.

    Args:
        device: number of the device in the store.
        grid: the cells.
        rules: rules of valid visits, by index of the cell.
        report: called with every stay and run when it becomes known, and again when it changes; keys (device, t_in)
            and (device, t_first).
    """

    __slots__ = ("_grid", "_led", "_logged", "_rules", "_run_at", "_seen", "device", "report")

    def __init__(self, device: int, grid: CityGrid, rules: VisitRules, report: Callable[[Report], None]) -> None:
        super().__init__()
        self.device = device
        self.report = report
        self._grid, self._rules = grid, rules
        self._run_at: Point | None = None
        # Whether a stay of this run was reported. The first one is reported at its begin, where observation starts.
        self._seen = False
        # The beginning of the newest stay, and the undecided time before it, which may belong to it.
        self._led: tuple[int, Between] | None = None
        # (ms, number of the cell in the store) of events that may belong to a stay that has not ended.
        self._logged: Sequence[tuple[int, int]] = ()

    def log(self, logged: list[tuple[int, int]]) -> None:
        """Take events, (ms, number of the cell in the store), newer than any stay reported as ended."""
        self._logged = [*self._logged, *logged]

    def logged_after(self, t: int) -> list[tuple[int, int]]:
        """Events after `t` (ms)."""
        return [event for event in self._logged if event[0] > t]

    def _note_run(self, last: Point | None, point: Point) -> None:
        if last is None or last.t // RUN_REPORT_MS != point.t // RUN_REPORT_MS:
            self._run_at = point

    def _report_run(self, last: Point | None, *, is_open: bool) -> None:
        self._run_at = None
        if self._began is not None and last is not None:
            first = self._began
            self.report(
                Run(
                    device=self.device, t_first=first.t, lat_first=first.lat, lon_first=first.lon,
                    t_last=last.t, lat_last=last.lat, lon_last=last.lon, open=is_open,
                )
            )  # fmt: skip

    def _report_begun(self, inside: OpenStay) -> None:
        self._seen = True
        self.report(
            Stay(
                device=self.device, cell=inside.cell, t_in=inside.t_in, t_out=inside.inside_at,
                dwell_ms=inside.dwell_ms, path_m=0.0, fixes=inside.fixes, kind=StayKind.SHORT, open=True,
            )
        )  # fmt: skip

    def _report_ended(self, inside: OpenStay) -> None:
        logged = self._logged_in(inside, inside.inside_at)
        stay = inside.stay(self._rules.at(inside.index, inside.t_in), logged=logged)
        self.report(stay)
        if self._led is not None and self._led[0] == stay.t_in:
            between, after = self._led[1], None if stay.kind is StayKind.VISIT else stay
            for maybe in between.may:
                if maybe.index == inside.index and stay.t_in - maybe.t_out < MERGE_MS:
                    self._report_maybe(between, maybe, after=after)

    def _report_maybe(
        self, between: Between, maybe: Maybe, *, is_open: bool = False, after: Stay | None = None
    ) -> None:
        """Report a cell in which the device may have made a valid visit, including `after`, if so."""
        rule = self._rules.at(maybe.index, maybe.t_in)
        dwell_ms, path_m = maybe.before_ms + maybe.ms, maybe.before_m + maybe.metres
        if after is not None:
            dwell_ms, path_m = dwell_ms + after.dwell_ms, path_m + after.path_m
        logged = any(maybe.t_in <= t <= maybe.t_out for t, _ in self._logged)
        reported = between.reported.get(maybe.t_in)
        if maybe.ms < MERGE_MS or classify(rule, dwell_ms, path_m, 0.0, logged=logged) is not StayKind.VISIT:
            if reported is not None:
                del between.reported[maybe.t_in]
                self.report(StayChange(device=self.device, t_in=maybe.t_in, stay=None))
            return
        stay = Stay(
            device=self.device, cell=int(self._grid.ids[maybe.index]), t_in=maybe.t_in, t_out=maybe.t_out,
            dwell_ms=maybe.ms, path_m=round(maybe.metres, 1), fixes=maybe.fixes, kind=StayKind.BETWEEN, open=is_open,
            other=int(self._grid.ids[maybe.other]) if maybe.other >= 0 else None,
        )  # fmt: skip
        if stay != reported:
            between.reported[maybe.t_in] = stay
            self.report(stay)

    def _logged_in(self, inside: OpenStay, until: int) -> bool:
        return any(cell == inside.cell and inside.t_in <= t <= until for t, cell in self._logged)

    def _forget_logged(self, since: int) -> None:
        if self._logged:
            self._logged = [event for event in self._logged if event[0] >= since]


class Reported(list[Report]):
    """Stays and runs in the order of becoming known."""

    def take(self) -> Changes:
        """Take the changes."""
        stays, runs = self._newest()
        return Changes(
            stays=list(stays.values()),
            runs=[RunChange(device=run.device, t_first=run.t_first, run=run) for run in runs],
        )

    def computed(self) -> StoredStays:
        """Take the final state, as it must be stored."""
        stays, runs = self._newest()
        return StoredStays([change.stay for change in stays.values() if change.stay is not None], runs)

    def _newest(self) -> tuple[dict[_Key, StayChange], list[Run]]:
        stays: dict[_Key, StayChange] = {}
        runs: dict[_Key, Run] = {}
        for report in self:
            if isinstance(report, Run):
                runs[report.device, report.t_first] = report
            elif isinstance(report, Stay):
                stays[report.device, report.t_in] = StayChange(device=report.device, t_in=report.t_in, stay=report)
            else:
                stays[report.device, report.t_in] = report
        self.clear()
        return stays, list(runs.values())

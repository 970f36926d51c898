"""Workdays: by an imported calendar, else the built-in table, else weekends and fixed dates. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import chinese_calendar

TABLE_YEARS = range(2004, 2027)
"""Years whose notices of the State Council are in the library `chinesecalendar` 1.11."""
_STATUTORY = {(1, 1): "元旦"} | {(5, day): "劳动节" for day in (1, 2)} | {(10, day): "国庆节" for day in (1, 2, 3)}
"""Statutory holidays with a date of the solar calendar; those of the lunar calendar come with the year's notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayMark:
    """What a day is."""

    workday: bool
    name: str | None = None
    """Its name, for example 国庆节; None for an ordinary day."""
    provisional: bool = False
    """No table for its year is known: weekends and fixed dates were assumed."""


class Holidays:
    """Days of a city.

    Args:
        marks: imported days: holidays, and weekends that are worked. A year with any of them counts as known.
    """

    def __init__(self, marks: Mapping[date, DayMark] | None = None) -> None:
        self._marks = dict(marks or {})
        self._years = {day.year for day in self._marks}

    def mark(self, day: date) -> DayMark:
        """What a day is."""
        mark = self._marks.get(day)
        if mark is not None:
            return mark
        if day.year in self._years:
            return DayMark(workday=day.weekday() < 5)
        if day.year in TABLE_YEARS:
            off, name = chinese_calendar.get_holiday_detail(day)
            return DayMark(workday=not off, name=_CHINESE.get(name or ""))
        name = _STATUTORY.get((day.month, day.day)) or ("清明节" if day == _qingming(day.year) else None)
        return DayMark(workday=day.weekday() < 5 and name is None, name=name, provisional=True)


_CHINESE = {holiday.value: holiday.chinese for holiday in chinese_calendar.Holiday}


def _qingming(year: int) -> date:
    """Day of the solar term 清明, right for 2001 to 2099."""
    y = year % 100
    return date(year, 4, int(y * 0.2422 + 4.81) - y // 4)

"""The hand-drawn part of the synthetic town: banks and rim, and how its streets (街道) share the land.

The rivers and the places of the streets to each other follow 惠城区 roughly; nothing here is a surveyed border.
"""

from dataclasses import dataclass

from device_sim.city.plan import Point

DISTRICT_CODE = "441302"
DISTRICT_NAME = "惠城区"

STREETS: dict[str, str] = {
    "441302001": "桥东街道",
    "441302002": "桥西街道",
    "441302003": "江南街道",
    "441302004": "江北街道",
    "441302005": "龙丰街道",
    "441302006": "河南岸街道",
    "441302007": "惠环街道",
    "441302008": "陈江街道",
    "441302009": "水口街道",
    "441302010": "小金口街道",
    "441302103": "三栋镇",
}
"""Street codes and names of the district (statistics bureau's list of 2023)."""

DENSITY: dict[str, float] = {
    "441302001": 1.7, "441302002": 1.9, "441302003": 1.5, "441302004": 1.4, "441302005": 1.3, "441302006": 1.4,
    "441302007": 0.8, "441302008": 0.75, "441302009": 0.95, "441302010": 0.9, "441302103": 0.7,
}  # fmt: skip
"""Cells per area compared with the other streets: the old town has the small ones."""

STAFFING: dict[str, float] = {
    "441302001": 1.5, "441302002": 1.5, "441302003": 1.3, "441302004": 1.2, "441302005": 1.0, "441302006": 1.2,
    "441302007": 0.7, "441302008": 0.45, "441302009": 0.9, "441302010": 0.9, "441302103": 0.4,
}  # fmt: skip
"""Officers per grid compared with the other streets: two streets have too few, so that gaps open there."""

CENTRE: Point = (-0.3, -0.2)
"""Middle of the old town, km east and north of the origin."""

# km east and north of the origin, counter-clockwise.
_NORTH: list[Point] = [
    (-5.4, 1.12), (-4.2, 0.78), (-3.0, 0.64), (-1.8, 1.06), (-0.6, 1.2), (0.5, 1.02), (1.5, 1.17), (2.6, 1.72),
    (3.8, 2.07), (5.0, 1.92), (6.3, 2.32), (5.9, 3.2), (4.7, 3.5), (4.2, 4.7), (2.7, 4.0), (1.3, 5.7), (-0.5, 5.2),
    (-1.8, 5.6), (-3.0, 4.9), (-3.6, 3.9), (-5.0, 3.7), (-5.8, 2.5),
]  # fmt: skip
_EAST: list[Point] = [
    (0.42, 0.52), (1.0, -0.1), (2.0, -0.78), (3.1, -1.18), (4.5, -1.75), (6.0, -2.35), (6.7, -1.3), (6.3, -0.2),
    (7.0, 0.8), (6.4, 1.95), (5.0, 1.55), (3.8, 1.72), (2.7, 1.38), (1.6, 0.84), (0.8, 0.7),
]  # fmt: skip
_SOUTH: list[Point] = [
    (0.08, 0.62), (-0.6, 0.88), (-1.8, 0.74), (-3.0, 0.28), (-4.2, 0.43), (-5.4, 0.8), (-6.3, 0.2), (-6.1, -1.0),
    (-7.0, -1.9), (-6.6, -3.2), (-5.4, -4.0), (-5.3, -5.4), (-3.4, -5.0), (-2.2, -4.8), (-0.9, -5.7), (0.7, -4.7),
    (1.9, -5.4), (3.3, -4.6), (4.3, -4.0), (5.4, -3.9), (5.9, -2.72), (4.4, -2.0), (3.0, -1.42), (1.9, -1.02),
    (0.85, -0.3),
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut through `at` (km) in the direction `angle` (degrees from east); `left` and `right` are what is there."""

    at: Point
    angle: float
    left: "Cut | str"
    right: "Cut | str"


HILL = ""
"""Land that belongs to no cell: the lake in the old town and the hill behind it."""

LAND: list[tuple[list[Point], "Cut | str"]] = [
    (_NORTH, Cut((0.0, 2.85), 4, "441302010", "441302004")),
    (_EAST, Cut((2.7, 0.4), 78, "441302001", "441302009")),
    (
        _SOUTH,
        Cut(
            (-0.5, -2.5),
            -7,
            Cut(
                (0.15, -1.0),
                104,
                Cut(
                    (-2.6, -0.8),
                    97,
                    Cut((-4.5, -0.75), 4, "441302003", Cut((-3.5, -1.6), 98, "441302005", HILL)),
                    Cut(
                        (-1.5, -0.8),
                        93,
                        Cut((-2.1, -0.05), 8, "441302002", Cut((-2.1, -1.45), -5, HILL, "441302005")),
                        "441302002",
                    ),
                ),
                "441302006",
            ),
            Cut((-2.7, -3.8), 84, "441302008", Cut((0.9, -4.0), 97, "441302007", "441302103")),
        ),
    ),
]

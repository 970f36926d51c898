"""Faults of a file of cells, roads or checkpoints: place, fault and remedy, in two languages. Pure."""

from dataclasses import dataclass, field
from enum import StrEnum

MOST_FAULTS = 100
"""Most faults that are reported; a file with more is not repaired line by line."""


class FaultKind(StrEnum):
    """Kinds of faults."""

    TOO_LARGE = "too_large"
    NOT_JSON = "not_json"
    NOT_COLLECTION = "not_collection"
    OTHER_DATUM = "other_datum"
    NO_CELLS = "no_cells"
    NOT_FEATURE = "not_feature"
    BAD_PROPERTY = "bad_property"
    BAD_CODE = "bad_code"
    DUPLICATE = "duplicate"
    NO_PARENT = "no_parent"
    WRONG_PARENT = "wrong_parent"
    UNKNOWN_CLASS = "unknown_class"
    EMPTY_AREA = "empty_area"
    AREA_GEOMETRY = "area_geometry"
    NOT_POLYGON = "not_polygon"
    BAD_POSITION = "bad_position"
    SHORT_RING = "short_ring"
    OPEN_RING = "open_ring"
    OUT_OF_RANGE = "out_of_range"
    INVALID = "invalid"
    TOO_SMALL = "too_small"
    OVERLAP = "overlap"
    NOT_ADJACENT = "not_adjacent"
    REUSED = "reused"
    CHANGED = "changed"
    TOO_EARLY = "too_early"
    LEVEL = "level"
    NO_ROADS = "no_roads"
    NOT_LINE = "not_line"
    SHORT_LINE = "short_line"
    ROADS_ASTRAY = "roads_astray"
    NOT_TABLE = "not_table"
    NO_CHECKPOINTS = "no_checkpoints"
    NOT_POINT = "not_point"
    REPEATED = "repeated"
    ASTRAY = "astray"
    NO_PLACE = "no_place"
    NOT_CALENDAR = "not_calendar"
    MORE = "more"


_TEXTS: dict[FaultKind, tuple[str, str]] = {
    FaultKind.TOO_LARGE: (
        "文件 {mib} MiB，超过 {most} MiB：请按区拆分",
        "the file has {mib} MiB, more than {most} MiB: split it by district",
    ),
    FaultKind.NOT_JSON: (
        "不是 UTF-8 的 GeoJSON（{why}）：请用 GIS 软件重新导出为 GeoJSON（RFC 7946）",
        "this is not GeoJSON in UTF-8 ({why}): export it again as GeoJSON (RFC 7946)",
    ),
    FaultKind.NOT_COLLECTION: (
        "最外层不是 FeatureCollection（{why}）：格式见 docs/grid-format.md",
        "the outermost object is not a FeatureCollection ({why}): see docs/grid-format.md",
    ),
    FaultKind.OTHER_DATUM: (
        "坐标系为 {crs}：请转换为 WGS-84 经纬度后导出",
        "the coordinates are in {crs}: convert them to WGS-84 degrees and export again",
    ),
    FaultKind.NO_CELLS: (
        '没有单元网格：至少要有一个 kind 为 "cell" 的要素',
        'there are no unit cells: at least one feature must have the kind "cell"',
    ),
    FaultKind.NOT_FEATURE: ("要素格式错误：{why}", "this is not a feature: {why}"),
    FaultKind.BAD_PROPERTY: ("属性错误：{why}", "a property is wrong: {why}"),
    FaultKind.BAD_CODE: ("编码不合规则：应为 {want_zh}", "the code is not valid: give {want_en}"),
    FaultKind.DUPLICATE: (
        "编码与第 {other} 个要素重复：每个编码只能用一次（14 位与 15 位视为同一编码）",
        "feature {other} has the same code: use each code once (14 and 15 digits can mean the same code)",
    ),
    FaultKind.NO_PARENT: (
        '{name} "{parent}" 不在文件中：请加入该区域或改正编码',
        '{name} "{parent}" is not in the file: add that area or correct the code',
    ),
    FaultKind.WRONG_PARENT: (
        '{name} "{parent}" 不是其上级（{why}）：请改正',
        '{name} "{parent}" cannot be above it ({why}): correct it',
    ),
    FaultKind.UNKNOWN_CLASS: (
        '类别 "{cls}" 未知：可用 {known}',
        'the class "{cls}" is not known: use one of {known}',
    ),
    FaultKind.EMPTY_AREA: (
        "区域内没有下级：请加入其下级或删除该区域",
        "this area is empty: add the areas or cells it consists of, or remove it",
    ),
    FaultKind.AREA_GEOMETRY: (
        "区域的 geometry 必须为 null：其形状为所辖单元网格之并",
        "the geometry of an area must be null: its shape is the union of its cells",
    ),
    FaultKind.NOT_POLYGON: (
        "几何类型为 {type}：单元网格须为单个 Polygon，请拆分并分别编码",
        "the geometry is {type}: a cell must be one Polygon; split it and give each part a code",
    ),
    FaultKind.BAD_POSITION: ("坐标格式错误：{why}", "the coordinates are wrong: {why}"),
    FaultKind.SHORT_RING: (
        "第 {ring} 环只有 {n} 个点：至少 4 个，首尾相同",
        "ring {ring} has {n} positions: at least 4 are needed, the first equal to the last",
    ),
    FaultKind.OPEN_RING: (
        "第 {ring} 环未闭合：末点须与首点相同",
        "ring {ring} is open: repeat its first position at the end",
    ),
    FaultKind.OUT_OF_RANGE: (
        "第 {ring} 环的点 [{lon}, {lat}] 超出范围：须为有限的经度、纬度，经度在前",
        "position [{lon}, {lat}] in ring {ring} is out of range: give finite degrees, longitude first",
    ),
    FaultKind.INVALID: (
        "多边形无效（{what}，位于 [{lon}, {lat}]）：请在该处改正边界",
        "the polygon is invalid ({what} at [{lon}, {lat}]): correct the boundary there",
    ),
    FaultKind.TOO_SMALL: (
        "有一环面积仅 {area} m²（至少 {least}）：请删除该环或改正坐标",
        "a ring has only {area} m² (at least {least}): remove it or correct its positions",
    ),
    FaultKind.OVERLAP: (
        "与第 {other} 个要素 {with_code} 重叠 {area} m²（允许 {most}）：请改正共同边界",
        "it overlaps feature {other}, {with_code}, by {area} m² ({most} allowed): correct their common boundary",
    ),
    FaultKind.NOT_ADJACENT: (
        "单元网格不相邻：责任网格分成 {n} 片，{cells} 与其余无共同边；请改归其他责任网格或补上中间的单元网格",
        "not adjacent ({n} pieces): {cells} share no edge with the rest; move them, or add the cells between",
    ),
    FaultKind.REUSED: (
        "该编码已于 {when} 作废，不得再用：请使用新编码",
        "this code ended at {when} and cannot be used again: give the cell a new code",
    ),
    FaultKind.CHANGED: (
        "边界与现行的不同：请给新边界一个新编码",
        "its boundary differs from the one in force: give the new boundary a new code",
    ),
    FaultKind.TOO_EARLY: (
        "{district} 的最新网格划分自 {since} 起生效，不能再导入更早的：请将生效时间设为该时刻（取代之）或更晚",
        "the newest division of {district} starts at {since}: set valid_from to that time, to replace it, or later",
    ),
    FaultKind.LEVEL: (
        "该编码现为 {level}：请使用其他编码",
        "this code is a {level} in the database: use another code",
    ),
    FaultKind.NO_ROADS: (
        "没有道路：至少要有一个 LineString 或 MultiLineString 要素",
        "there are no roads: at least one feature must be a LineString or MultiLineString",
    ),
    FaultKind.NOT_LINE: (
        "几何类型为 {type}：道路须为 LineString 或 MultiLineString，请导出道路中心线",
        "the geometry is {type}: a road must be a LineString or MultiLineString; export the centre lines",
    ),
    FaultKind.SHORT_LINE: (
        "第 {line} 条线只有 {n} 个不同的点：至少 2 个",
        "line {line} has {n} different positions: at least 2 are needed",
    ),
    FaultKind.ROADS_ASTRAY: (
        "没有一条道路位于现行单元网格内：请先导入网格，并确认坐标为 WGS-84、经度在前",
        "no road lies in a cell in force: import the grid first, and check that the roads are WGS-84, longitude first",
    ),
    FaultKind.NOT_CALENDAR: (
        "日历无法读取（{why}）：请改正后重新导入",
        "the calendar cannot be read ({why}): correct it and import it again",
    ),
    FaultKind.NOT_TABLE: (
        "无法读取 CSV（{why}）：请存为 UTF-8，首行列名为 code,name,lat,lon",
        "this CSV cannot be read ({why}): save it as UTF-8 with the columns code,name,lat,lon named in its first line",
    ),
    FaultKind.NO_CHECKPOINTS: ("没有打卡点：至少要有一个", "there are no checkpoints: at least one is needed"),
    FaultKind.NOT_POINT: (
        "几何类型为 {type}：打卡点须为 Point",
        "the geometry is {type}: a checkpoint must be a Point",
    ),
    FaultKind.REPEATED: (
        "编码与第 {other} 个重复：每个打卡点用一个编码",
        "checkpoint {other} has the same code: give each checkpoint its own",
    ),
    FaultKind.ASTRAY: (
        "[{lon}, {lat}] 距任何单元网格都超过 {within} m：请确认坐标为 WGS-84、经纬度未颠倒，或先导入网格",
        "[{lon}, {lat}] is more than {within} m from every cell: use WGS-84, longitude first, or import the grid first",
    ),
    FaultKind.NO_PLACE: (
        "[{lon}, {lat}] 不是有效坐标：须为有限的经度、纬度，经度在前",
        "[{lon}, {lat}] is not a valid position: give finite degrees, longitude first",
    ),
    FaultKind.MORE: (
        "另有更多错误未列出（仅列前 {n} 个）：请先改正以上错误再导入",
        "there are more faults (the first {n} are listed): correct these and import again",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class GridFault:
    """One fault of a file."""

    kind: FaultKind
    feature: int | None
    """Number of the feature, from 0; None: the file as a whole."""
    code: str | None
    """Code of the feature as far as it could be read."""
    zh: str
    en: str

    def __str__(self) -> str:
        return f"{self.where_en}{self.en}"

    @property
    def where_en(self) -> str:
        """Which feature, for example `feature 12 (441302010003012): `; nothing for the file."""
        if self.feature is None:
            return ""
        return f"feature {self.feature}{f' ({self.code})' if self.code else ''}: "

    @property
    def where_zh(self) -> str:
        """The same in Chinese."""
        if self.feature is None:
            return ""
        return f"要素 {self.feature}{f'（{self.code}）' if self.code else ''}："


@dataclass(slots=True)
class Faults:
    """Collects up to MOST_FAULTS faults, and whether there are more."""

    found: list[GridFault] = field(default_factory=list)
    more: bool = False

    def __bool__(self) -> bool:
        return bool(self.found)

    @property
    def full(self) -> bool:
        """Whether it holds as many faults as are reported."""
        return self.more

    def add(self, kind: FaultKind, feature: int | None, code: str | None, **values: object) -> None:
        """Note a fault; `values` fill its texts."""
        if len(self.found) >= MOST_FAULTS:
            self.more = True
            return
        self.found.append(fault(kind, feature, code, **values))

    def listed(self) -> list[GridFault]:
        """All faults in the order of the features, and a last one when there are more."""
        ordered = sorted(self.found, key=lambda fault: -1 if fault.feature is None else fault.feature)
        return [*ordered, fault(FaultKind.MORE, None, None, n=MOST_FAULTS)] if self.more else ordered


def fault(kind: FaultKind, feature: int | None, code: str | None, **values: object) -> GridFault:
    """Describe one fault."""
    zh, en = (text.format(**values) for text in _TEXTS[kind])
    return GridFault(kind=kind, feature=feature, code=code, zh=zh, en=en)

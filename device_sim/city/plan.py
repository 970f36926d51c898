"""A plan: a plane cut into faces that share their corners exactly. Cutting a face keeps its neighbours whole."""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Point = tuple[float, float]
Floats = NDArray[np.float64]

SNAP_M = 40.0
"""A cut that meets an edge this near to a corner meets it in the corner, which makes crossroads."""
_ROUND_ENOUGH = 0.6
_ANGLES = (0.0, 0.12, -0.12, 0.3, -0.3, 0.6, -0.6, math.pi / 2)


@dataclass(slots=True)
class Plan:
    """Faces as rings of corner numbers, counter-clockwise; metres east and north."""

    points: list[Point] = field(default_factory=list)
    faces: dict[int, list[int]] = field(default_factory=dict)
    _edges: dict[tuple[int, int], int] = field(default_factory=dict)
    _next: int = 0

    def add(self, ring: list[Point]) -> int:
        """Lay out a face apart from all others and return its number."""
        start = len(self.points)
        self.points.extend(ring)
        return self._put(list(range(start, start + len(ring))))

    def ring(self, face: int) -> list[Point]:
        """Corners of a face in order, the first not repeated."""
        return [self.points[corner] for corner in self.faces[face]]

    def other_side(self, a: int, b: int) -> int | None:
        """Face on the other side of the edge a → b of a face; None at the rim."""
        return self._edges.get((b, a))

    def cut_through(self, face: int, at: Point, angle: float) -> tuple[int, int]:
        """Cut a face along the line through `at` (inside it); the part to the left of the angle comes first."""
        along = (math.cos(angle), math.sin(angle))
        hits = self._crossings(face, at, along)
        before = [hit for hit in hits if hit[0] <= 0]
        after = [hit for hit in hits if hit[0] > 0]
        if not before or not after:
            raise ValueError(f"{at} is not inside face {face}")
        first, second = self._corner(face, before[-1], SNAP_M), self._corner(face, after[0], SNAP_M)
        return self._split(face, first, second)

    def divide(self, face: int, parts: list[float], rng: np.random.Generator) -> list[int]:
        """Cut a face again and again into one face per entry of `parts`, areas in that proportion, about."""
        if len(parts) == 1:
            return [face]
        half = len(parts) // 2
        share = sum(parts[:half]) / sum(parts) * rng.uniform(0.93, 1.07)
        first, second = self._halve(face, share, rng)
        return self.divide(first, parts[:half], rng) + self.divide(second, parts[half:], rng)

    def bend_edges(self, rng: np.random.Generator, *, longest_m: float = 170.0, bend: float = 0.025) -> None:
        """Put corners into long edges, a little off the line, so that they can follow curves."""
        for a, b in list(self._edges):
            if (b, a) in self._edges and a > b:
                continue
            (ax, ay), (bx, by) = self.points[a], self.points[b]
            pieces = int(math.hypot(bx - ax, by - ay) // longest_m)
            last = a
            for k in range(1, pieces + 1):
                f, off = k / (pieces + 1), rng.uniform(-bend, bend)
                last = self._insert(
                    last, b, (ax + f * (bx - ax) - off * (by - ay), ay + f * (by - ay) + off * (bx - ax))
                )

    def _halve(self, face: int, share: float, rng: np.random.Generator) -> tuple[int, int]:
        ring = self.ring(face)
        axis = _long_axis(ring) + rng.normal(0, 0.05)
        best: tuple[float, Point, float] | None = None
        for turn in _ANGLES:
            angle = axis + math.pi / 2 + turn
            at = _balance(ring, angle, share)
            score = self._score(face, at, angle) - 0.1 * abs(turn)
            if best is None or score > best[0]:
                best = (score, at, angle)
            if score > _ROUND_ENOUGH:
                break
        assert best is not None  # noqa: S101 - _ANGLES is not empty
        _, at, angle = best
        ends = self._chord(face, at, angle, share)
        corners = [self._corner(face, end, SNAP_M) for end in ends]
        ring_of = self.faces[face]
        if (ring_of.index(corners[0]) - ring_of.index(corners[1])) % len(ring_of) in (0, 1, len(ring_of) - 1):
            corners = [self._corner(face, end, 0.0) for end in self._chord(face, at, angle, share)]
        first, second = self._split(face, corners[0], corners[1])
        wanted = share * abs(area(ring))
        if abs(area(self.ring(first)) - wanted) <= abs(area(self.ring(second)) - wanted):
            return first, second
        return second, first

    def _score(self, face: int, at: Point, angle: float) -> float:
        """How round the worse part would be, 0 to 1."""
        sides = _clip(self.ring(face), at, angle), _clip(self.ring(face), at, angle + math.pi)
        return min(roundness(side) if len(side) > 2 else 0.0 for side in sides)

    def _chord(self, face: int, at: Point, angle: float, share: float) -> list[tuple[float, int, Point]]:
        """The stretch of the line inside the face that comes nearest to the wanted share."""
        hits = self._crossings(face, at, (math.cos(angle), math.sin(angle)))
        ring, total = self.faces[face], abs(area(self.ring(face)))
        best, least = hits[:2], math.inf
        for start, end in zip(hits[::2], hits[1::2], strict=False):
            i, j = sorted((start[1], end[1]))
            points = [start[2] if start[1] == i else end[2], *(self.points[c] for c in ring[i + 1 : j + 1])]
            part = abs(area([*points, end[2] if start[1] == i else start[2]])) / total
            off = min(abs(part - share), abs(1 - part - share))
            if off < least:
                best, least = [start, end], off
        return best

    def _crossings(self, face: int, at: Point, along: Point) -> list[tuple[float, int, Point]]:
        """Where the line meets the ring: (metres along it, number of the edge in the ring, place), in order."""
        ring, hits = self.ring(face), []
        side = [(x - at[0]) * along[1] - (y - at[1]) * along[0] for x, y in ring]
        for i, (ax, ay) in enumerate(ring):
            j = (i + 1) % len(ring)
            if (side[i] >= 0) != (side[j] >= 0):
                f = side[i] / (side[i] - side[j])
                place = (ax + f * (ring[j][0] - ax), ay + f * (ring[j][1] - ay))
                hits.append(((place[0] - at[0]) * along[0] + (place[1] - at[1]) * along[1], i, place))
        return sorted(hits)

    def _corner(self, face: int, hit: tuple[float, int, Point], snap: float) -> int:
        """Corner at a crossing: one that is there within `snap` metres, or a new one that the neighbour shares."""
        _, _, place = hit
        ring = self.faces[face]
        i = min(
            range(len(ring)),
            key=lambda k: _off_edge(place, self.points[ring[k]], self.points[ring[(k + 1) % len(ring)]]),
        )
        a, b = ring[i], ring[(i + 1) % len(ring)]
        near = min((a, b), key=lambda corner: math.dist(self.points[corner], place))
        length = math.dist(self.points[a], self.points[b])
        if math.dist(self.points[near], place) <= max(min(snap, length * 0.45), 1e-6):
            return near
        return self._insert(a, b, place)

    def _insert(self, a: int, b: int, place: Point) -> int:
        new = len(self.points)
        self.points.append(place)
        for start, end in ((a, b), (b, a)):
            face = self._edges.pop((start, end), None)
            if face is not None:
                ring = self.faces[face]
                ring.insert(ring.index(start) + 1, new)
                self._edges[start, new] = self._edges[new, end] = face
        return new

    def _split(self, face: int, first: int, second: int) -> tuple[int, int]:
        ring = self.faces.pop(face)
        start = ring.index(first)
        ring = ring[start:] + ring[:start]
        middle = ring.index(second)
        right, left = ring[: middle + 1], [*ring[middle:], first]
        return self._put(left), self._put(right)

    def _put(self, ring: list[int]) -> int:
        face, self._next = self._next, self._next + 1
        self.faces[face] = ring
        for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
            self._edges[a, b] = face
        return face


def area(ring: list[Point]) -> float:
    """Signed area, m²; positive counter-clockwise."""
    return 0.5 * sum(ax * by - bx * ay for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True))


def centroid(ring: list[Point]) -> Point:
    """Centre of mass."""
    x = y = twice = 0.0
    for (ax, ay), (bx, by) in zip(ring, ring[1:] + ring[:1], strict=True):
        cross = ax * by - bx * ay
        twice, x, y = twice + cross, x + (ax + bx) * cross, y + (ay + by) * cross
    return x / (3 * twice), y / (3 * twice)


def perimeter(ring: list[Point]) -> float:
    """Length of the rim, m."""
    return sum(math.dist(a, b) for a, b in zip(ring, ring[1:] + ring[:1], strict=True))


def roundness(ring: list[Point]) -> float:
    """4πA/P²: 1 for a disc, 0.785 for a square, near 0 for a sliver."""
    return 4 * math.pi * abs(area(ring)) / max(perimeter(ring), 1e-9) ** 2


def _off_edge(place: Point, a: Point, b: Point) -> float:
    """How much longer the way from a to b is by way of `place`: 0 on the edge."""
    return math.dist(a, place) + math.dist(place, b) - math.dist(a, b)


def _long_axis(ring: list[Point]) -> float:
    """Direction in which the ring is longest, radians."""
    corners = np.array([(a[0] + f * (b[0] - a[0]), a[1] + f * (b[1] - a[1]))
                        for a, b in zip(ring, ring[1:] + ring[:1], strict=True)
                        for f in np.arange(0, 1, 40 / max(math.dist(a, b), 40))])  # fmt: skip
    values, vectors = np.linalg.eigh(np.cov(corners.T))
    return math.atan2(vectors[1, int(np.argmax(values))], vectors[0, int(np.argmax(values))])


def _clip(ring: list[Point], at: Point, angle: float) -> list[Point]:
    """The part of the ring to the left of the line (Sutherland-Hodgman)."""
    ux, uy = math.cos(angle), math.sin(angle)
    side = [ux * (y - at[1]) - uy * (x - at[0]) for x, y in ring]
    kept: list[Point] = []
    for i, a in enumerate(ring):
        j = (i + 1) % len(ring)
        if side[i] >= 0:
            kept.append(a)
        if (side[i] >= 0) != (side[j] >= 0):
            f = side[i] / (side[i] - side[j])
            kept.append((a[0] + f * (ring[j][0] - a[0]), a[1] + f * (ring[j][1] - a[1])))
    return kept


def _balance(ring: list[Point], angle: float, share: float) -> Point:
    """Point on the line of this direction that leaves `share` of the area to its left."""
    nx, ny = -math.sin(angle), math.cos(angle)
    heights = [nx * x + ny * y for x, y in ring]
    low, high, over, under = min(heights), max(heights), 1.0, 0.0
    total = abs(area(ring))
    height = low
    for _ in range(8):
        # Between where the share is too large and too small, as if it fell evenly.
        height = low + (high - low) * min(max((over - share) / (over - under), 0.05), 0.95)
        part = _clip(ring, (nx * height, ny * height), angle)
        left = abs(area(part)) / total if len(part) > 2 else 0.0
        if abs(left - share) < 0.004:
            break
        low, high, over, under = (height, high, left, under) if left > share else (low, height, over, left)
    # A point of the line near the face: crossings are measured from it.
    cx, cy = sum(x for x, _ in ring) / len(ring), sum(y for _, y in ring) / len(ring)
    off = height - (nx * cx + ny * cy)
    return cx + nx * off, cy + ny * off

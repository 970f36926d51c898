"""Requests of the matrix of sights: what names an object of a street, further queries, bodies."""

from datetime import timedelta
from typing import Any

from schemas import rest
from tests.integration.web.matrix_street import NOW

_FROM = rest.rfc3339(NOW - timedelta(hours=2)).replace("+", "%2B")
_TO_NOW = rest.rfc3339(NOW + timedelta(seconds=1)).replace("+", "%2B")
_TO = rest.rfc3339(NOW + timedelta(minutes=1)).replace("+", "%2B")
_HOUR_AGO = rest.rfc3339(NOW - timedelta(hours=1))
OBJECTS: dict[str, str] = {
    "/api/v1/devices/{name}": "{mark}-cam-1",
    "/api/v1/devices/{name}/track": "{mark}-cam-1",
    "/api/v1/events/{key}": "{event}",
    "/api/v1/media/{sha256}": "{media}",
    "/api/v1/alerts/{number}": "{alert}",
    "/api/v1/duty-rosters/{number}": "{roster}",
    "/api/v1/officers/{badge}": "{mark}-badge-1",
    "/api/v1/shifts/{number}": "{shift}",
    "/api/v1/channels/{number}": "{channel}",
    "/api/v1/accounts/{account}": "{mark}-account",
    "/api/v1/tokens/{token}": "2000000",
    "/api/v1/areas/{code}/owner": "{grid}",
    "/api/v1/holds/{number}": "{hold}",
    "/api/v1/retention/{data}": "fixes",
}
"""What the path's parameter names, by template; routes below a template take its value."""
NOWHERE: dict[str, str] = {
    "name": "nobody-1",
    "key": "01HZZZZZZZZZZZZZZZZZZZZZZZ",
    "sha256": 64 * "0",
    "number": "987654321",
    "badge": "nobody-1",
    "code": "nowhere",
    "data": "nothing",
}
"""A value that names nothing in either street, by parameter."""
QUERIES: dict[str, list[str]] = {
    "/api/v1/devices": ["unit=quart-team", "limit=1"],
    "/api/v1/devices/{name}/track": [f"format={form}" for form in ("geojson", "csv", "gpx")],
    "/api/v1/areas": ["parent=441302002", "parent=441302", "level=grid"],
    "/api/v1/grids": ["parent=441302002"],
    "/api/v1/coverage": ["level=grid", "level=street", "level=district", "limit=1", f"at={_FROM}"],
    "/api/v1/indicators": [
        *(f"level={level}" for level in ("cell", "grid", "street", "district", "officer", "device")),
        "level=device&format=csv",
        "level=grid&format=csv",
    ],
    "/api/v1/rules": ["kind=warning"],
    "/api/v1/rules/history": ["kind=officer", "kind=warning&limit=1"],
    "/api/v1/visits": ["device=quart-cam-1", "cell=44130200200101", f"known={_TO}", "limit=1"],
    "/api/v1/events": ["device=quart-cam-1", "cell=44130200200101", "type=05.01", "limit=1"],
    "/api/v1/alerts": [
        "cell=44130200200101",
        "state=open",
        "state=standing",
        "device=quart-cam-1",
        "area=441302002",
        "limit=1",
        f"at={_TO_NOW}",
        f"at={_TO_NOW}&limit=1",
    ],
    "/api/v1/tasks": ["device=quart-cam-1", "limit=1"],
    "/api/v1/duty-rosters": ["account=quart-account", "limit=1"],
    "/api/v1/officers": ["limit=1"],
    "/api/v1/bindings": ["device=quart-cam-1", "badge=quart-badge-1", "limit=1"],
    "/api/v1/shifts": ["badge=quart-badge-1", "limit=1"],
    "/api/v1/replay": [f"from={_FROM}&to={_TO}&step=3600", f"from={_FROM}&to={_TO}&step=3600&device=quart-cam-1"],
}
"""Further queries, by template; they name things of the other street, too."""
BODIES: dict[str, Any] = {
    "/api/v1/presence": {
        "polygon": {"type": "Polygon", "coordinates": [[[114.4, 23.1], [114.5, 23.1], [114.5, 23.3], [114.4, 23.3]]]},
        "from": rest.rfc3339(NOW - timedelta(hours=2)),
        "to": rest.rfc3339(NOW),
    },
    "/api/v1/duty-rosters": {
        "account": "{mark}-account",
        "area": "{street}",
        "level": 2,
        "starts": rest.rfc3339(NOW),
        "ends": rest.rfc3339(NOW + timedelta(hours=1)),
    },
    "/api/v1/officers": {"badge": "new-badge", "name": "somebody", "unit": "{mark}-team"},
    "/api/v1/devices/{name}/officer": {"badge": "{mark}-badge-2"},
    "/api/v1/shifts": {
        "shifts": [
            {
                "badge": "{mark}-badge-1",
                "area": "{grid_code}",
                "starts": rest.rfc3339(NOW + timedelta(days=1)),
                "ends": rest.rfc3339(NOW + timedelta(days=1, hours=8)),
            }
        ]
    },
    "/api/v1/exports": {
        "form": "csv",
        "devices": ["{mark}-cam-1"],
        "from": rest.rfc3339(NOW - timedelta(hours=2)),
        "to": rest.rfc3339(NOW),
    },
    "/api/v1/areas/{code}/owner": {"owner": "somebody"},
    "/api/v1/holds": {"why": "a case", "device": "{mark}-cam-1"},
    "/api/v1/holds/{number}/release": {"why": "it was closed"},
    "/api/v1/retention/{data}": {"days": 200},
    "/api/v1/plans": {"scope": "city", "plan": {"weight": 2}},
    "/api/v1/plans/trial": {"scope": "city", "plan": {"limit_s": 3600}},
    "/api/v1/rules": {"kind": "warning", "scope": "city", "values": {"hold_s": 60}},
    "/api/v1/rules/dry-run": {"kind": "warning", "values": None, "from": _HOUR_AGO, "to": rest.rfc3339(NOW)},
    "/api/v1/alerts/{number}/assign": {"device": "{mark}-cam-1"},
    "/api/v1/alerts/{number}/snooze": {"minutes": 5, "reason": "because"},
    "/api/v1/alerts/{number}/escalate": {"reason": "because"},
    "/api/v1/alerts/{number}/close": {"reason": "because"},
    "/api/v1/alerts/{number}/note": {"text": "a remark"},
}
"""What is sent, by template; others get {}."""

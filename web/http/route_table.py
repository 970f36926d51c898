"""All routes of an application, for the policy and for tests."""

from collections.abc import Sequence

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, compile_path

from web import problems

WEBSOCKET = "WEBSOCKET"
"""Stands for the method of a websocket."""
CATCH_ALL = "/{path:path}"


class RouteTable:
    """All routes of an application, in the order in which it tries them."""

    def __init__(self, routes: Sequence[BaseRoute]) -> None:
        self._routes = [
            (compile_path(route.path or "")[0], _methods(route.original_route), route.path or "")
            for route in iter_route_contexts(routes)
        ]

    def entries(self) -> list[tuple[str, str]]:
        """Every method with its template."""
        return [(method, path) for _, methods, path in self._routes for method in sorted(methods)]

    def find(self, method: str, path: str) -> str:
        """Template of the route that serves a request.

        Raises:
            ProblemError: there is none.
        """
        fitting = [(methods, template) for pattern, methods, template in self._routes if pattern.match(path)]
        for methods, template in fitting:
            if method in methods:
                return template
        if method == WEBSOCKET:
            raise problems.ProblemError(404, "There is no websocket at this address; /api/v1/live is one.")
        allowed = {method for methods, template in fitting for method in methods if template != CATCH_ALL}
        raise problems.ProblemError(
            405,
            f"{method[:20]} is not allowed at this address; /docs lists what is.",
            headers={"Allow": ", ".join(sorted((allowed or {"GET"}) - {WEBSOCKET}))},
        )


def _methods(route: BaseRoute) -> frozenset[str]:
    return frozenset(getattr(route, "methods", None) or {WEBSOCKET})

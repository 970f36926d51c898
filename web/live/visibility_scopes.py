"""All visibility scopes of a process: created with their first viewer, updated, and removed when unused."""

import time
from collections.abc import Iterable

from web.auth.access import SightGrant, Sights
from web.live import metrics
from web.live.frames.state import LiveState
from web.live.store.judging import Judging
from web.live.visibility_scope import VisibilityScope
from web.live.watching import Watching

UNUSED_S = 60.0
"""Time that a scope without viewers is kept, since one may be connecting."""


class VisibilityScopes:
    """VisibilityScopes by grant."""

    def __init__(self, sights: Sights, state: LiveState, judging: Judging) -> None:
        self._sights, self._state, self._judging = sights, state, judging
        self._scopes: dict[SightGrant, VisibilityScope] = {}
        self._used_at: dict[SightGrant, float] = {}

    async def get(self, grant: SightGrant) -> VisibilityScope:
        """The scope of a grant.

        Raises:
            NotReadyError: the database was not reached yet.
        """
        see = await self._sights.get(grant)
        names = await self._sights.names(see)
        self._used_at[grant] = time.monotonic()
        known = self._scopes.get(grant)
        if known is None:
            known = self._scopes[grant] = VisibilityScope(see, names, self._state)
            self._show(known)
        return known

    async def refresh(self, viewers: Iterable[Watching]) -> None:
        """Update the sights after changes of units and cells."""
        now = time.monotonic()
        watched = {viewer.scope for viewer in viewers}
        for grant, scope in list(self._scopes.items()):
            if scope in watched:
                self._used_at[grant] = now
            elif now - self._used_at[grant] > UNUSED_S:
                del self._scopes[grant], self._used_at[grant]
                continue
            see = await self._sights.get(grant)
            scope.change(see, await self._sights.names(see))
            self._show(scope)

    def watch(self, viewers: Iterable[Watching]) -> None:
        """Set the tiles in view: only those are encoded."""
        views: dict[VisibilityScope, list[Watching]] = {scope: [] for scope in self._scopes.values()}
        for viewer in viewers:
            views.setdefault(viewer.scope, []).append(viewer)
        for scope, lookers in views.items():
            viewports = ((looker.viewport.view, looker.viewport.detail) for looker in lookers)
            scope.frames.watch((view, detail) for view, detail in viewports if view is not None and detail is not None)

    def judged(self) -> bool:
        """Publish the newest coverage; returns whether any viewer sees a change."""
        changed = [self._show(scope) for scope in self._scopes.values()]
        return any(changed)

    def tick(self, now: int) -> bool:
        """Publish movements up to `now` (ms); returns whether any viewer sees them."""
        published = self._state.publish()
        if len(published[0]):
            metrics.LAG.observe(max(0, now - int(self._state.t[published[0]].max())) / 1000)
        changed = [scope.frames.tick(now, published) for scope in self._scopes.values()]
        return any(changed)

    def _show(self, scope: VisibilityScope) -> bool:
        judged = self._judging.judged
        return judged is not None and scope.judged(judged)

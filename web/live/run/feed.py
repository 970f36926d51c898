"""Source of positions: the feed of the workers, which also hints that the event log grew."""

import asyncio
from collections.abc import Iterable

import msgspec
import structlog

from ingest.run import feed_client
from schemas import feed
from web.live import metrics
from web.live.frames.state import LiveState

log = structlog.get_logger(__name__)


class FeedSource:
    """Follows the feed.

    Args:
        mqtt_url: the broker.
        state: takes the positions.
        log_hint: set when the event log grew.
        missed: set when the feed comes back. What was published while nobody listened is gone: the database has it.
    """

    def __init__(
        self, mqtt_url: str, state: LiveState, log_hint: asyncio.Event, missed: Iterable[asyncio.Event]
    ) -> None:
        self.connected = False
        self._mqtt_url, self._state = mqtt_url, state
        self._log_hint, self._missed = log_hint, tuple(missed)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until `stop`."""
        await feed_client.subscribe_feed(self._mqtt_url, on_payload=self.take, on_state=self._on_state, stop=stop)

    def take(self, payload: bytes) -> None:
        """Take a message of the feed."""
        try:
            message = feed.decode(payload)
            if isinstance(message, feed.LogHead):
                self._log_hint.set()
                return
            metrics.POSITIONS.inc(self._state.apply(feed.columns_of(message)))
        except (msgspec.DecodeError, ValueError) as error:
            metrics.BAD_FEED.inc()
            log.warning("live.bad_feed", error=str(error))

    def _on_state(self, state: feed_client.FeedState) -> None:
        self.connected = state is feed_client.FeedState.CONNECTED
        metrics.FEED_CONNECTED.set(self.connected)
        metrics.FEED_LOST.inc(not self.connected)
        if self.connected:
            for event in self._missed:
                event.set()

"""authlib's client with limits on the size and time of answers."""

import asyncio
from typing import Any

import httpx2
from authlib.integrations.httpx_client import AsyncOAuth2Client

MOST_BYTES = 1 << 20
WITHIN_S = 5.0


UNREADABLE = (ValueError, TypeError, ArithmeticError, RecursionError)
"""Raised by reading a hostile answer."""


class ProviderError(Exception):
    """The provider cannot be reached, or its answer is not valid; the text is for the log."""


class Client(AsyncOAuth2Client):  # type: ignore[misc]  # authlib has no types
    """An OAuth 2 client that follows no redirects and reads no long answers."""

    async def request(self, method: str, url: str, **kwargs: Any) -> httpx2.Response:
        """Ask the provider; all requests of authlib's client pass here.

        Raises:
            ProviderError: there is no answer, or it is too long, or neither a success nor a refusal.
        """
        content = b""
        try:
            async with asyncio.timeout(WITHIN_S), self.stream(method, url, **kwargs) as answer:
                async for chunk in answer.aiter_bytes():
                    content += chunk
                    if len(content) > MOST_BYTES:
                        raise ProviderError(f"{url} answers with more than {MOST_BYTES:,} bytes")
        except (httpx2.HTTPError, httpx2.InvalidURL, TimeoutError, OSError) as error:
            raise ProviderError(f"{url} does not answer: {error!r}") from error
        if answer.status_code != 200 and not 400 <= answer.status_code < 500:
            raise ProviderError(f"{url} answers {answer.status_code}")
        return httpx2.Response(answer.status_code, content=content, request=answer.request)

    async def fetch_object(self, url: str) -> dict[str, Any]:
        """Fetch a JSON object that the provider publishes.

        Raises:
            ProviderError: there is none.
        """
        answer = await self.request("GET", url, withhold_token=True, headers={"Accept": "application/json"})
        if answer.status_code != 200:
            raise ProviderError(f"{url} answers {answer.status_code}")
        try:
            found = answer.json()
        except UNREADABLE as error:
            raise ProviderError(f"{url} does not answer with JSON: {error!r}") from error
        if not isinstance(found, dict):
            raise ProviderError(f"{url} does not answer with an object")
        return found

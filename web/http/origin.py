"""The address of the page in the browser."""

from urllib.parse import urlsplit

from fastapi import Request

from web.context import context


def page(request: Request) -> str:
    """Scheme, host and port of the page: the configured ones, else those of the request."""
    config = context(request).config
    if config.public_url is not None:
        return config.public_url.rstrip("/")
    base = urlsplit(str(request.base_url))
    return f"{'https' if config.secure_cookies else base.scheme}://{base.netloc}"

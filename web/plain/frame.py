"""Shared by the plain pages: head, language, account and sign-out."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import HTMLResponse

from web import context
from web.http import templates

STYLE = (templates.FOLDER / "page.css").read_text(encoding="utf-8")
"""Stands in the page: the content security policy allows it by its hash."""
_TEXTS = {
    "zh": {"product": "巡格", "out": "退出登录", "other": "English", "who": "当前账号：{name}", "password": "修改密码"},
    "en": {
        "product": "patrolgrid",
        "out": "Sign out",
        "other": "中文",
        "who": "Signed in as {name}",
        "password": "My password",
    },
}


def page(
    request: Request, template: str, texts: Mapping[str, str], *, status: int = 200, **values: Any
) -> HTMLResponse:
    """Fill a template that extends `page.html`; `texts` are its words, and have a title."""
    lang = language(request)
    query = {**request.query_params, "lang": "en" if lang == "zh" else "zh"}
    shared = {
        "frame": _TEXTS[lang],
        "title": texts["title"],
        "texts": texts,
        "style": Markup(STYLE),  # noqa: S704 - a file of ours
        "who": context.principal(request).name,
        "other_query": urlencode(query),
    }
    return templates.page(template, lang, {**shared, **values}, status=status)


def language(request: Request) -> str:
    """Language of the page: the requested one, else the one preferred by the browser."""
    return templates.language(request, request.query_params.get("lang"))

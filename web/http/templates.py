"""Pages rendered on the server with Jinja2: every value is escaped, and a missing one is an error."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse

FOLDER = Path(__file__).parents[1] / "templates"
LANGUAGES = ("zh", "en")
_environment = Environment(
    loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
)


def page(template: str, lang: str, values: dict[str, Any], *, status: int = 200) -> HTMLResponse:
    """Fill a template of `web/templates`."""
    html_lang, other_lang = ("zh-CN", "en") if lang == "zh" else ("en", "zh")
    text = _environment.get_template(template).render(values, lang=lang, html_lang=html_lang, other_lang=other_lang)
    return HTMLResponse(text, status_code=status)


def language(request: Request, wanted: str | None) -> str:
    """Language of a page: the requested one, else the one preferred by the browser."""
    if wanted in LANGUAGES:
        return wanted
    accepted = request.headers.get("accept-language", "zh").lower()
    return min(LANGUAGES, key=lambda lang: accepted.find(lang) if lang in accepted else len(accepted) + (lang != "zh"))

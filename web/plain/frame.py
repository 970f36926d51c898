"""What every plain page has: its head, its language, who is signed in, and the way out."""

from html import escape
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import HTMLResponse

from web import context
from web.auth import signin

STYLE = """
:root{color-scheme:dark light;--line:#7c93ad66}
body{font:15px/1.5 system-ui,"PingFang SC","Microsoft YaHei","Noto Sans CJK SC",sans-serif;margin:0;padding:1rem 1.5rem}
header{display:flex;flex-wrap:wrap;gap:.5rem 1.5rem;align-items:baseline;border-bottom:1px solid var(--line)}
header p{margin:0 0 .6rem}h1{font-size:1.25rem;margin:0 auto .6rem 0}
form.filter{display:flex;flex-wrap:wrap;gap:.5rem 1rem;align-items:end;margin:1rem 0}label{display:grid;gap:.15rem}
input,button{font:inherit;padding:.3rem .5rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-top:1px solid var(--line)}
td.code{font:.85em/1.5 ui-monospace,monospace;overflow-wrap:anywhere;max-width:36rem}.right{white-space:nowrap}
.good{color:#2f9e57}.bad{color:#d6402f;font-weight:600}.quiet{opacity:.75}
"""
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


def page(request: Request, title: str, body: str, *, status: int = 200) -> HTMLResponse:
    """A page around `body`, which is HTML already."""
    lang = language(request)
    texts = _TEXTS[lang]
    asked = {**request.query_params, "lang": "en" if lang == "zh" else "zh"}
    name = escape(texts["who"].format(name=context.principal(request).name))
    return HTMLResponse(
        f'<!doctype html><html lang="{"zh-CN" if lang == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f"<title>{escape(title)} · {texts['product']}</title><style>{STYLE}</style></head><body>"
        f"<header><h1>{escape(title)}</h1><p>{name}</p>"
        f'<p><a href="?{escape(urlencode(asked))}">{texts["other"]}</a></p>'
        f'<p><a href="/password">{texts["password"]}</a></p>'
        f'<form method="post" action="/logout"><button>{texts["out"]}</button></form></header>'
        f"<main>{body}</main></body></html>",
        status_code=status,
    )


def language(request: Request) -> str:
    """Language of the page: what was asked for, else what the browser likes better."""
    return signin.language(request, request.query_params.get("lang"))

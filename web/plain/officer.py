"""An officer's page: download of one's own record."""

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from web import context
from web.auth.principal import CredentialKind
from web.auth.store import sessions
from web.plain import frame

router = APIRouter(include_in_schema=False)

_TEXTS = {
    "zh": {
        "title": "本人记录",
        "what": "系统保存的关于您本人的全部信息：班次、领用终端、轨迹、停留、上报事件、相关预警，以及谁在何时查看过。",
        "download": "下载本人记录 (JSON)",
        "none": "此账号未关联队员，请联系管理员登记工号。",
    },
    "en": {
        "title": "My record",
        "what": "Everything stored about you: shifts, devices you carried, tracks, stays, events, alerts, and who "
        "viewed them, and when.",
        "download": "Download my record (JSON)",
        "none": "This account is not linked to an officer; ask an administrator to set its badge.",
    },
}


@router.get("/own")
async def page(request: Request) -> Response:
    """Overview and link."""
    officer = context.principal(request).officer
    return frame.page(request, "own.html", _TEXTS[frame.language(request)], officer=officer)


@router.post("/logout")
async def logout(request: Request) -> Response:
    """End the session, by a form."""
    here, who = context.context(request), context.principal(request)
    if who.kind is CredentialKind.SESSION:
        await sessions.sign_out(here.database.pool, who)
    answer = RedirectResponse("/login", status_code=303)
    answer.delete_cookie(here.cookie, path="/", httponly=True, samesite="strict", secure=here.config.secure_cookies)
    return answer

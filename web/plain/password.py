"""Page for users without map to change their password; on the map this is in the settings."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from web import problems
from web.auth import own_password, signin
from web.plain import frame

router = APIRouter(include_in_schema=False)

LEAST, MOST = 10, 1024
"""Characters."""
_TEXTS = {
    "zh": {
        "title": "修改密码", "current": "当前密码", "new": "新密码（至少 10 个字符）", "again": "再次输入新密码",
        "change": "修改密码", "done": "密码已修改，其他会话已退出。", "differ": "两次输入的新密码不一致，请重新输入。",
        "length": "新密码须为 10 至 1024 个字符。",
    },
    "en": {
        "title": "My password", "current": "Current password", "new": "New password (10 characters or more)",
        "again": "Repeat the new password", "change": "Change password",
        "done": "Password changed. All your other sessions have ended.",
        "differ": "The two new passwords differ. Type them again.",
        "length": "The new password must have 10 to 1024 characters.",
    },
}  # fmt: skip


@router.get("/password")
async def page(request: Request) -> Response:
    """The form."""
    return _page(request)


@router.post("/password")
async def change(request: Request) -> Response:
    """Receive the form."""
    texts = _TEXTS[frame.language(request)]
    form = await signin.form_of(request)
    new = form.get("new", "")
    if new != form.get("again", ""):
        return _page(request, wrong=texts["differ"], status=422)
    if not LEAST <= len(new) <= MOST:
        return _page(request, wrong=texts["length"], status=422)
    try:
        await own_password.change(request, form.get("current", "")[:MOST], new)
    except problems.ProblemError as problem:
        return _page(request, wrong=problem.detail, status=problem.status)
    return _page(request, done=texts["done"])


def _page(request: Request, *, wrong: str = "", done: str = "", status: int = 200) -> Response:
    texts = _TEXTS[frame.language(request)]
    return frame.page(request, "password.html", texts, status=status, wrong=wrong, done=done, most=MOST)

"""The sign-in page: rendered on the server, without JavaScript, in Chinese and English."""

import time
from typing import Annotated
from urllib.parse import parse_qs, quote

from fastapi import APIRouter, Query, Request
from starlette.responses import FileResponse, RedirectResponse, Response

from web import problems
from web.auth import authentication, principal
from web.auth.store import principals, sessions
from web.context import Context, context
from web.http import browser, templates

router = APIRouter(include_in_schema=False)

MAX_FORM_BYTES = 16_384

_TEXTS = {
    "zh": {
        "title": "登录 · 巡格",
        "product": "巡格",
        "claim": "实时掌握城市网格巡查",
        "name_label": "账号",
        "password_label": "密码",
        "code_label": "动态验证码或恢复码",
        "code_needed": "请再次输入密码，并输入验证器中的动态验证码。",
        "submit": "登录",
        "hint": "初始管理员账号为 admin，密码在首次启动时显示一次。",
        "wrong": "账号或密码不正确，请重新输入。",
        "wait": "尝试次数过多，请在 {seconds} 秒后重试。",
        "away": "数据库暂时无法连接，请稍后重试。",
        "foreign": "请从本页面登录。",
        "other_name": "English",
        "openid": "使用{label}登录",
        "openid_expired": "登录已超时，或不是从本页面开始，请重新登录。",
        "openid_failed": "统一身份认证未能确认您的身份，请重试；仍不成功请联系管理员。",
        "openid_not_welcome": "您的身份已确认，但没有使用本系统的权限，请联系管理员。",
        "openid_away": "统一身份认证或数据库暂时无法连接，请稍后重试。",
        "welcome": "登录成功",
        "continue": "继续",
    },
    "en": {
        "title": "Sign in · patrolgrid",
        "product": "patrolgrid",
        "claim": "Real-time patrol coverage of the city grid",
        "name_label": "Account",
        "password_label": "Password",
        "code_label": "Authenticator code or recovery code",
        "code_needed": "Enter the password again, with the code of your authenticator.",
        "submit": "Sign in",
        "hint": "The first administrator account is admin; its password was shown once at the first start.",
        "wrong": "The account or the password is wrong. Try again.",
        "wait": "Too many attempts. Try again in {seconds} s.",
        "away": "The database cannot be reached. Try again soon.",
        "foreign": "Sign in on this page.",
        "other_name": "中文",
        "openid": "Sign in with {label}",
        "openid_expired": "The sign-in took too long, or did not start on this page. Start again.",
        "openid_failed": "The identity provider did not confirm your identity. Try again, or ask an administrator.",
        "openid_not_welcome": "Your identity was confirmed, but you may not use this system. Ask an administrator.",
        "openid_away": "The identity provider or the database cannot be reached. Try again soon.",
        "welcome": "Signed in",
        "continue": "Continue",
    },
}


@router.get("/login/login.css")
async def style() -> Response:
    """Style of the page."""
    return FileResponse(
        templates.FOLDER / "login.css", media_type="text/css", headers={"Cache-Control": "max-age=3600"}
    )


@router.get("/login")
async def page(
    request: Request,
    next_path: Annotated[str | None, Query(alias="next", max_length=4_000)] = None,
    lang: Annotated[str | None, Query(max_length=10)] = None,
) -> Response:
    """Show the page; signed-in users are redirected."""
    target = browser.safe_next(next_path)
    here = context(request)
    token = browser.cookie(request.headers, here.cookie)
    try:
        pool, now = here.database.pool, here.config.clock()
        if token is not None and await principals.by_session(pool, token, now) is not None:
            return RedirectResponse(target, status_code=303)
    except (problems.ProblemError, *problems.UNREACHABLE):
        pass  # without the database the page is shown, and an error after the form is sent
    return sign_in_page(here, templates.language(request, lang), target)


@router.post("/login")
async def submit(request: Request) -> Response:
    """Receive the form and begin a session."""
    form = await form_of(request)
    target, lang = browser.safe_next(form.get("next")), templates.language(request, form.get("lang"))
    name, password = form.get("name", "").strip(), form.get("password", "")
    here = context(request)
    wait_s = here.attempts.begin(name, address(request), time.monotonic())
    if wait_s > 0:
        return wait_page(here, lang, target, wait_s, name=name)
    try:
        signed = await attempt(here, name, password, form.get("code"), address(request))
    except authentication.CodeNeededError:
        return sign_in_page(here, lang, target, name=name, notice="code_needed", status=401, code=True)
    except (problems.NotReadyError, *problems.UNREACHABLE):
        return sign_in_page(here, lang, target, name=name, notice="away", status=503)
    if signed is None:
        return sign_in_page(here, lang, target, name=name, notice="wrong", status=401, code="code" in form)
    answer = RedirectResponse(target, status_code=303)
    set_cookie(answer, here, signed[0])
    return answer


async def attempt(
    here: Context, name: str, password: str, code: str | None, client: str
) -> tuple[str, principal.Principal] | None:
    """Try a name and password after `here.attempts` allowed it.

    Raises:
        CodeNeededError: they are right; the code of the second factor is missing.
    """
    entered = (name[:64], password[:1024]) if len(name) <= 64 and len(password) <= 1024 else ("", "")
    signed = await authentication.sign_in(
        here.database.pool, *entered, code=code, now=here.config.clock(), client=client, vault=here.vault
    )
    if signed is not None:
        here.attempts.succeeded(name, client)
    return signed


def set_cookie(answer: Response, here: Context, token: str) -> None:
    """Set the session cookie."""
    answer.set_cookie(
        here.cookie,
        token,
        max_age=int(sessions.SESSION_TTL.total_seconds()),
        path="/",
        httponly=True,
        samesite="strict",
        secure=here.config.secure_cookies,
    )


def address(request: Request) -> str:
    """Address of the client; behind a trusted proxy, the one given by the proxy."""
    return request.client.host if request.client is not None else "-"


async def form_of(request: Request) -> dict[str, str]:
    """Read the fields of a form, each once.

    Raises:
        ProblemError: it is too large.
    """
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise problems.ProblemError(413, f"The form may have at most {MAX_FORM_BYTES:,} bytes.")
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=20)
    except ValueError as error:
        raise problems.ProblemError(422, "The form has too many fields; send a name and a password.") from error
    return {name: values[0] for name, values in fields.items()}


def wait_page(here: Context, lang: str, target: str, wait_s: float, *, name: str = "") -> Response:
    """Refuse and state the wait."""
    seconds = int(wait_s) + 1
    answer = sign_in_page(here, lang, target, name=name, notice="wait", status=429, seconds=seconds)
    answer.headers["Retry-After"] = str(seconds)
    return answer


def welcome_page(lang: str, target: str) -> Response:
    """Redirect by a page."""
    return templates.page("welcome.html", lang, {"texts": _TEXTS[lang], "next": target})


def sign_in_page(
    here: Context,
    lang: str,
    target: str,
    *,
    name: str = "",
    notice: str | None = None,
    status: int = 200,
    code: bool = False,
    seconds: int = 0,
) -> Response:
    """Render the page; `notice` is the key of the error text."""
    texts = _TEXTS[lang]
    where, other = quote(target, safe="/"), "en" if lang == "zh" else "zh"
    values = {
        "texts": texts,
        "next": target,
        "name": name[:64],
        "notice": "" if notice is None else texts[notice].format(seconds=seconds),
        "code": code,
        "openid": "" if here.openid is None else texts["openid"].format(label=here.openid.config.label),
        "openid_href": "" if here.openid is None else f"/login/openid?lang={lang}&next={where}",
        "other_href": f"/login?lang={other}&next={where}",
    }
    return templates.page("sign_in.html", lang, values, status=status)

"""The frame of every page: headers that keep strangers out, a width that fits a phone.

Rule kept here: no page may be framed, runs a script that is not this answer's own, or sends a
form anywhere but here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from starlette.responses import Response

from gateway.web.ui.html import Markup, Part, both, el, join

_STYLE: Final = Markup("""
:root{color-scheme:light dark}
*{box-sizing:border-box}
body{font:17px/1.5 system-ui,"PingFang SC","Microsoft YaHei",sans-serif;margin:0 auto;
max-width:44rem;padding:0 16px 48px;overflow-wrap:anywhere}
small{opacity:.75;font-size:.8em}
nav{display:flex;flex-wrap:wrap;gap:4px 16px;padding:12px 0;border-bottom:1px solid #8886}
nav a,nav button{padding:8px 0}
h1{font-size:1.35em}
h2{font-size:1.1em;margin-top:2em}
label{display:block;margin:14px 0 4px}
input,select,textarea,button{font:inherit;width:100%;min-height:48px;padding:10px 12px;
border:1px solid #8889;border-radius:8px;background:transparent;color:inherit}
button{background:#1456b8;color:#fff;border:0;margin-top:16px;cursor:pointer}
button.no{background:#a4262c}
button.plain{background:transparent;color:inherit;border:1px solid #8889}
nav form{margin:0}
nav button{width:auto;min-height:0;margin:0;background:none;color:inherit;border:0;
text-decoration:underline}
dl{display:grid;grid-template-columns:minmax(6em,auto) 1fr;gap:4px 12px}
dt{opacity:.75}
dd{margin:0}
ul.cards{list-style:none;padding:0}
ul.cards>li{border:1px solid #8886;border-radius:8px;padding:12px;margin:12px 0}
.amount{font-size:1.25em;font-weight:600}
.told{border-left:4px solid #a4262c;padding:8px 12px;background:#a4262c22}
.good{border-left:4px solid #1b7a3d;padding:8px 12px;background:#1b7a3d22}
code{word-break:break-all}
.amount,.num{font-variant-numeric:tabular-nums}
.num{text-align:right;overflow-wrap:normal;white-space:nowrap}
table{border-collapse:collapse;width:100%;margin:8px 0}
caption{text-align:left;font-weight:600;padding:4px 0}
th,td{padding:6px 4px;border-bottom:1px solid #8886;text-align:left;vertical-align:top;
font-weight:400}
.wide{overflow-x:auto}
.tabs{display:flex;flex-wrap:wrap;gap:0 16px}
.tabs a,a.go{display:inline-block;padding:10px 0}
.tabs a[aria-current]{font-weight:600;text-decoration:none;color:inherit}
label.pick{display:flex;gap:12px;align-items:flex-start;margin:0;padding:8px 0}
label.pick input{flex:none;width:24px;min-height:24px;margin:0}
label.pick>span{flex:1}
summary{padding:10px 0;cursor:pointer}
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands on a page. ``nonce`` is this answer's own; ``token`` is the session's or ''."""

    zh: str
    en: str
    body: Sequence[Part]
    nonce: str
    token: str = ""
    who: str = ""
    operator: str = ""
    """Who runs this deployment."""
    told: Part = None
    script: str = ""
    refresh: str = ""
    """An address to go on to by itself."""


def answer(
    page: Page,
    *,
    status: int = 200,
    cookies: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    secure: bool = True,
) -> Response:
    """A page as a response."""
    return _response(
        _document(page).encode(), status, page.nonce, cookies, dict(headers or {}), secure=secure
    )


def redirect(to: str, *, cookies: Sequence[str] = (), secure: bool = True) -> Response:
    """Go on by GET."""
    return _response(b"", 303, "", cookies, {"Location": to}, secure=secure)


def hidden_token(token: str) -> Markup:
    """The form token as a hidden field."""
    return el("input", type="hidden", name="token", value=token)


def form(action: str, token: str, *parts: Part) -> Markup:
    """A form of a session."""
    return el("form", hidden_token(token), *parts, method="post", action=action)


def field(name: str, zh: str, en: str, **attributes: str | bool) -> Markup:
    """A labelled input."""
    made = el("input", name=name, id=name, **{"type": "text", **attributes})
    return join(el("label", both(zh, en), for_=name), made)


def button(
    zh: str, en: str, *, class_: str = "", name: str | None = None, value: str | None = None
) -> Markup:
    """A large button."""
    return el("button", both(zh, en), type="submit", class_=class_ or None, name=name, value=value)


def facts(*pairs: tuple[Part, Part]) -> Markup:
    """Names and values."""
    return el("dl", *(join(el("dt", name), el("dd", value)) for name, value in pairs))


def _document(page: Page) -> str:
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", http_equiv="refresh", content=f"0;url={page.refresh}") if page.refresh else None,
        el("title", f"{page.zh} · 银企直联网关"),
        el("style", _STYLE, nonce=page.nonce),
    )
    body = el(
        "body",
        _navigation(page) if page.who else None,
        el("h1", both(page.zh, page.en)),
        el("p", page.told, class_="told", role="alert") if page.told else None,
        *page.body,
        el("footer", el("small", both(f"运行机构：{page.operator}", f"run by {page.operator}")))
        if page.operator
        else None,
        el("script", Markup(page.script), nonce=page.nonce) if page.script else None,
    )
    return f"<!doctype html>{el('html', head, body, lang='zh-CN')}"


def _navigation(page: Page) -> Markup:
    links = (
        ("/ui/held", "待复核", "to approve"),
        ("/ui/unconfirmed", "待查证", "unconfirmed"),
        ("/ui/payees", "收款人变更", "payees"),
        ("/ui/reconciliation", "对账", "reconciliation"),
        ("/ui/stops", "紧急停付", "stops"),
        ("/ui/controls", "管控文件", "controls"),
        ("/ui/deliveries", "投递", "deliveries"),
        ("/ui/me", page.who, "me"),
    )
    leave = form("/ui/log-out", page.token, el("button", both("退出", "log out"), type="submit"))
    return el("nav", *(el("a", both(zh, en), href=href) for href, zh, en in links), leave)


def _response(  # noqa: PLR0913 - what makes an answer
    body: bytes,
    status: int,
    nonce: str,
    cookies: Sequence[str],
    headers: dict[str, str],
    *,
    secure: bool,
) -> Response:
    own = f"'nonce-{nonce}'" if nonce else "'none'"
    headers |= {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src {own}; script-src {own}; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        ),
        "X-Frame-Options": "DENY",
        "X-Content-Type-Options": "nosniff",
        # Not no-referrer: browsers would then send a form's Origin as null.
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store",
    }
    if secure:
        headers["Strict-Transport-Security"] = "max-age=31536000"
    made = Response(body, status, headers=headers)
    for cookie in cookies:
        made.headers.append("Set-Cookie", cookie)
    return made

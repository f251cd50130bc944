"""The way in: log-in, invitation, single sign-on."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from gateway.identity.passwords import LENGTH_MAX, LENGTH_MIN
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, both, el
from gateway.web.ui.layout import button, field

_BACK_MAX: Final = 8_192


async def home(seen: Seen) -> Response:
    """The first page."""
    return seen.go("/ui/held" if seen.visit is not None else "/ui/log-in")


async def log_in_page(seen: Seen) -> Response:
    """Name and password, or a provider."""
    providers = [
        el(
            "form",
            el("input", type="hidden", name="provider", value=one.id),
            el("input", type="hidden", name="token", value=seen.token),
            button(one.name, "single sign-on", class_="plain"),
            method="post",
            action="/ui/sign-on/leave",
        )
        for one in seen.people.providers.listed
    ]
    # A session that is there already comes along with its token: logging in again is a form of it.
    return seen.page(
        "登录",
        "log in",
        el(
            "form",
            el("input", type="hidden", name="next", value=seen.next),
            el("input", type="hidden", name="token", value=seen.token),
            field("login", "登录名", "name", autocomplete="username", autocapitalize="none"),
            field("password", "密码", "password", type="password", autocomplete="current-password"),
            button("登录", "log in"),
            method="post",
            action="/ui/log-in",
        ),
        *providers,
    )


async def log_in(seen: Seen) -> Response:
    """Take name and password; what follows is the second factor, or enrolling one."""
    opened = await seen.people.log_in.by_password(
        seen.form.get("login", ""),
        seen.form.get("password", ""),
        address=seen.address,
        before=seen.session_id,
    )
    return seen.go(f"/ui/second?next={seen.next}", *seen.opened(opened))


async def invitation_page(seen: Seen) -> Response:
    """Choose a first password. Looking at it uses nothing up: mail scanners follow links."""
    secret = seen.request.query_params.get("secret", "")
    return seen.page(
        "设置密码",
        "choose a password",
        el(
            "p",
            both(
                f"密码 {LENGTH_MIN}–{LENGTH_MAX} 个字符，任何字符皆可",
                f"{LENGTH_MIN} to {LENGTH_MAX} characters of any kind",
            ),
        ),
        el(
            "form",
            el("input", type="hidden", name="token", value=seen.token),
            field("secret", "邀请码", "invitation", value=secret, autocomplete="off"),
            field("password", "新密码", "new password", type="password", **_NEW),
            field("again", "再输一次", "once more", type="password", **_NEW),
            button("设置", "set"),
            method="post",
            action="/ui/invitation",
        ),
    )


_NEW: Final = {"autocomplete": "new-password"}


async def invitation(seen: Seen) -> Response:
    """Set the password; the secret is used up."""
    password = seen.form.get("password", "")
    if password != seen.form.get("again", ""):
        return seen.page(
            "设置密码",
            "choose a password",
            _again(),
            told=both("两次输入不一致", "the two passwords differ"),
            status=400,
        )
    opened = await seen.people.enrolments.accept(
        seen.form.get("secret", ""), password, address=seen.address, before=seen.session_id
    )
    return seen.go("/ui/second", *seen.opened(opened))


def _again() -> Markup:
    words = both("请用浏览器返回后重填", "go back and fill it in again")
    return el("p", words)


async def leave(seen: Seen) -> Response:
    """Go to a provider. The page goes on by itself: a redirect of a form may not leave here."""
    visit = seen.visit if seen.form.get("step_up") else None
    leaving = await seen.people.providers.leave(seen.form.get("provider", ""), visit)
    return seen.page(
        "前往统一登录",
        "going to single sign-on",
        el("p", el("a", both("继续", "continue"), href=leaving.url)),
        refresh=leaving.url,
        cookies=(seen.people.ceremony.set(leaving.ceremony),),
    )


async def come_back(seen: Seen) -> Response:
    """Back from a provider.

    The page answers 200 and goes on by itself: on a redirect that began at another site a
    browser would not send the Strict cookie it was just given.
    """
    query = seen.request.url.query[:_BACK_MAX]
    _, opened = await seen.people.providers.come_back(query, ceremony=seen.ceremony_id)
    return seen.page(
        "已登录",
        "logged in",
        el("p", el("a", both("继续", "continue"), href="/ui/held")),
        refresh="/ui/held",
        cookies=seen.opened(opened),
    )

"""Showing a second factor: six digits, a recovery code, a security key, or the provider again."""

from __future__ import annotations

from starlette.responses import Response

from gateway.identity.principal import Method
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, field, form
from gateway.web.ui.scripts import USE_KEY


async def second_page(seen: Seen) -> Response:
    """What this person can show. Who has nothing yet is led to enrol."""
    visit = seen.inside
    by_provider = any(proof.method is Method.OIDC for proof in visit.session.proofs) or any(
        proof.method is Method.OIDC_SECOND_FACTOR for proof in visit.session.proofs
    )
    if not visit.enrolled and not by_provider:
        return seen.go("/ui/me")
    return seen.page("第二因素", "second factor", *_ways(seen, by_provider=by_provider))


def _ways(seen: Seen, *, by_provider: bool) -> list[Part]:
    standing, found = seen.inside.standing, list[Part]()
    after = el("input", type="hidden", name="next", value=seen.next)
    if standing is not None and standing.account.totp is not None:
        found.append(form("/ui/second", seen.token, after, code_field(), button("确认", "confirm")))
    if standing is not None and standing.keys:
        words = button("使用安全密钥", "use a security key")
        found.append(form("/ui/second/key", seen.token, after, words))
    if by_provider:
        for one in seen.people.providers.listed:
            hidden = join(
                el("input", type="hidden", name="provider", value=one.id),
                el("input", type="hidden", name="step_up", value="1"),
            )
            again = button(one.name, "single sign-on again", class_="plain")
            found.append(form("/ui/sign-on/leave", seen.token, hidden, again))
    if standing is not None and standing.recovery:
        found.append(el("h2", both("手机丢失", "lost your phone")))
        words = both(
            "恢复码只能登录并重新绑定，不能放行",
            "a recovery code lets you in to enrol anew, not to release",
        )
        found.append(
            form(
                "/ui/second",
                seen.token,
                el("p", words),
                field("recovery", "恢复码", "recovery code", autocomplete="off"),
                button("使用恢复码", "use it", class_="plain"),
            )
        )
    return found


def code_field() -> Markup:
    """The input of six digits."""
    return field(
        "code",
        "六位动态码",
        "six digits of your app",
        inputmode="numeric",
        autocomplete="one-time-code",
    )


async def second(seen: Seen) -> Response:
    """Take six digits or a recovery code."""
    log_in = seen.people.log_in
    if seen.form.get("recovery"):
        opened = await log_in.by_recovery(seen.inside, seen.form["recovery"], address=seen.address)
        return seen.go("/ui/me", *seen.opened(opened))
    opened = await log_in.by_code(seen.inside, seen.form.get("code", ""), address=seen.address)
    return seen.go(seen.next, *seen.opened(opened))


async def key(seen: Seen) -> Response:
    """Ask for a security key."""
    options, ceremony = await seen.people.log_in.ask_key(
        seen.inside, seen.people.site(seen.request)
    )
    return seen.page(
        "安全密钥",
        "security key",
        *key_form(seen, "/ui/second/key/answer", options),
        script=USE_KEY,
        cookies=(seen.people.ceremony.set(ceremony),),
    )


def key_form(seen: Seen, action: str, options: str, *more: Part) -> list[Part]:
    """The form a script fills in."""
    return [
        el(
            "form",
            el("input", type="hidden", name="token", value=seen.token),
            el("input", type="hidden", name="next", value=seen.next),
            el("input", type="hidden", name="answer", id="asked", data_options=options),
            *more,
            el("button", both("请触碰安全密钥", "touch your security key"), id="go"),
            id="send",
            method="post",
            action=action,
        ),
        el(
            "p",
            both("未完成，请重试", "it did not work; try again"),
            id="failed",
            class_="told",
            hidden=True,
        ),
    ]


async def key_answer(seen: Seen) -> Response:
    """Take what the browser answered."""
    opened = await seen.people.log_in.by_key(
        seen.inside,
        seen.form.get("answer", ""),
        ceremony=seen.ceremony_id,
        site=seen.people.site(seen.request),
        address=seen.address,
    )
    return seen.go(seen.next, *seen.opened(opened))

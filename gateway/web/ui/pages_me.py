"""A person's own page: second factors, recovery codes, log out here or everywhere."""

from __future__ import annotations

from starlette.responses import Response

from gateway.identity.enrolment import LABEL_MAX, Enrolled
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.pages_second import code_field, key_form
from gateway.web.ui.scripts import ADD_KEY


async def me(seen: Seen) -> Response:
    """What this person has, and how to add to it."""
    visit = seen.inside
    standing = visit.standing
    has_app = standing is not None and standing.account.totp is not None
    keys = standing.keys if standing is not None else ()
    left = len(standing.recovery) if standing is not None else 0
    told: Part = None
    if not visit.enrolled:
        told = both("请先绑定第二因素", "enrol a second factor first")
    elif not visit.inside:
        return seen.go("/ui/second")
    return seen.page(
        "我的账户",
        "my account",
        facts(
            (both("姓名", "name"), visit.who.name),
            (both("动态码", "authenticator app"), _yes(yes=has_app)),
            (both("安全密钥", "security keys"), "、".join(it.label or "—" for it in keys) or "—"),
            (both("剩余恢复码", "recovery codes left"), left),
        ),
        form("/ui/me/codes", seen.token, button("绑定动态码应用", "enrol an authenticator app")),
        form(
            "/ui/me/key",
            seen.token,
            field("label", "密钥名称", "name of the key", maxlength=str(LABEL_MAX)),
            button("登记安全密钥", "register a security key"),
        ),
        form("/ui/me/recovery", seen.token, button("重新生成恢复码", "new recovery codes"))
        if visit.enrolled
        else None,
        form(
            "/ui/me/log-out-everywhere",
            seen.token,
            button("退出全部设备", "log out everywhere", class_="no"),
        ),
        told=told,
    )


def _yes(*, yes: bool) -> Markup:
    return both("已绑定", "enrolled") if yes else both("未绑定", "none")


async def codes(seen: Seen) -> Response:
    """Show a new secret for an authenticator app."""
    made, ceremony = await seen.people.enrolments.begin_codes(seen.inside)
    grouped = " ".join(made.secret[at : at + 4] for at in range(0, len(made.secret), 4))
    return seen.page(
        "绑定动态码应用",
        "enrol an authenticator app",
        el("p", both("在应用中手工输入此密钥：", "type this secret into the app:")),
        el("p", el("code", grouped)),
        el("p", el("a", both("在本机的应用中打开", "open in the app here"), href=made.uri)),
        form("/ui/me/codes/answer", seen.token, code_field(), button("确认绑定", "enrol")),
        cookies=(seen.people.ceremony.set(ceremony),),
    )


async def codes_answer(seen: Seen) -> Response:
    """Take the app's first code."""
    made = await seen.people.enrolments.finish_codes(
        seen.inside, seen.form.get("code", ""), ceremony=seen.ceremony_id
    )
    return _enrolled(seen, made)


async def key(seen: Seen) -> Response:
    """Ask the browser for a new security key."""
    options, ceremony = await seen.people.enrolments.begin_key(
        seen.inside, seen.people.site(seen.request)
    )
    label = el("input", type="hidden", name="label", value=seen.form.get("label", ""))
    return seen.page(
        "登记安全密钥",
        "register a security key",
        *key_form(seen, "/ui/me/key/answer", options, label),
        script=ADD_KEY,
        cookies=(seen.people.ceremony.set(ceremony),),
    )


async def key_answer(seen: Seen) -> Response:
    """Store the key the browser answered with."""
    made = await seen.people.enrolments.finish_key(
        seen.inside,
        seen.form.get("answer", ""),
        ceremony=seen.ceremony_id,
        site=seen.people.site(seen.request),
        label=seen.form.get("label", ""),
    )
    return _enrolled(seen, made)


async def recovery(seen: Seen) -> Response:
    """Ten new recovery codes, shown once."""
    made = await seen.people.enrolments.new_codes(seen.inside)
    return seen.page("恢复码", "recovery codes", _listed(made))


def _enrolled(seen: Seen, made: Enrolled) -> Response:
    # The page's own token belongs to the session that has just ended: it offers links only.
    return seen.page(
        "已绑定",
        "enrolled",
        el("p", both("第二因素已生效", "the second factor counts from now on"), class_="good"),
        _listed(made.codes) if made.codes else None,
        el("p", el("a", both("继续", "continue"), href="/ui/held")),
        cookies=seen.opened(made.opened),
    )


def _listed(codes_: tuple[str, ...]) -> Markup:
    words = both(
        "请抄下并妥善保管，只显示这一次；每个只能用一次",
        "write these down now: they are shown once, and each works once",
    )
    return join(el("p", words), el("ul", *(el("li", el("code", it)) for it in codes_)))


async def log_out(seen: Seen) -> Response:
    """End this session."""
    await seen.people.log_in.log_out(seen.inside.id)
    return seen.go("/ui/log-in", seen.people.session.clear(), seen.people.ceremony.clear())


async def log_out_everywhere(seen: Seen) -> Response:
    """End all sessions of this person."""
    await seen.people.log_in.log_out_everywhere(seen.inside)
    return seen.go("/ui/log-in", seen.people.session.clear(), seen.people.ceremony.clear())

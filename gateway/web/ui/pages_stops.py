"""The emergency stop (紧急停付): one person pulls it at once, two lift it with a fresh factor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.controls.stops import ToldStop
from gateway.domain.errors import Refused
from gateway.lifecycle.stops import StopScope
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.pages_decide import REASON_MAX, freshly
from gateway.web.ui.pages_second import code_field

_SCOPES: Final = {
    StopScope.TENANT: ("整个集团", "the whole group"),
    StopScope.ACCOUNT: ("一个账户", "one account"),
    StopScope.CONNECTION: ("一个银行连接", "one connection"),
}


async def listed(seen: Seen) -> Response:
    """The stops, those that hold first, and how to pull one."""
    return await _shown(seen)


async def pull(seen: Seen) -> Response:
    """Pull a stop. It asks for no second factor again: stopping must be quick."""
    named = seen.form.get("scope", "")
    if named not in frozenset(StopScope):
        raise Refused("the form was refused", "表单有误，未受理")
    scope, subject = StopScope(named), seen.form.get("subject", "").strip()
    await seen.people.gateway.front.stops.pull(
        seen.tenant, seen.actor, scope, subject, _reason(seen)
    )
    return seen.go("/ui/stops")


async def lift(seen: Seen) -> Response:
    """One of the two votes that lift a stop."""
    seen, cookies, told = await freshly(seen)
    if told is not None:
        return await _shown(seen, told=told, status=403, cookies=cookies)
    id_ = seen.request.state.subject
    await seen.people.gateway.front.stops.lift(seen.tenant, seen.actor, id_, _reason(seen))
    return seen.go("/ui/stops", *cookies)


def _reason(seen: Seen) -> str:
    reason = seen.form.get("reason", "").strip()
    if not reason or len(reason) > REASON_MAX:
        raise Refused(f"a reason of 1 to {REASON_MAX} characters", f"请填写 1–{REASON_MAX} 字原因")
    return reason


async def _shown(
    seen: Seen, *, told: Part = None, status: int = 200, cookies: Sequence[str] = ()
) -> Response:
    stops = await seen.people.gateway.front.stops.told(seen.tenant, seen.actor)
    options = (el("option", f"{zh} {en}", value=scope.value) for scope, (zh, en) in _SCOPES.items())
    return seen.page(
        "紧急停付",
        "emergency stops",
        el("ul", *(_card(seen, stop) for stop in stops), class_="cards"),
        el("h2", both("拉起停付", "pull a stop")),
        form(
            "/ui/stops",
            seen.token,
            el("label", both("范围", "what"), for_="scope"),
            el("select", *options, name="scope", id="scope"),
            field(
                "subject",
                "账号或连接编号（整个集团留空）",
                "account or connection; empty for the group",
                maxlength="64",
            ),
            field("reason", "原因", "reason", maxlength=str(REASON_MAX)),
            button("立即停付", "stop now", class_="no"),
        ),
        told=told,
        status=status,
        cookies=cookies,
    )


def _card(seen: Seen, told: ToldStop) -> Markup:
    stop, lifting = told.stop, told.lifting
    zh, en = _SCOPES[stop.scope]
    votes = "、".join(f"{vote.actor.partition(':')[2]}：{vote.reason}" for vote in stop.votes)
    shown = facts(
        (both(zh, en), stop.subject),
        (both("原因", "reason"), stop.reason),
        (both("拉起人", "pulled by"), stop.pulled_by.partition(":")[2]),
        (both("时间", "at"), f"{stop.pulled_at:%Y-%m-%d %H:%M}"),
        (both("持续", "for"), _span(told.held_s)),
        (
            both(f"解除（须 {lifting.needed} 人）", f"to lift ({lifting.needed} people)"),
            votes or "—",
        ),
        (both("可解除", "who may lift it"), "、".join(lifting.next_people) or "—"),
    )
    if stop.lifted_at is not None:
        ended = both("已解除", "lifted")
        return el("li", shown, el("p", ended))
    standing = seen.inside.standing
    has_app = standing is not None and standing.account.totp is not None
    return el(
        "li",
        shown,
        form(
            f"/ui/stops/{stop.id}",
            seen.token,
            el("label", both("解除原因", "why it may be lifted")),
            el("input", name="reason", type="text", maxlength=str(REASON_MAX)),
            code_field() if seen.lack() is not None and has_app else join(),
            button("同意解除", "vote to lift", class_="plain"),
        ),
    )


def _span(seconds: int) -> str:
    """A duration as people read it."""
    minutes = seconds // 60
    return f"{minutes // 1440} d {minutes // 60 % 24:02}:{minutes % 60:02}"

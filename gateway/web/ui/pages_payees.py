"""Open changes of the payee master: what is to be beside what stands, and another person's yes.

Rule kept here: a vote carries the digest of what this person was shown, and a second factor that
was shown just now.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.controls.payee_reading import LONGEST
from gateway.controls.payee_rows import ChangeState, Payee, PayeeAction, PayeeState
from gateway.controls.payee_views import ShownChange, ShownItem
from gateway.controls.rules.document import Right
from gateway.domain.errors import Refused
from gateway.identity.principal import Lack
from gateway.store.instants import from_us
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.pages_decide import REASON_MAX, freshly, looking_of
from gateway.web.ui.pages_second import code_field

_FIRST: Final = 3
"""Items of a proposal that its card shows."""
_APPROVE: Final = "approve"
_WITHDRAW: Final = "withdraw"
_ACTIONS: Final = {
    PayeeAction.CREATE: ("新增", "create"),
    PayeeAction.CHANGE: ("变更", "change"),
    PayeeAction.BLOCK: ("停用", "block"),
    PayeeAction.UNBLOCK: ("解除停用", "unblock"),
    PayeeAction.REMOVE: ("移除", "remove"),
}
_STATES: Final = {
    ChangeState.PROPOSED: ("待表决", "open"),
    ChangeState.APPROVED: ("已生效", "approved"),
    ChangeState.WITHDRAWN: ("已撤回", "withdrawn"),
}
_PAYEE_STATES: Final = {
    PayeeState.ACTIVE: ("有效", "active"),
    PayeeState.BLOCKED: ("停用", "blocked"),
    PayeeState.REMOVED: ("已移除", "removed"),
}
_MEMBERS: Final = {
    "account": ("收款账号", "account"),
    "name": ("收款人名称", "name"),
    "agent_name": ("开户行", "bank"),
    "cnaps": ("联行号", "bank number"),
    "city": ("城市", "city"),
    "vendor": ("供应商", "vendor"),
}


async def listed(seen: Seen) -> Response:
    """Open proposals, oldest first."""
    await _check(seen)
    found = await seen.people.gateway.front.payees.opened(seen.tenant, _FIRST)
    cards: Part = el("p", both("没有待表决的收款人变更", "nothing waits"))
    if found:
        cards = el("ul", *(_card(it) for it in found), class_="cards")
    return seen.page("收款人变更", "changes of payees", cards)


async def one(seen: Seen) -> Response:
    """One proposal."""
    await _check(seen)
    return await _shown(seen)


async def decide(seen: Seen) -> Response:
    """Take this person's yes, or end the proposal."""
    await _check(seen)
    action, reason = seen.form.get("action", ""), seen.form.get("reason", "").strip()
    if action not in {_APPROVE, _WITHDRAW} or len(reason) > REASON_MAX:
        raise Refused("the form was refused", "表单有误，未受理")
    seen, cookies, told = await freshly(seen)
    if told is not None:
        return await _shown(seen, told=told, status=403, cookies=cookies)
    payees, id_ = seen.people.gateway.front.payees, seen.request.state.subject
    if action == _APPROVE:
        await payees.vote(seen.tenant, seen.actor, id_, seen.form.get("digest", ""), reason)
    else:
        await payees.withdraw(seen.tenant, seen.actor, id_, reason)
    return await _shown(seen, cookies=cookies)


async def _check(seen: Seen) -> None:
    looking = looking_of(seen)
    await seen.people.gateway.store.read(lambda db: looking.check(db, Right.PAYEES))


async def _shown(
    seen: Seen, *, told: Part = None, status: int = 200, cookies: Sequence[str] = ()
) -> Response:
    id_ = seen.request.state.subject
    shown = await seen.people.gateway.front.payees.show(seen.tenant, id_)
    left = shown.items_count - len(shown.items)
    more = both(f"另有 {left} 项，请用接口或命令查看", f"{left} more: see them over the API")
    return seen.page(
        "收款人变更",
        "change of payees",
        _head(shown),
        el("h2", both("明细", "payees")),
        el("ul", *(_item(it) for it in shown.items), class_="cards"),
        el("p", more) if left else None,
        *_votes(shown),
        _choices(seen, shown),
        told=told,
        status=status,
        cookies=cookies,
    )


def _card(shown: ShownChange) -> Markup:
    it = shown.change
    left = shown.items_count - len(shown.items)
    words = both(f"{shown.items_count} 个收款人", f"{shown.items_count} payees")
    return el(
        "li",
        el("div", el("a", words, href=f"/ui/payees/{it.id}")),
        *(_line(one) for one in shown.items),
        el("div", "…") if left else None,
        el("small", f"{_name(it.proposed_by)} {_at(it.proposed_us)} {it.comment}"),
    )


def _line(it: ShownItem) -> Markup:
    zh, en = _ACTIONS[it.item.action]
    return el("div", both(zh, en), f" {it.item.fields.name} {it.item.fields.account}")


def _head(shown: ShownChange) -> Markup:
    it = shown.change
    zh, en = _STATES[ChangeState(it.state)]
    return facts(
        (both("状态", "state"), both(zh, en)),
        (both("提议人", "proposed by"), f"{_name(it.proposed_by)} {_at(it.proposed_us)}"),
        (both("说明", "comment"), it.comment or "—"),
        (both("来源", "from"), shown.source or "—"),
        (both("收款人数", "payees"), shown.items_count),
        (both("内容摘要", "digest"), el("code", it.digest)),
    )


def _item(it: ShownItem) -> Markup:
    zh, en = _ACTIONS[it.item.action]
    rows = []
    for name in LONGEST:
        after = str(getattr(it.item.fields, name))
        before = str(getattr(it.now, name)) if it.now is not None else after
        if after or before:
            rows.append((both(*_MEMBERS[name]), _differing(before, after)))
    return el("li", el("strong", both(zh, en)), _now(it.now), facts(*rows))


def _now(payee: Payee | None) -> Part:
    if payee is None:
        return None
    zh, en = _PAYEE_STATES[PayeeState(payee.state)]
    return join("（", both(f"现为{zh}", f"now {en}"), "）")


def _differing(before: str, after: str) -> Part:
    if before == after:
        return after
    return join(el("s", before or "—"), " → ", el("strong", after or "—"))


def _votes(shown: ShownChange) -> list[Part]:
    if not shown.votes:
        return []
    lines = (el("li", f"{_name(it.actor)} {_at(it.at_us)} {it.reason}") for it in shown.votes)
    return [el("h2", both("已有表决", "votes")), el("ul", *lines)]


def _choices(seen: Seen, shown: ShownChange) -> Part:
    it = shown.change
    if it.state != ChangeState.PROPOSED.value:
        return None
    needs_code = seen.lack() in {Lack.SECOND_FACTOR, Lack.FRESH_SECOND_FACTOR}
    standing = seen.inside.standing
    has_app = standing is not None and standing.account.totp is not None
    approve: Part = button("同意", "approve", name="action", value=_APPROVE)
    if it.proposed_by == seen.actor.label():
        approve = el("p", both("须由他人表决", "another person has to vote"))
    return form(
        f"/ui/payees/{it.id}",
        seen.token,
        el("input", type="hidden", name="digest", value=it.digest),
        field("reason", "备注", "remark", maxlength=str(REASON_MAX), autocomplete="off"),
        code_field() if needs_code and has_app else None,
        approve,
        button("撤回该变更", "withdraw it", class_="no", name="action", value=_WITHDRAW),
    )


def _name(label: str) -> str:
    return label.partition(":")[2]


def _at(at_us: int) -> str:
    return f"{from_us(at_us):%Y-%m-%d %H:%M}"

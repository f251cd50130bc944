"""What waits for people: payments to approve, outcomes to resolve.

Rule kept here: a vote carries the digest of what this person was shown, and a second factor that
was shown just now; everything else is decided where every decision is.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Final

from sqlalchemy import Connection
from starlette.responses import Response

from gateway.domain.decision import AT_ONCE, Action
from gateway.domain.errors import Refused
from gateway.domain.instruction import State
from gateway.identity.principal import Lack
from gateway.web.ui import pages_evidence
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el, join
from gateway.web.ui.layout import button, facts, field, form
from gateway.web.ui.pages_second import code_field
from gateway.web.ui.viewing import Evidence, Looking, View, VoteSeen

REASON_MAX: Final = 1000
_ID_MAX: Final = 40
_OPEN: Final = (State.UNCONFIRMED.value,)
_ACTIONS: Final = {
    Action.APPROVE: ("同意", "approve", ""),
    Action.REJECT: ("否决", "reject", "no"),
    Action.RESOLVE_SETTLED: ("认定已付款", "it was paid", ""),
    Action.RESOLVE_REJECTED: ("认定未付款", "it was not paid", "no"),
    Action.RESOLVE_PAID_ELSEWHERE: ("认定已由其他渠道支付", "it was paid another way", ""),
    Action.WRITE_OFF: ("核销差异", "write it off", ""),
}


async def held(seen: Seen) -> Response:
    """Payments that wait for approval or for a hold to be lifted."""
    found = await _listed(seen, (State.HELD.value,))
    return seen.page("待复核付款", "payments to approve", _cards(found))


async def unconfirmed(seen: Seen) -> Response:
    """Payments whose outcome is not known."""
    found = await _listed(seen, _OPEN)
    words = both(
        "结果未明，切勿重发；两人查明后在此认定",
        "the outcome is not known: do not send again; two people resolve it here",
    )
    return seen.page("待查证付款", "unconfirmed payments", el("p", words), _cards(found))


async def payment_page(seen: Seen) -> Response:
    """One payment: content, digest, holds, votes, and what may be done."""
    return await _shown(seen)


async def evidence_upload(seen: Seen) -> Response:
    """Attach a file of evidence."""
    await _seen(seen, seen.request.state.subject)
    await pages_evidence.upload(seen)
    return await _shown(seen, good=both("凭证已上传", "attached"))


async def resolve(seen: Seen) -> Response:
    """Say what became of a payment: the first of two votes."""
    return await _freshly_done(seen, pages_evidence.propose)


async def agree(seen: Seen) -> Response:
    """Agree to what another person said of it."""
    return await _freshly_done(seen, pages_evidence.agree)


async def evidence_file(seen: Seen) -> Response:
    """Download a file of evidence."""
    instruction = seen.request.query_params.get("payment", "")[:_ID_MAX]
    await _seen(seen, instruction)
    return await pages_evidence.file(seen, instruction)


async def _freshly_done(seen: Seen, act: Callable[[Seen], Awaitable[None]]) -> Response:
    """Do what asks for a second factor shown just now, and show the payment."""
    seen, cookies, told = await freshly(seen)
    if told is not None:
        return await _shown(seen, told=told, status=403, cookies=cookies)
    await _seen(seen, seen.request.state.subject)
    await act(seen)
    return await _shown(seen, good=both("已记录", "recorded"), cookies=cookies)


async def _seen(seen: Seen, instruction: str) -> None:
    """Raise NotFound for a payment that this person may not see."""
    looking = looking_of(seen)
    await seen.people.gateway.store.read(lambda db: looking.payment(db, instruction))


async def decide(seen: Seen) -> Response:
    """Take this person's vote."""
    action, digest, reason = _wish(seen)
    seen, cookies, told = await freshly(seen)
    if told is not None:
        return await _shown(seen, told=told, status=403, cookies=cookies)
    id_ = seen.request.state.subject
    # What is hidden from somebody is not theirs to decide either.
    await _seen(seen, id_)
    decided = await seen.people.gateway.front.decisions.decide(
        tenant=seen.tenant,
        actor=seen.actor,
        instruction=id_,
        action=action,
        content_hash=digest,
        reason=reason,
    )
    zh, en, _ = _ACTIONS[action]
    done = both(
        f"已记录：{zh}（{decided.votes}/{decided.needed or decided.votes}）",
        f"recorded: {en} ({decided.votes} of {decided.needed or decided.votes})",
    )
    return await _shown(seen, good=done, cookies=cookies)


def _wish(seen: Seen) -> tuple[Action, str, str]:
    named, reason = seen.form.get("action", ""), seen.form.get("reason", "").strip()
    if named not in AT_ONCE or len(reason) > REASON_MAX:
        raise Refused("the form was refused", "表单有误，未受理")
    return Action(named), seen.form.get("digest", ""), reason


async def freshly(seen: Seen) -> tuple[Seen, Sequence[str], Part]:
    """A second factor shown just now: in the session, or as six digits in this very form.

    Gives the request as it goes on, cookies of a renewed session, and what is still missing.
    """
    if seen.lack() is None:
        return seen, (), None
    if not seen.form.get("code"):
        return seen, (), _missing(seen)
    log_in = seen.people.log_in
    opened = await log_in.by_code(seen.inside, seen.form["code"], address=seen.address)
    visit = replace(seen.inside, id=opened.id, session=opened.session)
    renewed = replace(seen, visit=visit)
    told = None if renewed.lack() is None else _missing(seen)
    return renewed, seen.opened(opened), told


def _missing(seen: Seen) -> Markup:
    again = f"/ui/second?next={seen.request.url.path}"
    words = both("须先出示第二因素", "show a second factor first")
    return join(words, " ", el("a", both("前往", "go"), href=again))


async def _listed(seen: Seen, states: tuple[str, ...]) -> list[View]:
    looking = looking_of(seen)
    return await seen.people.gateway.store.read(lambda db: looking.listed(db, states))


def looking_of(seen: Seen) -> Looking:
    """This person looking at their tenant's payments."""
    return Looking(seen.people.gateway, seen.tenant, seen.actor)


async def _shown(
    seen: Seen,
    *,
    told: Part = None,
    good: Part = None,
    status: int = 200,
    cookies: Sequence[str] = (),
) -> Response:
    looking, id_ = looking_of(seen), seen.request.state.subject

    def read(db: Connection) -> tuple[View, list[VoteSeen], Evidence]:
        return *looking.payment(db, id_), looking.evidence(db, id_)

    view, votes, evidence = await seen.people.gateway.store.read(read)
    return seen.page(
        "付款详情",
        "payment",
        el("p", good, class_="good", role="status") if good else None,
        _content(view),
        *_holds(view),
        *_votes(votes),
        _choices(seen, view, evidence),
        *pages_evidence.section(seen, view, evidence, second_factor(seen)),
        told=told,
        status=status,
        cookies=cookies,
    )


def _cards(views: Sequence[View]) -> Markup:
    if not views:
        return el("p", both("没有待处理的付款", "nothing waits"))
    return el("ul", *(_card(view) for view in views), class_="cards")


def _card(view: View) -> Markup:
    link = el("a", str(view["creditor_name"]), href=f"/ui/payments/{view['id']}")
    return el(
        "li",
        el("div", f"{view['amount']} {view['currency']}", class_="amount"),
        el("div", link),
        el("div", str(view["purpose"])),
        el("small", f"{view['erp']} {view['erp_reference']} · {view['reason']}"),
    )


def _content(view: View) -> Markup:
    state = both(str(view["state_zh"]), str(view["state_en"]))
    return facts(
        (
            both("金额", "amount"),
            el("span", f"{view['amount']} {view['currency']}", class_="amount"),
        ),
        (both("收款人", "payee"), str(view["creditor_name"])),
        (both("收款账号", "payee's account"), str(view["creditor_account"])),
        (both("付款账号", "from account"), str(view["debtor_account"])),
        (both("用途", "purpose"), str(view["purpose"])),
        (both("预算项目", "budget item"), str(view["budget_item"] or "—")),
        (both("执行日", "on"), str(view["execution_date"] or "—")),
        (both("业务参考号", "reference"), f"{view['erp']} {view['erp_reference']}"),
        *_sources(view),
        (both("状态", "state"), state),
        (both("原因", "reason"), str(view["reason"] or "—")),
        (both("内容摘要", "digest"), el("code", str(view["digest"]))),
    )


def _sources(view: View) -> list[tuple[str, Part]]:
    """The documents that the ERP merged into a payment: who decides must see what is paid."""
    found = view.get("merged")
    if not isinstance(found, list):
        return []
    texts = [f"{it['erp_reference']} {it['amount']}" for it in found]
    return [(both("合并来源单据", "merged of"), "；".join(texts))]


def _holds(view: View) -> list[Part]:
    found = view.get("holds")
    if not isinstance(found, list) or not found:
        return []
    return [
        el("h2", both("挂起原因", "held because")),
        el(
            "ul",
            *(
                el(
                    "li",
                    both(str(it["zh"]), str(it["en"])),
                    el("div", both(str(it["lifted_by_zh"]), str(it["lifted_by_en"]))),
                )
                for it in found
            ),
            class_="cards",
        ),
    ]


def _votes(votes: Sequence[VoteSeen]) -> list[Part]:
    if not votes:
        return []
    lines = []
    for vote in votes:
        zh, en, _ = _ACTIONS[Action(vote.action)]
        voided = None if vote.same else both("（内容已变，作废）", "(void: content changed)")
        line = (f"{vote.actor} ", both(zh, en), f" {vote.at} {vote.reason}")
        lines.append(el("li", *line, voided))
    return [el("h2", both("已有决定", "votes")), el("ul", *lines)]


def second_factor(seen: Seen) -> Part:
    """What asks for a second factor where it has to be shown again."""
    if seen.lack() not in {Lack.SECOND_FACTOR, Lack.FRESH_SECOND_FACTOR}:
        return None
    standing = seen.inside.standing
    has_app = standing is not None and standing.account.totp is not None
    return code_field() if has_app else el("p", _missing(seen))


def _choices(seen: Seen, view: View, evidence: Evidence) -> Part:
    state = State(str(view["state"]))
    if state is State.HELD:
        actions: tuple[Action, ...] = (Action.APPROVE, Action.REJECT)
    elif pages_evidence.resolvable(state) and not evidence.documented:
        actions = (Action.RESOLVE_SETTLED, Action.RESOLVE_REJECTED)
    else:
        return None
    zh, en = ("原因", "reason") if actions[0] is Action.RESOLVE_SETTLED else ("备注", "remark")
    buttons = []
    for action in actions:
        words = _ACTIONS[action]
        buttons.append(
            button(words[0], words[1], class_=words[2], name="action", value=action.value)
        )
    return form(
        f"/ui/payments/{view['id']}",
        seen.token,
        el("input", type="hidden", name="digest", value=str(view["digest"])),
        field("reason", zh, en, maxlength=str(REASON_MAX), autocomplete="off"),
        second_factor(seen),
        *buttons,
    )

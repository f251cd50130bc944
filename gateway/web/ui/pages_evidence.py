"""Settling an outcome on a payment's page: evidence is uploaded, two people agree on it.

Rule kept here: what is agreed to is a digest over everything shown; whoever may not see the
payment meets nothing of its evidence.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from starlette.responses import Response

from gateway.controls.attachments import Attachment
from gateway.controls.resolution_rows import Resolution, ResolutionState, StatementEntry
from gateway.controls.resolve import Wish
from gateway.domain.decision import ON_EVIDENCE, Action
from gateway.domain.errors import Refused
from gateway.domain.instruction import FATE_OPEN, State
from gateway.web.resolutions import file_response
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Part, both, el
from gateway.web.ui.layout import button, field, form, hidden_token
from gateway.web.ui.viewing import Evidence, View

_WORDS: Final = {
    Action.RESOLVE_SETTLED: ("已付款", "it was paid"),
    Action.RESOLVE_REJECTED: ("未付款", "it was not paid"),
    Action.RESOLVE_PAID_ELSEWHERE: ("已由其他渠道支付（须写明银行明细）", "paid another way"),
    Action.WRITE_OFF: ("核销差异（不改变状态）", "write it off; no state changes"),
}
_ACCEPT: Final = "application/pdf,image/png,image/jpeg,text/plain"
_REASON_MAX: Final = "1000"


def resolvable(state: State) -> bool:
    """Whether people may have something to settle here."""
    return state is State.HELD or (state in FATE_OPEN and state is not State.SENDING)


async def upload(seen: Seen) -> None:
    """Attach the file of a form."""
    if seen.upload is None:
        raise Refused("choose a file first", "请先选择文件")
    await seen.people.gateway.front.attachments.add(
        seen.tenant, seen.actor, seen.request.state.subject, seen.upload.name, seen.upload.content
    )


async def propose(seen: Seen) -> None:
    """Say what became of a payment, on all the evidence that the page showed."""
    named = seen.form.get("action", "")
    if named not in ON_EVIDENCE:
        raise Refused("the form was refused", "表单有误，未受理")
    told = [seen.form.get(name, "").strip() for name in ("account", "day", "reference", "amount")]
    entry = None
    if any(told[:3]):
        entry = StatementEntry(account=told[0], day=told[1], reference=told[2], amount=told[3])
    await seen.people.gateway.front.resolutions.propose(
        seen.tenant,
        seen.actor,
        seen.request.state.subject,
        Wish(
            action=Action(named),
            content_hash=seen.form.get("digest", ""),
            reason=seen.form.get("reason", "").strip(),
            attachments=tuple(filter(None, seen.form.get("files", "").split(" "))),
            entry=entry,
        ),
    )


async def agree(seen: Seen) -> None:
    """The second person's yes."""
    await seen.people.gateway.front.resolutions.vote(
        tenant=seen.tenant,
        actor=seen.actor,
        instruction=seen.request.state.subject,
        resolution=seen.form.get("resolution", ""),
        digest=seen.form.get("digest", ""),
        reason=seen.form.get("reason", "").strip(),
    )


async def file(seen: Seen, instruction: str) -> Response:
    """One file, as a download; the caller has seen to it that the payment may be seen."""
    return file_response(
        *await seen.people.gateway.front.attachments.content(
            seen.tenant, instruction, seen.request.state.subject
        )
    )


# ── as HTML ─────────────────────────────────────────────────────────────────────────────────


def section(seen: Seen, view: View, it: Evidence, code: Part) -> list[Part]:
    """Files, what was said of the outcome, and the forms; nothing where nothing is to settle."""
    open_now = resolvable(State(str(view["state"])))
    if not (open_now or it.files or it.said):
        return []
    parts: list[Part] = [el("h2", both("凭证与认定", "evidence and resolution"))]
    parts += [_files(str(view["id"]), it.files), *(_said(seen, one, code) for one in it.said)]
    if open_now:
        parts += [_upload_form(seen, view), _propose_form(seen, view, it, code)]
    return parts


def _files(instruction: str, files: Sequence[Attachment]) -> Part:
    if not files:
        return el("p", both("尚无凭证", "no evidence yet"))
    return el(
        "ul",
        *(
            el(
                "li",
                el("a", it.name, href=f"/ui/evidence/{it.id}?payment={instruction}"),
                f" {it.size // 1024 + 1} KiB · {it.added_by.partition(':')[2]}",
                el("div", el("code", it.digest)),
            )
            for it in files
        ),
        class_="cards",
    )


def _said(seen: Seen, it: Resolution, code: Part) -> Part:
    entry = it.content.entry
    states = {
        ResolutionState.OPEN: ("待另一人同意", "needs another person"),
        ResolutionState.CARRIED_OUT: ("已执行", "carried out"),
        ResolutionState.ENDED: ("已作废", "ended"),
    }
    shown: list[Part] = [
        el("strong", both(*_WORDS[it.content.action])),
        el("div", both(*states[it.state])),
    ]
    if entry is not None:
        line = f"{entry.account} {entry.day} {entry.reference} {entry.amount}"
        shown.append(el("div", both("银行明细", "the bank's entry"), f" {line}"))
    shown += [el("div", el("code", one)) for one in it.content.attachments]
    shown += [
        el("div", f"{one.actor.partition(':')[2]} {one.at:%m-%d %H:%M} {one.reason}")
        for one in it.votes
    ]
    if it.state is ResolutionState.OPEN:
        shown.append(
            form(
                f"/ui/payments/{it.instruction}/agree",
                seen.token,
                el("input", type="hidden", name="resolution", value=it.id),
                el("input", type="hidden", name="digest", value=it.digest),
                el("label", both("同意的理由", "why you agree")),
                el("input", name="reason", type="text", maxlength=_REASON_MAX),
                code,
                button("同意该认定", "agree"),
            )
        )
    return el("ul", el("li", *shown), class_="cards")


def _upload_form(seen: Seen, view: View) -> Part:
    return el(
        "form",
        hidden_token(seen.token),
        el("label", both("上传凭证（PDF、图片、文本，≤ 5 MiB）", "upload evidence"), for_="file"),
        el("input", type="file", name="file", id="file", accept=_ACCEPT),
        button("上传", "upload", class_="plain"),
        method="post",
        action=f"/ui/payments/{view['id']}/evidence",
        enctype="multipart/form-data",
    )


def _propose_form(seen: Seen, view: View, it: Evidence, code: Part) -> Part:
    held = State(str(view["state"])) is State.HELD
    offered = [one for one in _WORDS if not held or one is Action.RESOLVE_PAID_ELSEWHERE]
    options = (el("option", both(*_WORDS[one]), value=one.value) for one in offered)
    return form(
        f"/ui/payments/{view['id']}/resolve",
        seen.token,
        el("input", type="hidden", name="digest", value=str(view["digest"])),
        el("input", type="hidden", name="amount", value=str(view["amount"])),
        el("input", type="hidden", name="files", value=" ".join(one.id for one in it.files)),
        el("label", both("认定（附以上全部凭证）", "on all of this evidence"), for_="action"),
        el("select", *options, name="action", id="action"),
        field("account", "银行明细：账号", "the bank's entry: account", maxlength="40"),
        field("day", "日期", "day", type="date"),
        field("reference", "银行流水号", "the bank's reference", maxlength="128"),
        el("label", both("原因", "reason")),
        el("input", name="reason", type="text", maxlength=_REASON_MAX),
        code,
        button("提出认定", "propose"),
    )

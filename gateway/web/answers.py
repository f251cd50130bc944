"""Pure table. JSON Schemas of what the API answers; what it takes stands in schemas/canonical."""

from __future__ import annotations

from typing import Final

from gateway.controls.payee_reading import ITEMS_MAX, LONGEST
from gateway.controls.payee_rows import ChangeState, PayeeAction, PayeeState
from gateway.controls.resolution_rows import ResolutionState
from gateway.controls.version_file import EXPORT_FORMAT
from gateway.controls.version_rows import VersionState
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.bank_office import NameGrade, OfficeStatus
from gateway.domain.channel import ChannelCode, Why
from gateway.domain.decision import AT_ONCE, ON_EVIDENCE
from gateway.domain.instruction import State
from gateway.lifecycle.stops import StopScope
from gateway.ports.erp_told import ToldKind

Schema = dict[str, object]

_TEXT: Final[Schema] = {"type": "string"}
_MAYBE: Final[Schema] = {"type": ["string", "null"]}
_FLAG: Final[Schema] = {"type": "boolean"}
_COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
_WHEN: Final[Schema] = {"type": "string", "format": "date-time"}
_DAY: Final[Schema] = {"type": ["string", "null"], "format": "date"}
_SHA256: Final[Schema] = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
_MONEY: Final[Schema] = {
    "type": "string",
    "pattern": "^-?[0-9]+(\\.[0-9]+)?$",
    "description": "Exact decimal text, debit negative. 精确十进制文本，支出为负。",
}
_MAYBE_MONEY: Final[Schema] = {"oneOf": [_MONEY, {"type": "null"}]}
_STATE: Final[Schema] = {"enum": [state.value for state in State]}
_LINKS: Final[Schema] = {"type": "object", "additionalProperties": _TEXT}


def _object(description: str, /, optional: tuple[str, ...] = (), **members: Schema) -> Schema:
    named = {name.removesuffix("_"): schema for name, schema in members.items()}  # from_
    return {
        "type": "object",
        "description": description,
        "required": [name for name in named if name not in optional],
        "properties": named,
    }


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


_CHANNEL: Final[Schema] = {"enum": [code.value for code in ChannelCode]}
_PROPOSED: Final[Schema] = {
    "oneOf": [
        _object(
            "The channel that leaves first. 最早汇出的渠道。",
            channel=_CHANNEL,
            zh=_TEXT,
            en=_TEXT,
            now=_FLAG,
            leaves_at=_WHEN,
            business_day={"type": "string", "format": "date"},
            last_at=_WHEN,
            provisional=_FLAG,
            source=_TEXT,
            confirm_on_site=_FLAG,
        ),
        {"type": "null"},
    ]
}
_NOT_CHOSEN: Final[Schema] = _list(
    _object(
        "Why a channel was not chosen. 未选该渠道的原因。",
        channel=_CHANNEL,
        why={"enum": [why.value for why in Why]},
        zh=_TEXT,
        en=_TEXT,
        opens_at={"type": ["string", "null"], "format": "date-time"},
    )
)

_ENTRY: Final = _object(
    "The bank's entry that shows it. 银行明细。",
    account=_TEXT,
    day={"type": "string", "format": "date"},
    reference=_TEXT,
    amount=_MONEY,
)

_PAYEE_FIELDS: Final[dict[str, Schema]] = dict.fromkeys(LONGEST, _TEXT)
_PAYEE_NOW: Final[Schema] = {
    "oneOf": [
        _object(
            "The payee as it stands. 收款人现状。",
            (),
            **_PAYEE_FIELDS,
            state={"enum": [it.value for it in PayeeState]},
        ),
        {"type": "null"},
    ]
}
_PAYEE: Final[dict[str, Schema]] = {
    "id": _TEXT,
    **_PAYEE_FIELDS,
    "state": {"enum": [it.value for it in PayeeState]},
    "approved": _FLAG,
    "changed_at": _WHEN,
    "active_at": {"type": ["string", "null"], "format": "date-time"},
    "made_by": _TEXT,
    "approved_by": _TEXT,
    "links": _LINKS,
}
_PROPOSED_PAYEES: Final[dict[str, Schema]] = {
    "id": _TEXT,
    "state": {"enum": [it.value for it in ChangeState]},
    "digest": _SHA256,
    "comment": _TEXT,
    "source": _TEXT,
    "count": _COUNT,
    "proposed_by": _TEXT,
    "proposed_at": _WHEN,
    "decided_by": _TEXT,
    "decided_at": {"type": ["string", "null"], "format": "date-time"},
    "votes": _list(_object("One vote. 一票。", actor=_TEXT, reason=_TEXT, at=_WHEN)),
    "next": _list(_TEXT),
    "links": _LINKS,
}

ANSWERS: Final[dict[str, Schema]] = {
    "Fault": _object(
        "One thing that is wrong: where, a stable code, what to do. "
        "一处错误：位置、代码、处理办法。",
        path=_TEXT,
        line={"type": ["integer", "null"]},
        code=_TEXT,
        zh=_TEXT,
        en=_TEXT,
    ),
    "Problem": _object(
        "RFC 9457 problem document. 错误文档。",
        optional=(
            *("detail", "detail_zh", "detail_en", "faults"),
            *("stored_digest", "sent_digest", "bank_code"),
        ),
        type=_TEXT,
        title=_TEXT,
        status={"type": "integer"},
        code=_TEXT,
        title_zh=_TEXT,
        title_en=_TEXT,
        detail=_TEXT,
        detail_zh=_TEXT,
        detail_en=_TEXT,
        faults=_list(_ref("Fault")),
        stored_digest=_TEXT,
        sent_digest=_TEXT,
        bank_code=_TEXT,
        trace_id=_TEXT,
    ),
    "Acceptance": _object(
        "The same bytes however often the request is sent; it never holds a state. "
        "重复提交得到逐字节相同的答复，其中不含状态。",
        id=_TEXT,
        erp_reference=_TEXT,
        digest=_SHA256,
        links=_LINKS,
    ),
    "BatchAcceptance": _object(
        "The result of each line, in order. 逐条结果。",
        id=_TEXT,
        batch_reference=_TEXT,
        accepted=_COUNT,
        refused=_COUNT,
        results=_list(
            _object(
                "accepted: id, digest, links; refused: faults. 受理或拒绝。",
                optional=("id", "digest", "links", "faults"),
                line={"type": "integer", "minimum": 1},
                result={"enum": ["accepted", "refused"]},
                id=_TEXT,
                erp_reference=_TEXT,
                digest=_SHA256,
                links=_LINKS,
                faults=_list(_ref("Fault")),
            )
        ),
    ),
    "FileAcceptance": _object(
        "Counts, and the first 1000 refused lines. 笔数与前 1000 条被拒明细。",
        id=_TEXT,
        reference=_TEXT,
        format=_TEXT,
        digest=_SHA256,
        lines=_COUNT,
        accepted=_COUNT,
        refused=_COUNT,
        refused_lines=_list(
            _object(
                "A refused line. 被拒明细。",
                line={"type": "integer", "minimum": 1},
                erp_reference=_TEXT,
                faults=_list(_ref("Fault")),
            )
        ),
        links=_LINKS,
    ),
    "BatchView": _object(
        "A batch now. 批次现状。",
        id=_TEXT,
        reference=_TEXT,
        format=_TEXT,
        digest=_SHA256,
        lines=_COUNT,
        accepted=_COUNT,
        refused=_COUNT,
        states={"type": "object", "additionalProperties": _COUNT},
        links=_LINKS,
    ),
    "BatchReport": _object(
        "Where each line of a JSON batch stands. JSON 批次逐条现状。",
        id=_TEXT,
        batch_reference=_TEXT,
        lines=_list({"type": "object", "required": ["line", "erp_reference", "state", "final"]}),
    ),
    "InstructionView": _object(
        "Where an instruction stands. 指令现状。",
        optional=("history", "version", "route", "holds", "budget_item"),
        id=_TEXT,
        version={
            **_COUNT,
            "description": "Grows with every change; also the ETag. 每次变化递增，亦为 ETag。",
        },
        erp=_TEXT,
        erp_reference=_TEXT,
        digest=_SHA256,
        batch=_MAYBE,
        state=_STATE,
        state_zh=_TEXT,
        state_en=_TEXT,
        final=_FLAG,
        reason=_TEXT,
        amount=_MONEY,
        currency=_TEXT,
        debtor_account=_TEXT,
        creditor_name=_TEXT,
        creditor_account=_TEXT,
        purpose=_TEXT,
        execution_date=_DAY,
        end_to_end_id=_MAYBE,
        budget_item={
            **_MAYBE,
            "description": "The budget item it is paid under. 预算项目。",
        },
        evidence=_object(
            "What the state rests on. 状态的依据。",
            grade=_TEXT,
            code=_TEXT,
            text=_TEXT,
            bank_reference=_TEXT,
        ),
        created_at=_WHEN,
        changed_at=_WHEN,
        links=_LINKS,
        history=_list({"type": "object", "required": ["from", "to", "cause", "actor", "at"]}),
        route={"oneOf": [_ref("ProposedWay"), {"type": "null"}]},
        holds=_list(_ref("Hold")),
    ),
    "Hold": _object(
        "Why a payment is held and who can lift it; told where a control document is in force. "
        "挂起原因及可解除人；仅在控制文件生效时返回。",
        rule=_TEXT,
        zh=_TEXT,
        en=_TEXT,
        lifted_by_zh=_TEXT,
        lifted_by_en=_TEXT,
        raised_at=_WHEN,
    ),
    "InstructionList": _object(
        "Instructions. 指令列表。", instructions=_list(_ref("InstructionView"))
    ),
    "Enquiry": _object("When the bank will be asked. 查证时间。", id=_TEXT, enquiry_at=_WHEN),
    "Vote": {
        **_object(
            "A person's vote over what was shown: content_hash is the digest that was read. "
            "人员对所见内容的决定；content_hash 为所查看的 digest。",
            optional=("reason",),
            action={"enum": [action.value for action in AT_ONCE]},
            content_hash=_SHA256,
            reason={"type": "string", "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "Attachment": _object(
        "A file of evidence. 一个凭证文件。",
        id=_TEXT,
        name=_TEXT,
        content_type=_TEXT,
        digest=_SHA256,
        size=_COUNT,
        added_by=_TEXT,
        added_at=_WHEN,
        links=_LINKS,
    ),
    "Attachments": _object(
        "Files, oldest first. 凭证列表，最早的在前。", attachments=_list(_ref("Attachment"))
    ),
    "ResolutionWish": {
        **_object(
            "What became of it, on what evidence; attachments are ids. 认定内容及凭证编号。",
            optional=("attachments", "entry"),
            action={"enum": [action.value for action in ON_EVIDENCE]},
            content_hash=_SHA256,
            reason={"type": "string", "minLength": 1, "maxLength": 1000},
            attachments={"type": "array", "maxItems": 20, "items": _TEXT},
            entry={"oneOf": [_ENTRY, {"type": "null"}]},
        ),
        "additionalProperties": False,
    },
    "ResolutionVote": {
        **_object(
            "A yes; digest is the one that was read. 同意；digest 为所查看认定的摘要。",
            digest=_SHA256,
            reason={"type": "string", "minLength": 1, "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "Resolution": _object(
        "What people say of an instruction; attachments are digests. 人工认定；附件以摘要列出。",
        optional=("counted", "needed", "instruction_state"),
        id=_TEXT,
        instruction=_TEXT,
        action={"enum": [action.value for action in ON_EVIDENCE]},
        state={"enum": [it.value for it in ResolutionState]},
        digest=_SHA256,
        content_hash=_SHA256,
        attachments=_list(_SHA256),
        entry={"oneOf": [_ENTRY, {"type": "null"}]},
        proposed_by=_TEXT,
        proposed_at=_WHEN,
        decided_at={"type": ["string", "null"], "format": "date-time"},
        votes=_list(_object("One vote. 一票。", actor=_TEXT, reason=_TEXT, at=_WHEN)),
        links=_LINKS,
        counted=_COUNT,
        needed=_COUNT,
        instruction_state=_STATE,
    ),
    "Resolutions": _object("Resolutions. 认定列表。", resolutions=_list(_ref("Resolution"))),
    "Cancellation": {
        **_object(
            "Why, if it is to be told. 取消原因（可不填，也可不带正文）。",
            optional=("reason",),
            reason={"type": "string", "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "Cancelled": _object(
        "The cancellation, the same however often it is asked for. 取消结果，重复调用不变。",
        id=_TEXT,
        erp_reference=_TEXT,
        state={"enum": [State.CANCELLED.value]},
        cancelled_by=_TEXT,
        cancelled_at=_WHEN,
        reason=_TEXT,
    ),
    "StopWish": {
        **_object(
            "What to stop. subject: an account number or a connection's id; for the tenant empty. "
            "停付对象：账号或连接编号；范围为 tenant 时留空。",
            optional=("subject",),
            scope={"enum": [scope.value for scope in StopScope]},
            subject={"type": "string", "maxLength": 64},
            reason={"type": "string", "minLength": 1, "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "LiftVote": {
        **_object(
            "Why it may be lifted. 解除原因。",
            reason={"type": "string", "minLength": 1, "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "Stop": _object(
        "A stop with every vote to lift it. 停付及其解除表决。",
        id=_TEXT,
        scope={"enum": [scope.value for scope in StopScope]},
        subject=_TEXT,
        reason=_TEXT,
        holds=_FLAG,
        pulled_by=_TEXT,
        pulled_at=_WHEN,
        lifted_at={"type": ["string", "null"], "format": "date-time"},
        held_seconds=_COUNT,
        needed=_COUNT,
        counted=_COUNT,
        next=_list(_TEXT),
        votes=_list(_object("One vote. 一票。", actor=_TEXT, reason=_TEXT, at=_WHEN)),
        links=_LINKS,
    ),
    "Stops": _object("Stops. 停付列表。", stops=_list(_ref("Stop"))),
    "AccessWish": {
        **_object("Why. 原因。", reason={"type": "string", "minLength": 1, "maxLength": 1000}),
        "additionalProperties": False,
    },
    "Access": _object(
        "Whether somebody may log in. 能否登录。", login=_TEXT, person=_TEXT, disabled=_FLAG
    ),
    "ControlProposal": {
        **_object(
            "A whole next control document (docs/controls.md). 完整的新管控文件。",
            optional=("comment",),
            content={"type": "object"},
            comment={"type": "string", "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "ControlVote": {
        **_object(
            "A yes; digest is the one that was read. 同意；digest 为所查看内容的摘要。",
            optional=("reason",),
            digest=_SHA256,
            reason={"type": "string", "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "ControlWithdrawal": {
        **_object(
            "Why. 撤回原因（可不填，也可不带正文）。",
            optional=("reason",),
            reason={"type": "string", "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "ControlVersion": _object(
        "A version of the controls; content and the members after links only when one is asked "
        "for. 管控文件的一个版本；links 之后的成员仅在查询单个版本时给出。",
        optional=("in_force", "needed", "counted", "next", "changes", "content"),
        version={"type": "integer", "minimum": 1},
        state={"enum": [it.value for it in VersionState]},
        digest=_SHA256,
        comment=_TEXT,
        proposed_by=_TEXT,
        proposed_at=_WHEN,
        in_force_at={"type": ["string", "null"], "format": "date-time"},
        votes=_list(_object("One vote. 一票。", actor=_TEXT, reason=_TEXT, at=_WHEN)),
        links=_LINKS,
        in_force={**_COUNT, "description": "The version that holds now. 现行版本号。"},
        needed=_COUNT,
        counted=_COUNT,
        next=_list(_TEXT),
        changes=_list(
            _object(
                "A row that differs from what is in force. 与现行版本的一处差异。",
                section=_TEXT,
                name=_TEXT,
                before=_TEXT,
                after=_TEXT,
            )
        ),
        content={"type": "object"},
    ),
    "ControlVersions": _object(
        "Versions, newest first. 版本列表，最新的在前。", versions=_list(_ref("ControlVersion"))
    ),
    "ControlsExport": _object(
        "A version as a signed file. 带签名的管控文件。",
        format={"enum": [EXPORT_FORMAT]},
        tenant=_TEXT,
        version=_COUNT,
        state={"enum": ["settings", *(it.value for it in VersionState)]},
        digest=_SHA256,
        comment=_TEXT,
        proposed_by=_TEXT,
        proposed_at={"type": ["string", "null"], "format": "date-time"},
        in_force_at={"type": ["string", "null"], "format": "date-time"},
        votes=_list(
            _object("One vote. 一票。", actor=_TEXT, digest=_SHA256, reason=_TEXT, at=_WHEN)
        ),
        content={"type": "object"},
        key=_SHA256,
        signature={"type": "string", "pattern": "^[0-9a-f]{128}$"},
    ),
    "ControlExplanation": _object(
        "Who would have to approve it. 需要谁审批。",
        version=_COUNT,
        make=_object("Whether it may be made. 能否经办。", allowed=_FLAG, zh=_TEXT, en=_TEXT),
        rule=_TEXT,
        straight_through=_FLAG,
        ordered=_FLAG,
        steps=_list(
            _object(
                "One step. 一个步骤。",
                role=_TEXT,
                role_display=_TEXT,
                people=_COUNT,
                right=_TEXT,
                candidates=_list(
                    _object("Who could. 可办人员。", name=_TEXT, display=_TEXT, for_=_TEXT)
                ),
            )
        ),
        limits=_list(
            _object(
                "A limit it must fit. 须符合的限额。",
                rule=_TEXT,
                of=_TEXT,
                period=_TEXT,
                currency=_TEXT,
                at_most=_MONEY,
            )
        ),
        zh=_list(_TEXT),
        en=_list(_TEXT),
    ),
    "ControlUse": _object(
        "What is left of limits and plan lines. 限额与资金计划的余额。",
        version=_COUNT,
        periods=_list(_TEXT),
        counters=_list(
            _object(
                "A limit or plan line; left is negative where people let more pass. "
                "一项限额或计划；经人工放行超出的，剩余为负。",
                rule=_TEXT,
                of=_TEXT,
                subject=_TEXT,
                over=_TEXT,
                period=_TEXT,
                currency=_TEXT,
                at_most=_MONEY,
                used=_MONEY,
                left=_MONEY,
                zh=_TEXT,
                en=_TEXT,
            )
        ),
        more=_FLAG,
    ),
    "PayeeWishes": {
        **_object(
            "What is wanted of payees: create and change tell all of a payee, the others name it. "
            "对收款人的提议：新增、变更须给出全部内容，其余只需指明收款人。",
            optional=("comment",),
            items={
                "type": "array",
                "minItems": 1,
                "maxItems": ITEMS_MAX,
                "items": {
                    **_object(
                        "One payee. 一个收款人。",
                        optional=("payee", *LONGEST),
                        action={"enum": [it.value for it in PayeeAction]},
                        payee=_TEXT,
                        **{
                            name: {"type": "string", "maxLength": most}
                            for name, most in LONGEST.items()
                        },
                    ),
                    "additionalProperties": False,
                },
            },
            comment={"type": "string", "maxLength": 1000},
        ),
        "additionalProperties": False,
    },
    "PayeeFile": {
        "type": "string",
        "description": "CSV, UTF-8 or GBK; columns 收款账号 account, 收款人名称 name, 开户行 "
        "agent_name, 联行号 cnaps, 城市 city, 供应商 vendor; the first two are needed. "
        "CSV 文件，前两列必需。",
    },
    "Payee": _object("A payee of the master. 收款人。", (), **_PAYEE),
    "Payees": _object(
        "Payees; next is null on the last page. 收款人列表；最后一页 next 为空。",
        payees=_list(_ref("Payee")),
        next=_MAYBE,
    ),
    "PayeeWithHistory": _object(
        "A payee with what was proposed of it. 收款人及其变更历史。",
        (),
        **_PAYEE,
        changes=_list(
            _object(
                "One proposal as far as it is about this payee. 一次变更。",
                proposal=_TEXT,
                action={"enum": [it.value for it in PayeeAction]},
                state={"enum": [it.value for it in ChangeState]},
                comment=_TEXT,
                proposed_by=_TEXT,
                proposed_at=_WHEN,
                decided_by=_TEXT,
                decided_at={"type": ["string", "null"], "format": "date-time"},
                after=_object("What it was to be. 变更后内容。", (), **_PAYEE_FIELDS),
            )
        ),
    ),
    "PayeeProposal": _object(
        "A proposal to change payees; items and next_items only when one is asked for. "
        "一份收款人变更；items、next_items 仅在查询单份时给出。",
        optional=("items", "next_items"),
        **_PROPOSED_PAYEES,
        items=_list(
            _object(
                "One payee: what it is to be, and what stands now. 一个收款人：变更后与现状。",
                seq={"type": "integer", "minimum": 1},
                action={"enum": [it.value for it in PayeeAction]},
                payee=_MAYBE,
                after=_object("What it is to be. 变更后。", (), **_PAYEE_FIELDS),
                now=_PAYEE_NOW,
            )
        ),
        next_items={"type": ["integer", "null"]},
    ),
    "PayeeProposals": _object(
        "Open proposals. 待表决的变更。", proposals=_list(_ref("PayeeProposal"))
    ),
    "Delivery": _object(
        "What became of one event at one endpoint: a webhook, or an ERP system (erp:…)."
        " 一个事件在一个接收端（回调或 ERP 系统）的投递情况。",
        optional=("kind",),
        id=_TEXT,
        endpoint=_TEXT,
        sequence={"type": "integer", "minimum": 1},
        instruction=_TEXT,
        version=_COUNT,
        instruction_state={"enum": [*(state.value for state in State), "REFUSED", ""]},
        kind={"enum": [it.value for it in ToldKind]},
        state={"enum": [it.value for it in Delivery]},
        tries=_COUNT,
        next_try_at={"type": ["string", "null"], "format": "date-time"},
        status={"type": ["integer", "null"]},
        failure=_TEXT,
        created_at=_WHEN,
        changed_at=_WHEN,
        links=_LINKS,
    ),
    "Deliveries": _object("Deliveries. 投递记录。", deliveries=_list(_ref("Delivery"))),
    "Decided": _object(
        "What the vote brought. 决定结果。",
        id=_TEXT,
        action=_TEXT,
        votes=_COUNT,
        needed=_COUNT,
        complete=_FLAG,
        state=_STATE,
    ),
    "Accounts": _object(
        "The tenant's accounts. 账户列表。",
        accounts=_list(
            _object(
                "An account. 账户。",
                number=_TEXT,
                name=_TEXT,
                company=_TEXT,
                company_name=_TEXT,
                currency=_TEXT,
                bank=_TEXT,
                connection=_TEXT,
                connection_blocked=_MAYBE,
                links=_LINKS,
            )
        ),
    ),
    "Balance": _object(
        "Balances as the bank told them. 银行返回的余额。",
        account=_TEXT,
        account_name=_TEXT,
        currency=_TEXT,
        ledger=_MONEY,
        available=_MAYBE_MONEY,
        as_of=_TEXT,
        asked_at=_WHEN,
        source={"enum": ["bank"]},
    ),
    "Statement": _object(
        "A statement as the bank told it. 银行返回的明细。",
        kind={"enum": ["statement"]},
        format=_TEXT,
        account=_TEXT,
        currency=_TEXT,
        statement_id=_MAYBE,
        opening=_MAYBE_MONEY,
        closing=_MAYBE_MONEY,
        from_=_DAY,
        to=_DAY,
        continuity={"enum": ["ok", "broken", "unknown"]},
        entries=_list(
            _object(
                "One line. 一条明细。",
                amount=_MONEY,
                currency=_TEXT,
                booking_date=_DAY,
                value_date=_DAY,
                status={"enum": ["booked", "pending", "info"]},
                reference=_MAYBE,
                counterparty_name=_MAYBE,
                counterparty_account=_MAYBE,
                remittance=_MAYBE,
                transactions=_list({"type": "object"}),
            )
        ),
        warnings=_list(_TEXT),
        source={"enum": ["bank"]},
    ),
    "BankOffices": _object(
        "Offices of the imported directory, best first. 行名行号查询结果，最符合的在前。",
        offices=_list(
            _object(
                "A bank office. 银行网点。",
                number={"type": "string", "pattern": "^[0-9]{12}$"},
                name=_TEXT,
                bank_code=_TEXT,
                area_code=_TEXT,
                clearing_number=_MAYBE,
                city=_MAYBE,
                status={"enum": [it.value for it in OfficeStatus]},
                valid_from=_DAY,
                grade={"enum": [it.value for it in NameGrade]},
            )
        ),
    ),
    "CalendarDay": _object(
        "What holds for a day. 某日性质。",
        day={"type": "string", "format": "date"},
        calendar=_TEXT,
        working=_FLAG,
        provisional=_FLAG,
        name=_TEXT,
        source=_TEXT,
    ),
    "Route": _object(
        "A proposal: nothing is moved by itself. 渠道建议，系统不会自行改期。",
        at=_WHEN,
        proposed=_PROPOSED,
        not_chosen=_NOT_CHOSEN,
    ),
    "ProposedWay": _object(
        "How an instruction that has not left would go. 未发出指令的建议渠道。",
        asked_at=_WHEN,
        execution_day=_ref("CalendarDay"),
        proposed=_PROPOSED,
        not_chosen=_NOT_CHOSEN,
    ),
    "Unblocked": _object(
        "Whether it was stopped before. 此前是否停用。", connection=_TEXT, unblocked=_FLAG
    ),
    "Checkpoints": _object(
        "Signed checkpoints, oldest first, at most 1000. 签名检查点。",
        checkpoints=_list(
            _object(
                "One checkpoint. 检查点。",
                seq={"type": "integer"},
                at_us={"type": "integer"},
                heads=_list({"type": "array"}),
                root=_SHA256,
                key=_TEXT,
                signature=_TEXT,
            )
        ),
    ),
    "Health": _object("Status. 状态。", status=_TEXT),
}
"""Component schemas by name."""

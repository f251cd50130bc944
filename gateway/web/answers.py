"""Pure table. JSON Schemas of what the API answers; what it takes stands in schemas/canonical."""

from __future__ import annotations

from typing import Final

from gateway.controls.payee_reading import ITEMS_MAX, LONGEST
from gateway.controls.payee_rows import ChangeState, PayeeAction, PayeeState
from gateway.controls.resolution_rows import ResolutionState
from gateway.controls.version_file import EXPORT_FORMAT
from gateway.controls.version_rows import VersionState
from gateway.delivery.webhook_rows import Delivery
from gateway.domain.balance_sheet import OpenClass, SheetState
from gateway.domain.bank_office import NameGrade, OfficeStatus
from gateway.domain.channel import ChannelCode, Why
from gateway.domain.confirmation import ConfirmState
from gateway.domain.decision import AT_ONCE, ON_EVIDENCE
from gateway.domain.instruction import State
from gateway.domain.outcome import Verdict
from gateway.domain.receipt_order import Completeness, OrderState
from gateway.lifecycle.stops import StopScope
from gateway.ports.erp_told import ToldKind
from gateway.reconciliation.rule_rows import RuleState

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

_SIDE: Final[Schema] = {"enum": ["bank", "book"]}
_PARTS: Final[Schema] = {
    "type": "array",
    "items": {
        **_object(
            "A line or an item; amount: only that part of it. 明细；amount 为部分金额。",
            optional=("amount",),
            ref={"type": "string", "maxLength": 160},
            amount=_TEXT,
        ),
        "additionalProperties": False,
    },
}
_STRICT: Final[Schema] = {"additionalProperties": False}
_STAND: Final[dict[str, Schema]] = {
    "account": _TEXT,
    "company": _TEXT,
    "currency": _TEXT,
    "has_ledger": _FLAG,
    "last_run": {"type": ["object", "null"]},
    "matched": {
        "type": "object",
        "additionalProperties": _object("Of one kind. 一种。", matches=_COUNT, sum=_MONEY),
    },
    "suggested": _COUNT,
    "open": {
        "type": "object",
        "description": "By side, then by age in days (null: older). 按侧、按账龄。",
        "additionalProperties": _list(
            _object(
                "Open items of an age. 一段账龄的未达账。",
                up_to_days={"type": ["integer", "null"]},
                received=_COUNT,
                received_sum=_MONEY,
                paid=_COUNT,
                paid_sum=_MONEY,
            )
        ),
    },
    "classes": {
        "type": "object",
        "description": "The four classes as a sheet has them, by age. 四类未达账，按账龄。",
        "additionalProperties": _list(
            _object(
                "Open items of a class and an age. 一类未达账的一段账龄。",
                up_to_days={"type": ["integer", "null"]},
                items=_COUNT,
                sum=_MONEY,
            )
        ),
    },
    "last_day": _DAY,
    "days": _list(
        _object(
            "Days over since the last close, of one state and reason. 结账后已结束的日期。",
            state={"enum": ["open", "proven", "quiet", "unproven", "missing", "broken"]},
            why=_MAYBE,
            days=_COUNT,
            first={"type": "string", "format": "date"},
            last={"type": "string", "format": "date"},
        )
    ),
    "sheet": _object(
        "The sheet of the last month that is over. 上月余额调节表。",
        day={"type": "string", "format": "date"},
        state={"enum": ["prepared", "reviewed", None]},
        result=_MAYBE,
    ),
    "closed_until": _DAY,
    "unproven_days": _list({"type": "string", "format": "date"}),
    "links": _LINKS,
}
_RULE_SET: Final[Schema] = {
    "type": "object",
    "description": "See docs/reconciliation.md. 见 docs/reconciliation.md。",
}
_TRIED: Final[Schema] = _object(
    "How many, and the first of them. 笔数与示例。",
    count=_COUNT,
    examples=_list({"type": "object", "required": ["rule", "reasons", "entries", "items"]}),
)
_REMEMBERED: Final[Schema] = _object(
    "A party, or a text with one # for each number. 对方，或以 # 代替数字的文本。",
    name=_TEXT,
    account=_TEXT,
    text=_TEXT,
)
_SHEET_HEAD: Final[dict[str, Schema]] = {
    "day": {"type": "string", "format": "date"},
    "state": {"enum": ["draft", "prepared", "reviewed"]},
    "digest": _SHA256,
    "prepared_by": _MAYBE,
    "prepared_at": {"type": ["string", "null"], "format": "date-time"},
    "comment": _MAYBE,
    "reviewed_by": _MAYBE,
    "reviewed_at": {"type": ["string", "null"], "format": "date-time"},
    "reason": _MAYBE,
}
_SHEET_CLASS: Final[Schema] = _object(
    "One class of open items. 一类未达账。",
    zh=_TEXT,
    en=_TEXT,
    sum=_MONEY,
    items=_list(
        _object(
            "An open item; amount as its class counts it. 未达账项。",
            side=_SIDE,
            ref=_TEXT,
            day={"type": "string", "format": "date"},
            amount=_MONEY,
            backward=_FLAG,
            late=_FLAG,
            carried=_FLAG,
            written_off=_FLAG,
            reference=_TEXT,
            counterparty_name=_TEXT,
            remittance=_TEXT,
        )
    ),
)
_SHEET: Final[Schema] = _object(
    "The sheet: what is digested. 余额调节表正文。",
    account=_TEXT,
    company=_TEXT,
    currency=_TEXT,
    from_={"type": "string", "format": "date"},
    day={"type": "string", "format": "date"},
    state={"enum": [it.value for it in SheetState]},
    bank_balance=_MAYBE_MONEY,
    book_balance=_MAYBE_MONEY,
    classes=_object("By class. 按类。", (), **{it.value: _SHEET_CLASS for it in OpenClass}),
    adjusted_bank=_MAYBE_MONEY,
    adjusted_book=_MAYBE_MONEY,
    difference=_MAYBE_MONEY,
    doubts=_list(
        _object(
            "Why it is not balanced, or what is odd. 不平的原因。",
            code=_TEXT,
            zh=_TEXT,
            en=_TEXT,
            days=_list({"type": "string", "format": "date"}),
        )
    ),
)
_LEDGER_ITEM: Final[Schema] = {
    **_object(
        "One item; a negative amount is red-letter. 一条账面明细；负数为红字。",
        optional=(
            *("currency", "erp_reference", "counterparty_name", "counterparty_account"),
            *("remittance", "side", "opening"),
        ),
        item_id={"type": "string", "minLength": 1, "maxLength": 128},
        account={"type": "string", "minLength": 1, "maxLength": 40},
        direction={"enum": ["out", "in"]},
        amount={"type": "string", "minLength": 1},
        date={"type": "string", "format": "date"},
        currency=_TEXT,
        erp_reference={"type": "string", "maxLength": 255},
        counterparty_name={"type": "string", "maxLength": 300},
        counterparty_account={"type": "string", "maxLength": 64},
        remittance={"type": "string", "maxLength": 1000},
        side={**_SIDE, "description": "bank: opening items only. 仅限期初银行侧未达账。"},
        opening={**_FLAG, "description": "Open at go-live. 期初未达账。"},
    ),
    **_STRICT,
}
_RECONCILIATION: Final[dict[str, Schema]] = {
    "LedgerItems": {
        **_object(
            "Ledger items. 账面明细。",
            items={"type": "array", "minItems": 1, "maxItems": 10_000, "items": _LEDGER_ITEM},
        ),
        **_STRICT,
    },
    "LedgerItemsTaken": _object(
        "What was kept. 受理结果。",
        items=_list(
            _object(
                "One item and the day in whose period it counts. 计入期间的日期。",
                item_id=_TEXT,
                digest=_SHA256,
                counted_day={"type": "string", "format": "date"},
            )
        ),
    ),
    "LedgerItemList": _object(
        "A page of items. 账面明细的一页。",
        account=_TEXT,
        items=_list({"type": "object", "required": ["item_id", "amount", "date"]}),
        next=_MAYBE,
    ),
    "LedgerBalances": {
        **_object(
            "The books' closing balances. 账面日终余额。",
            balances={
                "type": "array",
                "minItems": 1,
                "maxItems": 10_000,
                "items": {
                    **_object(
                        "One balance. 一日余额。",
                        optional=("currency",),
                        account={"type": "string", "minLength": 1},
                        date={"type": "string", "format": "date"},
                        balance={"type": "string", "minLength": 1},
                        currency=_TEXT,
                    ),
                    **_STRICT,
                },
            },
        ),
        **_STRICT,
    },
    "LedgerBalancesTaken": _object(
        "What is kept now. 现存余额。",
        balances=_list(
            _object(
                "One balance. 一日余额。",
                account=_TEXT,
                date={"type": "string", "format": "date"},
                balance=_MONEY,
            )
        ),
    ),
    "LedgerBalanceList": _object(
        "The books' balances. 账面余额。",
        account=_TEXT,
        currency=_TEXT,
        balances=_list({"type": "object", "required": ["date", "balance", "actor", "at"]}),
    ),
    "Reconciliation": _object("How an account stands. 账户对账进度。", (), **_STAND),
    "Reconciliations": _object(
        "How accounts stand. 各账户对账进度。", reconciliations=_list(_ref("Reconciliation"))
    ),
    "ReconciliationWish": {
        **_object(
            "Which account, up to which day (today unless told). 账户与截止日。",
            optional=("up_to",),
            account={"type": "string", "minLength": 1, "maxLength": 40},
            up_to={"type": "string", "format": "date"},
        ),
        **_STRICT,
    },
    "ReconciliationRun": _object(
        "What a run did; passed: claimed by somebody meanwhile. 对账结果。",
        id=_TEXT,
        account=_TEXT,
        up_to={"type": "string", "format": "date"},
        matched=_COUNT,
        passed=_COUNT,
        suggested=_COUNT,
        rules_version={**_COUNT, "description": "0: the standard rules. 0 为标准规则。"},
    ),
    "ReconciliationRuleProposal": {
        **_object(
            "A whole rule set; what it does not name keeps its standard value. 完整的规则。",
            optional=("comment",),
            rules=_RULE_SET,
            comment={"type": "string", "maxLength": 1000},
        ),
        **_STRICT,
    },
    "ReconciliationRuleVersion": _object(
        "A version of the rules; the members after links only when one is asked for. "
        "对账规则的一个版本；links 之后的成员仅在查询单个版本时给出。",
        optional=("in_force", "changes", "rules"),
        version={"type": "integer", "minimum": 1},
        state={"enum": [it.value for it in RuleState]},
        digest=_SHA256,
        comment=_TEXT,
        proposed_by=_TEXT,
        proposed_at=_WHEN,
        confirmed_by=_MAYBE,
        in_force_at={"type": ["string", "null"], "format": "date-time"},
        reason=_MAYBE,
        ended_by=_MAYBE,
        ended_at={"type": ["string", "null"], "format": "date-time"},
        ended_reason=_MAYBE,
        links=_LINKS,
        in_force={**_COUNT, "description": "The version that holds now. 现行版本号。"},
        changes=_list(_object("A value that differs. 一处差异。", name=_TEXT, before={}, after={})),
        rules=_RULE_SET,
    ),
    "ReconciliationRules": _object(
        "The rules in force, 0 for the standard, null where a stored version was changed past the "
        "gateway; and all versions. 现行规则（0 为标准，null 为不可用）与全部版本。",
        in_force={"type": ["integer", "null"], "minimum": 0},
        digest=_MAYBE,
        rules={"type": ["object", "null"]},
        versions=_list(_ref("ReconciliationRuleVersion")),
    ),
    "ReconciliationTrialWish": {
        **_object(
            "Rules or the number of a version, and a period. 规则或版本号，及期间。",
            optional=("rules", "version"),
            rules=_RULE_SET,
            version={"type": "integer", "minimum": 1},
            from_={"type": "string", "format": "date"},
            to={"type": "string", "format": "date"},
        ),
        **_STRICT,
    },
    "ReconciliationTrial": _object(
        "What would be matched otherwise. 会有哪些不同。",
        account=_TEXT,
        currency=_TEXT,
        against={**_COUNT, "description": "The version in force. 现行版本号。"},
        entries=_COUNT,
        items=_COUNT,
        same=_COUNT,
        newly=_TRIED,
        no_longer=_TRIED,
        other_partner=_TRIED,
    ),
    "ReconciliationMemories": _object(
        "What people's matches taught. 由人员匹配记住的内容。",
        account=_TEXT,
        memories=_list(
            _object(
                "One memory. 一条记忆。",
                id=_TEXT,
                bank_side=_REMEMBERED,
                book_side=_REMEMBERED,
                match=_TEXT,
                confirmed_by=_TEXT,
                confirmed_on={"type": "string", "format": "date"},
                times={"type": "integer", "minimum": 1},
                contradicted_by=_list(_TEXT),
            )
        ),
    ),
    "ReconciliationMemoryForgotten": _object(
        "What was forgotten. 已忘记。", account=_TEXT, forgotten=_TEXT
    ),
    "OpenItems": _object(
        "A page of open items. 未达账的一页。",
        account=_TEXT,
        currency=_TEXT,
        side=_SIDE,
        open=_list({"type": "object", "required": ["ref", "day", "amount", "left", "reason"]}),
        next={"type": ["integer", "null"], "minimum": 1},
    ),
    "MatchSuggestions": _object(
        "Suggestions of the last run. 最近一次对账的建议。",
        account=_TEXT,
        suggestions=_list(
            _object(
                "One suggestion. 一条建议。",
                id=_TEXT,
                rule=_TEXT,
                reasons=_list(_TEXT),
                entries=_list(_TEXT),
                items=_list(_TEXT),
            )
        ),
    ),
    "Matches": _object(
        "A page of matches. 匹配的一页。",
        account=_TEXT,
        currency=_TEXT,
        matches=_list({"type": "object", "required": ["id", "kind", "rule", "state", "parts"]}),
        next={"type": ["integer", "null"], "minimum": 1},
    ),
    "OpenItemDecision": {
        **_object(
            "What a person decides. 人工处理。",
            optional=(
                *("entries", "items", "suggestion", "match", "reason", "side", "ref", "owner"),
                "comment",
            ),
            action={"enum": ["match", "accept", "unmatch", "write_off", "note"]},
            entries=_PARTS,
            items=_PARTS,
            suggestion={"type": "string", "maxLength": 40},
            match={"type": "string", "maxLength": 40},
            reason={"type": "string", "maxLength": 1000},
            side=_SIDE,
            ref={"type": "string", "maxLength": 160},
            owner={"type": "string", "maxLength": 128},
            comment={"type": "string", "maxLength": 1000},
        ),
        **_STRICT,
    },
    "OpenItemDecided": _object(
        "What was decided; id of the match, or the item noted. 处理结果。",
        account=_TEXT,
        action=_TEXT,
        id=_TEXT,
    ),
    "BalanceSheetWish": {
        **_object(
            "The day, such as the end of a month. 日期，如月末。",
            optional=("comment",),
            day={"type": "string", "format": "date"},
            comment={"type": "string", "maxLength": 1000},
        ),
        **_STRICT,
    },
    "BalanceSheetReview": {
        **_object(
            "The digest of what was read. 所复核内容的摘要。",
            optional=("reason",),
            digest={"type": "string", "minLength": 1, "maxLength": 64},
            reason={"type": "string", "maxLength": 1000},
        ),
        **_STRICT,
    },
    "BalanceSheet": _object("A sheet. 余额调节表。", (), **_SHEET_HEAD, sheet=_SHEET),
    "BalanceSheets": _object(
        "The stored sheets. 已存的余额调节表。",
        account=_TEXT,
        sheets=_list(
            _object("One sheet. 一份。", (), **_SHEET_HEAD, result={"enum": [*SheetState]})
        ),
    ),
}

_CONFIRMATION: Final[dict[str, Schema]] = {
    "id": _TEXT,
    "account": _TEXT,
    "month": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
    "state": {"enum": [it.value for it in ConfirmState]},
    "needs_person": _FLAG,
    "balance": _MONEY,
    "currency": _TEXT,
    "digest": _SHA256,
    "content": {"type": "object"},
    "prepared_by": _TEXT,
    "prepared_at": _WHEN,
    "comment": _MAYBE,
    "signed_by": _MAYBE,
    "signed_at": {"type": ["string", "null"], "format": "date-time"},
    "withdrawn_by": _MAYBE,
    "reason": _MAYBE,
    "serial": _MAYBE,
    "first_sent_at": {"type": ["string", "null"], "format": "date-time"},
    "asked_again_at": {"type": ["string", "null"], "format": "date-time"},
    "bank_code": _MAYBE,
    "bank_text": _MAYBE,
    "bank_balance": _MAYBE_MONEY,
    "difference": _MAYBE_MONEY,
    "changed_at": _WHEN,
    "links": _LINKS,
}
_CONFIRMATIONS: Final[dict[str, Schema]] = {
    "BankNotice": {
        "type": "string",
        "description": "The notice in the bank's own language. 银行原文。",
    },
    "NoticeTaken": _object(
        "Whether it is new; false when it came before. 是否首次收到。", taken=_FLAG
    ),
    "ConfirmationWish": {
        **_object(
            "Which month of which account. 账户与月份。",
            optional=("comment",),
            account={"type": "string", "maxLength": 40},
            month={"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}$"},
            comment={"type": "string", "maxLength": 1000},
        ),
        **_STRICT,
    },
    "ConfirmationSignature": {
        **_object(
            "What is signed: the digest that was prepared. 所签署内容的摘要。",
            optional=("reason",),
            digest=_SHA256,
            reason={"type": "string", "maxLength": 1000},
        ),
        **_STRICT,
    },
    "ConfirmationWithdrawal": {
        **_object("Why. 撤回原因。", reason={"type": "string", "maxLength": 1000}),
        **_STRICT,
    },
    "Confirmation": _object("A monthly confirmation. 对账回签。", (), **_CONFIRMATION),
    "Confirmations": _object(
        "Those of an account. 账户的对账回签。",
        account=_TEXT,
        confirmations=_list(_ref("Confirmation")),
    ),
}

ANSWERS: Final[dict[str, Schema]] = {
    **_RECONCILIATION,
    **_CONFIRMATIONS,
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
    "Receipt": _object(
        "What the bank's receipt says of one payment; '' where it says nothing. "
        "银行回单所载的一笔付款；银行未提供的为空。",
        receipt_number=_TEXT,
        bank_reference=_TEXT,
        asked_at={"type": "string", "format": "date-time"},
        debtor_name=_TEXT,
        debtor_account=_TEXT,
        debtor_bank=_TEXT,
        creditor_name=_TEXT,
        creditor_account=_TEXT,
        creditor_bank=_TEXT,
        amount=_TEXT,
        currency=_TEXT,
        state={"enum": [*Verdict]},
        maker=_TEXT,
        checkers=_list(_TEXT),
        purpose=_TEXT,
        erp_reference=_TEXT,
        booked_on={"type": ["string", "null"], "format": "date"},
        bank_file=_MAYBE,
    ),
    "AccountReceipts": _object(
        "A day's receipt files beside its booked lines. complete is null while nothing can be said."
        " 某日回单文件与已记账明细；complete 为 null 表示尚无结论。",
        account=_TEXT,
        day=_DAY,
        wanted=_FLAG,
        day_state=_MAYBE,
        state={"enum": [None, *OrderState]},
        reference=_MAYBE,
        orders=_COUNT,
        ordered_at=_MAYBE,
        next_at=_MAYBE,
        expires_on=_MAYBE,
        verdict={"enum": [*Completeness]},
        complete={"type": ["boolean", "null"]},
        entries=_COUNT,
        receipts=_COUNT,
        without_key=_COUNT,
        missing=_list(_TEXT),
        surplus=_list(_TEXT),
        hidden=_COUNT,
        files=_list(
            _object(
                "One receipt; entry is the key of its line. 一份回单。",
                id=_TEXT,
                entry=_MAYBE,
                name=_TEXT,
                digest=_SHA256,
                size=_COUNT,
                at={"type": "string", "format": "date-time"},
            )
        ),
        findings=_list(
            _object("What is wrong. 问题。", code=_TEXT, name=_MAYBE, zh=_TEXT, en=_TEXT)
        ),
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
    "StatementImport": _object(
        "What came of a statement file. 对账单文件的导入结果。",
        id=_TEXT,
        state={
            "type": "string",
            "enum": ["imported", "quarantined", "refused", "withdrawn"],
            "description": "quarantined: it contradicts itself; none is kept. 自相矛盾，整份隔离",
        },
        format=_TEXT,
        name=_MAYBE,
        digest=_SHA256,
        actor=_TEXT,
        statements=_COUNT,
        entries=_COUNT,
        added={**_COUNT, "description": "Lines that were new. 新增明细。"},
        changed={**_COUNT, "description": "Pending lines booked in place. 由待记账转为已记账。"},
        repeated=_FLAG,
        at=_TEXT,
        withdrawn_by=_MAYBE,
        withdrawn_at=_MAYBE,
        withdrawn_reason=_MAYBE,
        withdrawn_lines={**_COUNT, "description": "Lines that count no more. 不再计入的明细。"},
        withdrawn_matches={**_COUNT, "description": "Matches that were opened. 取消的匹配。"},
        findings=_list(
            _object(
                "Something about the file: where, and in both languages. 发现的问题。",
                code=_TEXT,
                gravity={"type": "string", "enum": ["note", "warning", "contradiction"]},
                line={"type": ["integer", "null"], "minimum": 1},
                path=_MAYBE,
                zh=_TEXT,
                en=_TEXT,
            )
        ),
    ),
    "StatementWithdrawal": {
        **_object(
            "Why an import is withdrawn. 撤回原因。",
            reason={"type": "string", "minLength": 1, "maxLength": 500},
        ),
        **_STRICT,
    },
    "StatementImports": _object(
        "The latest imports. 最近的导入。", imports=_list(_ref("StatementImport"))
    ),
    "AccountDays": _object(
        "Kept days and their proof. 逐日完整性。",
        account=_TEXT,
        currency=_TEXT,
        from_=_DAY,
        to=_DAY,
        complete=_FLAG,
        in_doubt=_list(_DAY),
        days=_list(
            _object(
                "One day. 一天。",
                day=_DAY,
                state={
                    "type": "string",
                    "enum": ["open", "proven", "quiet", "unproven", "missing", "broken"],
                },
                why=_MAYBE,
                source=_MAYBE,
                entries=_COUNT,
                credits=_MAYBE,
                debits=_MAYBE,
                opening=_MAYBE,
                closing=_MAYBE,
            )
        ),
    ),
    "DaysFetched": _object(
        "What fetching brought. 拉取结果。",
        account=_TEXT,
        from_=_DAY,
        to=_DAY,
        added=_COUNT,
        changed=_COUNT,
        in_doubt=_list(_DAY),
    ),
    "AccountEntries": _object(
        "A page of kept entries. 已入库明细的一页。",
        account=_TEXT,
        currency=_TEXT,
        from_=_DAY,
        to=_DAY,
        entries=_list({"type": "object", "required": ["key", "day", "amount", "status"]}),
        hidden={
            **_COUNT,
            "description": "Lines that your rights do not show. 按权限未显示的条数。",
        },
        next={"type": ["integer", "null"], "minimum": 1},
    ),
    "BatchReport": _object(
        "Where each line of a JSON batch stands. JSON 批次逐条现状。",
        id=_TEXT,
        batch_reference=_TEXT,
        lines=_list({"type": "object", "required": ["line", "erp_reference", "state", "final"]}),
    ),
    "InstructionView": _object(
        "Where an instruction stands. 指令现状。",
        optional=("history", "version", "route", "holds", "budget_item", "merged"),
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
        merged=_list(
            _object(
                "A source document of a merged payment. 合并支付的一张来源单据。",
                erp_reference=_TEXT,
                amount=_MONEY,
            )
        ),
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

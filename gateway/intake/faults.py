"""The fault texts of intake: one table, two languages, each saying what to do.

Codes are promised to ERPs: they are never renamed. No text repeats a value of the request;
an account number appears at most masked.
"""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import Final

from gateway.domain.errors import Fault
from gateway.ports.erp import Draft

FIELD_NAMES: Final = MappingProxyType(
    {
        "erp_reference": ("业务参考号", "ERP reference"),
        "company": ("公司", "company"),
        "debtor_account": ("付款账号", "debtor account"),
        "debtor_name": ("付款人名称", "debtor name"),
        "creditor_name": ("收款人名称", "creditor name"),
        "creditor_account": ("收款账号", "creditor account"),
        "creditor_agent_name": ("收款开户行名称", "creditor's bank name"),
        "creditor_agent_cnaps": ("收款行联行号", "creditor's bank number (CNAPS)"),
        "creditor_agent_bic": ("收款行 BIC", "creditor's bank BIC"),
        "creditor_city": ("收款行所在城市", "city of the creditor's bank"),
        "amount": ("金额", "amount"),
        "currency": ("币种", "currency"),
        "purpose": ("用途", "purpose"),
        "memo": ("附言", "memo"),
        "business_type": ("业务类型", "business type"),
        "payroll_purpose": ("代发用途", "payroll purpose"),
        "urgency": ("加急标志", "urgency"),
        "execution_date": ("期望付款日期", "execution date"),
        "end_to_end_id": ("端到端标识", "end-to-end id"),
        "reconciliation_code": ("对账标识码", "reconciliation code"),
        "budget_item": ("预算项目", "budget item"),
        "merged": ("合并来源单据", "merged source documents"),
        "batch_reference": ("批次号", "batch reference"),
        "instructions": ("付款指令列表", "list of instructions"),
    }
)
"""Our field names, as a person calls them (zh, en)."""

TEXTS: Final = MappingProxyType(
    {
        "required": ("{zh}必填，请补充", "the {en} is required; fill it in"),
        "too_long": (
            "{zh}最长 {detail} 个字符，请缩短（系统不会截断）",
            "the {en} may have at most {detail} characters; shorten it, nothing is cut for you",
        ),
        "forbidden_character": (
            "{zh}含不允许的字符（控制符、换行、< > &、不可见字符等），请删除",
            (
                "the {en} holds a character that is not allowed (control, line break, < > &,"
                " invisible, private use); remove it"
            ),
        ),
        "surrounding_space": (
            "{zh}首尾不能有空格，请删除",
            "the {en} must not begin or end with a space; remove it",
        ),
        "account_format": (
            "{zh}只能包含数字、字母和连字符，1 至 32 位",
            "the {en} must be 1 to 32 digits, letters or hyphens",
        ),
        "account_unknown": (
            "付款账号 {detail} 未在本租户登记，请核对或联系管理员登记",
            "the debtor account {detail} is not registered here; check it or have it registered",
        ),
        "same_account": (
            "收款账号与付款账号相同，请更正",
            "creditor and debtor account are the same; correct one of them",
        ),
        "debtor_name_mismatch": (
            "付款人名称与该付款账号登记的户名不一致，请更正或不填此项",
            (
                "the debtor name is not the registered holder of that account; correct it or leave"
                " it out"
            ),
        ),
        "company_mismatch": (
            "该付款账号不属于所填公司，请更正或不填此项",
            "the debtor account does not belong to that company; correct it or leave it out",
        ),
        "cnaps_format": (
            "{zh}须为 12 位数字",
            "the {en} must be exactly 12 digits",
        ),
        "bic_format": (
            "{zh}须为 8 或 11 位大写字母和数字",
            "the {en} must be 8 or 11 upper-case letters and digits",
        ),
        "amount_format": (
            (
                '金额格式错误：请用半角数字和小数点，如 "1200.50"，整数部分最多 15 位，'
                "不带千分位、空格或指数"
            ),
            (
                'the amount must be plain digits such as "1200.50": at most 15 before the point, no'
                " separators, spaces or exponent"
            ),
        ),
        "amount_decimals": (
            "金额小数位超过该币种的 {detail} 位，请更正（系统不会四舍五入）",
            (
                "the amount has more than the currency's {detail} decimals; correct it, nothing is"
                " rounded for you"
            ),
        ),
        "amount_sign": (
            "金额不能为负数，请填写正数",
            "the amount must not carry a minus sign; send a positive amount",
        ),
        "amount_zero": ("金额必须大于零", "the amount must be greater than zero"),
        "currency_rmb": (
            "币种请使用 ISO 代码 CNY，不接受 RMB",
            "use the ISO code CNY for the currency, not RMB",
        ),
        "currency_unknown": (
            "币种须为三位大写 ISO 4217 代码，如 CNY",
            "the currency must be a three-letter ISO 4217 code such as CNY",
        ),
        "currency_mismatch": (
            "币种与付款账户的币种 {detail} 不一致，请更正或更换付款账户",
            (
                "the debtor account is kept in {detail}; correct the currency or choose another"
                " account"
            ),
        ),
        "business_type_unknown": (
            "业务类型须为 payment、internal 或 payroll",
            "the business type must be payment, internal or payroll",
        ),
        "not_offered": (
            "该付款账户所连接的银行接口不提供此业务（{detail}），请改用其他方式",
            "the debtor account's bank connection does not offer this ({detail}); use another way",
        ),
        "payroll_purpose_unknown": (
            "代发用途须为 salary、bonus、welfare、expense 或 other",
            "the payroll purpose must be salary, bonus, welfare, expense or other",
        ),
        "payroll_only": (
            "代发用途只用于业务类型 payroll，请删除或更改业务类型",
            "the payroll purpose is only for business type payroll; remove it or change the type",
        ),
        "urgency_unknown": (
            "加急标志须为 normal 或 urgent",
            "the urgency must be normal or urgent",
        ),
        "date_format": (
            "日期须为真实存在的日期，格式 YYYY-MM-DD",
            "the date must be a real day written YYYY-MM-DD",
        ),
        "date_past": (
            "期望付款日期早于今天，请改为今天或以后，或不填",
            "the execution date has passed; use today or later, or leave it out",
        ),
        "date_far": (
            "期望付款日期超过一年，请改为一年以内",
            "the execution date is more than a year away; use a nearer day",
        ),
        "bank_contradiction": (
            "收款行的联行号、BIC 与行名互相矛盾（分别指向本行和他行），请核对后更正",
            (
                "number, BIC and name of the creditor's bank contradict each other (own bank"
                " against another bank); check and correct them"
            ),
        ),
        "cnaps_unknown": (
            "行名行号表中没有该联行号，请核对；确认无误时请管理员导入新的行名行号表",
            (
                "the directory of bank offices has no such number; check it, and if it is right"
                " have a newer directory imported"
            ),
        ),
        "office_closed": (
            "该联行号的网点已停用，请向收款人核实现在的开户行",
            "the office of this number is closed; ask the payee for the present one",
        ),
        "directory_contradiction": (
            "收款行的联行号与行名在行名行号表中不是同一家银行，请核对后更正",
            (
                "by the directory of bank offices, number and name of the creditor's bank are not"
                " of one bank; check and correct them"
            ),
        ),
        "agent_needed": (
            "无法判断收款行是本行还是他行，请填写收款行联行号或开户行名称",
            (
                "it cannot be told whether the creditor's bank is the paying bank; give its CNAPS"
                " number or its name"
            ),
        ),
        "agent_name_needed": (
            "跨行付款须填写收款开户行名称",
            "a payment to another bank needs the name of the creditor's bank",
        ),
        "local_unknown": (
            "无法判断是否同城，请填写收款行所在城市（或由管理员设置默认值）",
            (
                "it cannot be told whether both banks are in the same city; give the city of the"
                " creditor's bank, or have a default configured"
            ),
        ),
        "number_not_text": (
            '须为 JSON 字符串而不是数字，请加引号，如 "1200.50"，以免精度损失',
            (
                'must be a JSON string, not a number; put it in quotes such as "1200.50", so that'
                " no digit is lost"
            ),
        ),
        "not_text": ("须为 JSON 字符串", "must be a JSON string"),
        "not_object": ("须为 JSON 对象", "must be a JSON object"),
        "not_array": ("须为 JSON 数组", "must be a JSON array"),
        "unknown_field": (
            "不认识的字段，请删除或按接口文档更正字段名",
            "unknown field; remove it, or correct its name after the API documentation",
        ),
        "more_unknown_fields": (
            "还有 {detail} 个不认识的字段未列出",
            "{detail} more unknown fields are not listed",
        ),
        "duplicate_field": (
            "同一字段出现多次，只能保留一个",
            "the field stands more than once; keep exactly one",
        ),
        "json_malformed": (
            "请求正文不是合法的 JSON：第 {detail} 处有误（行:列），请更正",
            "the body is not valid JSON at {detail} (line:column); correct it",
        ),
        "json_encoding": (
            "请求正文不是合法的 UTF-8：第 {detail} 处有误（行:字节列），请用 UTF-8 编码",
            "the body is not valid UTF-8 at {detail} (line:byte column); encode it as UTF-8",
        ),
        "json_depth": (
            "请求正文嵌套过深，请按接口文档更正结构",
            "the body is nested too deeply; correct its structure after the API documentation",
        ),
        "merged_total": (
            "合并来源单据的金额之和与付款金额不符（{detail}），请核对后更正",
            (
                "the amounts of the merged source documents do not add up to the payment's"
                " ({detail}); check and correct them"
            ),
        ),
        "merged_too_many": (
            "一笔合并付款最多含 {detail} 张来源单据，请拆分",
            "a merged payment holds at most {detail} source documents; split it",
        ),
        "merged_repeated": (
            "同一来源单据在本笔合并付款中出现多次，请合为一行或更正",
            "this source document stands more than once in the payment; join or correct it",
        ),
        "merged_taken": (
            "来源单据已在付款 {detail} 中支付或办理中，不能重复付款；请核对",
            "a source document is being paid, or was paid, by {detail}; do not pay it again",
        ),
        "batch_empty": (
            "批次中没有付款指令，请至少提供一条",
            "the batch holds no instruction; send at least one",
        ),
        "batch_too_long": (
            "每批最多 {detail} 条，请拆分为多个批次",
            "a batch may hold at most {detail} instructions; split it",
        ),
        "on_refused_unknown": (
            "on_refused 须为 lines 或 all",
            "on_refused must be lines or all",
        ),
    }
)
"""Code → (zh, en). ``{zh}``/``{en}`` is the field's name, ``{detail}`` a limit or masked number."""


def fault(
    code: str, path: str, *, field: str = "", detail: str = "", line: int | None = None
) -> Fault:
    """Build the fault ``code`` at ``path``; ``field`` gives it a name people know."""
    zh, en = TEXTS[code]
    name_zh, name_en = FIELD_NAMES.get(field, (field, field))
    return Fault(
        path=path,
        code=code,
        zh=zh.format(zh=name_zh, detail=detail),
        en=en.format(en=name_en, detail=detail),
        line=line,
    )


class Faults:
    """Collects the faults of one draft; a field that has one gets no second."""

    __slots__ = ("_draft", "_fields", "_paths", "found")

    def __init__(self, draft: Draft, earlier: Iterable[Fault] = ()) -> None:
        self.found = list(earlier)
        self._draft = draft
        self._fields: set[str] = set()
        self._paths = {one.path for one in self.found}

    def path(self, field: str) -> str:
        """Where the sender wrote ``field``."""
        return self._draft.at.get(field) or f"/{field}"

    def on(self, *fields: str) -> bool:
        """Whether any of ``fields`` is already at fault."""
        return bool(self.found) and (
            not self._fields.isdisjoint(fields)
            or any(self.path(field) in self._paths for field in fields)
        )

    def add(self, field: str, code: str, detail: str = "") -> None:
        """Note a fault of ``field``, unless it already has one."""
        if not self.on(field):
            self._note(
                field,
                fault(code, self.path(field), field=field, detail=detail, line=self._draft.line),
            )

    def add_text(self, field: str, code: str, zh: str, en: str) -> None:
        """Note a fault whose words come from elsewhere (the bank's dialect)."""
        if not self.on(field):
            self._note(
                field, Fault(path=self.path(field), code=code, zh=zh, en=en, line=self._draft.line)
            )

    def _note(self, field: str, one: Fault) -> None:
        self._fields.add(field)
        self.found.append(one)

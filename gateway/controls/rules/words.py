"""The words people read for rights, holds and places, English and Chinese. Pure table."""

from __future__ import annotations

from typing import Final

from gateway.controls.rules.document import ANY, LIFT, Business, HoldRule, LimitOf, Right, Span
from gateway.controls.rules.facts import Place
from gateway.domain.party import masked

RIGHTS: Final = {
    Right.VIEW: ("view", "查看"),
    Right.MAKE: ("make", "经办"),
    Right.CANCEL: ("cancel", "撤销"),
    Right.ENQUIRE: ("enquire", "查证"),
    Right.APPROVE: ("approve", "复核"),
    Right.RELEASE: ("release", "授权"),
    Right.REJECT: ("reject", "否决"),
    Right.RESOLVE: ("resolve", "人工确认结果"),
    Right.STOP: ("stop", "紧急停付"),
    Right.RESUME: ("lift a stop", "解除停付"),
    Right.PAYEES: ("change payees", "维护收款人"),
    Right.RECONCILE: ("reconcile", "对账"),
    Right.CONTROLS: ("change the controls", "变更控制文件"),
    Right.IDENTITIES: ("manage log-ins", "管理登录身份"),
    Right.AUDIT: ("read the audit trail", "查阅审计记录"),
}
HOLDS: Final = {
    HoldRule.DUPLICATE: ("possible duplicate", "疑似重复付款"),
    HoldRule.FIRST_PAYMENT: ("first payment to this payee", "首次向该收款人付款"),
    HoldRule.PAYEE_CHANGED: ("payee changed lately", "收款人资料近期变更"),
    HoldRule.PAYEE_SHARED: ("payee account of several vendors", "收款账户由多个供应商共用"),
    HoldRule.ERP_ALTERED: ("altered in the ERP after approval", "ERP 单据审批后被修改"),
    HoldRule.NETBANK_PAID: ("perhaps paid in netbank already", "网银可能已付"),
    HoldRule.LISTED: ("on a list of names", "命中名单"),
    HoldRule.LIMIT: ("above a limit", "超限额"),
    HoldRule.QUOTA: ("above the plan", "超资金计划"),
    HoldRule.CUTOFF: ("past a cut-off", "超过截止时间"),
}
BUSINESSES: Final = {
    Business.PAYMENT: ("payment", "支付"),
    Business.PAYROLL: ("payroll", "代发"),
    Business.INTERNAL: ("internal transfer", "内部转账"),
    Business.COLLECTION: ("collection", "收款"),
    Business.QUERY: ("query", "查询"),
}
LIMITS_OF: Final = {
    LimitOf.OPERATOR: ("maker", "经办人"),
    LimitOf.ACCOUNT: ("account", "账户"),
    LimitOf.COMPANY: ("company", "公司"),
    LimitOf.TENANT: ("group", "集团"),
    LimitOf.ERP: ("ERP", "ERP"),
}
SPANS: Final = {
    Span.INSTRUCTION: ("single payment", "单笔"),
    Span.DAY: ("day", "日"),
    Span.MONTH: ("month", "月"),
}


def right_words(right: str) -> tuple[str, str]:
    """A right in English and Chinese; lifting names its rule."""
    if right.startswith(LIFT):
        rule = right.removeprefix(LIFT)
        if rule == ANY:
            return "lift any hold", "解除任何挂起"
        en, zh = HOLDS[HoldRule(rule)]
        return f"lift the hold '{en}'", f"解除“{zh}”挂起"
    return RIGHTS[Right(right)]


def business_words(business: str) -> tuple[str, str]:
    """A business type in English and Chinese."""
    return BUSINESSES[Business(business)] if business != ANY else ("any business", "任何业务")


def place_words(place: Place) -> tuple[str, str]:
    """A place in English and Chinese; of the account number only what may be seen."""
    business_en, business_zh = business_words(place.business)
    parts_en, parts_zh = [business_en], [business_zh]
    if place.company == ANY:
        parts_en, parts_zh = ["all companies", *parts_en], ["全部公司", *parts_zh]
    else:
        parts_en = [f"company {place.company}", *parts_en]
        parts_zh = [f"公司 {place.company}", *parts_zh]
    if place.account != ANY:
        parts_en.append(f"account {masked(place.account)}")
        parts_zh.append(f"账户 {masked(place.account)}")
    return ", ".join(parts_en), "、".join(parts_zh)

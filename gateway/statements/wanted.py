"""A question as texts becomes what is really wanted, or every fault of it at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from gateway.domain.day import day_of
from gateway.domain.errors import Fault, NotFound, Refused
from gateway.ports.erp_answers import Asker
from gateway.ports.erp_questions import Question, QuestionKind
from gateway.ports.tenancy import OwnAccount, Tenant

DAYS_MAX: Final = 366
"""Most days of one question; a bank may allow fewer and says so itself."""
_ONE_DAY: Final = timedelta(days=1)
_OF_PAYMENT: Final = frozenset({QuestionKind.STATUS, QuestionKind.RECEIPT})
_REFERENCE_MAX: Final = 255
ID_MAX: Final = 64
"""Most characters of the asker's own number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked. ``account`` None and ``erp_reference`` filled where it is of a payment."""

    kind: QuestionKind
    account: OwnAccount | None
    start: date
    end: date
    erp_reference: str

    def own(self) -> OwnAccount:
        """The account of a question that has one."""
        assert self.account is not None
        return self.account


def wanted(question: Question, asker: Asker, tenant: Tenant, today: date) -> Wanted:
    """Read a question. Raises Refused with every fault, or NotFound for no account of ours."""
    found: list[Fault] = []
    kind = _kind(question, found)
    last = today - _ONE_DAY if kind is QuestionKind.HISTORY else today
    end = _day(question, "end", last, found)
    start = _day(question, "start", end or last, found)
    if start is not None and end is not None:
        found.extend(_period(question, start, end, last))
    asks_payment = kind in _OF_PAYMENT
    for name, needed in (("erp_reference", asks_payment), ("account", not asks_payment)):
        text = getattr(question, name)
        if kind is not None and needed and not text.strip():
            found.append(_required(question, name))
        elif len(text) > _REFERENCE_MAX:
            found.append(_too_long(question, name, _REFERENCE_MAX))
    if len(question.id) > ID_MAX:
        found.append(_too_long(question, "id", ID_MAX))
    if found or kind is None or start is None or end is None:
        raise Refused("the query was refused", "查询有误，未受理", found)
    account = None if asks_payment else tenant.accounts.get(asker.account(question.account))
    if not asks_payment and account is None:
        raise NotFound("no such account", "没有该账户")
    return Wanted(
        kind=kind, account=account, start=start, end=end, erp_reference=question.erp_reference
    )


def _kind(question: Question, found: list[Fault]) -> QuestionKind | None:
    try:
        return QuestionKind(question.kind)
    except ValueError:
        listed = ", ".join(QuestionKind)
        found.append(
            _fault(
                question,
                "kind",
                "kind_unknown",
                f"查询种类须为 {listed} 之一",
                f"the kind must be one of {listed}",
            )
        )
    return None


def _day(question: Question, name: str, default: date, found: list[Fault]) -> date | None:
    text = getattr(question, name)
    if not text:
        return default
    day = day_of(text)
    if day is None:
        found.append(
            _fault(
                question,
                name,
                "date_format",
                "须为真实存在的日期，格式 YYYY-MM-DD",
                "must be a real day written YYYY-MM-DD",
            )
        )
    return day


def _period(question: Question, start: date, end: date, last: date) -> Sequence[Fault]:
    if end > last:
        return [
            _fault(
                question,
                "end",
                "date_future",
                f"日期不能晚于 {last}",
                f"the day must not be later than {last}",
            )
        ]
    if start > end:
        return [
            _fault(
                question,
                "start",
                "period_reversed",
                "开始日期晚于结束日期",
                "the first day is later than the last",
            )
        ]
    if (end - start).days >= DAYS_MAX:
        return [
            _fault(
                question,
                "start",
                "period_too_long",
                f"查询区间最长 {DAYS_MAX} 天，请分段查询",
                f"at most {DAYS_MAX} days at once; ask in parts",
            )
        ]
    return []


def _required(question: Question, name: str) -> Fault:
    zh, en = {"account": ("账号", "account"), "erp_reference": ("业务参考号", "ERP reference")}[
        name
    ]
    return _fault(
        question, name, "required", f"{zh}必填，请补充", f"the {en} is required; fill it in"
    )


def _too_long(question: Question, name: str, most: int) -> Fault:
    zh, en = f"最长 {most} 个字符，请缩短", f"at most {most} characters; shorten it"
    return _fault(question, name, "too_long", zh, en)


def _fault(question: Question, name: str, code: str, zh: str, en: str) -> Fault:
    return Fault(path=question.at.get(name, name), code=code, zh=zh, en=en)

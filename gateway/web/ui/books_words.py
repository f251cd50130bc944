"""Words for what the pages of the reconciliation show. Pure tables, Chinese first."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from gateway.domain.balance_sheet import OpenClass, SheetState, Side
from gateway.domain.day_proof import DayState
from gateway.reconciliation.match_rows import ACCEPTED, AUTO, HELD, MANUAL, UNDONE
from gateway.reconciliation.sheet_rows import PREPARED, REVIEWED
from gateway.reconciliation.sheets import DRAFT
from gateway.reconciliation.things import WRITE_OFF
from gateway.statements.line_rows import IMPORTED, QUARANTINED, REFUSED, STAGED, WITHDRAWN

Words = tuple[str, str]
BEFORE: Final = "before"
"""Of a day before the first that is kept of an account: no state of a day, shown only."""

SIDES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        Side.BANK.value: ("银行侧", "the bank's side"),
        Side.BOOK.value: ("账面侧", "the books' side"),
    }
)
DAYS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        DayState.PROVEN.value: ("已证实", "proven"),
        DayState.QUIET.value: ("已证实，无发生额", "proven, nothing moved"),
        DayState.UNPROVEN.value: ("存疑：没有余额可以核对", "in doubt: no balance confirms it"),
        DayState.BROKEN.value: ("存疑：与余额不符", "in doubt: the balances deny it"),
        DayState.MISSING.value: ("缺失：未取得该日明细", "missing: nothing was read of it"),
        DayState.OPEN.value: ("当日尚未结束", "not over yet"),
        BEFORE: ("早于首个对账单日，不计", "before the first statement: not counted"),
    }
)
WHY: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "opening": ("期初余额与前一日期末不符", "it does not open as the day before closed"),
        "sum": ("期初加明细不等于期末，明细缺漏、重复或有误", "the entries do not add up"),
        "claims": ("两个来源所报余额不同", "two sources state different balances"),
    }
)
DAY_HELP: Final[Mapping[str, Words]] = MappingProxyType(
    {
        DayState.UNPROVEN.value: (
            "请向银行取回，或导入带期初、期末余额的对账单",
            "fetch it, or import a statement that states balances",
        ),
        DayState.BROKEN.value: (
            "请重新取回该日；仍不符的，导入银行盖章对账单并与银行核对",
            "fetch it again; if it stays, import the bank's own statement and ask the bank",
        ),
        DayState.MISSING.value: (
            "请向银行取回，或导入该日对账单",
            "fetch it from the bank, or import a statement of it",
        ),
    }
)
CLASSES: Final[Mapping[OpenClass, str]] = MappingProxyType(
    {
        OpenClass.BANK_RECEIVED: Side.BANK.value,
        OpenClass.BANK_PAID: Side.BANK.value,
        OpenClass.BOOK_RECEIVED: Side.BOOK.value,
        OpenClass.BOOK_PAID: Side.BOOK.value,
    }
)
"""On which side the items of a class stand."""
SHEETS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "": ("未编制", "not prepared"),
        DRAFT: ("未编制（按当前数据计算）", "not prepared: as it would be now"),
        PREPARED: ("已编制，待复核", "prepared, to be reviewed"),
        REVIEWED: ("已复核，已结账", "reviewed, the period is closed"),
    }
)
RESULTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        SheetState.BALANCED.value: ("相符", "balanced"),
        SheetState.UNPROVEN.value: ("相符，但有未证实的日期", "agrees, days are not proven"),
        SheetState.DIFFERS.value: ("不符", "differs"),
        SheetState.INCOMPLETE.value: ("缺余额", "a balance is missing"),
    }
)
KINDS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        AUTO: ("自动匹配", "automatic"),
        ACCEPTED: ("采纳建议", "a suggestion accepted"),
        MANUAL: ("人工匹配", "by hand"),
        WRITE_OFF: ("核销", "written off"),
    }
)
MATCHES: Final[Mapping[str, Words]] = MappingProxyType(
    {HELD: ("有效", "holds"), UNDONE: ("已取消", "undone")}
)
IMPORTS: Final[Mapping[str, Words]] = MappingProxyType(
    {
        STAGED: ("正在导入", "under way"),
        IMPORTED: ("已入库", "kept"),
        QUARANTINED: ("已隔离，未入库任何明细", "set aside: no line of it is kept"),
        REFUSED: ("未受理", "refused"),
        WITHDRAWN: ("已撤回", "withdrawn"),
    }
)
RULES: Final[Mapping[str, Words]] = MappingProxyType(
    {
        "exact-key": ("参考号唯一且一致", "one reference, all agrees"),
        "key-tolerance": ("参考号一致，差额在容差内", "one reference, within the tolerance"),
        "key-fee": ("参考号一致，差额为手续费", "one reference, less a fee"),
        "key-sum": ("同一参考号合计一致", "all of one reference add up"),
        "batch-parts": ("批次逐笔对应", "every part of a batch"),
        "key-in-text": ("附言写明单据", "the text names the document"),
        "amount-date-party": ("金额、日期、对方一致", "amount, date and party"),
        "twins": ("完全相同且笔数相等", "equal ones, equal in number"),
        "sum-of-items": ("多笔账面合计等于一笔明细", "several items for one entry"),
        "sum-of-entries": ("多笔明细合计等于一笔账面", "several entries for one item"),
        "red-letter": ("红字冲销", "a red letter"),
        "reversal": ("冲正、退票相抵", "a reversal or return"),
        "key-amount-differs": ("参考号一致但金额不同", "one reference, other amount"),
        "remembered": ("与人员此前的匹配一致", "matched so before by a person"),
        MANUAL: ("人工", "by hand"),
        WRITE_OFF: ("核销", "written off"),
    }
)


def words(known: Mapping[str, Words], name: str) -> Words:
    """What a stored word is called; one that is newer than this table stands for itself."""
    return known.get(name, (name, name))

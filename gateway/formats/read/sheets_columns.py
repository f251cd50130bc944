"""Which column of a statement table is which field: a saved mapping, or names that banks use.

Rule kept here: a column is found by its name alone, never by what stands in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple
from unicodedata import normalize

from gateway.domain.errors import WireError
from gateway.formats.read.sheets_foreign import (
    CLOSING_WORDS,
    FOREIGN,
    FOREIGN_TEXTS,
    OPENING_WORDS,
)
from gateway.formats.read.sheets_settled import settled, unit_of, without_unit

NAMES: Final[Mapping[str, tuple[str, ...]]] = {
    "booking_date": (
        *(
            "记账日期",
            "入账日期",
            "记帐日期",
            "账务日期",
            "会计日期",
            "过账日期",
            "交易日期",
            "交易日",
        ),
        *("发生日期", "日期", "交易日期时间", "booking date", "posting date", "posted date"),
        *("bookingdate", "transaction date", "trans date", "entry date", "txn date", "date"),
        *("buchungstag", "buchungsdatum", "boekdatum", "datum", "post date", "date posted"),
    ),
    "value_date": (
        *(
            "起息日",
            "起息日期",
            "value date",
            "valuta",
            "wertstellung",
            "valutadatum",
            "rentedatum",
        ),
    ),
    "time": ("交易时间", "记账时间", "入账时间", "时间", "transaction time", "time", "交易时刻"),
    "amount": (
        *("交易金额", "发生额", "金额", "交易额", "记账金额", "入账金额", "收支金额", "本币金额"),
        *("amount", "transaction amount", "betrag", "bedrag", "umsatz", "montant", "importe"),
    ),
    "debit": (
        *(
            "借方发生额",
            "支出金额",
            "支出",
            "借方金额",
            "付款金额",
            "转出金额",
            "取出金额",
            "支取金额",
        ),
        *("借方", "支出额", "借方交易额", "往账金额", "付方发生额", "发生额借", "借方发生额支取"),
        *("debit", "debit amount", "withdrawal", "withdrawals", "money out", "paid out", "soll"),
        *("debits", "withdrawal amount", "payments", "ausgang", "out"),
    ),
    "credit": (
        *("贷方发生额", "收入金额", "收入", "贷方金额", "收款金额", "转入金额", "存入金额", "贷方"),
        *("收入额", "贷方交易额", "来账金额", "收方发生额", "发生额贷", "贷方发生额收入"),
        *("credit", "credit amount", "deposit", "deposits", "money in", "paid in", "haben"),
        *("credits", "deposit amount", "receipts", "eingang", "in"),
    ),
    "direction": (
        *("借贷", "借贷标志", "借贷方向", "收支", "收支标志", "收付", "收付标志", "借贷标识"),
        *("交易方向", "收支方向", "收支类型", "debit credit", "debit/credit", "credit/debit", "dc"),
        *(
            "dr/cr",
            "cr/dr",
            "d/c",
            "c/d",
            "drcr",
            "crdr",
            "direction",
            "sign",
            "af bij",
            "sollhaben",
        ),
    ),
    "balance": (
        *("余额", "账户余额", "当前余额", "交易后余额", "本次余额", "联机余额", "可用余额"),
        *("balance", "running balance", "closing balance", "saldo", "balance after", "kontostand"),
    ),
    "currency": (
        "币种",
        "货币",
        "交易币种",
        "交易货币",
        "币别",
        "currency",
        "ccy",
        "währung",
        "waehrung",
        "curr",
    ),
    "counterparty_name": (
        *(
            "对方户名",
            "对方名称",
            "对方单位名称",
            "对方单位",
            "对方账户名称",
            "对方账户名",
            "交易对手",
        ),
        *("对手户名", "对方帐户名称", "对方姓名", "收付款人名称", "收/付方名称", "收付方名称"),
        *("交易对方", "交易对手名称", "对方公司名称", "对方账号名称", "对方帐户名"),
        *("counterparty", "counterparty name", "payee", "payer", "name", "beneficiary"),
        *(
            "beneficiary/remitter",
            "naam omschrijving",
            "auftraggeber/empfänger",
            "naam",
            "counter party",
            "partner name",
            "begünstigter/zahlungspflichtiger",
        ),
    ),
    "counterparty_account": (
        *(
            "对方账号",
            "对方帐号",
            "对方账户",
            "对方卡号",
            "对手账号",
            "交易对手账号",
            "收付款人账号",
        ),
        *("收/付方账号", "收付方账号", "对方账户号", "对方帐户", "对方银行账号", "对方账号卡号"),
        *("counterparty account", "account of counterparty", "iban", "payee account"),
        *("counterparty iban", "counter account", "tegenrekening", "beneficiary account"),
    ),
    "counterparty_bank": (
        *(
            "对方开户行",
            "对方行名",
            "对方银行",
            "对方开户行名",
            "对方开户机构",
            "对手开户行",
            "对方行",
        ),
        *("对方开户行名称", "收付方开户行", "对方开户银行", "对方机构网点", "对方银行名称"),
        *("counterparty bank", "bank name", "bank", "counterparty bic", "bic"),
    ),
    "payer_name": ("付款人名称", "付款方户名", "付款人户名", "付款人", "付款方名称", "付款户名"),
    "payer_account": ("付款人账号", "付款方账号", "付款账号", "付款人帐号"),
    "payer_bank": ("付款人开户行名", "付款人开户行", "付款行", "付款方开户行"),
    "payee_name": ("收款人名称", "收款方户名", "收款人户名", "收款人", "收款方名称", "收款户名"),
    "payee_account": ("收款人账号", "收款方账号", "收款账号", "收款人帐号"),
    "payee_bank": ("收款人开户行名", "收款人开户行", "收款行", "收款方开户行"),
    "reference": (
        *(
            "银行流水号",
            "交易流水号",
            "流水号",
            "核心流水号",
            "账户明细编号",
            "明细编号",
            "交易流水",
        ),
        *("柜员流水号", "主机流水号", "账户明细编号交易流水号", "交易序号", "电子流水号", "日志号"),
        *("reference", "bank reference", "transaction id", "transaction reference", "id"),
        *("transaction no", "reference number", "ref", "ref no", "reference no", "trace number"),
    ),
    "entry_reference": (
        *(
            "凭证号",
            "凭证号码",
            "业务参考号",
            "凭证编号",
            "企业流水号",
            "企业业务编号",
            "客户参考号",
        ),
        *("订单号", "业务编号", "check number", "cheque number", "customer reference", "check no"),
        *("cheque no", "chq no"),
    ),
    "end_to_end_id": ("端到端标识", "end to end id", "end to end reference", "endtoendid"),
    "reconciliation_code": ("对账标识码", "对账码"),
    "code": (
        "交易类型",
        "业务类型",
        "交易类别",
        "transaction type",
        "type",
        "交易代码",
        "buchungstext",
    ),
    "account": (
        *("账号", "帐号", "本方账号", "本方帐号", "我方账号", "账户", "账户号", "卡号", "己方账号"),
        *("account", "account number", "account no", "own account", "auftragskonto", "rekening"),
    ),
    "account_name": ("户名", "账户名称", "本方户名", "本方账户名称", "account name", "我方户名"),
    "status": ("状态", "交易状态", "status"),
    "key": ("唯一号",),
}
"""What a column may be called unless a mapping says otherwise; the first that is there counts."""
REMITTANCE: Final = (
    *(
        "摘要",
        "用途",
        "附言",
        "备注",
        "交易摘要",
        "交易附言",
        "留言",
        "交易备注",
        "说明",
        "交易用途",
    ),
    *(
        "交易说明",
        "摘要说明",
        "个性化信息",
        "订单信息",
        "description",
        "details",
        "memo",
        "narrative",
    ),
    *("remittance", "purpose", "remarks", "particulars", "transaction description", "text", "note"),
    *("remittance information", "payment details", "verwendungszweck", "omschrijving", "notes"),
    *("transaction details", "mededelingen", "comment", "message", "label"),
)
"""Columns of texts: all that are there are joined, in the table's order."""
OPENING: Final = (
    *("期初余额", "上期余额", "上页余额", "承前页", "承前", "昨日余额", "上日余额", "年初余额"),
    *("opening balance", "balance brought forward", "brought forward", "previous balance"),
    *OPENING_WORDS,
)
CLOSING: Final = (
    *("期末余额", "本期余额", "过次页", "结存", "closing balance", "ending balance"),
    *("balance carried forward", "carried forward"),
    *CLOSING_WORDS,
)
TOTALS: Final = (
    "合计",
    "总计",
    "本页合计",
    "本月合计",
    "累计",
    "total",
    "totals",
    "小计",
    "subtotal",
)
_FOREIGN: Final = frozenset({"itemid", "erpreference", "creditorname"})
"""Names that only a payment file or a ledger has."""
_OPTION: Final = "column_"
_PLACE: Final = re.compile(r"#([1-9][0-9]{0,2})", re.ASCII)
_MARKS: Final = re.compile(r"[\s:：_\-.,，、/\\*'\"“”()（）\[\]【】<>#]+")
_ACCENTS: Final = re.compile(r"[\u00c0-\u024f]")
_PLAIN_LETTERS: Final = str.maketrans({"ø": "o", "ł": "l", "æ": "ae", "đ": "d", "ı": "i"})
_MONEY: Final = ("amount", "debit", "credit")
_SHOWN: Final = 40


class Columns(NamedTuple):
    """Where each field stands, from 0, and how many cells a row has."""

    places: Mapping[str, int]
    texts: tuple[int, ...]
    width: int
    chinese: bool
    unused: tuple[str, ...]
    unit: str = ""
    """What stands in brackets behind the name of a column of money: its currency, perhaps."""


def plain(name: str) -> str:
    """A name without what people write differently: width, case, blanks, accents, punctuation."""
    bare = normalize("NFKC", name).casefold()
    if _ACCENTS.search(bare):
        letters = normalize("NFD", bare.translate(_PLAIN_LETTERS))
        bare = "".join(it for it in letters if not "\u0300" <= it <= "\u036f")
    return _MARKS.sub("", bare)


def find(header: Sequence[str], options: Mapping[str, str]) -> Columns | None:
    """The columns of a header row; None where it is none of a statement.

    Raises WireError ``surplus`` where a saved mapping's column stands there twice.
    """
    if len(header) < 2:  # noqa: PLR2004 - a date and an amount
        return None
    full = [plain(it) for it in header]
    short = [plain(without_unit(it)) for it in header]
    if _FOREIGN & set(full):
        return None
    places: dict[str, int] = {}
    for field in NAMES:
        own = options.get(f"{_OPTION}{field}", "")
        at = _own(own, full) if own else _known(field, full, short, set(places.values()))
        if at is not None:
            places[field] = at
    if not _enough(places):
        return None
    if not any(it.startswith(_OPTION) for it in options):
        places = settled(places, short)
    texts = _texts(options.get(f"{_OPTION}remittance", ""), full, short, set(places.values()))
    if not texts and "code" in places and short[places["code"]] in _REMITTANCE:
        texts = (places["code"],)
    used = {*places.values(), *texts}
    return Columns(
        places=places,
        texts=texts,
        width=len(header),
        chinese=any("\u4e00" <= mark <= "\u9fff" for name in header for mark in name),
        unused=tuple(
            it.strip()[:_SHOWN] for at, it in enumerate(header) if at not in used and it.strip()
        ),
        unit=unit_of(header[places[it]] for it in _MONEY if it in places),
    )


def fixed(options: Mapping[str, str]) -> Columns | None:
    """The columns of a table without a header, by their positions in the saved mapping."""
    places = {
        field: int(found[1]) - 1
        for field in NAMES
        if (found := _PLACE.fullmatch(options.get(f"{_OPTION}{field}", "")))
    }
    texts = tuple(
        int(found[1]) - 1
        for it in options.get(f"{_OPTION}remittance", "").split(",")
        if (found := _PLACE.fullmatch(it.strip()))
    )
    width = max((*places.values(), *texts), default=-1) + 1
    return Columns(places, texts, width, False, ()) if _enough(places) else None


def _enough(places: Mapping[str, int]) -> bool:
    dated = "booking_date" in places or "value_date" in places or "time" in places
    return dated and any(it in places for it in _MONEY)


def _own(own: str, full: Sequence[str]) -> int | None:
    if (found := _PLACE.fullmatch(own)) is not None:
        at = int(found[1]) - 1
        return at if at < len(full) else None
    wanted = plain(own)
    places = [at for at, name in enumerate(full) if name == wanted]
    if len(places) > 1:
        raise WireError("surplus", f"/{own[:_SHOWN]}")
    return places[0] if places else None


def _known(field: str, full: Sequence[str], short: Sequence[str], taken: set[int]) -> int | None:
    for name in _PLAIN[field]:
        for names in (full, short):
            for at, said in enumerate(names):
                if said == name and at not in taken:
                    return at
    return None


def _texts(own: str, full: Sequence[str], short: Sequence[str], taken: set[int]) -> tuple[int, ...]:
    if own:
        wanted = (_own(it.strip(), full) for it in own.split(","))
        return tuple(it for it in wanted if it is not None)
    return tuple(
        at
        for at, (name, less) in enumerate(zip(full, short, strict=True))
        if at not in taken and (name in _REMITTANCE or less in _REMITTANCE)
    )


_PLAIN: Final = {
    field: tuple(map(plain, (*FOREIGN.get(field, ()), *names))) for field, names in NAMES.items()
}
_REMITTANCE: Final = frozenset(map(plain, (*REMITTANCE, *FOREIGN_TEXTS)))

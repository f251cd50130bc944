"""One account's reconciliation as its pages share it: who sees it, its address, its amounts.

Rules kept here: an address never holds an account number, and a page shows its last four digits;
amounts are exact texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from urllib.parse import urlencode

from gateway.controls.rules.document import Right
from gateway.controls.sight import Onlooker, looking_person
from gateway.domain.errors import NotFound, Refused
from gateway.domain.money import Currency, Money, MoneyFormatError, currency
from gateway.domain.party import masked
from gateway.identity.seals import seal
from gateway.ports.tenancy import OwnAccount, Tenant
from gateway.reconciliation.office import BookOffice
from gateway.web.book_rights import account_seen, may
from gateway.web.ui.asking import Seen
from gateway.web.ui.html import Markup, Part, both, el, join

HOME: Final = "/ui/reconciliation"
_HANDLE: Final = 16
_NUMBER: Final = re.compile(r"[0-9]{1,7}", re.ASCII)
_GROUPED: Final = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", re.ASCII)
_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_TABS: Final = (
    ("", "概况", "status"),
    ("/open", "未达账", "open items"),
    ("/suggestions", "建议", "suggestions"),
    ("/matches", "已匹配", "matches"),
    ("/days", "对账单日期", "statement days"),
    ("/sheets", "余额调节表", "balance sheets"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """An account whose reconciliation somebody sees. ``decides``: they may decide about it.

    ``handle`` is what names it in addresses.
    """

    seen: Seen
    account: OwnAccount
    handle: str
    decides: bool

    @property
    def place(self) -> tuple[str, str]:
        """Tenant and number, as the use cases name an account."""
        return self.seen.tenant.id, self.account.number

    @property
    def of(self) -> tuple[Tenant, OwnAccount]:
        """Tenant and account."""
        return self.seen.tenant, self.account

    @property
    def unit(self) -> Currency:
        """The account's currency."""
        return currency(self.account.currency)

    @property
    def office(self) -> BookOffice:
        """The use cases."""
        return self.seen.people.gateway.front.reconciliation

    @property
    def at(self) -> str:
        """The address of its pages."""
        return f"{HOME}/{self.handle}"

    @property
    def label(self) -> str:
        """The account in words: whose, its last digits, its currency."""
        tenant, own = self.seen.tenant, self.account
        company = tenant.companies.get(own.company, own.company)
        tail = masked(own.number)
        alike = [it for it in tenant.accounts.values() if masked(it.number) == tail]
        # Two of one tail are told apart by what stands in their addresses.
        which = f"({self.handle[:4]})" if len(alike) > 1 else ""
        bank = own.party.account.agent.name
        return " ".join(filter(None, (company, bank, tail, self.unit.code, which)))

    def text(self, minor: int | None) -> str:
        """An amount of the account with its thousands apart, ``—`` for none."""
        return "—" if minor is None else grouped(Money(minor, self.unit))

    def address(self, tail: str, **query: str | int) -> str:
        """An address below the account's."""
        told = {name: value for name, value in query.items() if value != ""}
        return f"{self.at}{tail}?{urlencode(told)}" if told else f"{self.at}{tail}"

    def head(self, here: str) -> Markup:
        """Which account it is, and its pages."""
        links = (
            el(
                "a",
                zh,
                " ",
                el("small", en, lang="en"),
                href=f"{self.at}{tail}",
                **_current(tail == here),
            )
            for tail, zh, en in _TABS
        )
        return join(el("p", el("strong", self.label)), el("div", *links, class_="tabs"))


async def book_of(seen: Seen, right: Right = Right.VIEW) -> Book:
    """The account in the address. Raises NotFound, or NotPermitted without the right to it."""
    wanted = seen.request.state.subject
    number = next(
        (it.number for it in seen.tenant.accounts.values() if handle_of(seen, it) == wanted), ""
    )
    if not number:
        raise NotFound("no such account", "没有该账户")
    who, gateway = onlooker_of(seen), seen.people.gateway
    account = await account_seen(gateway, who, number, right)
    decides = await may(gateway, who, account, Right.RECONCILE)
    return Book(seen=seen, account=account, handle=wanted, decides=decides)


def onlooker_of(seen: Seen) -> Onlooker:
    """This person looking at their tenant."""
    return looking_person(seen.tenant, seen.actor)


def handle_of(seen: Seen, account: OwnAccount) -> str:
    """What names an account in addresses: they are logged and remembered by browsers."""
    key = seen.people.identities.key("account-addresses")
    return seal(key, seen.tenant.id, account.number).hex()[:_HANDLE]


# ── what is sent ──────────────────────────────────────────────────────────────────────────────


def asked(seen: Seen, name: str, most: int = 160) -> str:
    """A text of the address. Raises Refused for one that nothing can be named by."""
    return plain_text(seen.request.query_params.get(name, ""), most)


def sent(seen: Seen, name: str, most: int = 1000) -> str:
    """A text of the form, likewise."""
    return plain_text(seen.form.get(name, ""), most)


def plain_text(text: str, most: int) -> str:
    """A text without blanks around it. Raises Refused."""
    text = text.strip()
    if len(text) > most or not text.isprintable():
        raise Refused(
            f"a text is longer than {most} characters or holds an invisible one",
            f"文本超过 {most} 字符或含不可见字符",
        )
    return text


def place_of(text: str) -> int:
    """From which one on a list goes; '' is 0. Raises Refused."""
    if not text:
        return 0
    if _NUMBER.fullmatch(text) is None:
        raise Refused("a whole number from 0", "起始位置须为非负整数")
    return int(text)


def day_text(text: str) -> str:
    """An ISO day or ''. Raises Refused."""
    if text:
        try:
            date.fromisoformat(text if _DAY.fullmatch(text) else "")
        except ValueError:
            raise Refused("a day as YYYY-MM-DD", "日期须为 YYYY-MM-DD") from None
    return text


def amount_text(text: str) -> str:
    """An amount as sent, without the commas between its thousands."""
    return text.replace(",", "") if _GROUPED.fullmatch(text) else text


def minor_of(text: str, unit: Currency) -> int | None:
    """An amount of a search in minor units; None for ''. Raises Refused."""
    if not text:
        return None
    try:
        return Money.parse(amount_text(text), unit, signed=True).minor
    except MoneyFormatError:
        raise Refused(
            f"{text}: not an amount such as 1200.50", f"{text}：金额格式有误，应如 1200.50"
        ) from None


# ── what is shown ─────────────────────────────────────────────────────────────────────────────


def grouped(amount: Money) -> str:
    """An exact amount with its thousands apart."""
    text = amount.text()
    sign, whole = ("-", text[1:]) if text.startswith("-") else ("", text)
    whole, dot, fraction = whole.partition(".")
    return f"{sign}{int(whole):,}{dot}{fraction}"


def twice(stored: str) -> Part:
    """Words that are kept as ``中文 / English``."""
    zh, _, en = stored.partition(" / ")
    return both(zh, en) if en else stored


def table(caption: Part, heads: Sequence[Part], rows: Iterable[Sequence[Part]]) -> Markup:
    """A table: the first column names the row, every other holds numbers at the right."""
    head = el(
        "tr",
        *(el("th", it, scope="col", class_="num" if at else None) for at, it in enumerate(heads)),
    )
    lines = (
        el(
            "tr",
            el("th", row[0], scope="row"),
            *(el("td", it, class_="num") for it in row[1:]),
        )
        for row in rows
    )
    made = el("table", el("caption", caption), el("thead", head), el("tbody", *lines))
    return el("div", made, class_="wide")


def pager(book: Book, tail: str, at: tuple[int, int, bool], **query: str | int) -> Part:
    """Links to the pages beside this one; ``at``: first place, length of a page, more follows."""
    start, size, more = at
    links: list[Part] = []
    if start:
        before = book.address(tail, **query, start=max(start - size, 0))
        links.append(el("a", both("上一页", "previous"), href=before, rel="prev"))
    if more:
        after = book.address(tail, **query, start=start + size)
        links.append(el("a", both("下一页", "next"), href=after, rel="next"))
    return el("div", *links, class_="tabs") if links else None


def good(zh: str, en: str) -> Markup:
    """What was done."""
    return el("p", both(zh, en), class_="good", role="status")


def link(href: str, zh: str, en: str) -> Markup:
    """A link large enough for a thumb."""
    return el("a", both(zh, en), href=href, class_="go")


def only_looking(book: Book) -> Part:
    """What is said to who may not decide."""
    if book.decides:
        return None
    words = both(
        "您对该账户只有查看权限；处理未达账、编制调节表须有 reconcile 权限，请联系管控文件负责人",
        "you may look only: deciding needs the right reconcile at this account",
    )
    return el("p", words, class_="told")


def _current(here: bool) -> dict[str, str]:  # noqa: FBT001 - a fact, not a switch
    return {"aria_current": "page"} if here else {}

"""The books against the bank: every account's 余额调节表, with each open item by its name.

The books are the ERPs': what each account was opened with and every payment of it. One payment is
not booked yet, and one cheque is booked that the bank has not seen.
"""

from __future__ import annotations

import http.client
from collections.abc import Iterator, Mapping
from datetime import date
from typing import TYPE_CHECKING, Final

from rich.table import Table

from gateway.cli.demo_stage import ACCOUNTANTS
from gateway.domain.errors import Corrupt
from gateway.domain.money import CNY, Money

if TYPE_CHECKING:
    from gateway.cli.api_client import ApiClient
    from gateway.cli.demo_files import Wish
    from gateway.cli.demo_story import Story

_BEGAN: Final = "2026-09-15"
_OPENED: Final = "开户资金"
_CHEQUE: Final = "1234.00"
_LEFT: Final = frozenset({"SETTLED", "RETURNED"})
_CHUNK: Final = 200


def play(story: Story, keys: Mapping[str, str], day: date) -> None:
    """Post every account's books, match them, and have two people prepare and review the sheet."""
    story.chapter(
        "余额调节表：一人编制，另一人复核", "balance sheets: one prepares, another reviews"
    )
    views = story.views()
    for account, key in keys.items():
        client = story.stage.client(key)
        items = list(_items(story, client, views, account, day))
        _post_books(story, client, account, items, day)
        client.close()
        suffix = {"demo-rest": ""}.get(key, f"@{key}")
        story.sheets.append(_sheet(story, account, day, suffix))
    _show(story)


def _items(
    story: Story,
    client: ApiClient,
    views: Mapping[str, Mapping[str, object]],
    account: str,
    day: date,
) -> Iterator[dict[str, str]]:
    """What the books say of an account: its opening, its payments but one, and a cheque."""
    kept = client.get(f"/v1/accounts/{account}/entries?from={_BEGAN}&to={day.isoformat()}")
    lines = kept["entries"]
    first = lines[0] if isinstance(lines, list) else {}
    yield _item(account, "OPEN", "in", first["amount"], first["day"], _OPENED)
    mine = [
        (reference, it)
        for reference, it in story.wishes.items()
        if it.debtor == account and views[reference]["state"] in _LEFT
    ]
    for number, (reference, it) in enumerate(mine):
        if number:  # the first is not booked yet
            told = str(views[reference]["execution_date"] or _BEGAN)
            yield _payment(account, reference, it, told) | {"item_id": f"{account[-4:]}-{number}"}
    yield _item(account, "CHEQUE", "out", _CHEQUE, day.isoformat(), "转账支票 0731")


def _payment(account: str, reference: str, it: Wish, day: str) -> dict[str, str]:
    booked = _item(account, reference, "out", it.amount.text(), day, it.purpose)
    return booked | {
        "erp_reference": reference,
        "counterparty_name": it.name,
        "counterparty_account": it.account,
    }


def _item(  # noqa: PLR0913, PLR0917 - the cells of a row
    account: str, name: str, direction: str, amount: object, day: object, text: str
) -> dict[str, str]:
    return {
        "item_id": f"{account[-4:]}-{name}",
        "account": account,
        "direction": direction,
        "amount": str(amount),
        "currency": CNY.code,
        "date": str(day),
        "remittance": text,
    }


def _post_books(
    story: Story, client: ApiClient, account: str, items: list[dict[str, str]], day: date
) -> None:
    for start in range(0, len(items), _CHUNK):
        taken = client.post("/v1/ledger-items", {"items": items[start : start + _CHUNK]})
        story.must(taken.status == http.client.OK, f"books of {account}: {taken.body[:400]!r}")
    balance = Money(0, CNY)
    for it in items:
        amount = Money.parse(it["amount"], CNY)
        balance = balance + (amount if it["direction"] == "in" else -amount)
    told = {"account": account, "date": day.isoformat(), "balance": balance.text()}
    kept = client.post("/v1/ledger-balances", {"balances": [told]})
    story.must(kept.status == http.client.OK, f"balance of {account}: {kept.body[:300]!r}")


def _sheet(story: Story, account: str, day: date, suffix: str) -> dict[str, object]:
    """Match, prepare, review: by two people who made no payment of the account."""
    preparer, reviewer = (story.stage.client(f"{key}{suffix}") for key in ACCOUNTANTS)
    target = f"/v1/reconciliations/{account}"
    order = {"account": account, "up_to": day.isoformat()}
    ran = preparer.post("/v1/reconciliations", order)
    story.must(ran.status == http.client.OK, f"matching {account}: {ran.body[:300]!r}")
    _match_by_hand(story, preparer, target)
    prepared = preparer.post(f"{target}/sheets", {"day": day.isoformat()})
    story.must(prepared.status == http.client.OK, f"sheet of {account}: {prepared.body[:400]!r}")
    made = prepared.json()
    vote = {"digest": made["digest"]}
    alone = preparer.post(f"{target}/sheets/{day.isoformat()}/review", vote)
    story.must(alone.status != http.client.OK, "the preparer alone could close the period")
    closed = reviewer.post(f"{target}/sheets/{day.isoformat()}/review", vote)
    story.must(closed.status == http.client.OK, f"review of {account}: {closed.body[:400]!r}")
    paper = reviewer.call("GET", f"{target}/sheets/{day.isoformat()}/paper")
    story.must(paper.body.startswith(b"%PDF"), f"paper of {account}: {paper.body[:300]!r}")
    for client in (preparer, reviewer):
        client.close()
    return _row(account, closed.json()["sheet"])


def _match_by_hand(story: Story, person: ApiClient, target: str) -> None:
    """An amount and a day alone are never matched automatically; a person may do it."""
    bank, book = (person.get(f"{target}/open?side={side}")["open"] for side in ("bank", "book"))
    rows = book if isinstance(book, list) else []
    lines = bank if isinstance(bank, list) else []
    opened = next(it for it in rows if it["remittance"] == _OPENED)
    line = next(it for it in lines if it["amount"] == opened["amount"])
    wish = {
        "action": "match",
        "entries": [{"ref": line["ref"]}],
        "items": [{"ref": opened["ref"]}],
        "reason": "开户资金，凭证已核对",
    }
    matched = person.post(f"{target}/decisions", wish)
    story.must(matched.status == http.client.OK, f"match by hand: {matched.body[:400]!r}")


def _row(account: str, content: object) -> dict[str, object]:
    if not isinstance(content, dict):
        raise Corrupt("a sheet without content")
    classes = content["classes"]
    listed = classes.values() if isinstance(classes, dict) else ()
    return {
        "account": account,
        "state": content["state"],
        "bank": content["bank_balance"],
        "book": content["book_balance"],
        "adjusted": content["adjusted_bank"],
        "open": [
            {
                "class": it["zh"],
                "amount": one["amount"],
                "day": one["day"],
                "what": one["remittance"] or one["counterparty_name"] or one["reference"],
            }
            for it in listed
            for one in it["items"]
        ],
    }


def _show(story: Story) -> None:
    table = Table(title="余额调节表 / balance sheets")
    for heading in ("账户\naccount", "银行余额\nbank", "账面余额\nbooks", "调节后\nadjusted", ""):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in story.sheets:
        names = ("account", "bank", "book", "adjusted", "state")
        table.add_row(*(str(row[name]) for name in names))
    story.print(table)
    for row in story.sheets:
        items = row["open"]
        for it in items if isinstance(items, list) else []:
            told = " ".join(str(it[name]) for name in ("class", "amount", "day", "what"))
            story.say(f"…{str(row['account'])[-4:]} {told}")

"""Endpoints of accounts and connections: what the bank says now."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from sqlalchemy import Connection
from starlette.responses import Response

from gateway.controls.rules.document import Right
from gateway.domain.day import day_of
from gateway.domain.errors import NotFound
from gateway.domain.statement import Entry, StatementPage, running_breaks
from gateway.ports.tenancy import OwnAccount
from gateway.relay.blockade import blocked
from gateway.web.asked import Asked, json_response, refused_at


async def accounts(asked: Asked) -> Response:
    """The tenant's accounts with the connections that reach them."""
    tenant = asked.tenant

    def stopped(db: Connection) -> dict[str, str]:
        return {name: blocked(db, tenant.id, name) for name in tenant.connections}

    sight = asked.gateway.front.sight
    reasons = await asked.gateway.store.read(stopped)
    own = await asked.gateway.store.read(lambda db: sight.accounts(db, asked.onlooker))
    listed = [
        {
            "number": it.number,
            "name": it.party.name,
            "company": it.company,
            "company_name": tenant.companies.get(it.company, ""),
            "currency": it.currency,
            "bank": tenant.connections[it.connection].bank,
            "connection": it.connection,
            "connection_blocked": reasons[it.connection] or None,
            "links": {
                "balance": f"/v1/accounts/{it.number}/balance",
                "statements": f"/v1/accounts/{it.number}/statements",
            },
        }
        for it in own
    ]
    return json_response({"accounts": listed})


async def balance(asked: Asked) -> Response:
    """The balance as the bank tells it now; nothing is stored, so ``fresh`` changes nothing yet."""
    account = await _account(asked)
    if asked.query.get("fresh", "true") not in {"true", "false"}:
        raise refused_at("?fresh", "not_boolean", "fresh 须为 true 或 false", "use true or false")
    _asking_bank(asked)
    asked_at = asked.gateway.runtime.clock.now()
    found = await asked.gateway.relay.queries.balance(asked.key.tenant, account)
    return json_response(
        {
            "account": account.number,
            "account_name": found.account_name or account.party.name,
            "currency": account.currency,
            "ledger": found.ledger.text(),
            "available": found.available.text() if found.available is not None else None,
            "as_of": (found.as_of or asked_at).isoformat(),
            "asked_at": asked_at.isoformat(timespec="seconds"),
            "source": "bank",
        }
    )


async def statements(asked: Asked) -> Response:
    """One day's entries as the bank tells them now, all pages."""
    account = await _account(asked)
    today = asked.gateway.runtime.clock.now().date()
    day = _day(asked.query.get("date"), today)
    _asking_bank(asked)
    pages = await asked.gateway.relay.queries.statement(asked.key.tenant, account, day, day)
    bank = asked.tenant.connections[account.connection].bank
    whole = [entry for page in pages for entry in page.entries]
    sight = asked.gateway.front.sight
    shown = await asked.gateway.store.read(
        lambda db: sight.entries(db, asked.onlooker, account, whole)
    )
    view = statement_view(bank, account, pages, day)
    return json_response(view if len(shown) == len(whole) else _cut_down(view, shown, whole))


async def unblock(asked: Asked) -> Response:
    """A person lets a connection send again after its sign-on was refused."""
    asked.person()
    connection, sight = asked.path("id"), asked.gateway.front.sight
    await asked.gateway.store.read(lambda db: sight.require(db, asked.onlooker, Right.RESUME))
    lifted = await asked.gateway.relay.unblock(
        asked.key.tenant, connection, asked.key.actor.label()
    )
    return json_response({"connection": connection, "unblocked": bool(lifted)})


def statement_view(
    bank: str, account: OwnAccount, pages: Sequence[StatementPage], day: date
) -> dict[str, object]:
    """A statement as JSON.

    Where every line carries the balance after it, opening and closing follow from the lines and
    ``continuity`` says whether each follows from the one before; otherwise it is unknown.
    """
    entries = [entry for page in pages for entry in page.entries]
    balances = [it.balance_after for it in entries if it.balance_after is not None]
    opening = closing = None
    continuity = "unknown"
    if running_breaks(entries):
        continuity = "broken"
    elif entries and len(balances) == len(entries):
        opening, closing = balances[0] - entries[0].amount, balances[-1]
        continuity = "ok"
    return {
        "kind": "statement",
        "format": bank,
        "account": account.number,
        "currency": account.currency,
        "statement_id": None,
        "opening": opening.text() if opening is not None else None,
        "closing": closing.text() if closing is not None else None,
        "from": day.isoformat(),
        "to": day.isoformat(),
        "continuity": continuity,
        "entries": [_entry(entry) for entry in entries],
        "warnings": [warning for page in pages for warning in page.warnings],
        "source": "bank",
    }


def _cut_down(
    view: dict[str, object], shown: Sequence[Entry], whole: Sequence[Entry]
) -> dict[str, object]:
    """A statement without what the caller may not see; no balances, which would tell the rest."""
    hidden = len(whole) - len(shown)
    told = (
        f"{hidden} 条代发明细按权限不予显示，故不提供期初、期末余额 / "
        f"{hidden} payroll entries are not shown to you, so neither are the balances"
    )
    listed = [*view["warnings"], told] if isinstance(view["warnings"], list) else [told]
    return view | {
        "opening": None,
        "closing": None,
        "continuity": "unknown",
        "entries": [_entry(entry) for entry in shown],
        "warnings": listed,
    }


def _entry(entry: Entry) -> dict[str, object]:
    return {
        "amount": entry.amount.text(),
        "currency": entry.amount.currency.code,
        "booking_date": entry.booking_date.isoformat() if entry.booking_date else None,
        "value_date": entry.value_date.isoformat() if entry.value_date else None,
        "status": entry.status.value,
        "reference": entry.reference or None,
        "counterparty_name": entry.counterparty_name or None,
        "counterparty_account": entry.counterparty_account or None,
        "remittance": entry.remittance or None,
        "transactions": [],
    }


async def _account(asked: Asked) -> OwnAccount:
    """The account asked about. Raises NotFound, also for one that the caller may not see."""
    found = asked.tenant.accounts.get(asked.path("number"))
    if found is None:
        raise NotFound("no such account", "没有该账户")
    sight = asked.gateway.front.sight
    await asked.gateway.store.read(lambda db: sight.account(db, asked.onlooker, found))
    return found


def _asking_bank(asked: Asked) -> None:
    """From here on an unreadable reply is the bank's fault, not the caller's."""
    asked.request.state.asking_bank = True


def _day(text: str | None, today: date) -> date:
    if text is None:
        return today
    day = day_of(text)
    if day is None:
        raise refused_at(
            "?date",
            "date_format",
            "date 须为真实存在的日期，格式 YYYY-MM-DD",
            "date must be a real day written YYYY-MM-DD",
        )
    if day > today:
        raise refused_at("?date", "date_future", "日期晚于今天", "the day has not come yet")
    return day

"""Today's debits of accounts whose tenant asks for them: what was paid past the gateway.

Rule kept here: an entry is stored once however often the bank tells it, twins stay two, and how
old the data is counts from when the bank was asked. What cannot be asked stays old.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from functools import partial
from typing import Final

import msgspec
from sqlalchemy import BigInteger, Integer, Text, and_, bindparam, delete, func, select, update

from gateway.domain.errors import BankRefused, GatewayError, NotOffered
from gateway.domain.ids import TenantId
from gateway.domain.statement import Entry
from gateway.lifecycle.debits import Debit, DebitsWanted
from gateway.ports.runtime import Runtime
from gateway.ports.statements import StatementSource
from gateway.ports.tenancy import Directory, OwnAccount, Tenant
from gateway.schedule.rounds import Rounds
from gateway.schedule.work import WorkKind
from gateway.store import tables
from gateway.store.elements import elements, number_at
from gateway.store.instants import span_us, to_us
from gateway.store.prepared import among, prepare
from gateway.store.store import Store
from gateway.store.tenancy import acting_for
from gateway.store.uow import Uow

EVERY: Final = timedelta(seconds=30)
"""How often it is looked whether an account is due, on the shared clock."""
_REST_S: Final = 5
_NAME_MAX: Final = 255
_d, _l = tables.bank_debit, tables.bank_debit_look
_wanted: Final = elements(bindparam("wanted", type_=Text()), "wanted")
_BOOKED: Final = prepare(
    select(
        *(_d.c.account, _d.c.creditor_account, _d.c.creditor_name, _d.c.amount_minor),
        *(_d.c.currency, _d.c.booked_at, _d.c.reference, _d.c.serial),
    )
    # An outer join, and what it adds left out again: so each amount is looked up by its key.
    .select_from(
        _wanted.outerjoin(
            _d,
            and_(
                _d.c.tenant == bindparam("of_tenant"),
                _d.c.day == bindparam("of_day"),
                _d.c.amount_minor == number_at(_wanted, 0),
            ),
        )
    )
    .where(func.coalesce(_d.c.key, "") != "")
)
_LOOKED: Final = prepare(
    select(_l.c.account, _l.c.looked_us, _l.c.day).where(
        _l.c.tenant == bindparam("of_tenant"), among(_l.c.account, "of_accounts")
    )
)
_OF_ACCOUNT: Final = (
    _d.c.tenant == bindparam("of_tenant"),
    _d.c.account == bindparam("of_account"),
)
_KEYS: Final = prepare(select(_d.c.key).where(*_OF_ACCOUNT, _d.c.day == bindparam("of_day")))
_FORGET: Final = prepare(delete(_d).where(*_OF_ACCOUNT, _d.c.day < bindparam("of_day")))
_LOOK: Final = prepare(
    update(_l)
    .where(_l.c.tenant == bindparam("of_tenant"), _l.c.account == bindparam("of_account"))
    .values(
        day=bindparam("of_day", type_=Text()),
        looked_us=bindparam("at_us", type_=BigInteger()),
        entries=bindparam("of_entries", type_=Integer()),
    )
)


class DebitBook:
    """The stored debits. See ``BookedDebits``."""

    def booked(self, uow: Uow, tenant: str, day: date, amounts: Collection[int]) -> Sequence[Debit]:
        """Debits of these amounts on any account of a tenant."""
        wanted = msgspec.json.encode([[it] for it in sorted(set(amounts))]).decode()
        values = {"of_tenant": tenant, "of_day": day.isoformat(), "wanted": wanted}
        return [Debit(*row) for row in uow.tuples(_BOOKED, values)]

    def looked(
        self, uow: Uow, tenant: str, day: date, accounts: Collection[str]
    ) -> Mapping[str, int]:
        """By account, when the bank was asked last that day."""
        values = {"of_tenant": tenant, "of_accounts": sorted(accounts)}
        told = day.isoformat()
        return {
            account: looked_us
            for account, looked_us, of_day in uow.tuples(_LOOKED, values)
            if of_day == told
        }

    def store(  # noqa: PLR0913 - keyword-only, what makes a look
        self,
        uow: Uow,
        *,
        tenant: str,
        account: str,
        day: date,
        asked_us: int,
        entries: Sequence[Entry],
    ) -> None:
        """Keep what the bank told of a day; what is known already stays as it is."""
        values: dict[str, object] = {
            "of_tenant": tenant,
            "of_account": account,
            "of_day": day.isoformat(),
        }
        uow.change(_FORGET, values)
        known = {row[0] for row in uow.tuples(_KEYS, values)}
        debits = {key: it for key, it in _keyed(entries).items() if it.amount.minor < 0}
        looked = values | {"at_us": asked_us, "of_entries": len(debits)}
        if not uow.change(_LOOK, looked):
            uow.add(
                _l,
                {
                    "tenant": tenant,
                    "account": account,
                    "day": day.isoformat(),
                    "looked_us": asked_us,
                    "entries": len(debits),
                },
            )
        uow.add(
            _d,
            *(
                {
                    "tenant": tenant,
                    "account": account,
                    "day": day.isoformat(),
                    "key": key,
                    "creditor_account": it.counterparty_account[:40],
                    "creditor_name": it.counterparty_name[:_NAME_MAX],
                    "amount_minor": -it.amount.minor,
                    "currency": it.amount.currency.code,
                    "booked_at": it.booked_at.isoformat() if it.booked_at else "",
                    "reference": it.reference[:_NAME_MAX],
                    "serial": "",
                    "first_seen_us": asked_us,
                }
                for key, it in debits.items()
                if key not in known
            ),
        )


def _keyed(entries: Sequence[Entry]) -> dict[str, Entry]:
    """Entries by the digest of what the bank calls them and their place among equal ones."""
    found: dict[str, Entry] = {}
    seen: Counter[str] = Counter()
    for it in entries:
        words = [
            *(it.bank_key, it.reference, str(it.amount.minor), it.amount.currency.code),
            it.booked_at.isoformat() if it.booked_at else "",
            # The bank's own key says which line it is; without one its words have to.
            *(() if it.bank_key else (it.counterparty_account, it.remittance)),
        ]
        told = "\x1f".join(words)
        seen[told] += 1
        found[hashlib.sha256(f"{told}\x1f{seen[told]}".encode()).hexdigest()] = it
    return found


class Debits:
    """A task that asks the banks for today's debits, as long as somebody wants to know."""

    def __init__(  # noqa: PLR0913, PLR0917 - built once
        self,
        store: Store,
        runtime: Runtime,
        source: StatementSource,
        directory: Directory,
        book: DebitBook,
        wanted: DebitsWanted,
    ) -> None:
        self._store = store
        self._runtime = runtime
        self._source = source
        self._directory = directory
        self._book = book
        self._wanted = wanted
        self._rounds = Rounds(store, runtime, WorkKind.DEBITS, EVERY)
        self._refused_us: dict[tuple[str, str], int] = {}
        """Accounts whose statement the bank refused, and when: they are not asked every round."""

    async def run(self) -> None:
        """Keep the appointment for ever; none is made before a document asks for it."""
        while not await self._asking():
            await self._runtime.tasks.sleep(_REST_S)
        await self._rounds.keep(self.look)

    async def _asking(self) -> Mapping[str, timedelta]:
        with acting_for(self._directory.tenants):
            return await self._store.look(self._wanted.asking)

    async def look(self) -> None:
        """Ask for what is due now, and let go what waited for it."""
        for name, fresh in (await self._asking()).items():
            tenant = self._directory.tenants[TenantId(name)]
            with acting_for((tenant.id,)):
                silent: set[str] = set()
                for account in await self._due(tenant, fresh):
                    # One that does not answer is not asked account by account.
                    if account.connection not in silent and not await self._ask(tenant, account):
                        silent.add(account.connection)
                for waiting in await self._store.read(
                    partial(self._wanted.waiting, tenant=tenant.id)
                ):
                    await self._store.write(
                        partial(self._wanted.settle, tenant=tenant, instruction=waiting)
                    )

    async def _due(self, tenant: Tenant, fresh: timedelta) -> list[OwnAccount]:
        """Accounts whose data has passed half its time."""
        now = self._runtime.clock.now()
        looked = await self._store.write(
            lambda uow: self._book.looked(uow, tenant.id, now.date(), tenant.accounts)
        )
        since_us = to_us(now) - span_us(fresh) // 2
        return [
            it
            for number, it in tenant.accounts.items()
            if looked.get(number, -1) <= since_us
            and self._refused_us.get((tenant.id, number), -1) <= since_us
        ]

    async def _ask(self, tenant: Tenant, account: OwnAccount) -> bool:
        """Ask for one account; False when its connection gives no answer."""
        asked = self._runtime.clock.now()
        day = asked.date()
        try:
            pages = await self._source.statement(tenant.id, account, day, day)
        except (BankRefused, NotOffered):
            self._refused_us[tenant.id, account.number] = to_us(asked)
            return True
        except GatewayError:
            return False  # archived where anything came back; who waits for it goes on waiting
        store = partial(
            self._book.store,
            tenant=tenant.id,
            account=account.number,
            day=day,
            asked_us=to_us(asked),
            entries=[entry for page in pages for entry in page.entries],
        )
        await self._store.write(store)
        return True

"""The demonstration's ERPs that are called, that call us, or that share tables with us.

Rule kept here: what was told is read where the ERP itself would read it (its own server, folder or
table), never from the gateway.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

from gateway.cli.api_client import ApiClient
from gateway.cli.demo_erp_party import Codes, Hall, agent_of
from gateway.cli.demo_files import Wish
from gateway.domain.errors import Corrupt

_ERRORS_FROM: Final = 400


# ── 用友 YonBIP: we fetch and write back ──────────────────────────────────────────────────────


def yonbip_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """A user makes one settlement document with a detail for each payment."""
    details = [
        {
            "originalcurrencyamt": it.amount.text(),
            "ourbankaccount_account": it.debtor,
            "counterpartyaccname": it.name,
            "counterpartybankacc": it.account,
            "counterpartybankname": agent_of(it)[0],
            "counterpartybankcode": agent_of(it)[1],
            "counterpartybankcity": agent_of(it)[2],
            "description": it.purpose,
        }
        for it in wishes
    ]
    made = _posted(hall.where["yonbip"], "/admin/documents", {"details": details})
    return [str(row["settleDetailId"]) for row in _rows(made["settleBench_b"])]


def yonbip_told(hall: Hall) -> Codes:
    """Results that were written to the details."""
    found = _got(hall.where["yonbip"], "/admin/documents")
    return {
        str(row["settleDetailId"]): [str(it["statementdetailstatus"]) for it in _rows(row["told"])]
        for row in _rows(found["details"])
    }


# ── 用友 NC: it posts its envelope, we post ours ──────────────────────────────────────────────


def nc_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """NC posts its payments to our exchange and reads the reply."""
    address = hall.where["nc"]
    for it in wishes:
        agent, cnaps, city = agent_of(it)
        fields = {
            "yurref": it.reference,
            "dbtacc": it.debtor,
            "crtacc": it.account,
            "crtaccname": it.name,
            "crtbranchname": agent,
            "crtbranchid": cnaps,
            "crtcity": city,
            "trsamt": it.amount.text(),
            "c_ccynbr": "CNY",
            "nusage": it.purpose,
        }
        _posted(address, "/admin/payments", {name: text for name, text in fields.items() if text})
    nc = ApiClient(address)
    client = hall.client("demo-nc")
    message = nc.call("GET", "/admin/outgoing").body
    reply = client.call("POST", "/v1/exchange/nc", message, accept="application/xml")
    nc.call("POST", "/admin/replies", reply.body)
    nc.close()
    client.close()
    lost = [row for row in _rows(_got(address, "/admin/payments")["payments"]) if row["refused"]]
    if lost:
        raise Corrupt(f"NC was refused: {lost[0]['refused']}", f"NC 被拒：{lost[0]['refused']}")
    return [it.reference for it in wishes]


def nc_told(hall: Hall) -> Codes:
    """States that were imported for its payments."""
    found = _got(hall.where["nc"], "/admin/payments")
    return {
        str(_fields(row["fields"])["yurref"]): [str(it["paystate"]) for it in _rows(row["told"])]
        for row in _rows(found["payments"])
    }


# ── 金蝶 星空: we fetch and write back ────────────────────────────────────────────────────────


def k3_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """A user makes a payment bill, has it audited and hands it to the bank."""
    entries = [
        {
            "FACCOUNTID": {"FNumber": it.debtor},
            "FOPPOSITEBANKACCOUNT": it.account,
            "FOPPOSITECCOUNTNAME": it.name,
            "FOPPOSITEBANKNAME": agent_of(it)[0],
            "FCNAPS": agent_of(it)[1],
            "FREALPAYAMOUNTFOR": it.amount.text(),
            "FCOMMENT": it.purpose,
        }
        for it in wishes
    ]
    bill = {"number": "FKD-DEMO-1", "entries": entries}
    made = _posted(hall.where["k3cloud"], "/admin/bills", bill)
    return [f"{row['bill_no']}/{row['entry_id']}" for row in _rows(made["bills"])]


def k3_told(hall: Hall) -> Codes:
    """Statuses that were written into the entries."""
    found = _got(hall.where["k3cloud"], "/admin/bills")
    return {
        f"{row['bill_no']}/{row['entry_id']}": [
            str(it["F_GW_BankStatus"]) for it in _rows(row["told"]) if it.get("F_GW_BankStatus")
        ]
        for row in _rows(found["bills"])
    }


# ── tables: 拜特 and 九恒星 ───────────────────────────────────────────────────────────────────

_COLUMNS: Final[Mapping[str, str]] = {
    "byte": "src_system src_order_no payer_acct payee_name payee_acct payee_bank_name payee_cnaps"
    " payee_city amount purpose",
    "nstar": "sys_code bill_no pay_acc_no rcv_acc_name rcv_acc_no rcv_bank_name rcv_bank_cnaps"
    " rcv_city amt pay_use",
}


def rows_in(vendor: str) -> Callable[[Hall, Sequence[Wish]], Sequence[str]]:
    """A treasury system writes its orders into the shared table."""

    def hand_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
        columns = _COLUMNS[vendor].split()
        orders = []
        for it in wishes:
            payee = (it.name, it.account, *agent_of(it))
            texts = (vendor, it.reference, it.debtor, *payee, it.amount.text(), it.purpose)
            row = dict(zip(columns, texts, strict=True))
            orders.append({name: text for name, text in row.items() if text})
        _posted(hall.where[vendor], "/admin/orders", orders)
        return [f"{it.reference}/1" for it in wishes]

    return hand_in


def rows_told(vendor: str) -> Callable[[Hall], Codes]:
    """Rows of the result table; the treasury system's own complaints end the demonstration."""

    def told(hall: Hall) -> Codes:
        books = _got(hall.where[vendor], "/admin/books")
        if books["complaints"]:
            raise Corrupt(f"{vendor}: {books['complaints']}", f"{vendor}：{books['complaints']}")
        orders = _fields(books["orders"])
        return {name: _texts(_fields(order)["told"]) for name, order in orders.items()}

    return told


# ── any ERP that calls our API ───────────────────────────────────────────────────────────────


def rest_in(hall: Hall, wishes: Sequence[Wish]) -> Sequence[str]:
    """Posts one by one."""
    client = hall.client("demo-rest-erp")
    for it in wishes:
        answer = client.post("/v1/instructions", it.document())
        if answer.status >= _ERRORS_FROM:
            raise Corrupt(f"{it.reference}: {answer.body[:300]!r}", f"{it.reference} 未受理")
    client.close()
    return [it.reference for it in wishes]


def rest_told(hall: Hall) -> Codes:
    """What it finds when it asks."""
    client = hall.client("demo-rest-erp")
    found: Codes = {}
    for batch in ("UNCONFIRMED", "REJECTED", "SETTLED"):
        for it in _rows(client.get(f"/v1/instructions?state={batch}")["instructions"]):
            found.setdefault(str(it["erp_reference"]), []).append(str(it["state"]))
    client.close()
    return found


# ── helpers ───────────────────────────────────────────────────────────────────────────────────


def _posted(address: str, path: str, content: object) -> dict[str, object]:
    client = ApiClient(address)
    answer = client.post(path, content)
    client.close()
    if answer.status >= _ERRORS_FROM:
        raise Corrupt(f"{path}: {answer.body[:300]!r}", f"{path}：{answer.status}")
    return answer.json()


def _got(address: str, path: str) -> dict[str, object]:
    client = ApiClient(address)
    found = client.get(path)
    client.close()
    return found


def _rows(value: object) -> list[dict[str, object]]:
    if not isinstance(value, list):
        raise Corrupt("a list was expected", "应为列表")
    return [_fields(it) for it in value]


def _texts(value: object) -> list[str]:
    return [str(it) for it in value] if isinstance(value, list) else []


def _fields(value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise Corrupt("an object was expected", "应为对象")
    return value

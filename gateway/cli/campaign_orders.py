"""What the ERPs of a campaign ask for: the same for the same seed, no two payments alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from random import Random
from typing import Final

from gateway.audit.books import Promise
from gateway.cli.demo_files import ACCOUNTS, Wish, batched, pain001, pay_of, wish
from gateway.domain.money import CNY, Money

SINGLE: Final = "/v1/instructions"
BATCH: Final = "/v1/batches"
FILE: Final = "/v1/files?erp=iso20022"
_TENANTS: Final = {"demo-batch": ("demo-batch", "hr")}
_REST: Final = ("demo-group", "rest")
_SAP: Final = ("demo-group", "sap")
_TWICE: Final = 0.2
_TURNED: Final = 0.5
_WRONG_NAMES: Final = 0.03
_KINDS: Final = (
    ("single", 0.6),
    ("gathered", 0.26),
    ("batch", 0.07),
    ("batch_gathered", 0.07),
)
_LINES: Final = (3, 30)
_FILE_SHARE: Final = 20
_PAYROLL_SHARE: Final = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One call of an ERP. ``again`` is the body of a second posting, None for no second one."""

    key: str
    target: str
    body: dict[str, object] | bytes
    again: dict[str, object] | bytes | None
    promises: tuple[Promise, ...]

    @property
    def payments(self) -> int:
        """How many payments it asks for."""
        return len(self.promises)


def orders(seed: int, payments: int, at: datetime) -> list[Order]:
    """``payments`` payments: singles, batches, a file and a payroll, in a drawn order."""
    draw = Random(seed)  # noqa: S311 - a seed is the point
    numbers = iter(range(payments))
    made: list[Order] = []
    for share, of in ((_FILE_SHARE, _file), (_PAYROLL_SHARE, _payroll)):
        if count := payments // share:
            made.append(of(seed, draw, list(islice(numbers, count)), at))
    while some := _next(draw, numbers):
        made.append(some)
    draw.shuffle(made)
    return made


def _next(draw: Random, numbers: Iterator[int]) -> Order | None:
    kind = draw.choices([name for name, _ in _KINDS], [share for _, share in _KINDS])[0]
    count = draw.randint(*_LINES) if kind.startswith("batch") else 1
    taken = list(islice(numbers, count))
    if not taken:
        return None
    wishes = [_wish(draw, number, gathered=kind.endswith("gathered")) for number in taken]
    key = wishes[0].key
    whose = _TENANTS.get(key, _REST)
    promises = tuple(_promise(it, whose, it.reference) for it in wishes)
    if not kind.startswith("batch"):
        return _order(draw, key, SINGLE, dict(wishes[0].document()), promises)
    body: dict[str, object] = {
        "batch_reference": f"CB-{taken[0]:06d}",
        "instructions": [it.document() for it in wishes],
    }
    return _order(draw, key, BATCH, body, promises)


def _order(
    draw: Random,
    key: str,
    target: str,
    body: dict[str, object] | bytes,
    promises: tuple[Promise, ...],
) -> Order:
    """Two in ten calls come twice; of single payments half of those with their members turned."""
    again = body if draw.random() < _TWICE else None
    if isinstance(again, dict) and target == SINGLE and draw.random() < _TURNED:
        again = dict(reversed(again.items()))
    return Order(key=key, target=target, body=body, again=again, promises=promises)


def _wish(draw: Random, number: int, *, gathered: bool) -> Wish:
    """Payment ``number``: payee and amount are its own."""
    make = batched if gathered else wish
    name = "样本错名有限公司" if draw.random() < _WRONG_NAMES else ""
    own_bank = draw.random() < 0.6  # noqa: PLR2004 - a share
    made = make(f"CP-{number:06d}", 100_000 + number, own_bank=own_bank, name=name)
    return replace(made, amount=Money(100 + number, CNY))


def _file(seed: int, draw: Random, numbers: Sequence[int], at: datetime) -> Order:
    wishes = [
        replace(_wish(draw, number, gathered=False), debtor=ACCOUNTS[0]) for number in numbers
    ]
    return _pain(draw, f"CF{seed}", "demo-erp", wishes, at, _SAP)


def _payroll(seed: int, draw: Random, numbers: Sequence[int], at: datetime) -> Order:
    wishes = [
        replace(
            pay_of(f"CP-{number:06d}", number, closed=place == 1), amount=Money(200 + number, CNY)
        )
        for place, number in enumerate(numbers)
    ]
    return _pain(draw, f"CS{seed}", "demo-batch", wishes, at, _TENANTS["demo-batch"])


def _pain(  # noqa: PLR0913, PLR0917 - what makes a file
    draw: Random,
    name: str,
    key: str,
    wishes: Sequence[Wish],
    at: datetime,
    whose: tuple[str, str],
) -> Order:
    content = pain001("pain.001.001.03", name, at, wishes, style="sap-cn")
    promises = tuple(_promise(it, whose, f"{name}/{name}-1/{it.reference}") for it in wishes)
    return _order(draw, key, FILE, content, promises)


def _promise(it: Wish, whose: tuple[str, str], reference: str) -> Promise:
    tenant, erp = whose
    return Promise(tenant=tenant, erp=erp, erp_reference=reference, amount_minor=it.amount.minor)

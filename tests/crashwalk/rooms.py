"""What happens in the rooms that the walk goes through: short stories, each the same every time.

A story says what an ERP asks for and how it must end, wherever the gateway dies meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from gateway.cli import demo_files
from gateway.cli.demo_files import Wish, batched, coming_back, pain001, pay_of
from gateway.sandbox.faults import Fault
from gateway.sandbox.payees import LINE_FAILING_PREFIX, other_account, payee_name
from tests.crashwalk.bank import Bank, BankProcess
from tests.crashwalk.house import BATCHER, MACHINE, PEOPLE, House
from tests.crashwalk.life import Stuck
from tests.records import replace

WRONG_NAME = "样本错名有限公司"
ACCOUNT = demo_files.ACCOUNTS[0]
PAID, REFUSED = "SETTLED", "REJECTED"


@dataclass
class Book:
    """What the ERP asked for: how each payment must end, and what it was told."""

    house: House
    bank: Bank | BankProcess
    wishes: dict[str, tuple[Wish, str, str]] = field(default_factory=dict)
    """reference → (wish, state it must end in, whose key)"""
    accepted: dict[str, bytes] = field(default_factory=dict)
    """reference → the body of its acceptance"""

    def expect(self, it: Wish, end: str = PAID, key: str = MACHINE, reference: str = "") -> None:
        """Remember a payment that was asked for."""
        self.wishes[reference or it.reference] = (it, end, key)

    def pay(self, it: Wish, end: str = PAID, key: str = MACHINE) -> str:
        """Post one payment; the same answer must come every time. Returns its id."""
        answer = self.house.post("/v1/instructions", it.document(), key)
        if self.accepted.setdefault(it.reference, answer.body) != answer.body:
            raise Stuck(f"{it.reference} got two different answers")
        self.expect(it, end, key)
        return answer.json()["id"]

    def rest(self) -> None:
        """Wait until everything has ended as it must."""
        for reference, (_, end, key) in self.wishes.items():
            self.house.comes_to(reference, key, {end})


def wish(reference: str, index: int, *, own_bank: bool, name: str = "") -> Wish:
    """A payment from the one account of the tenant that pays one by one."""
    return demo_files.wish(reference, index, own_bank=own_bank, name=name, debtor=ACCOUNT)


Story = Callable[[Book], None]


def single(book: Book) -> None:
    """Own bank, another bank, a payee that the bank refuses; one is posted twice."""
    first = wish("S-1", 1, own_bank=True)
    book.pay(first)
    book.pay(wish("S-2", 2, own_bank=False))
    book.pay(first)
    book.pay(wish("S-3", 3, own_bank=True, name=WRONG_NAME), REFUSED)
    book.rest()


def doubt(book: Book) -> None:
    """Paid but not told, lost on the way, arriving late: enquiry and resend."""
    wrong = (Fault.DROP_AFTER_COMMIT, Fault.DROP_BEFORE_COMMIT, Fault.EXECUTE_LATE)
    for number, kind in enumerate(wrong, start=11):
        it = wish(f"D-{number}", number, own_bank=True)
        book.bank.goes_wrong(kind, it.account, "pay")
        book.pay(it)
    book.rest()


def batch(book: Book) -> None:
    """Payments travel together, one line fails when carried out, and the answer is lost."""
    wishes = [batched(f"B{number}", number) for number in range(21, 24)]
    failing = other_account(24, LINE_FAILING_PREFIX)
    bad = batched("B24", 24, own_bank=False)
    wishes.append(replace(bad, account=failing, name=payee_name(failing)))
    book.bank.goes_wrong(Fault.DROP_AFTER_COMMIT, wishes[0].account, "batch")
    _together(book, wishes, refused=3)


def replanned(book: Book) -> None:
    """A batch is refused for one line; the others leave again without it."""
    wishes = [batched(f"N{number}", number) for number in range(25, 29)]
    wishes[1] = replace(wishes[1], name=WRONG_NAME)
    _together(book, wishes, refused=1)


def unknown(book: Book) -> None:
    """The refusal of a batch is lost: the bank knows nothing of it, and it is taken apart."""
    wishes = [batched(f"U{number}", number) for number in range(81, 84)]
    wishes[1] = replace(wishes[1], name=WRONG_NAME)
    book.bank.goes_wrong(Fault.DROP_AFTER_COMMIT, wishes[2].account, "batch")
    _together(book, wishes, refused=1)


def _together(book: Book, wishes: list[Wish], *, refused: int) -> None:
    document = {
        "batch_reference": wishes[0].reference,
        "instructions": [it.document() for it in wishes],
    }
    book.house.post("/v1/batches", document, BATCHER)
    for number, it in enumerate(wishes):
        book.expect(it, REFUSED if number == refused else PAID, BATCHER)
    book.rest()


def payroll(book: Book) -> None:
    """Salaries from a file; one card is closed, and the answer is lost."""
    wishes = [pay_of(f"W{number}", number, closed=number == 2) for number in range(1, 4)]
    book.bank.goes_wrong(Fault.DROP_AFTER_COMMIT, wishes[0].account, "payroll")
    _file(book, "PAY", wishes, BATCHER)
    for number, it in enumerate(wishes, start=1):
        book.expect(it, REFUSED if number == 2 else PAID, BATCHER, f"PAY/PAY-1/{it.reference}")
    book.rest()


def file(book: Book) -> None:
    """A file of several chunks: staged unseen, accepted at once, released step by step."""
    wishes = [wish(f"F{number}", number, own_bank=number % 2 == 0) for number in range(31, 36)]
    _file(book, "FILE", wishes, MACHINE)
    for it in wishes:
        book.expect(it, PAID, MACHINE, f"FILE/FILE-1/{it.reference}")
    book.rest()


def people(book: Book) -> None:
    """Held and released, held and refused, stopped and let go, cancelled before its day."""
    house = book.house
    first = wish("P-1", 41, own_bank=True)
    book.pay(first)
    twin = replace(first, reference="P-2")
    held = [book.pay(twin), book.pay(replace(first, reference="P-3"), "CANCELLED")]
    for identifier, action in zip(held, ("approve", "reject"), strict=True):
        house.comes_to(_reference(book, identifier), MACHINE, {"HELD", PAID, "CANCELLED"})
        _decide(book, identifier, action)
    reason = {"reason": "演练"}
    stop = house.post(
        "/v1/stops", {"scope": "connection", "subject": "cib-one", **reason}, PEOPLE[0]
    ).json()["id"]
    book.pay(wish("P-4", 44, own_bank=True))
    gone = book.pay(wish("P-5", 45, own_bank=True), "CANCELLED")
    house.post(f"/v1/instructions/{gone}/cancellation", reason)
    for key in PEOPLE:
        house.post(f"/v1/stops/{stop}/lift", reason, key)
    book.rest()


def returned(book: Book) -> None:
    """Paid, and two working days later the money comes back."""
    it = coming_back(wish("R-1", 51, own_bank=False))
    book.pay(it)
    book.rest()
    book.expect(it, "RETURNED")
    book.house.jump(50 * 60)
    book.rest()


def questions(book: Book) -> None:
    """Balance and statement now; an enquiry that the ERP asks for."""
    it = wish("Q-1", 61, own_bank=True)
    book.bank.goes_wrong(Fault.DROP_AFTER_COMMIT, it.account, "pay")
    known = book.pay(it)
    house = book.house
    house.get(f"/v1/accounts/{ACCOUNT}/balance?fresh=true")
    house.get(f"/v1/accounts/{ACCOUNT}/statements")
    house.comes_to("Q-1", MACHINE, {"UNCONFIRMED", PAID})
    house.insist("POST", f"/v1/instructions/{known}/enquiry")
    book.rest()


def hooks(book: Book) -> None:
    """The ERP is told by webhook; its end fails once."""
    book.pay(wish("H-1", 91, own_bank=True))
    book.pay(wish("H-2", 92, own_bank=True, name=WRONG_NAME), REFUSED)
    book.rest()
    receiver = book.house.receiver

    def all_told() -> bool:
        told = receiver.told()
        return all(told.get(it, [""])[-1] == end for it, (_, end, _) in book.wishes.items())

    while not all_told():
        book.house.jump(1)  # a failed attempt is repeated after a pause
        book.house.until_soon(all_told)


def start(book: Book) -> None:
    """The very first start, one payment, and an end in good order."""
    book.house.ready()
    book.pay(wish("A-1", 71, own_bank=True))
    book.rest()
    book.house.stop()


def _file(book: Book, name: str, wishes: list[Wish], key: str) -> None:
    created = book.house.clock.now().replace(microsecond=0)
    content = pain001("pain.001.001.03", name, created, wishes, style="sap-cn")
    book.house.upload("/v1/files?erp=iso20022", content, key)


def _reference(book: Book, identifier: str) -> str:
    return book.house.get(f"/v1/instructions/{identifier}")["erp_reference"]


def _decide(book: Book, identifier: str, action: str) -> None:
    view = book.house.get(f"/v1/instructions/{identifier}")
    if view["state"] == "HELD":
        vote = {"action": action, "content_hash": view["digest"], "reason": "演练"}
        book.house.post(f"/v1/instructions/{identifier}/decisions", vote, PEOPLE[0])


ROOMS: dict[str, Story] = {
    story.__name__: story
    for story in (
        *(start, single, doubt, batch, replanned, unknown),
        *(payroll, file, people, returned, questions, hooks),
    )
}
HOOKED = frozenset({"hooks"})
"""Rooms in which somebody receives webhooks."""
FRESH = frozenset({"start"})
"""Rooms that begin with an empty folder."""

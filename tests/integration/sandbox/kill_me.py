"""A process that pays until it is killed: says each serial on its output only after the answer."""

from __future__ import annotations

import sys

from gateway.sandbox import payees
from tests.sandbox_json import Bank, batch, encode_batch, generated, line, pay


def batches(path: str) -> None:
    """Send payrolls for ever, one line in three of them failing, one payroll per commit."""
    bank = Bank(path)
    number = 0
    while True:
        people = [payees.personal_account(it) for it in (1, 2)]
        people.append(payees.personal_account(3, payees.PERSONAL_CLOSED_PREFIX))
        what = batch(*(line(n, it) for n, it in enumerate(people, 1)), payroll=True)
        bank.pass_time(minutes=1)
        if bank.send(encode_batch(f"R{number}", what)).reply is not None:
            sys.stdout.write(f"R{number}\n")
            sys.stdout.flush()
        number += 1


def main(path: str) -> None:
    """Pay for ever, several requests per commit."""
    bank = Bank(path)
    number = 0
    while True:
        serials = [f"P{number + step}" for step in range(5)]
        bodies = [
            pay(serial, generated(number % 40, "1.00"), super=number % 3 == 0) for serial in serials
        ]
        exchanges = bank.bank.handle_many(bodies, bank.now)
        if all(exchange.reply is not None for exchange in exchanges):
            sys.stdout.write("".join(f"{serial}\n" for serial in serials))
            sys.stdout.flush()
        number += len(serials)


if __name__ == "__main__":
    {"payments": main, "batches": batches}[sys.argv[2]](sys.argv[1])

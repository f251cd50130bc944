"""A process that pays until it is killed: says each serial on its output only after the answer."""

from __future__ import annotations

import sys

from tests.sandbox_json import Bank, generated, pay


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
    main(sys.argv[1])

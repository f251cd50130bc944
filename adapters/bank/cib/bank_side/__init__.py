"""CIB's own half of FOX: reads requests, writes answers. The sandbox bank speaks through it."""

from __future__ import annotations

from typing import Final

from adapters.bank.cib.bank_side.replies import encode
from adapters.bank.cib.bank_side.requests import decode
from adapters.bank.cib.notice import encode as notice
from gateway.ports.bank import BankSide

BANK_SIDE: Final = BankSide(decode=decode, encode=encode, notice=notice)

"""Orders as hypothesis draws them: anything that CIB's own check lets pass."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from adapters.bank.cib import DIALECT
from gateway.domain.instruction import Urgency
from gateway.domain.money import CNY, Money
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank import PayOrder

_HAN = st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5)
_LATIN = st.sampled_from("ABCabc0189 .,()-/'\"（）·麤镕％")


def _one_reading(text):
    """Whether its GBK bytes cannot be taken for UTF-8: wire refuses what has two readings."""
    if text.isascii():
        return True
    try:
        text.encode("gbk", "ignore").decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


def texts(limit, at_least=1):
    drawn = st.text(st.one_of(_HAN, _LATIN), min_size=at_least, max_size=limit // 2)
    return drawn.map(str.strip).filter(lambda text: len(text) >= at_least and _one_reading(text))


ACCOUNTS = st.text("0123456789ABCz-", min_size=1, max_size=32)
MONEY = st.integers(1, 10**17 - 1).map(lambda minor: Money(minor, CNY))
SERIALS = st.text("0123456789ABCxyz", min_size=1, max_size=DIALECT.serial_length_max)


@st.composite
def orders(draw):
    own_bank, local = draw(st.booleans()), draw(st.booleans())
    agent = Agent(
        name="" if own_bank else draw(texts(40).filter(lambda name: "兴业银行" not in name)),
        cnaps=draw(st.sampled_from(["102290000001", "313100000013"])) if not own_bank else "",
        city="" if local else draw(texts(30)),
    )
    urgent = draw(st.booleans())
    ceiling = 50_000_00 if urgent else 10**17 - 1
    return PayOrder(
        debtor=Party(
            name=draw(texts(50, 0)),
            account=Account(number=draw(st.text("0123456789", min_size=1, max_size=18))),
        ),
        creditor=Party(name=draw(texts(50)), account=Account(number=draw(ACCOUNTS), agent=agent)),
        amount=Money(draw(st.integers(1, ceiling)), CNY),
        purpose=draw(texts(60)),
        memo=draw(texts(60, 0)),
        own_bank=own_bank,
        local=local,
        urgency=Urgency.URGENT if urgent and not own_bank else Urgency.NORMAL,
        due=draw(st.none() | st.dates(date(2026, 9, 16), date(2026, 9, 30))),
    )

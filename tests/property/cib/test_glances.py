"""What is read or found sound at a glance is what the thorough look says of it.

Lines of a batch are written, checked and read in one go each. Here every such glance is held
against the way that goes element by element and names what is wrong.
"""

from __future__ import annotations

import re
import sys

from hypothesis import example, given
from hypothesis import strategies as st

from adapters.bank.cib import batch, batch_checks, fields, payroll
from adapters.bank.cib.bank_side import batch_replies, batch_requests, order, parts
from adapters.bank.cib.bank_side.reading import Faults
from adapters.bank.cib.transfer import optional, payee
from gateway.domain.money import CNY, Money, currency
from gateway.domain.party import Account, Agent, Party
from gateway.ports.bank_batch import BatchLine
from gateway.wire.charset import forbidden_characters
from gateway.wire.write import element, leaf
from gateway.wire.xml import Profile, parse

TEXTS = (
    st.text("甲乙丙a1", max_size=24)
    | st.text("甲a1 |<&>\"'\t\r\u200b\u3000㛃%", max_size=12)
    | st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), max_size=8)
)
NUMBERS = st.text("0123456789", min_size=1, max_size=20) | st.text("1A-_ 甲", max_size=34)
AGENTS = st.builds(
    Agent,
    name=TEXTS | st.just("兴业银行上海分行"),
    cnaps=st.sampled_from(["", "309290000107"]),
    city=st.sampled_from(["", "上海"]) | TEXTS,
)
AMOUNTS = st.builds(
    Money,
    st.integers(1, 10**9) | st.integers(-1, 10**17 + 1),
    st.sampled_from([CNY, CNY, CNY, currency("USD")]),
)
LINES = st.builds(
    BatchLine,
    line=st.integers(1, 10**5),
    creditor=st.builds(Party, name=TEXTS, account=st.builds(Account, number=NUMBERS, agent=AGENTS)),
    amount=AMOUNTS,
    purpose=TEXTS,
    memo=TEXTS,
    own_bank=st.booleans(),
    local=st.booleans(),
)


WRITABLE = re.compile("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*")


def writable(*texts):
    return all(
        re.fullmatch("[\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]*", it) for it in texts
    )


def texts_of(line):
    agent = line.creditor.account.agent
    return (
        line.creditor.account.number,
        line.creditor.name,
        agent.name,
        agent.city,
        line.purpose,
        line.memo,
    )


def test_what_gbk_has_and_is_printable_is_forbidden_only_as_markup():
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        if character.isprintable() and fields.all_fit((character * 3,), (9,), "|"):
            assert not forbidden_characters(character)


@given(st.lists(st.tuples(TEXTS, st.integers(0, 40)), max_size=4))
@example([("甲" * 5, 9)])
@example([("a" * 9, 9), ("甲 乙", 5)])
@example([("a ", 9), ("b", 9)])
def test_texts_that_fit_together_fit_each(pairs):
    together = fields.all_fit(
        tuple(text for text, _ in pairs), tuple(limit for _, limit in pairs), "|"
    )
    found = [fields.text_problems("f", text, limit, forbidden="|") for text, limit in pairs]
    plain = all(text.isprintable() for text, _ in pairs)
    assert together == (not any(found) and plain)


@given(LINES)
def test_a_sound_line_has_no_fault(line):
    agent = line.creditor.account.agent
    found = [
        *batch_checks._line(line, batch_checks._BATCH),
        *fields.text_problems("purpose", line.purpose, 60, required=True, forbidden="|"),
    ]
    if not line.own_bank:
        found += fields.agent_name_problems("agent", agent)
        found += () if line.local else fields.city_problems("city", agent)
    sound = batch_checks._sound(line)
    assert not (sound and found)
    assert sound or found or not "".join(texts_of(line)).isprintable() or not line.purpose


@given(LINES, st.tuples(TEXTS, TEXTS))
def test_a_line_is_written_as_by_elements(line, word):
    if not writable(*texts_of(line), *word):
        return
    index, amount = leaf("INDX", str(line.line)), leaf("TRNAMT", line.amount.text())
    use, remark = optional("USE", line.purpose), optional("REMARK", line.memo)
    words = leaf("STATUS", word[0]), leaf("ERRMSG", word[1])
    name = leaf("ACCTNAME", line.creditor.name)
    account = leaf("ACCTID", line.creditor.account.number)
    assert batch._line(line) == element("XFERINFO", index, payee(line), amount, use, remark)
    assert payroll._line(line) == element("RPAYOFF", index, name, account, amount)
    assert batch_replies._payment_line(line, word) == element(
        "XFERINFO", index, parts.payee(line), amount, use, remark, *words
    )
    assert batch_replies._payroll_line(line, word) == element(
        "RPAYOFF", index, name, account, amount, *words
    )


BROKEN = st.sampled_from(
    [
        ("", ""),
        ("<TRNAMT>", "<USE>x</USE><TRNAMT>"),
        ("<INDX>", "<INDX>x"),
        ("<TRNAMT>", "<TRNAMT>-"),
        ("<ACCTID>", "<ACCTID>1</ACCTID><ACCTID>"),
        ("<NAME>", "<NAME><B/>"),
        ("<NAME>", "<X/><NAME>"),
        ('INTERBANK="Y"', 'INTERBANK="y"'),
        ('LOCAL="N"', ""),
        ("ACCTTO", "ACCTXX"),
        ("BANKNUM>", "BANKNO>"),
        ("<BANKNUM>3", "<BANKNUM>x"),
        ("<XFERINFO>", '<XFERINFO xmlns="urn:other">'),
    ]
)


@given(LINES, BROKEN)
def test_a_line_is_read_as_piece_by_piece(line, broken):
    if not writable(*texts_of(line)):
        return
    written = f"<RQBODY>{batch._line(line).xml.replace(*broken)}</RQBODY>"
    body = parse(written.encode(), Profile.REPLY)
    node = next(body.each("XFERINFO"))
    glance = batch_requests._plain_line(node)
    if glance is not None:
        faults = Faults("")
        assert batch_requests._payment_line(node, glance.line, faults) == glance
        assert faults.first == ""
    if order._in_order(node.element, "RQBODY/XFERINFO"):
        assert order._fault(node) == ""

"""What Yonyou's systems write is read to the letter; what they are told keeps each digit."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.erp.yonyou import DIALECTS
from gateway.ports.erp import Draft
from gateway.ports.erp_api import CallReply, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.sandbox.erps.nc import Nc
from gateway.sandbox.erps.yonbip_books import Books
from gateway.transport.http_messages import Request
from tests.conformance import erps
from tests.unit.yonyou.talk import conversation

amounts = st.builds(
    lambda minor: f"{minor // 100}.{minor % 100:02d}",
    st.integers(min_value=1, max_value=10**17 - 1),
)
texts = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0xFFFD, exclude_categories=("Cs", "Cc", "Zs")),
    min_size=1,
    max_size=30,
)
payments = st.lists(st.tuples(amounts, texts, texts), min_size=1, max_size=5)
entries = st.lists(
    st.builds(
        lambda at, amount, sign, text: erps.entry(f"k{at}", sign + amount, remittance=text),
        st.integers(0, 10**6),
        amounts,
        st.sampled_from(["", "-"]),
        texts,
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda it: it.key,
)


@settings(max_examples=25, deadline=None)
@given(payments, st.integers(1, 60))
def test_what_nc_hands_in_is_read_to_the_letter(rows, step):
    stand_in = Nc()
    for at, (amount, name, purpose) in enumerate(rows):
        stand_in.add({"yurref": f"YR{at}", "trsamt": amount, "crtaccname": name, "nusage": purpose})
    body = stand_in.outgoing()
    pieces = (body[at : at + step] for at in range(0, len(body), step))
    drafts = [it for it in DIALECTS["nc"].read(pieces) if isinstance(it, Draft)]
    assert [(it.amount, it.creditor_name, it.purpose) for it in drafts] == rows
    assert [it.erp_reference for it in drafts] == [f"YR{at}" for at in range(len(rows))]


@settings(max_examples=25, deadline=None)
@given(payments)
def test_what_a_settlement_document_says_is_read_to_the_letter(rows):
    books = Books()
    made = books.create(
        "110",
        [
            {
                "originalcurrencyamt": Decimal(amount),
                "counterpartyaccname": name,
                "description": use,
            }
            for amount, name, use in rows
        ],
    )
    body = msgspec.json.Encoder(decimal_format="number").encode(made.view())
    drafts = [it for it in DIALECTS["yonbip"].read([body]) if isinstance(it, Draft)]
    assert [Decimal(it.amount) for it in drafts] == [Decimal(amount) for amount, _, _ in rows]
    assert [(it.creditor_name, it.purpose) for it in drafts] == [
        (name, use) for _, name, use in rows
    ]


@settings(max_examples=25, deadline=None)
@given(entries)
def test_statement_lines_reach_yonbip_to_the_digit_and_repeat_harmlessly(lines):
    api = DIALECTS["yonbip"].api({"app_key": "k"})
    told = erps.statement_told(*lines)
    rows = json.loads(
        api.tell[ToldKind.STATEMENT].say(conversation(told)).body, parse_float=Decimal
    )
    signs = {1: -1, 2: 1}
    assert [signs[it["dc_flag"]] * it["tran_amt"] for it in rows] == [
        Decimal(it.amount) for it in lines
    ]
    books = Books()
    first = [books.add_line(it) for it in rows]
    assert [books.add_line(it) for it in rows] == first
    assert len(books.lines) == len(lines)


@settings(max_examples=25, deadline=None)
@given(entries)
def test_statement_lines_reach_nc_to_the_digit_and_repeat_harmlessly(lines):
    options = {"account": "0001", "receiver": "10101"}
    telling = DIALECTS["nc"].api(options).tell[ToldKind.STATEMENT]
    told, stand_in = erps.statement_told(*lines), Nc()

    def post(call):
        request = Request(
            method="POST", path=call.path, query=dict(call.query), headers={}, body=call.body
        )
        response = asyncio.run(stand_in.answer(request))
        return telling.say(conversation(told, replies=[CallReply(status=200, body=response.body)]))

    call = telling.say(conversation(told))
    assert [it.verdict for it in post(call)] == [Verdict.TAKEN]
    assert [it.verdict for it in post(call)] == [Verdict.ALREADY]
    heads = [head for _, head in stand_in.documents.values()]
    assert [(it["cdtdbtind"], it["trsamt"]) for it in heads] == [
        ("DBIT" if it.amount.startswith("-") else "CRDT", it.amount.removeprefix("-"))
        for it in lines
    ]

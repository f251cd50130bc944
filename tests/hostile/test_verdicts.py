"""Every hostile file at every surface that it could arrive at: one table, kept to the letter.

``tests/data/attacks/verdicts.tsv`` holds, per file, what ``POST /v1/files`` answers to the file
and to the construct in a pain.001, what the bank's dialect makes of it and of the construct in
a good reply, and what the JSON operations answer. docs/security.md tells the reasons.
"""

from __future__ import annotations

import csv
import json

import pytest

from adapters.bank.cib import DIALECT
from gateway.domain.errors import WireError
from gateway.domain.outcome import Verdict
from gateway.ports.bank import StatusQuestion
from tests.conformance.found import (
    ENQUIRY_SERIAL,
    OTHER_BANK,
    SERIAL,
    answer,
    pay_reply,
    settled_core,
    status_reply,
    stored,
)
from tests.hostile.api import story, verdict
from tests.hostile.attacks import OWN, attacks, by_file, needs_further, own_files
from tests.hostile.hosts import bank_reply, pain_file
from tests.integration.web.world import payment
from tests.records import replace

FILES = "/v1/files?erp=iso20022&on_refused=all"
NONE = "-"


def table():
    with (OWN / "verdicts.tsv").open(encoding="utf-8", newline="") as lines:
        return {row["file"]: row for row in csv.DictReader(lines, delimiter="\t")}


TABLE = table()
# What is well-formed and says the same as a good file is accepted, and why: docs/security.md.
ACCEPTED = {
    "encoding/036-nfd.xml",
    "structure/016-wrong-ns.xml",
    "value/012-amount-12.xml",
    "xxe/019-schemalocation.xml",
    "xxe/020-stylesheet-pi.xml",
}
PAID = pay_reply(DIALECT, OTHER_BANK, answer(stored(OTHER_BANK)))


# ── files of an ERP ─────────────────────────────────────────────────────────────────────────


def test_the_hosts_are_good(tmp_path):
    async def tell(it):
        return await it.call("POST", FILES, pain_file().text.encode("latin-1"))

    assert story(tmp_path, tell).json()["accepted"] == 1
    reply = replace(PAID, body=bank_reply().text.encode("latin-1"))
    assert DIALECT.pay.decode(OTHER_BANK, SERIAL, reply).verdict is Verdict.SETTLED


def test_our_own_hostile_files_are_refused_where_files_arrive(tmp_path):
    async def tell(it):
        return {
            path.name: verdict(await it.call("POST", FILES, path.read_bytes()))
            for path in own_files()
        }

    told = story(tmp_path, tell)
    assert len(told) > 10
    assert {code.split()[0] for code in told.values()} == {"400"}


@needs_further
def test_files_as_they_are(tmp_path):
    async def tell(it):
        return {
            one.file: verdict(await it.call("POST", FILES, one.content))
            for one in attacks("erp-xml-in")
        }

    told = story(tmp_path, tell)
    assert told == {name: TABLE[name]["upload"] for name in told}
    assert all(code.startswith("400 ") for code in told.values())


@needs_further
def test_their_constructs_in_a_file_that_is_else_good(tmp_path):
    async def tell(it):
        told = {}
        for number, one in enumerate(attacks("erp-xml-in")):
            made = pain_file().with_construct(one.content)
            if made is None:
                told[one.file] = NONE
                continue
            made = made.replace(b"HOST-1", b"HOST-%d" % (number + 100))
            told[one.file] = verdict(await it.call("POST", FILES, made))
        return told

    told = story(tmp_path, tell)
    assert told == {name: TABLE[name]["upload_moved"] for name in told}
    assert {name for name, code in told.items() if code == "200"} == ACCEPTED
    assert not [name for name, code in told.items() if code.startswith("5")]


@needs_further
def test_compressed_bodies_are_not_unpacked(tmp_path):
    """The header does not matter: what is hashed, signed and read are the bytes that came."""

    async def tell(it):
        return [
            verdict(await it.call("POST", target, one.content, headers={"Content-Encoding": name}))
            for one in attacks("erp-xml-in")
            if one.file.endswith((".gz", ".z"))
            for target in (FILES, "/v1/instructions")
            for name in ("gzip", "deflate")
        ]

    told = story(tmp_path, tell)
    assert len(told) == 12
    assert set(told) == {"400 encoding", "400 json_encoding"}


# ── a bank's replies ────────────────────────────────────────────────────────────────────────


def as_reply(body):
    """What the dialect makes of these bytes as the answer to a payment."""
    try:
        outcome = DIALECT.pay.decode(OTHER_BANK, SERIAL, replace(PAID, body=body))
    except WireError as error:
        return f"unreadable {error.reason}"
    assert not outcome.known_reject
    assert outcome.verdict in {Verdict.SETTLED, Verdict.UNCONFIRMED}
    return f"{outcome.verdict.name} {outcome.reason}".strip()


@needs_further
@pytest.mark.parametrize("attack", attacks("bank-resp"), ids=by_file)
def test_a_hostile_answer_leaves_a_payment_in_doubt(attack):
    assert as_reply(attack.content) == TABLE[attack.file]["reply"]
    assert TABLE[attack.file]["reply"].startswith("unreadable ")
    question = StatusQuestion(original=SERIAL, order=OTHER_BANK)
    for operation in ("payment_status", "core_result"):
        good = status_reply(DIALECT, operation, answer(settled_core(OTHER_BANK)))
        with pytest.raises(WireError):
            getattr(DIALECT, operation).decode(
                question, ENQUIRY_SERIAL, replace(good, body=attack.content)
            )


@pytest.mark.parametrize("path", own_files(), ids=by_file)
def test_our_own_hostile_files_are_no_answers(path):
    assert as_reply(path.read_bytes()).startswith("unreadable ")


@needs_further
@pytest.mark.parametrize("attack", attacks("erp-xml-in", suffix=".xml"), ids=by_file)
def test_its_construct_in_an_answer_that_is_else_good(attack):
    made = bank_reply().with_construct(attack.content)
    told = NONE if made is None else as_reply(made)
    assert told == TABLE[attack.file]["reply_moved"]


# ── JSON ────────────────────────────────────────────────────────────────────────────────────


@needs_further
def test_json_bodies_as_they_are(tmp_path):
    async def tell(it):
        return {
            one.file: tuple(
                [
                    verdict(await it.call("POST", target, one.content))
                    for target in ("/v1/instructions", "/v1/batches")
                ]
            )
            for one in attacks("json-api", suffix=".json")
        }

    told = story(tmp_path, tell)
    assert told == {name: (TABLE[name]["json"], TABLE[name]["json_batch"]) for name in told}
    assert all(code.startswith("4") for pair in told.values() for code in pair)


FIELDS = {
    "amount_sign": {"amount": "-1.00"},
    "amount_decimals": {"amount": "1.001"},
    "amount_format": {"amount": " 1.00"},
    "amount_format ": {"amount": "1_0"},
    "amount_format  ": {"amount": "0x10"},
    "amount_format   ": {"amount": "١٢٨٠.٥٠"},
    "amount_format    ": {"amount": "1" * 5000},
    "amount_format     ": {"amount": "Infinity"},
    "account_format": {"creditor_account": "1' OR '1'='1"},
    "account_format ": {"creditor_account": "../../etc/passwd"},
    "date_format": {"execution_date": "20251122T25:00:00"},
    "date_format ": {"execution_date": "2026-09-15x"},
    "unencodable": {"creditor_name": "𠮷田公司"},
    "forbidden_character": {"creditor_name": "a\0b"},
    "forbidden_character ": {"creditor_name": "公司\u202e"},
    "forbidden_character  ": {"creditor_name": "\ud800"},
    "forbidden_character   ": {"creditor_name": "公\ue000司"},
    "forbidden_character    ": {"purpose": "x\n2025-11-22 INFO approved"},
    "not_text": {"purpose": {"$gt": ""}},
    "number_not_text": {"amount": 1.0},
    "unknown_field": {"__proto__": {"admin": True}},
}


def test_hostile_values_in_an_instruction_that_is_else_good(tmp_path):
    async def tell(it):
        told = {}
        for name, member in FIELDS.items():
            body = json.dumps(payment() | member).encode()
            told[name] = verdict(await it.call("POST", "/v1/instructions", body))
            lines = json.dumps({"batch_reference": "B", "instructions": [payment() | member]})
            batch = await it.call("POST", "/v1/batches?on_refused=all", lines.encode())
            assert (batch.status_code, verdict(batch)) == (422, told[name])
        return told

    told = story(tmp_path, tell)
    assert told == {name: f"422 {name.strip()}" for name in FIELDS}


HARMLESS = ["javascript:alert(1)", "${jndi:ldap://127.0.0.1:9/a}", "=1+1", "'; DROP TABLE x; --"]


@pytest.mark.parametrize("purpose", HARMLESS)
def test_text_that_only_others_would_run_is_kept_as_it_is(tmp_path, purpose):
    async def tell(it):
        told = (await it.post("/v1/instructions", payment(purpose=purpose))).json()
        return await it.get(told["links"]["self"])

    told = story(tmp_path, tell)
    assert told.json()["purpose"] == purpose
    assert told.headers["content-type"] == "application/json"

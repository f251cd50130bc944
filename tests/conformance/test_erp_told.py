"""What every ERP is told: by files, through its API, in tables. Exact, repeatable, never failed."""

from __future__ import annotations

import re
from contextlib import suppress
from decimal import Decimal

import pytest
from lxml import etree

from gateway.domain.errors import Refused, WireError
from gateway.domain.instruction import State
from gateway.ports.erp import FileFacts
from gateway.ports.erp_api import Call, CallReply, Conversation, Pulled, Taken, Verdict
from gateway.ports.erp_told import ToldKind, decoded, encoded
from tests.conformance.erp_records import (
    ENTRIES,
    SMALL,
    digits,
    entry,
    large,
    statement_told,
    status_told,
    strange,
    told,
)
from tests.conformance.erps import (
    AT,
    DIALECTS,
    LARGE,
    MOMENT,
    access,
    options_of,
)
from tests.conformance.test_erp_replies import UNDECIDED, in_own_form, tells_an_end, text

FACTS = FileFacts(id="gw-20260915-000001", created=AT)
KNOWN = frozenset({Verdict.TAKEN, Verdict.ALREADY, Verdict.REFUSED})
"""Verdicts after which nothing is said again."""
MOST_CALLS = 6

WRITTEN = [(name, kind) for name, found in DIALECTS.items() for kind in found.files]
each_writer = pytest.mark.parametrize(("name", "kind"), WRITTEN)


def writers_of(kind, able=lambda _data: True):
    """Each dialect that writes files of a kind, where they are what is asked about."""
    names = [name for name, it in WRITTEN if it is kind]
    return pytest.mark.parametrize(
        "name", [name for name in names if able(file_of(name, kind, told(name, kind)))]
    )


def file_of(name, kind, *records) -> bytes:
    return b"".join(DIALECTS[name].files[kind].write(tuple(records), FACTS))


def is_plain(data) -> bool:
    return not data.startswith(b"PK")


def made(ability) -> dict:
    """What each dialect makes of its options; who refuses them is told by a test of its own."""
    found = {}
    for name, dialect in DIALECTS.items():
        make = getattr(dialect, ability)
        if make is not None:
            with suppress(Refused):
                found[name] = make(options_of(name)[0])
    return found


APIS = made("api")
SAID = [(name, kind) for name, api in APIS.items() for kind in api.tell]
each_telling = pytest.mark.parametrize(("name", "kind"), SAID)
TABLES = made("tables")
ROWS = [(name, kind) for name, tables in TABLES.items() for kind in tables.results]
each_table = pytest.mark.parametrize(("name", "kind"), ROWS)


@pytest.mark.parametrize("kind", ToldKind)
def test_a_record_comes_back_out_of_the_outbox_as_it_went_in(kind):
    record = told("iso20022", kind)
    assert decoded(encoded(record)) == record


# ── files ─────────────────────────────────────────────────────────────────────────────────────


@each_writer
def test_a_file_is_always_written_alike(name, kind):
    assert file_of(name, kind, told(name, kind)) == file_of(name, kind, told(name, kind)) != b""


@each_writer
def test_a_file_is_of_the_form_that_its_name_says(name, kind):
    suffix = DIALECTS[name].files[kind].suffix
    assert suffix
    assert "." not in suffix
    data = file_of(name, kind, told(name, kind))
    in_own_form(data, {"xml": "application/xml", "json": "application/json"}.get(suffix, suffix))


@each_writer
def test_a_file_tells_the_largest_amount_to_the_digit_or_refuses_it(name, kind):
    record = large(name, kind)
    if not is_plain(file_of(name, kind, told(name, kind))):
        return  # compressed: its own tests open it
    try:
        data = file_of(name, kind, record)
    except Refused:
        return  # the format has no room for it (MT940: 15 characters)
    if SMALL[kind] in digits(text(file_of(name, kind, told(name, kind)))):
        assert digits(LARGE) in digits(text(data))


@writers_of(ToldKind.STATEMENT, is_plain)
def test_every_entry_of_a_statement_is_written_twins_too(name):
    kind = ToldKind.STATEMENT
    data = file_of(name, kind, told(name, kind))
    said = digits(text(data))
    for one in ENTRIES:
        assert digits(one.amount.lstrip("-")).lstrip("0") in said
    twins = file_of(name, kind, statement_told(*ENTRIES, entry("k6", "-7.77")))
    assert len(twins) > len(data)


@writers_of(ToldKind.STATUS)
def test_a_file_of_an_open_outcome_reads_neither_failed_nor_done(name):
    def of(state) -> bytes:
        return file_of(name, ToldKind.STATUS, status_told(name, state, final=False, reason=""))

    if of(State.REJECTED) == of(State.SETTLED):
        return  # this form tells one outcome only
    for state in UNDECIDED:
        assert of(state) not in {of(State.REJECTED), of(State.SETTLED)} - {b""}, state
        assert not tells_an_end(of(state), of(State.REJECTED), of(State.SETTLED)), state


_CAMT = "{*}BkToCstmrStmt/{*}Stmt/{*}Ntry"
_SIGN = {"DBIT": -1, "CRDT": 1, "D": -1, "C": 1, "RC": -1, "RD": 1}


def read_back(data) -> list[Decimal] | None:
    """Signed amounts of a public statement format, by a reader of our own; None for others."""
    if b"BkToCstmrStmt" in data:
        return [
            Decimal(node.findtext("{*}Amt")) * _SIGN[node.findtext("{*}CdtDbtInd")]
            for node in etree.fromstring(data).findall(_CAMT)
        ]
    said = text(data)
    if ":61:" in said:
        lines = re.findall(r"^:61:\d{6}(?:\d{4})?(R?[CD])[A-Z]?(\d+,\d*)", said, re.MULTILINE)
        return [Decimal(text.replace(",", ".")) * _SIGN[sign] for sign, text in lines]
    if said.startswith("01,"):
        lines = re.findall(r"^16,(\d{3}),(\d+)", said, re.MULTILINE)
        return [Decimal(text) / 100 * (-1 if code >= "400" else 1) for code, text in lines]
    return None


def is_public(data) -> bool:
    return is_plain(data) and read_back(data) is not None


@writers_of(ToldKind.STATEMENT, is_public)
def test_a_statement_makes_the_round_trip(name):
    found = read_back(file_of(name, ToldKind.STATEMENT, statement_told()))
    assert found == [Decimal(one.amount) for one in ENTRIES]
    record = statement_told()
    assert Decimal(record.opening) + sum(found) == Decimal(record.closing)


# ── API ───────────────────────────────────────────────────────────────────────────────────────


def talk(name, *records, again=False, replies=()) -> Conversation:
    return Conversation(
        told=records,
        access=access(name),
        moment=MOMENT,
        again=again,
        replies=tuple(replies),
    )


@each_telling
def test_the_same_conversation_says_the_same(name, kind):
    telling = APIS[name].tell[kind]
    assert telling.most >= 1
    for again in (False, True):
        first = telling.say(talk(name, told(name, kind), again=again))
        assert telling.say(talk(name, told(name, kind), again=again)) == first
        if isinstance(first, Call):
            assert first.path.startswith("/")
            assert first.endpoint
            assert first.method in {"GET", "POST", "PUT"}


@each_telling
@strange
def test_a_strange_reply_proves_nothing(name, kind, odd):
    """It is an error, another question or "again": never taken, never given up."""
    telling = APIS[name].tell[kind]
    for again in (False, True):
        replies: list[CallReply] = []
        for _ in range(MOST_CALLS):
            try:
                said = telling.say(talk(name, told(name, kind), again=again, replies=replies))
            except WireError:
                break
            if isinstance(said, Call):
                replies.append(odd.reply())
                continue
            if replies:
                assert not {taken.verdict for taken in said} & KNOWN, (again, said)
            break
        else:
            pytest.fail("it asks for ever")


@each_telling
def test_one_verdict_per_record(name, kind):
    """Whatever is answered without a call names every record once."""
    telling = APIS[name].tell[kind]
    records = [told(name, kind)] * telling.most
    said = telling.say(talk(name, *records))
    if not isinstance(said, Call):
        assert all(isinstance(one, Taken) for one in said)
        assert sorted(one.place for one in said) == list(range(len(records)))


@each_telling
def test_the_largest_amount_is_said_to_the_digit(name, kind):
    telling = APIS[name].tell[kind]
    small, most = (telling.say(talk(name, make(name, kind))) for make in (told, large))
    if not isinstance(small, Call) or SMALL[kind] not in digits(small.body.decode()):
        return  # the first call only asks: the adapter's own tests look at the later ones
    assert isinstance(most, Call)
    assert digits(LARGE) in digits(most.body.decode())


@pytest.mark.parametrize("name", [name for name, kind in SAID if kind is ToldKind.STATUS])
@pytest.mark.parametrize("state", State)
def test_every_state_is_said_or_kept_quiet_on_purpose(name, state):
    telling = APIS[name].tell[ToldKind.STATUS]
    said = telling.say(talk(name, status_told(name, state)))
    if not isinstance(said, Call):
        assert {taken.verdict for taken in said} <= {Verdict.TAKEN, Verdict.ALREADY}


@pytest.mark.parametrize("name", [name for name, kind in SAID if kind is ToldKind.STATUS])
def test_an_open_outcome_is_said_neither_failed_nor_done(name):
    telling = APIS[name].tell[ToldKind.STATUS]

    def of(state) -> bytes:
        said = telling.say(talk(name, status_told(name, state, final=False, reason="")))
        return said.body if isinstance(said, Call) else b""

    if of(State.REJECTED) == of(State.SETTLED):
        return  # the first call asks: the adapter's own tests look at the later ones
    for state in UNDECIDED:
        assert of(state) not in {of(State.REJECTED), of(State.SETTLED)} - {b""}, state
        assert not tells_an_end(of(state), of(State.REJECTED), of(State.SETTLED)), state


@pytest.mark.parametrize("name", [name for name, api in APIS.items() if api.login])
@strange
def test_a_strange_reply_is_no_log_in(name, odd):
    login = APIS[name].login
    call = login.encode(access(name), MOMENT)
    assert call == login.encode(access(name), MOMENT)
    with pytest.raises((WireError, Refused)):
        login.decode(odd.reply(), MOMENT)


@pytest.mark.parametrize("name", [name for name, api in APIS.items() if api.login])
def test_secrets_are_told_by_no_text(name):
    found = access(name)
    token = APIS[name].login.encode(found, MOMENT)
    assert token.path.startswith("/")
    for secret in found.secrets.values():
        assert secret not in repr(found)


@pytest.mark.parametrize("name", [name for name, api in APIS.items() if api.pull])
@strange
def test_a_strange_reply_is_no_page_of_documents(name, odd):
    pull = APIS[name].pull
    first = pull.encode(access(name), MOMENT, "")
    assert first == pull.encode(access(name), MOMENT, "")
    try:
        if pull.follow is not None:
            page = pull.follow(access(name), odd.reply(), "")
        else:
            page = pull.decode(access(name), odd.reply())
    except WireError:
        return
    assert not isinstance(page, Pulled), "an unknown reply is not an empty list"
    assert page in {Verdict.AGAIN, Verdict.LOGIN}


@pytest.mark.parametrize("name", [name for name, api in APIS.items() if api.sign])
def test_a_signature_adds_and_takes_nothing_away(name):
    call = Call(method="POST", path="/x", endpoint="x", body=b"{}")
    found = access(name)
    signed = APIS[name].sign(call, found, MOMENT)
    assert signed == APIS[name].sign(call, found, MOMENT)
    assert (signed.method, signed.path, signed.body) == (call.method, call.path, call.body)
    assert set(signed.headers) >= set(call.headers)
    for secret in found.secrets.values():
        assert secret not in repr(signed)


# ── tables ────────────────────────────────────────────────────────────────────────────────────


def rows_of(name, kind, record) -> list[dict[str, object]]:
    return [dict(row) for row in TABLES[name].results[kind].rows(record)]


@each_table
def test_rows_are_made_alike_and_have_their_key(name, kind):
    table, rows = TABLES[name].results[kind], rows_of(name, kind, told(name, kind))
    assert rows == rows_of(name, kind, told(name, kind))
    assert rows
    keys = [tuple(row[column] for column in table.key) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        assert all(row[column] not in {None, ""} for column in table.key)
        assert not any(isinstance(cell, float) for cell in row.values())


@each_table
def test_a_row_tells_the_largest_amount_to_the_digit(name, kind):
    rows = rows_of(name, kind, large(name, kind))
    if rows != rows_of(name, kind, told(name, kind)):
        cells = [cell for row in rows for cell in row.values()]
        assert Decimal(LARGE) in [cell for cell in cells if isinstance(cell, Decimal)] or any(
            LARGE in cell for cell in cells if isinstance(cell, str)
        )


@pytest.mark.parametrize("name", [name for name, kind in ROWS if kind is ToldKind.STATEMENT])
def test_a_statement_has_a_row_per_entry(name):
    kind = ToldKind.STATEMENT
    assert len(rows_of(name, kind, told(name, kind))) == len(ENTRIES)


@pytest.mark.parametrize("name", [name for name, kind in ROWS if kind is ToldKind.STATUS])
def test_a_row_of_an_open_outcome_reads_neither_failed_nor_done(name):
    def of(state) -> list[dict[str, object]]:
        return rows_of(
            name, ToldKind.STATUS, status_told(name, state, final=False, reason="", at=AT)
        )

    assert of(State.REJECTED) != of(State.SETTLED)
    for state in UNDECIDED:
        assert of(state) not in [of(State.REJECTED), of(State.SETTLED)], state
        ends = (repr(of(end)).encode() for end in (State.REJECTED, State.SETTLED))
        assert not tells_an_end(repr(of(state)).encode(), *ends), state


APPENDING = [
    name
    for name, kind in ROWS
    if kind is ToldKind.STATUS and not TABLES[name].results[kind].replace
]


@pytest.mark.parametrize("name", APPENDING)
def test_a_later_version_has_a_row_of_its_own(name):
    kind = ToldKind.STATUS
    table = TABLES[name].results[kind]
    keys = {
        tuple(row[column] for column in table.key)
        for version in (1, 2, 3)
        for row in rows_of(name, kind, status_told(name, version=version))
    }
    assert len(keys) == 3


def test_what_speaks_by_api_or_tables_is_covered():
    """The lists above are made at import: what cannot be made would not be seen there."""
    wanted = {name for name, it in DIALECTS.items() if it.api or it.tables}
    assert {*APIS, *TABLES} == wanted, "tests/data/erp/<folder>/options.json lacks its options"

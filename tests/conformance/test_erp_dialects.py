"""Every ERP dialect found under adapters/erp reads by the same promises."""

from __future__ import annotations

import json
import re
from itertools import pairwise

import pytest

from gateway.domain.errors import WireError
from gateway.ports.erp import Draft, ErpTransport, FileEnd, FileHead
from gateway.ports.erp_told import ToldKind
from tests.conformance.erps import (
    ADAPTERS,
    DIALECTS,
    FILES,
    FOLDERS,
    HEAD,
    READERS,
    access,
    drafts_of,
    each_file,
    files_that,
    is_text,
    is_xml,
    package,
    payment_files,
    sample_files,
    spoken,
    text_of,
)

every_dialect = pytest.mark.parametrize("name", DIALECTS)
_CUTTABLE = {".csv", ".txt"}
"""Formats without an end of their own: what was cut off at a line end is not missed."""


def read(name, data) -> list:
    return list(DIALECTS[name].read([data]))


def drafts(name, data) -> list[Draft]:
    return [part for part in read(name, data) if isinstance(part, Draft)]


# ── what a dialect is ─────────────────────────────────────────────────────────────────────────


def test_dialects_are_found():
    assert "iso20022" in FOLDERS
    assert {name for name, _ in FILES} == set(READERS), "each reader has a sample of its own"


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_dialect_is_called_what_its_folder_and_flavour_are_called(folder):
    found = package(folder)
    flavours = getattr(found, "DIALECTS", {})
    assert found.DIALECT.name in {folder, *(f"{folder}/{it}" for it in flavours)}
    for flavour, dialect in flavours.items():
        expected = f"{folder}/{flavour}" if flavour else found.DIALECT.name
        assert dialect.name == expected
    for dialect in spoken(folder).values():
        assert dialect.title_zh
        assert dialect.title_en


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_folder_has_a_readme_that_names_what_it_speaks(folder):
    readme = (ADAPTERS / folder / "README.md").read_text(encoding="utf-8")
    for name in spoken(folder):
        flavour = name.rpartition("/")[2]
        assert flavour in readme, name


@every_dialect
def test_a_dialect_can_do_something_by_the_ways_it_names(name):
    dialect = DIALECTS[name]
    assert dialect.read or dialect.api or dialect.tables or dialect.files or dialect.report
    assert dialect.transports, "no transport is declared"
    assert (dialect.api is not None) >= (ErpTransport.API in dialect.transports)
    assert (dialect.tables is not None) >= (ErpTransport.TABLES in dialect.transports)


@every_dialect
def test_what_takes_payments_says_which_products_it_serves(name):
    dialect = DIALECTS[name]
    codes = [product.code for product in dialect.products]
    assert len(codes) == len(set(codes))
    for product in dialect.products:
        assert product.title_zh
        assert product.title_en
        assert product.dialect in DIALECTS
        assert product.transports <= DIALECTS[product.dialect].transports
        assert not product.unsupported_below or (product.reason_zh and product.reason_en)
        for module in product.modules:
            assert module.code
            assert module.title_zh
            assert module.title_en


@every_dialect
def test_questions_and_sniffing_come_together(name):
    dialect = DIALECTS[name]
    assert (dialect.asks is None) == (dialect.questions is None)
    if dialect.read is not None:
        assert dialect.sniff is not None, "a file could not be told from others"
        assert dialect.refuse is not None, "a refused file would get no answer"


@every_dialect
def test_api_and_tables_are_made_from_options_that_are_declared(name):
    dialect = DIALECTS[name]
    options = access(name).options
    assert options.keys() <= dialect.options
    if dialect.api is not None:
        assert dialect.api(options).tell.keys() <= set(ToldKind)
    if dialect.tables is not None:
        assert dialect.tables(options).results.keys() <= set(ToldKind)


# ── sniffing ──────────────────────────────────────────────────────────────────────────────────

_NOBODYS = (
    b"",
    b"\x00\x01 nothing that anybody sends",
    b"\xff\xfe\x00",
    b"<",
    b"{",
    b"[",
    b"<html><body>502</body></html>",
    b"PK\x03\x04",
    b'{"a": [1, 2',
)


@every_dialect
@pytest.mark.parametrize("head", _NOBODYS, ids=lambda head: repr(head[:12]))
def test_sniffing_never_fails_and_knows_no_strange_bytes(name, head):
    dialect = DIALECTS[name]
    for look in (dialect.sniff, dialect.asks):
        if look is not None:
            assert look(head) is False


@pytest.mark.parametrize("folder", FOLDERS)
def test_a_file_belongs_to_one_flavour(folder):
    """A more special flavour may know what the folder's own dialect knows too."""
    own = package(folder).DIALECT.name
    for path in sample_files(folder):
        head = path.read_bytes()[:HEAD]
        knowing = [
            name
            for name, dialect in spoken(folder).items()
            if dialect.sniff is not None and dialect.sniff(head)
        ]
        assert len([name for name in knowing if name != own]) <= 1, (path.name, knowing)


@each_file
def test_a_file_of_payments_is_no_file_of_questions(name, path):
    dialect = DIALECTS[name]
    if dialect.asks is not None:
        assert not dialect.asks(path.read_bytes()[:HEAD])


# ── reading ───────────────────────────────────────────────────────────────────────────────────


@each_file
def test_the_same_input_gives_the_same_result(name, path):
    data = path.read_bytes()
    first = read(name, data)
    assert read(name, data) == first
    pieces = (data[at : at + 11] for at in range(0, len(data), 11))
    assert list(DIALECTS[name].read(pieces)) == first


@each_file
def test_a_file_is_a_head_its_drafts_and_an_end(name, path):
    head, *lines, end = read(name, path.read_bytes())
    assert isinstance(head, FileHead)
    assert head.format
    assert head.message_id
    assert isinstance(end, FileEnd)
    assert end.count == len(lines) > 0
    assert all(isinstance(line, Draft) for line in lines)


@each_file
def test_each_payment_has_a_reference_of_its_own(name, path):
    """An empty one is refused by intake; what is no two payments' reference is refused too."""
    references = [it.erp_reference for it in drafts_of(name, path) if it.erp_reference]
    assert len(references) == len(set(references)) > 0


@each_file
def test_the_text_of_money_is_the_senders_own(name, path):
    text = text_of(path)
    for draft in drafts_of(name, path):
        if draft.amount and text is not None:
            assert re.search(rf"(?<![0-9.]){re.escape(draft.amount)}(?![0-9.])", text)


@each_file
def test_a_fault_could_name_the_senders_own_field(name, path):
    for draft in drafts_of(name, path):
        for field in ("erp_reference", "amount", "creditor_name", "creditor_account"):
            assert draft.at.get(field), field
    places = [(draft.line, draft.at["amount"]) for draft in drafts_of(name, path)]
    assert len(places) == len(set(places)), "two lines of a file have one place"


@each_file
def test_a_reply_could_echo_what_the_sender_said(name, path):
    for draft in drafts_of(name, path):
        assert all(isinstance(text, str) for text in draft.source.values())
        if DIALECTS[name].report is not None:
            assert draft.source


# ── broken files ──────────────────────────────────────────────────────────────────────────────


def refused(name, data) -> bool:
    """Whether nothing of it would be taken."""
    try:
        parts = read(name, data)
    except WireError:
        return True
    return any(isinstance(part, FileEnd) and part.faults for part in parts)


@each_file
def test_a_file_that_breaks_off_is_refused(name, path):
    data, whole = path.read_bytes(), list(drafts_of(name, path))
    for end in (len(data) // 3, len(data) // 2, len(data.rstrip()) - 1):
        if not refused(name, data[:end]):
            assert path.suffix in _CUTTABLE
            found = drafts(name, data[:end])
            assert found[:-1] == whole[: len(found) - 1]


@files_that(is_text)
def test_a_file_in_another_encoding_is_refused(name, path):
    assert refused(name, b"\x00" + path.read_bytes())
    # Whole characters are lost where bytes are: one wrong byte inside the first Chinese text.
    data = path.read_bytes()
    at = next((place for place, byte in enumerate(data) if byte > 0x7F and place > 3), None)
    if at is not None:
        assert refused(name, data[:at] + b"\xff" + data[at + 1 :])


@files_that(is_xml)
def test_a_document_type_is_refused(name, path):
    data = path.read_bytes()
    root = re.search(rb"<[A-Za-z]", data).start()
    assert refused(name, data[:root] + b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + data[root:])


AMOUNTS = ("1234567890123456789.12", "9007199254740993.01", "0.1000000000000000055")


def with_amount(name, path, amount) -> bytes:
    """The file with another text where its first amount stands."""
    first = drafts_of(name, path)[0].amount
    assert first
    data = path.read_bytes()
    return re.sub(
        rb"(?<![0-9.])" + re.escape(first.encode()) + rb"(?![0-9.])", amount.encode(), data
    )


@files_that(is_text)
@pytest.mark.parametrize("amount", AMOUNTS)
def test_an_amount_of_many_digits_is_never_rounded(name, path, amount):
    data = with_amount(name, path, amount)
    try:
        found = [draft.amount for draft in drafts(name, data)]
    except WireError:
        return
    assert amount in found


_GATE = re.compile(r"(0|[1-9][0-9]{0,14})(\.[0-9]{1,5})?", re.ASCII)


@files_that(is_text)
@pytest.mark.parametrize("amount", ["1e3", "NaN", "１２００", "1_000", "0x10", "-5.00", "1,200.50"])
def test_what_is_no_amount_never_becomes_one(name, path, amount):
    data = with_amount(name, path, amount)
    try:
        first = drafts(name, data)[0]
    except (WireError, IndexError):
        return
    before = drafts_of(name, path)[0]
    assert not _GATE.fullmatch(first.amount), first.amount
    assert first.amount != before.amount


@each_file
def test_lines_keep_their_order(name, path):
    lines = [draft.line for draft in drafts_of(name, path) if draft.line is not None]
    assert all(before <= after for before, after in pairwise(lines))


# ── the 10,001st line ─────────────────────────────────────────────────────────────────────────

MANY = 10_001
_INDEXED = re.compile(r"([A-Za-z_][\w.-]*)\[\d+\]|^/?rows?/\d+", re.ASCII)


def many_times(name, path) -> bytes | None:
    """The file with its last record ``MANY`` times; None where its form does not show how."""
    text, last = text_of(path), drafts_of(name, path)[-1]
    if text is None:
        return None
    data, steps = path.read_bytes(), _INDEXED.findall(last.at["amount"])
    if data.lstrip().startswith(b"<"):
        element = steps[-1].encode() if steps and steps[-1] else b""
        records = list(
            re.finditer(rb"<(%s)[ >].*?</\1>" % re.escape(element or b"-"), data, re.DOTALL)
        )
        if not records:
            return None
        start, end = records[-1].span()
        return data[:start] + (data[start:end] + b"\n") * MANY + data[end:]
    if path.suffix == ".jsonl":
        *before, line, end = data.rstrip(b"\n").split(b"\n")
        return b"\n".join([*before, *[line] * MANY, end]) + b"\n"
    if path.suffix == ".json":
        return _longer_list(text, last.at["amount"])
    if path.suffix in _CUTTABLE:
        *before, line = data.rstrip(b"\r\n").split(b"\n")
        return b"\n".join([*before, *[line] * MANY]) + b"\n"
    return None


def _longer_list(text, pointer) -> bytes | None:
    """A JSON document whose list, as a place in it names one, is made long."""
    document = here = json.loads(text)
    for step in pointer.split("/")[1:]:
        if isinstance(here, list) and step.isdigit():
            here.extend(here[int(step)] for _ in range(MANY))
            return json.dumps(document, ensure_ascii=False).encode()
        here = here.get(step) if isinstance(here, dict) else None
    return None


def grown(name) -> bytes | None:
    """The dialect's first sample that can be made long; None where none holds a list."""
    found = (many_times(name, path) for path in payment_files(name))
    return next((data for data in found if data is not None), None)


@pytest.mark.parametrize("name", READERS)
def test_the_10001st_line_has_a_place_of_its_own(name):
    """Every line of a long file can be named in a fault, or the file is too long and says so."""
    data = grown(name)
    if data is None:
        return  # its samples hold one document each, or a workbook
    *found, end = (part for part in read(name, data) if not isinstance(part, FileHead))
    assert len(found) >= MANY or end.faults
    assert len({(draft.line, draft.at["amount"]) for draft in found}) == len(found)

"""A new mapping beside the old one: what it reads otherwise, by place, never by value."""

from __future__ import annotations

from itertools import count
from pathlib import Path

from adapters.erp.canonical import DIALECTS
from gateway.domain.errors import Fault, WireError
from gateway.intake.comparing import (
    KEPT_MAX,
    SURPLUS_MAX,
    Seen,
    compare,
    compare_documents,
)
from gateway.ports.erp import Draft, FileEnd, FileHead
from gateway.ports.erp_draft import FaultyDraft
from tests.records import replace

SALT = "shd_1"


def draft(number, **changes):
    return replace(
        Draft(erp_reference=f"R-{number}", amount="10.00", purpose="货款", line=number), **changes
    )


def parts(*drafts, **head):
    yield FileHead(format="x", message_id="M-1", **head)
    yield from drafts
    yield FileEnd(count=len(drafts))


def fields(compared):
    return [(it.line, it.field) for it in compared.differences]


def test_the_same_reading_differs_in_nothing():
    compared = compare(parts(draft(1), draft(2)), parts(draft(1), draft(2)), SALT)
    assert (compared.lines, compared.different, compared.differences) == (2, 0, [])


def test_what_the_format_is_called_and_where_a_text_stood_is_no_difference():
    other = draft(1, at={"amount": "B2"}, source={"x": "y"}, line=7)
    assert compare(parts(draft(1)), parts(other), SALT).different == 0


def test_each_field_that_differs_is_named_with_its_line():
    new = draft(2, amount="10.01", purpose="")
    compared = compare(parts(draft(1), draft(2)), parts(draft(1), new), SALT)
    assert compared.different == 1
    assert fields(compared) == [(2, "amount"), (2, "purpose")]
    amount, purpose = compared.differences
    assert amount.before != amount.after
    assert purpose.after == "-"


def test_no_value_and_no_plain_digest_of_one_is_kept():
    compared = compare(parts(draft(1)), parts(draft(1, amount="99.99")), SALT)
    other = compare(parts(draft(1)), parts(draft(1, amount="99.99")), "shd_2")
    assert "99.99" not in repr(compared)
    assert compared.differences != other.differences


def test_a_line_more_or_less_is_a_difference():
    compared = compare(parts(draft(1)), parts(draft(1), draft(2)), SALT)
    assert fields(compared) == [(2, "line"), (0, "end")]
    assert compared.different >= 1


def test_a_reading_that_breaks_off_is_one_difference_and_no_error():
    def broken():
        yield FileHead(format="x", message_id="M-1")
        raise WireError("malformed", "/x", line=3)

    compared = compare(parts(draft(1)), broken(), SALT)
    assert compared.different >= 1


def test_faults_of_form_differ_by_code():
    fault = Fault(path="B2", code="formula", zh="公式", en="a formula", line=2)
    new = FaultyDraft(erp_reference="R-1", amount="10.00", purpose="货款", faults=(fault,))
    assert fields(compare(parts(draft(1)), parts(new), SALT)) == [(1, "faults")]


def test_what_is_kept_is_bounded_and_the_rest_is_counted():
    many = KEPT_MAX + 50
    old = (draft(it) for it in range(many))
    new = (draft(it, amount="11.00") for it in range(many))
    compared = compare(parts(*old), parts(*new), SALT)
    assert compared.different == many
    assert len(compared.differences) == KEPT_MAX


def test_two_versions_of_the_canonical_file_say_the_same():
    """The mechanism that a client would change versions by."""
    folder = Path(__file__).resolve().parents[2] / "data" / "erp" / "canonical"
    old = list(DIALECTS["v1"].read([(folder / "own.v1.json").read_bytes()]))
    new = list(DIALECTS["v2"].read([(folder / "own.v2.jsonl").read_bytes()]))
    compared = compare(old, new, SALT)
    assert compared.lines == 2
    assert {field for line, field in fields(compared) if line} == {"currency", "creditor_city"}


def test_a_new_reading_without_an_end_is_broken_off_and_said_to_be_endless():
    compared = compare(parts(draft(1)), (draft(it) for it in count(1)), SALT)
    assert compared.lines <= SURPLUS_MAX + 4
    assert compared.differences[-1].field in {"line", "end"}
    assert compared.different >= SURPLUS_MAX


# ── documents that are fetched again and again ────────────────────────────────────────────────


def again(seen, *pairs, scope="t s"):
    return compare_documents(pairs, SALT, seen, scope)


def test_a_document_is_compared_when_it_is_first_seen_and_when_a_reading_of_it_changed():
    seen = Seen()
    one, two = (draft(1), draft(1, amount="11.00")), (draft(2), draft(2))
    first = again(seen, one, two)
    assert (first.lines, first.different, fields(first)) == (2, 1, [(1, "amount")])
    assert first.differences[0].reference == "R-1"
    nothing = again(seen, two, one)
    assert (nothing.lines, nothing.different) == (0, 0), "in whatever place they come"
    changed = again(seen, two, (draft(1), draft(1, amount="12.00")))
    assert (changed.lines, fields(changed)) == (1, [(2, "amount")])
    assert again(seen, one, scope="t other").lines == 1, "each system has documents of its own"


def test_a_document_that_only_one_can_read_differs_as_a_whole():
    compared = again(Seen(), (draft(1), "value /x"), ("unrecognised ", draft(2)), (draft(3), None))
    assert fields(compared) == [(1, "line"), (2, "line"), (3, "line")]
    assert [it.reference for it in compared.differences] == ["R-1", "", "R-3"]


def test_what_is_remembered_is_bounded():
    seen = Seen(most=10)
    assert [seen.first(str(it)) for it in range(20)] == [True] * 20
    assert not seen.first("19")
    assert seen.first("0")
    assert len(seen._digests) == 10


def test_texts_that_only_joined_are_alike_are_not_the_same():
    seen = Seen()
    assert seen.first("ab", "c")
    assert seen.first("a", "bc")

"""The code that finds a payment again in the bank's statement."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.reconciliation import LENGTH, code_of, codes_in

TEXT = st.text(max_size=40)


@given(TEXT, TEXT, TEXT)
def test_a_code_is_short_plain_and_found_again(tenant, erp, reference):
    code = code_of(tenant, erp, reference)
    assert len(code) == LENGTH
    assert code.isascii()
    assert code.isalnum()
    assert code == code_of(tenant, erp, reference)
    assert codes_in(f"货款 {code}") == (code,)
    assert codes_in(code) == (code,)
    assert codes_in(f"付款，{code}；转账") == (code,)


@given(TEXT, st.integers(1, LENGTH - 1), st.sampled_from("0123456789ABCDEFGHJKMNPQRSTVWXYZ"))
def test_one_wrong_letter_is_noticed(reference, at, letter):
    code = code_of("t", "e", reference)
    other = code[:at] + letter + code[at + 1 :]
    assert codes_in(other) == ((code,) if other == code else ())


def test_others_have_other_codes():
    codes = {code_of("t", "e", f"PO-{number}") for number in range(5000)}
    assert len(codes) == 5000
    assert code_of("t", "e", "1") != code_of("t", "f", "1") != code_of("u", "f", "1")


def test_what_merely_looks_like_one_is_none():
    code = code_of("t", "e", "PO-1")
    assert codes_in("R20260915123456 货款") == ()
    assert codes_in(f"X{code}") == ()
    assert codes_in(f"{code}7") == ()
    assert codes_in(code.lower()) == ()

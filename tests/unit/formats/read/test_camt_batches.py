"""Batches: parts add up to the entry, and charges and remainders are parts of their own."""

from __future__ import annotations

from gateway.domain.exact import exact_sum
from tests.unit.formats.read.camt_ground import codes, details, ntry, only


def part(amount: str, more: str = "", *, currency: str = "EUR") -> str:
    return f"<Amt Ccy='{currency}'>{amount}</Amt>{more}"


def charge(amount: str, more: str = "") -> str:
    return f"<Chrgs><Rcrd><Amt Ccy='EUR'>{amount}</Amt>{more}</Rcrd></Chrgs>"


def older(*amounts: str) -> str:
    return "".join(f"<Chrgs><Amt Ccy='EUR'>{it}</Amt></Chrgs>" for it in amounts)


def shown(inside: str, amount: str, way: str = "DBIT") -> tuple[list[tuple[str, str]], list[str]]:
    entry, end = only(ntry(inside, amount=amount, way=way))
    amounts = [it.amount for it in entry.transactions if it.amount is not None]
    if len(amounts) == len(entry.transactions) and amounts:
        assert exact_sum(amounts).text(2) == entry.amount.text(2)
    return [(it.kind, it.amount.text(2) if it.amount else "") for it in entry.transactions], codes(
        end
    )


def test_parts_that_add_up_are_all_there_is():
    assert shown(details(part("4.00"), part("6.00")), "10.00") == (
        [("", "-4.00"), ("", "-6.00")],
        [],
    )


def test_a_part_may_go_the_other_way():
    back = part("2.00", "<CdtDbtInd>CRDT</CdtDbtInd>")
    assert shown(details(part("12.00"), back), "10.00")[0] == [("", "-12.00"), ("", "2.00")]


def test_amounts_come_from_either_place():
    older_place = "<AmtDtls><TxAmt><Amt Ccy='EUR'>4.00</Amt></TxAmt></AmtDtls>"
    assert shown(details(older_place, part("6.00")), "10.00")[0] == [("", "-4.00"), ("", "-6.00")]


def test_charges_become_parts_where_they_explain_the_difference():
    by_record = shown(details(part("1500.00", charge("26.00"))), "1526.00")
    assert by_record == ([("", "-1500.00"), ("charges", "-26.00")], [])
    assert shown(details(part("1500.00")) + charge("26.00"), "1526.00") == by_record
    two = shown(details(part("1500.00", older("20.00", "6.00"))), "1526.00")
    assert two == ([("", "-1500.00"), ("charges", "-20.00"), ("charges", "-6.00")], [])
    total = "<Chrgs><TtlChrgsAndTaxAmt Ccy='EUR'>26.00</TtlChrgsAndTaxAmt></Chrgs>"
    assert shown(details(part("1500.00", total)), "1526.00") == by_record
    # Told on both levels, booked once.
    assert (
        shown(details(part("1500.00", charge("26.00"))) + charge("26.00"), "1526.00") == by_record
    )
    credited = shown(details(part("1000.00", charge("20.00"))), "980.00", "CRDT")
    assert credited == ([("", "1000.00"), ("charges", "-20.00")], [])


def test_charges_that_are_given_back_fit_with_or_without_a_word_of_it():
    expected: tuple[list[tuple[str, str]], list[str]] = ([("", "-12.00"), ("charges", "2.00")], [])
    assert shown(details(part("12.00", charge("2.00"))), "10.00") == expected
    told = charge("2.00", "<CdtDbtInd>CRDT</CdtDbtInd>")
    assert shown(details(part("12.00", told)), "10.00") == expected


def test_of_charges_only_those_that_are_included_may_count():
    one = "<Chrgs><Rcrd><Amt Ccy='EUR'>2.00</Amt><ChrgInclInd>true</ChrgInclInd></Rcrd>"
    two = "<Rcrd><Amt Ccy='EUR'>9.00</Amt><ChrgInclInd>false</ChrgInclInd></Rcrd></Chrgs>"
    found = shown(details(part("10.00", one + two)), "12.00")
    assert found == ([("", "-10.00"), ("charges", "-2.00")], [])


def test_charges_that_are_only_told_change_nothing():
    assert shown(details(part("10.00", charge("1.00"))), "10.00") == ([("", "-10.00")], [])


def test_what_no_charge_explains_is_a_remainder_and_told():
    found = shown(details(part("4.00"), part("5.00", charge("0.30"))), "10.00")
    assert found == ([("", "-4.00"), ("", "-5.00"), ("remainder", "-1.00")], ["remainder"])
    assert shown(details(part("12.00"), part("5.00")), "10.00")[0][2] == ("remainder", "7.00")


def test_a_part_without_amount_is_left_so_unless_it_is_the_entry():
    assert shown(details("<Refs/>"), "10.00")[0] == [("", "-10.00")]
    assert shown(details("<Refs/>", part("4.00")), "10.00") == ([("", ""), ("", "-4.00")], [])
    four = "<NtryDtls><Btch><NbOfTxs>4</NbOfTxs></Btch><TxDtls><Refs/></TxDtls></NtryDtls>"
    assert shown(four, "10.00")[0] == [("", "")]


def test_the_size_of_a_batch_is_told_and_more_details_than_it_says_are_a_finding():
    size = "<NtryDtls><Btch><NbOfTxs>{}</NbOfTxs></Btch></NtryDtls>"
    entry, end = only(ntry(size.format(3)))
    assert entry.batch_size == 3
    assert codes(end) == []
    inside = details(part("4.00"), part("6.00")).replace(
        "<NtryDtls>", "<NtryDtls><Btch><NbOfTxs>1</NbOfTxs></Btch>"
    )
    assert shown(inside, "10.00")[1] == ["batch_size"]


def test_what_was_instructed_in_another_currency_is_kept_beside():
    exchanged = (
        "<AmtDtls><InstdAmt><Amt Ccy='USD'>11.20</Amt><CcyXchg><SrcCcy>USD</SrcCcy>"
        "<XchgRate>1.12</XchgRate></CcyXchg></InstdAmt><TxAmt><Amt Ccy='EUR'>10.00</Amt></TxAmt>"
        "</AmtDtls>"
    )
    entry, end = only(ntry(details(exchanged)))
    (found,) = entry.transactions
    assert (found.original_currency, found.original_amount) == ("USD", "11.20")
    assert found.amount is not None
    assert (found.amount.text(2), found.currency) == ("10.00", "EUR")
    assert codes(end) == []
    entry, _ = only(ntry(details(part("11.20", currency="USD"))))
    (found,) = entry.transactions
    assert (found.original_currency, found.original_amount) == ("USD", "11.20")
    assert found.amount == entry.amount


def test_a_zero_in_the_only_part_means_nothing():
    assert shown(details(part("0")), "10.00") == ([("", "-10.00")], [])


def test_one_part_of_the_same_amount_goes_the_way_of_its_entry():
    odd = part("10.00", "<CdtDbtInd>CRDT</CdtDbtInd>")
    assert shown(details(odd), "10.00") == ([("", "-10.00")], [])


def test_a_batch_says_of_itself_what_all_its_parts_say():
    same = "<RltdPties><Cdtr><Nm>Anna</Nm></Cdtr></RltdPties>"
    one = part("4.00", f"<Refs><EndToEndId>E-1</EndToEndId></Refs>{same}")
    two = part("6.00", f"<Refs><EndToEndId>E-2</EndToEndId></Refs>{same}")
    entry, _ = only(ntry(details(one, two) + "<AddtlNtryInf>batch</AddtlNtryInf>", way="DBIT"))
    assert (entry.counterparty_name, entry.end_to_end_id, entry.remittance) == ("Anna", "", "batch")
    assert [it.end_to_end_id for it in entry.transactions] == ["E-1", "E-2"]


def test_an_amount_of_a_part_that_is_none_is_told_and_nothing_is_made_up():
    found, said = shown(details(part("x"), part("6.00")), "10.00")
    assert found == [("", ""), ("", "-6.00")]
    assert said == ["part_amount"]

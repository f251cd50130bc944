"""A new mapping reads pages and rows that were fetched for the old one, and asks for nothing."""

from __future__ import annotations

from dataclasses import replace as changed
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from gateway.domain.errors import NotOffered, Refused, WireError
from gateway.intake.comparing import Seen
from gateway.intake.overheard import Claimed, Ear, Heard, Shadow, compare_overheard
from gateway.ports.erp import Draft, ErpDialect
from gateway.ports.erp_api import Access, Call, CallReply, ErpApi, Moment, Pull, Pulled, Verdict
from gateway.ports.erp_systems import ErpSystem
from gateway.ports.erp_tables import ErpTables, OrderTable
from tests.ways_in_ground import system

MOMENT = Moment(now=datetime(2026, 9, 15, tzinfo=UTC), nonce="0" * 32)
ORDERS = OrderTable(name="gw_pay_order", key=("no",), status="s")


def draft(number, **changes):
    return Draft(**{"erp_reference": f"R-{number}", "amount": "10.00", **changes})


def encode(access, moment, cursor):
    said = f"{access.options.get('state', '')} {cursor} {moment.nonce}"
    return Call(method="POST", path="/query", endpoint="query", body=said.encode())


def page(*drafts, cursor=""):
    return Pulled(drafts=drafts, cursor=cursor)


def heard(*drafts, cursor="", following=""):
    access = Access(system="sap", options={"state": "OS"}, secrets={"key": "k"})
    return Heard(
        access=access,
        moment=MOMENT,
        cursor=cursor,
        call=encode(access, MOMENT, cursor),
        reply=CallReply(status=200, body=b"whatever"),
        page=page(*drafts, cursor=following),
    )


def language(decode=None, asked=encode, **more):
    def api(_options):
        return ErpApi(tell={}, pull=Pull(encode=asked, decode=decode, **more))

    return ErpDialect(name="words/new", title_zh="", title_en="", api=api)


def rows_language(draft_of, orders=ORDERS):
    def tables(_options):
        return ErpTables(results={}, orders=orders, draft=draft_of)

    return ErpDialect(name="words/new", title_zh="", title_en="", tables=tables)


class Listening:
    """Comparisons of one process."""

    def __init__(self, new, **options):
        self.told = []
        runtime = SimpleNamespace(
            log=SimpleNamespace(tell=lambda event, **words: self.told.append(words))
        )
        it: ErpSystem = system(options={"state": "OS"}, shadow="words/new", shadow_options=options)
        shadow = Shadow(system=it, old=language(), new=new)
        self.ear = Ear(shadow=shadow, runtime=runtime, seen=Seen(), salt="shd_1")

    def __call__(self, it):
        return compare_overheard(it, self.ear)


def fields(compared):
    return [(it.line, it.field) for it in compared.differences]


def test_a_page_that_is_read_alike_differs_in_nothing_and_counts_once():
    listening = Listening(language(lambda *_: page(draft(1), draft(2))))
    compared = listening(heard(draft(1), draft(2)))
    assert (compared.lines, compared.different) == (2, 0)
    compared = listening(heard(draft(1), draft(2)))
    assert (compared.lines, compared.different) == (0, 0)


def test_each_field_is_told_with_the_documents_number():
    listening = Listening(language(lambda *_: page(draft(1), draft(2, amount="10.01"), draft(3))))
    compared = listening(heard(draft(1), draft(2)))
    assert fields(compared) == [(2, "amount"), (3, "line")]
    assert compared.differences[0].reference == "R-2"
    assert "10.01" not in repr(compared)


def test_a_page_of_several_calls_is_followed_with_the_old_mappings_cursor():
    cursors = []

    def follow(_access, _reply, cursor):
        cursors.append(cursor)
        return page(draft(1))

    listening = Listening(language(follow=follow))
    assert listening(heard(draft(1), cursor="7")).different == 0
    assert cursors == ["7"]


def test_what_it_would_ask_for_instead_is_told_once_for_each_call():
    listening = Listening(language(lambda *_: page(draft(1), draft(2))), state="OP")
    assert fields(listening(heard(draft(1), draft(2)))) == [(0, "asked")]
    assert fields(listening(heard(draft(1), draft(2)))) == []
    other = changed(heard(draft(1)), call=changed(heard().call, endpoint="other"))
    assert (0, "asked") in fields(listening(other))


def test_another_idea_of_the_next_page_is_told():
    listening = Listening(language(lambda *_: page(draft(1), cursor="2")))
    assert fields(listening(heard(draft(1)))) == [(0, "cursor")]


@pytest.mark.parametrize(
    "answer",
    [WireError("value", "/x"), Refused("no", "不", ()), ZeroDivisionError(), KeyError("x")],
    ids=repr,
)
def test_a_reading_that_fails_differs_in_every_document(answer):
    def fail(*_):
        raise answer

    listening = Listening(language(fail))
    compared = listening(heard(draft(1), draft(2)))
    assert (compared.lines, compared.different) == (2, 3)
    assert fields(compared) == [(1, "line"), (2, "line"), (0, "page")]
    assert bool(listening.told) == (not isinstance(answer, WireError | Refused))


def test_a_request_that_cannot_be_made_is_a_difference():
    def fail(*_):
        raise KeyError

    listening = Listening(language(lambda *_: page(draft(1)), asked=fail))
    assert fields(listening(heard(draft(1)))) == [(0, "asked")]


def test_a_verdict_in_place_of_a_page_is_a_difference():
    listening = Listening(language(lambda *_: Verdict.LOGIN))
    assert fields(listening(heard(draft(1)))) == [(1, "line"), (0, "page")]
    assert fields(listening(heard())) == []


def test_a_language_without_pages_or_rows_is_named():
    for it in (heard(draft(1)), Claimed(table=ORDERS, rows=())):
        with pytest.raises(NotOffered, match="words/new"):
            Listening(ErpDialect(name="words/new", title_zh="", title_en=""))(it)
    with pytest.raises(NotOffered):
        Listening(rows_language(None))(Claimed(table=ORDERS, rows=()))


def test_what_it_is_given_it_cannot_change():
    def spoiling(access, _reply):
        for given in (access.options, access.secrets):
            with pytest.raises(TypeError):
                given["state"] = "spoilt"
        return page(draft(1))

    assert Listening(language(spoiling))(heard(draft(1))).different == 0

    def row_spoiling(row):
        with pytest.raises(TypeError):
            row["no"] = "spoilt"
        return draft(1)

    claimed = Claimed(table=ORDERS, rows=[({"no": "1"}, draft(1))])
    assert Listening(rows_language(row_spoiling))(claimed).different == 0


# ── rows ──────────────────────────────────────────────────────────────────────────────────────


def test_rows_are_read_one_by_one_and_counted_once():
    def read(row):
        if row["no"] == "3":
            raise KeyError("no")
        return draft(row["no"], amount=row["amount"])

    listening = Listening(rows_language(read))
    rows = [
        ({"no": "1", "amount": "10.00"}, draft(1)),
        ({"no": "2", "amount": "11.00"}, draft(2)),
        ({"no": "3", "amount": "10.00"}, draft(3)),
        ({"no": "4", "amount": "10.00"}, None),
        ({"no": "3"}, draft(3)),
    ]
    compared = listening(Claimed(table=ORDERS, rows=rows))
    assert (compared.lines, compared.different) == (4, 3), "the fifth is the third once more"
    assert fields(compared) == [(2, "amount"), (3, "line"), (4, "line")]
    again = listening(Claimed(table=ORDERS, rows=rows))
    assert (again.lines, again.different) == (0, 0)
    assert [it["error"] for it in listening.told] == ["KeyError"], "the same fault is told once"


def test_another_table_is_told_once():
    other = changed(ORDERS, ready="9")
    listening = Listening(rows_language(lambda _: draft(1), orders=other))
    claimed = Claimed(table=ORDERS, rows=[({"no": "1"}, draft(1))])
    assert fields(listening(claimed)) == [(0, "asked")]
    assert fields(listening(claimed)) == []

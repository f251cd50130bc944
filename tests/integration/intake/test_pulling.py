"""Documents fetched from a vendor: every page, again and again, and refusals told once."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from gateway.domain.errors import NotOffered, NotSent, Overloaded, Unconfirmed, WireError
from gateway.intake.pulling import Pulling
from gateway.ports.erp_api import Access, Call, CallReply, ErpApi, Moment, Pull, Pulled, Verdict
from gateway.store import tables
from tests.records import replace
from tests.unit.intake.sample import DRAFT
from tests.ways_in_ground import Ground, grounds


def draft(reference: str, **changes):
    return replace(DRAFT, erp_reference=reference, source={"id": f"id-{reference}"}, **changes)


class Vendor:
    """Pages by cursor; what is asked for is remembered."""

    def __init__(self) -> None:
        self.pages: dict[str, Pulled | Verdict | Exception] = {}
        self.asked: list[str] = []
        self.log_ins = 0
        self.access = Access(system="sap", options={}, secrets={})

    def moment(self) -> Moment:
        return Moment(now=datetime(2026, 9, 15, tzinfo=UTC), nonce="0" * 32)

    async def call(self, call: Call) -> CallReply:
        cursor = dict(call.query)["cursor"]
        self.asked.append(cursor)
        if isinstance(self.pages[cursor], NotSent | Unconfirmed):
            raise self.pages[cursor]
        return CallReply(status=200, body=cursor.encode())

    def forget(self) -> None:
        self.log_ins += 1

    async def aclose(self) -> None:
        """Nothing is open."""

    def api(self) -> ErpApi:
        def encode(access, moment, cursor):
            return Call(method="GET", path="/", endpoint="pull", query=(("cursor", cursor),))

        def decode(access, reply):
            found = self.pages[reply.body.decode()]
            if isinstance(found, Exception):
                raise found
            return found

        return ErpApi(tell={}, pull=Pull(encode=encode, decode=decode))


class Pulled1:
    """A ground with a vendor."""

    def __init__(self, it: Ground) -> None:
        self.it, self.vendor = it, Vendor()
        self.pulling = Pulling(
            it.sender,
            self.vendor.api(),
            self.vendor,
            it.outbox,
            it.desk,
            lambda: it.stopping,
        )


@pytest.fixture
def play(database, tmp_path):
    def run(story):
        async def whole():
            async with grounds(database, tmp_path) as (ground,):
                made = Pulled1(ground)
                await story(made.it, made.vendor, made.pulling)

        asyncio.run(whole())

    return run


def test_every_page_is_taken_and_taken_again_it_changes_nothing(play):
    async def story(it, vendor, pulling):
        vendor.pages = {
            "": Pulled(drafts=(draft("A"), draft("B")), cursor="2"),
            "2": Pulled(drafts=(draft("C"), draft("A"))),
        }
        for _ in range(2):
            await pulling.look()
        assert vendor.asked == ["", "2", "", "2"]
        assert it.references() == ["A", "B", "C"]
        assert {row.maker for row in it.node.rows(tables.instruction)} == {"machine:sap"}
        assert it.outbox.told == []

    play(story)


def test_a_document_that_cannot_be_taken_is_told_once_with_its_reasons(play):
    async def story(it, vendor, pulling):
        vendor.pages = {"": Pulled(drafts=(draft("A", amount="0.001"), draft("B")))}
        for _ in range(3):
            await pulling.look()
        assert it.references() == ["B"]
        (told,) = it.outbox.told
        assert (told.state, told.erp_reference, told.instruction) == ("REFUSED", "A", "")
        assert told.code == "amount_decimals"
        assert "小数" in told.text
        assert dict(told.source) == {"id": "id-A"}
        vendor.pages = {"": Pulled(drafts=(draft("A", amount="0", currency="XX"),))}
        await pulling.look()  # other reasons are told
        assert len(it.outbox.told) == 2
        vendor.pages = {"": Pulled(drafts=(draft("A"),))}
        await pulling.look()  # and put right, it is taken, and called refused no more
        assert it.references() == ["A", "B"]
        assert it.outbox.told == []

    play(story)


@pytest.mark.parametrize("change", [{"amount": "7.00"}, {"amount": "0.001"}])
def test_a_document_whose_number_is_a_payment_of_ours_is_never_called_refused(play, change):
    """Its vendor would set the payment to failed while the bank executes it."""

    async def story(it, vendor, pulling):
        vendor.pages = {"": Pulled(drafts=(draft("A"),))}
        await pulling.look()
        vendor.pages = {"": Pulled(drafts=(draft("A", **change),))}
        await pulling.look()
        assert it.outbox.told == []
        (row,) = it.node.rows(tables.instruction)
        assert row.amount_minor == 120050

    play(story)


def test_a_token_that_does_not_count_any_more_is_renewed_once(play):
    async def story(it, vendor, pulling):
        vendor.pages = {"": Verdict.LOGIN}
        with pytest.raises(WireError):
            await pulling.look()
        assert (vendor.log_ins, vendor.asked) == (2, ["", ""])

    play(story)


def test_a_vendor_that_asks_for_patience_is_left_until_the_next_look(play):
    async def story(it, vendor, pulling):
        vendor.pages = {"": Pulled(drafts=(draft("A"),), cursor="2"), "2": Verdict.AGAIN}
        await pulling.look()
        assert it.references() == ["A"]

    play(story)


@pytest.mark.parametrize(
    "error", [NotSent(), Unconfirmed(), WireError("missing", "/data"), KeyError("data")]
)
def test_what_was_taken_before_an_error_stays_taken(play, error):
    async def story(it, vendor, pulling):
        vendor.pages = {"": Pulled(drafts=(draft("A"),), cursor="2"), "2": error}
        with pytest.raises((NotSent, Unconfirmed, WireError)):
            await pulling.look()
        assert it.references() == ["A"]

    play(story)


def test_cursors_that_run_in_a_circle_end(play):
    async def story(it, vendor, pulling):
        vendor.pages = {"": Pulled(drafts=(), cursor="2"), "2": Pulled(drafts=(), cursor="2")}
        await pulling.look()
        assert vendor.asked == ["", "2"]

    play(story)


def test_while_the_database_is_away_nothing_is_told(play, monkeypatch):
    async def story(it, vendor, pulling):
        async def away(*_, **__):
            raise Overloaded

        vendor.pages = {"": Pulled(drafts=(draft("A"),))}
        with monkeypatch.context() as patch:
            patch.setattr(it.node.intake, "accept", away)
            with pytest.raises(Overloaded):
                await pulling.look()
        assert it.outbox.told == []
        await pulling.look()
        assert it.references() == ["A"]

    play(story)


def test_nothing_is_asked_while_the_process_stops(play):
    async def story(it, vendor, pulling):
        it.stopping = True
        await pulling.look()
        assert vendor.asked == []

    play(story)


def test_an_api_without_documents_has_no_way_in(play):
    async def story(it, vendor, pulling):
        with pytest.raises(NotOffered):
            Pulling(it.sender, ErpApi(tell={}), vendor, it.outbox, it.desk, lambda: False)

    play(story)

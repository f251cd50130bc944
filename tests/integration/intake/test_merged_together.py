"""A source document is paid once: merged or alone, whoever asks first, by one process or two."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import update

from gateway.delivery.standing import batch_lines, by_reference
from gateway.domain.errors import DocumentTaken, InvalidInstruction, ReusedReference
from gateway.domain.instruction import FREED, State
from gateway.intake.accept import Accepted
from gateway.intake.known import known_instructions, known_references
from gateway.ports.erp_draft import DraftPart
from gateway.store import tables
from tests.integration.intake.ground import Node, among, draft

SAME = 12


def parts(*names: str) -> tuple[DraftPart, ...]:
    """Source documents of 10.00 each."""
    return tuple(DraftPart(erp_reference=name, amount="10.00") for name in names)


async def merge(node: Node, reference: str, *names: str, **changes: str):
    return await node.post(
        erp_reference=reference, amount=f"{10 * len(names)}.00", merged=parts(*names), **changes
    )


async def ends(node: Node, accepted: Accepted, state: State) -> None:
    """Put an instruction where its bank has put it."""
    i = tables.instruction

    def job(uow) -> None:
        uow.change(update(i).where(i.c.id == accepted.id).values(state=state.value))

    await node.store.write(job)


def test_a_document_in_an_open_payment_is_refused_naming_that_payment(database):
    async def story(one: Node, two: Node) -> None:
        first = await merge(one, "M-1", "A", "B")
        assert isinstance(first, Accepted)
        for refused in (
            await merge(two, "M-2", "C", "B"),
            await two.post(erp_reference="A", amount="10.00"),
        ):
            assert isinstance(refused, DocumentTaken)
            (fault,) = refused.faults
            assert first.id in fault.zh
            assert "M-1" in fault.en
        assert refused.faults[0].path == "/erp_reference"
        alone = await one.post(erp_reference="D", amount="10.00")
        against = await merge(two, "M-3", "F", "E", "D")
        assert isinstance(against, DocumentTaken)
        assert alone.id in against.faults[0].en
        assert against.faults[0].path == "/merged/2/erp_reference", "as the sender counts"
        assert len(one.rows(tables.instruction)) == 2
        assert len(one.rows(tables.merged_source)) == 2

    among(database, story)


def test_the_same_again_is_the_same_payment_and_other_parts_are_not(database):
    async def story(one: Node, two: Node) -> None:
        first = await merge(one, "M-1", "A", "B")
        assert await merge(two, "M-1", "B", "A") == first
        other = await merge(two, "M-1", "A", "C")
        assert isinstance(other, ReusedReference)
        assert other.stored_digest == first.digest
        assert len(one.rows(tables.merged_source)) == 2

    among(database, story)


def test_only_what_failed_for_good_or_came_back_may_be_paid_again(database):
    async def story(one: Node, _: Node) -> None:
        for state in State:
            first = await merge(one, f"M-{state}", f"A-{state}")
            await ends(one, first, state)
            again = await merge(one, f"N-{state}", f"A-{state}", f"B-{state}")
            alone = await one.post(erp_reference=f"A-{state}", amount="10.00")
            assert isinstance(again, Accepted) == (state in FREED), state
            assert isinstance(alone, DocumentTaken), "the second payment has it, or the first"

    among(database, story)


def test_the_number_of_the_merged_payment_may_be_that_of_a_source(database):
    async def story(one: Node, _: Node) -> None:
        first = await merge(one, "A", "A", "B")
        assert isinstance(first, Accepted)
        await ends(one, first, State.REJECTED)
        assert isinstance(await merge(one, "A-2", "A", "B"), Accepted)

    among(database, story)


def test_all_who_want_one_document_at_the_same_time_one_gets_it(database):
    async def story(one: Node, two: Node) -> None:
        asked = [
            job
            for number in range(SAME)
            for job in (
                merge(one, f"M{number}", f"A{number}", f"B{number}"),
                two.post(erp_reference=f"A{number}", amount=f"{number + 1}.00"),
                merge(two, f"N{number}", f"C{number}", f"B{number}"),
            )
        ]
        told = await asyncio.gather(*asked)
        for at in range(0, len(told), 3):
            merged, alone, other = (isinstance(it, Accepted) for it in told[at : at + 3])
            assert not (merged and alone), "A would be paid twice"
            assert not (merged and other), "B would be paid twice"
            assert merged or (alone and other)
        assert all(isinstance(it, Accepted | DocumentTaken) for it in told)

    among(database, story)


def test_in_a_batch_the_later_line_is_refused_and_the_rest_is_taken(database):
    async def story(one: Node, _: Node) -> None:
        first = draft(1, merged=parts("A", "B"), amount="20.00")
        lines = [
            first,
            draft(2, erp_reference="B", amount="10.00"),
            draft(3, merged=parts("C", "A"), amount="20.00"),
            draft(4),
            draft(5, merged=parts("D"), amount="9.00"),
        ]
        batch = await one.bulk.accept(one.call("B-1"), lines)
        assert (batch.lines, batch.accepted) == (5, 2)
        told = one.store.read_now(lambda db: list(batch_lines(db, "t1", batch.id)))
        codes = [[it.code for it in line.faults] for line in told]
        assert codes == [[], ["merged_taken"], ["merged_taken"], [], ["merged_total"]]
        assert [row.erp_reference for row in one.rows(tables.merged_source)] == ["A", "B"]

    among(database, story)


def test_a_batch_that_is_not_accepted_leaves_its_documents_free(database):
    async def story(one: Node, _: Node) -> None:
        wrong = [draft(1, merged=parts("A", "B"), amount="20.00"), draft(2, amount="")]
        call = one.call("B-1")
        whole = type(call)(
            caller=call.caller,
            scope=call.scope,
            reference=call.reference,
            digest=call.digest,
            format=call.format,
            all_or_nothing=True,
        )
        with pytest.raises(InvalidInstruction):
            await one.bulk.accept(whole, wrong)
        assert one.rows(tables.merged_source) == []
        assert isinstance(await merge(one, "M-1", "A", "B"), Accepted)

    among(database, story)


def test_a_source_reference_finds_the_merged_payment(database):
    async def story(one: Node, _: Node) -> None:
        first = await merge(one, "M-1", "A", "B")

        def look(db):
            views = [
                by_reference(db, "t1", erp, name)
                for erp in ("sap", None)
                for name in ("A", "B", "M-1")
            ]
            known = known_references(db, one.caller, ["A", "M-1", "X"])
            assert known == {"A", "M-1"}
            assert known_instructions(db, one.caller, ["B"]) == {"B": first.id}
            return views

        for found in one.store.read_now(look):
            (view,) = found
            assert view["id"] == first.id
            assert view["merged"] == [
                {"erp_reference": "A", "amount": "10.00"},
                {"erp_reference": "B", "amount": "10.00"},
            ]
        (none,) = [one.store.read_now(lambda db: by_reference(db, "t1", "other", "A"))]
        assert none == []
        await ends(one, first, State.REJECTED)
        assert one.store.read_now(lambda db: known_references(db, one.caller, ["A"])) == set()

    among(database, story)

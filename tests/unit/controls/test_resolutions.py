"""Outcomes that people settle: two of them, one text, evidence, and nothing but the table moves."""

from __future__ import annotations

import asyncio
import hashlib
import json

import pytest
from sqlalchemy import update

from gateway.audit.books import Question, check
from gateway.controls.attachments import OF_ONE_MAX, Attachments, kind_of
from gateway.controls.release import Releaser
from gateway.controls.resolution_rows import StatementEntry
from gateway.controls.resolve import Resolutions, Wish
from gateway.domain.decision import Action
from gateway.domain.errors import NotFound, NotPermitted, Refused
from gateway.domain.instruction import Cause, State
from gateway.store import tables
from tests.controls_ground import BOSS, HERE, LI, SAP, WANG, ZHAO, Desk, content
from tests.store_ground import bench

PDF = b"%PDF-1.7 a bank's letter"
(MINE,) = list(HERE.accounts)[:1]


class Room(Desk):
    """The desk with evidence and resolutions."""

    def __init__(self, at, document) -> None:
        super().__init__(at, document)
        releaser = Releaser(at.runtime, self.rules, {HERE.id: HERE})
        self.files = Attachments(at.store, at.runtime, releaser)
        self.resolutions = Resolutions(at.store, at.runtime, releaser, lambda *_: None)

    def doubtful(self) -> str:
        """A payment whose outcome is not known."""
        it = self.post()
        self.learn(it, Cause.DISPATCH, State.SENDING)
        self.learn(it, Cause.DOUBT, State.UNCONFIRMED)
        return it

    def attach(self, who, instruction: str, body: bytes = PDF, name: str = "letter.pdf"):
        return asyncio.run(self.files.add(HERE, who, instruction, name, body))

    def propose(self, who, instruction, action=Action.RESOLVE_SETTLED, files=(), **more):
        self.at.runtime.clock.pass_time(seconds=1)
        wish = Wish(
            action=action,
            content_hash=more.pop("content_hash", self.row(instruction).digest),
            reason=more.pop("reason", "已核对"),
            attachments=tuple(it.id for it in files),
            **more,
        )
        return asyncio.run(self.resolutions.propose(HERE, who, instruction, wish))

    def agree(self, who, one, *, digest: str = "", reason: str = "同意", instruction: str = ""):
        self.at.runtime.clock.pass_time(seconds=1)
        return asyncio.run(
            self.resolutions.vote(
                tenant=HERE,
                actor=who,
                instruction=instruction or one.instruction,
                resolution=one.id,
                digest=digest or one.digest,
                reason=reason,
            )
        )

    def broken(self) -> list[str]:
        with self.at.engine.connect() as db:
            return sorted(check(db, Question(only=("I10",))).texts())


@pytest.fixture
def room():
    with bench() as at:
        yield Room(at, content())


@pytest.fixture
def settings_room():
    """A tenant without a document."""
    with bench() as at:
        yield Room(at, None)


def entry(room, instruction, **changes: str) -> StatementEntry:
    minor = room.row(instruction).amount_minor
    values = {
        "account": MINE,
        "day": room.at.runtime.clock.now().date().isoformat(),
        "reference": "WY-77",
        "amount": f"{minor // 100}.{minor % 100:02}",
    }
    return StatementEntry(**(values | changes))


# ── two people, one text ────────────────────────────────────────────────────────────────────


def test_two_people_on_evidence_settle_it_and_the_books_agree(room):
    it = room.doubtful()
    file = room.attach(WANG, it)
    first = room.propose(WANG, it, files=[file])
    assert (first.counted, first.needed, first.state) == (1, 2, State.UNCONFIRMED)
    done = room.agree(LI, first.resolution)
    assert (done.counted, done.state) == (2, State.SETTLED)
    assert done.resolution.state == "carried_out"
    assert [one.actor for one in done.resolution.votes] == ["person:wang", "person:li"]
    assert room.broken() == []
    kinds = [one.kind for one in room.at.journal()]
    for kind in ("attachment_added", "resolution_proposed", "vote", "resolution_carried_out"):
        assert kind in kinds


def test_the_digest_covers_content_action_and_evidence(room):
    it = room.doubtful()
    file = room.attach(WANG, it)
    one = room.propose(WANG, it, files=[file]).resolution
    (row,) = room.at.rows(tables.resolution)
    assert row.digest == hashlib.sha256(row.content.encode()).hexdigest() == one.digest
    assert json.loads(row.content) == {
        "action": "resolve_settled",
        "attachments": [hashlib.sha256(PDF).hexdigest()],
        "content": room.row(it).digest,
        "entry": None,
        "instruction": it,
    }
    with pytest.raises(NotPermitted, match="has changed"):
        room.agree(LI, one, digest=room.row(it).digest)


def test_one_person_is_not_two(room):
    it = room.doubtful()
    file = room.attach(WANG, it)
    first = room.propose(WANG, it, files=[file])
    assert room.agree(WANG, first.resolution).counted == 1
    assert room.propose(WANG, it, files=[file]).counted == 1, "the same again is the same"
    assert room.state(it) == "UNCONFIRMED"
    assert len(room.at.rows(tables.resolution)) == 1
    done = room.propose(LI, it, files=[file])
    assert done.state is State.SETTLED, "who says the same agrees"


@pytest.mark.parametrize(
    ("who", "why"),
    [(BOSS, "resolve"), (ZHAO, "no role"), (SAP, "only a named person")],
    ids=["another role", "no role", "a machine"],
)
def test_who_may_not_resolve_neither_proposes_votes_nor_attaches(room, who, why):
    it = room.doubtful()
    file = room.attach(WANG, it)
    one = room.propose(WANG, it, files=[file]).resolution
    with pytest.raises(NotPermitted, match=why):
        room.agree(who, one)
    with pytest.raises(NotPermitted):
        room.propose(who, it, Action.RESOLVE_REJECTED, files=[file])
    with pytest.raises(NotPermitted):
        room.attach(who, it, b"words")
    assert room.state(it) == "UNCONFIRMED"
    assert len(room.at.rows(tables.resolution)) == 1, "what nobody may vote for is not stored"


def test_votes_on_different_evidence_do_not_add_up(room):
    it = room.doubtful()
    one, two = room.attach(WANG, it), room.attach(WANG, it, b"plain words", "a.txt")
    room.propose(WANG, it, files=[one])
    room.propose(LI, it, files=[two])
    room.propose(LI, it, Action.RESOLVE_REJECTED, files=[one])
    assert room.state(it) == "UNCONFIRMED"


@pytest.mark.parametrize(
    ("document", "column"), [(None, "maker"), (content(), "maker"), (content(), "makers")]
)
def test_whoever_made_it_does_not_decide(document, column):
    with bench() as at:
        room = Room(at, document)
        it = room.doubtful()
        label = "person:wang" if column == "maker" else '["person:wang"]'
        room.change(update(tables.instruction).values({column: label}))
        with pytest.raises(NotPermitted, match="maker and checker"):
            room.propose(WANG, it, entry=entry(room, it))


def test_what_others_said_ends_when_one_is_carried_out(room):
    it = room.doubtful()
    file = room.attach(WANG, it)
    other = room.propose(WANG, it, Action.RESOLVE_REJECTED, files=[file]).resolution
    room.propose(WANG, it, files=[file])
    room.propose(LI, it, files=[file])
    assert {one.state for one in room.at.rows(tables.resolution)} == {"ended", "carried_out"}
    with pytest.raises(NotPermitted, match="decided already"):
        room.agree(LI, other)


# ── evidence ────────────────────────────────────────────────────────────────────────────────


def test_under_a_document_there_is_evidence(room):
    it = room.doubtful()
    with pytest.raises(NotPermitted, match="evidence is needed"):
        room.propose(WANG, it)
    with pytest.raises(NotPermitted, match="resolved with evidence"):
        room.vote(WANG, it, Action.RESOLVE_SETTLED, "seen it")
    assert room.propose(WANG, it, entry=entry(room, it)).counted == 1


def test_a_tenant_without_a_document_resolves_as_ever_and_may_attach(settings_room):
    room, it = settings_room, settings_room.doubtful()
    room.vote(WANG, it, Action.RESOLVE_SETTLED, "seen it")
    assert room.vote(LI, it, Action.RESOLVE_SETTLED, "me too").state is State.SETTLED
    other = room.post(erp_reference="R-other", creditor_account="6222000000000001")
    room.learn(other, Cause.DISPATCH, State.SENDING)
    room.learn(other, Cause.DOUBT, State.UNCONFIRMED)
    one = room.propose(WANG, other, Action.RESOLVE_REJECTED).resolution
    assert room.agree(LI, one).state is State.REJECTED
    assert room.broken() == []


def test_a_file_of_another_instruction_is_none_of_this_one(room):
    it, other = (
        room.doubtful(),
        room.post(erp_reference="R-other", creditor_account="6222000000000001"),
    )
    file = room.attach(WANG, other)
    with pytest.raises(Refused, match="no such attachment"):
        room.propose(WANG, it, files=[file])
    one = room.propose(WANG, it, files=[room.attach(WANG, it)]).resolution
    with pytest.raises(NotFound):
        room.agree(LI, one, instruction=other)
    with pytest.raises(NotFound):
        asyncio.run(room.files.content(HERE, it, file.id))


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (PDF, "application/pdf"),
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0....", "image/jpeg"),
        ("电话核实，柜员 7 号".encode(), "text/plain; charset=utf-8"),
        (b"", None),
        (b"PK\x03\x04 a workbook", None),
        (b"text with \x00", None),
        (b"\x1b[2J escapes", None),
        ("名".encode("gbk"), None),
        (b"MZ\x90", None),
    ],
)
def test_a_file_is_what_its_bytes_say(body, kind):
    assert kind_of(body) == kind


def test_files_are_kept_once_and_not_without_end(room):
    it = room.doubtful()
    file = room.attach(WANG, it)
    assert room.attach(LI, it, name="again.pdf") == file
    for number in range(1, OF_ONE_MAX):
        room.attach(WANG, it, f"{number}".encode())
    with pytest.raises(Refused, match="at most"):
        room.attach(WANG, it, b"one more")
    head, body = asyncio.run(room.files.content(HERE, it, file.id))
    assert (head.content_type, head.size, body) == ("application/pdf", len(PDF), PDF)
    for name in ("", "a/b", "..", "a\\b", 'a"b', "a\nb", "x" * 121):
        with pytest.raises(Refused):
            room.attach(WANG, it, name=name)
    with pytest.raises(NotFound):
        room.attach(WANG, "ins_nothing")


# ── paid another way, and written off ───────────────────────────────────────────────────────


def test_paid_another_way_names_the_entry(room):
    it = room.doubtful()
    elsewhere = Action.RESOLVE_PAID_ELSEWHERE
    with pytest.raises(Refused):
        room.propose(WANG, it, elsewhere, files=[room.attach(WANG, it)])
    wrong = [
        {"account": "1"},
        {"day": "2099-01-01"},
        {"day": "20260915"},
        {"reference": " "},
        {"amount": "0.01"},
        {"amount": "x"},
    ]
    for changes in wrong:
        with pytest.raises(Refused):
            room.propose(WANG, it, elsewhere, entry=entry(room, it, **changes))
    room.propose(WANG, it, elsewhere, entry=entry(room, it))
    assert room.propose(LI, it, elsewhere, entry=entry(room, it)).state is State.PAID_ELSEWHERE
    assert room.broken() == []


def test_what_is_held_and_was_paid_another_way_is_never_sent(room):
    it = room.post(amount="10000.00")
    assert room.state(it) == "HELD"
    with pytest.raises(NotPermitted, match="not open"):
        room.propose(WANG, it, entry=entry(room, it))
    elsewhere = Action.RESOLVE_PAID_ELSEWHERE
    room.propose(WANG, it, elsewhere, entry=entry(room, it))
    room.propose(LI, it, elsewhere, entry=entry(room, it))
    assert room.state(it) == "PAID_ELSEWHERE"
    assert room.at.rows(tables.work) == []
    with pytest.raises(NotPermitted):
        room.vote(WANG, it)


def test_a_write_off_closes_cases_and_moves_nothing(room):
    it = room.doubtful()
    file = room.attach(WANG, it)
    with pytest.raises(NotPermitted, match="no open case"):
        room.propose(WANG, it, Action.WRITE_OFF, files=[file])
    row = {"tenant": "t1", "id": "cas_1", "instruction": it, "kind": "contradiction"}
    room.change(tables.case.insert().values(**row, opened_us=1))
    room.propose(WANG, it, Action.WRITE_OFF, files=[file])
    done = room.propose(LI, it, Action.WRITE_OFF, files=[file])
    assert done.state is State.UNCONFIRMED
    (case,) = room.at.rows(tables.case)
    assert (case.closing, case.closed_us is not None) == ("write_off", True)


# ── the books ───────────────────────────────────────────────────────────────────────────────


def settled(room) -> str:
    it = room.doubtful()
    file = room.attach(WANG, it)
    room.propose(WANG, it, files=[file])
    room.propose(LI, it, files=[file])
    return it


@pytest.mark.parametrize(
    "change",
    [
        update(tables.attachment).values(content=b"%PDF- another letter"),
        update(tables.resolution).values(content="{}"),
    ],
    ids=["file", "text"],
)
def test_evidence_changed_since_is_found(room, change):
    it = settled(room)
    room.change(change)
    assert any(it in one and "not what people voted on" in one for one in room.broken())


@pytest.mark.parametrize(
    "change",
    [
        update(tables.vote).where(tables.vote.c.seq == 1).values(actor="person:li"),
        update(tables.vote).where(tables.vote.c.seq == 1).values(content_hash="0" * 64),
        update(tables.resolution).values(state="open"),
    ],
    ids=["one person twice", "other content", "not carried out"],
)
def test_an_outcome_without_its_two_people_is_found(room, change):
    it = settled(room)
    room.change(change)
    assert any(it in one and "without the people" in one for one in room.broken())

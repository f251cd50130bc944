"""Only what the gateway itself released leaves, and only while its votes suffice."""

# ruff: noqa: S608 - tampering is written as SQL

from __future__ import annotations

from gateway.controls.decide import Decisions
from gateway.controls.release import Releaser
from gateway.controls.sending import SendingCheck, seal_older
from gateway.domain.decision import Action
from gateway.intake.accept import Intake
from gateway.relay.relay import Relay
from gateway.signing.release_seal import ReleaseSeal
from gateway.store import tables
from tests.controls_ground import BOSS, LI, WANG, StandingRules, content
from tests.records import replace
from tests.relay_ground import DIALECT, at_work

ROOT = b"r" * 32
BIG = {"amount": "6000.00"}


class Sealed:
    """The office with seals and a document (none before one is put)."""

    def __init__(self, it, document=None) -> None:
        self.it = it
        self.seals = ReleaseSeal(ROOT)
        self.rules = StandingRules(document)
        releaser = Releaser(it.runtime, self.rules, None, self.seals)
        it.intake = Intake(it.store, it.runtime, {"cib": DIALECT}, releaser)
        check = SendingCheck(self.seals, self.rules, lambda: it.clock.now().date())
        it.link = replace(it.link, check=check)
        it.relay = Relay([it.link])
        it.store.on_rouse(it.relay.rouse)
        self.decisions = Decisions(it.store, it.runtime, releaser, lambda: None, lambda *_: None)

    async def vote(self, actor, instruction):
        self.it.clock.pass_time(seconds=1)
        return await self.decisions.decide(
            tenant=self.it.tenant,
            actor=actor,
            instruction=instruction,
            action=Action.APPROVE,
            content_hash=self.it.row(instruction).digest,
            reason="",
        )


def document(**changes):
    """The document for whoever posts here."""
    machines = [{"name": "*", "roles": ["erp"]}]
    return content(machines=machines, **changes)


def story_of(tmp_path, tell, rules=None, **changes):
    async def story(it, far):
        await tell(Sealed(it, rules), it, far)

    at_work(tmp_path, story, start=False, **changes)


def test_what_is_released_leaves(tmp_path):
    async def tell(sealed, it, far):
        small = await it.post()
        big = await it.post(erp_reference="B", **BIG)
        assert it.row(big).state == "HELD"
        assert (await sealed.vote(WANG, big)).complete
        assert it.row(big).control_version == 1
        await it.relay.start()
        await it.until_state(small, "SETTLED")
        await it.until_state(big, "SETTLED")
        assert it.cases() == []

    story_of(tmp_path, tell, document())


def test_content_changed_together_with_its_digest_never_leaves(tmp_path):
    async def tell(sealed, it, far):
        paid = await it.post()
        other = await it.post(erp_reference="B", amount="2.00")
        changed = it.row(other)
        it.sql(
            f"UPDATE instruction SET amount_minor = {changed.amount_minor},"
            f" digest = '{changed.digest}', erp_reference = 'C' WHERE id = '{paid}'"
        )
        it.sql(f"UPDATE instruction SET erp_reference = 'D' WHERE id = '{other}'")
        it.sql(f"UPDATE instruction SET erp_reference = 'B' WHERE id = '{paid}'")
        await it.relay.start()
        await it.until_state(paid, "HELD")
        assert it.row(paid).reason == "altered"
        assert (paid, "altered") in it.cases()
        assert far.calls == []

    story_of(tmp_path, tell)


def test_a_payment_queued_past_the_gateway_never_leaves(tmp_path):
    async def tell(sealed, it, far):
        held = await it.post(**BIG)
        work = (
            "INSERT INTO work (tenant, kind, subject, lane, due_us, tries) SELECT tenant, 'send',"
            f" id, connection, 0, 0 FROM instruction WHERE id = '{held}'"
        )
        it.sql(work)
        await it.relay.start()
        await it.looked()
        assert it.row(held).state == "HELD"
        it.sql(f"UPDATE instruction SET state = 'QUEUED' WHERE id = '{held}'")
        it.sql(work)
        await it.until(lambda: it.row(held).reason == "altered")
        assert far.calls == []

    story_of(tmp_path, tell, document(), books=False)


def test_a_role_taken_away_between_approval_and_sending_counts(tmp_path):
    async def tell(sealed, it, far):
        big = await it.post(**BIG)
        await sealed.vote(WANG, big)
        people = [it for it in document()["assignments"] if it["person"] != "wang"]
        sealed.rules.put(document(assignments=people))
        await it.relay.start()
        await it.until_state(big, "HELD")
        assert it.row(big).reason == "approval"
        assert far.calls == []
        assert (await sealed.vote(LI, big)).complete
        await it.until_state(big, "SETTLED")

    story_of(tmp_path, tell, document())


def test_new_rules_that_its_votes_fulfil_let_it_leave(tmp_path):
    async def tell(sealed, it, far):
        big = await it.post(**BIG)
        await sealed.vote(WANG, big)
        sealed.rules.put(document(quorums={"resolve": 3}))
        await it.relay.start()
        await it.until_state(big, "SETTLED")

    story_of(tmp_path, tell, document())


def test_a_vote_removed_or_added_past_the_gateway_breaks_the_seal(tmp_path):
    async def tell(sealed, it, far):
        big = await it.post(**BIG)
        await sealed.vote(WANG, big)
        it.sql(f"UPDATE vote SET actor = '{BOSS.label()}'")
        await it.relay.start()
        await it.until_state(big, "HELD")
        assert it.row(big).reason == "altered"
        assert far.calls == []

    story_of(tmp_path, tell, document())


def test_what_was_released_before_there_were_seals_leaves_once_it_is_sealed(tmp_path):
    async def tell(sealed, it, far):
        older, forged = await it.post(), await it.post(erp_reference="B", amount="2.00")
        it.sql("UPDATE instruction SET seal = ''")
        it.sql(f"UPDATE instruction SET state = 'HELD' WHERE id = '{forged}'")
        assert await it.store.write(lambda uow: seal_older(uow, sealed.seals)) == 1
        it.sql(f"UPDATE instruction SET state = 'QUEUED' WHERE id = '{forged}'")
        await it.relay.start()
        await it.until_state(older, "SETTLED")
        await it.until(lambda: it.row(forged).reason == "altered")

    story_of(tmp_path, tell)


def test_a_seal_is_over_every_part():
    seals = ReleaseSeal(ROOT)
    parts = ("t", "ins_1", "d", 1, ("person:a", "person:b"))
    made = seals.of(*parts)
    assert seals.holds(made, "t", "ins_1", "d", 1, ("person:b", "person:a"))
    for other in (
        ("u", *parts[1:]),
        ("t", "ins_2", *parts[2:]),
        ("t", "ins_1", "e", *parts[3:]),
        ("t", "ins_1", "d", 2, parts[4]),
        (*parts[:4], ("person:a",)),
        (*parts[:4], ()),
    ):
        assert not seals.holds(made, *other)
    assert not ReleaseSeal(b"s" * 32).holds(made, *parts)
    assert tables.instruction.c.seal.type.length == len(made)

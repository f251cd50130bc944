"""The guards of a control document in a whole gateway: each is asked, and told to who asks."""

from __future__ import annotations

from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web.test_pages_rules import DOCUMENT
from tests.integration.web.world import payment, story

ROLES = [
    {
        "name": "all",
        "display": "全部",
        "permissions": [{"rights": ["view", "approve", "lift:*"]}],
    },
    {
        "name": "erp",
        "display": "ERP",
        "permissions": [{"rights": ["make", "view"]}],
    },
]
GUARDED = DOCUMENT | {
    "roles": ROLES,
    "assignments": [{"person": it, "role": "all"} for it in ("王", "李")],
    "matrix": [{"id": "all", "currency": "CNY", "bands": [{"steps": []}]}],
    "lifts": [{"rule": "*", "steps": [{"role": "all"}]}],
    "payroll_viewers": [],
}
AT_ONCE = {"netbank_paid": True}


async def asked(it, **document):
    """A document in force that asks for these guards."""
    found = InForce(1, Rules(read(GUARDED | document)))
    it.gateway.controls._found = lambda *_: found
    row = {"tenant": "t1", "version": 1, "state": "in_force", "proposed_us": 0}
    texts = dict.fromkeys(("digest", "content", "proposed_by"), "")
    with acting_for(("t1",)):
        await it.gateway.store.write(lambda uow: uow.add(tables.control_version, row | texts))


async def posted(it, wish):
    answer = await it.post("/v1/instructions", wish)
    assert answer.status_code == 200, answer.text
    return (await it.get(answer.json()["links"]["self"])).json()


def rules_of(view) -> list[str]:
    return [hold["rule"] for hold in view["holds"]]


def test_an_altered_document_is_refused_and_holds_the_payment(tmp_path):
    async def tell(it):
        await asked(it, calendar={"cutoffs": "hold"})
        wish = payment("PO-1", execution_date="2026-09-16")
        first = await posted(it, wish)
        assert first["state"] == "SCHEDULED"
        altered = wish | {"amount": "100.01"}
        batch = {"batch_reference": "B", "instructions": [altered, payment()]}
        for target, body, status in (
            ("/v1/instructions", altered, 409),
            ("/v1/batches", batch, 200),
            ("/v1/batches", batch | {"instructions": [altered]}, 409),
        ):
            answer = await it.post(target, body)
            assert answer.status_code == status, answer.text
            view = (await it.get(f"/v1/instructions/{first['id']}")).json()
            assert (view["state"], rules_of(view)) == ("HELD", ["erp_altered"])
            assert "amount 100.00 → 100.01" in view["holds"][0]["en"]

    story(tmp_path, tell)


def test_what_no_channel_takes_on_its_day_is_held(tmp_path):
    async def tell(it):
        await asked(it, calendar={"cutoffs": "hold"})
        elsewhere = {
            "creditor_agent_name": "示例商业银行上海分行",
            "creditor_agent_cnaps": "999290000012",
            "execution_date": "2026-10-02",
        }
        view = await posted(it, payment(amount="60000.00", **elsewhere))
        assert rules_of(view) == ["cutoff"]
        assert "HVPS" in view["holds"][0]["en"]

    story(tmp_path, tell)


def test_a_payment_waits_for_newer_debits_and_goes_by_itself(tmp_path):
    async def tell(it):
        await asked(it, payees=AT_ONCE)
        view = await posted(it, payment())
        assert rules_of(view) == ["netbank_paid"]
        await it.gateway.debits.look()
        view = await it.reaches(view["id"], "SETTLED")
        assert ("HELD", "APPROVED", "policy:netbank_paid") in [
            (step["from"], step["to"], step["actor"]) for step in view["history"]
        ]

    story(tmp_path, tell)

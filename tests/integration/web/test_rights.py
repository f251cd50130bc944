"""Rights over the API: what somebody may not see is not there, wages least of all."""

from __future__ import annotations

from gateway.controls.in_force import InForce
from gateway.controls.rules.compiled import Rules
from gateway.controls.rules.reading import read
from gateway.observe.log import EventLog
from gateway.sandbox import payees
from gateway.store import tables
from gateway.store.tenancy import acting_for
from tests.integration.web.world import OTHER_ACCOUNT, SECRET, payment, story
from tests.sandbox_json import MAIN

TRADE = "900010102000000010"
MACHINE = {"secret": SECRET.decode(), "kind": "machine"}
PERSON = {"secret": SECRET.decode(), "kind": "person"}
ACCOUNTS = {"connection": "cib-1", "city": "福州"}
TENANT = {
    "company": [
        {"id": "c1", "name": "示例制造有限公司", "account": [{**ACCOUNTS, "number": MAIN}]},
        {"id": "c3", "name": "示例贸易有限公司", "account": [{**ACCOUNTS, "number": TRADE}]},
    ],
    "key": [
        {**MACHINE, "id": "erp", "name": "sap", "erp": "sap"},
        {**MACHINE, "id": "erp2", "name": "oa", "erp": "oa"},
        *({**PERSON, "id": it, "name": it} for it in ("wang", "li", "pay", "trade", "none")),
    ],
}
EVERYTHING = ["view", "approve", "reject", "resolve", "cancel", "enquire", "lift:*", "resume"]
DOCUMENT = {
    "format": "controls/1",
    "people": [{"name": it} for it in ("wang", "li", "pay", "trade", "none")],
    "roles": [
        {"name": "checker", "permissions": [{"rights": EVERYTHING}]},
        {"name": "wages", "permissions": [{"rights": EVERYTHING}]},
        {"name": "looker", "permissions": [{"rights": ["view"]}]},
        {"name": "erp", "permissions": [{"rights": ["view", "make", "cancel", "enquire"]}]},
    ],
    "assignments": [
        {"person": "wang", "role": "checker"},
        {"person": "pay", "role": "wages"},
        {"person": "trade", "role": "checker", "companies": ["c3"]},
        {"person": "li", "role": "looker"},
    ],
    "machines": [{"name": "*", "roles": ["erp"]}],
    "matrix": [
        {
            "id": "all",
            "currency": "CNY",
            "bands": [{"up_to": "1000.00", "steps": []}, {"steps": [{"role": "*"}]}],
        }
    ],
    "lifts": [{"rule": "*", "steps": [{"role": "*"}]}],
    "payroll_viewers": ["wages"],
}
ACCOUNT, AMOUNTS = payees.own_account(990_017), ("8123.45", "812345", "423.45")
NAME = payees.payee_name(ACCOUNT)
PURPOSE = "九月工资甲"
HIDDEN = (NAME, ACCOUNT, *AMOUNTS, PURPOSE)
"""What must stand in no answer to anybody who may not see wages."""


def in_force(it) -> None:
    found = InForce(1, Rules(read(DOCUMENT)))
    it.gateway.controls._found = lambda *_: found


def wages(**other):
    fields = {"creditor_name": NAME, "creditor_account": ACCOUNT, "purpose": PURPOSE}
    return payment(**({"business_type": "payroll", "amount": "8123.45"} | fields | other))


async def posted(it, document, key="erp") -> dict[str, object]:
    answer = await it.post("/v1/instructions", document, key=key)
    assert answer.status_code == 200, answer.text
    return answer.json()


def addresses(id_: str, reference: object, batch: str) -> list[tuple[str, str, object]]:
    """Every way to ask for one instruction and its batch."""
    vote = {"action": "approve", "content_hash": "0" * 64, "reason": "x"}
    wish = {**vote, "action": "resolve_settled"}
    own = f"/v1/instructions/{id_}"
    return [
        ("GET", f"/v1/instructions/{id_}", None),
        ("GET", f"/v1/instructions/{id_}?wait=1", None),
        ("GET", f"/v1/instructions/{id_}?route=true", None),
        ("POST", f"/v1/instructions/{id_}/enquiry", {}),
        ("POST", f"/v1/instructions/{id_}/cancellation", {}),
        ("POST", f"/v1/instructions/{id_}/decisions", vote),
        ("GET", f"{own}/attachments", None),
        ("GET", f"{own}/attachments/att_1", None),
        ("POST", f"{own}/attachments?name=a.txt", {}),
        ("GET", f"{own}/resolutions", None),
        ("POST", f"{own}/resolutions", wish),
        ("POST", f"{own}/resolutions/res_1/votes", {"digest": "0" * 64, "reason": "x"}),
        ("GET", f"/v1/batches/{batch}", None),
        ("GET", f"/v1/batches/{batch}/report", None),
        ("GET", f"/v1/batches/{batch}/returns", None),
    ]


async def ask(it, way, key):
    method, target, document = way
    if document is None:
        return await it.call(method, target, key=key)
    return await it.post(target, document, key=key)


def without_trace(answer) -> dict[str, object]:
    return {name: value for name, value in answer.json().items() if name != "trace_id"}


def test_what_may_not_be_seen_is_answered_like_what_is_not_there(tmp_path):
    """Across tenants, companies, business types and ERPs, for people and machines."""

    async def tell(it):
        in_force(it)
        hidden = await posted(it, wages())
        lines = [wages(), payment(business_type="payroll", amount="423.45")]
        batch = (
            await it.post("/v1/batches", {"batch_reference": "W", "instructions": lines})
        ).json()["id"]
        mine = addresses(str(hidden["id"]), hidden["erp_reference"], batch)
        nothing = addresses("ins_nothing", "R-nothing", "bat_nothing")
        for key in ("wang", "li", "trade", "none", "erp2", "foreign", "zhao"):
            for way, empty in zip(mine, nothing, strict=True):
                answer, absent = await ask(it, way, key), await ask(it, empty, key)
                assert answer.status_code == absent.status_code, (key, way)
                assert without_trace(answer) == without_trace(absent), (key, way)
                assert answer.status_code in {403, 404}, (key, way, answer.text)
            query = f"?erp_reference={hidden['erp_reference']}"
            for found in (query, "?state=HELD,SETTLED,QUEUED,SENDING,UNCONFIRMED"):
                told = (await it.get(f"/v1/instructions{found}", key=key)).json()
                assert told == {"instructions": []}, key
        for key in ("pay", "erp"):
            for way in mine[:1] + mine[-3:-1]:
                assert (await ask(it, way, key)).status_code == 200, (key, way)

    story(tmp_path, tell, tenant=TENANT)


def test_what_may_be_seen_but_not_done_is_refused_with_the_rule(tmp_path):
    async def tell(it):
        in_force(it)
        held = await posted(it, payment(amount="1000.01"))
        ways = addresses(str(held["id"]), held["erp_reference"], "bat_nothing")
        for way in ways[3:6]:
            if isinstance(way[2], dict) and "content_hash" in way[2]:
                way[2]["content_hash"] = held["digest"]
            answer = await ask(it, way, "li")
            assert answer.status_code == 403, (way, answer.text)
            assert "no role held grants" in answer.json()["detail_en"]
        assert (await it.post("/v1/connections/cib-1/unblock", {}, key="li")).status_code == 403
        assert (await it.post("/v1/connections/cib-1/unblock", {}, key="wang")).status_code == 200
        assert (await it.get(f"/v1/instructions/{held['id']}", key="trade")).status_code == 404
        # Who may cancel is not asked to view as well.
        assert (await ask(it, ways[4], "erp")).status_code == 200

    story(tmp_path, tell, tenant=TENANT)


def test_accounts_balances_and_statements_are_those_one_may_view(tmp_path):
    async def tell(it):
        in_force(it)

        async def numbers(key):
            answer = await it.get("/v1/accounts", key=key)
            return [one["number"] for one in answer.json()["accounts"]]

        assert await numbers("wang") == [MAIN, TRADE]
        assert await numbers("trade") == [TRADE]
        assert await numbers("none") == []
        for what in ("balance", "statements"):
            own = await it.get(f"/v1/accounts/{TRADE}/{what}", key="trade")
            assert own.status_code == 200, own.text
            hidden = await it.get(f"/v1/accounts/{MAIN}/{what}", key="trade")
            absent = await it.get(f"/v1/accounts/{OTHER_ACCOUNT}/{what}", key="trade")
            assert hidden.status_code == absent.status_code == 404
            assert without_trace(hidden) == without_trace(absent)

    story(tmp_path, tell, tenant=TENANT)


def test_whether_somebody_was_ever_paid_does_not_tell_that_it_was_wages(tmp_path):
    """The dry run asks a rule for payees that were never paid."""
    rules = [
        {"id": "new", "known": False, "bands": [{"steps": [{"role": "*", "people": 2}]}]},
        *DOCUMENT["matrix"],
    ]

    async def tell(it):
        in_force(it)
        paid = await posted(it, wages(amount="423.45"))
        await it.reaches(paid["id"], "SETTLED")
        found = InForce(2, Rules(read({**DOCUMENT, "matrix": rules})))
        it.gateway.controls._found = lambda *_: found
        query = f"/v1/controls/explanation?from={MAIN}&to={ACCOUNT}&amount=10.00"
        told = {key: (await it.get(query, key=key)).json()["rule"] for key in ("li", "pay", "erp2")}
        assert told == {"li": "matrix:new/1", "pay": "matrix:all/1", "erp2": "matrix:new/1"}

    story(tmp_path, tell, tenant=TENANT)


def everything_to_ask(id_: str, batch: str) -> list[tuple[str, str, object]]:
    states = "HELD,SETTLED,QUEUED,SENDING,UNCONFIRMED,CANCELLED,REJECTED,PROCESSING,ACKNOWLEDGED"
    explain = f"/v1/controls/explanation?from={MAIN}&to={ACCOUNT}&amount=10.00"
    return [
        *addresses(id_, "", batch),
        ("GET", f"/v1/instructions?state={states}", None),
        ("GET", "/v1/accounts", None),
        ("GET", f"/v1/accounts/{MAIN}/statements", None),
        ("GET", "/v1/stops", None),
        ("GET", "/v1/controls", None),
        ("GET", "/v1/controls/proposals", None),
        ("GET", f"{explain}&type=payment", None),
        ("GET", f"{explain}&type=payroll", None),
        ("GET", "/v1/webhooks/deliveries?state=pending", None),
        ("GET", "/v1/audit/checkpoints", None),
        ("GET", "/metrics", None),
        ("GET", "/readyz", None),
    ]


def test_wages_stand_in_no_answer_to_others_in_no_log_and_in_no_record(tmp_path, monkeypatch):
    """A run with wages that are held, paid and refused, and everything it ever put out."""
    logged: list[str] = []
    really = EventLog.tell

    def tell_log(self, event, **said):
        logged.append(f"{event} {said}")
        return really(self, event, **said)

    monkeypatch.setattr(EventLog, "tell", tell_log)

    async def tell(it):
        in_force(it)
        paid = await posted(it, wages(amount="423.45"))
        await it.reaches(paid["id"], "SETTLED")
        held = await posted(it, wages())
        await it.reaches(held["id"], "HELD")
        refused = await it.post("/v1/instructions", wages(amount="8123.451"))
        assert refused.status_code == 422
        # The same money to the same payee as an ordinary payment: held, and its finding names
        # nothing of the wages.
        same = wages(erp_reference="PLAIN") | {"business_type": "payment", "purpose": "货款"}
        like = await posted(it, same | {"amount": "423.45", "creditor_name": NAME})
        lines = {"batch_reference": "W", "instructions": [wages(), wages(amount="x")]}
        batch = (await it.post("/v1/batches", lines)).json()["id"]
        references = (str(paid["erp_reference"]), str(held["erp_reference"]))
        for key in ("li", "trade", "none", "erp2", "foreign", "zhao"):
            for way in everything_to_ask(str(held["id"]), batch):
                answer = await ask(it, way, key)
                for canary in references:
                    assert canary not in answer.text, (key, way)
                if way[1].startswith("/v1/instructions?state=") and key in {"li", "erp2"}:
                    listed = answer.json()["instructions"]
                    assert [one["id"] for one in listed] == [like["id"]], key
                    continue  # the ordinary payment to the same person is theirs to see
                for canary in HIDDEN:
                    assert canary not in answer.text, (key, way)
        seen = (await it.get(f"/v1/accounts/{MAIN}/statements", key="pay")).text
        assert PURPOSE in seen, "or the statement says nothing about hiding"
        with acting_for(["t1"]):
            written = await it.gateway.store.read(
                lambda db: [
                    (row.kind, bytes(row.payload or b"").decode())
                    for row in db.execute(tables.journal.select())
                ]
            )
        for canary in (NAME, ACCOUNT, PURPOSE):
            assert all(canary not in text for kind, text in written if kind != "accepted")

    story(tmp_path, tell, tenant=TENANT)
    assert any("post_instruction" in it for it in logged)
    for canary in HIDDEN:
        assert not [it for it in logged if canary in it]

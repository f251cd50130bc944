"""A real run with faults: what the logs tell, what they must not, and whether figures are right."""

from __future__ import annotations

import re
import socket

import httpx
import pytest

from gateway.domain.party import masked
from gateway.sandbox import seed as seeds
from tests.integration.observe.deployment import (
    BRANCH,
    CANARY,
    SECOND,
    TRACE,
    Deployment,
    payment,
)
from tests.sandbox_json import MAIN


@pytest.fixture
def run(tmp_path, database):
    it = Deployment(tmp_path, database)
    yield it
    it.stop()


def provoke(run: Deployment) -> None:
    """Everything that a caller can do wrong, with a token in whatever it sends."""
    call = run.call
    assert call("POST", "/v1/instructions", payment(1), secret="CANARYGUESS").status_code == 401
    assert call("POST", "/v1/instructions", {"CANARYFIELD": "CANARYVALUE"}).status_code == 422
    assert call("POST", "/v1/instructions", payment(2, amount="CANARY1")).status_code == 422
    assert call("GET", "/v1/instructions?CANARYQUERY=1").status_code == 400
    assert call("GET", f"/v1/accounts/{BRANCH}/balance").status_code == 404
    assert call("GET", "/v1/CANARYPATH").status_code == 404
    evil = {"User-Agent": "CANARYAGENT", "traceparent": "00-CANARYTRACE-1-1"}
    assert call("GET", "/v1/instructions/CANARYID", headers=evil).status_code == 404
    head = b"GET /v1/CANARYRAW HTTP/1.1\r\nHost: x\r\nBroken CANARYHEADER\r\n\r\n"
    url = httpx.URL(run.api.told)
    with socket.create_connection((url.host, url.port), timeout=30) as raw:
        raw.sendall(head)
        assert b"400" in raw.recv(4096)


def by_people(run: Deployment, look_alike: str) -> None:
    """A hold that a person releases, and a stop, all with reasons somebody wrote."""
    seen = run.call("GET", f"/v1/instructions/{look_alike}").json()
    vote = {
        "action": "approve",
        "content_hash": seen["digest"],
        "reason": "CANARYREASON 622909115001234567",
    }
    voted = run.call("POST", f"/v1/instructions/{look_alike}/decisions", vote, key="wang")
    assert voted.status_code == 200, voted.text
    stop = {"scope": "account", "subject": SECOND, "reason": "CANARYSTOP"}
    pulled = run.call("POST", "/v1/stops", stop, key="wang")
    assert pulled.status_code == 200, pulled.text
    for key in ("wang", "li"):
        target = f"/v1/stops/{pulled.json()['id']}/lift"
        lifted = run.call("POST", target, {"reason": "CANARYLIFT"}, key=key)
        assert lifted.status_code == 200, lifted.text


def test_logs_tell_everything_that_happened_and_nothing_that_nobody_may_read(run):
    provoke(run)
    ids = []
    trace = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
    first = run.call("POST", "/v1/instructions", payment(10), headers=trace)
    assert first.status_code == 200, first.text
    ids.append(first.json()["id"])
    ways = ("drop_after_commit", "error_5xx_after_commit", "refuse", "html_200")
    run.faults(
        script=[
            {"kind": kind, "creditor_account": payment(index)["creditor_account"]}
            for index, kind in enumerate(ways, start=11)
        ]
    )
    for index in range(11, 19):
        answer = run.call("POST", "/v1/instructions", payment(index))
        ids.append(answer.json()["id"])
    again = payment(18, erp_reference="CANARYREF-AGAIN", end_to_end_id="CANARYE2E-AGAIN")
    held = run.call("POST", "/v1/instructions", again).json()["id"]
    by_people(run, held)
    wrong = run.call("POST", "/v1/instructions", payment(30, debtor_account=SECOND))
    assert wrong.status_code == 200, wrong.text
    run.settled([*ids, held], "SETTLED", "REJECTED")
    run.bank.stop()
    away = run.call("POST", "/v1/instructions", payment(40)).json()["id"]
    run.says(event="not_sent", instruction=away)
    run.bank.start()
    run.bank.wait(90)
    run.settled([away], "SETTLED", "REJECTED")
    run.settled([wrong.json()["id"]], "REJECTED", "QUEUED", "UNCONFIRMED")
    run.stop()

    everything = "\n".join(run.logs().values())
    assert CANARY not in everything
    secrets = {it.password for group in seeds.shipped().groups for it in group.operators}
    names = {name for index in (10, 18, 30) if (name := payment(index)["creditor_name"])}
    for token in {MAIN, SECOND, BRANCH, "张三", *secrets, *names}:
        assert str(token) not in everything, token
    numbers = set(re.findall(r"(?<![0-9A-Za-z_])[0-9]{9,}(?![0-9A-Za-z])", everything))
    assert numbers == set()
    assert "Traceback" not in everything

    # One id leads from the request to the outcome.
    (accepted,) = run.lines(event="accepted", trace=TRACE)
    assert accepted["instruction"] == ids[0]
    assert accepted["lane"]
    mine = [line["event"] for line in run.lines(instruction=ids[0])]
    assert mine[0] in {"accepted", "released"}
    for step in ("accepted", "released", "sending", "sent"):
        assert step in mine
    assert run.lines(instruction=ids[0], final=True)
    told = {line["event"] for line in run.lines()}
    assert told >= {
        "started", "ready", "accepted", "refused", "sending", "sent", "answered", "unconfirmed",
        "enquired", "enquiry_answered", "not_sent", "held", "voted", "decided", "blocked",
        "stop_pulled", "stop_vote", "stop_lifted", "checkpoint", "called", "stopping", "stopped",
    }  # fmt: skip
    codes = {line["code"] for line in run.lines(event="refused")}
    assert codes >= {"not_authenticated", "invalid_instruction", "not_found", "http_malformed"}
    roles = {line["role"] for line in run.lines()}
    assert roles == ({"api", "worker", "sandbox"} if run.shared else {"both", "sandbox"})
    if run.shared:
        assert "lease_renewed" in told
    # At most one line for a message's step, and its serial in the line of its exchange.
    for line in run.lines(event="sent"):
        assert line["serial"].startswith("GW")
        assert line["outcome"] in {"answered", "not_sent", "no_answer"}
        assert line["seconds"] > 0


def test_figures_are_right(run):
    count = 20
    ids = [
        run.call("POST", "/v1/instructions", payment(100 + index)).json()["id"]
        for index in range(count)
    ]
    run.call("POST", "/v1/instructions", {"nothing": "right"})
    run.settled(ids, "SETTLED")
    it = run.metrics()
    assert it["gateway_accepted_total{kind=instruction}"] == count
    assert it["gateway_accepted_instructions_total{kind=instruction}"] == count
    assert it["gateway_instructions_total{state=SENDING}"] == count
    assert it["gateway_instructions_total{state=SETTLED}"] == count
    assert it["gateway_sends_total{bank=cib,outcome=answered}"] == count
    assert it["gateway_exchange_seconds_count{bank=cib,event=sent}"] == count
    assert it["gateway_refused_total{code=invalid_instruction}"] == 1
    assert it["gateway_requests_total{operation=post_instruction,status=200}"] == count
    assert it["gateway_requests_total{operation=post_instruction,status=422}"] == 1
    assert it["gateway_request_seconds_count{operation=post_instruction}"] == count + 1
    assert it["gateway_open_instructions{state=UNCONFIRMED}"] == 0
    assert it["gateway_waiting_work{kind=send}"] == 0
    assert it["gateway_commit_seconds_count{}"] > 0
    assert it["gateway_commit_jobs_sum{}"] >= it["gateway_commit_jobs_count{}"]
    assert it["gateway_failed_total{}"] == 0
    assert it["gateway_log_lines_dropped{}"] == 0
    processes = 3 if run.shared else 1
    assert sum(value for name, value in it.items() if name.startswith("gateway_up{")) == processes
    assert it["gateway_live_lanes{}"] == processes * processes  # each of them tells of all
    if run.shared:
        assert it["gateway_up{role=worker}"] == 2
        assert 0 < it["gateway_lease_seconds{}"] <= 3 * 6
    bank = httpx.get(f"{run.bank.told}/metrics", timeout=60, trust_env=False).text
    assert 'gateway_up{role="sandbox"} 1.0' in bank
    answered = re.search(r'gateway_requests_total\{operation="bank",status="200"\} ([0-9.]+)', bank)
    assert answered
    assert float(answered[1]) >= count
    assert masked(MAIN) not in bank


@pytest.mark.postgresql
def test_a_worker_says_how_it_is_doing(tmp_path, postgresql):
    run = Deployment(tmp_path, postgresql)
    try:
        at = f"http://127.0.0.1:{run.ports[0]}"

        def get(path):
            answer = httpx.get(at + path, timeout=60, trust_env=False)
            return answer.status_code, answer.content

        assert get("/healthz") == (200, b'{"status":"ok"}')
        assert get("/readyz") == (200, b'{"status":"ready"}')
        assert get("/v1/instructions")[0] == 404
        posted = httpx.post(f"{at}/metrics", trust_env=False)
        assert posted.status_code == 405
    finally:
        run.stop()

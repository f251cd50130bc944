from __future__ import annotations

import json
import re
import sqlite3
from datetime import date
from io import StringIO
from pathlib import Path

import msgspec
import pytest

from gateway import settings
from gateway.cli import (
    bench_audit,
    bench_controls,
    bench_document,
    bench_intake,
    bench_payments,
    bench_settings,
    bench_start,
    bench_texts,
    load,
    measured,
)
from gateway.cli.bench import BENCHES, document, run
from gateway.cli.main import main
from gateway.cli.measured import Measured, Options
from gateway.controls import by_rules
from gateway.controls.rules.compiled import Rules
from gateway.dialects import bank_dialect
from gateway.domain.errors import Corrupt, Refused
from gateway.intake.json_body import parse_batch, parse_instruction
from gateway.sandbox.payees import own_account
from tests.bench import bare_books, bare_messages

NAMES = {
    *("payments-batch", "payments-single", "audit", "pain001-intake", "worker-start"),
    *("controls", "pain001-read", "queries", "statement-read", "mt940-read", "reconcile"),
    *("camt053-write", "pain002-write", "pain001-write", "told-lag"),
    "statement-import",
}
FIXED = ["name", "product", "reference", "ratio", "unit", "peak_rss_mib"]
ORDER = load.LoadOrder(host="h", port=1, key="k", secret="s", debtor=bench_settings.DEBTOR, calls=3)


def listed(*, as_json: bool) -> str:
    out = StringIO()
    code = run("", as_json=as_json, list_only=True, out=out, scale=Options())
    assert code == 0
    return out.getvalue()


def test_the_list_names_every_bench_with_its_set_up_in_both_languages():
    found = {it["name"]: it for it in map(json.loads, listed(as_json=True).splitlines())}
    assert set(found) == set(BENCHES) == NAMES
    for bench in found.values():
        assert "参照" in bench["zh"]
        assert "Reference" in bench["en"]
        assert bench["unit"].endswith("/s") or bench["unit"] in {"ms", "µs/payment"}


def test_the_set_ups_name_the_sizes_that_are_run():
    assert f"{bench_audit.RECORDS:,}" in bench_texts.AUDIT_ZH
    assert f"{bench_audit.RECORDS:,}" in bench_texts.AUDIT_EN
    for text in (bench_texts.INTAKE_ZH, bench_texts.INTAKE_EN):
        assert f"{bench_intake.LINES:,}" in text
    for text in (bench_texts.START_ZH, bench_texts.START_EN):
        assert re.search(rf"(?<!\d){bench_start.STARTS}(?!\d)", text)
    for text in (bench_texts.BATCH_ZH, bench_texts.BATCH_EN):
        assert re.search(rf"(?<!\d){bare_messages.BATCH_MAX}(?!\d)", text)
        assert f"{bench_payments.LINES:,}" in text
        assert re.search(rf"(?<!\d){bench_payments.CALLS}(?!\d)", text)
        assert re.search(rf"(?<!\d){Options().slots} (个发送通道|sending slots)", text)
    for text in (bench_texts.SINGLE_ZH, bench_texts.SINGLE_EN):
        assert f"{bench_payments.SINGLES:,}" in text
        assert re.search(rf"(?<!\d){bench_payments.SINGLE_CONNECTIONS} (个连接|connections)", text)


def test_the_document_of_the_controls_is_as_large_as_is_said_and_holds_together(tmp_path: Path):
    directory, tenant = bench_controls.ground(tmp_path)
    today = date(2026, 9, 15)
    made = bench_controls.document(directory, tenant, today)
    sizes = {
        "people": (bench_document.PEOPLE, len(made.people)),
        "roles": (bench_document.ROLES, len(made.roles)),
        "rules of the matrix": (bench_document.RULES, len(made.matrix)),
        "limits": (bench_document.LIMITS, len(made.limits)),
        "plan lines": (bench_document.PLAN_LINES, len(made.plan)),
        "companies": (bench_document.COMPANIES, len(tenant.companies)),
        "accounts": (96, len(tenant.accounts)),
        "payments": (bench_controls.PAYMENTS, 100_000),
    }
    for what, (said, found) in sizes.items():
        assert said == found, what
        for text in (bench_texts.CONTROLS_ZH, bench_texts.CONTROLS_EN):
            assert re.search(rf"(?<![\d,]){said:,}(?![\d,])", text), what
    (line, *_) = bench_controls.candidates(tenant, 1, today)
    rules = Rules(made)
    judged = rules.judge(by_rules.facts_of(tenant, line, known=False), today, today)
    assert len(judged.takes) == bench_document.KEPT == 4
    assert len(judged.counters) == 6, "5 limits and a plan line"


def test_both_sides_of_controls_let_the_same_payments_pass(tmp_path: Path):
    found = {}
    for name in ("product", "reference"):
        (tmp_path / name).mkdir()
        found[name] = getattr(bench_controls, name)(1_500, tmp_path / name)
    assert found["product"]["passed"] == found["reference"]["passed"] == 1_500 - 15
    assert min(found["product"].values()) > 0 < found["reference"]["us"]


def test_only_batches_are_run_under_controls_as_well():
    with pytest.raises(Refused, match="--controls"):
        run("audit", as_json=True, list_only=False, out=StringIO(), scale=Options(controls=True))


def test_payments_under_controls_name_their_budget_item():
    order = msgspec.structs.replace(ORDER, items=bench_document.ITEMS)
    drafts = [parse_instruction(body) for body in load.bodies(order)]
    assert [draft.budget_item for draft in drafts] == [bench_document.item(at) for at in range(3)]


def test_the_list_for_people_shows_the_same_texts():
    text = listed(as_json=False)
    assert all(bench.name in text and bench.zh in text for bench in BENCHES.values())


def test_the_result_has_the_fixed_names_first_and_a_ratio():
    measured_ = Measured(product=50.04, reference=200.0, peak_rss_mib=81.5, extra={"p99_ms": 4.26})
    found = document(BENCHES["payments-single"], measured_)
    assert list(found) == [*FIXED, "p99_ms"]
    assert (found["product"], found["ratio"], found["p99_ms"]) == (50.0, 0.25, 4.3)


def test_a_reference_of_nothing_gives_no_ratio():
    found = document(BENCHES["audit"], Measured(product=1.0, reference=0.0, peak_rss_mib=1.0))
    assert found["ratio"] is None


def test_an_unknown_name_is_refused_and_the_names_are_told():
    with pytest.raises(Refused, match="audit"):
        run("payments", as_json=True, list_only=False, out=StringIO(), scale=Options())


def test_a_bench_without_a_profile_says_so(tmp_path: Path):
    options = Options(profile=tmp_path / "x.prof")
    with pytest.raises(Refused, match="profile"):
        run("audit", as_json=True, list_only=False, out=StringIO(), scale=options)


def test_a_small_audit_run_measures_both_sides():
    out = StringIO()
    assert run("audit", as_json=True, list_only=False, out=out, scale=Options(scale=0.01)) == 0
    found = json.loads(out.getvalue())
    assert list(found) == FIXED
    assert found["product"] > 0 < found["reference"]
    assert found["ratio"] == pytest.approx(found["product"] / found["reference"], abs=0.01)
    assert found["peak_rss_mib"] > 0


def test_both_sides_of_audit_read_every_record_and_notice_a_changed_one(tmp_path: Path):
    database = tmp_path / "journal.db"
    bench_audit.build(database, 1203)
    assert bench_audit.product(database) == bench_audit.reference(database) == 1203
    with sqlite3.connect(database) as db:
        db.execute("UPDATE journal SET payload = x'00' WHERE seq = 700")
    db.close()
    for side in (bench_audit.product, bench_audit.reference):
        with pytest.raises(Corrupt):
            side(database)


def test_without_the_bare_path_the_payment_benches_say_what_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(measured, "__file__", str(tmp_path / "gateway" / "cli" / "measured.py"))
    with pytest.raises(Refused, match=r"bare\.py"):
        measured.repository()


def test_the_settings_of_a_bench_are_valid_settings(tmp_path: Path):
    path = tmp_path / "gateway.toml"
    for batching in (False, True):
        text = bench_settings.text(
            bank="http://127.0.0.1:8007",
            slots=16,
            database="postgresql://u@/d?host=/s" if batching else "gateway.db",
            batching=batching,
        )
        path.write_text(text, encoding="utf-8")
        loaded = settings.load(path)
        (tenant,) = loaded.directory.tenants.values()
        assert tenant.connections["main"].slots == 16
        assert tenant.policy.batching is batching
        assert loaded.database.postgresql is batching
        assert bench_settings.DEBTOR in tenant.accounts


def test_the_load_is_instructions_that_can_be_read_each_payee_once():
    drafts = [parse_instruction(body) for body in load.bodies(ORDER)]
    assert [draft.creditor_account for draft in drafts] == [own_account(at) for at in range(3)]
    order = msgspec.structs.replace(ORDER, calls=2, lines=4)
    heads, lines = zip(*map(parse_batch, load.bodies(order)), strict=True)
    assert len({head.batch_reference for head in heads}) == 2
    assert len({draft.erp_reference for batch in lines for draft in batch}) == 8


ANSWER = (
    b"<RSBODY><XFERINFO><INDX>1</INDX><TRNAMT>1.00</TRNAMT><STATUS>PAYOUT</STATUS></XFERINFO>"
    b"<XFERINFO><INDX>2</INDX><STATUS>FAIL</STATUS></XFERINFO>"
    b"<XFERPRCSTS><XFERPRCCODE>%b</XFERPRCCODE></XFERPRCSTS></RSBODY>"
)


def test_the_bare_path_writes_what_the_dialect_writes_and_reads_each_lines_fate():
    dialect = bank_dialect("cib")
    posted = [msgspec.json.decode(body, type=bare_messages.Line) for body in load.bodies(ORDER)]
    messages = bare_messages.Messages("h:1")
    single = dialect.bank_side.decode(messages.write(posted[:1], "S1"))
    assert (single.malformed, single.serial, single.operation) == ("", "S1", "payment")
    batch = dialect.bank_side.decode(messages.write(posted, "S2"))
    assert (batch.malformed, batch.serial, batch.operation) == ("", "S2", "batch_payment")
    assert (batch.body.count, batch.body.amount) == (3, batch.body.order.total())
    told = [(it.line, it.creditor.account.number) for it in batch.body.order.lines]
    assert told == [(at, own_account(at - 1)) for at in (1, 2, 3)]
    partly = ["SETTLED", "UNCONFIRMED"]
    assert bare_messages.outcomes(2, 200, ANSWER % b"PAYOUT") == partly
    assert bare_messages.outcomes(2, 200, ANSWER % b"FAIL") == ["UNCONFIRMED"] * 2
    assert bare_messages.outcomes(1, 500, ANSWER % b"PAYOUT") == ["UNCONFIRMED"]


def test_the_bare_books_write_neighbours_with_one_outcome_at_once():
    runs = bare_books.runs(7, ["SETTLED", "SETTLED", "UNCONFIRMED", "SETTLED"])
    assert runs == [("SETTLED", 7, 9), ("UNCONFIRMED", 9, 10), ("SETTLED", 10, 11)]


def test_requests_carry_their_length_and_a_signature():
    request = load.request(ORDER, "POST", "/v1/instructions", b"{}")
    head, _, body = request.partition(b"\r\n\r\n")
    assert body == b"{}"
    assert b"Content-Length: 2" in head
    assert b"X-Gw-Signature: " in head


@pytest.mark.parametrize(
    ("values", "share", "expected"),
    [([], 0.99, 0.0), ([3.0, 1.0, 2.0], 0.5, 2.0), ([5.0], 0.99, 5.0)],
)
def test_percentile(values: list[float], share: float, expected: float):
    assert load.percentile(values, share) == expected


def test_the_99th_percentile_leaves_out_one_in_a_hundred():
    assert load.percentile([float(number) for number in range(1, 201)], 0.99) == 198.0


def test_a_started_process_that_dies_tells_its_last_words(tmp_path: Path):
    with (
        pytest.raises(Corrupt, match="No module named"),
        measured.running(["gateway.cli.no_such_module"], tmp_path),
    ):
        pytest.fail("it did not start")


def test_the_command_line_lists_and_refuses_a_scale_that_is_none(
    capsys: pytest.CaptureFixture[str],
):
    assert main(["bench", "--list", "--json"]) == 0
    assert {json.loads(line)["name"] for line in capsys.readouterr().out.splitlines()} == NAMES
    for wrong in ("0", "-1", "nan", "inf", "1e9", "half", ""):
        assert main(["bench", "audit", f"--scale={wrong}"]) == 2
        assert "--scale" in capsys.readouterr().err


def test_the_command_line_asks_for_a_name(capsys: pytest.CaptureFixture[str]):
    assert main(["bench"]) == 2
    told = capsys.readouterr().err
    assert all(name in told for name in NAMES)

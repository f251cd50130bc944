"""The chapters of the demonstration. Each ends in a condition that is waited for, not hoped for."""

from __future__ import annotations

import http.client
from datetime import timedelta
from typing import Final

from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from gateway.cli import demo_chapters, demo_controls, demo_day_end, demo_erps
from gateway.cli.api_client import Answer, ApiClient
from gateway.cli.demo_books import compare, views_of
from gateway.cli.demo_files import ACCOUNTS, POOR, Wish, coming_back, pain001, wish
from gateway.cli.demo_stage import Stage, in_mid_send, until
from gateway.domain.errors import Corrupt

_RETURNED: Final = 7
"""Which line of Tryton's file comes back."""
_QUIET: Final = timedelta(minutes=16)
_LOST_ANSWERS: Final = ("drop_after_commit", "error_5xx_after_commit", "html_200", "garbage_gbk")


class Story:
    """Plays the main job and keeps what every ERP wanted, to compare at the end."""

    def __init__(self, stage: Stage, console: Console) -> None:
        self.stage = stage
        self._console = console
        self.ids: dict[str, str] = {}
        self.wishes: dict[str, Wish] = {}
        self._batches: list[str] = []
        self.filed_return = ""
        """The line of a file whose money comes back."""
        self.controls: dict[str, object] = {}
        """The control document under which the story is played, and who put it in force."""
        self.erps: list[dict[str, object]] = []
        """Per ERP, what it handed in and what it was told."""
        self.statements: list[dict[str, object]] = []
        """Per account, what was read of it and how it was proven."""
        self.sheets: list[dict[str, object]] = []
        """Per account, the balance sheet that two people signed."""
        self.differences: list[str] = []
        self.result: dict[str, object] = {}

    def play(self) -> None:
        """All chapters, then the books."""
        demo_controls.put_in_force(self)
        self._files()
        self._rest()
        self._refusals()
        self._lost_answers()
        demo_erps.play(self)
        self._duplicate()
        demo_controls.approved(self)
        self._killed()
        demo_chapters.stopped(self)
        demo_chapters.batches(self)
        demo_chapters.payroll(self)
        demo_chapters.returned(self)
        self._questions()
        self._rest_of_it()
        self._reports()
        demo_day_end.play(self)
        self.result, found = compare(self.stage, self.wishes, self.ids)
        self.differences += found
        self.result["controls"] = self.controls
        self.result["erps"] = self.erps
        self.result["statements"] = self.statements
        self.result["sheets"] = self.sheets
        self._show()

    # ── chapters ────────────────────────────────────────────────────────────────────────

    def _files(self) -> None:
        """Two ERPs send pain.001 files: SAP's Chinese style and Tryton's."""
        self.chapter("pain.001 文件：SAP 与 Tryton", "pain.001 files from SAP and Tryton")
        created = self.stage.clock.now().replace(microsecond=0)
        for key, version, style, prefix, first, count in (
            ("demo-erp", "pain.001.001.03", "sap-cn", "SAP", 0, 90),
            ("demo-tryton", "pain.001.001.09", "tryton", "TRY", 1000, 60),
        ):
            wishes = [
                wish(f"{prefix}{n:05d}", first + n, own_bank=n % 3 != 0, debtor=ACCOUNTS[0])
                for n in range(count)
            ]
            if key == "demo-tryton":
                wishes[_RETURNED] = coming_back(wishes[_RETURNED])
                block = f"{prefix}-FILE-1/{prefix}-FILE-1-1"
                self.filed_return = f"{block}/{wishes[_RETURNED].reference}"
            content = pain001(version, f"{prefix}-FILE-1", created, wishes, style=style)
            client = self.stage.client(key)
            answer = client.call("POST", "/v1/files?erp=iso20022", content)
            again = client.call("POST", "/v1/files?erp=iso20022", content)
            self.must(answer.status == http.client.OK, f"file of {key}: {answer.body[:300]!r}")
            self.must(again.body == answer.body, f"file of {key} sent twice got two answers")
            self._batches.append(str(answer.json()["id"]))
            for it in wishes:
                block = f"{prefix}-FILE-1-1"
                self.wishes[f"{prefix}-FILE-1/{block}/{it.reference}"] = it
            client.close()
            self.say(f"{key}: {count} 笔 / instructions, {version}")

    def _rest(self) -> None:
        """A third ERP posts one by one, and a batch; some posts come twice."""
        self.chapter("REST：单笔与批量", "REST: one by one, and a batch")
        client = self.stage.client("demo-rest")
        singles = [wish(f"RST{n:05d}", 2000 + n, own_bank=n % 4 != 0) for n in range(60)]
        with Progress(console=self._console, transient=True) as bar:
            for it in bar.track(singles, description="POST /v1/instructions"):
                first = self.post(client, it)
                if it.reference.endswith("0"):
                    second = client.post("/v1/instructions", it.document())
                    self.must(second.body == first.body, f"{it.reference} got two answers")
        batch = [wish(f"BAT{n:05d}", 3000 + n, own_bank=True) for n in range(30)]
        answer = client.post(
            "/v1/batches",
            {"batch_reference": "BAT-1", "instructions": [it.document() for it in batch]},
        )
        self.must(answer.status == http.client.OK, f"batch: {answer.status} {answer.body[:300]!r}")
        self.wishes |= {it.reference: it for it in batch}
        client.close()
        self.say(f"{len(singles)} + {len(batch)} 笔 / instructions")

    def _refusals(self) -> None:
        """Wrong names and an account with too little money: the bank says no."""
        self.chapter("户名不符、余额不足", "wrong names, insufficient funds")
        client = self.stage.client("demo-rest")
        wishes = [
            wish("WRONG-NAME-1", 4000, own_bank=True, name="样本错名有限公司"),
            wish("WRONG-NAME-2", 4001, own_bank=True, name="示例改名有限公司"),
            wish("POOR-1", 4002, own_bank=True, debtor=POOR),
            wish("POOR-2", 4003, own_bank=False, debtor=POOR),
        ]
        for it in wishes:
            self.post(client, it)
        for it in wishes:
            self.wait(client, it.reference, "REJECTED")
        client.close()

    def _lost_answers(self) -> None:
        """The bank pays, and its answer is lost: never 'failed', asked after the quiet time."""
        self.chapter("银行已付款、应答丢失 → 查证", "paid, answer lost → settled by enquiry")
        client, admin = self.stage.client("demo-rest"), self.stage.admin()
        wishes = [
            wish(f"LOST-{kind}", 5000 + n, own_bank=True) for n, kind in enumerate(_LOST_ANSWERS)
        ]
        script = [
            {"kind": kind, "operation": "pay", "creditor_account": it.account}
            for kind, it in zip(_LOST_ANSWERS, wishes, strict=True)
        ]
        admin.post("/admin/faults", {"script": script})
        for it in wishes:
            self.post(client, it)
        for it in wishes:
            self.wait(client, it.reference, "UNCONFIRMED")
        self.say("4 × UNCONFIRMED；时钟前进 16 分钟 / the shared clock moves 16 minutes")
        self.jump(_QUIET)
        for it in wishes:
            self.wait(client, it.reference, "SETTLED")
        client.close()
        admin.close()

    def _duplicate(self) -> None:
        """The same money to the same payee under another reference: held until a person decides."""
        self.chapter("疑似重复：挂起，由人放行", "a look-alike: held, released by a person")
        client, person = self.stage.client("demo-rest"), self.stage.client("demo-wang")
        first = wish("DUP-1", 6000, own_bank=True)
        twin = Wish(
            reference="DUP-2",
            debtor=first.debtor,
            account=first.account,
            name=first.name,
            amount=first.amount,
            purpose="另一张发票",
            own_bank=True,
        )
        self.post(client, first)
        self.wait(client, "DUP-1", "SETTLED")
        self.post(client, twin)
        held = self.wait(client, "DUP-2", "HELD")
        vote = {"action": "approve", "content_hash": held["digest"], "reason": "两张发票，已核对"}
        target = f"/v1/instructions/{held['id']}/decisions"
        machine = client.post(target, vote)
        self.must(machine.status == http.client.FORBIDDEN, "a machine key could decide")
        decided = person.post(target, vote)
        self.must(decided.status == http.client.OK, f"decision: {decided.body[:300]!r}")
        self.wait(client, "DUP-2", "SETTLED")
        client.close()
        person.close()

    def _killed(self) -> None:
        """SIGKILL while the bank has the message and the answer is not there yet."""
        self.chapter("发送途中 SIGKILL，接管", "SIGKILL in mid-send, taken over")
        client, admin = self.stage.client("demo-rest"), self.stage.admin()
        wishes = [wish(f"KILL-{n}", 7000 + n, own_bank=n % 2 == 0) for n in range(6)]
        admin.post(
            "/admin/faults",
            {
                "script": [
                    {"kind": "half_open", "operation": "pay", "creditor_account": it.account}
                    for it in wishes
                ]
            },
        )
        for it in wishes:
            self.post(client, it)
        client.close()
        accounts = {it.account for it in wishes}
        until(lambda: accounts <= self._paid(admin), "the bank has executed the six payments")
        self._kill_a_sender()
        client = self.stage.client("demo-rest")
        for it in wishes:
            self.wait(client, it.reference, "UNCONFIRMED")
        self.say("接管后 6 × UNCONFIRMED，未重发 / taken over, nothing resent")
        self.jump(_QUIET)
        for it in wishes:
            self.wait(client, it.reference, "SETTLED")
        client.close()
        admin.close()

    def _kill_a_sender(self) -> None:
        """Kill a process that is in mid-send. On PostgreSQL it stays dead: another takes over."""
        victim = in_mid_send(self.stage)
        victim.kill()
        self.say(f"kill -9 {victim.name} …")
        if victim is self.stage.gateway:
            self.stage.restart(victim)

    def _questions(self) -> None:
        """Balance and today's statement, answered by the bank now."""
        self.chapter("实时余额与当日明细", "balance and today's statement, from the bank")
        client = self.stage.client("demo-rest")
        balance = client.get(f"/v1/accounts/{ACCOUNTS[0]}/balance?fresh=true")
        statement = client.get(f"/v1/accounts/{ACCOUNTS[0]}/statements")
        entries = statement["entries"]
        count = len(entries) if isinstance(entries, list) else 0
        self.must(count > 0, "the statement of today is empty")
        self.say(f"{ACCOUNTS[0]}: {balance['ledger']} CNY, {count} 笔明细 / entries")
        client.close()

    def _rest_of_it(self) -> None:
        """Wait until everything is final."""
        self.chapter("等待全部有结果", "waiting until every outcome is proven")
        with Progress(console=self._console, transient=True) as bar:
            task = bar.add_task("final", total=len(self.wishes))

            def all_final() -> bool:
                final = sum(view["final"] is True for view in self.views().values())
                bar.update(task, completed=final)
                return final == len(self.wishes)

            until(all_final, "every instruction is final")

    def _reports(self) -> None:
        """The files' answers, in the files' own language."""
        self.chapter("pain.002 状态报告", "pain.002 status reports")
        for key, batch in zip(("demo-erp", "demo-tryton"), self._batches, strict=True):
            client = self.stage.client(key)
            report = client.call(
                "GET", f"/v1/batches/{batch}/report?erp=iso20022", accept="application/xml"
            )
            self.must(report.status == http.client.OK, f"report of {key}: {report.status}")
            told = report.body.count(b"<TxSts>"), report.body.count(b"<TxSts>ACSC<")
            self.say(f"{key}: {told[0]} × TxSts, ACSC {told[1]}")
            notice = client.call(
                "GET", f"/v1/batches/{batch}/returns?erp=iso20022", accept="application/xml"
            )
            came_back = notice.body.count(b"<RtrInf>")
            self.must(
                came_back == (key == "demo-tryton"), f"returns of {key}: {notice.body[:300]!r}"
            )
            self.say(f"{key}: {came_back} × RtrInf (camt.054)")
            client.close()

    # ── helpers ─────────────────────────────────────────────────────────────────────────

    def views(self) -> dict[str, dict[str, object]]:
        """How every instruction stands, by reference."""
        return views_of(self.stage, self.wishes)[0]

    def _by_reference(self, client: ApiClient, reference: str) -> list[dict[str, object]]:
        answer = client.get(f"/v1/instructions?erp_reference={reference}")
        items = answer["instructions"]
        return items if isinstance(items, list) else []

    def post(self, client: ApiClient, it: Wish) -> Answer:
        """Post one payment, which must be accepted, and remember it."""
        answer = client.post("/v1/instructions", it.document())
        self.must(answer.status == http.client.OK, f"{it.reference}: {answer.body[:300]!r}")
        self.wishes[it.reference] = it
        self.ids[it.reference] = str(answer.json()["id"])
        return answer

    def wait(self, client: ApiClient, reference: str, state: str) -> dict[str, object]:
        """Wait until an instruction is in a state; returns its view."""
        found: list[dict[str, object]] = []

        def there() -> bool:
            found[:] = self._by_reference(client, reference)
            return bool(found) and found[0]["state"] == state

        until(there, f"{reference} is {state}")
        self.say(f"{reference}: {state}")
        return found[0]

    def _paid(self, admin: ApiClient) -> set[str]:
        payments = admin.get("/admin/payments")["payments"]
        rows = payments if isinstance(payments, list) else []
        return {row["creditor_account"] for row in rows if row["state"] == "paid"}

    def jump(self, span: timedelta) -> None:
        """Move the shared clock."""
        admin = self.stage.admin()
        admin.post("/admin/clock", {"jump_s": int(span.total_seconds())})
        admin.close()

    def must(self, condition: bool, message: str) -> None:  # noqa: FBT001 - an assertion
        """End the demonstration when something is not as it must be."""
        if not condition:
            raise Corrupt(f"the demonstration failed: {message}", f"演示失败：{message}")

    def chapter(self, zh: str, en: str) -> None:
        """A heading."""
        self._console.print(f"[bold]▶ {zh} / {en}[/]")

    def say(self, text: str) -> None:
        """A line below it."""
        self._console.print(f"  {text}", style="dim")

    def print(self, table: Table) -> None:
        """A table below it."""
        self._console.print(table)

    def _show(self) -> None:
        columns = {
            "account": "账户\naccount",
            "asked": "ERP 要付\nasked",
            "settled": "网关已付\nsettled",
            "debited": "银行扣账\ndebited",
            "difference": "差\nmissing",
        }
        table = Table(title="ERP · 网关 · 银行账本 / ERP, gateway, bank ledger")
        for heading in columns.values():
            table.add_column(heading, justify="right", no_wrap=True)
        accounts = self.result["accounts"]
        for row in accounts if isinstance(accounts, list) else []:
            table.add_row(*(str(row[name]) for name in columns))
        self._console.print(table)
        self._console.print(f"状态 / states: {_listed(self.result['states'])}")
        self._console.print(f"审计 / audit verify: {_listed(self.result['audit'])}")
        self._console.print(f"账实核对 / verify-books: {_listed(self.result['books'])}")
        for difference in self.differences:
            self._console.print(f"[red]✗ {difference}[/]")


def _listed(value: object) -> str:
    """A small mapping in words."""
    return (
        ", ".join(f"{k} {v}" for k, v in sorted(value.items())) if isinstance(value, dict) else ""
    )

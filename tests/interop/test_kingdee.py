"""The vendor's own client of 星空 and ours speak with the same server, and of the same bills."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from adapters.erp.kingdee import DIALECTS
from gateway.ports.erp_api import Call, CallReply, Conversation, Moment, Verdict
from gateway.ports.erp_told import KIND_OF
from gateway.sandbox.erps.k3cloud import K3CloudServer
from gateway.transport.http_server import serve
from tests.interop.foreign import PYTHON
from tests.kingdee_ground import (
    ACCESS,
    ACCOUNT,
    APP_ID,
    ENTRY,
    OPTIONS,
    SECRET,
    entry,
    statement,
    status,
)

CLIENT = Path(__file__).with_name("kingdee_client.py")
BILL = {
    "Model": {
        "FBillNo": "FKD00000001",
        "FPAYORGID": {"FNumber": "100"},
        "FCURRENCYID": {"FNumber": "PRE001"},
        "FPAYBILLENTRY": [{**ENTRY, "FREALPAYAMOUNTFOR": 3734.56}],
    }
}
QUERY = {
    "FormId": "AP_PAYBILL",
    "FieldKeys": "FBillNo,FPAYBILLENTRY_FEntryID,FREALPAYAMOUNTFOR_D,FBankStatus,F_GW_BankMsg",
    "FilterString": "FBillNo='FKD00000001'",
}


class Vendor:
    """The vendor's client in its process."""

    def __init__(self, process) -> None:
        self.process = process

    @classmethod
    @asynccontextmanager
    async def at(cls, url, secret=SECRET):
        process = await asyncio.create_subprocess_exec(
            PYTHON,
            *("-W", "ignore", str(CLIENT), url, "acct01", "bankapi", APP_ID, secret),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            yield cls(process)
        finally:
            process.stdin.close()
            left = await process.wait()
        assert left == 0

    async def call(self, *step):
        self.process.stdin.write(json.dumps(step).encode() + b"\n")
        await self.process.stdin.drain()
        while line := await self.process.stdout.readline():
            if line.startswith(b"ANSWER "):
                return json.loads(line[7:])
        raise AssertionError("the vendor's client has ended")


class Ours:
    """Our side: pure functions, and the calls carried straight to the same server."""

    def __init__(self, server) -> None:
        self.server = server
        self.api = DIALECTS["k3cloud"].api({**OPTIONS, "status_operation": "Synchronism"})
        self.moment = Moment(now=datetime.now(UTC), nonce="0" * 32)

    async def carry(self, port, call: Call) -> CallReply:
        signed = self.api.sign(call, ACCESS, self.moment)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = [f"{signed.method} {signed.path} HTTP/1.1", f"Host: 127.0.0.1:{port}"]
        head += [f"{name}: {value}" for name, value in signed.headers]
        head += [f"Content-Length: {len(signed.body)}", "Connection: close", "", ""]
        writer.write("\r\n".join(head).encode() + signed.body)
        whole = await reader.read()
        writer.close()
        await writer.wait_closed()
        start, _, body = whole.partition(b"\r\n\r\n")
        return CallReply(status=int(start.split()[1]), body=body)

    async def tell(self, port, told):
        replies = ()
        while True:
            step = self.api.tell[KIND_OF[type(told)]].say(
                Conversation(
                    told=(told,), access=ACCESS, moment=self.moment, again=False, replies=replies
                )
            )
            if not isinstance(step, Call):
                return step
            replies = (*replies, await self.carry(port, step))


def played(story):
    """A story on a real socket."""

    async def play():
        stand_in = K3CloudServer(account=ACCOUNT, now=lambda: datetime.now(UTC))
        server = await serve(stand_in.answer, "127.0.0.1", 0)
        try:
            await story(stand_in, server.port)
        finally:
            await server.close()

    asyncio.run(play())


def test_a_bill_of_the_vendors_client_is_fetched_paid_and_told_back():
    async def story(stand_in, port):
        async with Vendor.at(f"http://127.0.0.1:{port}/k3cloud") as vendor:
            saved = await vendor.call("Save", "AP_PAYBILL", BILL)
            assert saved["Result"]["ResponseStatus"]["IsSuccess"] is True
            number = {"Numbers": [saved["Result"]["Number"]]}
            for step in (
                ("Submit", "AP_PAYBILL", number),
                ("Audit", "AP_PAYBILL", number),
                ("ExcuteOperation", "AP_PAYBILL", "SubmitBank", number),
            ):
                told = await vendor.call(*step)
                assert told["Result"]["ResponseStatus"]["IsSuccess"] is True, step

            ours = Ours(stand_in)
            asked = ours.api.pull.encode(ACCESS, ours.moment, "")
            (draft,) = ours.api.pull.decode(ACCESS, await ours.carry(port, asked)).drafts
            assert draft.amount == "3734.56"
            assert draft.erp_reference.startswith("FKD00000001/")

            (verdict,) = await ours.tell(port, status("UNCONFIRMED", draft.source))
            assert verdict.verdict is Verdict.TAKEN
            ((_, entry_id, amount, bank, words),) = await vendor.call("ExecuteBillQuery", QUERY)
            assert (str(entry_id), amount, bank) == (draft.source["entry_id"], 3734.56, "E")
            assert words.startswith("结果未明")

            (verdict,) = await ours.tell(port, status("SETTLED", draft.source))
            assert verdict.verdict is Verdict.TAKEN
            ((_, _, _, bank, _),) = await vendor.call("ExecuteBillQuery", QUERY)
            assert bank == "C"
            refused = await vendor.call("ExcuteOperation", "AP_PAYBILL", "CancelWB", number)
            assert refused["Result"]["ResponseStatus"]["IsSuccess"] is False

    played(story)


def test_the_vendors_client_reads_the_statement_that_we_wrote():
    async def story(stand_in, port):
        ours, day = Ours(stand_in), statement(entry("E1"), entry("E2", "88.80"))
        for verdict in (Verdict.TAKEN, Verdict.ALREADY):
            assert [it.verdict for it in await ours.tell(port, day)] == [verdict]
        async with Vendor.at(f"http://127.0.0.1:{port}/k3cloud") as vendor:
            asked = {
                "FormId": "GW_BankEntry",
                "FieldKeys": "F_GW_Key,F_GW_OppName",
                "FilterString": "F_GW_Account='900010100100000011'",
                "OrderString": "FID",
            }
            rows = await vendor.call("ExecuteBillQuery", asked)
            assert rows == [
                [f"900010100100000011/{key}", "样本钢铁有限公司"] for key in ("E1", "E2")
            ]
            # a row of that key cannot come a second time, whoever writes it
            again = {"Model": [{"F_GW_Key": rows[0][0]}, {"F_GW_Key": "new"}]}
            status_ = (await vendor.call("BatchSave", "GW_BankEntry", again))["Result"]
            assert [it["DIndex"] for it in status_["ResponseStatus"]["Errors"]] == [0]
            assert [it["DIndex"] for it in status_["ResponseStatus"]["SuccessEntitys"]] == [1]

    played(story)


def test_the_vendors_client_with_another_secret_is_not_let_in():
    async def story(stand_in, port):
        async with Vendor.at(f"http://127.0.0.1:{port}/k3cloud", secret="another") as vendor:
            told = await vendor.call("Save", "AP_PAYBILL", BILL)
            assert "X-Kd-Signature" in told["failed"]
            assert not stand_in.bills()

    played(story)


def test_our_signatures_are_those_of_the_vendors_client():
    """Header by header: the client's own, seen on the wire, and ours for the same moment."""

    async def story(stand_in, port):
        seen = []
        answered = stand_in.answer

        async def watching(request):
            seen.append(request)
            return await answered(request)

        server = await serve(watching, "127.0.0.1", 0)
        async with Vendor.at(f"http://127.0.0.1:{server.port}/k3cloud") as vendor:
            await vendor.call("ExecuteBillQuery", QUERY)
        await server.close()
        (theirs,) = seen
        moment = Moment(
            now=datetime.fromtimestamp(int(theirs.headers["x-api-timestamp"]), tz=UTC),
            nonce=theirs.headers["x-api-nonce"],
        )
        call = Call(method="POST", path=theirs.path, endpoint="ExecuteBillQuery")
        ours = DIALECTS["k3cloud"].api(OPTIONS).sign(call, ACCESS, moment)
        for name, value in ours.headers:
            assert theirs.headers[name.lower()] == value, name

    played(story)

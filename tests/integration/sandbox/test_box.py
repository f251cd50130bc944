"""ERPs in a box: each stand-in is on a port of its own, and what a client needs is told there."""

from __future__ import annotations

import asyncio
import json

from adapters.erp.yonyou import DIALECTS
from gateway.ports.erp_api import Access, Verdict
from gateway.ports.erp_told import ToldKind
from gateway.sandbox.erps.box import NCC_SITE, SECRET, open_box
from gateway.transport.api_line import ApiLine, Place
from gateway.transport.http_messages import Request
from tests.conformance import erps
from tests.erp_talk import MOMENT, REACH, Talk, verdicts

WHERE = Request(method="GET", path="/admin/where", query={}, headers={}, body=b"")


def test_ncc_and_u8_are_in_the_box_and_can_be_told(tmp_path):
    async def told(url, flavour, options, secrets):
        line = ApiLine(Place(url=url, timeout_s=10), REACH)
        access = Access(system="erp", options=options, secrets=secrets)
        try:
            talk = Talk(line, DIALECTS[flavour].api(options), access)
            return verdicts(await talk.tell(ToldKind.BALANCE, erps.balance_told()))
        finally:
            await line.aclose()

    async def story():
        # Tokens are held against the time of the talk.
        box = await open_box(tmp_path, lambda: MOMENT.now)
        try:
            where = json.loads((await box.answer(WHERE)).body)
            options = {
                "client_id": NCC_SITE.client_id,
                "biz_center": NCC_SITE.biz_center,
                "public_key": where["ncc_public_key"],
            }
            ncc = await told(where["ncc"], "ncc", options, {"client_secret": SECRET})
            return ncc, await told(where["u8"], "u8", {"sender": "001"}, {})
        finally:
            await box.aclose()

    assert asyncio.run(story()) == ([Verdict.TAKEN], [Verdict.TAKEN])

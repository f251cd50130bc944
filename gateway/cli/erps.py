"""``gateway erps``: stand-ins of the vendors' servers on ports, for demonstrations and tests."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime

from gateway.runtime import Life, run_process
from gateway.sandbox.erps.box import open_box
from gateway.transport.http_server import serve


def command(options: argparse.Namespace) -> int:
    """Run the stand-ins until stopped."""
    return run_process(lambda life: _run(life, options))


async def _run(life: Life, options: argparse.Namespace) -> int:
    # Signatures of vendors are held against the machine's time, as the vendors do.
    box = await open_box(options.data, lambda: datetime.now(UTC), options.host)
    own = await serve(box.answer, options.host, options.port)
    address = f"http://{options.host}:{own.port}"
    if options.json:
        print(json.dumps({"ready": address}), flush=True)
    else:
        print(f"ERP 沙箱已就绪 / ERPs in a box: {address}/admin/where", flush=True)
        for name, where in box.where.items():
            print(f"  {name}: {where}", flush=True)
    await life.ended()
    await own.close()
    await box.aclose()
    return 0 if life.error is None else 1

"""``gateway serve``: the API, and on SQLite the relay inside the same process."""

from __future__ import annotations

import argparse
import json
import sys

from gateway import settings
from gateway.cli.logging_options import chosen
from gateway.web.server import run


def command(options: argparse.Namespace) -> int:
    """Serve until stopped."""

    def ready(address: str) -> None:
        if options.json:
            print(json.dumps({"ready": address}), flush=True)
        else:
            print(f"接口已就绪 / API ready: {address}  (文档 / docs: {address}/docs)", flush=True)

    return run(chosen(options, settings.load(options.config)), ready=ready, err=sys.stderr)

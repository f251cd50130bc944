"""``gateway demo``: the main job, played with real processes, and then proven to the fen.

On PostgreSQL the server is its own, from a wheel, and the gateway is an API and two workers.
"""

from __future__ import annotations

import argparse
import json
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from rich.console import Console

from gateway.cli.demo_stage import MACHINES, PEOPLE, SECRET, Stage
from gateway.cli.demo_story import Story


def command(options: argparse.Namespace) -> int:
    """Play the story; exit code 1 when anything differs from what must be."""
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell has them ignored
        signal.signal(number, signal.default_int_handler)
    console = Console(stderr=options.json, highlight=False)
    folder = Path(tempfile.mkdtemp(prefix="gateway-demo-"))
    stage = Stage(folder, options.port, database=options.db, erps=True)
    try:
        story = Story(stage, console)
        story.play()
        if options.json:
            print(json.dumps(story.result, ensure_ascii=False), flush=True)
        if not options.exit:
            _stay(stage, console)
    finally:
        stage.close()
    if story.differences:
        console.print(f"[bold red]✗ 有差异 / differences: {len(story.differences)}[/]  {folder}")
        return 1
    shutil.rmtree(folder)
    console.print("[bold green]✓ 一分不差 / equal to the fen[/]")
    return 0


def _stay(stage: Stage, console: Console) -> None:
    """Leave the API open until Ctrl-C."""
    address = stage.gateway.told
    console.print(f"\n接口 / API: [bold]{address}[/]   文档 / docs: [bold]{address}/docs[/]")
    console.print(f"沙箱银行 / sandbox bank: {stage.bank.told}/admin/ledger")
    console.print(f"密钥 / keys: {', '.join([*MACHINES, *PEOPLE])}   secret: {SECRET}")
    console.print("Ctrl-C 结束 / ends", style="dim")
    try:
        stage.gateway.join()
    except KeyboardInterrupt:
        print(file=sys.stderr)

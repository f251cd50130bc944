"""``gateway bench NAME | --list``: the command line of the benches."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from gateway.cli.bench import BENCHES, run
from gateway.cli.measured import Options
from gateway.domain.errors import Refused


def command(options: argparse.Namespace) -> int:
    """Run one bench or list them all. Raises Refused for a name or a scale that is none."""
    if not options.list and not options.name:
        names = " ".join(BENCHES)
        raise Refused(f"say which one: {names}", f"请指明测量项：{names}")
    return run(
        options.name or "",
        as_json=options.json,
        list_only=options.list,
        out=sys.stdout,
        scale=Options(
            scale=share_of(options.scale),
            profile=Path(options.profile) if options.profile else None,
            database=options.db,
            controls=options.controls,
            mib=max(0, options.mib),
            entries=max(0, options.entries),
        ),
    )


def share_of(text: str) -> float:
    """The share of the full size. Raises Refused unless it is a number above 0, at most 100."""
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 < share <= 100:  # noqa: PLR2004 - a run of hours is a slip of the pen
        raise Refused(
            f"--scale {text!r}: must be a number above 0 and at most 100",
            f"--scale {text!r}：应为大于 0 且不超过 100 的数",
        )
    return share

"""Fills in the answers of ``/v1`` recordings that have none yet: ``make golden``.

An answer that stands there is never touched: what was published has to go on being answered so.
A new recording gets the next number: all are played to one gateway, in their order.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.golden.v1_player import SETTINGS, play, recordings
from tests.integration.web.world import story


def record() -> list[str]:
    """Play all; the names of those in which something was filled in."""
    talks = {path: json.loads(path.read_text(encoding="utf-8")) for path in recordings()}
    new = [path for path, talk in talks.items() if not _complete(talk)]
    if not new:
        return []

    async def tell(it):
        for path, talk in talks.items():
            for wrong in await play(it, talk, record=True):
                raise AssertionError(f"{path.name}: {wrong}")

    with TemporaryDirectory() as folder:
        story(Path(folder), tell, **SETTINGS)
    for path in new:
        path.write_text(json.dumps(talks[path], ensure_ascii=False, indent=1) + "\n", "utf-8")
    return [path.name for path in new]


def _complete(talk) -> bool:
    return all("reply" in exchange for exchange in talk["exchanges"])


if __name__ == "__main__":
    for name in record():
        print(name)

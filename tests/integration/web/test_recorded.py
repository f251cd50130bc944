"""The recorded messages of ``/v1`` are answered as they were when it was published."""

from __future__ import annotations

import json

from tests.golden.v1_player import SETTINGS, play, recordings
from tests.integration.web.world import story

EVERY = recordings()


def test_all_recordings_replay(tmp_path):
    async def tell(it):
        for path in EVERY:
            talk = json.loads(path.read_text(encoding="utf-8"))
            assert all("reply" in exchange for exchange in talk["exchanges"]), "run make golden"
            assert await play(it, talk) == [], path.name

    story(tmp_path, tell, **SETTINGS)

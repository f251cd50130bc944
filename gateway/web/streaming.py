"""Answers that are made piece by piece, in an ERP's own format."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from starlette.responses import Response, StreamingResponse

from gateway.ports.runtime import Tasks


def streamed(tasks: Tasks, name: str, pieces: Iterator[bytes], content_type: str) -> Response:
    """Pieces as they are made; ``name`` is the thread's. XML is built on one thread only."""

    async def stream() -> AsyncIterator[bytes]:
        reader = tasks.reader(name)
        try:
            while (piece := await reader.read(lambda: next(pieces, None))) is not None:
                yield piece
        finally:
            reader.close()

    return StreamingResponse(
        stream(), media_type=content_type, headers={"Cache-Control": "no-store"}
    )

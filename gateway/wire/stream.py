"""A file of any length as a stream of events, in flat memory.

Rule kept here: the parser only wakes us at the end of a record; everything else is found by
walking on from where the last walk ended, and what lies behind is freed at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire.events import Close, Event, Note, Open, Record
from gateway.wire.libxml import ended, pull_parser
from gateway.wire.limits import LIMITS, Limits, Profile
from gateway.wire.transcode import as_utf8, crowd
from gateway.wire.tree import refusal
from gateway.wire.walker import Walker

__all__ = ["Close", "Event", "Note", "Open", "Record", "stream"]


def stream(
    chunks: Iterable[bytes], records: frozenset[str], *, limits: Limits = LIMITS[Profile.FILE]
) -> Iterator[Event]:
    """Read a file-profile document piece by piece and yield its parts in document order.

    An element whose local name is in ``records`` comes whole, as one Record; every other
    element comes as Open and, later, Close with its text if it is a leaf. An element inside
    a record is never an event of its own. A Record's node stays readable for as long as it
    is held, at the price of its memory.

    ``limits`` bound one record, and what may lie between two of them, not the file.
    Raises WireError as ``parse`` does, with ``size`` or ``nodes`` if ``limits.octets`` bytes or
    markup for ``limits.nodes`` nodes pass without a record, in the middle of iteration: what was
    yielded before is not yet proven to belong to a well-formed file.
    """
    walker = Walker(limits, records)
    parser = pull_parser(f"{{*}}{name}" for name in sorted(records))
    idle = crowded = 0
    for piece in as_utf8(chunks):
        try:
            parser.feed(piece)
        except etree.XMLSyntaxError as error:
            raise refusal(error) from None
        idle, crowded = idle + len(piece), crowded + crowd(piece)
        for element in ended(parser):
            if not walker.inside_record(element):
                idle = crowded = 0
                yield from walker.advance(element)
        if idle > limits.octets:
            raise WireError("size", walker.path)
        if crowded > limits.nodes:
            raise WireError("nodes", walker.path)
    try:
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise refusal(error) from None
    for element in ended(parser):
        if not walker.inside_record(element):
            yield from walker.advance(element)
    yield from walker.finish(root)

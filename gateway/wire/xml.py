"""Safe XML in: whole documents in three profiles, and files as a stream of records.

Rule kept here: we decode the bytes ourselves, strictly, and the parser sees nothing but
UTF-8 without a document type; every refusal is a WireError with a stable reason.
"""

from __future__ import annotations

from lxml import etree

from gateway.domain.errors import WireError
from gateway.wire import charset as charsets
from gateway.wire.declaration import declaration
from gateway.wire.events import Close, Event, Note, Open, Record
from gateway.wire.libxml import Element, whole_parser
from gateway.wire.limits import LIMITS, Limits, Profile
from gateway.wire.node import Node
from gateway.wire.stream import stream
from gateway.wire.transcode import CANONICAL, crowd, refuse_text
from gateway.wire.tree import check_document, local, refusal

__all__ = [
    "LIMITS",
    "Close",
    "Event",
    "Limits",
    "Node",
    "Note",
    "Open",
    "Profile",
    "Record",
    "parse",
    "stream",
]


def parse(data: bytes, profile: Profile, *, charset: str = "") -> Node:
    """Read a whole document and return its root.

    ``charset`` is the HTTP charset and counts for replies only. Raises WireError with
    reason ``size``, ``declaration``, ``encoding``, ``encoding_mismatch``, ``doctype``,
    ``malformed``, ``depth``, ``nodes``, ``attributes``, ``name``, ``comment``, ``pi``,
    ``xsi`` or ``content``. A missing declaration means UTF-8, as in XML 1.0.
    """
    limits = LIMITS[profile]
    if len(data) > limits.octets:
        raise WireError("size")
    text, skipped = _decoded(data, profile, charset)
    refuse_text(text, 1 + skipped)
    # Our own declaration goes in front, so that a second one, or a second byte order mark,
    # is as ill-formed for the parser as it was in the bytes that came.
    body = text.encode()
    # Every node takes at least a byte, so short documents need not be counted.
    if len(body) > limits.nodes and crowd(body) > limits.nodes:
        raise WireError("nodes")
    document = CANONICAL + b"\n" * skipped + body
    try:
        root = etree.fromstring(document, whole_parser())
    except etree.XMLSyntaxError as error:
        raise refusal(error) from None
    # A text stands between two tags, so this is more than all nodes can be.
    crowded = 2 * len(body) > limits.nodes and 2 * body.count(b"<") > limits.nodes
    check_document(root, limits, _unnoted, crowded=crowded)
    return Node(root, f"/{local(root.tag)}")


def _decoded(data: bytes, profile: Profile, charset: str) -> tuple[str, int]:
    """The text behind BOM and declaration, and how many lines those took."""
    charsets.refuse_wide(data)
    body = data.removeprefix(charsets.UTF8_BOM)
    marked = len(body) != len(data)
    start = 0
    if LIMITS[profile].leading_space:
        start = len(body) - len(body.lstrip(charsets.XML_SPACE))
    declared, length = declaration(body[start : start + 1024])
    if profile is Profile.REPLY:
        codec = charsets.reply_codec(data, declared, charset)
    else:
        codec = charsets.document_codec(declared, marked=marked)
    text = charsets.decode_strict(body, codec)
    return text[start + length :], body.count(b"\n", 0, start + length)


def _unnoted(code: str, node: Element) -> None:
    """A whole document has nobody to tell about skipped comments."""

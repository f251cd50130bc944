"""Broken bytes: a WireError or a tree, nothing else, and never slowly."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gateway.domain.errors import WireError
from gateway.wire.charset import decode_reply
from gateway.wire.xml import Node, Profile, parse, stream

TREE = (
    "<FOX><SONRS at='1'><STATUS><CODE>0</CODE></STATUS><NAME>付款单位有限公司</NAME></SONRS>"
    "<!-- c --><ROW><AMT>1280.50</AMT></ROW><ROW><![CDATA[x]]>&amp;&#20013;</ROW></FOX>"
)
SEEDS = [
    f'<?xml version="1.0" encoding="{label}"?>\n{TREE}'.encode(codec)
    for label, codec in (("UTF-8", "utf-8"), ("GBK", "gbk"), ("UTF-8", "utf-8-sig"))
] + [TREE.encode("gb18030"), TREE.encode()]
SPLINTERS = [
    b"<!DOCTYPE x [<!ENTITY e 'v'>]>",
    b"&e;",
    b"<!--",
    b"-->",
    b"<?x",
    b"?>",
    b"]]>",
    b"<![CDATA[",
    b"<?xml version='1.0'?>",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\xff\xfe",
    b"&#x0;",
    b"xmlns='u'",
    b"<p:a/>",
    b"</FOX>",
    b"<FOX>" * 20,
    b"\x80",
    b"\xb8\xb6",
]


@st.composite
def broken(draw: st.DrawFn) -> bytes:
    """A good document after a few bites."""
    body = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 5))):
        start = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 6))
        body[start : start + length] = draw(st.binary(max_size=4) | st.sampled_from(SPLINTERS))
    return bytes(body)


def outcome(call: Callable[[], object]) -> object:
    """The result, or the reason of the WireError: any other exception fails the test."""
    try:
        return call()
    except WireError as error:
        return error.reason


def events_of(chunks: Iterable[bytes]) -> object:
    return outcome(lambda: list(stream(chunks, frozenset({"ROW", "CODE"}))))


@settings(max_examples=400)
@given(body=broken() | st.binary(max_size=200), charset=st.sampled_from(["", "GBK", "utf-8", "x"]))
@example(body=b"", charset="")
@example(body=b"\xef\xbb\xbf", charset="")
def test_parse_gives_a_tree_or_a_wire_error(body, charset):
    before = time.process_time()
    for profile in Profile:
        assert isinstance(outcome(lambda: parse(body, profile, charset=charset)), Node | str)  # noqa: B023 - called at once
    assert isinstance(outcome(lambda: decode_reply(body, charset)), str)
    assert time.process_time() - before < 1


@settings(max_examples=300)
@given(body=broken(), size=st.integers(1, 50))
def test_a_stream_agrees_with_the_whole(body, size):
    streamed = events_of(body[start : start + size] for start in range(0, len(body), size))
    at_once = events_of([body])
    assert isinstance(streamed, str) == isinstance(at_once, str)
    if not isinstance(outcome(lambda: parse(body, Profile.FILE)), Node):
        assert isinstance(at_once, str)

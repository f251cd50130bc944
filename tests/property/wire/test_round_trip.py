"""What is written is what is read, in every encoding that can carry it."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from gateway.domain.errors import WireError
from gateway.domain.money import CNY, Money
from gateway.wire.charset import forbidden_characters, gbk_length, unencodable
from gateway.wire.write import document, element, fragment, leaf
from gateway.wire.xml import Close, Profile, Record, parse, stream

ENCODINGS = st.sampled_from(["UTF-8", "GBK", "GB2312", "GB18030"])
# All that XML can hold: no surrogates, no controls but tab and line breaks, no U+FFFE/F.
XML_TEXT = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
    | st.sampled_from("\t\n\r<>&\"'中付款")
)
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), max_size=20)


def reads_as_chinese_utf8(body):
    """Whether nobody can tell which of two Chinese texts some bytes are."""
    try:
        return any("\u4e00" <= it <= "\u9fff" or it >= "\uff00" for it in body.decode())
    except UnicodeDecodeError:
        return False


@given(text=XML_TEXT | HAN, attribute=XML_TEXT, encoding=ENCODINGS)
@example(text="\u7455\u4e62", attribute="", encoding="GBK")  # the bytes of 要_ in UTF-8
def test_text_and_attribute(text, attribute, encoding):
    root = element("A", leaf("B", text), at=attribute)
    missing = unencodable(text, encoding) or unencodable(attribute, encoding)
    if missing:
        with pytest.raises(WireError, match="encoding at /A"):
            document(root, encoding=encoding)
        return
    body = document(root, encoding=encoding)
    if encoding != "UTF-8" and reads_as_chinese_utf8(body):
        with pytest.raises(WireError, match="encoding_mismatch"):
            parse(body, Profile.MESSAGE)
        return
    for profile in Profile:
        read = parse(body, profile)
        assert read.one("B").raw() == text
        assert read.attr("at") == attribute


@given(text=XML_TEXT | HAN, attribute=XML_TEXT)
def test_the_bytes_are_those_that_libxml2_writes(text, attribute):
    tree = etree.Element("A", at=attribute)
    etree.SubElement(tree, "B").text = text
    etree.SubElement(tree, "C")
    made = element("A", leaf("B", text), element("C"), at=attribute)
    assert fragment(made, encoding="UTF-8") == etree.tostring(tree, encoding="unicode").encode()


@given(character=st.characters(exclude_categories=()))
def test_what_libxml2_refuses_is_refused(character):
    try:
        etree.Element("A").text = character
    except ValueError:
        for make in (lambda: leaf("A", character), lambda: element("A", at=character)):
            with pytest.raises(WireError, match="content at /A"):
                make()
    else:
        assert leaf("A", character)
        assert element("A", at=character)


@given(texts=st.lists(HAN | XML_TEXT, max_size=8), size=st.integers(1, 200))
def test_a_stream_reads_the_same(texts, size):
    root = element("A", *[leaf("R", text) for text in texts], leaf("Z", "end"))
    body = document(root, encoding="UTF-8")
    chunks = (body[start : start + size] for start in range(0, len(body), size))
    events = list(stream(chunks, frozenset({"R"})))
    assert [event.node.raw() for event in events if isinstance(event, Record)] == texts
    assert [e.text for e in events if isinstance(e, Close)] == ["end", ""]


@given(minor=st.integers(-(10**17) + 1, 10**17 - 1))
def test_money(minor):
    amount = Money(minor, CNY)
    node = parse(document(leaf("A", amount.text()), encoding="GBK"), Profile.MESSAGE)
    assert node.money(CNY, signed=True) == amount


@given(text=XML_TEXT)
def test_gbk_length_is_the_length_on_the_wire(text):
    if not unencodable(text, "GBK") and not forbidden_characters(text):
        empty = len(document(leaf("A", ""), encoding="GBK"))
        assert len(document(leaf("A", text), encoding="GBK")) - empty == gbk_length(text)

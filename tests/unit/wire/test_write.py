"""Writing XML."""

from __future__ import annotations

import pytest

from gateway.domain.errors import WireError
from gateway.wire.write import document, element, fragment, leaf
from gateway.wire.xml import Profile, parse


def test_a_document():
    root = element("A", leaf("B", "付款"), None, element("C", INTERBANK="Y"), element("D", "x"))
    assert document(root, encoding="GBK") == (
        '<?xml version="1.0" encoding="GBK"?>\n<A><B>付款</B><C INTERBANK="Y"/><D>x</D></A>'
    ).encode("gbk")
    assert document(root, encoding="UTF-8", declaration=False).startswith(b"<A>")
    assert b' standalone="yes"?>\n' in document(root, encoding="UTF-8", standalone="yes")
    assert fragment(root, encoding="UTF-8") == document(root, encoding="UTF-8", declaration=False)
    assert fragment(leaf("E", ""), encoding="UTF-8") == b"<E></E>"


def test_markup_characters_are_escaped():
    body = document(element("A", "<&>\"'\r", at='<&"\n'), encoding="UTF-8")
    root = parse(body, Profile.MESSAGE)
    assert root.element.text == "<&>\"'\r"
    assert root.attr("at") == '<&"\n'


def refused(call, *arguments, **named) -> tuple[str, str]:
    with pytest.raises(WireError) as caught:
        call(*arguments, **named)
    return caught.value.reason, caught.value.path


def test_what_the_character_set_lacks_is_an_error_with_its_place():
    root = element("A", element("B", leaf("C", "张"), leaf("D", "张㛃")), at="x")
    assert refused(document, root, encoding="GBK") == ("encoding", "/A/B/D")
    assert refused(document, element("A", at="€"), encoding="GBK") == ("encoding", "/A")
    assert refused(document, root, encoding="GB2312") == ("encoding", "/A/B/D")
    assert document(root, encoding="GB18030")
    assert refused(document, root, encoding="latin-1") == ("encoding", "")


def test_what_xml_cannot_hold_is_an_error():
    assert refused(leaf, "A", "\x00") == ("content", "/A")
    assert refused(leaf, "A", "\ud800") == ("content", "/A")
    assert refused(element, "A", at="\x01") == ("content", "/A")
    assert refused(element, "A", leaf("B", "x"), "text") == ("content", "/A")
    for name in ("A B", "", "1A", "A>", "<A", "A=", "{urn:a}A", "A:B"):
        assert refused(element, name)[0] == "name"
        assert refused(leaf, name, "x")[0] == "name"
        assert refused(lambda name=name: element("A", **{name: "x"}))[0] == "name"
    with pytest.raises(ValueError, match="standalone"):
        document(leaf("A", ""), encoding="UTF-8", standalone="maybe")

"""What stands between records, and what a shape may never be taken for."""

from __future__ import annotations

import pytest

from gateway.domain.errors import WireError
from gateway.wire.events import Close, Note, Record
from gateway.wire.runs import Alike, runs

HEAD = '<Document xmlns="urn:x"><M>'
TAIL = "</M></Document>"
RECORDS = frozenset({"T"})


def read(text: str, size: int = 1 << 16):
    raw = text.encode()
    return list(runs((raw[at : at + size] for at in range(0, len(raw), size)), RECORDS, "T"))


def texts(text: str, size: int = 1 << 16) -> list[tuple[str, ...]]:
    """The texts of each record, however it came."""
    return [
        it.texts if isinstance(it, Alike) else tuple(it.node.element.itertext())
        for it in read(text, size)
        if isinstance(it, Alike | Record)
    ]


def block(*records: str, space: str = "") -> str:
    return f"<P{space}>{''.join(records)}</P>"


def plain(text: str) -> str:
    return f"<T><A>{text}</A></T>"


def test_lines_are_those_of_the_file():
    record = "\n <T>\n  <A>x</A>\n </T>"
    found = read(f"{HEAD}<P>{record * 5}\n <L/>\n</P>{TAIL}")
    lines = [it.line for it in found if isinstance(it, Alike)]
    assert lines == [8, 11, 14]
    (leaf,) = [it for it in found if isinstance(it, Close) and it.name == "L"]
    assert leaf.line == 17


def test_line_breaks_and_texts_that_are_held_back_are_bounded(monkeypatch):
    record = "\n <T>\n  <A>x</A>\n </T>"
    text = f"{HEAD}<P>{record * 9}{' ' * 50}\n <L/>\n</P>{TAIL}"
    whole = read(text)
    monkeypatch.setattr("gateway.wire.runs._BREAKS_MAX", 6)
    monkeypatch.setattr("gateway.wire.runs._HELD_MAX", 10)
    parted = read(text)
    assert [isinstance(it, Alike) for it in parted].count(True) == 5
    assert [isinstance(it, Alike) for it in whole].count(True) == 7

    def lines(found):
        return [it.node.line if isinstance(it, Record) else it.line for it in found]

    assert lines(parted) == lines(whole)


@pytest.mark.parametrize("size", [1, 5, 1 << 16])
@pytest.mark.parametrize(
    "between",
    [
        "<!-- </T> --><!--",  # as far as the end of a record goes
        "<!-- </T><T><A>evil</A></T> --><!--",
        "<X><![CDATA[</T>]]><![CDATA[",
    ],
)
def test_what_only_looks_like_a_record_is_none(between, size):
    closed = {"<!--": "-->", "<![CDATA[": "]]></X>"}[between[between.rfind("<!") :]]
    body = block(plain("1"), plain("2"), between, plain("evil"), closed, plain("3"))
    assert texts(HEAD + body + TAIL, size) == [("1",), ("2",), ("3",)]


def test_a_prefix_that_is_not_declared_here_is_refused_as_ever():
    prefixed = "<p:T><p:A>x</p:A></p:T>"
    first = block(prefixed * 3, space=' xmlns:p="urn:p"')
    assert len(texts(HEAD + first + TAIL)) == 3
    with pytest.raises(WireError, match="malformed"):
        read(HEAD + first + block(plain("1"), prefixed) + TAIL)


@pytest.mark.parametrize("text", ["\u0001", "&y;", "]]>", "\ufffe"])
def test_a_text_that_is_no_xml_is_refused(text):
    with pytest.raises(WireError, match="malformed"):
        read(HEAD + block(*map(plain, "1234"), plain(text)) + TAIL)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("a&amp;b", "a&b"),
        ("&amp;lt;&quot;&apos;&gt;", "&lt;\"'>"),
        ("a\nb\tc\n", "a\nb\tc\n"),
    ],
)
def test_references_of_xml_and_line_breaks_need_no_parser(written, meant):
    """Learned from a record that has them, or has none; lines go on being right."""
    for first in (written, "1"):
        body = block(*map(plain, (first, first, written, "4")), "<L/>")
        found = read(HEAD + body + TAIL)
        alike = [it.texts for it in found if isinstance(it, Alike)]
        assert alike == [(meant,), ("4",)]
        (leaf,) = [it for it in found if isinstance(it, Close) and it.name == "L"]
        assert leaf.line == 1 + body.count("\n")
        assert [it.line for it in found if isinstance(it, Alike)][-1] == leaf.line


@pytest.mark.parametrize(
    ("written", "meant"),
    [("a&#38;b", "a&b"), ("<![CDATA[<]]>", "<"), ("a\r\nb", "a\nb"), ("<?pi?>", None)],
)
def test_a_text_that_takes_a_parser_gets_one(written, meant):
    if meant is None:
        with pytest.raises(WireError, match="pi"):
            read(HEAD + block(*map(plain, "123"), plain(f"a{written}b")) + TAIL)
        return
    body = block(*map(plain, "123"), plain(written), plain("4"))
    assert texts(HEAD + body + TAIL) == [("1",), ("2",), ("3",), (meant,), ("4",)]
    alike = [it.texts for it in read(HEAD + body + TAIL) if isinstance(it, Alike)]
    assert (meant,) not in alike


def test_a_record_inside_a_record_is_part_of_it():
    nested = "<T><T><A>x</A></T></T>"
    found = [it for it in read(HEAD + block(nested * 4) + TAIL) if isinstance(it, Alike | Record)]
    assert len(found) == 4


def test_comments_between_are_still_told():
    found = read(HEAD + block(*map(plain, "1234"), "<!-- x -->", *map(plain, "56")) + TAIL)
    assert [it.code for it in found if isinstance(it, Note)] == ["comment"]
    assert len([it for it in found if isinstance(it, Alike | Record)]) == 6


@pytest.mark.parametrize("cut", [1, 9, 20])
def test_a_file_that_breaks_off_is_refused(cut):
    whole = HEAD + block(*map(plain, "123456")) + TAIL
    with pytest.raises(WireError, match="malformed"):
        read(whole[:-cut])


def test_what_is_alike_takes_the_place_of_a_child_only_where_it_stood():
    """After the end of the container a record would be a second root, or another's child."""
    body = block(*map(plain, "123"))
    with pytest.raises(WireError, match="malformed"):
        read(HEAD + body + TAIL + plain("x"))
    found = read(HEAD + body + plain("loose") + TAIL)
    loose = [it for it in found if isinstance(it, Record)][-1]
    assert loose.node.path == "/Document/M/T"


def kind(number: int, text: str) -> str:
    """A record of one of many shapes."""
    inside = "".join(f"<B{at}/>" for at in range(8) if number >> at & 1)
    return f"<T>{inside}<A>{text}</A></T>"


@pytest.mark.parametrize("quote", ["'", '"'])
def test_attributes_are_part_of_a_shape(quote):
    one, two = (
        f"<T a={quote}{it}{quote}><A>x</A></T>" for it in ("1", "2'" if quote == '"' else '2"')
    )
    found = read(HEAD + block(one, one, one, two, two, one) + TAIL)
    assert [type(it) for it in found if isinstance(it, Alike | Record)] == [
        *(Record, Record, Alike, Record, Alike, Alike)
    ]
    shapes = [it.shape.element.get("a") for it in found if isinstance(it, Alike)]
    assert [it[0] for it in shapes if it] == ["1", "2", "1"]


def test_many_shapes_are_known_at_once():
    """More than have patterns: the others are known by their tags."""
    shapes = range(64)
    body = block(*(kind(it, f"{turn}.{it}") for turn in range(4) for it in shapes))
    assert texts(HEAD + body + TAIL) == [(f"{turn}.{it}",) for turn in range(4) for it in shapes]
    alike = [it for it in read(HEAD + body + TAIL) if isinstance(it, Alike)]
    # The very first record comes with the head of its container and teaches nothing.
    assert len(alike) == 3 * len(shapes) - 1


def test_what_is_learned_has_an_end(monkeypatch):
    monkeypatch.setattr("gateway.wire.shapes._LEARNED_MAX", 3 * len(kind(0, "0.0")))
    body = block(*(kind(0, "0.0"), kind(0, "0.0")), *(kind(it, "0.0") for it in (1, 2, 1, 2, 0)))
    found = [it for it in read(HEAD + body + TAIL) if isinstance(it, Alike)]
    assert [it.shape.path for it in found] == ["/Document/M/P/T"] * 2


@pytest.mark.parametrize("strange", ["<T><A>&am</A><B>p;</B></T>", "<T>x<A>1</A><B>2</B></T>"])
def test_what_looks_alike_taken_together_is_judged_apart(strange):
    same = "<T><A>1</A><B>2</B></T>"
    body = HEAD + block(same, same, same, strange) + TAIL
    if "&am" in strange:
        with pytest.raises(WireError, match="malformed"):
            read(body)
        return
    last = [it for it in read(body) if isinstance(it, Alike | Record)][-1]
    assert isinstance(last, Record)

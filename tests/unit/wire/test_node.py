"""Reading by expectation."""

from __future__ import annotations

from datetime import date

import pytest

from gateway.domain.errors import WireError
from gateway.domain.money import CNY, Money, currency
from gateway.wire.xml import Node, Profile, parse

BODY = """<FOX>
 <HEAD code="7" empty=""><CODE> 0 </CODE><NONE/></HEAD>
 <ROW><AMT>1280.50</AMT><DAY>2026-09-15</DAY></ROW>
 <ROW><AMT>-3.00</AMT><DAY>2026-02-30</DAY></ROW>
 <p:SUB xmlns:p="urn:p"><p:X>y</p:X></p:SUB>
</FOX>"""


@pytest.fixture
def root() -> Node:
    return parse(BODY.encode(), Profile.REPLY)


def refused(call, *arguments) -> tuple[str, str, int | None]:
    with pytest.raises(WireError) as caught:
        call(*arguments)
    return caught.value.reason, caught.value.path, caught.value.line


def test_names_and_places(root):
    assert (root.name, root.namespace, root.path, root.line) == ("FOX", "", "/FOX", 1)
    sub = root.at("SUB/X")
    assert (sub.name, sub.namespace, sub.path, sub.text()) == ("X", "urn:p", "/FOX/SUB/X", "y")
    assert [child.name for child in root.children()] == ["HEAD", "ROW", "ROW", "SUB"]
    assert [row.path for row in root.each("ROW")] == ["/FOX/ROW[1]", "/FOX/ROW[2]"]
    assert list(root.each("NIL")) == []
    assert root.has("ROW")
    assert not root.has("NIL")
    assert repr(sub) == "Node(/FOX/SUB/X)"


def test_counts(root):
    assert refused(root.one, "NIL") == ("missing", "/FOX/NIL", 1)
    assert refused(root.one, "ROW") == ("surplus", "/FOX/ROW", 4)
    assert refused(root.maybe, "ROW") == ("surplus", "/FOX/ROW", 4)
    assert root.maybe("NIL") is None
    assert refused(root.at, "HEAD/NIL/X") == ("missing", "/FOX/HEAD/NIL", 2)
    assert root.find("HEAD/NIL/X") is None
    found = root.find("HEAD/CODE")
    assert found is not None
    assert found.text() == "0"


def test_texts(root):
    head = root.one("HEAD")
    assert (head.one("CODE").raw(), head.one("CODE").text()) == (" 0 ", "0")
    assert head.one("CODE").need() == "0"
    assert (head.child_text("CODE"), head.child_text("NONE"), head.child_text("NIL")) == (
        "0",
        "",
        "",
    )
    assert refused(head.one("NONE").need) == ("empty", "/FOX/HEAD/NONE", 2)
    assert refused(head.text) == ("content", "/FOX/HEAD", 2)
    assert (head.attr("code"), head.attr("empty"), head.attr("nil")) == ("7", "", "")


def test_money(root):
    first, second = root.each("ROW")
    assert first.one("AMT").money(CNY) == Money(128050, CNY)
    assert second.one("AMT").money(CNY, signed=True) == Money(-300, CNY)
    assert refused(second.one("AMT").money, CNY) == ("amount", "/FOX/ROW[2]/AMT", 4)
    assert refused(first.one("AMT").money, currency("JPY"))[0] == "amount"


@pytest.mark.parametrize(
    "text", ["NaN", "1e3", "１２", "1_0", "+1", "1,000.00", "", "0x1", "1.005"]
)
def test_what_is_no_amount(text):
    node = parse(f"<A>{text}</A>".encode(), Profile.REPLY)
    reason, path, _ = refused(node.money, CNY)
    assert (reason, path) == ("amount", "/A")


def test_days(root):
    first, second = root.each("ROW")
    assert first.one("DAY").day() == date(2026, 9, 15)
    assert refused(second.one("DAY").day) == ("date", "/FOX/ROW[2]/DAY", 4)


@pytest.mark.parametrize(
    "text", ["20260915", "2026-9-15", "2026-09-15T00:00:00", "２０２６-09-15", ""]
)
def test_what_is_no_day(text):
    assert refused(parse(f"<A>{text}</A>".encode(), Profile.REPLY).day)[0] == "date"

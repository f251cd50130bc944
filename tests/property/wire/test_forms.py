"""Forms and leaves: what is written or read in one go is what elements and nodes would give."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.domain.errors import WireError
from gateway.wire import tree
from gateway.wire.leaves import Leaves
from gateway.wire.limits import LIMITS
from gateway.wire.write import Form, element, leaf
from gateway.wire.xml import Profile, parse

TEXTS = st.text(max_size=6) | st.text("甲a<&>\"'\t\r\n%\x00\ud800 ", max_size=6)
FORM = Form("A", "B", Form("C", "D?", "E", attributes=("x", "y")), "F?", Form("G", "H?"))
LEAVES = Leaves("B", "F", inside=(("C", Leaves("E", "D", attributes=("y",))), ("G", Leaves("H"))))


def by_elements(*texts):
    b, x, y, d, e, f, h = texts
    return element(
        "A",
        leaf("B", b),
        element("C", leaf("D", d) if d else None, leaf("E", e), x=x, y=y),
        leaf("F", f) if f else None,
        element("G", leaf("H", h) if h else None),
    )


def told(call, *texts):
    try:
        return call(*texts)
    except WireError as error:
        return error.reason


@given(st.tuples(*[TEXTS] * 7))
def test_a_form_is_filled_as_elements_are_built(texts):
    assert told(FORM.fill, *texts) == told(by_elements, *texts)


OPTIONAL = Form(
    "A",
    Form("B", attributes=("x",), text=True),
    Form("C", "D?", Form("E", "F?", optional=True), optional=True),
    Form("G", text=True, optional=True),
    *["H"] * 2,
    Form("I", "J?", text=True, optional=True),
)


def by_optional_elements(*texts):
    x, b, d, f, g, first, second, i, j = texts
    e = element("E", leaf("F", f)) if f else None
    inside = [leaf("D", d) if d else None, e]
    return element(
        "A",
        element("B", b or None, x=x),
        element("C", *inside) if d or f else None,
        leaf("G", g) if g else None,
        leaf("H", first),
        leaf("H", second),
        element("I", i or None, leaf("J", j) if j else None) if i or j else None,
    )


@given(st.tuples(*[TEXTS] * 9))
def test_what_is_optional_is_left_out_when_nothing_inside_is_filled(texts):
    assert told(OPTIONAL.fill, *texts) == told(by_optional_elements, *texts)


def test_an_attribute_of_what_is_left_out_is_no_text_lost():
    form = Form("A", Form("B", "C?", attributes=("x",), optional=True))
    assert form.fill("", "").xml == "<A/>"
    assert form.fill("1", "2").xml == '<A><B x="1"><C>2</C></B></A>'
    with pytest.raises(ValueError, match="extended slice"):
        form.fill("1", "")


def test_a_form_takes_as_many_texts_as_it_has_places():
    for texts in (("a",) * 6, ("a",) * 8, ("&",) * 8):
        with pytest.raises(ValueError, match=r"places|zip"):
            FORM.fill(*texts)
    with pytest.raises(WireError):
        Form("A B")
    with pytest.raises(WireError):
        Form("A", "B", attributes=("x y",))


PIECES = st.sampled_from(
    [
        *("<B>1</B>", "<B> 2\n</B>", "<B/>", "<F>f</F>", "<F><Q/></F>", "<Z>z</Z>", "text"),
        *("<C y='1'><D>d</D></C>", "<C><E> e </E><E/></C>", "<C x='&lt;'><E>&amp;</E></C>", "<C/>"),
        *("<G><H>h</H><I/></G>", "<n:B xmlns:n='urn:n'>n</n:B>", "<G>g</G>"),
    ]
)


@given(st.lists(PIECES, max_size=6))
def test_leaves_are_read_as_nodes_read_them(pieces):
    root = parse(f"<A>{''.join(pieces)}</A>".encode(), Profile.REPLY)

    def by_nodes():
        c, g = root.maybe("C"), root.maybe("G")
        return [
            *(root.child_text("B"), root.child_text("F")),
            *((c.attr("y"), c.child_text("E"), c.child_text("D")) if c else ("", "", "")),
            g.child_text("H") if g else "",
        ]

    found = LEAVES.of(root)
    if found is None:
        assert told(by_nodes) in {"surplus", "content"}
    else:
        assert found == by_nodes()


ODD = st.sampled_from(
    [
        *("<B/>", "<B a='1'/>", "<B>t</B>", "t", "<!-- c -->", "<?p i?>", "<n:B xmlns:n='urn:n'/>"),
        "<B xmlns:x='http://www.w3.org/2001/XMLSchema-instance' x:nil='true'/>",
        *("<B xml:lang='en'/>", "<B xmlns:n='urn:n' n:a='1'/>", f"<{'B' * 201}/>"),
        f"<B {'c' * 201}=''/>",
        "<B " + " ".join(f"a{number}=''" for number in range(17)) + "/>",
        "<B>" * 40 + "</B>" * 40,
        "<B>t<B/></B>",
    ]
)


@given(st.lists(ODD, max_size=3), st.sampled_from(Profile))
def test_a_plain_tree_has_nothing_to_refuse_or_note(pieces, profile):
    root = tree.etree.fromstring(f"<A>{''.join(pieces)}</A>")
    noted = []

    def closely():
        tree._check_closely(root, 1, LIMITS[profile], lambda code, _: noted.append(code))
        return ""

    refused = told(closely)
    if tree._plain(root, 1, LIMITS[profile]):
        assert (refused, noted) == ("", [])

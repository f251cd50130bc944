"""Papers: what stands on them can be read, is drawn, and is the same each time."""

import io
import unicodedata
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.t2CharStringPen import T2CharStringPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTCollection, TTFont
from hypothesis import given, settings
from hypothesis import strategies as st
from pylopdf_fonts_zh_cn import sans_path

from gateway.documents import face as face_module
from gateway.documents.face import NEEDED, FontFile, UnusableFont, borrowed
from gateway.documents.page import Align, Note, Signatures, Table, Title, facts, printed
from tests.pdf_ground import blank_marks, fonts, squeezed, texts, title, whole

EVERY = "".join(map(chr, range(0x21, 0x7F))) + "¥￥，。、；：（）《》“”"
RARE = "㐱堃鎔喆龑犇淼昇媞䶮镕陞"
"""Characters of names that small fonts lack."""


def paper(*blocks, font=None):
    return printed("试 Test", blocks or (Note(text=EVERY),), foot="foot 页脚", font=font)


def test_every_digit_letter_and_mark_is_there_and_is_drawn():
    made = paper(Title(zh="标题", en="Title"), Note(text=EVERY), Note(text=f"姓名 {RARE}"))
    read = whole(made)
    for mark in EVERY + RARE + "标题":
        assert mark in read, mark
    assert not blank_marks(made)
    assert title(made) == "试 Test"


def test_both_readers_agree():
    made = paper(
        facts([("金额", "1,234,567.89"), ("大写", "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分")])
    )
    (page,) = texts(made)
    for value in (
        "1,234,567.89",
        "壹佰贰拾叁万肆仟伍佰陆拾柒元捌角玖分",
        "第 1 页，共 1 页",
        "Page 1 of 1",
    ):
        assert squeezed(value) in squeezed(page)
        assert squeezed(value) in whole(made)


def test_the_font_is_inside_and_only_what_is_used():
    ((name, size),) = fonts(paper()).items()
    assert name[7:] == "+NotoSansSC-Regular"
    assert 0 < size < 60_000


def test_the_same_paper_has_the_same_bytes():
    one, two = paper(), paper()
    assert one == two
    assert paper(Note(text="别的")) != one


def test_all_hanzi_of_gb18030s_two_bytes_are_there():
    codes = (bytes((high, low)) for high in range(0x81, 0xFF) for low in range(0x40, 0xFF))
    told = {code.decode("gbk", "ignore") for code in codes}
    hanzi = {mark for mark in told if len(mark) == 1 and "\u4e00" <= mark <= "\u9fa5"}
    assert len(hanzi) == 20_902
    known = TTFont(sans_path(), lazy=True)
    try:
        assert not {ord(mark) for mark in hanzi} - known.getBestCmap().keys()
    finally:
        known.close()


def test_what_the_font_lacks_is_named_and_never_blank():
    made = paper(Note(text="甲\U0010fffd乙\u200b丙"))
    read = whole(made)
    assert "甲[U+10FFFD]乙" in read
    assert "[U+200B]丙" in read
    assert "charactersthatthefontlacks" in read
    assert not blank_marks(made)


def test_line_ends_and_controls_of_a_banks_text_do_no_harm():
    assert "ABC" in whole(paper(facts([("x", "A\tB\x07C")])))
    assert "charactersthatthefontlacks" not in whole(paper(facts([("x", "A\tB\r\nC")])))


def test_a_table_goes_on_under_its_head_and_pages_are_counted():
    rows = [(f"编号{number:04}", "货款", f"{number}.00") for number in range(120)]
    made = paper(
        Table(
            shares=(2, 3, 2),
            head=("编号栏", "摘要栏", "金额栏"),
            rows=rows,
            aligns=(Align.LEFT, Align.LEFT, Align.RIGHT),
        )
    )
    pages = texts(made)
    assert len(pages) > 2
    for number, page in enumerate(pages, start=1):
        assert f"Page {number} of {len(pages)}" in page
        assert "编号栏" in page
    read = whole(made)
    assert all(f"编号{number:04}" in read for number in range(120))


def test_a_cell_higher_than_a_page_is_not_cut():
    words = "".join(f"第{number:04}句，" for number in range(1500))
    made = paper(facts([("说明", words)]))
    assert len(texts(made)) > 2
    read = whole(made)
    lost = [number for number in range(1500) if f"第{number:04}句" not in read]
    assert len(lost) <= len(texts(made)), "a sentence may be parted by a page's end, no more"


def test_lines_to_sign_stand_together():
    made = paper(Signatures(lines=(("编制 Prepared by", "张三"), ("复核 Reviewed by", ""))))
    assert "编制Preparedby：张三" in whole(made)
    assert "复核Reviewedby：" in whole(made)


@settings(max_examples=20)
@given(st.text(max_size=80))
def test_any_text_prints_and_nothing_is_silently_lost(text):
    read = whole(paper(facts([("文", text)])))
    for mark in text:
        if unicodedata.category(mark) not in {"Cc", "Zs", "Zl", "Zp"}:
            assert mark in read or f"[U+{ord(mark):04X}]" in read


def test_a_font_is_opened_once_and_never_shared_by_two_papers(monkeypatch):
    opened = []

    def opening(font):
        opened.append(font)
        return object()

    monkeypatch.setattr(face_module, "_opened", opening)
    font = FontFile(Path("of-this-test.ttf"))
    with borrowed(font) as one, borrowed(font) as two:
        assert one is not two
    with borrowed(font) as again:
        assert again in {one, two}
    assert len(opened) == 2


def test_a_font_in_whose_use_something_broke_is_not_used_again(monkeypatch):
    monkeypatch.setattr(face_module, "_opened", lambda _: object())
    font = FontFile(Path("of-that-test.ttf"))
    with pytest.raises(KeyError), borrowed(font) as broken:
        raise KeyError
    with borrowed(font) as next_one:
        assert next_one is not broken


# ── fonts of the operator's own ───────────────────────────────────────────────────────────────


def font_with(marks, *, blank="", truetype=True):
    """A font in which every mark is a square; ``blank`` ones have a place and no outline."""
    names = [".notdef", *(f"g{at}" for at in range(len(marks)))]
    builder = FontBuilder(2048, isTTF=truetype)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(mark): f"g{at}" for at, mark in enumerate(marks)})
    shown = dict(zip(names, ["", *marks], strict=True))
    pens = {name: TTGlyphPen(None) if truetype else T2CharStringPen(2048, None) for name in names}
    for name, pen in pens.items():
        if shown[name] and shown[name] not in blank + " ":
            pen.moveTo((100, 0))
            for at in ((100, 1500), (1900, 1500), (1900, 0)):
                pen.lineTo(at)
            pen.closePath()
    if truetype:
        builder.setupGlyf({name: pen.glyph() for name, pen in pens.items()})
    else:
        drawn = {name: pen.getCharString() for name, pen in pens.items()}
        builder.setupCFF("Squares", {}, drawn, {})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (2048, 100)))
    builder.setupHorizontalHeader(ascent=1500, descent=-500)
    builder.setupNameTable({"familyName": "Squares", "psName": "Squares-Regular"})
    builder.setupPost()
    return builder.font


def saved(font, path):
    font.save(path)
    return FontFile(path)


@pytest.mark.parametrize("truetype", [True, False], ids=["TrueType", "PostScript"])
def test_an_operators_own_font_is_used(tmp_path, truetype):
    own = saved(font_with(NEEDED + " 试页脚第共", truetype=truetype), tmp_path / "own.font")
    made = paper(Note(text="1234.50 试"), font=own)
    ((name, _),) = fonts(made).items()
    assert name.endswith("+Squares-Regular")
    assert "1234.50试" in whole(made)
    assert not blank_marks(made)


def test_a_member_of_a_collection_is_used(tmp_path):
    collection = TTCollection()
    collection.fonts = [font_with("A"), font_with(NEEDED + " 试页脚第共")]
    collection.save(tmp_path / "own.ttc")
    assert "1.00" in whole(paper(Note(text="1.00"), font=FontFile(tmp_path / "own.ttc", 1)))
    with pytest.raises(UnusableFont):
        paper(font=FontFile(tmp_path / "own.ttc", 0))


def test_a_font_without_digits_is_refused(tmp_path):
    lacking = "".join(mark for mark in NEEDED if not mark.isdigit())
    with pytest.raises(UnusableFont, match="0 1 2 3 4 5 6 7 8 9") as told:
        paper(font=saved(font_with(lacking), tmp_path / "no-digits.ttf"))
    assert "0 1 2 3 4 5 6 7 8 9" in told.value.zh


def test_a_font_whose_digits_draw_nothing_is_refused(tmp_path):
    with pytest.raises(UnusableFont, match="0 1 2 3"):
        paper(font=saved(font_with(NEEDED, blank="0123456789"), tmp_path / "blank.ttf"))


@pytest.mark.parametrize("content", [b"", b"no font", b"\x00\x01\x00\x00" + bytes(40)])
def test_what_is_no_font_is_refused_by_name(tmp_path, content):
    (tmp_path / "strange.ttf").write_bytes(content)
    with pytest.raises(UnusableFont, match=r"strange\.ttf"):
        paper(font=FontFile(tmp_path / "strange.ttf"))


def test_a_font_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UnusableFont, match=r"none\.ttf"):
        paper(font=FontFile(tmp_path / "none.ttf"))


def test_a_cut_font_is_refused_or_drawn_never_anything_else(tmp_path):
    target = io.BytesIO()
    font_with(NEEDED).save(target)
    content = target.getvalue()
    for at in range(0, len(content), len(content) // 12):
        (tmp_path / f"cut{at}.ttf").write_bytes(content[:at])
        with pytest.raises(UnusableFont):
            paper(font=FontFile(tmp_path / f"cut{at}.ttf"))

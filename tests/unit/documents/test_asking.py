"""The font in the settings, and when a caller is answered with a paper."""

import pytest
from pylopdf_fonts_zh_cn import serif_path

from gateway import settings
from gateway.documents.face import FontFile
from gateway.web.receipts import wants_pdf


def test_an_own_font_is_tried_when_the_settings_are_read(tmp_path):
    made = settings.parse({"gateway": {"font": str(serif_path())}}, tmp_path)
    assert made.font == FontFile(serif_path(), 0)
    assert settings.parse({"gateway": {}}, tmp_path).font is None


def test_a_font_that_cannot_be_used_is_a_fault_of_the_settings(tmp_path):
    (tmp_path / "bad.ttf").write_bytes(b"no font")
    for name in ("bad.ttf", "missing.ttf"):
        with pytest.raises(settings.SettingsError) as told:
            settings.parse({"gateway": {"font": name}}, tmp_path)
        (fault,) = told.value.faults
        assert fault.path.endswith("gateway.font")
        assert name in fault.zh


@pytest.mark.parametrize(
    ("accept", "paper"),
    [
        ("", False),
        ("*/*", False),
        ("application/json", False),
        ("application/pdf", True),
        ("Application/PDF;q=0.9, */*", True),
        ("application/json, application/pdf", False),
        ("application/pdf, application/json", True),
    ],
)
def test_who_names_pdf_first_gets_a_paper(accept, paper):
    assert wants_pdf(accept) is paper

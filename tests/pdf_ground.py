"""PDF files read back by two readers that nobody here wrote: their text, their fonts, their ink."""

import io
from typing import Any

import pypdf
import pypdfium2

PARTED = "\ufffe"
"""As what pdfium copies a hyphen that ends a line."""
INK = 128
"""A part of a pixel's colour below this is ink."""


def texts(content):
    """The text of each page, read by pypdf."""
    return [page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages]


def whole(content):
    """All text in one line, as pdfium copies it out: broken lines joined, blanks left out."""
    document = pypdfium2.PdfDocument(content)
    try:
        told = "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()
    return squeezed(told.replace(PARTED, "-"))


def squeezed(text):
    """A text without blanks and line ends."""
    return "".join(text.split())


def fonts(content):
    """The fonts of the first page: name, and whether its program is inside."""
    page: Any = pypdf.PdfReader(io.BytesIO(content)).pages[0]
    found = {}
    for font in page["/Resources"]["/Font"].values():
        (inner,) = font.get_object()["/DescendantFonts"]
        measures = inner.get_object()["/FontDescriptor"]
        found[font.get_object()["/BaseFont"]] = len(measures["/FontFile3"].get_data())
    return found


def title(content):
    """The title of the file."""
    told = pypdf.PdfReader(io.BytesIO(content)).metadata
    assert told is not None
    return told.title


def blank_marks(content):
    """Characters of the first page whose place, when it is drawn, holds no ink; spaces aside."""
    document = pypdfium2.PdfDocument(content)
    page = document[0]
    scale = 4
    picture = page.render(scale=scale, grayscale=True)
    pixels, stride = bytes(picture.buffer), picture.stride
    words = page.get_textpage()
    found = set()
    for at in range(words.count_chars()):
        mark = words.get_text_range(at, 1)
        if not mark.strip():
            continue
        left, bottom, right, top = words.get_charbox(at)
        columns = slice(int(left * scale), int(right * scale) + 1)
        first = int((page.get_height() - top) * scale)
        last = int((page.get_height() - bottom) * scale) + 1
        rows = (pixels[row * stride : (row + 1) * stride][columns] for row in range(first, last))
        if not any(min(row, default=255) < INK for row in rows):
            found.add(mark)
    document.close()
    return found

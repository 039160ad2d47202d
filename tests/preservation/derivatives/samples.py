"""Files to render: sound ones whose text is known, and hostile ones."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Sequence

from PIL import Image, ImageDraw
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas

from kho.demo.layout import face_path

# Every tone on several vowels, and both letters of đ.
VIETNAMESE = (
    "ỦY BAN NHÂN DÂN TỈNH HÀ TĨNH",
    "Quyết định số 12/QĐ-UBND về việc giao đất tại huyện Đức Thọ",
    "Nguyễn Thị Hằng, Phó Chủ tịch; ngày 07 tháng 5 năm 2019",
    "ắằẳẵặ ấầẩẫậ ếềểễệ ốồổỗộ ớờởỡợ ứừửữự ỳýỷỹỵ đĐ",
)


def text_pdf(pages: Sequence[Sequence[str]] = (VIETNAMESE,), *, password: str = "") -> bytes:
    """A PDF of A4 pages with an embedded font, a line of text under the other."""
    if "Sample" not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(TTFont("Sample", face_path("Regular")))
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(595.28, 841.89), encrypt=password or None, invariant=1)
    for lines in pages:
        canvas.setFont("Sample", 14)
        for number, line in enumerate(lines):
            canvas.drawString(60, 760 - 30 * number, line)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def plain_pdf(kids: int, *, media_box: str = "0 0 200 300", content: bytes = b"") -> bytes:
    """A PDF written by hand: one page object, named `kids` times."""
    return joined_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count %d /Kids [%s] >>" % (kids, b"3 0 R " * kids),
            b"<< /Type /Page /Parent 2 0 R /MediaBox [%s] /Contents 4 0 R >>" % media_box.encode(),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    )


def spelled_pdf(text: str) -> bytes:
    """A PDF whose text is exactly these characters, whatever glyphs stand for them."""
    codes = {character: code for code, character in enumerate(dict.fromkeys(text), 33)}
    assert max(codes.values()) < 127
    mapping = "\n".join(
        f"<{code:02x}> <{character.encode('utf-16-be').hex()}>" for character, code in codes.items()
    )
    cmap = (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /X def\n"
        "/CMapType 2 def 1 begincodespacerange <00> <ff> endcodespacerange\n"
        f"{len(codes)} beginbfchar\n{mapping}\nendbfchar endcmap end end"
    ).encode()
    drawn = f"BT /F 12 Tf 20 100 Td <{bytes(codes[c] for c in text).hex()}> Tj ET".encode()
    return joined_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 900 200] /Contents 4 0 R"
            b" /Resources << /Font << /F 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawn), drawn),
            b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /ToUnicode 6 0 R >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(cmap), cmap),
        ]
    )


def bomb_pdf(side: int) -> bytes:
    """A page with one image of side × side pixels of nothing, compressed twice."""
    compress = zlib.compressobj(9)
    pieces = [compress.compress(bytes(side * 3 * 64)) for _ in range(side // 64)]
    data = zlib.compress(b"".join(pieces) + compress.flush(), 9)
    image = (
        b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace /DeviceRGB"
        b" /BitsPerComponent 8 /Filter [/FlateDecode /FlateDecode] /Length %d >>\nstream\n%s\nendstream"
    ) % (side, side, len(data), data)
    draw = b"200 0 0 200 0 0 cm /I Do"
    return joined_pdf(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R"
            b" /Resources << /XObject << /I 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw),
            image,
        ]
    )


def joined_pdf(objects: Sequence[bytes]) -> bytes:
    """The objects, numbered from 1, with a cross-reference table; the first is the catalogue."""
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\n" % (len(objects) + 1)
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def picture(width: int = 600, height: int = 400, mode: str = "RGB") -> Image.Image:
    """A picture with a red left half and a black ring, so that turns and cuts are seen."""
    image = Image.new("RGB", (width, height), "white")
    draw = ImageDraw.Draw(image)
    draw.rectangle((0, 0, width // 2, height), fill=(200, 30, 30))
    draw.ellipse(
        (width // 4, height // 4, width * 3 // 4, height * 3 // 4), outline="black", width=9
    )
    return image.convert(mode)


def encoded(image: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    image.save(out, form, **options)
    return out.getvalue()


def png_bomb(side: int) -> bytes:
    """A PNG of side × side black pixels, a bit each, in a few kilobytes."""
    rows = zlib.compressobj(9)
    row = bytes(1 + (side + 7) // 8)
    data = b"".join(rows.compress(row) for _ in range(side)) + rows.flush()

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )

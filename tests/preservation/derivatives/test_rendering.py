from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from kho.demo.plan import plan_dossier
from kho.demo.sip import make_contents
from preservation.derivatives import PAGE_IMAGE, TEXT, THUMBNAIL, Limits, Reason
from preservation.derivatives.pdf_pages import clean_text
from preservation.derivatives.recipe import Recipe, page_file
from preservation.derivatives.rendering import NotRendered, Rendered, Renderer
from tests.preservation.derivatives import samples

RECIPES = (THUMBNAIL, PAGE_IMAGE, TEXT)


@pytest.fixture(scope="module")
def renderer():
    with Renderer() as made:
        yield made


@pytest.fixture
def make(renderer, tmp_path):
    """Render bytes with one recipe: (outcome, folder)."""
    count = 0

    def run(data: bytes, media: str, recipe: Recipe, with_: Renderer | None = None):
        nonlocal count
        count += 1
        source = tmp_path / f"source-{count}"
        source.write_bytes(data)
        into = tmp_path / f"into-{count}"
        outcome = (with_ or renderer).make(source, media, recipe, into)
        if isinstance(outcome, NotRendered):
            assert list(into.iterdir()) == []
        else:
            assert_whole(outcome, recipe, into)
        return outcome, into

    return run


def assert_whole(outcome: Rendered, recipe: Recipe, into: Path) -> None:
    if recipe.form == "text":
        assert [entry.name for entry in into.iterdir()] == ["text.jsonl"]
        assert len(texts(into)) == len(outcome.pages)
        return
    assert {entry.name for entry in into.iterdir()} == {
        page_file(n + 1) for n in range(len(outcome.pages))
    }
    for number, page in enumerate(outcome.pages, 1):
        with Image.open(into / page_file(number)) as image:
            image.load()
            assert image.format == "WEBP"
            assert image.size == (page["width"], page["height"])


def texts(into: Path) -> list[str]:
    lines = (into / "text.jsonl").read_bytes().decode("utf-8").split("\n")
    told = [json.loads(line) for line in lines if line]
    assert [page["page"] for page in told] == list(range(1, len(told) + 1))
    return [page["text"] for page in told]


def shown(into: Path, number: int = 1) -> Image.Image:
    with Image.open(into / page_file(number)) as image:
        return image.convert("RGB")


def reason(outcome: Rendered | NotRendered) -> Reason:
    assert isinstance(outcome, NotRendered), outcome
    return outcome.reason


# -- sound files


def test_vietnamese_text_comes_back_letter_for_letter(make):
    _, into = make(samples.text_pdf([samples.VIETNAMESE, ["Trang hai"], []]), "pdf", TEXT)
    assert texts(into) == ["\n".join(samples.VIETNAMESE), "Trang hai", ""]
    assert unicodedata.is_normalized("NFC", texts(into)[0])


def test_text_drawn_in_pieces_is_kept_composed(make):
    pieces = unicodedata.normalize("NFD", "Quyết định giao đất")
    assert not unicodedata.is_normalized("NFC", pieces)
    _, into = make(samples.spelled_pdf(pieces), "pdf", TEXT)
    assert texts(into) == ["Quyết định giao đất"]


def test_every_page_of_a_pdf_becomes_a_picture_of_the_stated_size(make):
    outcome, into = make(samples.text_pdf([["một"], ["hai"], ["ba"]]), "pdf", PAGE_IMAGE)
    assert [(page["width"], page["height"]) for page in outcome.pages] == [(1240, 1754)] * 3
    assert "pypdfium2" in outcome.software
    extremes = shown(into).convert("L").getextrema()
    assert extremes[0] < 60 and extremes[1] > 250  # ink on paper


def test_a_thumbnail_is_of_the_first_page_and_fits_its_box(make):
    outcome, into = make(samples.text_pdf([["một"], ["hai"]]), "pdf", THUMBNAIL)
    assert len(outcome.pages) == 1
    assert max(shown(into).size) == 256


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_pictures_are_reduced_and_keep_their_colours(make, form, mode):
    outcome, into = make(
        samples.encoded(samples.picture(3000, 2000, mode), form), "image", PAGE_IMAGE
    )
    image = shown(into)
    assert image.size == (1240, 827)
    assert "libvips" in outcome.software
    left, right = image.getpixel((40, 400)), image.getpixel((1200, 400))
    assert min(right) > 240
    assert abs(left[0] - (200 if mode == "RGB" else 81)) < 14


@pytest.mark.parametrize("mode", ["1", "P", "CMYK", "RGBA", "I;16", "LA"])
@pytest.mark.parametrize("recipe", [THUMBNAIL, PAGE_IMAGE], ids=["thumbnail", "page"])
def test_unusual_kinds_of_pixels_are_shown_all_the_same(make, mode, recipe):
    image = samples.picture(600, 400, "L").convert("I;16") if mode == "I;16" else samples.picture()
    form = "PNG" if mode in ("RGBA", "LA") else "TIFF"
    outcome, _ = make(samples.encoded(image.convert(mode), form), "image", recipe)
    assert isinstance(outcome, Rendered)


def test_what_is_transparent_is_shown_on_white(make):
    image = Image.new("RGBA", (300, 300), (0, 0, 0, 0))
    _, into = make(samples.encoded(image, "PNG"), "image", THUMBNAIL)
    assert shown(into).getpixel((128, 128)) == (255, 255, 255)


def test_a_small_picture_is_not_made_larger(make):
    outcome, _ = make(samples.encoded(samples.picture(90, 60), "PNG"), "image", PAGE_IMAGE)
    assert (outcome.pages[0]["width"], outcome.pages[0]["height"]) == (90, 60)


def test_a_picture_that_was_taken_on_its_side_is_turned(make):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned clockwise
    data = samples.encoded(samples.picture(2400, 1600), "JPEG", exif=exif)
    _, into = make(data, "image", PAGE_IMAGE)
    image = shown(into)
    assert image.size == (1240, 1860)
    assert image.getpixel((100, 100))[1] < 90  # the red half is on top now
    assert min(image.getpixel((100, 1800))) > 240


def test_every_page_of_a_tiff_becomes_a_picture(make):
    pages = [samples.picture(400, 300), samples.picture(300, 400), samples.picture(200, 200)]
    data = samples.encoded(pages[0], "TIFF", save_all=True, append_images=pages[1:])
    outcome, _ = make(data, "image", PAGE_IMAGE)
    assert [(page["width"], page["height"]) for page in outcome.pages] == [
        (400, 300), (300, 400), (200, 200),
    ]  # fmt: skip
    assert len(make(data, "image", THUMBNAIL)[0].pages) == 1


def test_demo_documents_are_rendered_and_their_text_is_that_of_the_dossier(make):
    born = make_contents(plan_dossier(2025, 0, 4)).records[0].main
    _, into = make(born.content, "pdf", TEXT)
    text = texts(into)[0]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in text
    assert "Độc lập - Tự do - Hạnh phúc" in text
    assert unicodedata.is_normalized("NFC", text)


def test_demo_scans_are_rendered_whatever_they_came_as(make):
    files = [record.main for record in make_contents(plan_dossier(2025, 3, 4)).records]
    seen = {}
    for file in files:
        seen.setdefault(file.name.rpartition(".")[2], file.content)
    assert len(seen) > 1
    for extension, content in seen.items():
        outcome, into = make(content, "pdf" if extension == "pdf" else "image", PAGE_IMAGE)
        assert isinstance(outcome, Rendered), extension
        assert shown(into).convert("L").getextrema()[0] < 120


@given(st.text(alphabet=st.characters(), max_size=200))
def test_page_text_is_always_clean_composed_and_stable(text):
    clean = clean_text(text)
    assert unicodedata.is_normalized("NFC", clean)
    assert not any(unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t" for c in clean)
    assert clean_text(clean) == clean
    clean.encode("utf-8")


def test_divided_words_and_ends_of_lines_of_page_text():
    assert clean_text("quy\x02\r\nđịnh \r\n\x00\ufffe") == "quy-\nđịnh"


# -- hostile files


def test_the_cabinet_of_horrors_gives_whole_results_or_reasons(make, corpora):
    found = {}
    for path in sorted((corpora / "formats" / "pdfCabinetOfHorrors").glob("*.pdf")):
        for recipe in (THUMBNAIL, TEXT):
            outcome, _ = make(path.read_bytes(), "pdf", recipe)
            if isinstance(outcome, NotRendered):
                found[path.name, recipe.name] = outcome.reason
    assert found == {
        ("encryption_openpassword.pdf", "thumbnail"): Reason.ENCRYPTED,
        ("encryption_openpassword.pdf", "text"): Reason.ENCRYPTED,
    }


def test_the_text_of_a_known_pdf(make, corpora):
    data = (corpora / "formats/pdfCabinetOfHorrors/text_only_pdfa1b.pdf").read_bytes()
    _, into = make(data, "pdf", TEXT)
    assert texts(into)[0].startswith("This is a test document. It only contains some text.\nCreat")


def test_a_tiff_of_a_kind_nobody_writes_any_more_is_unsupported(make, corpora):
    folder = corpora / "formats/tiff-examples/old-style-jpeg-compression"
    data = (folder / "old-style-jpeg-compression.tif").read_bytes()
    assert reason(make(data, "image", PAGE_IMAGE)[0]) is Reason.UNSUPPORTED


def test_a_pdf_that_needs_a_password_is_encrypted(make):
    data = samples.text_pdf(password="bí mật".encode().hex())
    for recipe in RECIPES:
        assert reason(make(data, "pdf", recipe)[0]) is Reason.ENCRYPTED


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7\n", b"hello", b"\x89PNG\r\n\x1a\n", b"II*\0" * 9])
@pytest.mark.parametrize("media", ["pdf", "image"])
def test_what_is_no_such_file_has_a_reason(make, data, media):
    expected = {Reason.DAMAGED, Reason.UNSUPPORTED}
    assert reason(make(data, media, THUMBNAIL)[0]) in expected


@pytest.mark.parametrize("form", ["JPEG", "PNG", "TIFF"])
def test_a_picture_cut_short_is_damaged_and_not_grey_below(make, form):
    options = {"compression": "tiff_lzw"} if form == "TIFF" else {}
    whole = samples.encoded(samples.picture(1500, 1000), form, **options)
    for recipe in (THUMBNAIL, PAGE_IMAGE):
        cut = whole[: len(whole) * 2 // 3]
        assert reason(make(cut, "image", recipe)[0]) is Reason.DAMAGED


def test_a_pdf_of_ten_thousand_pages_is_too_many_but_has_a_thumbnail(make):
    data = samples.plain_pdf(10_000)
    assert reason(make(data, "pdf", PAGE_IMAGE)[0]) is Reason.TOO_MANY_PAGES
    assert isinstance(make(data, "pdf", THUMBNAIL)[0], Rendered)
    with Renderer(Limits(most_text_pages=9_999)) as strict:
        assert reason(make(data, "pdf", TEXT, strict)[0]) is Reason.TOO_MANY_PAGES


def test_a_pdf_without_pages_is_not_taken_for_the_encrypted_one_before_it(make):
    assert reason(make(samples.text_pdf(password="x"), "pdf", TEXT)[0]) is Reason.ENCRYPTED
    assert reason(make(samples.plain_pdf(0), "pdf", TEXT)[0]) in (Reason.NO_PAGES, Reason.DAMAGED)


def test_a_page_object_that_is_missing_leaves_no_half_a_document(make):
    data = samples.plain_pdf(3).replace(b"[3 0 R 3 0 R ", b"[3 0 R 9 0 R ")
    for recipe in (PAGE_IMAGE, TEXT):
        assert reason(make(data, "pdf", recipe)[0]) in (Reason.BROKEN_PAGE, Reason.DAMAGED)


@pytest.mark.parametrize(
    "box", ["0 0 1 1000000", "0 0 1000000 1", "0 0 0 0", "0 0 1e38 1e38", "9 9 1 1"]
)
def test_pages_of_odd_shape_are_bounded(make, box):
    for recipe in (THUMBNAIL, PAGE_IMAGE):
        outcome, _ = make(samples.plain_pdf(1, media_box=box), "pdf", recipe)
        assert isinstance(outcome, Rendered) or outcome.reason in (
            Reason.BROKEN_PAGE, Reason.NO_MEMORY, Reason.CRASHED,
        )  # fmt: skip


def test_a_picture_with_more_pixels_than_allowed_is_too_large(make):
    with Renderer(Limits(most_pixels=100_000_000)) as strict:
        for recipe in (THUMBNAIL, PAGE_IMAGE):
            outcome, _ = make(samples.png_bomb(20_000), "image", recipe, strict)
            assert reason(outcome) is Reason.TOO_LARGE


def test_a_decompression_bomb_ends_in_its_limits(make):
    limits = Limits(memory=120 * 1024**2)
    with Renderer(limits) as strict:
        outcome, _ = make(samples.bomb_pdf(6_400), "pdf", PAGE_IMAGE, strict)
        assert isinstance(outcome, Rendered) or outcome.reason in (
            Reason.NO_MEMORY, Reason.CRASHED, Reason.BROKEN_PAGE,
        )  # fmt: skip
        after, _ = make(samples.text_pdf(), "pdf", TEXT, strict)
        assert isinstance(after, Rendered)


def test_what_takes_more_room_than_allowed_is_too_large(make):
    with Renderer(Limits(most_bytes=1000)) as strict:
        outcome, _ = make(samples.text_pdf(), "pdf", PAGE_IMAGE, strict)
        assert reason(outcome) is Reason.TOO_LARGE


def test_more_text_than_allowed_is_too_much(make):
    with Renderer(Limits(most_characters=50)) as strict:
        assert reason(make(samples.text_pdf(), "pdf", TEXT, strict)[0]) is Reason.TOO_MUCH_TEXT


def test_a_pdf_that_draws_for_ever_is_given_up(make):
    # A form that draws a form that draws a form, ten times each: 10^9 lines.
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 200 200] /Contents 4 0 R"
        b" /Resources << /XObject << /F 5 0 R >> >> >>",
    ]
    draw = b"/F Do " * 10
    objects.append(b"<< /Length %d >>\nstream\n%s\nendstream" % (len(draw), draw))
    for level in range(8):
        content = draw if level < 7 else b"0 0 m 9 9 l S " * 10
        objects.append(
            b"<< /Type /XObject /Subtype /Form /BBox [0 0 200 200] /Length %d"
            b" /Resources << /XObject << /F %d 0 R >> >> >>\nstream\n%s\nendstream"
            % (len(content), level + 6, content)
        )
    with Renderer(Limits(page_seconds=2)) as strict:
        outcome, _ = make(samples.joined_pdf(objects), "pdf", PAGE_IMAGE, strict)
        assert reason(outcome) in (Reason.TIMEOUT, Reason.NO_MEMORY)
        assert isinstance(make(samples.text_pdf(), "pdf", TEXT, strict)[0], Rendered)


def test_damaged_bytes_anywhere_give_whole_results_or_reasons(make):
    sources = [
        ("pdf", samples.text_pdf([["một"], ["hai"]])),
        ("image", samples.encoded(samples.picture(), "JPEG")),
        ("image", samples.encoded(samples.picture(), "PNG")),
        ("image", samples.encoded(samples.picture(), "TIFF", compression="tiff_lzw")),
    ]
    for media, whole in sources:
        for turn in range(12):
            data = bytearray(whole if turn % 3 else whole[: len(whole) * (turn + 1) // 13])
            for place in range(turn * 7, len(data), 211 + 29 * turn):
                data[place] ^= 1 << (turn % 8)
            outcome, _ = make(
                bytes(data), media, THUMBNAIL if turn % 2 else RECIPES[2 * (media == "pdf")]
            )
            assert isinstance(outcome, Rendered | NotRendered)


# -- when the child itself fails


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("time.sleep(600)", Reason.TIMEOUT),
        ("signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)", Reason.TIMEOUT),
        ("os.kill(os.getpid(), signal.SIGSEGV)", Reason.CRASHED),
        ("os.kill(os.getpid(), signal.SIGKILL)", Reason.NO_MEMORY),
        ("raise SystemExit(1)", Reason.CRASHED),
        ("print('no answer', flush=True)", Reason.CRASHED),
        ("say({'pages': [{'width': 1, 'height': 1}], 'software': 's'})", Reason.CRASHED),
        ("say({'pages': [], 'software': 's'})", Reason.CRASHED),
        ("say({'pages': 7, 'software': 's'})", Reason.CRASHED),
        ("say({'failed': 'no such reason'})", Reason.CRASHED),
        (
            "os.symlink('/etc/passwd', asked['into'] + '/page-0001.webp');"
            "say({'pages': [{'width': 1, 'height': 1}], 'software': 's'})",
            Reason.CRASHED,
        ),
        ("[say({'page': n}) or time.sleep(0.2) for n in range(10**6)]", Reason.TIMEOUT),
    ],
)
def test_a_child_that_fails_is_a_reason_and_is_replaced(
    make, tmp_path, monkeypatch, body, expected
):
    code = f"""
    import json, os, signal, sys, time
    def say(value): print(json.dumps(value), flush=True)
    say({{}})
    for line in sys.stdin:
        asked = json.loads(line)
        {body}
    """
    (tmp_path / "failing_worker.py").write_text(textwrap.dedent(code))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    limits = Limits(page_seconds=1, source_seconds=2)
    with Renderer(limits, worker="failing_worker") as failing:
        for _ in range(2):
            assert reason(make(b"x", "pdf", PAGE_IMAGE, failing)[0]) is expected


def test_no_process_of_a_closed_renderer_is_left(make):
    made = Renderer()
    make(samples.text_pdf(), "pdf", THUMBNAIL, made)
    assert made._child is not None
    pid = made._child.pid
    made.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_nothing_that_decodes_files_is_loaded_outside_the_child():
    script = (
        "import sys, preservation.formats, preservation.derivatives.catching_up;"
        "print(sorted({'pygfried', 'pypdfium2', 'pyvips', 'PIL'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout == "[]\n"

"""Draws pages as a scanner would have seen them, and photographs of places.

Paper is tinted and grainy, ink is uneven, the sheet lies a little askew, a signature and a red
seal stand at the end. Everything is drawn from the `Random` handed in; Pillow's own noise is not
used, as it cannot be seeded.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from math import cos, pi, sin
from random import Random

from PIL import Image, ImageChops, ImageDraw, ImageFilter, ImageFont

from kho.demo.chance import seeded
from kho.demo.layout import PAGE_HEIGHT, PAGE_WIDTH, Page, Run, face_path

_GRAIN = 512
_MARGIN = 3
_PAPERS = 2
_INK = (38, 36, 44)
_INK_ON_WHITE = [[255 - (255 - shade) * ink // 255 for ink in range(256)] for shade in _INK]
"""For each colour, what is left of white under so much ink."""
_BALLPOINT = (38, 52, 140)
_SEAL = (196, 44, 52)


def scan_pages(rng: Random, pages: Sequence[Page], *, signer: str, dpi: int) -> list[Image.Image]:
    """Each page as a 24-bit picture of the whole sheet."""
    return [_scan_page(rng, page, signer, dpi) for page in pages]


def as_jpeg(image: Image.Image, dpi: int) -> bytes:
    """The picture as a JPEG with its resolution."""
    out = BytesIO()
    image.save(out, "JPEG", quality=32, dpi=(dpi, dpi), optimize=False)
    return out.getvalue()


def as_tiff(images: Sequence[Image.Image], dpi: int) -> bytes:
    """All pages in one TIFF, 24 bit, compressed as JPEG inside."""
    out = BytesIO()
    images[0].save(
        out,
        "TIFF",
        compression="jpeg",
        quality=32,
        dpi=(dpi, dpi),
        save_all=True,
        append_images=list(images[1:]),
    )
    return out.getvalue()


def draw_photo(rng: Random, *, coloured: bool) -> bytes:
    """A landscape: sky, hills, fields under water, houses; faded, and grey before colour film."""
    width, height = 960, 640
    image = Image.new("RGB", (width, height))
    draw = ImageDraw.Draw(image)
    horizon = rng.randrange(230, 300)
    for y in range(horizon):
        shade = y / horizon
        draw.line([(0, y), (width, y)], (int(150 + 70 * shade), int(175 + 50 * shade), 226))
    for hill in range(3):
        _draw_hill(rng, draw, width, horizon, hill)
    for y in range(horizon, height):
        shade = (y - horizon) / (height - horizon)
        draw.line([(0, y), (width, y)], (int(112 + 40 * shade), int(128 + 20 * shade), 84))
    for _ in range(rng.randrange(8, 18)):
        _draw_water(rng, draw, width, horizon, height)
    for _ in range(rng.randrange(5, 12)):
        _draw_house(rng, draw, width, horizon)
    image = image.filter(ImageFilter.GaussianBlur(1.1))
    image = _with_grain(image, rng, strength=5)
    if not coloured:
        image = image.convert("L").convert("RGB")
    out = BytesIO()
    image.save(out, "JPEG", quality=62, dpi=(200, 200))
    return out.getvalue()


def _scan_page(rng: Random, page: Page, signer: str, dpi: int) -> Image.Image:
    scale = dpi / 72
    size = (round(PAGE_WIDTH * scale), round(PAGE_HEIGHT * scale))
    skew = rng.uniform(-0.009, 0.009)
    ink = Image.new("L", size, 0)
    draw = ImageDraw.Draw(ink)
    for rule in page.rules:
        left = _askew(rule.x, rule.y, skew, scale)
        right = _askew(rule.x + rule.width, rule.y, skew, scale)
        draw.line([left, right], 235, max(1, dpi // 90))
    for run in page.runs:
        _draw_run(ink, run, skew, scale)
    # Print on old paper is uneven.
    ink = ImageChops.multiply(ink, _wear(size))

    dyed = Image.merge("RGB", [ink.point(table) for table in _INK_ON_WHITE])
    image = ImageChops.multiply(_paper(size, rng.randrange(_PAPERS)), dyed)
    signature = next((run for run in page.runs if run.text == signer), None)
    if signature is not None:
        _draw_signature(rng, ImageDraw.Draw(image), signature, scale)
        _press_seal(image, signature, scale)
    return image


def _askew(x: float, y: float, skew: float, scale: float) -> tuple[float, float]:
    """Where a point of the page lies on the picture: a sheet is never put in quite straight."""
    from_left, from_top = x - PAGE_WIDTH / 2, PAGE_HEIGHT - y
    return (
        (x - skew * (from_top - PAGE_HEIGHT / 2)) * scale,
        (from_top + skew * from_left) * scale,
    )


def _draw_run(ink: Image.Image, run: Run, skew: float, scale: float) -> None:
    eighths = round(run.size * scale * 8)
    face = _raster_face(run.face, eighths)
    blank = face.getlength(" ") / scale + run.space
    x = run.x
    for text in run.text.split(" "):
        word = _word(run.face, eighths, text)
        across, down = _askew(x, run.y, skew, scale)
        place = (round(across) - _MARGIN, round(down) - word.ascent)
        ink.paste(word.picture, place, word.picture)
        x += word.width / scale + blank


@dataclass(frozen=True)
class _Word:
    picture: Image.Image
    ascent: int
    width: float


@lru_cache(maxsize=4096)
def _word(face: str, eighths: int, text: str) -> _Word:
    """A word as coverage. The same few hundred words make up most of every document."""
    raster = _raster_face(face, eighths)
    width = raster.getlength(text)
    ascent, descent = raster.getmetrics()
    ascent += eighths // 24  # room for the marks above capitals: Ấ, Ủ
    picture = Image.new("L", (round(width) + 2 * _MARGIN, ascent + descent), 0)
    ImageDraw.Draw(picture).text((_MARGIN, ascent), text, 255, raster, anchor="ls")
    return _Word(picture, ascent, width)


@cache
def _raster_face(face: str, eighths: int) -> ImageFont.FreeTypeFont:
    # Basic layout: precomposed Vietnamese needs no shaping, and the result does not depend on
    # whether libraqm is there.
    return ImageFont.truetype(
        str(face_path(face)), eighths / 8, layout_engine=ImageFont.Layout.BASIC
    )


@lru_cache(maxsize=2 * _PAPERS)
def _paper(size: tuple[int, int], kind: int) -> Image.Image:
    """An empty sheet with its grain."""
    sheet = Image.new("RGB", size, (246 - kind, 241 - 2 * kind, 226 - 5 * kind))
    return _with_grain(sheet, seeded(f"kho-demo/paper/{kind}"), strength=2)


@lru_cache(maxsize=2)
def _wear(size: tuple[int, int]) -> Image.Image:
    """How much of the ink is left, between two thirds and all of it."""
    white = Image.new("RGB", size, (212, 212, 212))
    return _with_grain(white, seeded("kho-demo/wear"), strength=42).getchannel(0)


def _draw_signature(rng: Random, draw: ImageDraw.ImageDraw, run: Run, scale: float) -> None:
    x, y = (run.x + 8) * scale, (PAGE_HEIGHT - run.y - 34) * scale
    points = []
    phase, turns = rng.uniform(0, 2 * pi), rng.uniform(3.5, 5.5)
    for step in range(90):
        t = step / 89
        along = t * 96 + 14 * sin(turns * 2 * pi * t + phase)
        across = (18 - 11 * t) * cos(turns * 2 * pi * t) - 12 * t
        points.append((x + along * scale, y + across * scale))
    draw.line(points, _BALLPOINT, max(1, round(0.9 * scale)), joint="curve")


def _press_seal(image: Image.Image, run: Run, scale: float) -> None:
    """A round red seal over a third of the signature, as the rules on seals have it."""
    radius = 50 * scale
    left = round((run.x - 6) * scale - radius)
    top = round((PAGE_HEIGHT - run.y - 38) * scale - radius)
    side = round(2 * radius) + 1
    layer = Image.new("RGB", (side, side), (255, 255, 255))
    draw = ImageDraw.Draw(layer)
    for share, width in ((1.0, 2.2), (0.9, 0.8), (0.58, 0.8)):
        r = radius * share
        box = (radius - r, radius - r, radius + r, radius + r)
        draw.ellipse(box, outline=_SEAL, width=max(1, round(width * scale)))
    star = []
    for point in range(10):
        r = radius * (0.34 if point % 2 == 0 else 0.14)
        star.append((radius + r * sin(point * pi / 5), radius - r * cos(point * pi / 5)))
    draw.polygon(star, fill=_SEAL)
    box = (left, top, left + side, top + side)
    image.paste(ImageChops.multiply(image.crop(box), layer), box)


def _with_grain(image: Image.Image, rng: Random, *, strength: int) -> Image.Image:
    """Add noise around zero: a seeded tile, laid at a random offset and repeated."""
    tile = _grain_tile(strength)
    left, top = rng.randrange(_GRAIN), rng.randrange(_GRAIN)
    grain = Image.new("L", image.size)
    for x in range(-left, image.width, _GRAIN):
        for y in range(-top, image.height, _GRAIN):
            grain.paste(tile, (x, y))
    layer = Image.merge("RGB", (grain, grain, grain))
    return ImageChops.add(image, layer, offset=-128)


@cache
def _grain_tile(strength: int) -> Image.Image:
    noise = Image.frombytes("L", (_GRAIN, _GRAIN), seeded("kho-demo/grain").randbytes(_GRAIN**2))
    low, high = 128 - strength, 128 + strength
    noise = noise.filter(ImageFilter.GaussianBlur(0.6))
    return noise.point([round(low + (high - low) * value / 255) for value in range(256)])


def _draw_hill(rng: Random, draw: ImageDraw.ImageDraw, width: int, horizon: int, hill: int) -> None:
    height, phase = rng.randrange(50, 120) - 25 * hill, rng.uniform(0, 2 * pi)
    ridge = [
        (x, horizon - height * (0.6 + 0.4 * sin(x / (130 + 40 * hill) + phase)))
        for x in range(0, width + 20, 20)
    ]
    colour = (104 - 18 * hill, 124 - 10 * hill, 122 - 26 * hill)
    draw.polygon([*ridge, (width, horizon), (0, horizon)], fill=colour)


def _draw_water(
    rng: Random, draw: ImageDraw.ImageDraw, width: int, horizon: int, height: int
) -> None:
    x, y = rng.randrange(-100, width), rng.randrange(horizon + 30, height)
    long, thick = rng.randrange(120, 420), rng.randrange(6, 26)
    shade = rng.randrange(-14, 14)
    draw.ellipse((x, y, x + long, y + thick), fill=(150 + shade, 152 + shade, 138 + shade))


def _draw_house(rng: Random, draw: ImageDraw.ImageDraw, width: int, horizon: int) -> None:
    x, y = rng.randrange(0, width), horizon + rng.randrange(4, 60)
    w, h = rng.randrange(34, 74), rng.randrange(18, 34)
    draw.rectangle((x, y - h, x + w, y), fill=(206, 196, 176))
    draw.polygon([(x - 6, y - h), (x + w / 2, y - h - 20), (x + w + 6, y - h)], fill=(150, 74, 58))
    draw.rectangle((x + w * 0.4, y - h * 0.7, x + w * 0.6, y), fill=(84, 72, 64))

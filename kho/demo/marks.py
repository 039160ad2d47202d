"""Draws what a reader sees of a digital signature: the signer's hand and the agency's red seal.

Nghị định 30/2020/NĐ-CP has both shown as pictures above the signer's name, the seal over a third of
the signature. They prove nothing; the signatures themselves are made by `signing`.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, pi, sin
from random import Random

from reportlab.pdfgen.canvas import Canvas

from kho.demo.chance import seeded
from kho.demo.layout import Page, Run

_INK = (0.15, 0.20, 0.55)
_SEAL = (0.80, 0.10, 0.13)
_RADIUS = 42.0


@dataclass(frozen=True)
class Marks:
    """Whose signature, whether with a seal, and a name that the strokes are drawn from."""

    signer: str
    sealed: bool
    name: str


def draw_marks(canvas: Canvas, page: Page, marks: Marks) -> None:
    """The pictures above the signer's name, if it stands on this page."""
    run = next((run for run in page.runs if run.text == marks.signer), None)
    if run is None:
        return
    canvas.saveState()
    if marks.sealed:
        _draw_seal(canvas, run.x - 4, run.y + 42)
    _draw_hand(canvas, seeded(f"{marks.name}/hand"), run)
    canvas.restoreState()


def _draw_hand(canvas: Canvas, rng: Random, run: Run) -> None:
    phase, turns = rng.uniform(0, 2 * pi), rng.uniform(3.5, 5.5)
    path = canvas.beginPath()
    for step in range(60):
        t = step / 59
        x = run.x + 8 + t * 96 + 14 * sin(turns * 2 * pi * t + phase)
        y = run.y + 34 - (18 - 11 * t) * cos(turns * 2 * pi * t) + 12 * t
        if step == 0:
            path.moveTo(x, y)
        else:
            path.lineTo(x, y)
    canvas.setStrokeColorRGB(*_INK)
    canvas.setLineWidth(1.1)
    canvas.setLineJoin(1)
    canvas.drawPath(path)


def _draw_seal(canvas: Canvas, x: float, y: float) -> None:
    canvas.setStrokeColorRGB(*_SEAL)
    canvas.setFillColorRGB(*_SEAL)
    for share, width in ((1.0, 2.0), (0.9, 0.7), (0.58, 0.7)):
        canvas.setLineWidth(width)
        canvas.circle(x, y, _RADIUS * share)
    star = canvas.beginPath()
    for point in range(10):
        r = _RADIUS * (0.34 if point % 2 == 0 else 0.14)
        corner = (x + r * sin(point * pi / 5), y + r * cos(point * pi / 5))
        if point == 0:
            star.moveTo(*corner)
        else:
            star.lineTo(*corner)
    star.close()
    canvas.drawPath(star, stroke=0, fill=1)

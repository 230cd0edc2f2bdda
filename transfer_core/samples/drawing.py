"""Draws single pictures of the sample sets: shapes before busy backgrounds, and textures.

Whatever should not give the class away (color, place, size, turn, light, noise) is drawn from one distribution for all
classes, so that only the form is left to learn from.
"""

import colorsys
import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

__all__ = ["PATTERNS", "SHAPES", "SIDE", "draw_pattern", "draw_shape"]

SIDE = 160
"""Width and height of a picture, in pixels."""

_FINE = 3  # outlines are drawn this much larger and scaled down, which smooths their edges

Floats = NDArray[np.float64]


def _polygon(corners: int, inner: float = 1.0) -> Floats:
    """Corners of a regular polygon around the origin, every other one at radius `inner`; shape (corners, 2)."""
    angles = np.arange(corners) * (2 * math.pi / corners)
    radii = np.where(np.arange(corners) % 2, inner, 1.0)
    return np.stack([radii * np.sin(angles), -radii * np.cos(angles)], axis=1)


SHAPES: dict[str, Callable[[np.random.Generator], Floats]] = {
    "circle": lambda rng: _polygon(90),
    "square": lambda rng: _polygon(4),
    "star": lambda rng: _polygon(10, rng.uniform(0.38, 0.5)),
    "triangle": lambda rng: _polygon(3),
}
"""Outline of each class of the shapes, at any size, as corners of shape (n, 2)."""


def draw_shape(name: str, rng: np.random.Generator) -> Image.Image:
    """Draw a shape of a random color, place, size, turn and slight stretch on a busy background; RGB, 160 x 160."""
    canvas = _background(rng)
    backdrop = canvas.mean(axis=(0, 1))
    _add_clutter(canvas, rng)
    color = _color(rng, apart_from=backdrop)

    corners = SHAPES[name](rng)
    # One distribution of areas for all classes, or size alone would tell a triangle from a circle.
    corners *= math.sqrt(rng.uniform(0.07, 0.27) / _area(corners)) * SIDE
    turn, stretch = rng.uniform(0, 2 * math.pi), rng.uniform(0.9, 1 / 0.9)
    corners = _turned(_turned(corners, turn) * [stretch, 1 / stretch], rng.uniform(0, 2 * math.pi))
    reach = np.abs(corners).max(axis=0)
    corners += [rng.uniform(edge, SIDE - edge) if edge < SIDE / 2 else SIDE / 2 for edge in reach + 3]

    mask = _mask(corners)
    shadow = _blurred(_mask(corners + rng.uniform(2, 6, 2)), rng.uniform(3, 6))
    canvas *= 1 - rng.uniform(0.15, 0.45) * shadow[..., None]
    shade = 1 + rng.uniform(0.05, 0.22) * _ramp(rng)
    canvas += mask[..., None] * (color * shade[..., None] - canvas)
    return _finished(canvas, rng)


def _stripes(u: Floats, v: Floats, rng: np.random.Generator) -> Floats:
    return np.abs((u % 1) - 0.5) - rng.uniform(0.17, 0.33)


def _waves(u: Floats, v: Floats, rng: np.random.Generator) -> Floats:
    swing, length = rng.uniform(0.35, 0.7), rng.uniform(1.8, 3.2)
    return _stripes(u + swing * np.sin(2 * math.pi * v / length), v, rng)


def _checkerboard(u: Floats, v: Floats, rng: np.random.Generator) -> Floats:
    return np.sin(math.pi * u) * np.sin(math.pi * v) / math.pi


def _dots(u: Floats, v: Floats, rng: np.random.Generator) -> Floats:
    shifted = u + 0.5 * (np.floor(v) % 2) if rng.random() < 0.5 else u
    return np.hypot(shifted % 1 - 0.5, v % 1 - 0.5) - rng.uniform(0.24, 0.38)


PATTERNS: dict[str, Callable[[Floats, Floats, np.random.Generator], Floats]] = {
    "checkerboard": _checkerboard,
    "dots": _dots,
    "stripes": _stripes,
    "waves": _waves,
}
"""Each class of the patterns as a function of coordinates in periods, negative inside and positive outside a mark."""


def draw_pattern(name: str, rng: np.random.Generator) -> Image.Image:
    """Draw a texture of random colors, contrast, scale, direction and slight perspective; RGB, 160 x 160."""
    period = math.exp(rng.uniform(math.log(14), math.log(38)))
    y, x = (np.mgrid[:SIDE, :SIDE] - SIDE / 2) / period
    # A plane seen at a slant: periods shrink towards one side.
    direction = rng.uniform(0, 2 * math.pi)
    slant = 1 + rng.uniform(0, 0.3) * (math.cos(direction) * x + math.sin(direction) * y) * period / (SIDE / 2)
    points = _turned(np.stack([x / slant, y / slant], axis=-1), rng.uniform(0, 2 * math.pi)) + rng.uniform(0, 8, 2)
    distance = PATTERNS[name](points[..., 0], points[..., 1], rng)
    # Half a pixel of softness at the edge of a mark, or a few where the picture is a little out of focus.
    ink = np.clip(0.5 - distance * period / rng.uniform(1.2, 4.5), 0, 1)

    ground = _color(rng)
    mark = _color(rng, apart_from=ground)
    strength = rng.uniform(0.45, 1)
    canvas = ground + strength * ink[..., None] * (mark - ground)
    canvas *= 1 + rng.uniform(0, 0.25) * _ramp(rng)[..., None] + rng.uniform(0, 0.3) * _blotches(rng, 4)[..., None]
    return _finished(canvas, rng)


def _color(rng: np.random.Generator, apart_from: Floats | None = None) -> Floats:
    """A color as RGB in 0..1, of a lightness well apart from that of another."""
    while True:
        color = np.array(colorsys.hsv_to_rgb(rng.random(), rng.uniform(0.15, 0.85), rng.uniform(0.2, 1)))
        if apart_from is None or abs(_lightness(color) - _lightness(apart_from)) > 0.22:
            return color


def _lightness(color: Floats) -> float:
    return float(color @ [0.299, 0.587, 0.114])  # luma of ITU-R BT.601


def _background(rng: np.random.Generator) -> Floats:
    """A gradient between two colors with soft blotches; shape (160, 160, 3), about 0..1."""
    first, second = _color(rng), _color(rng)
    second = first + rng.uniform(0.3, 0.8) * (second - first)
    share = np.clip(0.5 + 0.5 * _ramp(rng) + rng.uniform(0, 0.6) * _blotches(rng, int(rng.integers(3, 9))), 0, 1)
    return first + share[..., None] * (second - first)


def _add_clutter(canvas: Floats, rng: np.random.Generator) -> None:
    """Draw some faint strokes and blots over the background."""
    fine = Image.new("L", (SIDE * 2, SIDE * 2))
    for _ in range(rng.integers(2, 5)):
        fine.paste(0, (0, 0, *fine.size))
        pen = ImageDraw.Draw(fine)
        for _ in range(rng.integers(1, 5)):
            points = rng.uniform(-40, SIDE * 2 + 40, (int(rng.integers(2, 5)), 2))
            pen.line([(x, y) for x, y in points], fill=255, width=int(rng.integers(2, 9)), joint="curve")
        for x, y in rng.uniform(0, SIDE * 2, (int(rng.integers(0, 6)), 2)):
            side = rng.uniform(3, 14, 2)
            pen.rectangle((x, y, x + side[0], y + side[1]), fill=255)
        mask = _unit(fine.reduce(2)) * rng.uniform(0.15, 0.5)
        canvas += mask[..., None] * (_color(rng) - canvas)


def _area(corners: Floats) -> float:
    x, y = corners.T
    return float(abs(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2  # shoelace formula


def _turned(points: Floats, angle: float) -> Floats:
    cos, sin = math.cos(angle), math.sin(angle)
    turned: Floats = points @ np.array([[cos, sin], [-sin, cos]])
    return turned


def _mask(corners: Floats) -> Floats:
    """1 inside the polygon, 0 outside, smooth at the edge; shape (160, 160)."""
    fine = Image.new("L", (SIDE * _FINE, SIDE * _FINE))
    ImageDraw.Draw(fine).polygon([(x * _FINE, y * _FINE) for x, y in corners], fill=255)
    return _unit(fine.reduce(_FINE))


def _blurred(mask: Floats, radius: float) -> Floats:
    picture = Image.fromarray(np.rint(mask * 255).astype(np.uint8))
    return _unit(picture.filter(ImageFilter.GaussianBlur(radius)))


def _unit(picture: Image.Image) -> Floats:
    return np.asarray(picture, np.float64) / 255


def _ramp(rng: np.random.Generator) -> Floats:
    """Light that falls from one side, -1 to 1; shape (160, 160)."""
    angle = rng.uniform(0, 2 * math.pi)
    y, x = np.mgrid[:SIDE, :SIDE] / (SIDE / 2) - 1
    light: Floats = (math.cos(angle) * x + math.sin(angle) * y) / math.sqrt(2)
    return light


def _blotches(rng: np.random.Generator, cells: int) -> Floats:
    """Smooth random light and shade, about -1 to 1; shape (160, 160)."""
    coarse = Image.fromarray(rng.uniform(-1, 1, (cells, cells)).astype(np.float32))
    return np.asarray(coarse.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float64)


def _finished(canvas: Floats, rng: np.random.Generator) -> Image.Image:
    """Add sensor noise and make it a picture."""
    noise = rng.normal(0, rng.uniform(0.005, 0.05), canvas.shape)
    return Image.fromarray(np.rint(np.clip(canvas + noise, 0, 1) * 255).astype(np.uint8))

"""The HTML report in a real browser, in both languages: what is shown, where it stands, and that it has been painted."""

from __future__ import annotations

import json
import re
import shutil
import struct
import subprocess
import zlib
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from shapan.verify.report import as_html
from tests.verify.fixture import report

BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = pytest.mark.skipif(
    BROWSER is None, reason="there is no Chromium on this machine (apt-get install chromium)"
)

WIDTH, HEIGHT = 1280, 4200
# Half the size: a picture of a quarter of the pixels says as much.
SCALE = 0.5
OTHER = {"en": "zh", "zh": "en"}
TITLES = {"en": "Shapan: is the integration right?", "zh": "沙盘：集成是否正确？"}
PARTS = ("#counts", "#ended", "#scenarios", "#kpis", "#delays", "section.failed-scenario", "#passed", "#coverage")

# Measures the page as it stands and leaves the answer in it. Boxes are [left, top, right, bottom].
RULER = """
<script>
addEventListener("load", () => {
  const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
  const boxes = selector => [...document.querySelectorAll(selector)].filter(e => e.getClientRects().length).map(box);
  const told = {width: document.documentElement.scrollWidth, height: document.body.getBoundingClientRect().height, boxes: {}};
  for (const selector of SELECTORS) told.boxes[selector] = boxes(selector);
  told.shown = [...document.querySelectorAll(".en, .zh")].filter(e => e.getClientRects().length).map(e => e.classList.contains("en") ? "en" : "zh");
  told.title = document.querySelector("h1").innerText;
  const answer = document.createElement("pre");
  answer.id = "measured";
  answer.textContent = JSON.stringify(told);
  answer.style.display = "none";
  document.body.append(answer);
});
</script>
"""
SELECTORS = [
    *PARTS, "h1", "svg.sequence", "svg.sequence .label", "svg.sequence .mark", "svg.sequence .box", "svg.delays", "svg.delays text",
    "svg.delays text.name",
    "svg.delays .bar", "svg.delays .bar.late", ".counts > div", ".counts b", "svg.delays line.limit",
]  # fmt: skip


@dataclass(frozen=True)
class Image:
    """A picture of 8-bit RGB or RGBA pixels."""

    width: int
    height: int
    step: int
    rows: list[bytes]

    def colours(self, box: list[float]) -> set[bytes]:
        """All colours (RGB) within a box."""
        left, top, right, bottom = (round(edge * SCALE) for edge in box)
        return {
            self.rows[y][x * self.step : x * self.step + 3]
            for y in range(max(top, 0), min(bottom, len(self.rows)))
            for x in range(max(left, 0), min(right, self.width))
        }


def read_png(content: bytes, bottom: float) -> Image:
    """PNG (ISO 15948), as Chromium writes it: 8 bits, RGB or RGBA, not interlaced. What is below `bottom` (CSS pixels) is not read."""
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = [], 8
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        chunks.append((content[at + 4 : at + 8], content[at + 8 : at + 8 + length]))
        at += 12 + length
    width, height, depth, kind, _, _, interlaced = struct.unpack(">IIBBBBB", chunks[0][1])
    assert (depth, interlaced) == (8, 0)
    step = {2: 3, 6: 4}[kind]
    data = zlib.decompress(b"".join(part for name, part in chunks if name == b"IDAT"))
    rows: list[bytes] = []
    before, size = bytes(width * step), width * step
    for y in range(min(height, round(bottom * SCALE))):
        start = y * (size + 1)
        before = _unfiltered(data[start], bytearray(data[start + 1 : start + 1 + size]), before, step)
        rows.append(before)
    return Image(width, height, step, rows)


def _unfiltered(kind: int, row: bytearray, above: bytes, step: int) -> bytes:
    for i in range(len(row)) if kind else ():
        left = row[i - step] if i >= step else 0
        up, corner = above[i], above[i - step] if i >= step else 0
        if kind == 4:
            guess = left + up - corner
            nearest = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
        row[i] = (row[i] + (0, left, up, (left + up) // 2, nearest if kind == 4 else 0)[kind]) & 0xFF
    return bytes(row)


def browse(folder: Path, *arguments: str) -> str:
    """Chromium without a window. Its standard output."""
    assert BROWSER is not None
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--force-device-scale-factor={SCALE}",
        "--disable-dev-shm-usage", "--no-first-run", "--blink-settings=preferredColorScheme=1",
        f"--user-data-dir={folder / 'profile'}", f"--window-size={WIDTH},{HEIGHT}", *arguments,
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=120, check=False, cwd=folder)
    assert done.returncode == 0, done.stderr
    return done.stdout


def measured(folder: Path, page: Path, language: str) -> dict[str, Any]:
    """What RULER found."""
    text = browse(folder, "--dump-dom", f"{page.as_uri()}#{language}")
    found = re.search(r'<pre id="measured"[^>]*>(.*?)</pre>', text, re.DOTALL)
    assert found is not None, text[-2000:]
    return dict(json.loads(found[1].replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&")))


def within(inner: list[float], outer: list[float], slack: float = 1.5) -> bool:
    signs = (-1, -1, 1, 1)
    return all(sign * (a - b) <= slack for sign, a, b in zip(signs, inner, outer, strict=True))


def reddish(colour: bytes) -> bool:
    red, green, blue = colour
    return red > 150 and green < 110 and blue < 110


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_is_whole_and_painted(scenario, tmp_path: Path, language: str) -> None:
    page = tmp_path / "report.html"
    html = as_html(report(scenario).as_dict())
    page.write_text(html.replace("</body>", RULER.replace("SELECTORS", json.dumps(SELECTORS)) + "</body>"), "utf-8")
    told = measured(tmp_path, page, language)
    boxes = told["boxes"]

    # One language, and nothing runs over the edge.
    assert told["title"] == TITLES[language]
    assert {*told["shown"]} == {language}
    assert len(told["shown"]) > 100
    assert told["width"] <= WIDTH
    assert 1500 < told["height"] < HEIGHT

    # Every part is there once, one below the other.
    bottom = boxes["h1"][0][3]
    for part in PARTS:
        [box] = boxes[part]
        assert box[1] >= bottom - 1, part
        assert box[2] - box[0] > 900, part
        assert box[3] - box[1] > 30, part
        bottom = box[3]
    assert len(boxes[".counts > div"]) == 5
    for number, card in zip(boxes[".counts b"], boxes[".counts > div"], strict=True):
        assert within(number, card)

    # The diagrams: every text inside, no label over another, the failing row marked.
    [sequence], [delays] = boxes["svg.sequence"], boxes["svg.delays"]
    labels = boxes["svg.sequence .label"]
    assert len(labels) == 8
    assert len(boxes["svg.sequence .box"]) == 5
    for text in labels:
        assert within(text, sequence)
    for upper, lower in pairwise(labels):
        assert upper[3] <= lower[1] + 1.5
    [mark] = boxes["svg.sequence .mark"]
    assert within(mark, sequence)
    assert mark[1] <= labels[-1][1]
    assert labels[-1][3] <= mark[3]
    for text in boxes["svg.delays text.name"]:
        assert all(text[2] < bar[0] for bar in boxes["svg.delays .bar"])
    for text in boxes["svg.delays text"]:
        assert within(text, delays)
    [limit], [late] = boxes["svg.delays line.limit"], boxes["svg.delays .bar.late"]
    assert [bar[2] > limit[0] for bar in boxes["svg.delays .bar"]] == [False] * 5 + [True]

    # It has been painted: letters and lines where they should be, in the colours that say what they mean.
    image = read_png(_screenshot(tmp_path, page, language), sequence[3] + 1)
    assert (image.width, image.height) == (WIDTH * SCALE, HEIGHT * SCALE)
    for part in ("h1", *PARTS[:5], "svg.sequence", "svg.delays"):
        assert len(image.colours(boxes[part][0])) > 10, part
    assert any(map(reddish, image.colours(late)))
    assert not any(map(reddish, image.colours(boxes["svg.delays .bar"][0])))
    assert any(map(reddish, image.colours(mark)))
    first = [sequence[0] + 70, labels[0][1], sequence[2], labels[0][3]]
    assert not any(map(reddish, image.colours(first)))


def _screenshot(folder: Path, page: Path, language: str) -> bytes:
    picture = folder / f"{language}.png"
    browse(folder, f"--screenshot={picture}", f"{page.as_uri()}#{language}")
    return picture.read_bytes()


def test_without_a_word_the_language_is_that_of_the_reader(scenario, tmp_path: Path) -> None:
    page = tmp_path / "report.html"
    html = as_html(report(scenario).as_dict())
    page.write_text(html.replace("</body>", RULER.replace("SELECTORS", '["h1"]') + "</body>"), "utf-8")
    found = re.search(
        r"\"title\":\"([^\"]*)\"", browse(tmp_path, "--lang=zh-CN", "--accept-lang=zh-CN", "--dump-dom", page.as_uri())
    )
    assert found is not None
    assert found[1] == TITLES["zh"]

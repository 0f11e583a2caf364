"""Pictures small enough for a README: a screenshot in few colours, as an indexed PNG."""

import base64
import struct
import zlib

from playwright.async_api import Browser

COLOURS = 256
SIGNATURE = b"\x89PNG\r\n\x1a\n"
# Gives width, height, the commonest colours with those that are least like them, and for each
# pixel which of these is nearest.
REDUCE = """
async ([png, most]) => {
  const blob = await (await fetch("data:image/png;base64," + png)).blob();
  const map = await createImageBitmap(blob);
  const canvas = new OffscreenCanvas(map.width, map.height).getContext("2d");
  canvas.drawImage(map, 0, 0);
  const { data } = canvas.getImageData(0, 0, map.width, map.height);
  const counts = new Map();
  const at = (n) => (data[n] << 16) | (data[n + 1] << 8) | data[n + 2];
  for (let n = 0; n < data.length; n += 4) counts.set(at(n), (counts.get(at(n)) ?? 0) + 1);
  const parts = (c) => [c >> 16, (c >> 8) & 255, c & 255];
  const far = (a, b) => parts(a).reduce((sum, one, n) => sum + (one - parts(b)[n]) ** 2, 0);
  const common = [...counts].sort((a, b) => b[1] - a[1]).map(([colour]) => colour);
  const near = new Map(common.map((colour) => [colour, { best: 0, gap: Infinity }]));
  const kept = [];
  const keep = (chosen) => {
    for (const [colour, one] of near) {
      const gap = far(colour, chosen);
      if (gap < one.gap) { one.best = kept.length; one.gap = gap; }
    }
    kept.push(chosen);
  };
  common.slice(0, most / 2).forEach(keep);
  while (kept.length < Math.min(most, common.length)) {
    keep(common.reduce((a, b) => (near.get(b).gap > near.get(a).gap ? b : a)));
  }
  let pixels = "";
  for (let n = 0; n < data.length; n += 4) pixels += String.fromCharCode(near.get(at(n)).best);
  return [map.width, map.height, kept, btoa(pixels)];
}
"""


async def reduced(made: Browser, png: bytes) -> bytes:
    """A PNG with at most `COLOURS` colours, less than half the size."""
    page = await made.new_page()
    told = await page.evaluate(REDUCE, [base64.b64encode(png).decode(), COLOURS])
    await page.close()
    width, height, colours, packed = told
    pixels = base64.b64decode(packed)
    lines = b"".join(b"\0" + pixels[n : n + width] for n in range(0, len(pixels), width))
    return (
        SIGNATURE
        + _chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0))
        + _chunk(b"PLTE", b"".join(one.to_bytes(3, "big") for one in colours))
        + _chunk(b"IDAT", zlib.compress(lines, 9))
        + _chunk(b"IEND", b"")
    )


def _chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

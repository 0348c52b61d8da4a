"""Gives the fuzzer real panoramas beside random bytes, so that it gets past the decoder."""

import struct
import zlib

import schemathesis
from hypothesis import strategies as st


def png(width: int, height: int) -> bytes:
    """A grey gradient as an 8-bit greyscale PNG (PNG specification, sections 5 and 11)."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + bytes((x + y) % 256 for x in range(width)) for y in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PANORAMA = png(128, 64)
IMAGES = st.one_of(st.just(PANORAMA), st.just(png(256, 64)), st.just(PANORAMA[:200]), st.binary(max_size=2000))

schemathesis.openapi.format("binary", IMAGES)
for kind in ("jpeg", "png", "webp", "avif", "tiff"):
    schemathesis.openapi.media_type(f"image/{kind}", IMAGES)

"""Writes the GeoTIFFs of this folder, one a variant, and expected.json: what rasterio reads of each.

    pip install rasterio==1.4.4 && python make.py

The picture is 40 x 32 pixels of smooth colours; a rectangle of it is no imagery where a file can say so. Not needed to run
the tests.
"""
import base64
import hashlib
import json
import os
import zlib

import numpy as np
import rasterio
from rasterio.enums import ColorInterp
from rasterio.shutil import copy
from rasterio.transform import Affine

HERE = os.path.dirname(os.path.abspath(__file__))
W, H = 40, 32
x, y = np.meshgrid(np.arange(W), np.arange(H))
RGB = np.stack([20 + 5 * x, 30 + 6 * y, 128 + 90 * np.sin(x / 6.0) * np.cos(y / 5.0)]).round().astype("uint8")
MASK = np.full((H, W), 255, "uint8")
MASK[8:20, 12:30] = 0
UTM = dict(crs="EPSG:32632", transform=Affine(0.5, 0, 500000, 0, -0.5, 5500000))
RGBA = (ColorInterp.red, ColorInterp.green, ColorInterp.blue, ColorInterp.alpha)
expected = {}
arrays = {}


def kept(array):
    """The key of an array's bytes among those that are kept, deflated, once each."""
    data = np.ascontiguousarray(array).tobytes()
    key = hashlib.sha256(data).hexdigest()[:8]
    arrays[key] = base64.b64encode(zlib.compress(data, 9)).decode()
    return key


def save(name, data, dtype="uint8", mask=None, interp=None, scale=1.0, tolerance=0.51, internal=True, **options):
    path = os.path.join(HERE, name + ".tif")
    profile = dict(driver="GTiff", width=W, height=H, count=data.shape[0], dtype=dtype, **UTM)
    profile.update(options)
    with rasterio.Env(GDAL_TIFF_INTERNAL_MASK=internal):
        with rasterio.open(path, "w", **profile) as file:
            file.write(data.astype(dtype))
            if interp:
                file.colorinterp = interp
            if mask is not None:
                file.write_mask(mask)
    note(name, scale, tolerance)


def note(name, scale=1.0, tolerance=0.51, colours=None):
    path = os.path.join(HERE, name + ".tif")
    with rasterio.open(path) as file:
        bands, mask = file.read(), file.dataset_mask()
    shown = colours if colours is not None else (bands[:3] if bands.shape[0] >= 3 else np.repeat(bands[:1], 3, axis=0))
    rgb = np.clip(np.nan_to_num(shown.astype("float64")) * scale, 0, 255).round().astype("uint8")
    expected[name] = dict(
        rgb=kept(rgb.transpose(1, 2, 0)),
        valid=kept((mask > 127).astype("uint8")),
        tolerance=tolerance,
    )


tiles = dict(tiled=True, blockxsize=16, blockysize=16)
for codec in ["NONE", "LZW", "DEFLATE", "PACKBITS", "ZSTD"]:
    kind = codec.lower()
    save(f"{kind}-strips", RGB, compress=codec, blockysize=5)
    save(f"{kind}-tiles-planar-big-endian", RGB, compress=codec, interleave="band", ENDIANNESS="BIG", **tiles)
    save(f"{kind}-uint16-tiles-big-endian", RGB.astype("uint16") * 16, "uint16", compress=codec, ENDIANNESS="BIG",
         scale=255 / 4095, **tiles)
for codec in ["LZW", "DEFLATE", "ZSTD"]:
    kind = codec.lower()
    save(f"{kind}-predictor2-uint16", RGB.astype("uint16") * 200, "uint16", compress=codec, predictor=2, scale=255 / 65535)
    save(f"{kind}-predictor2-uint16-big-endian", RGB.astype("uint16") * 200, "uint16", compress=codec, predictor=2,
         ENDIANNESS="BIG", scale=255 / 65535)
    save(f"{kind}-predictor3-float", RGB / 255.0, "float32", compress=codec, predictor=3, scale=255, **tiles)
save("bigtiff-deflate", RGB, compress="DEFLATE", BIGTIFF="YES", **tiles)
save("bigtiff-big-endian", RGB, BIGTIFF="YES", ENDIANNESS="BIG", blockysize=3)
save("jpeg-ycbcr-mask", RGB, mask=MASK, compress="JPEG", photometric="YCBCR", JPEG_QUALITY=95, tolerance=24, **tiles)
save("jpeg-rgb-planar", RGB, compress="JPEG", interleave="band", JPEG_QUALITY=95, tolerance=12, **tiles)
save("jpeg-rgba", np.concatenate([RGB, MASK[None]]), interp=RGBA, compress="JPEG", JPEG_QUALITY=95, tolerance=16, **tiles)
save("webp-lossless", RGB, compress="WEBP", WEBP_LOSSLESS=True, **tiles)
save("webp-lossless-alpha", np.concatenate([RGB, MASK[None]]), interp=RGBA, compress="WEBP", WEBP_LOSSLESS=True, **tiles)
for packing in ["LERC", "LERC_DEFLATE", "LERC_ZSTD"]:
    save(f"{packing.lower().replace('_', '-')}", RGB, compress=packing, MAX_Z_ERROR=0, **tiles)
save("lerc-alpha", np.concatenate([RGB, MASK[None]]), interp=RGBA, compress="LERC", MAX_Z_ERROR=0, **tiles)
NAN = np.where(MASK[None] == 0, np.nan, RGB / 255.0)
save("lerc-float-nan", NAN, "float32", compress="LERC", nodata=np.nan, scale=255, **tiles)
save("nodata-nan-float64", NAN, "float64", compress="DEFLATE", nodata=np.nan, scale=255)
for value in [0, 255]:
    save(f"nodata-{value}", np.where(MASK == 0, value, RGB), compress="DEFLATE", nodata=value)
save("nodata-65535", np.where(MASK == 0, 65535, RGB.astype("uint16") * 200), "uint16", nodata=65535, compress="LZW",
     scale=255 / 65535)
save("nodata-minus-9999-int16", np.where(MASK == 0, -9999, RGB.astype("int16") * 4), "int16", nodata=-9999, scale=255 / 1023)
save("nodata-minus-9999-float", np.where(MASK == 0, -9999, RGB / 255.0), "float32", nodata=-9999, scale=255)
save("alpha", np.concatenate([RGB, MASK[None]]), interp=RGBA, compress="DEFLATE")
save("grey-alpha", np.stack([RGB[0], MASK]), compress="DEFLATE", photometric="MINISBLACK", alpha="YES")
save("mask", RGB, mask=MASK, compress="DEFLATE")
save("mask-beside", RGB, mask=MASK, internal=False)
save("minisblack-3", RGB, photometric="MINISBLACK")
save("miniswhite", RGB[:1], photometric="MINISWHITE")
with rasterio.open(os.path.join(HERE, "miniswhite.tif")) as file:
    note("miniswhite", colours=255 - np.repeat(file.read(), 3, axis=0))
for bits in [1, 2, 4, 10, 11, 12, 15]:
    most = 2**bits - 1
    data = (RGB / 255.0 * most).round()
    save(f"bits-{bits}", data, "uint8" if bits <= 8 else "uint16", NBITS=bits, scale=255 / most)
save("bits-12-planar-big-endian", (RGB / 255.0 * 4095).round(), "uint16", NBITS=12, interleave="band", ENDIANNESS="BIG",
     compress="DEFLATE", scale=255 / 4095)
save("half-float", RGB / 255.0, "float32", NBITS=16, compress="DEFLATE", scale=255)
index = (RGB[0] // 64) * 4 + RGB[1] // 64
with rasterio.open(os.path.join(HERE, "palette-nodata.tif"), "w", driver="GTiff", width=W, height=H, count=1, dtype="uint8",
                   photometric="PALETTE", nodata=200, **UTM) as file:
    file.write(np.where(MASK == 0, 200, index).astype("uint8"), 1)
    file.write_colormap(1, {k: (k // 4 * 80, k % 4 * 60, 90, 255) for k in range(16)})
note("palette-nodata", colours=np.stack([index // 4 * 80, index % 4 * 60, index * 0 + 90]))
with rasterio.open(os.path.join(HERE, "sparse.tif"), "w", driver="GTiff", width=W, height=H, count=3, dtype="uint8",
                   SPARSE_OK=True,
                   **UTM, **tiles) as file:
    file.write(RGB[:, :16, :], window=((0, 16), (0, W)))
note("sparse")
# GDAL reads blocks that were never written as 0; here they are no imagery.
expected["sparse"]["valid"] = kept(np.repeat((np.arange(H) < 16).astype("uint8"), W))
for codec in ["JPEG", "DEFLATE"]:
    name = f"cog-{codec.lower()}-overviews-mask"
    copy(os.path.join(HERE, "mask.tif"), os.path.join(HERE, name + ".tif"), driver="COG", compress=codec, blocksize=16,
         quality=95)
    note(name, tolerance=24 if codec == "JPEG" else 0.51)
used = {key for entry in expected.values() for key in (entry["rgb"], entry["valid"])}
lines = ",\n".join(f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in sorted(expected.items()))
head = {"rasterio": rasterio.__version__, "gdal": rasterio.__gdal_version__, "widthPx": W, "heightPx": H}
with open(os.path.join(HERE, "expected.json"), "w") as file:
    rows = ",\n".join(f"  {json.dumps(key)}: {json.dumps(arrays[key])}" for key in sorted(used))
    file.write('{\n "readBy": ' + json.dumps(head) + ',\n "files": {\n' + lines + '\n },\n "arrays": {\n' + rows + "\n }\n}\n")
for name in os.listdir(HERE):
    if name.endswith(".aux.xml"):
        os.remove(os.path.join(HERE, name))

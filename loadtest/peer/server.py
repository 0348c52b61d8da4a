"""What a Python user would put together for the same task in an afternoon: FastAPI, OpenCV, OpenVINO or PyTorch, faiss.

The same bundle, index and panoramas as skyfix: decode, remap by cached maps to the ground, area resize, generator, encoder at
every look, HNSW search, a vote of the looks. Nothing is checked, bounded or watched, which is in its favour.

    python server.py --backend openvino --bundle models/small-town --index INDEX --port 9000
"""

import argparse
import csv
import importlib.util
import json
import math
import re
import struct
import sys
from pathlib import Path

NEEDED = {
    "openvino": ["fastapi", "uvicorn", "numpy", "cv2", "faiss", "openvino"],
    "torch": ["fastapi", "uvicorn", "numpy", "cv2", "faiss", "torch", "onnx2torch"],
}
METRES_PER_DEGREE = 111_195.0
NEIGHBOURS = 64
PANORAMA_WIDTH = 2048


def rows_in(raw, kind, numpy):
    _, count, dimensions = struct.unpack_from("<III", raw, 8)
    values = numpy.frombuffer(raw, dtype=kind, offset=32, count=count * dimensions)
    return values.reshape(count, dimensions).astype(numpy.float32)


def read_descriptors(index, numpy):
    for name, kind in (("descriptors.f32", "<f4"), ("descriptors.f16", "<f2"), ("descriptors.i8", "i1")):
        if not (index / name).exists():
            continue
        raw = (index / name).read_bytes()
        version, _, _, _, shards = struct.unpack_from("<IIIII", raw, 8)
        files = [raw]
        if version == 3:
            sums = [raw[36 + 36 * k : 68 + 36 * k].hex() for k in range(shards)]
            files = [(index / "descriptors" / f"{sha256}{Path(name).suffix}").read_bytes() for sha256 in sums]
        rows = numpy.concatenate([rows_in(one, kind, numpy) for one in files])
        return rows / numpy.linalg.norm(rows, axis=1, keepdims=True)
    raise FileNotFoundError(f"{index} has no descriptors")


def read_places(index, numpy):
    if (index / "catalogue.bin").exists():
        raw = (index / "catalogue.bin").read_bytes()
        (count,) = struct.unpack_from("<I", raw, 12)
        lon, lat = numpy.frombuffer(raw, dtype="<f8", offset=72, count=2 * count).reshape(2, count)
        return lon, lat
    with open(index / "catalogue.csv", newline="") as lines:
        rows = list(csv.DictReader(lines))
    return [numpy.array([float(row[name]) for row in rows]) for name in ("lon", "lat")]


def missing(backend):
    return [name for name in NEEDED[backend] if importlib.util.find_spec(name) is None]


def network(path, backend, threads):
    """A function from float32 [B, 3, H, W] to the network's output."""
    if backend == "openvino":
        import openvino

        properties = {"PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": threads}
        compiled = openvino.Core().compile_model(str(path), "CPU", properties)
        return lambda batch: compiled([batch])[0]
    import onnx2torch
    import torch

    torch.set_num_threads(threads)
    module = onnx2torch.convert(with_float_constants(path)).eval()

    def run(batch):
        with torch.inference_mode():
            return module(torch.from_numpy(batch)).numpy()

    return run


def with_float_constants(path):
    """The network with what it stores as float16 and casts where it is used as float32, since onnx2torch casts no constants."""
    import numpy
    import onnx

    model = onnx.load(str(path))
    graph = model.graph
    constants = {constant.name: constant for constant in graph.initializer}
    for node in list(graph.node):
        if node.op_type == "Cast" and node.input[0] in constants:
            values = onnx.numpy_helper.to_array(constants[node.input[0]]).astype(numpy.float32)
            graph.initializer.append(onnx.numpy_helper.from_array(values, node.output[0]))
            graph.node.remove(node)
    return model


class Locator:
    def __init__(self, bundle, index, backend, threads):
        import faiss
        import numpy

        self.np = numpy
        manifest = json.loads((bundle / "bundle.json").read_text())
        geometry = manifest["geometry"]
        self.tile_px = geometry["inputSizePx"]
        self.margin_px = geometry.get("searchMarginPx", 0)
        self.step_px = geometry.get("searchStepPx", self.margin_px) or 1
        self.view_px = self.tile_px + 2 * self.margin_px
        self.factor = geometry["bevSizePx"] // self.tile_px
        self.gsd_m = geometry["tileSizeM"] / geometry["bevSizePx"]
        self.camera_m = geometry["cameraHeightM"]
        generator = bundle / "generator.onnx"
        self.generator = network(generator, backend, threads) if generator.exists() else None
        self.encoder = network(bundle / "encoder.onnx", backend, threads)
        self.maps = {}

        version = json.loads((index / "index.json").read_text())
        graph = version["graph"]
        descriptors = read_descriptors(index, numpy)
        dimensions = descriptors.shape[1]
        self.graph = faiss.IndexHNSWFlat(dimensions, graph["m"], faiss.METRIC_INNER_PRODUCT)
        self.graph.hnsw.efConstruction = graph["efConstruction"]
        self.graph.hnsw.efSearch = graph["efSearch"]
        self.graph.add(descriptors)
        faiss.omp_set_num_threads(threads)
        self.lon, self.lat = read_places(index, numpy)
        self.east = (self.lon - self.lon[0]) * METRES_PER_DEGREE * math.cos(math.radians(self.lat[0]))
        self.north = (self.lat - self.lat[0]) * METRES_PER_DEGREE
        steps = range(0, 2 * self.margin_px + 1, self.step_px)
        self.corners = [(top, left) for top in steps for left in steps]

    def map_of(self, width, height):
        """Cached: the panorama's columns and rows of each BEV pixel, for a level camera that looks north."""
        if (width, height) not in self.maps:
            np = self.np
            size = self.view_px * self.factor
            metres = (np.arange(size) - (size / 2 - 0.5)) * self.gsd_m
            east, north = np.meshgrid(metres, -metres)
            azimuth = np.arctan2(east, north)
            down = np.arctan2(self.camera_m, np.hypot(east, north))
            u = width * (0.5 + azimuth / (2 * np.pi)) - 0.5
            v = height * (0.5 + down / np.pi) - 0.5
            self.maps[width, height] = (u.astype(np.float32), v.astype(np.float32))
        return self.maps[width, height]

    def locate(self, body, top=5):
        import cv2

        np = self.np
        panorama = cv2.imdecode(np.frombuffer(body, np.uint8), cv2.IMREAD_COLOR)
        height, width = panorama.shape[:2]
        if width > PANORAMA_WIDTH:
            panorama = cv2.resize(panorama, (PANORAMA_WIDTH, PANORAMA_WIDTH // 2), interpolation=cv2.INTER_AREA)
            height, width = panorama.shape[:2]
        found = re.search(rb'PoseHeadingDegrees[>="\s]+([\d.]+)', body)
        heading = float(found.group(1)) if found else 0.0
        u, v = self.map_of(width, height)
        turned = np.mod(u - heading / 360 * width, width)
        bev = cv2.remap(panorama, turned, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
        bev = cv2.resize(bev, (self.view_px, self.view_px), interpolation=cv2.INTER_AREA)
        view = np.ascontiguousarray(bev[:, :, ::-1].transpose(2, 0, 1)[None], dtype=np.float32) / 255
        if self.generator:
            view = np.clip(self.generator(view * 2 - 1) * 0.5 + 0.5, 0, 1)
        size = self.tile_px
        looks = np.stack([view[0, :, top_ : top_ + size, left : left + size] for top_, left in self.corners])
        scores, tiles = self.graph.search(np.ascontiguousarray(self.encoder(looks)), NEIGHBOURS)
        return self.vote(scores, tiles, top)

    def vote(self, scores, tiles, top):
        """Each look says where the camera stands if its tile is right; the cells of 4 m with most of that win."""
        np = self.np
        metres = self.gsd_m * self.factor
        offsets = np.array([(left - self.margin_px, self.margin_px - top_) for top_, left in self.corners]) * metres
        east = (self.east[tiles] - offsets[:, 0:1]).ravel()
        north = (self.north[tiles] - offsets[:, 1:2]).ravel()
        weights = np.exp((scores.ravel() - 1) / 0.05)
        cells, which = np.unique(np.stack([np.round(east / 4), np.round(north / 4)], 1), axis=0, return_inverse=True)
        votes = np.bincount(which.ravel(), weights)
        best = np.argsort(-votes)[:top]
        scale = METRES_PER_DEGREE * math.cos(math.radians(self.lat[0]))
        return [
            {
                "rank": rank + 1,
                "lon": float(self.lon[0] + cells[k][0] * 4 / scale),
                "lat": float(self.lat[0] + cells[k][1] * 4 / METRES_PER_DEGREE),
                "score": float(votes[k]),
            }
            for rank, k in enumerate(best)
        ]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=sorted(NEEDED), default="openvino")
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--index", type=Path, help="made with that bundle")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--port", type=int, default=9000)
    parser.add_argument("--check", action="store_true", help="only say which packages are missing")
    flags = parser.parse_args()
    lacking = missing(flags.backend)
    if lacking:
        print(f"missing packages: {', '.join(lacking)}")
        sys.exit(3)
    if flags.check:
        return
    if not (flags.bundle and flags.index):
        parser.error("--bundle and --index are needed: an index made with that bundle")

    import uvicorn
    from fastapi import FastAPI, Request
    from fastapi.concurrency import run_in_threadpool

    locator = Locator(flags.bundle, flags.index, flags.backend, flags.threads)
    app = FastAPI()

    @app.get("/readyz")
    def ready():
        return {"ready": True}

    @app.post("/locate")
    async def locate(request: Request):
        body = await request.body()
        return {"results": await run_in_threadpool(locator.locate, body)}

    uvicorn.run(app, host="127.0.0.1", port=flags.port, log_level="warning")


if __name__ == "__main__":
    main()

"""What OpenCV takes on one core to decode a panorama, and to look a BEV up by cached maps and average it down.

Milliseconds, as JSON:

    python pixels.py panorama.jpg 25 512 144
"""

import json
import sys
import time


def times_of(rounds, run):
    for _ in range(rounds // 4 + 1):
        run()
    times = []
    for _ in range(rounds):
        started = time.perf_counter()
        run()
        times.append(1000 * (time.perf_counter() - started))
    return times


def main():
    path, rounds, *sizes = sys.argv[1:]
    try:
        import cv2
        import numpy as np
    except ImportError as error:
        print(error)
        sys.exit(3)
    cv2.setNumThreads(1)
    upload = np.fromfile(path, np.uint8)
    panorama = cv2.imdecode(upload, cv2.IMREAD_COLOR)
    height, width = panorama.shape[:2]
    rounds = int(rounds)
    result = {"decode": times_of(rounds, lambda: cv2.imdecode(upload, cv2.IMREAD_COLOR))}
    for size in map(int, sizes):
        metres = (np.arange(size) - (size / 2 - 0.5)) * 72 / size
        east, north = np.meshgrid(metres, -metres)
        u = width * (0.5 + np.arctan2(east, north) / (2 * np.pi)) - 0.5
        v = height * (0.5 + np.arctan2(2.5, np.hypot(east, north)) / np.pi) - 0.5
        maps = cv2.convertMaps(u.astype(np.float32), v.astype(np.float32), cv2.CV_16SC2)

        def look_up():
            bev = cv2.remap(panorama, *maps, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
            return cv2.resize(bev, (size // 2, size // 2), interpolation=cv2.INTER_AREA)

        result[str(size)] = times_of(rounds, look_up)
    print(json.dumps(result))


if __name__ == "__main__":
    main()

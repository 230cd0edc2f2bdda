"""Asks the classifier beside this file about photos: python predict.py photo.jpg another.jpg

With --json before the photos it prints a line of JSON for each.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
from read_photo import read_square
from runtime import load

HERE = Path(__file__).parent
LABELS = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
MODEL = load(HERE)
KNOWN = dict(np.load(HERE / "known.npz")) if (HERE / "known.npz").exists() else {}
"""What the classifier learned from, as it sees it: `features`, a row of length 1 a photo, and the `threshold`."""


def answer(photo: str) -> tuple[dict[str, float], bool]:
    """Give the probability of each class, 0 to 1, and whether the photo looks like none of them."""
    pixels = read_square(Path(photo).read_bytes(), LABELS["input_size"])
    shares, features = MODEL(pixels[None].astype(np.float32))
    return dict(zip(LABELS["classes"], shares.tolist(), strict=True)), is_new(features)


def is_new(features: np.ndarray) -> bool:
    """Whether fewer than five of the photos learned from look as much alike as the classes' own photos do."""
    if not KNOWN:
        return False
    alike = np.sort(KNOWN["features"].astype(np.float32) @ (features / max(np.linalg.norm(features), 1e-12)))
    return bool(alike[-min(5, len(alike))] < KNOWN["threshold"])


def reason(error: Exception) -> str:
    """Say in words what Pillow says of an object in memory."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # of the file itself, such as that there is none
    if hasattr(error, "count"):
        return f"it has {error.count:,} pixels, too many to open: save it smaller"
    return "it is no picture of a known kind, or a damaged one: save it as JPEG or PNG"


def main() -> int:
    """Answer for each photo; a file that can't be read is named, and the others are answered all the same."""
    as_json = sys.argv[1:2] == ["--json"]
    unread = 0
    for name in sys.argv[1 + as_json :]:
        began = time.perf_counter()
        try:
            shares, new = answer(name)
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow says of files that it can't read
            print(f"{name}: not a photo that can be read ({reason(error)})", file=sys.stderr)
            unread += 1
            continue
        spent = 1000 * (time.perf_counter() - began)
        best = max(shares, key=lambda label: shares[label])
        if as_json:
            print(
                json.dumps({"image": name, "label": best, "none": new, "probabilities": shares, "milliseconds": spent})
            )
            continue
        said = "none of these; most like " * new + f"{best} ({shares[best]:.1%})"
        print(f"{name}: {said}", json.dumps(shares, ensure_ascii=False))
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())

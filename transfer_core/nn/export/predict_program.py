"""Asks the classifier beside this file about photos: python predict.py photo.jpg another.jpg"""

import json
import sys
from pathlib import Path

import keras
import numpy as np
from read_photo import read_square

HERE = Path(__file__).parent
LABELS = json.loads((HERE / "labels.json").read_text(encoding="utf-8"))
MODEL = keras.models.load_model(HERE / "model.keras", compile=False)


def answer(photo: str) -> dict[str, float]:
    """Give the probability of each class, 0 to 1."""
    pixels = read_square(Path(photo).read_bytes(), LABELS["input_size"])
    shares = MODEL.predict(pixels[None].astype(np.float32), verbose=0)[0]
    return dict(zip(LABELS["classes"], shares.tolist(), strict=True))


def main() -> int:
    """Answer for each photo; a file that can't be read is named, and the others are answered all the same."""
    unread = 0
    for name in sys.argv[1:]:
        try:
            shares = answer(name)
        except (OSError, ValueError, SyntaxError) as error:  # what Pillow says of files that it can't read
            print(f"{name}: not a photo that can be read ({error})", file=sys.stderr)
            unread += 1
            continue
        best = max(shares, key=lambda label: shares[label])
        print(f"{name}: {best} ({shares[best]:.1%})", json.dumps(shares, ensure_ascii=False))
    return 1 if unread else 0


if __name__ == "__main__":
    sys.exit(main())

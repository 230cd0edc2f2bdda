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


if __name__ == "__main__":
    for name in sys.argv[1:]:
        shares = answer(name)
        best = max(shares, key=lambda label: shares[label])
        print(f"{name}: {best} ({shares[best]:.1%})", json.dumps(shares, ensure_ascii=False))

// Reads a photo as Thaw does and asks the classifier about it. The network runs in this browser, by LiteRT.

import { loadAndCompile, loadLiteRt, Tensor } from './vendor/litert/index.js';

const bytes = async (name) => {
  const answer = await fetch(name);
  if (!answer.ok) throw new Error(`${name} can't be read (${answer.status}).`);
  return answer.arrayBuffer();
};

// Bicubic and antialiased as Pillow resizes: the weights of each place, then rows and columns one after the other.
const cubic = (x) => {
  const far = Math.abs(x);
  if (far < 1) return (1.5 * far - 2.5) * far * far + 1;
  return far < 2 ? ((-0.5 * far + 2.5) * far - 4) * far + 2 : 0;
};

function weights(from, to) {
  const scale = from / to;
  const wide = Math.max(scale, 1);
  return Array.from({ length: to }, (_, at) => {
    const center = (at + 0.5) * scale;
    const first = Math.max(Math.trunc(center - 2 * wide + 0.5), 0);
    const end = Math.min(Math.trunc(center + 2 * wide + 0.5), from);
    const found = Float64Array.from({ length: end - first }, (__, k) => cubic((k + first - center + 0.5) / wide));
    const sum = found.reduce((a, b) => a + b, 0);
    return { first, found: found.map((weight) => weight / sum) };
  });
}

// RGBA of a square with `from` pixels a side -> RGB with `to`, rounded to whole numbers after each of the two passes.
function resize(pixels, from, to) {
  const taps = weights(from, to);
  const narrow = new Uint8ClampedArray(from * to * 3);
  for (let y = 0; y < from; y += 1) {
    for (let x = 0; x < to; x += 1) {
      const { first, found } = taps[x];
      for (let c = 0; c < 3; c += 1) {
        let sum = 0;
        for (let k = 0; k < found.length; k += 1) sum += found[k] * pixels[4 * (y * from + first + k) + c];
        narrow[3 * (y * to + x) + c] = Math.floor(sum + 0.5);
      }
    }
  }
  const small = new Uint8ClampedArray(to * to * 3);
  for (let y = 0; y < to; y += 1) {
    const { first, found } = taps[y];
    for (let at = 0; at < 3 * to; at += 1) {
      let sum = 0;
      for (let k = 0; k < found.length; k += 1) sum += found[k] * narrow[3 * to * (first + k) + at];
      small[3 * to * y + at] = Math.floor(sum + 0.5);
    }
  }
  return small;
}

// The middle of what the picture shows, on white where it is transparent: RGB, `size` pixels a side.
export function square(picture, size) {
  const [width, height] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
  const side = Math.min(width, height);
  const canvas = new OffscreenCanvas(side, side);
  const draw = canvas.getContext('2d', { willReadFrequently: true });
  draw.fillStyle = 'white';
  draw.fillRect(0, 0, side, side);
  draw.drawImage(picture, -Math.floor((width - side) / 2), -Math.floor((height - side) / 2));
  return resize(draw.getImageData(0, 0, side, side).data, side, size);
}

// Half-precision numbers, which browsers do not all know.
function widened(halves) {
  const table = Float32Array.from({ length: 65536 }, (_, bits) => {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 31;
    const fraction = bits & 1023;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : (2 ** -14 * fraction) / 1024);
  });
  return Float32Array.from(halves, (bits) => table[bits]);
}

export class Classifier {
  static async load() {
    const facts = JSON.parse(new TextDecoder().decode(await bytes('classifier.json')));
    await loadLiteRt('./vendor/litert/wasm/');
    const model = await loadAndCompile('model.tflite', { accelerator: 'wasm' });
    const known = facts.known ? widened(new Uint16Array(await bytes('known.f16'))) : null;
    return new Classifier(facts, model, known);
  }

  constructor(facts, model, known) {
    Object.assign(this, facts);
    this.model = model;
    this.features = known;
  }

  // What it says of RGB pixels: the probability of each class, whether it is none of them, and the square it saw.
  async ask(pixels) {
    const photo = new Tensor(Float32Array.from(pixels), [1, this.size, this.size, 3]);
    const found = await this.model.run({ photo });
    const [shares, features] = [found.probabilities, found.features].map((part) => part.toTypedArray().slice());
    for (const part of [photo, found.probabilities, found.features]) part.delete();
    return { shares: [...shares], none: this.isNew(features), pixels };
  }

  async askPhoto(file) {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image', premultiplyAlpha: 'none' });
    try {
      return await this.ask(square(picture, this.size));
    } finally {
      picture.close();
    }
  }

  // Whether fewer than five of the photos learned from look as much alike as the classes' own photos do.
  isNew(features) {
    if (!this.known) return false;
    const length = Math.max(Math.hypot(...features), 1e-12);
    const alike = Array.from({ length: this.known.photos }, (_, row) => {
      let sum = 0;
      for (let at = 0; at < features.length; at += 1) sum += this.features[row * features.length + at] * features[at];
      return sum / length;
    }).sort((a, b) => b - a);
    return alike[Math.min(5, alike.length) - 1] < this.known.threshold;
  }
}

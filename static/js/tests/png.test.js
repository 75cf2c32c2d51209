import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32, deflateSync, inflateSync } from "node:zlib";
import { decodeGrey, encodeGrey } from "../core/png.js";
import { randomness } from "./random.js";

// Written by Python: 3 × 2 pixels of 16 bit, values 0, 1, 255 / 256, 1849, 65535, filters 0 and 0.
const PYTHON_16 =
  "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACEAAAAADoj+WFAAAAFUlEQVR4nGNgYGBgZPgPxOyW//8DAAvaA0Bd8pJxAAAAAElFTkSuQmCC";

/**
 * @param {string} type
 * @param {Uint8Array} data
 */
function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type), data]);
  const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/**
 * A PNG from filtered lines, the compressed data in two chunks.
 * @param {number} width
 * @param {number} height
 * @param {number} depth
 * @param {Uint8Array} lines
 * @param {number} [interlace]
 */
function png(width, height, depth, lines, interlace = 0) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width);
  header.writeUInt32BE(height, 4);
  header.set([depth, 0, 0, 0, interlace], 8);
  const data = deflateSync(lines);
  const half = data.length >> 1;
  const parts = [chunk("IHDR", header), chunk("IDAT", data.subarray(0, half)), chunk("IDAT", data.subarray(half))];
  const signature = Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]);
  return new Uint8Array(Buffer.concat([signature, ...parts, chunk("IEND", Buffer.alloc(0))]));
}

/**
 * Filters as the standard defines them, written from the side of the writer.
 * @param {Uint8Array} bytes
 * @param {number} stride
 * @param {number} step
 * @param {(row: number) => number} kindOf
 */
function filter(bytes, stride, step, kindOf) {
  const rows = bytes.length / stride;
  const out = new Uint8Array((stride + 1) * rows);
  for (let y = 0; y < rows; y++) {
    const kind = kindOf(y);
    out[y * (stride + 1)] = kind;
    for (let x = 0; x < stride; x++) {
      const a = x >= step ? bytes[y * stride + x - step] : 0;
      const b = y ? bytes[(y - 1) * stride + x] : 0;
      const c = x >= step && y ? bytes[(y - 1) * stride + x - step] : 0;
      const nearest = [a, b, c].sort((one, other) => Math.abs(a + b - c - one) - Math.abs(a + b - c - other))[0];
      out[y * (stride + 1) + 1 + x] = bytes[y * stride + x] - [0, a, b, Math.floor((a + b) / 2), nearest][kind];
    }
  }
  return out;
}

test("every filter is undone, at 8 and 16 bit", async () => {
  const random = randomness(2);
  for (const depth of [8, 16]) {
    const [width, height] = [37, 25];
    const stride = (width * depth) / 8;
    const bytes = new Uint8Array(stride * height).map(() => random.whole(0, 255));
    const decoded = await decodeGrey(
      png(
        width,
        height,
        depth,
        filter(bytes, stride, depth / 8, (row) => row % 5),
      ),
    );
    const expected =
      depth === 8
        ? [...bytes]
        : Array.from({ length: width * height }, (_, i) => (bytes[2 * i] << 8) + bytes[2 * i + 1]);
    assert.deepEqual([...decoded.pixels], expected);
    assert.deepEqual([decoded.width, decoded.height], [width, height]);
  }
});

test("a map that Python wrote is read", async () => {
  const { width, height, pixels } = await decodeGrey(new Uint8Array(Buffer.from(PYTHON_16, "base64")));
  assert.deepEqual([width, height, ...pixels], [3, 2, 0, 1, 255, 256, 1849, 65535]);
});

test("what is encoded is decoded, and others can read it", async () => {
  const random = randomness(4);
  for (const [width, height] of [
    [512, 512],
    [1, 1],
    [3, 700],
  ]) {
    const pixels = new Uint8Array(width * height).map(() => random.whole(0, 3));
    const bytes = await encodeGrey(pixels, width, height);
    assert.deepEqual((await decodeGrey(bytes)).pixels, pixels);
    const buffer = Buffer.from(bytes);
    const kinds = [];
    for (let offset = 8; offset < buffer.length; ) {
      const length = buffer.readUInt32BE(offset);
      kinds.push(buffer.toString("latin1", offset + 4, offset + 8));
      assert.equal(crc32(buffer.subarray(offset + 4, offset + 8 + length)), buffer.readUInt32BE(offset + 8 + length));
      if (kinds.at(-1) === "IDAT") {
        assert.equal(inflateSync(buffer.subarray(offset + 8, offset + 8 + length)).length, (width + 1) * height);
      }
      offset += length + 12;
    }
    assert.deepEqual(kinds, ["IHDR", "IDAT", "IEND"]);
  }
});

for (const [name, bytes] of /** @type {const} */ ([
  ["no PNG", new Uint8Array(40)],
  ["colour", png(1, 1, 8, new Uint8Array([0, 5])).with(25, 2)],
  ["4 bit", png(2, 1, 4, new Uint8Array([0, 5]))],
  ["interlaced", png(1, 1, 8, new Uint8Array([0, 5]), 1)],
  ["too short", png(2, 2, 8, new Uint8Array([0, 5, 5]))],
  ["an unknown filter", png(1, 1, 8, new Uint8Array([7, 5]))],
])) {
  test(`${name} is refused`, () => assert.rejects(decodeGrey(bytes), Error));
}

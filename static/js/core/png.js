// Grey PNG in and out, 8 and 16 bit, on the browser's own (de)compression. A canvas cannot do this: it knows 8 bits
// per channel only, and may change colours on the way. No DOM; works in workers and in Node.

const SIGNATURE = [137, 80, 78, 71, 13, 10, 26, 10];
const CRC_TABLE = new Uint32Array(256).map((_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value;
});

/**
 * @param {Uint8Array<ArrayBuffer>} bytes
 * @returns {Promise<{ width: number, height: number, pixels: Uint8Array<ArrayBuffer> | Uint16Array<ArrayBuffer> }>}
 */
export async function decodeGrey(bytes) {
  if (SIGNATURE.some((byte, index) => bytes[index] !== byte)) throw new Error("This is not a PNG.");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const width = view.getUint32(16);
  const height = view.getUint32(20);
  const depth = bytes[24];
  if (bytes[25] !== 0 || bytes[28] !== 0 || (depth !== 8 && depth !== 16)) {
    throw new Error("Only grey PNGs of 8 or 16 bits are read here.");
  }
  /** @type {Uint8Array<ArrayBuffer>[]} */
  const data = [];
  for (let offset = 8; offset + 12 <= bytes.length; ) {
    const length = view.getUint32(offset);
    if (view.getUint32(offset + 4) === 0x49444154) data.push(bytes.subarray(offset + 8, offset + 8 + length));
    offset += length + 12;
  }
  const stride = (width * depth) / 8;
  const raw = await through(new DecompressionStream("deflate"), data);
  if (raw.length !== (stride + 1) * height) throw new Error("The PNG is not complete.");
  const lines = unfilter(raw, stride, height, depth / 8);
  return { width, height, pixels: depth === 8 ? lines : bigEndian(lines) };
}

/**
 * @param {Uint8Array} pixels
 * @param {number} width
 * @param {number} height
 * @returns {Promise<Uint8Array<ArrayBuffer>>} chunks IHDR, IDAT, IEND; filter Up is small and fast for label maps
 */
export async function encodeGrey(pixels, width, height) {
  const raw = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    const out = y * (width + 1) + 1;
    const line = y * width;
    raw[out - 1] = 2;
    if (y === 0) raw.set(pixels.subarray(0, width), out);
    else for (let x = 0; x < width; x++) raw[out + x] = pixels[line + x] - pixels[line - width + x];
  }
  const header = new Uint8Array(13);
  new DataView(header.buffer).setUint32(0, width);
  new DataView(header.buffer).setUint32(4, height);
  header[8] = 8;
  const data = await through(new CompressionStream("deflate"), [raw]);
  const chunks = [chunk("IHDR", header), chunk("IDAT", data), chunk("IEND", new Uint8Array(0))];
  return concat([Uint8Array.from(SIGNATURE), ...chunks]);
}

/**
 * @param {Uint8Array} raw
 * @param {number} stride
 * @param {number} height
 * @param {number} step bytes a pixel
 */
function unfilter(raw, stride, height, step) {
  const lines = new Uint8Array(stride * height);
  for (let y = 0; y < height; y++) {
    const kind = raw[y * (stride + 1)];
    const line = raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1));
    const out = lines.subarray(y * stride, (y + 1) * stride);
    const above = y ? lines.subarray((y - 1) * stride, y * stride) : new Uint8Array(stride);
    unfilterLine(kind, line, out, above, step);
  }
  return lines;
}

/**
 * @param {number} kind
 * @param {Uint8Array} line
 * @param {Uint8Array} out
 * @param {Uint8Array} above
 * @param {number} step
 */
function unfilterLine(kind, line, out, above, step) {
  if (kind === 0) out.set(line);
  else if (kind === 2) for (let x = 0; x < line.length; x++) out[x] = line[x] + above[x];
  else {
    const predict = { 1: left, 3: average, 4: paeth }[kind];
    if (!predict) throw new Error("The PNG has an unknown filter.");
    for (let x = 0; x < line.length; x++) {
      const inside = x >= step;
      out[x] = line[x] + predict(inside ? out[x - step] : 0, above[x], inside ? above[x - step] : 0);
    }
  }
}

/** @param {number} a */
const left = (a) => a;

/**
 * @param {number} a
 * @param {number} b
 */
const average = (a, b) => (a + b) >> 1;

/**
 * @param {number} a left
 * @param {number} b above
 * @param {number} c above left
 */
function paeth(a, b, c) {
  const toA = Math.abs(b - c);
  const toB = Math.abs(a - c);
  const toC = Math.abs(a + b - 2 * c);
  if (toA <= toB && toA <= toC) return a;
  return toB <= toC ? b : c;
}

/** @param {Uint8Array} bytes */
function bigEndian(bytes) {
  const values = new Uint16Array(bytes.length / 2);
  for (let index = 0; index < values.length; index++) values[index] = (bytes[2 * index] << 8) | bytes[2 * index + 1];
  return values;
}

/**
 * @param {string} type
 * @param {Uint8Array} data
 */
function chunk(type, data) {
  const bytes = new Uint8Array(data.length + 12);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, data.length);
  for (let index = 0; index < 4; index++) bytes[4 + index] = type.charCodeAt(index);
  bytes.set(data, 8);
  view.setUint32(data.length + 8, crc(bytes.subarray(4, data.length + 8)));
  return bytes;
}

/** @param {Uint8Array} bytes */
function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 255] ^ (value >>> 8);
  return ~value >>> 0;
}

/**
 * @param {CompressionStream | DecompressionStream} stream
 * @param {Uint8Array<ArrayBuffer>[]} parts
 * @returns {Promise<Uint8Array<ArrayBuffer>>}
 */
async function through(stream, parts) {
  const writer = stream.writable.getWriter();
  const written = Promise.all([...parts.map((part) => writer.write(part)), writer.close()]);
  written.catch(() => {}); // reading fails of the same, and is awaited
  /** @type {Uint8Array[]} */
  const chunks = [];
  const reader = stream.readable.getReader();
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  return concat(chunks);
}

/** @param {Uint8Array[]} parts */
function concat(parts) {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

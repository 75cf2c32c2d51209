import assert from "node:assert/strict";
import { test } from "node:test";
import { unpack } from "../net/labels.js";

/**
 * @param {object} header
 * @param {number[]} bytes
 */
function packed(header, bytes) {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(json.length);
  return new Uint8Array(Buffer.concat([length, json, Buffer.from(bytes)])).buffer;
}

test("the tiles of an answer are taken apart", () => {
  const tiles = [
    { column: 1, row: 0, length: 2 },
    { column: 4, row: 9, length: 3 },
  ];
  const { revision, tiles: found } = unpack(packed({ revision: 5, plane: 0, tiles }, [1, 2, 3, 4, 5]));
  assert.equal(revision, 5);
  assert.deepEqual(
    found.map(({ column, row, png }) => [column, row, ...png]),
    [
      [1, 0, 1, 2],
      [4, 9, 3, 4, 5],
    ],
  );
});

test("an answer that was cut off is noticed", () => {
  const tiles = [{ column: 1, row: 0, length: 2 }];
  assert.throws(() => unpack(packed({ revision: 5, plane: 0, tiles }, [1])));
  assert.throws(() => unpack(packed({ revision: 5, plane: 0, tiles }, [1, 2, 3])));
});

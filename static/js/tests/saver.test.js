import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { decodeGrey } from "../core/png.js";
import { LabelMap } from "../core/tiles.js";
import { RequestError } from "../net/api.js";
import { Saver } from "../net/saver.js";

/** @typedef {{ body: any, form: FormData, headers: Record<string, string> }} Request */

/**
 * A saver and the requests it made. `answers` are given in order: a function of the request, or an error.
 * @param {((request: Request) => any)[]} answers
 * @param {object} [ledger] `activity` and `giveBack`
 */
function setUp(answers = [], ledger = {}) {
  const map = new LabelMap(1100, 700);
  /** @type {Request[]} */
  const requests = [];
  /** @type {number[]} */
  const waits = [];
  /** @type {{ what: () => unknown, milliseconds: number }[]} */
  const later = [];
  let revision = 0;
  const saver = new Saver({
    map,
    head: 0,
    ...ledger,
    wait: async (milliseconds) => void waits.push(milliseconds),
    later: (what, milliseconds) => later.push({ what, milliseconds }),
    send: async (form, headers) => {
      const request = { body: JSON.parse(String(form.get("save"))), form, headers };
      requests.push(request);
      const answer = answers.shift()?.(request);
      if (answer instanceof Error) throw answer;
      revision += 1;
      return { revision, saved_sha256: request.body.saved_sha256, saved_at: "2025-02-03T14:02:31Z", ...answer };
    },
  });
  return { map, saver, requests, waits, later };
}

/**
 * @param {LabelMap} map
 * @param {number} x
 * @param {number} y
 * @param {number} value
 */
function paint(map, x, y, value) {
  map.beginStroke();
  map.span(y, x, x + 4, value, 1);
  map.endStroke();
}

/** @param {Request} request */
const names = ({ body }) => body.tiles.map((/** @type {any} */ tile) => `${tile.plane}/${tile.column}/${tile.row}`);
/** @param {Uint8Array | string} data */
const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const lost = () => new RequestError(0, "lost");

test("a save carries the changed tiles of both planes with their digests", async () => {
  const { map, saver, requests } = setUp();
  paint(map, 600, 3, 2);
  assert.ok(saver.unsaved);
  await saver.save("checkpoint");
  const [{ body, form, headers }] = requests;
  assert.deepEqual(names(requests[0]), ["0/1/0", "1/1/0"]);
  assert.equal(headers["If-Match"], '"0"');
  assert.match(headers["Idempotency-Key"], /^[0-9a-f-]{36}$/);
  const lines = [];
  for (const tile of body.tiles) {
    const file = form.get(`${tile.plane}/1/0`);
    assert.ok(file instanceof Blob);
    const { pixels } = await decodeGrey(new Uint8Array(await file.arrayBuffer()));
    assert.equal(pixels[3 * 512 + 600 - 512], tile.plane === 0 ? 2 : 1);
    assert.equal(tile.pixels_sha256, sha256(/** @type {Uint8Array} */ (pixels)));
    lines.push(`${tile.plane}/1/0:${tile.pixels_sha256}\n`);
  }
  assert.equal(body.saved_sha256, sha256(lines.sort().join("")));
  assert.equal(saver.state.phase, "saved");
  assert.ok(!saver.unsaved);
});

test("the next save goes on from the answer and sends only what is new", async () => {
  const { map, saver, requests } = setUp();
  paint(map, 1, 1, 1);
  await saver.save("checkpoint");
  paint(map, 1, 600, 1);
  await saver.save("checkpoint");
  assert.equal(requests[1].headers["If-Match"], '"1"');
  assert.deepEqual(names(requests[1]), ["0/0/1", "1/0/1"]);
  assert.notEqual(requests[0].headers["Idempotency-Key"], requests[1].headers["Idempotency-Key"]);
});

test("an erased tile is cleared when the server has it, and not spoken of when it never did", async () => {
  const { map, saver, requests } = setUp();
  paint(map, 1, 1, 1);
  paint(map, 1, 1, 0);
  await saver.save("checkpoint");
  assert.deepEqual(names(requests[0]), []);
  paint(map, 1, 1, 1);
  await saver.save("checkpoint");
  paint(map, 1, 1, 0);
  await saver.save("checkpoint");
  assert.deepEqual(
    requests[2].body.tiles.map((/** @type {any} */ tile) => tile.cleared),
    [true, true],
  );
  assert.equal(requests[2].body.saved_sha256, sha256("0/0/0:cleared\n1/0/0:cleared\n"));
});

test("without an answer the same request is sent again under the same key, now and at the next save", async () => {
  const { map, saver, requests } = setUp([lost, lost, lost]);
  paint(map, 1, 1, 1);
  assert.equal(await saver.save("checkpoint"), null);
  assert.equal(requests.length, 3);
  assert.deepEqual([saver.state.phase, saver.state.status, saver.unsaved], ["waiting", 0, true]);
  paint(map, 600, 1, 1);
  await saver.save("ground_truth");
  assert.equal(requests.length, 5);
  assert.equal(new Set(requests.slice(0, 4).map(({ headers }) => headers["Idempotency-Key"])).size, 1);
  assert.equal(new Set(requests.slice(0, 4).map(({ form }) => form)).size, 1);
  assert.deepEqual([requests[4].body.kind, names(requests[4])], ["ground_truth", ["0/1/0", "1/1/0"]]);
  assert.ok(!saver.unsaved);
});

test("what is painted during a save is still unsaved after it", async () => {
  const { map, saver, requests } = setUp([() => paint(map, 2, 2, 3)]);
  paint(map, 1, 1, 1);
  await saver.save("checkpoint");
  assert.deepEqual([saver.state.phase, saver.unsaved], ["unsaved", true]);
  await saver.save("checkpoint");
  assert.deepEqual(names(requests[1]), ["0/0/0", "1/0/0"]);
  assert.ok(!saver.unsaved);
});

test("saves run one after the other", async () => {
  let running = 0;
  const slow = async () => {
    assert.equal(++running, 1);
    await new Promise((resolve) => setTimeout(resolve, 5));
    running--;
  };
  const { map, saver, requests } = setUp();
  const { send } = saver;
  saver.send = async (form, headers) => {
    await slow();
    return send(form, headers);
  };
  paint(map, 1, 1, 1);
  await Promise.all([saver.save("checkpoint"), saver.save("checkpoint")]);
  assert.deepEqual(
    requests.map(({ headers }) => headers["If-Match"]),
    ['"0"', '"1"'],
  );
});

test("a conflict says whose revision came before, and keeping mine sends everything that differs", async () => {
  const conflict = () =>
    new RequestError(412, "meanwhile", { head: 7, author: "anna", saved_at: "2025-02-03T14:00:00Z" });
  const { map, saver, requests } = setUp([conflict]);
  paint(map, 1, 1, 1);
  assert.equal(await saver.save("checkpoint"), null);
  assert.deepEqual(saver.state.theirs, { head: 7, author: "anna", savedAt: "2025-02-03T14:00:00Z" });
  assert.ok(saver.unsaved);
  await saver.keepMine(["0/0/0", "0/2/1", "1/2/1"]);
  assert.equal(requests[1].headers["If-Match"], '"7"');
  assert.notEqual(requests[0].headers["Idempotency-Key"], requests[1].headers["Idempotency-Key"]);
  const sent = requests[1].body.tiles.map((/** @type {any} */ t) => `${t.plane}/${t.column}/${t.row} ${t.cleared}`);
  assert.deepEqual(sent.sort(), ["0/0/0 false", "0/2/1 true", "1/0/0 false", "1/2/1 true"]);
});

for (const [status, phase] of /** @type {[number, string][]} */ ([
  [400, "failed"],
  [401, "signed-out"],
  [403, "closed"],
  [404, "closed"],
  [409, "closed"],
  [413, "failed"],
  [422, "failed"],
])) {
  test(`after a refusal with ${status} the work is still there to be saved`, async () => {
    const { map, saver, requests } = setUp([() => new RequestError(status, "No, because.", { error: "No, because." })]);
    paint(map, 1, 1, 1);
    assert.equal(await saver.save("checkpoint"), null);
    assert.deepEqual([requests.length, saver.state.phase, saver.state.message], [1, phase, "No, because."]);
    await saver.save("checkpoint");
    assert.deepEqual(names(requests[1]), ["0/0/0", "1/0/0"]);
  });
}

for (const status of [404, 409, 429]) {
  test(`a ${status} without a sentence comes from before the server, and the same request is sent again`, async () => {
    const { map, saver, requests } = setUp([() => new RequestError(status, "The server could not do this.")]);
    paint(map, 1, 1, 1);
    assert.ok(await saver.save("autosave"));
    assert.deepEqual([requests.length, saver.state.phase], [2, "saved"]);
    assert.equal(requests[0].form, requests[1].form);
  });
}

test("an answer about something else than was sent counts as not saved, and the next save goes on from it", async () => {
  const ledger = counting();
  const { map, saver, requests } = setUp([() => ({ saved_sha256: "0" })], ledger);
  ledger.stroke();
  paint(map, 1, 1, 1);
  assert.equal(await saver.save("checkpoint"), null);
  assert.deepEqual([saver.state.phase, saver.unsaved, saver.head], ["failed", true, 1]);
  assert.ok(await saver.save("checkpoint"));
  assert.deepEqual([requests[1].headers["If-Match"], names(requests[1])], ['"1"', ["0/0/0", "1/0/0"]]);
  assert.deepEqual([requests[0].body.activity.strokes, requests[1].body.activity.strokes], [1, 0]);
});

const down = () => new RequestError(503, "Storage is not available.", {}, 5);

test("a request without an answer is sent again by itself, later each time and not before the server says", async () => {
  const { map, saver, requests, waits, later } = setUp(Array(18).fill(down));
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  assert.deepEqual(waits, [5000, 5000]);
  for (let turn = 0; turn < 5; turn++) {
    assert.deepEqual([saver.state.phase, saver.unsaved, later.length], ["waiting", true, turn + 1]);
    later[turn].what();
    await saver.queue;
  }
  assert.deepEqual(
    later.map(({ milliseconds }) => milliseconds),
    [10_000, 20_000, 40_000, 60_000, 60_000, 60_000],
  );
  later[5].what();
  await saver.queue;
  assert.equal(requests.length, 19);
  assert.equal(new Set(requests.map(({ headers }) => headers["Idempotency-Key"])).size, 1);
  assert.deepEqual([saver.state.phase, saver.unsaved, saver.head, later.length], ["saved", false, 1, 6]);
});

test("what was sent again by a save in between is not sent a third time", async () => {
  const { map, saver, requests, later } = setUp([lost, lost, lost]);
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  await saver.save("autosave");
  const sent = requests.length;
  later[0].what();
  await saver.queue;
  assert.equal(requests.length, sent);
  assert.equal(saver.state.phase, "saved");
});

test("what was painted meanwhile is still unsaved when the request has got its answer", async () => {
  const { map, saver, requests, later } = setUp([lost, lost, lost]);
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  paint(map, 600, 1, 1);
  later[0].what();
  await saver.queue;
  assert.deepEqual([saver.state.phase, saver.unsaved], ["unsaved", true]);
  await saver.save("autosave");
  assert.deepEqual(names(requests[4]), ["0/1/0", "1/1/0"]);
});

test("what waits is sent at once when the network is there again", async () => {
  const { map, saver, requests } = setUp([lost, lost, lost]);
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  paint(map, 600, 1, 1);
  assert.equal(saver.waiting, 2);
  saver.sendAgain();
  await saver.queue;
  assert.deepEqual([requests.length, saver.waiting, saver.state.phase], [4, 1, "unsaved"]);
});

test("an autosave of what is as it was makes no request", async () => {
  const { map, saver, requests } = setUp();
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  paint(map, 1, 1, 2);
  paint(map, 1, 1, 1);
  assert.deepEqual(await saver.save("autosave"), { revision: 1 });
  assert.deepEqual([requests.length, saver.state.phase, saver.unsaved], [1, "saved", false]);
});

test("a log-in of before is no reason to give up", async () => {
  const { map, saver } = setUp([() => new RequestError(403, "You logged in anew.")]);
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  assert.equal(saver.state.phase, "failed");
});

test("a ground truth without an answer is left to the person", async () => {
  const { map, saver, later } = setUp([lost, lost, lost]);
  paint(map, 1, 1, 1);
  await saver.save("ground_truth");
  assert.equal(later.length, 0);
  assert.equal(saver.pending?.kind, "ground_truth");
});

test("a request that is refused at last makes its tiles dirty again", async () => {
  const { map, saver, requests, later } = setUp([
    lost,
    lost,
    lost,
    () => new RequestError(409, "Closed.", { error: "Closed." }),
  ]);
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  later[0].what();
  await saver.queue;
  assert.deepEqual([saver.state.phase, saver.state.message, saver.unsaved], ["closed", "Closed.", true]);
  assert.equal(later.length, 1);
  await saver.save("autosave");
  assert.deepEqual(names(requests[4]), ["0/0/0", "1/0/0"]);
});

/** A ledger in which each stroke is counted as one. */
function counting() {
  let strokes = 0;
  return {
    stroke: () => strokes++,
    left: () => strokes,
    activity: async () => {
      const activity = { strokes };
      strokes = 0;
      return activity;
    },
    giveBack: (/** @type {any} */ activity) => {
      strokes += activity.strokes;
    },
  };
}

test("each save tells what was done since the last, and a refused one tells it again, once", async () => {
  const ledger = counting();
  const refused = () => new RequestError(409, "Closed.", { error: "Closed." });
  const { map, saver, requests } = setUp([() => undefined, refused, refused], ledger);
  for (const strokes of [3, 2, 1, 0]) {
    for (let stroke = 0; stroke < strokes; stroke++) ledger.stroke();
    paint(map, 1, strokes, strokes + 1);
    await saver.save("checkpoint");
  }
  assert.deepEqual(
    requests.map(({ body }) => body.activity.strokes),
    [3, 2, 3, 3],
  );
  assert.equal(ledger.left(), 0);
});

test("what was done while a request has no answer goes with the next one", async () => {
  const ledger = counting();
  const { map, saver, requests } = setUp([lost, lost, lost], ledger);
  ledger.stroke();
  paint(map, 1, 1, 1);
  await saver.save("autosave");
  ledger.stroke();
  ledger.stroke();
  paint(map, 600, 1, 1);
  await saver.save("checkpoint");
  assert.deepEqual(
    requests.map(({ body }) => body.activity.strokes),
    [1, 1, 1, 1, 2],
  );
});

test("what was done is not lost when a tile cannot be encoded", async () => {
  const ledger = counting();
  const encode = async () => Promise.reject(new Error("No memory."));
  const { map, saver } = setUp([], { ...ledger, encode });
  ledger.stroke();
  paint(map, 1, 1, 1);
  assert.equal(await saver.save("checkpoint"), null);
  assert.deepEqual([ledger.left(), saver.unsaved], [1, true]);
});

test("a revision that the server made is gone on from, and no save runs meanwhile", async () => {
  const { map, saver, requests } = setUp();
  paint(map, 1, 1, 1);
  await saver.save("checkpoint");
  let painted = false;
  const made = saver.between(async () => {
    await new Promise((resolve) => setTimeout(resolve, 5));
    assert.equal(requests.length, 1);
    paint(map, 1, 1, 0);
    saver.adopt({ revision: 2, saved_at: "2025-02-03T14:03:00Z" }, ["0/1/0", "1/1/0"]);
    painted = true;
  });
  paint(map, 600, 1, 2);
  const saved = saver.save("checkpoint");
  await made;
  assert.ok(painted);
  await saved;
  assert.deepEqual([requests[1].headers["If-Match"], names(requests[1])], ['"2"', []]);
  paint(map, 600, 1, 0);
  await saver.save("checkpoint");
  assert.deepEqual(names(requests[2]), ["0/1/0", "1/1/0"]);
  await assert.rejects(
    saver.between(async () => Promise.reject(new Error("No."))),
    /No\./,
  );
  assert.ok(await saver.save("checkpoint"));
});

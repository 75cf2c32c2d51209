// File names: their natural order, and what they or a table beside them tell about an image. No DOM.

const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/**
 * "slide 2" comes before "slide 10", whatever the case of the letters.
 * @param {string} one
 * @param {string} other
 */
export function naturalOrder(one, other) {
  return collator.compare(one, other) || (one < other ? -1 : one > other ? 1 : 0);
}

/**
 * The case in a file name, by a pattern such as `{case}_*`; `*` stands for anything. Null when the name does not fit.
 * @param {string} pattern
 * @param {string} name
 * @returns {string | null}
 */
export function caseFromName(pattern, name) {
  const source = pattern
    .split(/(\{case\}|\*)/)
    .map((part) => {
      if (part === "{case}") return "(.+?)";
      return part === "*" ? ".*" : part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
    })
    .join("");
  return new RegExp(`^${source}$`, "iu").exec(name)?.[1]?.trim() ?? null;
}

/**
 * A table of text. The delimiter is whichever of comma, semicolon and tab the first line has most of.
 * @param {string} text
 * @returns {string[][]}
 */
export function parseCsv(text) {
  const clean = text.replace(/^\uFEFF/, "");
  const head = clean.split(/\r?\n/, 1)[0] ?? "";
  const count = (/** @type {string} */ mark) => head.split(mark).length;
  const delimiter = [",", ";", "\t"].reduce((best, mark) => (count(mark) > count(best) ? mark : best));
  /** @type {string[][]} */
  const rows = [[]];
  let cell = "";
  let quoted = false;
  for (let i = 0; i < clean.length; i++) {
    const character = clean[i];
    if (quoted && character === '"' && clean[i + 1] === '"') {
      cell += '"';
      i++;
    } else if (character === '"') {
      quoted = !quoted;
    } else if (!quoted && (character === delimiter || character === "\n")) {
      rows[rows.length - 1]?.push(cell.trim());
      cell = "";
      if (character === "\n") rows.push([]);
    } else {
      cell += character;
    }
  }
  rows[rows.length - 1]?.push(cell.trim());
  return rows.filter((row) => row.some((value) => value !== ""));
}

/** @typedef {{ case: string, umPerPx: string }} Facts */

/**
 * What a CSV with the columns file, case and um_per_px says, by the key of the file name.
 * @param {string} text
 * @returns {Map<string, Facts>}
 * @throws {Error} a sentence, when it has no column `file`
 */
export function factsFromCsv(text) {
  const [head = [], ...rows] = parseCsv(text);
  const columns = head.map((name) => name.toLowerCase());
  const column = (/** @type {string} */ name) => columns.indexOf(name);
  if (column("file") < 0) throw new Error("The first line must name the columns: file, case, um_per_px.");
  /** @type {Map<string, Facts>} */
  const facts = new Map();
  for (const row of rows) {
    const key = nameKey(row[column("file")] ?? "");
    if (key) facts.set(key, { case: row[column("case")] ?? "", umPerPx: row[column("um_per_px")] ?? "" });
  }
  return facts;
}

/**
 * The form in which two file names count as the same.
 * @param {string} name
 */
export function nameKey(name) {
  return name.normalize("NFC").toLowerCase();
}

/** @param {string} name */
export function stem(name) {
  return name.replace(/\.[^.]+$/, "");
}

/**
 * A number as people write it: with a point or a comma.
 * @param {string} text
 */
export function decimal(text) {
  return text.trim().replace(",", ".");
}

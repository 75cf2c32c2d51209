// Types that several modules share; for the checker only.

interface Rect {
  x0: number;
  y0: number;
  /** exclusive */
  x1: number;
  y1: number;
}

interface Point {
  x: number;
  y: number;
  /** of a pen that touches, above 0 to 1 */
  pressure?: number;
}

interface Category {
  value: number;
  name: string;
  color: string;
  retired: boolean;
}

interface NumberParameter {
  name: string;
  label: string;
  kind: "int" | "float";
  default: number;
  minimum: number;
  maximum: number;
  step: number;
  unit: string;
  help: string;
  scale: "linear" | "log";
  /** the smallest number other than 0, where 0 means off */
  off_below: number | null;
}

interface ChoiceParameter {
  name: string;
  label: string;
  kind: "choice";
  default: string;
  help: string;
  /** value and label of each */
  choices: [string, string][];
}

type AlgorithmParameter = NumberParameter | ChoiceParameter;

interface Algorithm {
  name: string;
  label: string;
  /** what a pixel filled from its maps is credited to */
  provenance: number;
  parameters: AlgorithmParameter[];
  /** the parameters that say how many segments, or how large; null where there is no such choice */
  counts: { count: string; size: string } | null;
}

/** The image that is labelled after this one. */
interface NextImage {
  superpixels: string;
  superpixelTree: string;
  width: number;
  height: number;
  umPerPx: number | null;
}

type ImageSource =
  | { type: "image"; url: string }
  | {
      type: "dzi";
      width: number;
      height: number;
      tileSize: number;
      overlap: number;
      maxLevel: number;
      urlTemplate: string;
    };

/** What the editor's view hands over; see `annotation/views.py`. */
interface EditorConfig {
  annotation: {
    id: number;
    head: number;
    state: string;
    comment: string;
    readOnly: boolean;
    ended: string;
    /** holes and specks that are meant to be */
    intended: import("./core/inspect.js").Sign[];
  };
  image: { id: number; name: string; width: number; height: number; umPerPx: number | null; source: ImageSource };
  categories: Category[];
  algorithms: Algorithm[];
  defaults: { algorithm?: string; [algorithm: string]: unknown };
  instructions: string;
  /** what must be clean before a ground truth; `below` in pixels, whatever the unit that the project says it in */
  rules: { labelled: boolean; below: number | null; unit: "px" | "um2" };
  project: { id: number; name: string };
  /** whose page this is */
  person: { id: number; username: string };
  progress: { done: number; total: number; index: number };
  urls: {
    labels0: string;
    labels1: string;
    save: string;
    intended: string;
    cannotLabel: string;
    signIn: string;
    thumbnail: string;
    superpixels: string;
    superpixelTree: string;
    superpixelCompare: string;
    fit: string;
    /** null for whoever may not set it */
    superpixelDefault: string | null;
    next: string;
    home: string;
  };
  nextImage: NextImage | null;
}

/** Where the image lies on the stage: stage position (CSS px) = image position · scale + (x, y). */
interface View {
  scale: number;
  x: number;
  y: number;
  /** of the stage, CSS px */
  width: number;
  height: number;
  /** device pixels a CSS px */
  ratio: number;
}

/** What the cursor layer shows under the pointer. */
type Cursor =
  | { kind: "none" }
  | { kind: "ring"; x: number; y: number; diameter: number; erase: boolean }
  | { kind: "segment"; shape: import("./core/shape.js").Shape; color: string }
  | {
      kind: "outline";
      points: Point[];
      color: string;
      erase: boolean;
      /** corners are shown, the first one larger when a press would close the outline */
      corners: "none" | "open" | "closing";
    };

/** A tool: it asks the painter for pixels and says what the cursor looks like; it never draws. */
interface Tool {
  /** `erase` is true while the right button or a pen's eraser end is down. */
  down(point: Point, erase: boolean): void;
  move(point: Point): void;
  up(): void;
  cancel(): void;
  cursor(point: Point): Cursor;
  /** what is seen of unfinished work while the pointer is elsewhere */
  rest?(): Cursor;
  /** ends what takes several presses */
  finish?(): void;
  /** takes back a step of it; false when there was none */
  back?(): boolean;
  /** drops it */
  drop?(): void;
}

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
}

interface Category {
  value: number;
  name: string;
  color: string;
  retired: boolean;
}

interface AlgorithmParameter {
  name: string;
  label: string;
  kind: "int" | "float";
  default: number;
  minimum: number;
  maximum: number;
  step: number;
  unit: string;
  help: string;
}

interface Algorithm {
  name: string;
  label: string;
  parameters: AlgorithmParameter[];
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
  annotation: { id: number; head: number; state: string; comment: string; readOnly: boolean };
  image: { id: number; name: string; width: number; height: number; umPerPx: number | null; source: ImageSource };
  categories: Category[];
  algorithms: Algorithm[];
  defaults: { algorithm?: string; [algorithm: string]: unknown };
  instructions: string;
  project: { id: number; name: string };
  progress: { done: number; total: number; index: number };
  urls: {
    labels0: string;
    labels1: string;
    save: string;
    cannotLabel: string;
    superpixels: string;
    next: string;
    home: string;
  };
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
  | { kind: "segment"; segments: import("./core/segments.js").Segments; id: number; color: string };

/** A tool: it asks the painter for pixels and says what the cursor looks like; it never draws. */
interface Tool {
  /** `erase` is true while the right button or a pen's eraser end is down. */
  down(point: Point, erase: boolean): void;
  move(point: Point): void;
  up(): void;
  cancel(): void;
  cursor(point: Point): Cursor;
}

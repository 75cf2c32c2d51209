// A list whose rows are moved by dragging their grip or by their up and down buttons.

/**
 * @param {HTMLElement} list its children are the rows, with [data-grip], [data-up] and [data-down] in them
 * @param {() => void} moved
 */
export function makeSortable(list, moved) {
  /** @type {HTMLElement | null} */
  let dragged = null;

  const rowOf = (/** @type {EventTarget | null} */ target) => {
    const child = target instanceof Element ? target.closest("li") : null;
    return child && list.contains(child) ? child : null;
  };

  list.addEventListener("pointerdown", (event) => {
    const grip = event.target instanceof Element && event.target.closest("[data-grip]");
    const row = rowOf(event.target);
    // Rows are draggable by their grip only, so that text in their fields can be selected.
    if (row) row.draggable = Boolean(grip) && !list.closest("fieldset:disabled") && !list.dataset.locked;
  });
  list.addEventListener("dragstart", (event) => {
    dragged = rowOf(event.target);
    dragged?.classList.add("dragged");
    if (event.dataTransfer) event.dataTransfer.effectAllowed = "move";
  });
  list.addEventListener("dragover", (event) => {
    const over = rowOf(event.target);
    if (!dragged) return;
    event.preventDefault();
    if (!over || over === dragged) return;
    const { top, height } = over.getBoundingClientRect();
    list.insertBefore(dragged, event.clientY < top + height / 2 ? over : over.nextElementSibling);
  });
  list.addEventListener("drop", (event) => {
    if (dragged) event.preventDefault();
  });
  list.addEventListener("dragend", () => {
    if (!dragged) return;
    dragged.classList.remove("dragged");
    dragged.draggable = false;
    dragged = null;
    moved();
  });

  list.addEventListener("click", (event) => {
    const button = event.target instanceof Element && event.target.closest("[data-up], [data-down]");
    const row = rowOf(event.target);
    if (!(button instanceof HTMLElement) || !row) return;
    if ("up" in button.dataset) row.previousElementSibling?.before(row);
    else row.nextElementSibling?.after(row);
    row.scrollIntoView({ block: "nearest" });
    moved();
    // A button at the end of the list is disabled: its neighbour keeps the keyboard in the row.
    const next = button.matches(":disabled") ? row.querySelector("[data-up]:enabled, [data-down]:enabled") : button;
    if (next instanceof HTMLElement) next.focus();
  });
}

/**
 * The first row cannot go up, the last not down.
 * @param {HTMLElement} list
 */
export function updateEnds(list) {
  for (const row of list.children) {
    row.querySelector("[data-up]")?.toggleAttribute("disabled", !row.previousElementSibling);
    row.querySelector("[data-down]")?.toggleAttribute("disabled", !row.nextElementSibling);
  }
}

// What can be done to a card as a whole, by menu, by keys and by dragging: all three come to the same few functions.

/** @param {Card} card */
function cardMenu(card) {
  const { number, locked } = card.frame;
  const last = view.frames.length;
  const go = (/** @type {number} */ to) => () => moveTo(card, to);
  return [
    { label: say("details"), run: () => openPanel(card.id) },
    { label: say("variants_4"), run: () => act(card, "draw_variants", { count: 4 }) },
    null,
    { label: say("insert_before"), run: () => startInsert(card.id, "before") },
    { label: say("insert_after"), run: () => startInsert(card.id, "after") },
    { label: say("duplicate"), run: () => duplicate(card) },
    { label: say("save_picture"), disabled: !card.frame.picture, run: () => exportFrame(card) },
    null,
    { label: say("move_earlier"), disabled: number === 1, run: go(number - 1) },
    { label: say("move_later"), disabled: number === last, run: go(number + 1) },
    { label: say("move_first"), disabled: number === 1, run: go(1) },
    { label: say("move_last"), disabled: number === last, run: go(last) },
    null,
    { label: say(locked ? "unlock" : "lock"), run: () => toggleLock(card) },
    { label: say("remove"), run: () => removeFrame(card) },
  ];
}

/** @param {Card} card @param {number} number */
async function moveTo(card, number) {
  const { number: from } = card.frame;
  if (number === from) return;
  const answer = await act(card, "move_frame", { number });
  if (answer.error) return;
  announce(say("moved", from, card.frame.number));
  bringIntoSight(card.root);
}

/** @param {Card} card */
async function duplicate(card) {
  const { number } = card.frame;
  const answer = await act(card, "duplicate_frame");
  if (answer.error) return;
  const copy = cards.get(answer.frame);
  if (!copy) return;
  announce(say("duplicated", copy.frame.number, number));
  focusCard(copy);
}

// No question is asked: the way back is in the message that says it is gone.
/** @param {Card} card */
async function removeFrame(card) {
  const { number } = card.frame;
  const next = nextCard(card, 1) || nextCard(card, -1);
  const answer = await act(card, "remove_frame");
  if (answer.error) return;
  toastUndo(say("removed", number));
  announce(say("removed", number));
  if (next && cards.has(next.id)) focusCard(next);
  else composer.text.focus({ preventScroll: true });
}

/** @param {Card} card @param {number} by */
function nextCard(card, by) {
  const frame = view.frames[card.frame.number - 1 + by];
  return frame ? cards.get(frame.id) : null;
}

/** @param {Card} card */
function focusCard(card) {
  card.open.focus({ preventScroll: true });
  bringIntoSight(card.root);
}

// -- Dragging ----------------------------------------------------------------------------------------------------

/** @type {Card | null} */
let dragged = null;

/** @param {Card} card */
function makeDraggable(card) {
  card.box.draggable = true;
  card.box.addEventListener("dragstart", ({ dataTransfer }) => {
    if (!dataTransfer) return;
    dragged = card;
    dataTransfer.setData("text/plain", card.frame.caption);
    dataTransfer.effectAllowed = "move";
    dataTransfer.setDragImage(card.picture.hidden ? card.box : card.picture, 40, 40);
    card.root.classList.add("sb-dragged");
  });
  card.box.addEventListener("dragend", endDrag);
  card.root.addEventListener("dragover", (event) => {
    if (!dragged) return;
    event.preventDefault();
    markDrop(card, isAfterMiddle(card, event));
  });
  card.root.addEventListener("drop", (event) => {
    if (!dragged) return;
    event.preventDefault();
    event.stopPropagation();
    const gap = card.frame.number + (isAfterMiddle(card, event) ? 1 : 0);
    const moved = dragged;
    endDrag();
    moveTo(moved, numberAfterDrop(moved.frame.number, gap));
  });
}

/** @param {Card} card @param {DragEvent} event */
function isAfterMiddle(card, { clientX, clientY }) {
  const { left, top, width, height } = card.root.getBoundingClientRect();
  return card.root.closest(".sb-single") ? clientY > top + height / 2 : clientX > left + width / 2;
}

/** @param {Card | null} card @param {boolean} after */
function markDrop(card, after) {
  for (const one of cards.values()) {
    one.root.classList.toggle("sb-drop-before", one === card && !after && one !== dragged);
    one.root.classList.toggle("sb-drop-after", one === card && after && one !== dragged);
  }
}

function endDrag() {
  if (dragged) dragged.root.classList.remove("sb-dragged");
  dragged = null;
  markDrop(null, false);
}

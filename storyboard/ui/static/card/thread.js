// The line between two cards: what the second one reads of the story so far, and the place where a frame comes in.

/** @param {Card} card */
function makeThread(card) {
  card.thread = make("div", "sb-thread");
  card.knot = keyed(makeIconButton("sb-knot", "plus", ""), "thread");
  card.reads = make("span", "sb-reads");
  makeMenuButton(card.knot, () => threadMenu(card));
  card.thread.append(card.knot, card.reads);
  return card.thread;
}

/** @param {Card} card @param {Frame} frame */
function paintThread(card, frame) {
  const { number, sees } = frame;
  setLabel(card.knot, number === 1 ? say("thread_first") : say("thread", number - 1, number));
  const kind = number === 1 ? "first" : sees === null ? "all" : sees === 0 ? "none" : "some";
  setAttribute(card.thread, "data-reads", kind);
  const words = kind === "none" ? say("new_scene") : kind === "some" ? say("reads_short_n", sees) : "";
  setText(card.reads, words);
  show(card.reads, words !== "");
}

/** @param {Card} card */
function threadMenu(card) {
  const insert = { label: say("insert_here"), lead: makeIcon("plus"), run: () => startInsert(card.id, "before") };
  return card.frame.number === 1 ? [insert] : [insert, null, ...readsItems(card)];
}

// What a frame may read, as menu items; the edit panel shows the same choice.
/** @param {Card} card */
function readsItems(card) {
  const { number, sees } = card.frame;
  const item = (/** @type {number | null} */ value, /** @type {string} */ label) => ({
    label, checked: sees === value, run: () => act(card, "see_frames", { sees: value }),
  });
  const most = props.context_frames || Infinity;
  const some = [1, 2, 3, 4, 6, 8].filter((count) => count < Math.min(number - 1, most) || count === sees);
  return [
    { heading: say("reads", number) },
    item(null, sayAll(number)),
    ...some.map((count) => item(count, sayCount("reads_last", count))),
    item(0, say("reads_none")),
  ];
}

/** @param {Frame} frame */
function sayReads(frame) {
  if (frame.sees === null) return sayAll(frame.number);
  return frame.sees === 0 ? say("reads_none") : sayCount("reads_last", frame.sees);
}

// All that a frame can read: the whole story, or the end of it where the model has no room for more.
/** @param {number} number */
function sayAll(number) {
  const most = props.context_frames;
  return most && most < number - 1 ? sayCount("reads_most", most) : say("reads_all");
}

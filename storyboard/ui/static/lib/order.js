// The arithmetic of order, without a page: where a card goes, which row it is in.

// The 1-based number a card from `from` gets when it is dropped into the gap before card `gap` (or after the last).
/** @param {number} from @param {number} gap */
function numberAfterDrop(from, gap) {
  return gap > from ? gap - 1 : gap;
}

// Steps by keys stay inside the story.
/** @param {number} number @param {number} step @param {number} count */
function numberAfterStep(number, step, count) {
  return Math.min(Math.max(number + step, 1), count);
}

// The index after the last card of the row that card `index` stands in.
/** @param {number} index @param {number} columns @param {number} count */
function endOfRow(index, columns, count) {
  return Math.min((Math.floor(index / columns) + 1) * columns, count);
}

// How many pictures get out of date when a frame comes in as number `number`: the drawn ones that would read it.
/** @param {Frame[]} frames @param {number} number */
function touchedByInsert(frames, number) {
  return frames.filter((frame) => {
    if (frame.number < number || !frame.picture || frame.stale) return false;
    return frame.sees === null || frame.number - number < frame.sees;
  }).length;
}

// The arithmetic of order, without a page: where a card goes, which row it is in, what reads what.

// The 1-based number a card from `from` gets when it is dropped into the gap before card `gap` (or after the last).
function numberAfterDrop(from, gap) {
  return gap > from ? gap - 1 : gap;
}

// Steps by keys stay inside the story.
function numberAfterStep(number, step, count) {
  return Math.min(Math.max(number + step, 1), count);
}

// The index after the last card of the row that card `index` stands in.
function endOfRow(index, columns, count) {
  return Math.min((Math.floor(index / columns) + 1) * columns, count);
}

// The numbers of the frames that frame `number` reads.
function framesRead(frame, frames) {
  const from = frame.sees === null ? 0 : Math.max(0, frame.number - 1 - frame.sees);
  return frames.slice(from, frame.number - 1).map((one) => one.number);
}

// How many pictures get out of date when a frame comes in as number `number`: the drawn ones that would read it.
function touchedByInsert(frames, number) {
  return frames.filter((frame) => {
    if (frame.number < number || !frame.picture || frame.stale) return false;
    return frame.sees === null || frame.number - number < frame.sees;
  }).length;
}

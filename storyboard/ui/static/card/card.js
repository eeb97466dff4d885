// One frame's card. `makeCard` builds it once; `paintCard` brings it up to date and never touches what is being typed.

/** @param {Frame} frame */
function makeCard(frame) {
  const root = make("li", "sb-card");
  // A frame may be drawn by the time it is first seen, and the start is said then.
  const before = isBeingDrawn(frame) ? { ...frame, job: null } : frame;
  const known = { id: frame.id, frame: before, painted: null, saved: "", base: null, sent: null, problem: null };
  const card = /** @type {Card} */ ({ ...known, root }); // the rest comes part by part
  card.root.dataset.frame = frame.id;
  card.root.append(makeThread(card), makePicture(card), makeSentence(card), makeState(card), makeActions(card));
  makeDraggable(card);
  return card;
}

/** @param {Card} card */
function makePicture(card) {
  const box = make("div", "sb-picture");
  card.box = box;
  card.picture = make("img", "sb-image");
  card.picture.loading = "lazy";
  card.picture.draggable = false;
  card.preview = make("img", "sb-preview");
  card.looks = make("div", "sb-looks");
  card.blank = make("p", "sb-blank");
  card.open = keyed(makeButton("sb-open", undefined, () => togglePanel(card.id)), "open");
  card.number = make("span", "sb-number");
  card.stale = make("span", "sb-stale");
  card.staleWords = make("span", "sb-hidden");
  card.stale.append(card.staleWords);
  card.lock = makeIconButton("sb-lock", "unlock", say("lock"), () => toggleLock(card));
  box.append(card.picture, card.blank, card.preview, card.looks, card.open, card.number, card.stale);
  box.append(card.lock, makePager(card), makeProgress(card));
  return box;
}

/** @param {Card} card */
function makeProgress(card) {
  card.progress = make("div", "sb-progress");
  card.bar = make("div", "sb-bar");
  card.bar.setAttribute("role", "progressbar");
  card.fill = make("div", "sb-fill");
  card.bar.append(card.fill);
  card.status = make("span", "sb-status");
  card.stop = makeButton("sb-stop", say("stop"), () => act(card, "stop_frame"));
  card.progress.append(card.bar, card.status, card.stop);
  return card.progress;
}

/** @param {Card} card */
function makePager(card) {
  card.takes = make("span", "sb-takes");
  card.before = makeIconButton("sb-step", "before", "", () => stepTake(card, -1));
  card.take = make("span", "sb-take");
  card.after = makeIconButton("sb-step", "after", "", () => stepTake(card, 1));
  card.takes.append(card.before, card.take, card.after);
  return card.takes;
}

/** @param {Card} card */
function makeState(card) {
  const box = make("div", "sb-state");
  card.cause = make("p", "sb-cause");
  card.who = make("div", "sb-who");
  // A button, because a title is not read by touch or by keys.
  card.words = makeButton("sb-chip sb-unlearned", "", () => {
    const { closest } = wordsOf(card.frame);
    return closest.length ? openMenu(card.words, [{ heading: card.words.title }, ...closestItems(card, closest)]) : toast(card.words.title);
  });
  card.error = make("p", "sb-problem");
  card.error.setAttribute("role", "alert");
  card.noted = make("p", "sb-noted");
  box.append(card.noted, card.cause, makeWrong(card), card.who, card.words, card.error);
  return box;
}

/** @param {Card} card */
function makeActions(card) {
  const box = make("div", "sb-actions");
  card.draw = makeButton("sb-draw", "", () => act(card, "draw_frame"));
  card.reroll = makeButton("sb-reroll", say("reroll"), () => act(card, "reroll_frame"));
  card.more = makeMenuButton(makeIconButton("sb-more", "more", ""), () => cardMenu(card));
  box.append(card.draw, card.reroll, card.more);
  return box;
}

/** @param {Card} card @param {Frame} frame */
function paintCard(card, frame) {
  const facts = JSON.stringify([frame, card.problem, nameOrder(), isOpen(card.id), wordsOf(frame), strangersIn(frame), mayBeWrong(frame) && [view.seconds]]);
  if (card.painted === facts) return;
  card.painted = facts;
  const before = card.frame;
  card.frame = frame;
  paintPicture(card, frame);
  paintProgress(card, frame);
  paintSentence(card, frame);
  paintThread(card, frame);
  paintWrong(card, frame);
  paintWho(card, frame);
  paintWords(card, frame);
  paintNoteLine(card, frame);
  paintActions(card, frame);
  const failure = failureOf(frame);
  setText(card.error, card.problem || (failure && sayPhrase(failure)) || "");
  show(card.error, Boolean(card.problem || failure));
  sayProgress(before, frame);
}

/** @param {Card} card @param {Frame} frame */
function paintPicture(card, frame) {
  const job = jobGoingOn(frame);
  const busy = job !== null;
  const preview = job && job.preview;
  const open = isOpen(card.id);
  setPicture(card.picture, frame.picture && pictureAddress(frame.picture));
  setAttribute(card.picture, "alt", say("picture_alt", frame.number, frame.caption));
  setPicture(card.preview, preview);
  setAttribute(card.preview, "alt", say("preview_alt", frame.number));
  // An old picture stays where it is and the new one grows in a corner; the first one grows in full.
  card.preview.classList.toggle("sb-inset", Boolean(frame.picture));
  show(card.blank, !frame.picture && !preview);
  card.blank.classList.toggle("sb-shimmer", busy);
  setText(card.blank, busy ? "" : say("undrawn"));
  setText(card.number, String(frame.number));
  setAttribute(card.number, "title", say("drag", frame.number));
  setLabel(card.open, say("open_frame", frame.number));
  setAttribute(card.open, "aria-expanded", open);
  card.root.classList.toggle("sb-opened", open);
  paintStale(card, frame);
  setLabel(card.lock, say(frame.locked ? "unlock" : "lock"));
  setAttribute(card.lock, "aria-pressed", frame.locked);
  if (card.locked !== frame.locked) card.lock.replaceChildren(makeIcon(frame.locked ? "lock" : "unlock"));
  card.locked = frame.locked;
}

/** @param {Card} card @param {Frame} frame */
function paintStale(card, frame) {
  const stale = frame.stale && !isBusy(frame);
  const words = frame.cause ? say("stale_cause", sayPhrase(frame.cause)) : say("stale");
  show(card.stale, stale);
  show(card.cause, stale);
  if (!stale) return;
  setText(card.staleWords, words);
  setAttribute(card.stale, "title", words);
  setText(card.cause, words);
}

// Who writes a sentence and presses Enter sees the note about its words here; so does who pastes a script.
/** @param {Card} card @param {Frame} frame */
function paintWords(card, frame) {
  const found = { ...wordsOf(frame), strangers: strangersIn(frame) };
  const [first] = found.closest;
  const note = sayWords(found) || (first ? say("closest_item", first.written, first.drawn) : "");
  show(card.words, note !== "");
  if (card.words.hidden) return;
  setText(card.words, nameWords(found) || say("closest", first.drawn));
  setLabel(card.words, note);
}

/** @param {Card} card @param {Frame} frame */
function paintProgress(card, frame) {
  const job = jobGoingOn(frame);
  show(card.progress, job !== null);
  card.root.classList.toggle("sb-busy", job !== null);
  if (!job) return;
  const percent = percentOf(job);
  setAttribute(card.bar, "aria-valuenow", percent);
  setAttribute(card.bar, "aria-label", say("frame", frame.number));
  setAttribute(card.stop, "aria-label", say("stop_frame", frame.number));
  card.fill.style.width = `${percent}%`;
  setText(card.status, sayJob(job, percent));
}

/** @param {Job} job @param {number} percent */
function sayJob(job, percent) {
  if (job.state === "queued") return job.ahead ? say("queued", job.ahead) : say("queued_next");
  return percent ? say("drawing", percent) : say("starting");
}

/** @param {Job} job */
function percentOf(job) {
  return job.state === "drawing" && job.steps ? Math.round((100 * job.step) / job.steps) : 0;
}

/** @param {Card} card @param {Frame} frame */
function paintActions(card, frame) {
  const busy = isBusy(frame);
  const failed = failureOf(frame) !== null;
  const verb = failed ? "retry" : frame.stale ? "update" : frame.picture ? "redraw" : "draw";
  setText(card.draw, say(verb));
  card.draw.classList.toggle("sb-next-step", failed || !frame.picture);
  card.draw.classList.toggle("sb-worth", frame.stale);
  show(card.draw, !busy);
  show(card.reroll, !busy && Boolean(frame.picture));
  setLabel(card.more, say("more", frame.number));
  const { chosen, all } = frame.takes;
  show(card.takes, !busy && all.length > 1);
  setText(card.take, `${chosen + 1}/${all.length}`);
  setAttribute(card.take, "aria-label", say("take", chosen + 1, all.length));
  setAttribute(card.take, "role", "img"); // a label on a plain span is not read
  setLabel(card.before, say("take_before", frame.number));
  setLabel(card.after, say("take_after", frame.number));
  card.before.disabled = chosen <= 0;
  card.after.disabled = chosen >= all.length - 1;
}

// Start, half and end are said to screen readers; every step would talk over everything else.
/** @param {Frame} before @param {Frame} frame */
function sayProgress(before, frame) {
  const percents = [before, frame].map((one) => (one.job ? percentOf(one.job) : 0));
  const failure = failureOf(frame);
  if (frame.takes.all.length > before.takes.all.length) announce(say("drawn", frame.number));
  else if (failure && !failureOf(before)) {
    toast(sayPhrase(failure));
    announce(say("failed", frame.number));
  } else if (percents[0] < 50 && percents[1] >= 50) announce(say("said_half", frame.number));
  else if (isBeingDrawn(frame) && !isBeingDrawn(before)) announce(say("said_start", frame.number));
}

/** @param {Frame} frame */
function isBeingDrawn(frame) {
  return frame.job !== null && frame.job.state === "drawing";
}

/** @param {Frame} frame */
function isBusy(frame) {
  return jobGoingOn(frame) !== null;
}

/** @param {Frame} frame */
function jobGoingOn(frame) {
  return frame.job && isActive(frame.job) ? frame.job : null;
}

// Why the last drawing of a frame failed; null where it did not.
/** @param {Frame} frame */
function failureOf(frame) {
  return frame.job && frame.job.state === "failed" ? frame.job.error : null;
}

// Sends one request about this card; its error, if any, stays on the card until the next one.
/**
 * @template {keyof Calls} Verb
 * @param {Card} card @param {Verb} verb @param {Message<Verb>} message @returns {Promise<Answer<Verb>>}
 */
async function act(card, verb, message = {}) {
  const answer = await ask(verb, { frame: card.id, ...message });
  card.problem = answer.error;
  if (answer.error) toast(answer.error);
  paintCard(card, card.frame);
  return answer;
}

/** @param {Card} card @param {number} by */
function stepTake(card, by) {
  const { chosen, all } = card.frame.takes;
  if (all[chosen + by] !== undefined) act(card, "choose_take", { take: all[chosen + by].id });
}

/** @param {Card} card */
function toggleLock(card) {
  act(card, "lock_frame", { locked: !card.frame.locked });
}

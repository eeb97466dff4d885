// The story played through: one picture at a time over the whole window, each for as long as its frame lasts.

/** @type {Playing | null} */
let playing = null; // while it is open

function openPlay(from = 0) {
  const drawn = view.frames.filter((frame) => frame.picture);
  if (!drawn.length) return toast(say("play_none"));
  const first = drawn.findIndex((frame) => frame.number > from);
  const part = makePlay(drawn, Math.max(0, first));
  playing = part;
  pagePart("root").append(part.root);
  part.root.showModal();
  // Where the browser allows it the screen has nothing else on it; the window is enough where it does not.
  if (part.root.requestFullscreen) part.root.requestFullscreen().catch(() => {});
  turnTo(part.at, true);
  return part.pause.focus();
}

/** @param {Frame[]} frames @param {number} at */
function makePlay(frames, at) {
  const root = make("dialog", "sb-play");
  const part = /** @type {Playing} */ ({ root, frames, at, timer: 0, running: true }); // the rest comes here
  root.setAttribute("aria-label", say("play_title"));
  part.image = make("img", "sb-play-picture");
  part.words = make("p", "sb-play-words");
  part.said = make("p", "sb-play-said");
  part.place = make("span", "sb-play-place");
  part.fill = make("div", "sb-fill");
  const bar = make("div", "sb-bar");
  bar.append(part.fill);
  const tools = make("div", "sb-play-tools");
  part.pause = makeIconButton("", "pause", say("play_pause"), togglePlay);
  tools.append(
    makeIconButton("", "before", say("play_before"), () => turnTo(part.at - 1)), part.pause,
    makeIconButton("", "after", say("play_after"), () => turnTo(part.at + 1)), part.place,
    makeIconButton("", "close", say("close"), () => root.close()),
  );
  const foot = make("div", "sb-play-foot");
  foot.append(part.words, part.said);
  root.append(part.image, foot, bar, tools);
  root.addEventListener("keydown", onPlayKey);
  root.addEventListener("close", closePlay);
  document.addEventListener("fullscreenchange", leftFullscreen);
  return part;
}

/** @param {KeyboardEvent} event */
function onPlayKey(event) {
  event.stopPropagation();
  const part = playing;
  if (!part) return;
  /** @type {Record<string, () => void>} */
  const keys = {
    ArrowRight: () => turnTo(part.at + 1), ArrowLeft: () => turnTo(part.at - 1), Home: () => turnTo(0),
    End: () => turnTo(part.frames.length - 1), " ": togglePlay, p: () => part.root.close(),
  };
  if (keys[event.key]) take(event, keys[event.key]);
}

// `begin`: the first one, which is shown whatever was shown before.
/** @param {number} at */
function turnTo(at, begin = false) {
  const part = playing;
  if (!part || at < 0 || (at === part.at && !begin)) return;
  if (at >= part.frames.length) return stopAtEnd(part);
  part.at = at;
  const frame = part.frames[at];
  const { dialogue } = frame.board || {};
  setPicture(part.image, frame.picture && pictureAddress(frame.picture));
  part.image.alt = say("picture_alt", frame.number, frame.caption);
  setText(part.words, frame.caption);
  setText(part.said, dialogue || "");
  show(part.said, Boolean(dialogue));
  setText(part.place, `${at + 1} / ${part.frames.length}`);
  announce(say("picture_alt", frame.number, frame.caption));
  runOn(part);
}

/** @param {Playing} part */
function runOn(part) {
  clearTimeout(part.timer);
  const { lasts } = part.frames[part.at];
  part.fill.style.transition = "none";
  part.fill.style.width = "0";
  if (!part.running) return;
  part.fill.getBoundingClientRect(); // so that the bar begins anew
  part.fill.style.transition = `width ${lasts}s linear`;
  part.fill.style.width = "100%";
  part.timer = setTimeout(() => turnTo(part.at + 1), 1000 * lasts);
}

/** @param {Playing} part */
function stopAtEnd(part) {
  part.running = false;
  paintPause(part);
  runOn(part);
}

function togglePlay() {
  const part = playing;
  if (!part) return;
  part.running = !part.running;
  paintPause(part);
  if (part.running && part.at === part.frames.length - 1 && part.frames.length > 1) turnTo(0);
  else runOn(part);
}

/** @param {Playing} part */
function paintPause(part) {
  part.pause.replaceChildren(makeIcon(part.running ? "pause" : "play"));
  setLabel(part.pause, say(part.running ? "play_pause" : "play_on"));
}

// Escape leaves the full screen without a keydown; it is meant to end the playing.
function leftFullscreen() {
  if (playing && !document.fullscreenElement) playing.root.close();
}

function closePlay() {
  const part = playing;
  if (!part) return;
  playing = null;
  clearTimeout(part.timer);
  document.removeEventListener("fullscreenchange", leftFullscreen);
  if (document.fullscreenElement) document.exitFullscreen().catch(() => {});
  part.root.remove();
  const card = cards.get(part.frames[part.at].id);
  if (card) focusCard(card);
}

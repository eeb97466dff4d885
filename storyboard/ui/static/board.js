// The board: keeps one story's newest view, paints it, and asks the server. Everything runs inside gr.HTML's
// js_on_load, whose scope gives `element`, `props`, `server` and `upload`. Nothing here outlives the page.

const cards = new Map();
let view = null;
let storyId = null;
let offline = false;
let timer = 0;

const QUICK = 300; // ms between looks while something is being drawn
const CALM = 3000; // ms between looks otherwise: another tab, or the API, may have changed the story

// One request. Always resolves: { view, error }, either of them null. A server that cannot be reached is an error too.
async function ask(verb, message = {}) {
  const answer = await server[verb]({ story: storyId, ...message });
  if (answer === undefined) {
    setOffline(true);
    return { view: null, error: say("unsaved") };
  }
  setOffline(false);
  if (answer.view) paint(answer.view);
  look(QUICK);
  return { view: answer.view || null, error: answer.error || null };
}

// Looks for news. The server says null when the version it was told is still the newest.
async function lookNow() {
  const answer = await server.get_news({ story: storyId, version: view.version });
  if (answer === undefined) setOffline(true);
  else {
    setOffline(false);
    if (answer && answer.gone) return setNotice(say("gone"));
    if (answer) paint(answer.view);
  }
  look(view.frames.some(isBusy) && !offline ? QUICK : CALM);
}

function look(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => (document.hidden ? look(CALM) : lookNow()), delay);
}

function paint(news) {
  if (view && news.version < view.version) return; // an older answer that was overtaken on its way
  view = news;
  paintCast(view.cast);
  reconcile(element.querySelector(".sb-cards"), cards, view.frames, (frame) => frame.id, makeCard);
  for (const frame of view.frames) paintCard(cards.get(frame.id), frame);
  paintComposer(view);
  paintHeading();
}

function paintHeading() {
  const stale = view.frames.filter((frame) => frame.stale && !isBusy(frame)).length;
  const update = element.querySelector(".sb-update");
  setText(element.querySelector(".sb-count"), sayCount("frames", view.frames.length));
  show(element.querySelector(".sb-empty"), view.frames.length === 0);
  show(update, stale > 0);
  if (stale) setText(update, sayCount("stale_all", stale));
}

function setNotice(text) {
  const notice = element.querySelector(".sb-notice");
  setText(notice, text || "");
  show(notice, Boolean(text));
}

function setOffline(now) {
  if (offline === now) return;
  offline = now;
  setNotice(now ? say("offline") : null);
  if (now) return;
  for (const card of cards.values()) if (isDirty(card) && document.activeElement !== card.text) saveSentence(card, false);
}

function storyAddress() {
  const address = new URL(window.location.href);
  address.searchParams.set("story", storyId);
  return address.toString();
}

// The address names the story, so that a reload, a bookmark or a second tab opens it again.
function rememberStory() {
  window.history.replaceState(null, "", storyAddress());
  if (window.parent === window) return;
  const { search } = new URL(storyAddress());
  window.parent.postMessage({ queryString: search.slice(1) }, "https://huggingface.co");
}

async function copyLink() {
  try {
    await navigator.clipboard.writeText(storyAddress());
    toast(say("copied"));
  } catch (error) {
    console.warn(error);
    toast(say("copy_this", storyAddress()));
  }
}

async function updateStale() {
  const { error } = await ask("draw_stale");
  if (error) toast(error);
}

async function open() {
  const wanted = new URLSearchParams(window.location.search).get("story");
  const answer = await server.open_story({ story: wanted });
  if (answer === undefined) {
    setOffline(true);
    return setTimeout(open, CALM);
  }
  setOffline(false);
  storyId = answer.view.story;
  rememberStory();
  if (answer.not_found) setNotice(say("not_found"));
  paint(answer.view);
  element.querySelector(".sb-root").classList.add("sb-ready");
  look(QUICK);
}

startComposer();
element.querySelector(".sb-update").addEventListener("click", updateStale);
element.querySelector(".sb-copy").addEventListener("click", copyLink);
document.addEventListener("visibilitychange", () => view && !document.hidden && look(0));
open();

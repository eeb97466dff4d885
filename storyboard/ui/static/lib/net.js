// Talks to the server: asks, looks for news, and keeps the newest view. Knows nothing of how it is painted.

// In place of both until a story is open: nothing is painted or asked before.
const NONE_OPEN = /** @type {any} */ (null);
/** @type {View} */
let view = NONE_OPEN;
/** @type {string} */
let storyId = NONE_OPEN;
let offline = false;
let timer = 0;

const QUICK = 300; // ms between looks while something is being drawn
const CALM = 3000; // ms between looks otherwise: another tab, or the API, may have changed the story

// What changes nothing in the story. It need not wait, and some of it takes long.
const ASIDE = new Set([
  "export", "export_frame", "frame_details", "frames_touched", "list_stories", "look_of_picture", "preview_look", "preview_portrait", "random_look", "split_script",
]);
/** @type {Promise<unknown>} */
let turn = Promise.resolve();

// One request. Always resolves, and `error` is null or a sentence for the writer; a server that cannot be reached is one
// too. Changes reach the server in the order they were made: two on the way at a time may overtake each other. A message
// that is a function is made when its turn has come, of what the changes before it have led to.
/**
 * @template {keyof Calls} Verb
 * @param {Verb} verb @param {Message<Verb> | (() => Message<Verb>)} message @returns {Promise<Answer<Verb>>}
 */
function ask(verb, message = {}) {
  const asked = storyId;
  const sendIt = () => send(asked, verb, typeof message === "function" ? message() : message);
  if (ASIDE.has(verb)) return sendIt();
  const sent = turn.then(sendIt);
  turn = sent.catch(console.warn);
  return sent;
}

/**
 * @template {keyof Calls} Verb
 * @param {string | null} asked @param {Verb} verb @param {Message<Verb>} message @returns {Promise<Answer<Verb>>}
 */
async function send(asked, verb, message) {
  const known = { story: asked, shelf: shelf(), have: view && view.stamp };
  const visitor = ASIDE.has(verb) ? {} : { visitor: await whoDraws() };
  const answer = await server[verb]({ ...known, ...visitor, ...message });
  setOffline(!answer);
  if (!answer) return unanswered(say("unsaved"));
  if (answer.view && asked === storyId) takeIn(answer.view);
  look(QUICK);
  return answer.error ? unanswered(sayPhrase(answer.error)) : { .../** @type {any} */ (answer), error: null };
}

// What `ask` answers where there is nothing but a sentence that says why.
/** @param {string} error */
function unanswered(error) {
  return { error: /** @type {Sentence} */ (error) };
}

const HUB = "https://huggingface.co"; // whose page a Space shows this one in

// What the Hub's page says of its reader, where a Space borrows GPUs: the drawing counts for them. Else null.
function whoDraws() {
  if (window.parent === window || !window.supports_zerogpu_headers) return null; // Gradio has asked
  return new Promise((resolve) => {
    const channel = new MessageChannel();
    const done = (/** @type {unknown} */ headers) => {
      channel.port1.close();
      resolve(headers);
    };
    channel.port1.onmessage = (event) => done(event.data);
    setTimeout(done, 2000, null); // no answer: drawn for nobody in particular
    window.parent.postMessage("zerogpu-headers", HUB, [channel.port2]);
  });
}

// A look at something that brings no news with it: the answer, or null where there is none.
/**
 * @template {keyof Calls} Verb
 * @param {Verb} verb @param {Message<Verb>} message @returns {Promise<ReturnType<Calls[Verb]> | null>}
 */
async function askQuietly(verb, message) {
  const answer = await server[verb]({ story: storyId, ...message });
  return answer && !answer.error ? /** @type {ReturnType<Calls[Verb]>} */ (answer) : null;
}

// As ask, for what has no place of its own to show an error.
/**
 * @template {keyof Calls} Verb
 * @param {Verb} verb @param {Message<Verb>} [message] @returns {Promise<Answer<Verb>>}
 */
async function askOrToast(verb, message) {
  const answer = await ask(verb, message);
  if (answer.error) toast(answer.error);
  return answer;
}

// The server says null when these numbers are still the newest, and sends only the jobs when only they changed.
async function lookNow() {
  const asked = storyId;
  const { boot, revision, jobs_version, doing, notice, trouble, stamp } = view;
  const seen = { boot, revision, jobs_version, doing, notice, trouble, have: stamp };
  const answer = await server.get_news({ story: storyId, ...seen });
  if (asked !== storyId) return;
  if (answer === undefined) {
    setOffline(true);
    // What is in the boxes comes back as drafts, where the browser may keep any.
    if (remembered(SHELF_KEY) && (await isOtherRun())) return window.location.reload();
  } else {
    setOffline(false);
    if (answer && answer.gone && storyId.startsWith(EXAMPLE)) return openStory(storyId); // nothing in it was changed
    if (answer && answer.gone && !view.frames.length) return openNewStory(); // an empty one ends with the app
    if (answer && answer.gone) return setNotice(say("gone"), { label: say("new_story"), run: openNewStory });
    if (answer && answer.view) takeIn(answer.view);
    const notice = noticeOnce();
    if (notice !== null) setNotice(notice);
  }
  look(view.jobs.some((job) => isActive(job)) && !offline ? QUICK : CALM);
}

// A page from before an update may ask for what the app no longer has: it answers, but only a fresh page can use it.
async function isOtherRun() {
  const { app_id: mine } = window.gradio_config || {};
  try {
    const answer = await fetch(`${appAddress()}/gradio_api/app_id`);
    return answer.ok && (await answer.json()).app_id !== mine;
  } catch (error) {
    return false; // not there at all
  }
}

/** @param {number} delay */
function look(delay) {
  clearTimeout(timer);
  timer = setTimeout(() => (document.hidden ? look(CALM) : lookNow()), delay);
}

const STAMPS = 8;
/** @type {Map<string, Map<string, SentFrame>>} */
const sentFrames = new Map(); // by stamp: the frames of the latest views by their ids

// The frames that a view leaves as they were in the one stamped `since` are only ids in it. Null where that is forgotten.
/** @param {News} news */
function filled(news) {
  if (!news.frames) return news;
  /** @type {Map<string, SentFrame> | undefined} */
  const known = news.since ? sentFrames.get(news.since) : new Map();
  if (!known) return null;
  const frames = news.frames.map((one) => (typeof one === "string" ? /** @type {SentFrame} */ (known.get(one)) : one));
  sentFrames.set(news.stamp, new Map(frames.map((frame) => [frame.id, frame])));
  for (const stamp of sentFrames.keys()) if (sentFrames.size > STAMPS && stamp !== news.stamp) sentFrames.delete(stamp);
  return { ...news, frames: frames.map((frame) => ({ ...frame, job: null })) };
}

// An answer that was overtaken on its way is dropped. A restarted server counts anew, which `boot` tells.
/** @param {News} answered */
function takeIn(answered) {
  const news = filled(answered);
  if (!news) {
    view.stamp = null; // the next look then brings everything
    view.revision = -1;
    return;
  }
  if (view && news.story === view.story && news.boot === view.boot) {
    if (news.revision < view.revision) return;
    if (news.revision === view.revision && news.jobs_version < view.jobs_version) return;
    if (!news.frames && news.revision !== view.revision) return;
  }
  const before = view;
  view = news.frames ? news : { ...view, ...news };
  paintWhenReleased(before);
}

let pressed = false;
/** @type {View | null | undefined} */
let unpainted; // the view that is painted now, while newer ones wait for the pointer to be released

// Between press and release nothing may move: the release would land beside the button, and the click be lost.
/** @param {View | null} before */
function paintWhenReleased(before) {
  if (!pressed) return paint(before);
  if (unpainted === undefined) unpainted = before;
  return undefined;
}

function startPressing() {
  const release = () => setTimeout(() => {
    pressed = false;
    if (unpainted === undefined) return;
    const before = unpainted;
    unpainted = undefined;
    paint(before);
  });
  document.addEventListener("pointerdown", () => (pressed = true), true);
  for (const name of ["pointerup", "pointercancel", "dragend"]) document.addEventListener(name, release, true);
}

/** @param {boolean} now */
function setOffline(now) {
  if (offline === now) return;
  offline = now;
  setNotice(now ? say("offline") : null);
  if (!now && view) saveDirtyCards();
}

/** @param {Job} job */
function isActive(job) {
  return job.state === "drawing" || job.state === "queued";
}

const EXAMPLE = "example-"; // how the ids of examples begin (shelf.py)

// The story's part of the address, so that a reload, a bookmark or a second tab opens it again.
function storyAddress() {
  const address = new URL(window.location.href);
  address.searchParams.set("story", storyId);
  return address.toString();
}

// Another story than the one the address names is a step that the browser's Back undoes.
function rememberStory() {
  const address = storyAddress();
  const named = new URLSearchParams(window.location.search).get("story");
  if (named && named !== storyId) window.history.pushState(null, "", address);
  else window.history.replaceState(null, "", address);
  if (window.parent === window) return;
  const { search } = new URL(address); // a Space shows the page inside its own
  window.parent.postMessage({ queryString: search.slice(1) }, HUB);
}

const SHELF_KEY = "storyboard.shelf";
let ownShelf = remembered(SHELF_KEY);

// The id under which this browser's list of stories is kept: unguessable, made here, known to nobody else.
function shelf() {
  if (!ownShelf) {
    const bytes = crypto.getRandomValues(new Uint8Array(24));
    ownShelf = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    remember(SHELF_KEY, ownShelf);
  }
  return ownShelf;
}

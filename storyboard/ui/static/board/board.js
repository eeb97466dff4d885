// The board: paints the newest view.

/** @type {Map<string, Card>} */
const cards = new Map(); // by the ids of frames
const COLUMNS_KEY = "storyboard.columns";
const WIDE = 1700; // px, from which on six pictures in a row are as large as four on a laptop

// Called by net.js with the view before, once `view` is the newest.
/** @param {View | null} before */
function paint(before) {
  attachJobs();
  // A view may already have a frame that was added while it was made, and the number from before that.
  const unknown = view.frames.some((frame) => !cards.has(frame.id));
  if (!before || before.story !== view.story || before.revision !== view.revision || unknown) {
    paintCast();
    paintBoard();
    paintBar();
    paintLook();
    paintComposer();
  } else {
    for (const frame of view.frames) paintCard(cardFor(frame), frame);
    if (panel) paintPanel();
  }
  paintHeading();
  paintQueue();
}

// A frame shows one job: the one being drawn, else the first that waits, else the last that failed.
function attachJobs() {
  /** @type {Map<string, Job>} */
  const shown = new Map();
  const rank = { drawing: 3, queued: 2, failed: 1, interrupted: 0 };
  for (const job of view.jobs) {
    const other = shown.get(job.frame);
    if (!other || rank[job.state] > rank[other.state]) shown.set(job.frame, job);
  }
  view.frames = view.frames.map((frame) => ({ ...frame, job: shown.get(frame.id) || null }));
}

function paintBoard() {
  const list = pagePart("cards");
  const ids = new Set(view.frames.map((frame) => frame.id));
  for (const id of cards.keys()) if (!ids.has(id)) cards.delete(id);
  if (panel && !ids.has(panel.id)) panel = null;
  const roots = view.frames.map((frame) => cardFor(frame).root);
  const opened = panel ? view.frames.findIndex((frame) => isOpen(frame.id)) : -1;
  if (panel && opened >= 0) roots.splice(endOfRow(opened, columnsShown(), roots.length), 0, panel.root);
  place(list, roots);
  for (const frame of view.frames) paintCard(cardFor(frame), frame);
  if (panel) paintPanel();
  else clearLooks();
}

/** @param {Frame} frame */
function cardFor(frame) {
  const card = cards.get(frame.id) || makeCard(frame);
  cards.set(frame.id, card);
  return card;
}

function columnsShown() {
  return getComputedStyle(pagePart("cards")).gridTemplateColumns.split(" ").length;
}

function paintHeading() {
  const idle = view.frames.filter((frame) => !isBusy(frame) && !frame.locked);
  const stale = idle.filter((frame) => frame.stale).length;
  const missing = idle.filter((frame) => !frame.picture).length;
  const failed = view.frames.filter((frame) => frame.job && frame.job.state === "failed").length;
  const interrupted = view.jobs.filter((job) => job.state === "interrupted").length;
  setText(pagePart("count"), sayCount("frames", view.frames.length));
  show(pagePart("empty"), view.frames.length === 0);
  const wrong = view.frames.filter(mayBeWrong).length;
  const list = pagePart("cards");
  if (!wrong) list.classList.remove("sb-only-wrong");
  const only = list.classList.contains("sb-only-wrong");
  refill(pagePart("todo"), [stale, missing, failed, interrupted, wrong, only, Boolean(view.seconds)], () => [
    stale ? make("span", "", sayCount("stale_banner", stale)) : null,
    stale ? makeTodo("update_all", stale, "draw_stale") : null,
    failed ? makeTodo("retry_failed", failed, "retry_failed") : null,
    missing && !interrupted ? makeTodo("draw_missing", missing, "draw_missing") : null,
    interrupted ? make("span", "", sayCount("interrupted", interrupted)) : null,
    interrupted ? keyed(makeButton("sb-plain", say("resume"), drawOn), "resume") : null,
    ...makeWrongTodo(wrong, list),
  ]);
}

/** @param {CountKey} key @param {number} count @param {"draw_stale" | "retry_failed" | "draw_missing"} verb */
function makeTodo(key, count, verb) {
  const run = verb === "draw_stale" ? updateAll : () => askOrToast(verb);
  return keyed(makeButton(`sb-plain sb-todo-${verb}`, sayCount(key, count, sayAbout(count)), run), verb);
}

async function updateAll() {
  const { error } = await askOrToast("draw_stale");
  if (!error && view.can_undo) toastUndo(say("updating"));
}

// What a restart interrupted, and with it whatever else has no picture: one button for both.
async function drawOn() {
  const { error } = await askOrToast("resume");
  if (!error) await askOrToast("draw_missing");
}

// -- The bar on top ----------------------------------------------------------------------------------------------

function paintBar() {
  const title = pagePart("story-title");
  if (document.activeElement !== title) title.value = view.title;
  title.placeholder = view.frames.length ? view.frames[0].caption : say("untitled");
  setText(pagePart("saved"), view.saved ? say("saved_at", sayClock(new Date(1000 * view.saved))) : "");
  paintUndo(pagePart("undo"), "undo", view.can_undo);
  paintUndo(pagePart("redo"), "redo", view.can_redo);
}

// Never `disabled`: that would take the focus away from under a key that is pressed again.
/** @param {HTMLButtonElement} button @param {"undo" | "redo"} key @param {string | null} phrase */
function paintUndo(button, key, phrase) {
  setAttribute(button, "aria-disabled", String(!phrase));
  setLabel(button, phrase ? say(`${key}_what`, sayPhrase(phrase)) : say(key));
}

function startBar() {
  const title = pagePart("story-title");
  title.maxLength = 200;
  title.addEventListener("change", () => renameStory(title.value));
  title.addEventListener("keydown", (event) => isEnter(event) && title.blur());
  for (const name of /** @type {const} */ (["undo", "redo", "help"])) pagePart(name).append(makeIcon(name));
  for (const name of /** @type {const} */ (["export", "settings"])) pagePart(name).prepend(makeIcon(name));
  pagePart("open-stories").prepend(makeIcon("stories"));
  pagePart("play-through").prepend(makeIcon("play"));
  pagePart("copy").prepend(makeIcon("link"));
  pagePart("undo").addEventListener("click", undo);
  pagePart("redo").addEventListener("click", redo);
  pagePart("open-stories").addEventListener("click", openStories);
  pagePart("play-through").addEventListener("click", () => openPlay());
  pagePart("help").addEventListener("click", openKeys);
  pagePart("settings").addEventListener("click", openSettings);
  pagePart("copy").addEventListener("click", copyLink);
  makeMenuButton(pagePart("export"), exportMenu);
  fillLanguages(pagePart("languages"));
  startTheme(pagePart("themes"));
  setText(pagePart("limits"), props.side ? say("limits", props.model, props.side) : "");
  show(pagePart("limits"), props.side > 0);
  startColumns();
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

function startColumns() {
  const range = pagePart("columns");
  const list = pagePart("cards");
  const layOut = () => {
    list.classList.toggle("sb-single", columnsShown() === 1); // the thread then runs from above
    if (panel && view) paintBoard();
  };
  const use = (/** @type {number} */ count) => {
    list.style.setProperty("--sb-columns", String(count));
    list.classList.toggle("sb-many", count > 6);
    setAttribute(range, "aria-valuetext", say("columns_n", count));
    layOut();
  };
  const kept = Number(remembered(COLUMNS_KEY));
  range.valueAsNumber = kept >= 1 && kept <= 8 ? kept : window.innerWidth >= WIDE ? 6 : 4;
  use(range.valueAsNumber);
  range.addEventListener("input", () => {
    use(range.valueAsNumber);
    remember(COLUMNS_KEY, range.value);
  });
  window.addEventListener("resize", layOut);
}

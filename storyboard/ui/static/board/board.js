// The board: paints the newest view.

const cards = new Map();
const COLUMNS_KEY = "storyboard.columns";
const WIDE = 1700; // px, from which on six pictures in a row are as large as four on a laptop

// Called by net.js with the view before, once `view` is the newest.
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
    for (const frame of view.frames) paintCard(cards.get(frame.id), frame);
    if (panel) paintPanel();
  }
  paintHeading();
  paintQueue();
}

// A frame shows one job: the one being drawn, else the first that waits, else the last that failed.
function attachJobs() {
  const shown = new Map();
  const rank = { drawing: 3, queued: 2, failed: 1, interrupted: 0 };
  for (const job of view.jobs) {
    const other = shown.get(job.frame);
    if (!other || rank[job.state] > rank[other.state]) shown.set(job.frame, job);
  }
  view.frames = view.frames.map((frame) => ({ ...frame, job: shown.get(frame.id) || null }));
}

function paintBoard() {
  const list = element.querySelector(".sb-cards");
  const ids = new Set(view.frames.map((frame) => frame.id));
  for (const id of cards.keys()) if (!ids.has(id)) cards.delete(id);
  if (panel && !ids.has(panel.id)) panel = null;
  for (const frame of view.frames) if (!cards.has(frame.id)) cards.set(frame.id, makeCard(frame));
  const roots = view.frames.map((frame) => cards.get(frame.id).root);
  const opened = panel ? view.frames.findIndex((frame) => frame.id === panel.id) : -1;
  if (opened >= 0) roots.splice(endOfRow(opened, columnsShown(), roots.length), 0, panel.root);
  place(list, roots);
  for (const frame of view.frames) paintCard(cards.get(frame.id), frame);
  if (panel) paintPanel();
  else clearLooks();
}

function columnsShown() {
  return getComputedStyle(element.querySelector(".sb-cards")).gridTemplateColumns.split(" ").length;
}

function paintHeading() {
  const idle = view.frames.filter((frame) => !isBusy(frame) && !frame.locked);
  const stale = idle.filter((frame) => frame.stale).length;
  const missing = idle.filter((frame) => !frame.picture).length;
  const failed = view.frames.filter((frame) => frame.job && frame.job.state === "failed").length;
  const interrupted = view.jobs.filter((job) => job.state === "interrupted").length;
  setText(element.querySelector(".sb-count"), sayCount("frames", view.frames.length));
  show(element.querySelector(".sb-empty"), view.frames.length === 0);
  const wrong = view.frames.filter(mayBeWrong).length;
  const list = element.querySelector(".sb-cards");
  if (!wrong) list.classList.remove("sb-only-wrong");
  const only = list.classList.contains("sb-only-wrong");
  refill(element.querySelector(".sb-todo"), [stale, missing, failed, interrupted, wrong, only, Boolean(view.seconds)], () => [
    stale ? make("span", "", sayCount("stale_banner", stale)) : null,
    stale ? makeTodo("update_all", stale, "draw_stale") : null,
    failed ? makeTodo("retry_failed", failed, "retry_failed") : null,
    missing && !interrupted ? makeTodo("draw_missing", missing, "draw_missing") : null,
    interrupted ? make("span", "", sayCount("interrupted", interrupted)) : null,
    interrupted ? keyed(makeButton("sb-plain", say("resume"), drawOn), "resume") : null,
    ...makeWrongTodo(wrong, list),
  ]);
}

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

const bar = (name) => element.querySelector(`.sb-${name}`);

function paintBar() {
  const title = bar("story-title");
  if (document.activeElement !== title) title.value = view.title;
  title.placeholder = view.frames.length ? view.frames[0].caption : say("untitled");
  setText(bar("saved"), view.saved ? say("saved_at", sayClock(new Date(1000 * view.saved))) : "");
  paintUndo(bar("undo"), "undo", view.can_undo);
  paintUndo(bar("redo"), "redo", view.can_redo);
}

// Never `disabled`: that would take the focus away from under a key that is pressed again.
function paintUndo(button, key, phrase) {
  setAttribute(button, "aria-disabled", String(!phrase));
  setLabel(button, phrase ? say(`${key}_what`, sayPhrase(phrase)) : say(key));
}

function startBar() {
  const title = bar("story-title");
  title.maxLength = 200;
  title.addEventListener("change", () => renameStory(title.value));
  title.addEventListener("keydown", (event) => isEnter(event) && title.blur());
  for (const [name, icon] of [["undo", "undo"], ["redo", "redo"], ["help", "help"]]) bar(name).append(makeIcon(icon));
  for (const [name, icon] of [["open-stories", "stories"], ["play-through", "play"], ["export", "export"], ["settings", "settings"], ["copy", "link"]]) bar(name).prepend(makeIcon(icon));
  bar("undo").addEventListener("click", undo);
  bar("redo").addEventListener("click", redo);
  bar("open-stories").addEventListener("click", openStories);
  bar("play-through").addEventListener("click", () => openPlay());
  bar("help").addEventListener("click", openKeys);
  bar("settings").addEventListener("click", openSettings);
  bar("copy").addEventListener("click", copyLink);
  makeMenuButton(bar("export"), exportMenu);
  fillLanguages(bar("languages"));
  startTheme(bar("themes"));
  setText(bar("limits"), props.side ? say("limits", props.model, props.side) : "");
  show(bar("limits"), props.side > 0);
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
  const range = bar("columns");
  const list = element.querySelector(".sb-cards");
  const layOut = () => {
    list.classList.toggle("sb-single", columnsShown() === 1); // the thread then runs from above
    if (panel && view) paintBoard();
  };
  const use = (count) => {
    list.style.setProperty("--sb-columns", count);
    list.classList.toggle("sb-many", count > 6);
    setAttribute(range, "aria-valuetext", say("columns_n", count));
    layOut();
  };
  const kept = Number(remembered(COLUMNS_KEY));
  range.value = kept >= 1 && kept <= 8 ? kept : window.innerWidth >= WIDE ? 6 : 4;
  use(range.value);
  range.addEventListener("input", () => {
    use(range.value);
    remember(COLUMNS_KEY, range.value);
  });
  window.addEventListener("resize", layOut);
}

// Paste a script or choose its file, see what it was taken for and the frames it becomes, leave some out, accept.

const SCRIPT_FILE = /\.(fountain|fdx|srt|vtt|csv|tsv|md|markdown|txt)$/i;
const SCRIPT_ENDINGS = ".fountain,.fdx,.srt,.vtt,.csv,.tsv,.md,.markdown,.txt";
/** @type {ScriptSheet | null} */
let openPart = null; // the dialog's, while it is open

// `text` is a script that was pasted somewhere else.
function openScript(text = "") {
  const dialog = openDialog(say("script_title"), "sb-wide sb-script-dialog");
  /** @type {Partial<ScriptSheet>} */
  const begun = {
    dialog, frames: [], boards: [], dropped: new Set(), timer: 0, asked: 0, over: 0, file: null, answer: null,
  };
  const part = /** @type {ScriptSheet} */ (begun); // the rest comes here
  openPart = part;
  dialog.root.addEventListener("close", () => {
    if (openPart === part) openPart = null;
  });
  part.text = make("textarea", "sb-script-text");
  part.text.rows = 8;
  limitLength(part.text, props.script_limit, (over) => {
    part.over = over;
    splitSoon(part);
  });
  const label = make("label", "", say("script_label"));
  label.append(part.text);
  part.count = make("p", "sb-script-kind");
  part.count.setAttribute("role", "status");
  part.notices = make("div", "sb-script-notices");
  part.list = make("ol", "sb-split");
  part.problem = make("p", "sb-problem");
  part.problem.setAttribute("role", "alert");
  show(part.problem, false);
  dialog.body.append(
    make("p", "sb-quiet", say("script_note")), label, makeScriptFileRow(part), part.count, part.notices, part.list,
    part.problem, makeScriptFoot(part),
  );
  part.text.addEventListener("input", () => splitSoon(part));
  paintSplit(part);
  if (text) takeScript(part, text, null);
  part.text.focus();
  return part;
}

/** @param {ScriptSheet} part */
function makeScriptFileRow(part) {
  const input = make("input");
  input.type = "file";
  input.accept = SCRIPT_ENDINGS;
  input.hidden = true;
  input.setAttribute("aria-label", say("script_file"));
  onFile(input, (file) => readScriptFile(part, file));
  part.name = make("span", "sb-quiet sb-script-name");
  const row = make("div", "sb-row");
  row.append(makeButton("sb-plain", say("script_file"), () => input.click()), part.name, input);
  return row;
}

/** @param {ScriptSheet} part */
function makeScriptFoot(part) {
  part.draw = make("input");
  part.draw.type = "checkbox";
  part.draw.checked = true;
  part.accept = makeButton("sb-filled", "", () => acceptScript(part));
  const draw = make("label", "sb-check");
  draw.append(part.draw, make("span", "", say("script_draw")));
  const row = make("div", "sb-row sb-dialog-foot");
  row.append(draw, makeButton("sb-plain", say("cancel"), part.dialog.close), part.accept);
  return row;
}

// -- Files -------------------------------------------------------------------------------------------------------------

/** @param {File} file */
function isScriptFile(file) {
  return SCRIPT_FILE.test(file.name);
}

// Dropped on the page, or chosen where project files are: into the dialog, which opens if it is not.
/** @param {File} file */
function openScriptFile(file) {
  return readScriptFile(openPart || openScript(), file);
}

/** @param {ScriptSheet} part @param {File} file */
async function readScriptFile(part, file) {
  const most = 4 * props.script_limit; // bytes: no letter has more
  if (file.size > most) return showProblem(part, say("script_file_large", Math.round(most / 2 ** 20)));
  const text = decodeScript(await file.arrayBuffer());
  if (text === null) return showProblem(part, say("script_file_binary"));
  return takeScript(part, text, file.name);
}

// The text of a file's bytes, null where they are none: UTF-8 or UTF-16, else the letters of older Windows programs.
/** @param {ArrayBuffer} buffer */
function decodeScript(buffer) {
  const bytes = new Uint8Array(buffer);
  const [first, second] = bytes;
  if (first === 254 && second === 255) return new TextDecoder("utf-16be").decode(bytes);
  if (first === 255 && second === 254) return new TextDecoder("utf-16le").decode(bytes);
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return new TextDecoder("windows-1252").decode(bytes);
  }
}

/** @param {ScriptSheet} part @param {string} text @param {string | null} name */
function takeScript(part, text, name) {
  part.text.value = text.slice(0, props.script_limit);
  part.over = Math.max(0, text.length - props.script_limit);
  part.file = name;
  setText(part.name, name || "");
  splitSoon(part);
}

// -- The frames --------------------------------------------------------------------------------------------------------

/** @param {ScriptSheet} part */
function splitSoon(part, first = 1) {
  clearTimeout(part.timer);
  part.asked += 1;
  const asked = part.asked;
  part.timer = setTimeout(async () => {
    if (!part.text.value.trim()) part.file = null; // what is pasted next need not be of that kind
    const answer = await ask("split_script", { text: part.text.value, file: part.file, first });
    if (asked !== part.asked) return; // the text is another one by now
    part.answer = answer.error ? null : { ...answer, first };
    part.frames = answer.frames || [];
    part.boards = answer.boards || [];
    part.dropped.clear();
    showProblem(part, answer.error || (part.over ? sayCount("left_out", part.over, props.script_limit) : null));
    part.over = 0; // said until the next change
    paintSplit(part);
  }, 250);
}

/** @param {ScriptSheet} part */
function paintSplit(part) {
  const kept = part.frames.length - part.dropped.size;
  setText(part.count, sayKind(part.answer));
  setText(part.accept, sayCount("script_accept", kept, sayAbout(kept)));
  part.accept.disabled = kept === 0;
  setText(part.name, part.file || "");
  paintNotices(part);
  refill(part.list, [part.frames, [...part.dropped]], () => part.frames.map((caption, index) => makeSplitRow(part, caption, index)));
}

// "Fountain script, 12 scenes, 30 frames"
/** @param {ScriptSheet["answer"]} answer */
function sayKind(answer) {
  if (!answer || !answer.total) return sayCount("script_split", 0);
  const scenes = sayCount("script_scenes", answer.scenes);
  return say(`kind_${answer.kind}`, scenes + sayCount("script_split", answer.total));
}

/** @param {ScriptSheet} part */
function paintNotices(part) {
  const { answer } = part;
  const tooMany = answer && answer.total > answer.room;
  refill(part.notices, answer && [answer.notices, tooMany, answer.room, answer.total, answer.first], () => [
    ...(tooMany ? [make("p", "", sayCount("script_room", answer.room, answer.total)), makeFirst(part, answer)] : []),
    ...(answer ? answer.notices.map((notice) => make("p", "", sayPhrase(notice))) : []),
  ]);
}

// Where a script that is too long for one story goes on in the next one.
/** @param {ScriptSheet} part @param {{ first: number, total: number }} answer */
function makeFirst(part, { first, total }) {
  const label = make("label", "sb-script-first", say("script_first"));
  const input = keyed(make("input"), "first");
  input.type = "number";
  input.min = "1";
  input.max = String(total);
  input.valueAsNumber = first;
  input.addEventListener("change", () => splitSoon(part, Math.min(total, Math.max(1, Math.round(input.valueAsNumber) || 1))));
  label.append(input);
  return label;
}

/** @param {ScriptSheet} part @param {string} caption @param {number} index */
function makeSplitRow(part, caption, index) {
  const row = make("li", "sb-row");
  const dropped = part.dropped.has(index);
  const icon = dropped ? "plus" : "close";
  const toggle = keyed(makeIconButton("", icon, say(dropped ? "script_keep" : "script_drop", caption), () => {
    if (!part.dropped.delete(index)) part.dropped.add(index);
    paintSplit(part);
  }), `line-${index}`);
  row.classList.toggle("sb-dropped", dropped);
  row.append(make("span", "sb-split-words", caption), toggle);
  return row;
}

/** @param {ScriptSheet} part */
async function acceptScript(part) {
  const isKept = (/** @type {unknown} */ _, /** @type {number} */ index) => !part.dropped.has(index);
  const captions = part.frames.filter(isKept);
  part.accept.disabled = true;
  const answer = await ask("add_script", { captions, boards: part.boards.filter(isKept), draw: part.draw.checked, ...placeOfNext() });
  part.accept.disabled = false;
  showProblem(part, answer.error);
  if (answer.error) return;
  part.dialog.close();
  announce(sayCount("script_added", captions.length));
  showAdded(answer.frames[answer.frames.length - 1]);
}

// The line where the next sentence is written: Enter draws it and the line is ready again. It also takes a sentence for
// a place in the middle, and says first what that changes.

const composer = makeComposer();

/** @returns {Composer} */
function makeComposer() {
  const form = pagePart("composer");
  return {
    form,
    text: /** @type {HTMLTextAreaElement} */ (form.querySelector("textarea")),
    label: /** @type {HTMLElement} */ (form.querySelector("label")),
    problem: pagePart("problem", form),
    ideas: pagePart("ideas", form),
    place: pagePart("place", form),
    unknown: pagePart("unknown", form),
    gist: pagePart("gist", form),
    closest: pagePart("closest", form),
    wordings: [],
    insert: null,
    look: () => {}, // until the page has started
  };
}

function startComposer() {
  composer.look = watchWords(composer.text, composer.unknown, paintGist, () => ({ ...placeOfNext(), wordings: composer.wordings }));
  composer.text.addEventListener("beforeinput", (event) => {
    if (!isTooMuch(event)) return;
    event.preventDefault();
    openScript(event.data || "");
  });
  limitLength(composer.text, props.limit, (over) => complain(sayCount("left_out", over, props.limit)));
  composer.text.addEventListener("input", () => {
    fitHeight(composer.text);
    show(composer.problem, false);
    keepDraft("next", composer.text.value ? { text: composer.text.value } : null);
    composer.look();
  });
  composer.text.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && composer.insert) return stopInsert();
    if (!isEnter(event)) return undefined;
    event.preventDefault();
    return addFrame();
  });
  composer.form.addEventListener("submit", (event) => {
    event.preventDefault();
    addFrame();
    composer.text.focus();
  });
  pagePart("script", composer.form).addEventListener("click", () => openScript());
}

// Pasted or dropped: several lines, or more than one sentence may have. That is a script, and is lost in this line.
/** @param {InputEvent} event */
function isTooMuch({ inputType, data }) {
  if (!["insertFromPaste", "insertFromDrop"].includes(inputType) || !data) return false;
  return /[\r\n]/.test(data.trim()) || lengthWith(composer.text, data) > props.limit;
}

// Where the page ends for the reader: the line, and the queue above it, lie over what is below.
function topOfComposer() {
  const queue = pagePart("queue");
  return Math.min(window.innerHeight, (queue.hidden ? composer.form : queue).getBoundingClientRect().top);
}

async function addFrame() {
  const caption = composer.text.value;
  if (!caption.trim()) return complain(say("empty_add"));
  setValue(composer.text, "");
  show(composer.problem, false);
  show(composer.unknown, false);
  const { wordings } = composer;
  composer.wordings = [];
  paintGist(NOTHING);
  const answer = await ask("add_frame", () => ({ caption, wordings, ...placeOfNext() }));
  if (!answer.error) return showAdded(answer.frame);
  if (composer.text.value === "") composer.wordings = wordings;
  return giveBack(caption, answer.error);
}

// Beside which card what is written goes, as the app is told; nothing for the end of the story.
function placeOfNext() {
  return composer.insert ? { [composer.insert.side]: composer.insert.id } : {};
}

/** @param {string} id */
function showAdded(id) {
  if (!composer.text.value) keepDraft("next", null);
  // Sentences written on go on behind the one just inserted.
  if (composer.insert) composer.insert = { id, side: "after" };
  paintComposer();
  const card = cards.get(id);
  if (card) bringIntoSight(card.root);
}

// A sentence that was not taken comes back, unless the next one is being typed: then it waits on a button.
/** @param {string} caption @param {string} reason */
function giveBack(caption, reason) {
  complain(reason);
  if (composer.text.value === "") return setValue(composer.text, caption);
  const back = makeButton("sb-back", say("put_back"), () => {
    const both = `${caption} ${composer.text.value}`;
    if (both.length > props.limit) return openScript(both);
    setValue(composer.text, both);
    show(composer.problem, false);
    return composer.text.focus();
  });
  return composer.problem.append(" ", make("q", "", caption), " ", back);
}

/** @param {string} text */
function complain(text) {
  setText(composer.problem, text);
  show(composer.problem, true);
}

/** @param {string} id @param {Insert["side"]} side */
function startInsert(id, side) {
  composer.insert = { id, side };
  paintComposer();
  composer.text.focus({ preventScroll: true });
}

function stopInsert() {
  composer.insert = null;
  paintComposer();
  composer.text.focus({ preventScroll: true });
}

function paintComposer() {
  const { frames, cast } = view;
  const first = frames.length === 0;
  const begin = props.example ? say("example", props.example) : say("first_example");
  setAttribute(composer.text, "placeholder", first ? begin : say("next_example"));
  composer.form.classList.toggle("sb-first", first);
  paintPlace(frames);
  refill(composer.ideas, cast.map((person) => person.name), () => [
    makeIdeas("who_idea", cast.map((person) => makeIdea(person.name, true))),
    makeIdeas("what_idea", props.actions.map((action) => makeIdea(action))),
    makeIdeas("where_idea", props.places.map((place) => makeIdea(place))),
  ]);
}

/** @param {Frame[]} frames */
function paintPlace(frames) {
  const { insert } = composer;
  const beside = insert && frames.find((frame) => frame.id === insert.id);
  if (!beside) composer.insert = null;
  setText(composer.label, beside ? say(`next_${insert.side}`, beside.number) : say("next"));
  show(composer.place, Boolean(beside));
  if (!beside) return;
  const touched = touchedByInsert(frames, beside.number + (insert.side === "after" ? 1 : 0));
  refill(composer.place, touched, () => [
    make("span", "", touched ? sayCount("insert_note", touched) : ""),
    makeButton("sb-plain", say("insert_cancel"), stopInsert),
  ]);
}

// -- Words this cast knows, which write themselves in ------------------------------------------------------------------

/** @param {Key} key @param {HTMLElement[]} chips */
function makeIdeas(key, chips) {
  if (!chips.length) return null;
  const group = make("div", "sb-group");
  group.append(make("span", "sb-group-name", say(key)), ...chips);
  return group;
}

/** @param {string} word */
function makeIdea(word, isName = false) {
  const chip = isName ? makeNameChip(word) : makeButton("sb-chip", word);
  // Without this the press would take the focus, and with it the caret, out of the sentence.
  chip.addEventListener("mousedown", (event) => event.preventDefault());
  chip.addEventListener("click", () => insertWord(word));
  return chip;
}

// Into the sentence that is being written, at the caret, with a space on either side where one is missing.
/** @param {string} word */
function insertWord(word) {
  const { selectionStart: start, selectionEnd: end, value } = composer.text;
  const before = value.slice(0, start);
  const after = value.slice(end);
  const piece = `${before && !/\s$/.test(before) ? " " : ""}${word}${after && !/^[\s.,!?]/.test(after) ? " " : ""}`;
  if (before.length + piece.length + after.length > props.limit) return;
  composer.text.value = before + piece + after;
  const caret = before.length + piece.length;
  composer.text.focus({ preventScroll: true });
  composer.text.setSelectionRange(caret, caret);
  composer.text.dispatchEvent(new Event("input"));
}

// The line after the last card: one sentence, Enter, drawn; and the words this cast knows, which write themselves in.

const composer = { text: element.querySelector("#sb-next"), form: element.querySelector(".sb-composer") };
composer.problem = composer.form.querySelector(".sb-problem");
composer.ideas = composer.form.querySelector(".sb-ideas");

function startComposer() {
  composer.text.maxLength = props.limit;
  composer.text.addEventListener("input", () => {
    fitHeight(composer.text);
    show(composer.problem, false);
  });
  composer.text.addEventListener("keydown", (event) => {
    if (!isEnter(event)) return;
    event.preventDefault();
    addFrame();
  });
  composer.form.addEventListener("submit", (event) => {
    event.preventDefault();
    addFrame();
    composer.text.focus();
  });
}

async function addFrame() {
  const caption = composer.text.value;
  if (!caption.trim()) return complain(say("empty_add"));
  setValue(composer.text, "");
  show(composer.problem, false);
  const answer = await ask("add_frame", { caption });
  if (!answer.error) return showLast();
  toast(answer.error);
  giveBack(caption, answer.error);
}

// A sentence that was not taken comes back, unless the next one is being typed: then it waits on a button.
function giveBack(caption, reason) {
  complain(reason);
  if (composer.text.value === "") return setValue(composer.text, caption);
  const back = makeButton("sb-back", say("put_back"), () => {
    setValue(composer.text, `${caption} ${composer.text.value}`.slice(0, props.limit));
    show(composer.problem, false);
    composer.text.focus();
  });
  composer.problem.append(" ", make("q", "", caption), " ", back);
}

function complain(text) {
  setText(composer.problem, text);
  show(composer.problem, true);
}

function showLast() {
  const last = element.querySelector(".sb-cards").lastElementChild;
  const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (last) last.scrollIntoView({ block: "nearest", behavior: calm ? "auto" : "smooth" });
}

function paintComposer(view) {
  const ready = view.frames.length === 0 && props.example;
  setAttribute(composer.text, "placeholder", ready ? say("example", props.example) : say("next_example"));
  composer.form.classList.toggle("sb-first", view.frames.length === 0);
  if (composer.ideas.childElementCount) return;
  addIdeas("who_idea", view.cast.map((person) => makeIdea(person.name, true)));
  addIdeas("what_idea", props.actions.map((action) => makeIdea(action)));
  addIdeas("where_idea", props.places.map((place) => makeIdea(place)));
}

function addIdeas(key, chips) {
  if (!chips.length) return;
  const group = make("div", "sb-group");
  group.append(make("span", "sb-group-name", say(key)), ...chips);
  composer.ideas.append(group);
}

function makeIdea(word, isName = false) {
  const chip = isName ? makeNameChip(word, "button") : make("button", "sb-chip", word);
  chip.type = "button";
  // Without this the press would take the focus, and with it the caret, out of the sentence.
  chip.addEventListener("mousedown", (event) => event.preventDefault());
  chip.addEventListener("click", () => insertWord(word));
  return chip;
}

// Into the sentence that is being written, at the caret, with a space on either side where one is missing.
function insertWord(word) {
  const box = composer.text;
  const { selectionStart: start, selectionEnd: end, value } = box;
  const before = value.slice(0, start);
  const after = value.slice(end);
  const piece = `${before && !/\s$/.test(before) ? " " : ""}${word}${after && !/^[\s.,!?]/.test(after) ? " " : ""}`;
  if (before.length + piece.length + after.length > props.limit) return;
  box.value = before + piece + after;
  const caret = before.length + piece.length;
  box.focus({ preventScroll: true });
  box.setSelectionRange(caret, caret);
  fitHeight(box);
}

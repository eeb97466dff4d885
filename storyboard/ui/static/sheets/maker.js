// Make somebody: a dialog in which a person is chosen part by part, with a portrait the server draws as one chooses. Its own
// undo goes back over the looks of this dialog; only the last one is kept, as one change of the story.

const MOST_LOOKS = 100; // that undo goes back over

/** @type {Maker | null} */
let maker = null; // the open one

// `person` is whose look is changed, null for somebody new; without a look to start from the dice choose.
/** @param {Person | null} [person] */
function openMaker(person = null) {
  const worn = person && portraitOf(person).look;
  const dialog = openDialog(person ? say("maker_change", person.name) : say("maker_title"), "sb-maker");
  /** @type {Partial<Maker>} */
  const begun = {
    dialog, person, look: null, base: null, changes: [], hidden: [], past: [], dragged: null, asking: false, again: false,
    inputs: {}, toggles: [], swatches: [], palettes: make("div"),
  };
  const part = /** @type {Maker} */ (begun); // the rest comes part by part
  maker = part;
  dialog.root.addEventListener("close", () => (maker = null));
  dialog.root.addEventListener("keydown", (event) => onMakerKey(part, event));
  dialog.body.append(makeMakerSide(part), makeMakerChoices(part), makeMakerFoot(part));
  if (worn) startFrom(part, worn);
  else rollDice(part);
  if (person) askTouched(part, person);
  // On a touch screen a focused field would bring up the keyboard over the portrait.
  (part.field && window.matchMedia("(pointer: fine)").matches ? part.field : part.dice).focus();
}

/** @param {Maker} part */
function makeMakerSide(part) {
  const side = make("div", "sb-maker-side");
  const frame = make("div", "sb-maker-frame");
  part.image = makeHiddenPicture();
  frame.append(part.image);
  part.words = make("p", "sb-quiet sb-maker-words");
  part.words.lang = "en"; // as sentences are
  part.words.setAttribute("role", "status");
  part.dice = makeButton("sb-plain", undefined, () => rollDice(part));
  part.dice.append(makeIcon("dice"), make("span", "", say("maker_dice")));
  part.back = makeButton("sb-plain", undefined, () => stepBack(part));
  part.back.append(makeIcon("undo"), make("span", "", say("undo")));
  setLabel(part.back, say("undo")); // a phone has room for the icon alone
  const tools = make("div", "sb-row sb-maker-tools");
  tools.append(part.dice, part.back);
  side.append(frame, tools, part.words, makeMakerUpload(part));
  return side;
}

// For a picture that is still to come.
function makeHiddenPicture() {
  const image = make("img");
  image.alt = "";
  image.hidden = true;
  return image;
}

// A picture of the writer's own to begin with: the nearest look, and the picture beside it to go on from.
/** @param {Maker} part */
function makeMakerUpload(part) {
  const label = make("label", "sb-maker-upload");
  const input = make("input", "sb-hidden");
  part.given = makeHiddenPicture();
  input.type = "file";
  input.accept = PICTURE_FILES;
  onFile(input, (file) => startFromPicture(part, file));
  label.append(input, part.given, makeIcon("plus"), make("span", "", say("maker_picture")));
  return label;
}

/** @param {Maker} part @param {File} file */
async function startFromPicture(part, file) {
  const sent = await sendFile(file);
  const answer = sent ? await ask("look_of_picture", { path: sent.path }) : unanswered(say("upload_failed", props.upload_mb));
  if (maker !== part) return;
  showProblem(part, answer.error);
  if (answer.error) return;
  setPicture(part.given, answer.given);
  rememberLook(part);
  part.dragged = null;
  takeLook(part, answer);
}

/** @param {Maker} part */
function makeMakerChoices(part) {
  const box = make("div", "sb-maker-choices");
  part.note = make("p", "sb-quiet");
  if (!props.anybody && props.people.length) part.note.textContent = say("maker_unlearned", sayAnyOf(props.people));
  part.fields = make("div", "sb-maker-fields");
  part.touched = make("p", "sb-quiet");
  part.touched.setAttribute("role", "status");
  show(part.note, part.note.textContent !== "");
  if (!part.person) box.append(makeMakerNames(part));
  box.append(part.fields, part.palettes, part.note, part.touched);
  return box;
}

/** @param {Maker} part */
function makeMakerNames(part) {
  const names = make("div", "sb-maker-names");
  const field = makeField("name", "", 40);
  const pronoun = makePronounField("she");
  Object.assign(part, { field, pronoun });
  pronoun.addEventListener("change", () => choosePronoun(part, pronoun.value));
  field.addEventListener("keydown", (event) => {
    if (!isEnter(event)) return;
    event.preventDefault();
    saveMaker(part);
  });
  names.append(field.parentElement, pronoun.parentElement);
  return names;
}

/** @param {Maker} part */
function makeMakerFoot(part) {
  const foot = make("div", "sb-maker-foot");
  part.problem = make("p", "sb-problem");
  part.problem.setAttribute("role", "alert");
  part.problem.hidden = true;
  part.save = makeButton("sb-filled", say(part.person ? "maker_wear" : "add_person"), () => saveMaker(part));
  foot.append(part.problem, makeButton("sb-plain", say("cancel"), part.dialog.close), part.save);
  return foot;
}

/** @param {Maker} part @param {KeyboardEvent} event */
function onMakerKey(part, event) {
  if (!(event.ctrlKey || event.metaKey) || event.key !== "z" || event.target === part.field) return;
  event.preventDefault();
  stepBack(part);
}

// `dragging`: one of many moves of a colour, which together are one step of undo.
/** @param {Dressed} part @param {string} field @param {unknown} value */
function changeLook(part, field, value, dragging = false) {
  if (!dragging || part.dragged !== field) rememberLook(part);
  part.dragged = dragging ? field : null;
  const [name, extra] = field.split(".");
  const now = extra ? { ...part.look.extras, [extra]: value } : value;
  const latest = part.changes.at(-1);
  part.look = { ...part.look, [name]: now };
  part.changes = [...(latest && latest[0] === name ? part.changes.slice(0, -1) : part.changes), [name, now]];
  showProblem(part, null);
  paintMaker(part);
  redrawMaker(part);
}

// Only what the server has shown: a look it has not seen yet may hold what does not go together.
/** @param {Maker} part */
function rememberLook(part) {
  if (part.base && part.past.at(-1) !== part.base) part.past = [...part.past, part.base].slice(-MOST_LOOKS);
}

/** @param {Maker} part */
function stepBack(part) {
  const look = part.past.pop();
  if (!look) return;
  showProblem(part, null);
  startFrom(part, look);
}

// `base` is a look the server has shown or kept, `changes` what was chosen since: what goes with what is the server's to say.
/** @param {Maker} part @param {Look} look */
function startFrom(part, look) {
  const dressed = Object.assign(part, { look, base: look, changes: [], dragged: null });
  paintMaker(dressed);
  redrawMaker(dressed);
}

// How they are called shapes the figure too, where there is a figure for it.
/** @param {Maker} part @param {string} word */
function choosePronoun(part, word) {
  if (!isDressed(part)) return;
  const shapes = props.wardrobe.choices[part.look.kind].pronoun;
  if (shapes.includes(word)) changeLook(part, "pronoun", word);
}

/** @param {Maker} part */
async function rollDice(part) {
  const [seed] = crypto.getRandomValues(new Uint32Array(1));
  const answer = await ask("random_look", { seed: seed % 2 ** 31 });
  showProblem(part, answer.error);
  if (answer.error || maker !== part) return;
  rememberLook(part);
  part.dragged = null;
  takeLook(part, answer);
}

// One question at a time: while it is on its way any number of changes wait as one, the newest.
/** @param {Dressed} part */
async function redrawMaker(part) {
  part.again = true;
  if (part.asking) return;
  part.asking = true;
  while (part.again && maker === part) {
    part.again = false;
    const { look, base, changes } = part;
    const answer = await ask("preview_look", { look: base, changes });
    if (maker !== part) break;
    showProblem(part, answer.error);
    if (answer.error) {
      Object.assign(part, { look: base, changes: [] }); // as it was before what was refused
      paintMaker(part);
      break;
    }
    if (part.look === look) takeLook(part, answer);
    else setPicture(part.image, answer.picture);
  }
  part.asking = false;
}

// What the server shows is what will be kept: where two things do not go together it has put that right.
/** @param {Maker} part @param {ShownLook} shown */
function takeLook(part, { look, picture, words, hidden }) {
  const dressed = Object.assign(part, { look, base: look, changes: [], hidden });
  setPicture(part.image, picture);
  setAttribute(part.image, "alt", words);
  setText(part.words, words);
  if (part.pronoun && part.pronoun.value !== "they" && part.pronoun.value !== look.pronoun) part.pronoun.value = look.pronoun;
  paintMaker(dressed);
}

/** @param {Maker} part @returns {part is Dressed} */
function isDressed(part) {
  return part.look !== null;
}

/** @param {Dressed} part */
function paintMaker(part) {
  refill(part.fields, part.look.kind, () => {
    Object.assign(part, { inputs: {}, toggles: [], swatches: [] });
    return makeMakerFields(part);
  });
  paintMakerFields(part);
  part.back.disabled = !part.past.length;
}

/** @param {Maker} part @param {Person} person */
async function askTouched(part, { name }) {
  const { numbers } = await ask("frames_touched", { name });
  if (numbers && numbers.length) setText(part.touched, sayCount("touches", numbers.length, numbers.join(", ")));
}

/** @param {Maker} part */
async function saveMaker(part) {
  if (!part.look) return rollDice(part);
  if (part.asking) return setTimeout(() => maker === part && saveMaker(part), 30); // what is kept is what was shown
  part.save.disabled = true;
  const { person, look } = part;
  const answer = person
    ? { name: person.name, ...(await ask("change_look", { name: person.name, look })) }
    : await ask("make_character", { name: part.field?.value, pronoun: part.pronoun?.value, aliases: [], look });
  part.save.disabled = false;
  showProblem(part, answer.error);
  if (answer.error) return part.field && part.field.focus();
  part.dialog.close();
  return announce(say("maker_made", answer.name));
}

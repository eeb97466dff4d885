// The cast above the story: a face for everyone, and behind it a sheet with their name, portraits and pronoun.

function paintCast() {
  const row = pagePart("people");
  refill(row, view.cast, () => [...view.cast.map(makePerson), makeAddPeople()]);
  if (personSheet) paintPortraits(personSheet);
}

/** @param {Person} person */
function makePerson(person) {
  const item = make("li", "sb-person");
  const portrait = portraitOf(person);
  const pronoun = say(person.pronoun);
  const button = keyed(makeButton("sb-person-open", undefined, () => openPerson(person.name)), `person-${person.name}`);
  const words = make("span", "sb-person-words");
  const name = make("span", "sb-person-name");
  name.append(make("b", "", person.name), make("span", "", pronoun));
  words.append(name, make("span", portrait.learned ? "" : "sb-stranger", portrait.learned ? portrait.label : say("not_learned")));
  button.style.setProperty("--sb-hue", hueOf(person.name));
  button.append(makeImage("", portrait.picture, ""), words);
  const label = say("person_open", person.name, pronoun, portrait.label);
  setLabel(button, portrait.learned ? label : `${label}. ${sayStrangers([person.name])}`);
  item.append(button);
  return item;
}

// In one place, so that the bundled cast and they fit one row.
function makeAddPeople() {
  const item = make("li", "sb-person sb-person-adds");
  item.append(makeAddPerson("make", "dice", () => openMaker()), makeAddPerson("add", "plus", () => openPerson(null)));
  return item;
}

/** @param {"make" | "add"} how @param {Icon} icon @param {() => void} open */
function makeAddPerson(how, icon, open) {
  const button = keyed(makeButton("sb-person-open sb-person-add", undefined, open), `person-${how}`);
  const plus = make("span", "sb-plus");
  plus.append(makeIcon(icon));
  button.append(plus, make("span", "sb-person-words", say(`cast_${how}`)));
  return button;
}

/** @type {PersonSheet | null} */
let personSheet = null; // the open one

/** @param {string | null} name */
function openPerson(name) {
  const person = personNamed(name);
  const dialog = openDialog(person ? say("person_title", person.name) : say("person_new"), "sb-sheet");
  const sheet = /** @type {PersonSheet} */ ({ name, dialog, picture: null }); // the rest comes here
  sheet.portraits = make("div", "sb-portraits");
  sheet.touched = make("p", "sb-quiet");
  sheet.touched.setAttribute("role", "status");
  sheet.problem = make("p", "sb-problem");
  sheet.problem.setAttribute("role", "alert");
  personSheet = sheet;
  dialog.root.addEventListener("close", () => (personSheet = null));
  if (!person && props.people.length) dialog.body.append(make("p", "sb-quiet", say("person_learned", props.people.join(", "))));
  sheet.learned = make("p", "sb-unknown");
  dialog.body.append(...present([
    sheet.portraits, sheet.learned, sheet.touched, person && props.styled && makeLooks(sheet), makePersonForm(sheet, person), sheet.problem,
  ]));
  paintPortraits(sheet);
}

/** @param {PersonSheet} sheet @param {Person | null} person */
function makePersonForm(sheet, person) {
  const form = make("form", "sb-form");
  sheet.field = makeField("name", person ? person.name : "", 40);
  sheet.aliases = makeField("aliases", person ? person.aliases.join(", ") : "", 200);
  sheet.aliases.placeholder = say("aliases_note");
  sheet.pronoun = makePronounField(person ? person.pronoun : "she");
  const foot = make("div", "sb-row sb-dialog-foot");
  const save = make("button", "sb-filled", say(person ? "save_person" : "add_person"));
  if (person) {
    foot.append(
      makeButton("sb-plain sb-danger", say("remove_person"), () => removePerson(sheet)),
      makeButton("sb-plain", say("write_name", person.name), () => {
        sheet.dialog.close();
        insertWord(person.name);
      }),
    );
  }
  foot.append(save);
  form.append(sheet.field.parentElement, sheet.aliases.parentElement, sheet.pronoun.parentElement, foot);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    savePerson(sheet);
  });
  return form;
}

// What can be seen in the portrait they wear, for a model that is told in words.
/** @param {PersonSheet} sheet */
function makeLooks(sheet) {
  const looks = makeField("looks", "", props.looks_limit);
  looks.placeholder = say("looks_note");
  looks.addEventListener("change", async () => {
    const person = personNamed(sheet.name);
    if (!person) return; // taken out of the story meanwhile
    const { error } = await ask("describe_portrait", { name: person.name, portrait: person.chosen, words: looks.value });
    showProblem(sheet, error);
    if (!error) announce(say("looks_set", person.name));
  });
  sheet.looks = looks;
  return looks.parentElement;
}

/** @param {Key} key @param {string} value @param {number} limit */
function makeField(key, value, limit) {
  const label = make("label", "sb-field");
  const input = make("input");
  input.type = "text";
  input.value = value;
  input.maxLength = limit;
  input.autocomplete = "off";
  label.append(make("span", "", say(key)), input);
  return /** @type {InLabel<HTMLInputElement>} */ (input);
}

const PRONOUNS = /** @type {const} */ (["she", "he", "they", "it"]);

/** @param {string} chosen */
function makePronounField(chosen) {
  const label = make("label", "sb-field");
  const select = make("select");
  for (const word of PRONOUNS) {
    const option = make("option", "", say(word));
    option.value = word;
    option.selected = word === chosen;
    select.append(option);
  }
  label.append(make("span", "", say("pronoun")), select);
  return /** @type {InLabel<HTMLSelectElement>} */ (select);
}

/** @param {PersonSheet} sheet */
function personFacts(sheet) {
  const aliases = sheet.aliases.value.split(",").map((one) => one.trim()).filter(Boolean);
  return { new_name: sheet.field.value, pronoun: sheet.pronoun.value, aliases };
}

/** @param {PersonSheet} sheet */
async function savePerson(sheet) {
  const { name, picture } = sheet;
  const facts = personFacts(sheet);
  const add = picture && (() => ask("add_character", { ...facts, path: picture.path }));
  const save = name === null ? add : () => ask("edit_character", { ...facts, name });
  if (!save) return showProblem(sheet, say("portrait_missing"));
  const { error } = await save();
  showProblem(sheet, error);
  if (!error) sheet.dialog.close();
}

/** @param {PersonSheet} sheet */
async function removePerson(sheet) {
  const answer = await ask("remove_character", { name: sheet.name || "" });
  showProblem(sheet, answer.error);
  if (answer.error) return;
  sheet.dialog.close();
  toastUndo(`${say("remove_person")}: ${sheet.name}`);
}

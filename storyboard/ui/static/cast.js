// The cast panel: who is in this story, what each of them wears, and a door for portraits of the writer's own.

const people = new Map();

function paintCast(cast) {
  reconcile(element.querySelector(".sb-people"), people, cast, (person) => person.name, makePerson);
  cast.forEach((person, index) => paintPerson(people.get(person.name), person, index));
}

function makePerson(person) {
  const part = { name: person.name, root: make("li", "sb-person"), portraits: new Map() };
  part.image = make("img", "sb-portrait");
  part.title = makeButton("sb-name", person.name, () => insertWord(person.name));
  part.title.title = say("use_name", person.name);
  part.pronoun = make("span", "sb-pronoun");
  part.label = make("p", "sb-label");
  part.list = make("div", "sb-outfits");
  part.list.setAttribute("role", "radiogroup");
  part.add = makeUpload(part);
  part.error = make("p", "sb-problem");
  part.error.setAttribute("role", "alert");
  const head = make("p", "sb-person-head");
  head.append(part.title, part.pronoun);
  const outfits = make("div", "sb-wardrobe");
  outfits.append(part.list, part.add);
  part.root.append(part.image, head, part.label, outfits, part.error);
  return part;
}

function makeUpload(part) {
  const label = make("label", "sb-upload");
  const input = make("input", "sb-hidden");
  input.type = "file";
  input.accept = "image/png,image/jpeg,image/webp";
  input.setAttribute("aria-label", say("upload", part.name));
  label.title = say("upload", part.name);
  input.addEventListener("change", () => {
    const file = input.files[0];
    input.value = "";
    if (file) sendPortrait(part, file);
  });
  const plus = make("span", "", "+");
  plus.setAttribute("aria-hidden", "true");
  label.append(input, plus);
  return label;
}

function paintPerson(part, person, index) {
  const chosen = person.portraits.find((portrait) => portrait.id === person.chosen);
  part.root.style.setProperty("--sb-hue", hueOf(index));
  setPicture(part.image, pictureAddress(chosen.picture));
  setAttribute(part.image, "alt", say("portrait_alt", person.name, chosen.label));
  setText(part.pronoun, STRINGS[person.pronoun] || person.pronoun);
  setText(part.label, chosen.label);
  setAttribute(part.list, "aria-label", person.name);
  reconcile(part.list, part.portraits, person.portraits, (portrait) => portrait.id, (portrait) => makeOutfit(part, portrait));
  for (const portrait of person.portraits) {
    const { root } = part.portraits.get(portrait.id);
    const worn = portrait.id === person.chosen;
    setAttribute(root, "aria-checked", worn);
    setAttribute(root, "tabindex", worn ? 0 : -1);
  }
}

function makeOutfit(part, portrait) {
  const root = makeButton("sb-outfit", undefined, () => choosePortrait(part, portrait.id));
  root.setAttribute("role", "radio");
  root.setAttribute("aria-label", say("wear", part.name, portrait.label));
  root.title = portrait.label;
  const image = make("img");
  image.alt = "";
  image.src = pictureAddress(portrait.picture);
  root.append(image);
  root.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const all = [...part.list.children];
    const next = by && all[(all.indexOf(root) + by + all.length) % all.length];
    if (!next) return;
    event.preventDefault();
    next.focus();
    next.click();
  });
  return { root };
}

function choosePortrait(part, portrait) {
  return askAbout(part, ask("choose_portrait", { name: part.name, portrait }));
}

async function sendPortrait(part, file) {
  setText(part.label, say("uploading"));
  part.add.classList.add("sb-waiting");
  try {
    const { path } = await upload(file);
    await askAbout(part, ask("add_portrait", { name: part.name, path }));
  } catch (error) {
    console.warn(error);
    await askAbout(part, { error: say("upload_failed", props.upload_mb) });
  }
  part.add.classList.remove("sb-waiting");
  if (view) paintCast(view.cast);
}

async function askAbout(part, asked) {
  const { error } = await asked;
  setText(part.error, error || "");
  show(part.error, Boolean(error));
  if (error) toast(error);
}

// Seven people at equal steps around the colour wheel; the saturation is the style sheet's.
function hueOf(index) {
  return String(Math.round((18 + index * 137.5) % 360));
}

function makeNameChip(name, tag) {
  const chip = make(tag, "sb-chip");
  const index = view.cast.findIndex((person) => person.name === name);
  const person = view.cast[index];
  if (person) {
    const face = make("span", "sb-dot");
    face.setAttribute("aria-hidden", "true");
    chip.style.setProperty("--sb-hue", hueOf(index));
    chip.append(face);
  }
  chip.append(make("span", "", name));
  return chip;
}

// The portraits on a character's sheet: which one they wear, one more of the writer's own, and what a change touches.

const PICTURE_FILES = "image/png,image/jpeg,image/webp,image/avif,image/heic,image/heif,.heic,.heif"; // some systems know no HEIC

/** @param {PersonSheet} sheet */
function paintPortraits(sheet) {
  const person = personNamed(sheet.name);
  const shown = person ? [person.portraits, person.chosen] : sheet.picture;
  refill(sheet.portraits, [sheet.name, shown], () => [
    ...(person ? person.portraits.map((portrait) => makePortrait(sheet, person, portrait)) : []),
    sheet.picture && !person ? makeNewPortrait(sheet.picture) : null,
    makeMakerTile(sheet, person),
    makeUpload(sheet, person),
  ]);
  const worn = person && portraitOf(person);
  if (worn && sheet.looks && sheet.looks !== document.activeElement) sheet.looks.value = worn.words;
  setText(sheet.learned, worn && !worn.learned ? sayStrangers([person.name]) : "");
  show(sheet.learned, sheet.learned.textContent !== "");
  sheet.portraits.setAttribute("role", "group");
  setAttribute(sheet.portraits, "aria-label", person ? say("portraits_of", person.name) : say("upload_new"));
}

/** @param {PersonSheet} sheet @param {Person} person @param {Portrait} portrait */
function makePortrait(sheet, person, portrait) {
  const worn = portrait.id === person.chosen;
  const button = keyed(makeButton("sb-portrait", undefined, () => pickPortrait(sheet, person, portrait)), portrait.id);
  button.setAttribute("aria-pressed", String(worn));
  setLabel(button, say("wear", person.name, portrait.label));
  button.append(makeImage("", portrait.picture, ""), make("span", "", portrait.label));
  return button;
}

/** @param {{ shown: string }} picture */
function makeNewPortrait({ shown }) {
  const image = make("img", "sb-new-portrait");
  image.src = shown;
  image.alt = say("upload_new");
  return image;
}

// A portrait that touches pictures is shown with how many first, and worn with a second press.
/** @param {PersonSheet} sheet @param {Person} person @param {Portrait} portrait */
async function pickPortrait(sheet, person, portrait) {
  if (portrait.id === person.chosen) return;
  const { numbers, error } = await ask("frames_touched", { name: person.name, portrait: portrait.id });
  showProblem(sheet, error);
  if (error) return;
  if (!numbers.length) return wear(sheet, person, portrait);
  const words = sayCount("touches", numbers.length, numbers.join(", "));
  const button = makeButton("sb-filled sb-wear", say("wear_this"), () => wear(sheet, person, portrait));
  sheet.touched.replaceChildren(`${portrait.label}: ${words} `, button);
  button.focus();
}

/** @param {PersonSheet} sheet @param {Person} person @param {Portrait} portrait */
async function wear(sheet, person, portrait) {
  sheet.touched.replaceChildren();
  const { error } = await ask("choose_portrait", { name: person.name, portrait: portrait.id });
  showProblem(sheet, error);
}

// Made people are changed in the maker; others get a portrait made there.
/** @param {PersonSheet} sheet @param {Person | null} person */
function makeMakerTile(sheet, person) {
  const tile = keyed(makeButton("sb-upload", undefined, () => {
    sheet.dialog.close();
    openMaker(person);
  }), "maker");
  const made = person && portraitOf(person).look;
  tile.append(makeIcon(made ? "pen" : "dice"), make("span", "", say(made ? "maker_change_short" : "maker_make_short")));
  return tile;
}

/** @param {PersonSheet} sheet @param {Person | null} person */
function makeUpload(sheet, person) {
  const label = make("label", "sb-upload");
  const input = keyed(make("input", "sb-hidden"), "upload");
  input.type = "file";
  input.accept = PICTURE_FILES;
  input.setAttribute("aria-label", person ? say("upload", person.name) : say("upload_new"));
  onFile(input, (file) => sendPortrait(sheet, person, file));
  label.append(input, makeIcon("plus"), make("span", "", say("upload_short")));
  return label;
}

/** @param {PersonSheet} sheet @param {Person | null} person @param {File} file */
async function sendPortrait(sheet, person, file) {
  setText(sheet.touched, say("uploading"));
  const sent = await sendFile(file);
  setText(sheet.touched, "");
  if (!sent) return showProblem(sheet, say("upload_failed", props.upload_mb));
  if (!person) return takePortrait(sheet, sent);
  const { error, portrait: id } = await ask("add_portrait", { name: person.name, path: sent.path });
  showProblem(sheet, error);
  const now = personNamed(person.name);
  const added = now && now.portraits.find((one) => one.id === id);
  return added && pickPortrait(sheet, now, added); // not worn yet where it touches pictures
}

// Somebody new has no place in the story yet: the app shows what it would keep. What is no picture at all is said at once;
// a good one takes back what was said about the one before.
/** @param {PersonSheet} sheet @param {Uploaded} sent */
async function takePortrait(sheet, sent) {
  const { picture, error } = await ask("preview_portrait", { path: sent.path });
  if (picture) sheet.picture = { path: sent.path, shown: picture };
  showProblem(sheet, error);
  paintPortraits(sheet);
}

// { path } of the file on the server, or null where it did not arrive.
/** @param {File} file */
async function sendFile(file) {
  try {
    return await upload(file);
  } catch (error) {
    console.warn(error);
    return null;
  }
}

// How all pictures of a story are to look, where the model can be told: words, what no picture is to show, a shape, and
// an example. A part of the settings sheet, which has its place for errors.

/** @param {SettingsSheet} sheet */
function makeStyle(sheet) {
  const part = make("section", "sb-settings-group sb-style");
  const words = makeField("style_words", view.style.words, props.style_limit);
  const negative = makeField("style_negative", view.style.negative, props.style_limit);
  words.placeholder = say("style_words_idea");
  negative.placeholder = say("style_negative_idea");
  const aspect = makeAspects();
  const example = make("div", "sb-style-example");
  const style = { words, negative, aspect, example };
  sheet.style = style;
  for (const field of [words, negative, aspect]) field.addEventListener("change", () => sendStyle(sheet, style));
  part.append(make("h3", "", say("style")), ...[words, negative, aspect].map((field) => field.parentElement));
  if (props.style_pictures) part.append(example);
  part.append(make("p", "sb-quiet", say("style_note")));
  return part;
}

function makeAspects() {
  const label = make("label", "sb-field");
  const select = make("select");
  for (const aspect of Object.keys(props.aspects)) {
    const option = make("option", "", say(/** @type {Key} */ (`aspect_${aspect}`)));
    option.value = aspect;
    select.append(option);
  }
  label.append(make("span", "", say("style_aspect")), select);
  return /** @type {InLabel<HTMLSelectElement>} */ (select);
}

/** @param {SettingsSheet} sheet @param {StyleFields} fields */
async function sendStyle(sheet, { words, negative, aspect }) {
  const { error } = await ask("set_style", { words: words.value, negative: negative.value, aspect: aspect.value });
  showProblem(sheet, error);
  if (!error) announce(say("style_set"));
}

/** @param {SettingsSheet} sheet @param {File} file */
async function sendStylePicture(sheet, file) {
  const sent = await sendFile(file);
  if (!sent) return showProblem(sheet, say("upload_failed", props.upload_mb));
  const { error } = await ask("set_style_picture", { path: sent.path });
  showProblem(sheet, error);
  if (!error) announce(say("style_set"));
}

/** @param {SettingsSheet} sheet */
async function removeStylePicture(sheet) {
  const { error } = await ask("remove_style_picture", {});
  showProblem(sheet, error);
  if (!error) announce(say("style_set"));
}

// What is typed just now stays.
/** @param {SettingsSheet} sheet */
function paintStyle(sheet) {
  if (!sheet.style) return;
  for (const field of /** @type {const} */ (["words", "negative", "aspect"])) {
    const box = sheet.style[field];
    if (box !== document.activeElement) box.value = view.style[field];
  }
  refill(sheet.style.example, view.style.picture, () => [
    view.style.picture && makeImage("sb-sample", view.style.picture, say("style_example")),
    makeExampleUpload(sheet),
    view.style.picture && keyed(makeButton("sb-plain", say("style_example_none"), () => removeStylePicture(sheet)), "style-none"),
  ]);
}

/** @param {SettingsSheet} sheet */
function makeExampleUpload(sheet) {
  const label = make("label", "sb-upload");
  const input = keyed(make("input", "sb-hidden"), "style-upload");
  input.type = "file";
  input.accept = PICTURE_FILES;
  input.setAttribute("aria-label", say("style_example_choose"));
  onFile(input, (file) => sendStylePicture(sheet, file));
  label.append(input, makeIcon("plus"), make("span", "", say("style_example")));
  return label;
}

// The shape of the pictures to come is that of every frame on the board.
function paintAspect() {
  const shape = props.aspects[view.style.aspect];
  pagePart("root").style.setProperty("--sb-aspect", shape ? shape.join(" / ") : "1");
}

// The settings of a story: the look its pictures are shown in, how carefully those to come are drawn, and what the model
// can draw at all.

/** @typedef {"look" | "crop" | "quality" | "checking"} Setting */

/** @type {SettingsSheet | null} */
let settingsSheet = null; // the open one

const SVG = "http://www.w3.org/2000/svg";

// A look is brightness and one curve a colour (looks.py), which is what an SVG filter can do: exports look the same.
function startLooks() {
  const { brightness, curves } = props.looks;
  const svg = makeSvg("svg", { class: "sb-hidden", "aria-hidden": "true", focusable: "false" });
  for (const [look, [red, green, blue]] of Object.entries(curves)) {
    const filter = makeSvg("filter", { id: `sb-look-${look}`, "color-interpolation-filters": "sRGB", x: 0, y: 0, width: 1, height: 1 });
    const row = [...brightness, 0, 0].join(" ");
    const tones = makeSvg("feComponentTransfer");
    const tone = (/** @type {string} */ name, /** @type {number[]} */ curve) => {
      tones.append(makeSvg(name, { type: "table", tableValues: curve.map((value) => value / 255).join(" ") }));
    };
    tone("feFuncR", red);
    tone("feFuncG", green);
    tone("feFuncB", blue);
    filter.append(makeSvg("feColorMatrix", { type: "matrix", values: `${row} ${row} ${row} 0 0 0 1 0` }), tones);
    svg.append(filter);
  }
  pagePart("root").append(svg);
}

/** @param {string} name @param {Record<string, string | number>} [attributes] */
function makeSvg(name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, String(value));
  return node;
}

function paintLook() {
  const root = pagePart("root");
  setAttribute(root, "data-look", view.look);
  setAttribute(root, "data-crop", view.crop);
  const [across, down] = view.crop.split(":").map(Number);
  root.style.setProperty("--sb-crop", String(down ? across / down : 1));
  root.style.setProperty("--sb-look", lookFilter(view.look));
  if (view.look in props.looks.curves) root.style.setProperty("--sb-look-too", lookFilter(view.look));
  else root.style.removeProperty("--sb-look-too");
  paintAspect();
  if (settingsSheet) paintSettings(settingsSheet);
}

/** @param {string} look */
function lookFilter(look) {
  return props.looks.curves[look] ? `url("#sb-look-${look}")` : "none";
}

function openSettings() {
  const dialog = openDialog(say("settings_title"), "sb-settings-dialog");
  /** @type {Partial<SettingsSheet>} */
  const begun = { dialog, problem: make("p", "sb-problem") };
  const sheet = /** @type {SettingsSheet} */ (begun); // the rest comes here
  sheet.problem.setAttribute("role", "alert");
  sheet.problem.hidden = true;
  const looks = ["colour", ...Object.keys(props.looks.curves)];
  sheet.looks = looks.map((look) => makeTile(sheet, "look", look, makeSample(look)));
  sheet.crops = ["none", "4:3", "16:9"].map((value) => makeTile(sheet, "crop", value));
  sheet.qualities = view.qualities.map(({ name }) => makeTile(sheet, "quality", name));
  sheet.checkings = ["off", "ask", "always"].map((value) => makeTile(sheet, "checking", value));
  dialog.body.append(...present([
    makeTiles("look", sheet.looks),
    props.styled && makeStyle(sheet),
    makeTiles("quality", sheet.qualities),
    !props.styled && makeTiles("crop", sheet.crops),
    props.judges && makeTiles("checking", sheet.checkings),
    !props.styled && makeSizes(),
    sheet.problem,
  ]));
  settingsSheet = sheet;
  dialog.root.addEventListener("close", () => (settingsSheet = null));
  paintSettings(sheet);
  const worn = sheet.looks.find((tile) => tile.input.checked);
  if (worn) worn.input.focus();
}

// Radio buttons dressed as tiles: arrows, Tab and screen readers work as they do everywhere.
/** @param {Setting} setting @param {Tile[]} tiles */
function makeTiles(setting, tiles) {
  const group = make("fieldset", "sb-settings-group");
  const row = make("div", "sb-tiles");
  const note = make("p", "sb-quiet", say(`${setting}_note`));
  note.id = `sb-${setting}-note`;
  group.setAttribute("aria-describedby", note.id);
  row.append(...tiles.map((tile) => tile.root));
  group.append(make("legend", "", say(setting)), row, note);
  return group;
}

/** @param {SettingsSheet} sheet @param {Setting} setting @param {string} value @param {Element | null} [sample] */
function makeTile(sheet, setting, value, sample = null) {
  const root = make("label", "sb-tile");
  const input = make("input", "sb-hidden");
  const facts = make("span", "sb-quiet");
  input.type = "radio";
  input.name = `sb-${setting}`;
  input.value = value;
  input.addEventListener("change", () => choose(sheet, setting, value));
  root.append(...present([input, sample, make("b", "", sayChoice(setting, value)), facts]));
  return { root, input, facts, value };
}

/** @param {Setting} setting @param {string} value */
function sayChoice(setting, value) {
  return say(/** @type {Key} */ (`${setting}_${value}`));
}

// The newest picture of the story, else a face: what the look would do to it.
/** @param {string} look */
function makeSample(look) {
  const drawn = view.frames.filter((frame) => frame.picture).pop();
  const key = drawn ? drawn.picture : view.cast.length && view.cast[0].portraits[0].picture;
  const image = key ? makeImage("", key, "") : make("span");
  image.classList.add("sb-sample");
  image.style.filter = lookFilter(look);
  return image;
}

function makeSizes() {
  const part = make("section", "sb-settings-group");
  part.append(make("h3", "", say("sizes")), make("p", "", props.side ? say("sizes_are", props.side, props.model) : say("sizes_unknown", props.model)));
  return part;
}

/** @param {SettingsSheet} sheet @param {Setting} setting @param {string} value */
async function choose(sheet, setting, value) {
  const { error } = await ask(`set_${setting}`, { [setting]: value });
  showProblem(sheet, error);
  paintSettings(sheet);
  if (!error) announce(say(`${setting}_set`, sayChoice(setting, value)));
}

/** @param {SettingsSheet} sheet */
function paintSettings(sheet) {
  paintStyle(sheet);
  for (const tile of sheet.looks) tile.input.checked = tile.value === view.look;
  for (const tile of sheet.crops) tile.input.checked = tile.value === view.crop;
  for (const tile of sheet.checkings) tile.input.checked = tile.value === view.checking;
  for (const tile of sheet.qualities) {
    tile.input.checked = tile.value === view.quality;
    const quality = view.qualities.find((one) => one.name === tile.value);
    const { steps = null, seconds = null } = quality || {};
    const parts = [steps && sayCount("quality_steps", steps), seconds && say("quality_seconds", saySeconds(seconds))];
    setText(tile.facts, parts.filter(Boolean).join(", "));
  }
}

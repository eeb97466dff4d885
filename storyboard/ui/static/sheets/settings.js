// The settings of a story: the look its pictures are shown in, how carefully those to come are drawn, and what the model
// can draw at all.

let settingsSheet = null; // the open one: { dialog, looks, qualities, problem }

const SVG = "http://www.w3.org/2000/svg";

// A look is brightness and one curve a colour (looks.py), which is what an SVG filter can do: exports look the same.
function startLooks() {
  const { brightness, curves } = props.looks;
  const svg = makeSvg("svg", { class: "sb-hidden", "aria-hidden": "true", focusable: "false" });
  for (const [look, [red, green, blue]] of Object.entries(curves)) {
    const filter = makeSvg("filter", { id: `sb-look-${look}`, "color-interpolation-filters": "sRGB", x: 0, y: 0, width: 1, height: 1 });
    const row = [...brightness, 0, 0].join(" ");
    const tones = makeSvg("feComponentTransfer");
    for (const [name, curve] of [["R", red], ["G", green], ["B", blue]]) {
      tones.append(makeSvg(`feFunc${name}`, { type: "table", tableValues: curve.map((value) => value / 255).join(" ") }));
    }
    filter.append(makeSvg("feColorMatrix", { type: "matrix", values: `${row} ${row} ${row} 0 0 0 1 0` }), tones);
    svg.append(filter);
  }
  element.querySelector(".sb-root").append(svg);
}

function makeSvg(name, attributes = {}) {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  return node;
}

function paintLook() {
  const root = element.querySelector(".sb-root");
  setAttribute(root, "data-look", view.look);
  setAttribute(root, "data-crop", view.crop);
  const [across, down] = view.crop.split(":");
  root.style.setProperty("--sb-crop", down ? across / down : 1);
  root.style.setProperty("--sb-look", lookFilter(view.look));
  if (view.look in props.looks.curves) root.style.setProperty("--sb-look-too", lookFilter(view.look));
  else root.style.removeProperty("--sb-look-too");
  paintAspect();
  if (settingsSheet) paintSettings(settingsSheet);
}

function lookFilter(look) {
  return props.looks.curves[look] ? `url("#sb-look-${look}")` : "none";
}

function openSettings() {
  const dialog = openDialog(say("settings_title"), "sb-settings-dialog");
  const sheet = { dialog, problem: make("p", "sb-problem") };
  sheet.problem.setAttribute("role", "alert");
  sheet.problem.hidden = true;
  const looks = ["colour", ...Object.keys(props.looks.curves)];
  sheet.looks = looks.map((look) => makeTile(sheet, "look", look, makeSample(look)));
  sheet.crops = ["none", "4:3", "16:9"].map((value) => makeTile(sheet, "crop", value));
  sheet.qualities = view.qualities.map(({ name }) => makeTile(sheet, "quality", name));
  sheet.checkings = ["off", "ask", "always"].map((value) => makeTile(sheet, "checking", value));
  dialog.body.append(...[
    makeTiles("look", sheet.looks),
    props.styled && makeStyle(sheet),
    makeTiles("quality", sheet.qualities),
    !props.styled && makeTiles("crop", sheet.crops),
    props.judges && makeTiles("checking", sheet.checkings),
    !props.styled && makeSizes(),
    sheet.problem,
  ].filter(Boolean));
  settingsSheet = sheet;
  dialog.root.addEventListener("close", () => (settingsSheet = null));
  paintSettings(sheet);
  sheet.looks.find((tile) => tile.input.checked).input.focus();
}

// Radio buttons dressed as tiles: arrows, Tab and screen readers work as they do everywhere.
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

function makeTile(sheet, setting, value, sample = null) {
  const root = make("label", "sb-tile");
  const input = make("input", "sb-hidden");
  const facts = make("span", "sb-quiet");
  input.type = "radio";
  input.name = `sb-${setting}`;
  input.value = value;
  input.addEventListener("change", () => choose(sheet, setting, value));
  root.append(...[input, sample, make("b", "", say(`${setting}_${value}`)), facts].filter(Boolean));
  return { root, input, facts, value };
}

// The newest picture of the story, else a face: what the look would do to it.
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

async function choose(sheet, setting, value) {
  const { error } = await ask(`set_${setting}`, { [setting]: value });
  showProblem(sheet, error);
  paintSettings(sheet);
  if (!error) announce(say(`${setting}_set`, say(`${setting}_${value}`)));
}

function paintSettings(sheet) {
  paintStyle(sheet);
  for (const tile of sheet.looks) tile.input.checked = tile.value === view.look;
  for (const tile of sheet.crops) tile.input.checked = tile.value === view.crop;
  for (const tile of sheet.checkings) tile.input.checked = tile.value === view.checking;
  for (const tile of sheet.qualities) {
    const { steps, seconds } = view.qualities.find((one) => one.name === tile.value);
    tile.input.checked = tile.value === view.quality;
    const parts = [steps && sayCount("quality_steps", steps), seconds && say("quality_seconds", saySeconds(seconds))];
    setText(tile.facts, parts.filter(Boolean).join(", "));
  }
}

// The pickers of the maker: a row a field of a look, with a list, a colour or both, and buttons for what may be worn at
// once. What there is to choose comes with the page (props.wardrobe); what goes with what is the server's to say.

/** @type {["body" | "head" | "clothes" | "extras", [Wear | null, Tint?][], Several?][]} */
const MAKER_GROUPS = [
  ["body", [["kind"], ["age"], ["height"], ["girth"], [null, "skin"]]],
  ["head", [["hair", "hair_colour"], ["beard"], ["glasses"], ["headwear", "headwear_colour"]], "marks"],
  ["clothes", [["top", "top_colour"], ["pattern", "accent"], ["bottom", "bottom_colour"], ["footwear", "footwear_colour"]]],
  ["extras", [], "extras"],
];

// Values of a look are English words on the server; a language may have its own for them.
/** @param {string} value */
function sayWear(value) {
  return (TABLES[language].wardrobe || {})[value] || value;
}

/** @param {Dressed} maker */
function makeMakerFields(maker) {
  const choices = props.wardrobe.choices[maker.look.kind];
  return MAKER_GROUPS.map(([group, rows, several]) => {
    const box = make("fieldset", "sb-maker-group");
    box.append(make("legend", "", say(`maker_${group}`)));
    for (const [field, tint] of rows) {
      if (field && choices[field].length < 2 && !tint) continue;
      box.append(makeMakerRow(maker, field, tint, choices));
    }
    if (several && choices[several].length) box.append(makeSeveral(maker, several, choices[several]));
    return box;
  });
}

/**
 * @param {Dressed} maker @param {Wear | null} field @param {Tint | undefined} tint @param {Record<string, string[]>} choices
 */
function makeMakerRow(maker, field, tint, choices) {
  const row = make("div", "sb-maker-row");
  const name = sayMakerField(/** @type {Wear | Tint} */ (field || tint), maker.look.kind);
  const label = make(field ? "label" : "span", "sb-maker-name", name);
  row.append(label);
  if (field && choices[field].length > 1) {
    const select = keyed(make("select"), field);
    select.append(...choices[field].map((value) => makeOption(value, sayWear(value))));
    select.id = `sb-maker-${field}`;
    setAttribute(label, "for", select.id);
    select.addEventListener("change", () => changeLook(maker, field, select.value));
    row.append((maker.inputs[field] = select));
  }
  if (tint && isOfBody(tint)) row.append(makeSwatches(maker, tint, name));
  if (tint) row.append(makeColour(maker, tint, tint === "skin" ? name : say("maker_colour", name)));
  return row;
}

// A kind may call a field by another name: hair is the head of a robot and the markings of an animal.
/** @param {string} field @param {string} kind */
function sayMakerField(field, kind) {
  const own = `maker_${field}_${["human", "robot"].includes(kind) ? kind : "animal"}`;
  return say(/** @type {Key} */ (own in STRINGS ? own : `maker_${field}`));
}

/** @param {string} value @param {string} words */
function makeOption(value, words) {
  const option = make("option", "", words);
  option.value = value;
  return option;
}

// The browser's own colour picker, with the palette in it. While a colour is dragged every move is shown, as one step.
/** @param {Dressed} maker @param {string} field @param {string} label */
function makeColour(maker, field, label) {
  const input = keyed(make("input", "sb-maker-colour"), field);
  input.type = "color";
  input.setAttribute("list", paletteOf(maker, field));
  setLabel(input, label);
  input.addEventListener("input", () => changeLook(maker, field, fromHex(input.value), true));
  input.addEventListener("change", () => (maker.dragged = null));
  maker.inputs[field] = input;
  return input;
}

// Skin and hair have colours of their own for every kind.
/** @param {string} field @returns {field is "skin" | "hair_colour"} */
function isOfBody(field) {
  return field === "skin" || field === "hair_colour";
}

/** @param {Dressed} maker @param {string} field */
function coloursOf(maker, field) {
  return isOfBody(field) ? props.wardrobe[field][maker.look.kind] : props.wardrobe.cloth;
}

/** @param {Dressed} maker @param {string} field */
function paletteOf(maker, field) {
  const id = `sb-palette-${isOfBody(field) ? field : "cloth"}`;
  const list = maker.palettes.querySelector(`#${id}`) || make("datalist");
  list.id = id;
  list.replaceChildren(...coloursOf(maker, field).map((colour) => makeOption(toHex(colour), "")));
  maker.palettes.append(list);
  return id;
}

// The usual colours of skin and hair, one press away.
/** @param {Dressed} maker @param {Tint} field @param {string} name */
function makeSwatches(maker, field, name) {
  const box = make("span", "sb-swatches");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", say("maker_colour", name));
  box.append(...coloursOf(maker, field).map((colour, index) => {
    const button = keyed(makeButton("sb-swatch", undefined, () => changeLook(maker, field, colour)), `${field}-${index}`);
    button.style.setProperty("--sb-tint", toHex(colour));
    setLabel(button, say("maker_swatch", name, index + 1));
    maker.swatches.push({ button, field, colour });
    return button;
  }));
  return box;
}

// Freckles and the like are there or not; an extra that is worn has a colour beside it.
/** @param {Dressed} maker @param {Several} field @param {string[]} values */
function makeSeveral(maker, field, values) {
  const box = make("div", "sb-maker-several");
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", say(`maker_${field}`));
  for (const value of values) {
    const button = keyed(makeButton("sb-chip", sayWear(value), () => toggleOne(maker, field, value)), `${field}-${value}`);
    const pair = make("span", "sb-maker-pair");
    pair.append(button);
    maker.toggles.push({ button, field, value });
    if (field === "extras") pair.append(makeColour(maker, `extras.${value}`, say("maker_colour", sayWear(value))));
    box.append(pair);
  }
  return box;
}

/** @param {Dressed} maker @param {Several} field @param {string} value */
function toggleOne(maker, field, value) {
  const { look } = maker;
  if (field === "marks") {
    const marks = look.marks.includes(value) ? look.marks.filter((one) => one !== value) : [...look.marks, value];
    return changeLook(maker, field, marks);
  }
  const { [value]: worn, ...others } = look.extras;
  if (!worn && Object.keys(others).length >= props.wardrobe.most_extras) return showProblem(maker, say("maker_most", props.wardrobe.most_extras));
  const tint = props.wardrobe.cloth[Object.keys(others).length * 5 % props.wardrobe.cloth.length];
  return changeLook(maker, field, worn ? others : { ...others, [value]: tint });
}

// Shows in every picker what the look says.
/** @param {Dressed} maker */
function paintMakerFields(maker) {
  const { look, hidden } = maker;
  for (const [field, input] of Object.entries(maker.inputs)) {
    const [name, extra] = field.split(".");
    const value = extra ? look.extras[extra] : look[/** @type {Wear | Tint} */ (name)];
    if (extra) show(input, Boolean(value));
    if (value === undefined) continue;
    const wanted = Array.isArray(value) ? toHex(value) : value;
    if (input.value !== wanted) input.value = wanted;
    input.disabled = hidden.includes(field);
  }
  for (const { button, field, value } of maker.toggles) {
    const worn = field === "marks" ? look.marks.includes(value) : value in look.extras;
    setAttribute(button, "aria-pressed", worn);
  }
  for (const { button, field, colour } of maker.swatches) {
    setAttribute(button, "aria-pressed", toHex(colour) === toHex(look[field]));
    button.disabled = hidden.includes(field);
  }
}

/** @param {Colour} colour */
function toHex(colour) {
  return `#${colour.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** @param {string} hex */
function fromHex(hex) {
  return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
}

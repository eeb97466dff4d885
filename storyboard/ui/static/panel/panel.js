// The panel under the row of the open card: takes, who is in the frame, what it reads, what its picture was drawn with.
// One frame at a time; the card stays visible above it.

/** @type {Panel | null} */
let panel = null; // the open one

/** @param {string} id */
function isOpen(id) {
  return panel !== null && panel.id === id;
}

/** @param {string} id */
function togglePanel(id) {
  if (isOpen(id)) closePanel();
  else openPanel(id);
}

/** @param {string} id */
function openPanel(id) {
  if (panel && panel.id === id) return panel.close.focus();
  panel = makePanel(id);
  paintBoard();
  panel.close.focus({ preventScroll: true });
  bringIntoSight(panel.root);
}

function closePanel() {
  const card = panel && cards.get(panel.id);
  panel = null;
  paintBoard();
  if (card) card.open.focus({ preventScroll: true });
}

/** @param {string} id */
function makePanel(id) {
  const known = { id, details: null, asked: "", shown: new Set() };
  const part = /** @type {Panel} */ ({ ...known, root: make("li", "sb-panel") }); // the rest comes here
  part.title = make("h3", "sb-panel-title");
  part.close = makeIconButton("sb-panel-close", "close", say("close"), closePanel);
  const head = make("div", "sb-panel-head");
  head.append(part.title, part.close);
  const body = make("div", "sb-panel-body");
  part.notes = makeNotes(id);
  /** @type {("takes" | "reads" | "looked" | "who" | "drawn")[][]} */
  const every = [["takes", "reads"], ["looked"], ["who"], ["drawn"]];
  const columns = every.filter(([name]) => name !== "looked" || props.shows_attention);
  body.append(...columns.map((names) => {
    const column = make("div", "sb-part");
    for (const name of names) column.append((part[name] = make("section", `sb-part sb-part-${name}`)));
    if (names.includes("who")) column.append(part.notes.box);
    return column;
  }));
  part.root.append(head, body);
  return part;
}

function paintPanel() {
  const card = panel && cards.get(panel.id);
  if (!panel || !card) return;
  const { frame } = card;
  setText(panel.title, say("panel_title", frame.number));
  setAttribute(panel.root, "aria-label", say("panel_title", frame.number));
  paintTakes(panel.takes, card);
  paintNotes(panel.notes, frame);
  paintPanelWho(panel, card);
  askDetails(panel, card);
  paintDetails(panel, card);
}

// What only this panel shows is not part of every view: it is asked for when the picture or the story changed.
/** @param {Panel} part @param {Card} card */
async function askDetails(part, card) {
  const wanted = `${view.revision}/${card.frame.takes.chosen}`;
  if (part.asked === wanted) return;
  part.asked = wanted;
  const { details, error } = await ask("frame_details", { frame: card.id });
  if (part !== panel) return;
  if (error) {
    toast(error);
    return;
  }
  part.details = details;
  paintDetails(part, cards.get(part.id) || card);
}

/** @param {Panel} part @param {Card} card */
function paintDetails(part, card) {
  if (part.looked) paintLooked(part.looked, part, card);
  paintDrawnWith(part.drawn, part.details);
}

/** @param {Panel} part @param {Card} card */
function paintPanelWho(part, card) {
  const { frame } = card;
  const worn = view.cast.map((person) => [person.name, person.chosen, person.portraits]);
  const absent = make("div", "sb-who");
  refill(part.who, [frame.number, frame.who, worn], () => {
    const others = frame.who.filter((one) => one.how === "absent").map((one) => makeWhoChip(card, one));
    if (others.length) absent.append(make("span", "sb-group-name", say("who_add")), ...others);
    const present = frame.who.filter((one) => one.how !== "absent").map((one) => makePanelPerson(card, one));
    return [make("h4", "", say("who_title")), ...present, absent];
  });
  refill(part.reads, [frame.number, frame.sees], () => [
    make("h4", "", say("reads", frame.number)), makeReadsButton(card),
  ]);
}

/** @param {Card} card @param {Who} one */
function makePanelPerson(card, one) {
  const row = make("div", "sb-row");
  const person = personNamed(one.name);
  row.append(makeWhoChip(card, one));
  if (!person || one.how === "out" || person.portraits.length < 2) return row;
  const worn = portraitOf(person, one.portrait);
  const button = keyed(makeButton("sb-worn"), `worn-${one.name}`);
  button.append(makeImage("", worn.picture, ""), make("span", "", one.portrait ? worn.label : say("as_story")));
  setAttribute(button, "aria-label", `${say("frame_portrait", one.name)}: ${worn.label}`);
  row.append(makeMenuButton(button, () => wornMenu(card, person, one)));
  return row;
}

/** @param {Card} card @param {Person} person @param {Who} one */
function wornMenu(card, person, one) {
  const wear = (/** @type {string | null} */ portrait) => act(card, "use_portrait", { name: person.name, portrait });
  const lead = (/** @type {Portrait} */ portrait) => {
    const face = make("span", "sb-menu-lead sb-face");
    face.append(makeImage("", portrait.picture, ""));
    return face;
  };
  return [
    { heading: say("frame_portrait", person.name) },
    { label: say("as_story"), checked: !one.portrait, run: () => wear(null) },
    ...person.portraits.map((portrait) => ({
      label: portrait.label, lead: lead(portrait), checked: portrait.id === one.portrait, run: () => wear(portrait.id),
    })),
  ];
}

/** @param {Card} card */
function makeReadsButton(card) {
  if (card.frame.number === 1) return make("p", "sb-quiet", say("drawn_nothing"));
  const button = keyed(makeButton("sb-worn", sayReads(card.frame)), "reads");
  return makeMenuButton(button, () => readsItems(card));
}

// The panel under the row of the open card: takes, who is in the frame, what it reads, what its picture was drawn with.
// One frame at a time; the card stays visible above it.

let panel = null;

function togglePanel(id) {
  if (panel && panel.id === id) closePanel();
  else openPanel(id);
}

function openPanel(id) {
  if (panel && panel.id === id) return panel.close.focus();
  panel = makePanel(id);
  paintBoard();
  panel.close.focus({ preventScroll: true });
  scrollTo(panel.root);
}

function closePanel() {
  const card = panel && cards.get(panel.id);
  panel = null;
  paintBoard();
  if (card) card.open.focus({ preventScroll: true });
}

function makePanel(id) {
  const part = { id, root: make("li", "sb-panel"), details: null, asked: "", shown: new Set() };
  part.title = make("h3", "sb-panel-title");
  part.close = makeIconButton("sb-panel-close", "close", say("close"), closePanel);
  const head = make("div", "sb-panel-head");
  head.append(part.title, part.close);
  part.body = make("div", "sb-panel-body");
  part.notes = makeNotes(id);
  const columns = [["takes", "reads"], ["looked"], ["who"], ["drawn"]].filter(([name]) => name !== "looked" || props.shows_attention);
  part.body.append(...columns.map((names) => {
    const column = make("div", "sb-part");
    for (const name of names) column.append((part[name] = make("section", `sb-part sb-part-${name}`)));
    if (names.includes("who")) column.append(part.notes.box);
    return column;
  }));
  part.root.append(head, part.body);
  return part;
}

function paintPanel() {
  const card = panel && cards.get(panel.id);
  if (!card) return;
  const { frame } = card;
  setText(panel.title, say("panel_title", frame.number));
  setAttribute(panel.root, "aria-label", say("panel_title", frame.number));
  paintTakes(panel.takes, card);
  paintNotes(panel.notes, frame);
  paintPanelWho(card);
  askDetails(card);
  paintDetails(card);
}

// What only this panel shows is not part of every view: it is asked for when the picture or the story changed.
async function askDetails(card) {
  const wanted = `${view.revision}/${card.frame.takes.chosen}`;
  if (panel.asked === wanted) return;
  panel.asked = wanted;
  const asked = panel;
  const { details, error } = await ask("frame_details", { frame: card.id });
  if (asked !== panel) return;
  if (error) return toast(error);
  panel.details = details;
  paintDetails(cards.get(panel.id) || card);
}

function paintDetails(card) {
  if (panel.looked) paintLooked(panel.looked, card, panel.details);
  paintDrawnWith(panel.drawn, panel.details);
}

function paintPanelWho(card) {
  const { frame } = card;
  const worn = view.cast.map((person) => [person.name, person.chosen, person.portraits]);
  const absent = make("div", "sb-who");
  refill(panel.who, [frame.number, frame.who, worn], () => {
    const others = frame.who.filter((one) => one.how === "absent").map((one) => makeWhoChip(card, one));
    if (others.length) absent.append(make("span", "sb-group-name", say("who_add")), ...others);
    const present = frame.who.filter((one) => one.how !== "absent").map((one) => makePanelPerson(card, one));
    return [make("h4", "", say("who_title")), ...present, absent];
  });
  refill(panel.reads, [frame.number, frame.sees], () => [
    make("h4", "", say("reads", frame.number)), makeReadsButton(card),
  ]);
}

function makePanelPerson(card, one) {
  const row = make("div", "sb-row");
  const person = view.cast.find((other) => other.name === one.name);
  row.append(makeWhoChip(card, one));
  if (!person || one.how === "out" || person.portraits.length < 2) return row;
  const worn = person.portraits.find((portrait) => portrait.id === (one.portrait || person.chosen));
  const button = keyed(makeButton("sb-worn"), `worn-${one.name}`);
  button.append(makeImage("", worn.picture, ""), make("span", "", one.portrait ? worn.label : say("as_story")));
  setAttribute(button, "aria-label", `${say("frame_portrait", one.name)}: ${worn.label}`);
  row.append(makeMenuButton(button, () => wornMenu(card, person, one)));
  return row;
}

function wornMenu(card, person, one) {
  const wear = (portrait) => act(card, "use_portrait", { name: person.name, portrait });
  const lead = (portrait) => {
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

function makeReadsButton(card) {
  if (card.frame.number === 1) return make("p", "sb-quiet", say("drawn_nothing"));
  const button = keyed(makeButton("sb-worn", sayReads(card.frame)), "reads");
  return makeMenuButton(button, () => readsItems(card));
}

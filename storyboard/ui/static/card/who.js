// Under a card's sentence: who is in the frame, as chips to toggle, whom each pronoun stands for, as chips to rebind, and
// who "the woman" is, where that is open; and where the frame is.

function nameOrder() {
  return view.cast.map((person) => person.name);
}

/** @param {string | null} name */
function personNamed(name) {
  return view.cast.find((person) => person.name === name) || null;
}

// What somebody wears, in the story or where `own` says so; one of their portraits, as the app sees to.
/** @param {Person} person @param {string | null} [own] */
function portraitOf(person, own) {
  const worn = own || person.chosen;
  return /** @type {Portrait} */ (person.portraits.find((portrait) => portrait.id === worn));
}

// Everyone keeps a colour of their own: equal steps around the wheel; the saturation is the style sheet's.
/** @param {string} name */
function hueOf(name) {
  const index = nameOrder().indexOf(name);
  return index < 0 ? null : String(Math.round((18 + index * 137.5) % 360));
}

/** @param {string} name */
function makeNameChip(name) {
  const chip = makeButton("sb-chip");
  const hue = hueOf(name);
  if (hue !== null) {
    const face = make("span", "sb-dot");
    face.setAttribute("aria-hidden", "true");
    chip.style.setProperty("--sb-hue", hue);
    chip.append(face);
  }
  chip.append(make("span", "", name));
  return chip;
}

/** @param {Card} card @param {Frame} frame */
function paintWho(card, frame) {
  refill(card.who, [frame.number, frame.where, frame.wordings, frame.who, frame.pronouns, frame.asked, isDrawnAsWritten(frame), nameOrder()], () => [
    ...frame.who.filter((one) => one.how !== "absent").map((one) => makeWhoChip(card, one)),
    ...frame.pronouns.map((one) => makePronounChip(card, one)),
    ...frame.asked.map((one) => makeAskedChip(card, one)),
    makeWhereChip(card, frame.where),
    ...makeWordingChips(card, frame),
  ]);
  card.who.setAttribute("role", "group");
  setAttribute(card.who, "aria-label", say("who", frame.number));
}

// `one.how`: "named" or "meant" (in the picture because of the words), "added" (by chip), "out" (left out by chip),
// "absent". What a press does follows from that.
/** @param {Card} card @param {Who} one */
function makeWhoChip(card, one) {
  const chip = keyed(makeNameChip(one.name), `who-${one.name}`);
  const next = { named: "out", meant: "out", out: "auto", added: "auto", absent: "in" }[one.how];
  /** @type {Record<Who["how"], Key>} */
  const label = { named: "toggle_out", meant: "toggle_out", out: "toggle_in", added: "toggle_added", absent: "toggle_add" };
  chip.classList.add(`sb-${one.how}`);
  chip.setAttribute("aria-pressed", String(one.how !== "out" && one.how !== "absent"));
  setLabel(chip, say(label[one.how], one.name));
  chip.addEventListener("click", () => act(card, "include_name", { name: one.name, how: next }));
  return chip;
}

/** @param {Card} card @param {Pronoun} pronoun */
function makePronounChip(card, pronoun) {
  const { word, names, from } = pronoun;
  const who = names.join(" + ");
  const text = !names.length ? say("binding_open", word) : from ? say("binding_from", word, who, from) : say("binding", word, who);
  const chip = keyed(makeButton("sb-chip sb-pronoun", undefined), `pronoun-${pronoun.occurrence}`);
  chip.append(make("span", "", text));
  if (names.length) chip.style.setProperty("--sb-hue", hueOf(names[0]));
  chip.classList.toggle("sb-bound", names.length > 0);
  chip.classList.toggle("sb-unsure", isCompared(pronoun) && pronoun.confidence < 0.6);
  const sure = sayHowSure(pronoun, card.frame);
  if (isCompared(pronoun)) chip.append(make("span", "sb-sure-of", `${Math.round(100 * pronoun.confidence)} %`));
  else if (pronoun.by === "writer") chip.append(makeIcon("pen"));
  setAttribute(chip, "title", sure);
  chip.append(make("span", "sb-hidden", ` ${say("rebind", word, card.frame.number, sure)}`));
  return makeMenuButton(chip, () => rebindMenu(card, pronoun));
}

// "the woman", who may be several: answered once, it is what that one is called in this story.
/** @param {Card} card @param {Asked} asked */
function makeAskedChip(card, asked) {
  const chip = keyed(makeButton("sb-chip sb-pronoun", undefined), `asked-${asked.start}`);
  chip.append(make("span", "", say("binding_open", asked.phrase)));
  setAttribute(chip, "title", say("asked_who", asked.phrase));
  return makeMenuButton(chip, () => [
    { heading: say("asked_who", asked.phrase) },
    ...view.cast.filter((person) => asked.people.includes(person.name)).map((person) => ({
      label: person.name,
      lead: makeFace(person),
      run: () => callThem(card, person, asked.phrase),
    })),
  ]);
}

/** @param {Card} card @param {Person} person @param {string} phrase */
function callThem(card, { name, pronoun, aliases }, phrase) {
  return act(card, "edit_character", { name, new_name: name, pronoun, aliases: [...aliases, phrase] });
}

/** @param {Pronoun} pronoun @param {Frame} frame */
function sayHowSure(pronoun, frame) {
  if (pronoun.by === "writer") return say("binding_writer");
  if (isCompared(pronoun)) return say("binding_sure", Math.round(100 * pronoun.confidence));
  if (pronoun.by !== null) return say("binding_only");
  if (!isDrawnAsWritten(frame)) return say("binding_none");
  return say(THINGS.includes(pronoun.word) ? "binding_thing" : "binding_nobody");
}

// A picture drawn before sureness was kept of readings with one candidate says 1, which says nothing about it.
/** @param {Pronoun} pronoun */
function isCompared(pronoun) {
  return pronoun.by !== null && pronoun.by !== "writer" && pronoun.confidence < 1;
}

/** @param {Frame} frame */
function isDrawnAsWritten(frame) {
  const { all, chosen } = frame.takes;
  return chosen >= 0 && all[chosen].caption === frame.caption;
}

const THINGS = ["it", "its"];

const PLURAL = ["they", "them", "their", "theirs", "themselves"];

/** @param {Card} card @param {Pronoun} pronoun */
function rebindMenu(card, pronoun) {
  const bind = (/** @type {string[] | null} */ names) => act(card, "rebind", { occurrence: pronoun.occurrence, names });
  const said = pronoun.by === "writer";
  const people = view.cast.map((person) => ({
    label: person.name,
    lead: makeFace(person),
    checked: said && pronoun.names.length === 1 && pronoun.names[0] === person.name,
    run: () => bind([person.name]),
  }));
  const several = PLURAL.includes(pronoun.word) && {
    label: say("rebind_several"),
    checked: said && pronoun.names.length > 1,
    run: () => chooseSeveral(pronoun, bind),
  };
  const now = !said && pronoun.names.length > 0;
  const words = now ? say("rebind_auto_now", pronoun.names.join(" + ")) : say("rebind_auto");
  const free = { label: words, checked: !said, run: () => bind(null) };
  return [{ heading: say("rebind_title", pronoun.word) }, ...people, ...(several ? [several] : []), null, free];
}

/** @param {Pronoun} pronoun @param {(names: string[]) => unknown} bind */
function chooseSeveral(pronoun, bind) {
  const dialog = openDialog(say("rebind_title", pronoun.word), "sb-small");
  const chosen = new Set(pronoun.names);
  const boxes = view.cast.map((person) => {
    const label = make("label", "sb-check");
    const input = make("input");
    input.type = "checkbox";
    input.checked = chosen.has(person.name);
    input.addEventListener("change", () => (input.checked ? chosen.add(person.name) : chosen.delete(person.name)));
    label.append(input, makeFace(person), make("span", "", person.name));
    return label;
  });
  const done = makeButton("sb-filled", say("rebind_done"), () => {
    dialog.close();
    bind(nameOrder().filter((name) => chosen.has(name)));
  });
  dialog.body.append(...boxes, done);
}

/** @param {Person} person */
function makeFace(person) {
  const face = make("span", "sb-menu-lead sb-face");
  face.append(makeImage("", portraitOf(person).picture, ""));
  return face;
}

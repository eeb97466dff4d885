// Why this picture: each character's attention laid over it in the character's colour, and all it was drawn with.

/** @type {Record<string, Key>} */
const DRAWN_BY = { llm: "drawn_llm", "char-ldm": "drawn_char", text: "drawn_text", prompt: "drawn_prompt" };

/** @param {HTMLElement} box @param {Panel} part @param {Card} card */
function paintLooked(box, part, card) {
  const { details, shown } = part;
  const maps = details ? details.attention : [];
  const names = new Set(maps.map((map) => map.name));
  for (const name of shown) if (!names.has(name)) shown.delete(name);
  refill(box, [maps, [...shown], nameOrder(), details !== null], () => [
    make("h4", "", say("attention_title")),
    maps.length ? makeLookedChips(part, card, maps) : make("p", "sb-quiet", details && details.id ? say("attention_none") : ""),
    maps.length ? makeLookedPicture(part, card, maps) : null,
  ]);
  paintLooks(card, maps.filter((map) => shown.has(map.name)));
}

/** @param {Panel} part @param {Card} card @param {Named[]} maps */
function makeLookedChips(part, card, maps) {
  const row = make("div", "sb-who");
  row.append(...maps.map((map) => {
    const chip = keyed(makeNameChip(map.name), `looked-${map.name}`);
    chip.setAttribute("aria-pressed", String(part.shown.has(map.name)));
    setLabel(chip, say("attention_show", map.name));
    chip.addEventListener("click", () => {
      if (!part.shown.delete(map.name)) part.shown.add(map.name);
      paintDetails(part, card);
    });
    return chip;
  }));
  return row;
}

// The picture once more, beside the chips: the card may have been scrolled away by then.
/** @param {Panel} part @param {Card} card @param {Named[]} maps */
function makeLookedPicture(part, card, maps) {
  const box = make("div", "sb-looked-picture");
  const shown = maps.filter((map) => part.shown.has(map.name));
  box.classList.toggle("sb-explained", shown.length > 0);
  const { picture, number } = card.frame;
  if (picture) box.append(makeImage("sb-image", picture, say("attention_alt", number)), ...shown.map(makeTint));
  return box;
}

// The map is a grey picture: bright where the model looked. Used as a mask, it lets the colour through there.
/** @param {Named} map */
function makeTint(map) {
  const tint = make("div", "sb-look");
  tint.style.setProperty("--sb-hue", hueOf(map.name) || "0");
  const mask = `url("${pictureAddress(map.picture)}")`;
  tint.style.maskImage = `${mask}, ${mask}`; // times itself: what it looked at a little does not drown what it looked at
  return tint;
}

/** @param {Card} card @param {Named[]} maps */
function paintLooks(card, maps) {
  for (const other of cards.values()) if (other !== card && other.looks.childElementCount) other.looks.replaceChildren();
  const facts = JSON.stringify(maps);
  if (card.looks.facts === facts && card.looks.childElementCount === maps.length) return;
  card.looks.facts = facts;
  card.looks.replaceChildren(...maps.map(makeTint));
  card.box.classList.toggle("sb-explained", maps.length > 0);
}

function clearLooks() {
  for (const card of cards.values()) {
    if (!card.looks.childElementCount) continue;
    card.looks.replaceChildren();
    card.box.classList.remove("sb-explained");
  }
}

/** @param {HTMLElement} box @param {Details | NoDetails | null} details */
function paintDrawnWith(box, details) {
  refill(box, details, () => {
    if (!details || !details.id) return [];
    return [make("h4", "", say("drawn_title")), makeFacts(details), makeCopyFacts(details)];
  });
}

/** @param {Details} details */
function makeFacts(details) {
  const list = make("dl", "sb-facts");
  const fact = (/** @type {Key} */ key, /** @type {(Node | string)[]} */ ...content) => {
    const value = make("dd");
    value.append(...content);
    list.append(make("dt", "", say(key)), value);
  };
  fact("drawn_resolved", details.resolved);
  if (details.prompt) fact("drawn_asked", details.prompt);
  if (details.checked) fact("drawn_checked", details.wrong ? sayWrong(details.wrong) : say("drawn_right"));
  if (details.understood !== details.resolved) fact("drawn_understood", details.understood);
  fact("drawn_portraits", ...pictureRow(details.portraits.map((one) => [one.picture, one.name])));
  fact("drawn_read", ...pictureRow(details.read.map((one) => [one.picture, one.number ? String(one.number) : say("drawn_gone")])));
  fact("drawn_by", say(DRAWN_BY[details.conditioning] || "drawn_text"));
  fact("seed", String(details.seed));
  fact("drawn_steps", String(details.steps));
  fact("drawn_guidance", String(details.guidance));
  fact("drawn_seconds", say("seconds", details.seconds.toFixed(1)));
  if (details.model) fact("drawn_model", details.model);
  return list;
}

/** @param {[string | null, string][]} pairs */
function pictureRow(pairs) {
  if (!pairs.length) return [say("drawn_nothing")];
  return pairs.map(([picture, label]) => {
    const figure = make("span", "sb-small-picture");
    if (picture) figure.append(makeImage("", picture, ""));
    figure.append(make("span", "", label));
    return figure;
  });
}

/** @param {Details} details */
function makeCopyFacts(details) {
  const { attention, portraits, read, ...plain } = details;
  const facts = { ...plain, portraits: portraits.map((one) => one.name), read: read.map((one) => one.number) };
  const copy = () => copyText(JSON.stringify(facts, null, 2), say("facts_copied"));
  return keyed(makeButton("sb-plain", say("copy_facts"), copy), "copy-facts");
}

// Why this picture: each character's attention laid over it in the character's colour, and all it was drawn with.

function paintLooked(box, card, details) {
  const maps = details ? details.attention : [];
  const names = new Set(maps.map((map) => map.name));
  for (const name of panel.shown) if (!names.has(name)) panel.shown.delete(name);
  refill(box, [maps, [...panel.shown], nameOrder(), details !== null], () => [
    make("h4", "", say("attention_title")),
    maps.length ? makeLookedChips(card, maps) : make("p", "sb-quiet", details && details.id ? say("attention_none") : ""),
    maps.length ? makeLookedPicture(card, maps) : null,
  ]);
  paintLooks(card, maps.filter((map) => panel.shown.has(map.name)));
}

function makeLookedChips(card, maps) {
  const row = make("div", "sb-who");
  row.append(...maps.map((map) => {
    const chip = keyed(makeNameChip(map.name, "button"), `looked-${map.name}`);
    chip.setAttribute("aria-pressed", String(panel.shown.has(map.name)));
    setLabel(chip, say("attention_show", map.name));
    chip.addEventListener("click", () => {
      if (!panel.shown.delete(map.name)) panel.shown.add(map.name);
      paintLooked(panel.looked, card, panel.details);
    });
    return chip;
  }));
  return row;
}

// The picture once more, beside the chips: the card may have been scrolled away by then.
function makeLookedPicture(card, maps) {
  const box = make("div", "sb-looked-picture");
  const shown = maps.filter((map) => panel.shown.has(map.name));
  box.classList.toggle("sb-explained", shown.length > 0);
  box.append(makeImage("sb-image", card.frame.picture, say("attention_alt", card.frame.number)), ...shown.map(makeTint));
  return box;
}

// The map is a grey picture: bright where the model looked. Used as a mask, it lets the colour through there.
function makeTint(map) {
  const tint = make("div", "sb-look");
  tint.style.setProperty("--sb-hue", hueOf(map.name) || "0");
  const mask = `url("${pictureAddress(map.picture)}")`;
  tint.style.maskImage = `${mask}, ${mask}`; // times itself: what it looked at a little does not drown what it looked at
  return tint;
}

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

function paintDrawnWith(box, details) {
  refill(box, details, () => {
    if (!details || !details.id) return [];
    return [make("h4", "", say("drawn_title")), makeFacts(details), makeCopyFacts(details)];
  });
}

function makeFacts(details) {
  const list = make("dl", "sb-facts");
  const fact = (key, ...content) => {
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
  fact("drawn_by", say({ llm: "drawn_llm", "char-ldm": "drawn_char", text: "drawn_text", prompt: "drawn_prompt" }[details.conditioning] || "drawn_text"));
  fact("seed", String(details.seed));
  fact("drawn_steps", String(details.steps));
  fact("drawn_guidance", String(details.guidance));
  fact("drawn_seconds", say("seconds", details.seconds.toFixed(1)));
  if (details.model) fact("drawn_model", details.model);
  return list;
}

function pictureRow(pairs) {
  if (!pairs.length) return [say("drawn_nothing")];
  return pairs.map(([picture, label]) => {
    const figure = make("span", "sb-small-picture");
    if (picture) figure.append(makeImage("", picture, ""));
    figure.append(make("span", "", label));
    return figure;
  });
}

function makeCopyFacts(details) {
  const { attention, portraits, read, ...plain } = details;
  const facts = { ...plain, portraits: portraits.map((one) => one.name), read: read.map((one) => one.number) };
  const copy = () => copyText(JSON.stringify(facts, null, 2), say("facts_copied"));
  return keyed(makeButton("sb-plain", say("copy_facts"), copy), "copy-facts");
}

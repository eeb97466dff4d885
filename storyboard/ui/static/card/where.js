// Where a frame is, as a chip beside who is in it: as its sentence says, as the writer said, or carried on from an earlier
// frame; and the menu that says another place, or begins a new scene.

/** @param {Card} card @param {Where | null} where */
function makeWhereChip(card, where) {
  if (!where) return null; // a pipeline that does not say which places it knows
  const chip = keyed(makeButton("sb-chip sb-where", undefined), "where");
  const { place, by, from } = where;
  const text = !place ? say("where_open") : from ? say("where_from", place, from) : place;
  chip.append(makeIcon("place"), make("span", "", text));
  if (by === "writer") chip.append(makeIcon("pen"));
  const how = sayHowKnown(where);
  setAttribute(chip, "title", how);
  chip.append(make("span", "sb-hidden", ` ${say("where_choose", card.frame.number, how)}`));
  return makeMenuButton(chip, () => whereMenu(card, where));
}

/** @param {Where} where */
function sayHowKnown({ place, by, from, several }) {
  if (several) return say("where_several");
  if (!place) return say("where_nobody");
  if (by === "writer") return say("binding_writer");
  return from ? say("where_carried", from) : say("where_said");
}

/** @param {Card} card @param {Where} where */
function whereMenu(card, { place, by }) {
  const { number, sees } = card.frame;
  const said = by === "writer";
  const set = (/** @type {string | null} */ chosen) => act(card, "set_place", { place: chosen });
  const places = props.places.map((one) => ({ label: one, checked: said && one === place, run: () => set(one) }));
  const words = { label: say("where_auto"), checked: !said, run: () => set(null) };
  const scene = { label: say("where_new_scene"), checked: sees === 0, run: () => act(card, "see_frames", { sees: sees === 0 ? null : 0 }) };
  return [{ heading: say("where_title", number) }, ...places, null, words, ...(number > 1 ? [null, scene] : [])];
}

// The takes of a frame: a strip to pick from, variants as they land, the seed, and two takes side by side.

const VARIANTS = [2, 4, 8];

/** @param {HTMLElement} box @param {Card} card */
function paintTakes(box, card) {
  const { frame } = card;
  const landing = view.jobs.filter((job) => job.frame === frame.id && isActive(job)).map((job) => job.id);
  const { all, chosen } = frame.takes;
  refill(box, [frame.number, all, chosen, landing, frame.seed], () => [
    makeTakesHead(card),
    all.length || landing.length ? makeStrip(card, landing) : make("p", "sb-quiet", say("takes_none")),
    makeTakeButtons(card),
    chosen >= 0 ? makeSeed(card, all[chosen]) : null,
  ]);
}

/** @param {Card} card */
function makeTakesHead(card) {
  const row = make("div", "sb-row");
  row.append(make("h4", "", say("takes")));
  if (card.frame.takes.all.length > 1) {
    const compare = keyed(makeButton("sb-plain sb-compare", say("compare_short"), () => compareTakes(card)), "compare");
    setLabel(compare, say("compare"));
    row.append(compare);
  }
  return row;
}

/** @param {Card} card @param {string[]} landing */
function makeStrip(card, landing) {
  const { all, chosen } = card.frame.takes;
  const strip = make("div", "sb-strip");
  strip.setAttribute("role", "group");
  strip.setAttribute("aria-label", say("takes"));
  strip.append(...all.map((take, index) => {
    const button = keyed(makeButton("sb-thumb", undefined, () => act(card, "choose_take", { take: take.id })), take.id);
    const label = say("take_label", index + 1, card.frame.number, take.seed);
    button.setAttribute("aria-pressed", String(index === chosen));
    setLabel(button, take.wrong && view.checking !== "off" ? say("take_wrong", label, sayWrong(take.wrong)) : label);
    button.append(makeImage("", take.picture, ""), make("span", "", String(index + 1)));
    return button;
  }));
  strip.append(...landing.map(() => make("span", "sb-thumb sb-shimmer")));
  return strip;
}

/** @param {Card} card */
function makeTakeButtons(card) {
  const row = make("div", "sb-row");
  row.append(make("span", "sb-quiet", say("variants")));
  for (const count of VARIANTS) {
    const draw = () => act(card, "draw_variants", { count });
    const button = keyed(makeButton("sb-plain", say("variants_n", count), draw), `variants-${count}`);
    setLabel(button, say("variants_label", count, card.frame.number));
    row.append(button);
  }
  return row;
}

/** @param {Card} card @param {Take} take */
function makeSeed(card, take) {
  const row = make("div", "sb-row");
  const input = keyed(make("input", "sb-seed-field"), "seed");
  const reuse = () => drawWithSeed(card, input.value);
  input.type = "text";
  input.inputMode = "numeric";
  input.maxLength = 10;
  input.placeholder = String(take.seed);
  input.setAttribute("aria-label", say("reuse_seed"));
  input.addEventListener("keydown", (event) => isEnter(event) && reuse());
  const copied = () => copyText(String(take.seed), say("seed_copied", take.seed));
  row.append(make("span", "sb-quiet", say("seed")), make("code", "sb-seed", String(take.seed)));
  row.append(keyed(makeIconButton("", "copy", say("copy_seed"), copied), "copy-seed"), makeKeepSeed(card, take));
  const again = make("div", "sb-row");
  again.append(make("span", "sb-quiet", say("reuse_seed")), input, keyed(makeButton("sb-plain", say("reuse_go"), reuse), "reuse"));
  const both = make("div", "sb-part");
  both.append(row, again);
  return both;
}

// A kept seed is what Redraw uses from now on; New take always tries another one.
/** @param {Card} card @param {Take} take */
function makeKeepSeed(card, take) {
  const kept = card.frame.seed === take.seed;
  const keep = () => act(card, "keep_seed", { seed: kept ? null : take.seed });
  const button = keyed(makeButton("sb-plain sb-keep-seed", undefined, keep), "keep-seed");
  button.append(makeIcon(kept ? "lock" : "unlock"), make("span", "", say("keep_seed_short")));
  setLabel(button, say("keep_seed"));
  button.setAttribute("aria-pressed", String(kept));
  return button;
}

/** @param {Card} card @param {string} text */
async function drawWithSeed(card, text) {
  const seed = Number(text || card.frame.takes.all[card.frame.takes.chosen].seed);
  if (!Number.isInteger(seed) || seed < 0 || seed > 2147483647) return toast(say("seed_wrong"));
  const { error } = await act(card, "keep_seed", { seed });
  return error ? undefined : act(card, "draw_frame");
}

// -- Two takes side by side ----------------------------------------------------------------------------------------

/** @param {Card} card */
function compareTakes(card) {
  const { all, chosen } = card.frame.takes;
  const dialog = openDialog(say("compare_title", card.frame.number), "sb-wide");
  const sides = [chosen, chosen > 0 ? chosen - 1 : 1];
  const box = make("div", "sb-sides");
  const fill = () => box.replaceChildren(...sides.map((at, side) => makeSide(card, all, at, (next) => {
    sides[side] = next;
    fill();
  }, dialog.close)));
  fill();
  dialog.body.append(box);
}

/**
 * @param {Card} card @param {Take[]} all @param {number} at @param {(at: number) => void} turn @param {() => void} close
 */
function makeSide(card, all, at, turn, close) {
  const side = make("figure", "sb-side");
  const take = all[at];
  const row = make("figcaption", "sb-row");
  const label = say("take_label", at + 1, card.frame.number, take.seed);
  const step = (/** @type {number} */ by) => turn((at + by + all.length) % all.length);
  row.append(
    makeIconButton("", "before", say("take_before", card.frame.number), () => step(-1)),
    make("span", "", say("take", at + 1, all.length)),
    makeIconButton("", "after", say("take_after", card.frame.number), () => step(1)),
    makeButton("sb-filled", say("compare_use"), () => {
      close();
      act(card, "choose_take", { take: take.id });
    }),
  );
  side.append(makeImage("", take.picture, label), make("p", "sb-quiet", `${take.caption} · ${say("seed")} ${take.seed}`), row);
  return side;
}

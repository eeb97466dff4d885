// What the model will make of the sentence that is being written, in small print under its box; and, for words it has not
// learned, the closest it can draw, which one press puts in their place while the sentence stays as it is.

/** @param {Words} found */
function paintGist({ gist, closest }) {
  if (!composer.text.value.trim()) composer.wordings = [];
  const words = gist ? sayGist(gist) : "";
  setText(composer.gist, words);
  show(composer.gist, words !== "");
  refill(composer.closest, [closest, composer.wordings, composer.text.value], () => [
    ...composer.wordings.filter((one) => composer.text.value.includes(one.written)).map(makeChosenWording),
    ...closest.map((one) => makeClosest(one, closest.length > 1)),
  ]);
  show(composer.closest, composer.closest.childElementCount > 0);
}

// "Rosa waves (“greets”) · with Milo · in the park (from frame 2) · at night, with a dog"
/** @param {Gist} gist */
function sayGist({ doings, others, where, around }) {
  const parts = doings.map(sayDoing);
  if (others.length) parts.push(doings.length ? say("gist_with", others.join(", ")) : others.join(", "));
  if (where) parts.push(where.from ? say("where_from", where.place, where.from) : sayFromWords(where.place, where.words));
  if (around) parts.push(around);
  return parts.length ? say("gist", parts.join(" \u00b7 ")) : "";
}

/** @param {Doing} doing */
function sayDoing({ names, deed, words }) {
  const who = names.length ? names.join(" + ") : "?";
  return deed ? `${who} ${sayFromWords(deed, words)}` : say("gist_open", who);
}

// What was read, and the words it came from where they are others.
/** @param {string} read @param {string[]} words */
function sayFromWords(read, words) {
  const own = read.toLowerCase().split(" ");
  const others = words.filter((word) => !word.toLowerCase().split(" ").every((part) => own.includes(part)));
  return others.length ? say("gist_from", read, others.join(", ")) : read;
}

/** @param {Wording} wording @param {boolean} several */
function makeClosest({ written, drawn }, several) {
  const words = several ? say("closest_item", written, drawn) : say("closest", drawn);
  const button = keyed(makeButton("sb-chip sb-draw-as", words, () => drawClosest({ written, drawn })), `closest-${written}`);
  setLabel(button, say("closest_label", written, drawn));
  return button;
}

/** @param {Wording} one */
function makeChosenWording(one) {
  const button = keyed(makeButton("sb-chip sb-draw-as sb-added", say("drawn_as", one.written, one.drawn), () => {
    composer.wordings = composer.wordings.filter((other) => other !== one);
    composer.look();
    composer.text.focus({ preventScroll: true });
  }), `chosen-${one.written}`);
  setLabel(button, say("drawn_as_label", one.written, one.drawn));
  return button;
}

/** @param {Wording} wording */
function drawClosest(wording) {
  composer.wordings = [...composer.wordings.filter((one) => one.written !== wording.written), wording];
  composer.look();
  composer.text.focus({ preventScroll: true });
}

// -- On a card -----------------------------------------------------------------------------------------------------------

// What is drawn in place of words of a card's sentence; a press takes it back. Of the place, the chip of the place tells.
/** @param {Card} card @param {Frame} frame */
function makeWordingChips(card, frame) {
  return frame.wordings.filter(([written]) => written).map(([written, drawn]) => {
    const chip = keyed(makeButton("sb-chip sb-draw-as sb-added", say("drawn_as", written, drawn), () => act(card, "draw_as", { written, drawn: null })), `as-${written}`);
    setLabel(chip, say("drawn_as_label", written, drawn));
    return chip;
  });
}

// Offered from the chip with the words that the model does not know.
/** @param {Card} card @param {Wording[]} closest */
function closestItems(card, closest) {
  return closest.map(({ written, drawn }) => ({ label: say("closest_item", written, drawn), run: () => act(card, "draw_as", { written, drawn }) }));
}

// What may be wrong with a picture, in words, on its card, in its panel and over the board; and how to have it drawn again.

const MOST_TAKES = 4; // of a frame that is drawn until nothing is wrong, the one on the board among them

// `wrong` is what the model that draws sees in a picture beside what its sentence says.
/** @param {Wrong} wrong */
function sayWrong(wrong) {
  return [
    ...wrong.missing.map((name) => say("wrong_missing", name)),
    ...wrong.twice.map((name) => say("wrong_twice", name)),
    ...wrong.others.map((name) => say("wrong_other", name)),
    wrong.strangers ? sayCount("wrong_strangers", wrong.strangers) : null,
    wrong.place ? say("wrong_place", wrong.place) : null,
  ].filter(Boolean).join(", ");
}

/** @param {Frame} frame */
function mayBeWrong(frame) {
  return view.checking !== "off" && Boolean(frame.wrong) && !frame.stale && !isBusy(frame);
}

/** @param {Card} card */
function makeWrong(card) {
  card.wrong = make("div", "sb-wrong");
  card.wrongs = make("p");
  card.again = makeButton("sb-plain sb-again", "", () => act(card, "draw_best"));
  card.wrong.append(card.wrongs, card.again);
  return card.wrong;
}

/** @param {Card} card @param {Frame} frame */
function paintWrong(card, frame) {
  const wrong = mayBeWrong(frame) ? frame.wrong : null;
  card.root.classList.toggle("sb-may-be-wrong", wrong !== null);
  show(card.wrong, wrong !== null);
  if (!wrong) return;
  setText(card.wrongs, say("wrong", sayWrong(wrong)));
  setText(card.again, say("draw_best", sayAbout(MOST_TAKES - 1)));
  setLabel(card.again, say("draw_best_label", frame.number, MOST_TAKES - 1));
  show(card.again, !frame.locked);
}

// Over the board: how many there are, and only those where the writer wants to go through them.
/** @param {number} count @param {HTMLElement} cards */
function makeWrongTodo(count, cards) {
  if (!count) return [];
  const only = cards.classList.contains("sb-only-wrong");
  const toggle = makeButton("sb-plain sb-show-wrong", say(only ? "wrong_all" : "wrong_only"), () => {
    cards.classList.toggle("sb-only-wrong");
    paintHeading();
  });
  return [make("span", "", sayCount("wrong_banner", count)), keyed(toggle, "show-wrong")];
}

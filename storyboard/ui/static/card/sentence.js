// The sentence on a card: typing, saving, and what happens when somebody else changed it meanwhile.
// A box that is being written in, or holds words not yet saved, is never written to.

/** @param {Card} card */
function makeSentence(card) {
  const box = make("div", "sb-sentence");
  const { box: grow, text } = makeGrowing("sb-text");
  card.text = text;
  card.base = null; // the sentence the writer started from, while the box differs from it
  limitLength(text, props.limit, (over) => toast(sayCount("left_out", over, props.limit)));
  card.note = make("p", "sb-unknown");
  card.note.hidden = true;
  card.note.setAttribute("role", "status");
  card.typing = make("p", "", say("typing_hint"));
  card.hint = make("div", "sb-hint");
  card.hint.append(card.note, card.typing);
  card.lookAtWords = watchWords(text, card.note, () => paintHint(card));
  paintHint(card);
  card.clash = make("div", "sb-clash");
  card.clash.setAttribute("role", "alert");
  text.addEventListener("input", () => noteTyping(card));
  text.addEventListener("keydown", (event) => onSentenceKey(card, event));
  text.addEventListener("focus", card.lookAtWords);
  text.addEventListener("blur", () => {
    paintHint(card);
    if (isDirty(card) && !isClash(card)) saveSentence(card, false);
  });
  const line = make("div", "sb-line-box");
  line.append(grow, card.hint);
  box.append(line, card.clash);
  return box;
}

/** @param {Card} card @param {KeyboardEvent} event */
function onSentenceKey(card, event) {
  if (isEnter(event)) {
    event.preventDefault();
    saveSentence(card, true);
  } else if (event.key === "Escape") {
    event.stopPropagation();
    takeTheirs(card);
    card.text.blur();
  }
}

/** @param {Card} card */
function noteTyping(card) {
  if (card.base === null) card.base = card.saved;
  if (!isDirty(card)) card.base = null;
  fitHeight(card.text);
  uncover(card.text);
  paintHint(card);
  card.lookAtWords();
  keepDraft(card.id, isDirty(card) ? { text: card.text.value, base: card.base } : null);
}

// Under the box while it is written in: what the keys do, and what the model makes of the words.
/** @param {Card} card */
function paintHint(card) {
  const writing = document.activeElement === card.text;
  show(card.typing, isDirty(card));
  show(card.hint, writing && !isClash(card) && (isDirty(card) || !card.note.hidden)); // it would lie over the choice
}

/** @param {Card} card */
function isDirty(card) {
  return card.text.value !== card.saved;
}

/** @param {Card} card @param {Frame} frame */
function paintSentence(card, frame) {
  setAttribute(card.text, "aria-label", say("sentence_label", frame.number));
  const untouched = card.text.value === card.saved;
  card.saved = frame.caption;
  if (untouched) {
    card.base = null;
    if (card.text.value !== frame.caption) card.text.value = frame.caption;
  }
  if (!isDirty(card)) fitHeight(card.text, frame.pronouns.map((one) => [one.start, one.end]));
  paintClash(card, frame);
}

// Another tab, or an undo, gave this frame other words than the ones this box was changed from.
/** @param {Card} card */
function isClash(card) {
  return isDirty(card) && card.base !== null && card.base !== card.saved && card.sent === null;
}

/** @param {Card} card @param {Frame} frame */
function paintClash(card, frame) {
  const clash = isClash(card);
  show(card.clash, clash);
  paintHint(card);
  if (!clash) return;
  refill(card.clash, [frame.caption], () => [
    make("p", "", say("changed_elsewhere", frame.caption)),
    keyed(makeButton("sb-plain", say("keep_mine"), () => {
      card.base = card.saved;
      saveSentence(card, false);
    }), "mine"),
    keyed(makeButton("sb-plain", say("take_theirs"), () => takeTheirs(card)), "theirs"),
  ]);
}

/** @param {Card} card */
function takeTheirs(card) {
  card.base = null;
  card.text.value = card.saved;
  card.problem = null;
  keepDraft(card.id, null);
  repaint(card);
}

/** @param {Card} card @param {boolean} draw */
async function saveSentence(card, draw) {
  const text = card.text.value;
  // A blur that follows Enter finds the same words on their way already.
  if (card.sent === text && !draw) return;
  card.sent = text;
  const base = card.base === null ? card.saved : card.base;
  const answer = await act(card, "edit_frame", { caption: text, base, draw });
  card.sent = null;
  if (!answer.error && card.text.value === text) {
    // The server tidies a sentence (spaces, accents); one that was not typed over since takes that form.
    card.text.value = card.saved;
    card.base = null;
    keepDraft(card.id, null);
  } else if (!answer.error) card.base = card.saved;
  paintHint(card);
  repaint(card);
}

/** @param {Card} card */
function repaint(card) {
  card.painted = null;
  paintCard(card, card.frame);
}

function saveDirtyCards() {
  const dirty = [...cards.values()].filter((card) => isDirty(card) && !isClash(card) && document.activeElement !== card.text);
  return Promise.all(dirty.map((card) => saveSentence(card, false)));
}

// Before the page is left on purpose.
function saveEverything() {
  return Promise.all([...cards.values()].filter((card) => isDirty(card) && !isClash(card)).map((card) => saveSentence(card, false)));
}

// Words that are not saved yet survive a reload in this browser: { frame or "next": { text, base } } for each story.
function draftsKey() {
  return `storyboard.drafts.${storyId}`;
}

function drafts() {
  try {
    const kept = JSON.parse(remembered(draftsKey()) || "{}");
    return kept && typeof kept === "object" ? kept : {};
  } catch (error) {
    return {}; // somebody else's value under our key
  }
}

/** @param {string} id @param {Draft | null} draft */
function keepDraft(id, draft) {
  const kept = drafts();
  if (draft) kept[id] = draft;
  else delete kept[id];
  remember(draftsKey(), Object.keys(kept).length ? JSON.stringify(kept) : null);
}

function bringBackDrafts() {
  let found = false;
  for (const [id, draft] of Object.entries(drafts())) {
    const card = cards.get(id);
    if (typeof draft.text !== "string") continue;
    if (id === "next" && !composer.text.value) setValue(composer.text, draft.text);
    else if (card && draft.text !== card.saved) {
      card.text.value = draft.text;
      card.base = typeof draft.base === "string" ? draft.base : card.saved;
      fitHeight(card.text);
      paintClash(card, card.frame);
      found = true;
    }
  }
  if (found) toast(say("draft_back"));
}

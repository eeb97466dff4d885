// The keyboard: what a key does on a card, undo and redo everywhere, and the sheet that lists it all.

/** @type {Record<string, (card: Card) => unknown>} */
const CARD_KEYS = {
  n: (card) => startInsert(card.id, "after"),
  N: (card) => startInsert(card.id, "before"),
  d: duplicate,
  r: (card) => act(card, "draw_frame"),
  t: (card) => act(card, "reroll_frame"),
  l: toggleLock,
  e: (card) => card.text.focus(),
  ",": (card) => stepTake(card, -1),
  ".": (card) => stepTake(card, 1),
  Delete: removeFrame,
  Home: () => walk(0),
  End: () => walk(view.frames.length - 1),
};

let byKey = false; // while what a key does is done

function startKeys() {
  document.addEventListener("keydown", () => {
    byKey = true;
    setTimeout(() => (byKey = false));
  }, true);
  document.addEventListener("keydown", onKey);
  element.addEventListener("focusin", ({ target }) => {
    // Only then: what a pointer is on may not move away from under it, nor the page when a repaint gives the focus back.
    if (byKey && target instanceof Element && !target.closest(".sb-composer, .sb-menu, .sb-dialog, .sb-toasts")) uncover(target);
  });
}

/** @param {KeyboardEvent} event */
function onKey(event) {
  if (!view || !(event.target instanceof Element) || isComposed(event) || event.defaultPrevented || element.querySelector("dialog[open]")) return;
  if ((event.ctrlKey || event.metaKey) && ["z", "y"].includes(letterOf(event))) return onUndoKey(event);
  if (event.key === "Escape" && panel && !event.target.matches("textarea, [type=text]")) return take(event, closePanel);
  if (isTyping(event.target)) return;
  const card = cardOf(event.target);
  if (event.altKey && card && event.key.startsWith("Arrow")) return onMoveKey(event, card);
  if (event.ctrlKey && card && event.key === "Backspace") return take(event, () => removeFrame(card));
  if (event.altKey || event.ctrlKey || event.metaKey) return;
  if (event.key === "?") return take(event, openKeys);
  if (letterOf(event) === "p") return take(event, () => openPlay(card ? card.frame.number - 1 : 0));
  if (event.key === "/") return take(event, () => composer.text.focus());
  if (!card || panel && panel.root.contains(event.target)) return;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columnsShown(), ArrowUp: -columnsShown() }[event.key];
  if (by) return take(event, () => walk(card.frame.number - 1 + by));
  const run = CARD_KEYS[event.key] || CARD_KEYS[event.shiftKey ? letterOf(event).toUpperCase() : letterOf(event)];
  if (run) take(event, () => run(card));
}

// The letter on a key: as typed, else, where the layout has no Latin letters, the one that is in its place elsewhere.
/** @param {KeyboardEvent} event */
function letterOf({ key, code }) {
  if (/^[a-z]$/i.test(key)) return key.toLowerCase();
  const [, letter] = key.length === 1 && key > "\u007f" ? code.match(/^Key([A-Z])$/) || [] : [];
  return letter ? letter.toLowerCase() : key;
}

/** @param {KeyboardEvent} event @param {() => unknown} run */
function take(event, run) {
  event.preventDefault();
  run();
}

/** @param {EventTarget | null} target */
function cardOf(target) {
  const root = target instanceof Element && target.closest(".sb-card");
  return root ? cards.get(root.getAttribute("data-frame") || "") : undefined;
}

/** @param {number} index */
function walk(index) {
  const frame = view.frames[index];
  const card = frame && cards.get(frame.id);
  if (card) focusCard(card);
}

/** @param {KeyboardEvent} event @param {Card} card */
function onMoveKey(event, card) {
  const step = ["ArrowLeft", "ArrowUp"].includes(event.key) ? -1 : 1;
  take(event, () => moveTo(card, numberAfterStep(card.frame.number, step, view.frames.length)));
}

// In a box with words that are not saved, the browser's own undo is the right one.
/** @param {KeyboardEvent} event */
function onUndoKey(event) {
  const { target } = event;
  const card = cardOf(target);
  const { value } = /** @type {HTMLInputElement} */ (target);
  const typing = card && target === card.text ? isDirty(card) : isTyping(target) && value !== "";
  if (typing) return;
  take(event, letterOf(event) === "y" || event.shiftKey ? redo : undo);
}

async function undo() {
  if (!view.can_undo) return toast(say("nothing_undo"));
  const { phrase, error } = await askOrToast("undo");
  if (error) return undefined;
  toastRedo(say("undone", sayPhrase(phrase)));
  return showPlace(phrase, 0);
}

async function redo() {
  if (!view.can_redo) return toast(say("nothing_redo"));
  const { phrase, error } = await askOrToast("redo");
  if (error) return undefined;
  toastUndo(say("redone", sayPhrase(phrase)));
  return showPlace(phrase, 1);
}

// Where it happened may be out of sight. "moving frame 2 to 3" names where the frame is again once it is undone (0), and
// where it is once it is done again (1).
/** @param {string} phrase @param {0 | 1} which */
function showPlace(phrase, which) {
  const [, from, to = from] = phrase.match(/\bframe (\d+)(?: to (\d+))?/) || [];
  const frame = view.frames[Number([from, to][which]) - 1];
  const card = frame && cards.get(frame.id);
  if (card) bringIntoSight(card.root);
}

/** @type {[Key, [string[], Key][]][]} */
const KEY_LIST = [
  ["keys_writing", [[["Enter"], "key_enter"], [["Esc"], "key_escape"]]],
  ["keys_card", [
    [["←", "→", "↑", "↓"], "key_walk"], [["Enter"], "key_open"], [["E"], "key_edit"],
    [["N", "Shift+N"], "key_new"], [["D"], "key_duplicate"], [["Alt+←", "Alt+→"], "key_move"],
    [["Delete"], "key_remove"], [["R", "T"], "key_draw"], [[",", "."], "key_take"], [["L"], "key_lock"],
  ]],
  ["keys_anywhere", [[["/"], "key_write"], [["P"], "key_play"], [["Ctrl+Z", "Ctrl+Shift+Z"], "key_undo"], [["?"], "key_help"]]],
];

function openKeys() {
  const dialog = openDialog(say("keys_title"), "sb-small");
  for (const [where, rows] of KEY_LIST) {
    const list = make("dl", "sb-keys");
    for (const [keys, words] of rows) {
      const term = make("dt");
      term.append(...keys.map((key) => make("kbd", "", key)));
      list.append(term, make("dd", "", say(words)));
    }
    dialog.body.append(make("h3", "sb-keys-title", say(where)), list);
  }
}

// Short messages at the edge of the page, and what is only said to screen readers.

const TOAST_TIME = 9000; // ms

/** @param {string} text @param {Action | null} [action] */
function toast(text, action) {
  const box = pagePart("toasts");
  if (!action && allIn(box, ".sb-toast > span:first-child").some((note) => note.textContent === text)) return null;
  const note = make("div", "sb-toast");
  note.append(make("span", "", text));
  if (action) {
    note.append(makeButton("sb-way-back", action.label, () => {
      note.remove();
      action.run();
    }));
  }
  note.append(makeIconButton("sb-close", "close", say("close"), () => note.remove()));
  box.append(note);
  setTimeout(() => note.remove(), TOAST_TIME);
  while (box.children.length > 3) box.children[0].remove();
  return note;
}

/** @type {Element | null} */
let wayBack = null;

// Only the latest change can be taken back from here: "Undo" undoes the last thing done, whatever that was.
/** @param {string} text */
function toastUndo(text) {
  const phrase = view.can_undo;
  toastWayBack(text, { label: say("undo"), run: () => (view.can_undo === phrase ? undo() : toast(say("nothing_undo"))) });
}

/** @param {string} text */
function toastRedo(text) {
  const phrase = view.can_redo;
  toastWayBack(text, { label: say("redo"), run: () => (view.can_redo === phrase ? redo() : toast(say("nothing_redo"))) });
}

/** @param {string} text @param {Action | null} action */
function toastWayBack(text, action) {
  if (wayBack) wayBack.remove();
  wayBack = toast(text, action);
}

/** @param {string} text */
function announce(text) {
  setText(pagePart("said"), text);
}

/** @type {string[]} */
let toldNotices = [];

// What the models go on without, and why the copy of the stories elsewhere cannot be written, where this page has not
// said it yet. Null where there is nothing new to say; "" where what was said is over.
function noticeOnce() {
  const now = [view.notice, view.trouble].filter(Boolean);
  const fresh = now.filter((one) => !toldNotices.includes(one));
  const over = toldNotices.length > 0 && !now.length;
  toldNotices = now;
  return fresh.length || over ? fresh.map(sayPhrase).join(" ") : null;
}

/** @param {string | null} text @param {Action | null} [action] */
function setNotice(text, action) {
  const notice = pagePart("notice");
  notice.replaceChildren(text || "");
  if (action) notice.append(" ", makeButton("sb-plain", action.label, action.run));
  show(notice, Boolean(text));
}

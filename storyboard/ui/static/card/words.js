// Notes about a sentence, while it is written and on its card: words the model never learned, where it stops reading, and
// that it will draw somebody where nobody is named, whom it has not learned to draw, and words that look like names of
// people who are not in the cast.
// Gentle, never a refusal: such a sentence can be drawn all the same.

const WORDS_AFTER = 600; // ms without a key
/** @type {Words} */
const NOTHING = { unknown: [], read: "", uninvited: false, strangers: [], outsiders: [], closest: [], gist: null };

/** @type {Map<string, Words | null>} */
const looked = new Map(); // a sentence, with the cast it is about -> what the app said of it; null until it does
/** @type {Promise<unknown>} */
let looking = Promise.resolve();

// What is known of the sentence of a card. One that is new is asked about, each after the other, and painted then.
/** @param {Frame} frame */
function wordsOf(frame) {
  const key = keyOf(frame);
  if (!looked.has(key)) {
    looked.set(key, null);
    looking = looking.then(() => lookUp(frame, key));
  }
  return looked.get(key) || NOTHING;
}

// A name is no unknown word, so what is known of a sentence changes with the cast.
/** @param {Frame} frame */
function keyOf({ caption, wordings }) {
  return JSON.stringify([caption, wordings, view.cast.map((person) => [person.name, person.aliases])]);
}

/** @param {Frame} frame @param {string} key */
async function lookUp(frame, key) {
  const wordings = frame.wordings.map(([written, drawn]) => ({ written, drawn }));
  const found = key === keyOf(frame) && (await askQuietly("look_at_words", { caption: frame.caption, wordings }));
  if (!found) return looked.delete(key); // the cast is another one by now, or the app is not there: asked again when painted
  looked.set(key, found);
  if (sayWords(found) || found.closest.length) paintWhenReleased(view);
  return undefined;
}

// Keeps `note` up to date with what is in `text`; the function returned looks again soon. `more` is told with the sentence:
// where it stands, what is drawn in place of its words. `painted` is given what the app said.
/**
 * @param {HTMLTextAreaElement} text @param {HTMLElement} note @param {(found: Words) => void} [painted]
 * @param {() => { wordings?: Wording[] } & Beside} [more]
 */
function watchWords(text, note, painted = () => {}, more = () => ({})) {
  let timer = 0;
  const look = async () => {
    const caption = text.value;
    const found = (caption.trim() && (await askQuietly("look_at_words", { caption, ...more() }))) || NOTHING;
    if (caption !== text.value) return;
    setText(note, sayWords(found));
    show(note, note.textContent !== "");
    painted(found);
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(look, WORDS_AFTER);
  };
}

// Everything there is to say, in whole sentences; "" where that is nothing.
/** @param {Words} found */
function sayWords({ unknown, read, uninvited, strangers, outsiders }) {
  const words = unknown.map((word) => (unknown.length > 1 ? `“${word}”` : word)).join(", ");
  const notes = [strangers.length && sayStrangers(strangers), outsiders.length && say("outsiders", outsiders.join(", ")), read && say("too_long", read), unknown.length && sayCount("unknown", unknown.length, words), uninvited && say("uninvited")];
  return notes.filter(Boolean).join(" ");
}

// The same in the few words a card has room for.
/** @param {Words} found */
function nameWords({ unknown, read, uninvited, strangers, outsiders }) {
  const words = [...new Set([...strangers, ...outsiders, ...unknown])];
  const lost = words.length ? say("unlearned", words.join(", ")) : read && say("unread");
  return [lost, uninvited && say("unpeopled")].filter(Boolean).join(" · ");
}

/** @param {string[]} names */
function sayStrangers(names) {
  return say("strangers", names.join(", "), sayAnyOf(props.people));
}

// Who of a frame this model has not learned to draw, as they look in it.
/** @param {Frame} frame */
function strangersIn(frame) {
  const there = frame.who.filter((one) => one.how !== "absent" && one.how !== "out");
  return there.filter((one) => {
    const person = personNamed(one.name);
    return person && !portraitOf(person, one.portrait).learned;
  }).map((one) => one.name);
}

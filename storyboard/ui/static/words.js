// Notes about a sentence, while it is written and on its card: words the model never learned, where it stops reading, and
// that it will draw somebody where nobody is named, whom it has not learned to draw, and words that look like names of
// people who are not in the cast.
// Gentle, never a refusal: such a sentence can be drawn all the same.

const WORDS_AFTER = 600; // ms without a key
const NOTHING = { unknown: [], read: "", uninvited: false, strangers: [], outsiders: [] };

const looked = new Map(); // a sentence, with the cast it is about -> what the app said of it; null until it does
let looking = Promise.resolve();

// What is known of the sentence of a card. One that is new is asked about, each after the other, and painted then.
function wordsOf(caption) {
  const key = keyOf(caption);
  if (!looked.has(key)) {
    looked.set(key, null);
    looking = looking.then(() => lookUp(caption, key));
  }
  return looked.get(key) || NOTHING;
}

// A name is no unknown word, so what is known of a sentence changes with the cast.
function keyOf(caption) {
  return JSON.stringify([caption, view.cast.map((person) => [person.name, person.aliases])]);
}

async function lookUp(caption, key) {
  const found = key === keyOf(caption) && (await askQuietly("look_at_words", { caption }));
  if (!found) return looked.delete(key); // the cast is another one by now, or the app is not there: asked again when painted
  looked.set(key, found);
  if (sayWords(found)) paintWhenReleased(view);
  return undefined;
}

// Keeps `note` up to date with what is in `text`; the function returned looks again soon.
function watchWords(text, note, painted = () => {}) {
  let timer = 0;
  const look = async () => {
    const caption = text.value;
    const found = caption.trim() && (await askQuietly("look_at_words", { caption }));
    if (caption !== text.value) return;
    setText(note, sayWords(found || NOTHING));
    show(note, note.textContent !== "");
    painted();
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(look, WORDS_AFTER);
  };
}

// Everything there is to say, in whole sentences; "" where that is nothing.
function sayWords({ unknown, read, uninvited, strangers, outsiders }) {
  const words = unknown.map((word) => (unknown.length > 1 ? `“${word}”` : word)).join(", ");
  const notes = [strangers.length && sayStrangers(strangers), outsiders.length && say("outsiders", outsiders.join(", ")), read && say("too_long", read), unknown.length && sayCount("unknown", unknown.length, words), uninvited && say("uninvited")];
  return notes.filter(Boolean).join(" ");
}

// The same in the few words a card has room for.
function nameWords({ unknown, read, uninvited, strangers, outsiders }) {
  const words = [...new Set([...strangers, ...outsiders, ...unknown])];
  const lost = words.length ? say("unlearned", words.join(", ")) : read && say("unread");
  return [lost, uninvited && say("unpeopled")].filter(Boolean).join(" · ");
}

function sayStrangers(names) {
  return say("strangers", names.join(", "), sayAnyOf(props.people));
}

// Who of a frame this model has not learned to draw, as they look in it.
function strangersIn(frame) {
  const there = frame.who.filter((one) => one.how !== "absent" && one.how !== "out");
  return there.filter((one) => {
    const person = view.cast.find((other) => other.name === one.name);
    const worn = person && person.portraits.find((portrait) => portrait.id === (one.portrait || person.chosen));
    return worn && !worn.learned;
  }).map((one) => one.name);
}

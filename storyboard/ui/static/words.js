// Notes about a sentence, while it is written and on its card: words the model never learned, and where it stops reading.
// Gentle, never a refusal: such a sentence can be drawn all the same.

const WORDS_AFTER = 600; // ms without a key
const NOTHING = { unknown: [], read: "" };

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
  if (found.unknown.length || found.read) paintWhenReleased(view);
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

function sayWords({ unknown, read }) {
  const words = unknown.map((word) => (unknown.length > 1 ? `“${word}”` : word)).join(", ");
  return [read && say("too_long", read), unknown.length && sayCount("unknown", unknown.length, words)].filter(Boolean).join(" ");
}

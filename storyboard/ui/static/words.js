// Notes about a sentence while it is written: words the model never learned, and where it stops reading. Gentle, never
// a refusal: such a sentence can be drawn all the same.

const WORDS_AFTER = 600; // ms without a key

// Keeps `note` up to date with what is in `text`; the function returned looks again soon.
function watchWords(text, note, painted = () => {}) {
  let timer = 0;
  const look = async () => {
    const caption = text.value;
    const { unknown = [], read } = (caption.trim() && (await ask("look_at_words", { caption }))) || {};
    if (caption !== text.value) return;
    setText(note, sayWords(unknown, read));
    show(note, note.textContent !== "");
    painted();
  };
  return () => {
    clearTimeout(timer);
    timer = setTimeout(look, WORDS_AFTER);
  };
}

function sayWords(unknown, read) {
  const words = unknown.map((word) => (unknown.length > 1 ? `“${word}”` : word)).join(", ");
  return [read && say("too_long", read), unknown.length && sayCount("unknown", unknown.length, words)].filter(Boolean).join(" ");
}

// What a board says beside a sentence: shot, seconds, dialogue and notes. Typed in the open panel, a line of it on the card.

/** @type {Key[]} */
const SHOTS = ["shot_wide", "shot_full", "shot_medium", "shot_close", "shot_detail", "shot_over", "shot_low", "shot_high"];
/** @type {(keyof Notes)[]} */
const NOTE_FIELDS = ["shot", "seconds", "dialogue", "notes"];

// The section of the panel. It is built once: what is typed just now may not be built anew under the caret.
/** @param {string} id */
function makeNotes(id) {
  const box = make("section", "sb-part sb-part-notes");
  const made = Object.fromEntries(NOTE_FIELDS.map((name) => [name, makeNoteField(id, name)]));
  const fields = /** @type {NoteFields["fields"]} */ (made);
  const shots = make("datalist");
  shots.id = "sb-shots";
  shots.append(...SHOTS.map((key) => {
    const option = make("option");
    option.value = say(key);
    return option;
  }));
  fields.shot.setAttribute("list", shots.id);
  const row = make("div", "sb-note-row");
  row.append(fields.shot.parentElement, fields.seconds.parentElement);
  const problem = make("p", "sb-problem");
  problem.setAttribute("role", "alert");
  problem.hidden = true;
  box.append(make("h4", "", say("notes_title")), row, fields.dialogue.parentElement, fields.notes.parentElement, problem, shots);
  return { box, fields, problem };
}

/** @param {string} id @param {keyof Notes} name */
function makeNoteField(id, name) {
  const long = name === "dialogue" || name === "notes";
  const label = make("label", "sb-note-field");
  const field = /** @type {InLabel<HTMLInputElement | HTMLTextAreaElement>} */ (make(long ? "textarea" : "input", "sb-note"));
  if (field instanceof HTMLTextAreaElement) field.rows = 2;
  else field.type = name === "seconds" ? "number" : "text";
  if (name === "seconds") Object.assign(field, { min: 0.5, max: 60, step: 0.5 });
  else field.maxLength = props.note_limits[name];
  if (long) field.placeholder = say(`note_${name}_idea`);
  label.append(make("span", "", say(`note_${name}`)), field);
  field.addEventListener("change", () => keepNote(id, name, field.value));
  label.addEventListener("keydown", (event) => {
    if (isEnter(event) && !long) field.blur();
    const card = cards.get(id);
    if (event.key === "Escape" && card) card.open.focus(); // what is typed is kept, as when the box is left
  });
  return field;
}

/** @param {string} id @param {keyof Notes} name @param {string} value */
async function keepNote(id, name, value) {
  const card = cards.get(id);
  if (!card) return;
  const { error } = await ask("note_frame", { frame: id, [name]: name === "seconds" ? Number(value) : value });
  if (panel && panel.id === id) showProblem(panel.notes, error);
  else if (error) toast(error);
}

/** @param {NoteFields} part @param {Frame} frame */
function paintNotes(part, frame) {
  for (const name of NOTE_FIELDS) {
    const field = part.fields[name];
    const text = String((frame.board && frame.board[name]) ?? "");
    if (field !== document.activeElement && field.value !== text) field.value = text;
  }
  part.fields.seconds.placeholder = Number(frame.lasts).toLocaleString(region());
}

// On the card: "Close-up · 3 s", and what is said.
/** @param {Card} card @param {Frame} frame */
function paintNoteLine(card, frame) {
  const { shot, seconds, dialogue, notes } = frame.board || {};
  const heading = [shot, seconds && say("seconds", seconds.toLocaleString(region()))].filter(Boolean).join(" · ");
  show(card.noted, Boolean(heading || dialogue || notes));
  refill(card.noted, [heading, dialogue, notes], () => [
    heading && make("b", "", heading), dialogue && make("q", "", dialogue.replaceAll("\n", " / ")), notes && make("span", "", notes),
  ]);
}

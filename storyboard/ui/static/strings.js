// Every English sentence the board says, in one table. %1, %2 are filled in by say().
const STRINGS = {
  he: "he", she: "she", they: "they", it: "it",
  frames_0: "", frames_1: "1 frame", frames_n: "%1 frames",
  frame: "Frame %1", picture_alt: "Frame %1: %2", preview_alt: "Frame %1 being drawn",
  sentence_label: "Sentence of frame %1",
  queued_next: "Drawn next", queued: "Waiting, %1 before it", starting: "Starting to draw", drawing: "Drawing, %1 %",
  stop: "Stop", draw: "Draw", redraw: "Redraw", reroll: "New take", retry: "Retry",
  remove: "Remove", remove_sure: "Really remove?", undrawn: "Not drawn yet",
  stale: "Out of date: drawn before the last change",
  stale_all_1: "1 picture is out of date: redraw it", stale_all_n: "%1 pictures are out of date: redraw them",
  typing_hint: "Enter saves and redraws, Esc brings the old sentence back",
  take: "Take %1 of %2", take_before: "Earlier take of frame %1", take_after: "Later take of frame %1",
  who: "In this picture: %1", use_name: "Write %1 into the sentence",
  wear: "%1 wears: %2", upload: "Bring a portrait for %1", portrait_alt: "%1, %2",
  uploading: "Reading the picture…",
  upload_failed: "That picture could not be sent; it may be over %1 MB. Choose a smaller PNG, JPEG or WEBP.",
  who_idea: "Who", where_idea: "Where", what_idea: "Doing",
  example: "For example: %1", next_example: "And then?",
  drawn: "Frame %1 is drawn.", failed: "Frame %1 could not be drawn.",
  empty_add: "Write a sentence first: what does the picture show?",
  copied: "The link to this story is copied.", copy_this: "Copy this link: %1",
  offline: "The app cannot be reached; trying again. What you typed is still here.",
  unsaved: "The app could not be reached, so this was not saved. Your words are still in the box.",
  gone: "The app was restarted and no longer has this story. Copy the sentences you want to keep, then begin a new story.",
  not_found: "That story is not here any more, so this is a new one. Stories are kept until the app restarts.",
  close: "Close", put_back: "Put it back",
};

function say(key, ...values) {
  return STRINGS[key].replace(/%(\d)(?!\d)/g, (_, place) => String(values[place - 1]));
}

function sayCount(key, count) {
  return say(`${key}_${count < 2 ? count : "n"}`, count);
}

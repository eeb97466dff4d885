// One frame's card. `makeCard` builds it once; `paintCard` brings it up to date and never touches what is being typed.

function makeCard(frame) {
  const card = { id: frame.id, root: make("li", "sb-card"), frame, sent: null, problem: null };
  card.root.dataset.frame = frame.id;
  card.root.append(makePicture(card), makeSentence(card), makeState(card), makeActions(card));
  return card;
}

function makePicture(card) {
  const box = make("div", "sb-picture");
  card.picture = make("img", "sb-image");
  card.preview = make("img", "sb-preview");
  card.blank = make("p", "sb-blank");
  card.number = make("span", "sb-number");
  card.stale = make("span", "sb-stale");
  card.stale.append(make("span", "sb-hidden", say("stale")));
  card.stale.title = say("stale");
  card.progress = make("div", "sb-progress");
  card.bar = make("div", "sb-bar");
  card.bar.setAttribute("role", "progressbar");
  card.bar.append(make("div", "sb-fill"));
  card.status = make("span", "sb-status");
  card.stop = makeButton("sb-stop", say("stop"), () => act(card, "stop_frame"));
  card.progress.append(card.bar, card.status, card.stop);
  card.picture.loading = "lazy";
  box.append(card.picture, card.blank, card.preview, card.number, card.stale, makeTakes(card), card.progress);
  return box;
}

function makeTakes(card) {
  card.takes = make("span", "sb-takes");
  card.before = makeButton("sb-step", "‹", () => chooseTake(card, -1));
  card.take = make("span", "sb-take");
  card.after = makeButton("sb-step", "›", () => chooseTake(card, 1));
  card.takes.append(card.before, card.take, card.after);
  return card.takes;
}

function makeSentence(card) {
  const box = make("div", "sb-sentence");
  const grow = make("div", "sb-grow");
  card.text = make("textarea", "sb-text");
  card.text.rows = 1;
  card.text.maxLength = props.limit;
  card.hint = make("p", "sb-hint", say("typing_hint"));
  card.hint.hidden = true;
  card.text.addEventListener("input", () => {
    fitHeight(card.text);
    show(card.hint, isDirty(card));
  });
  card.text.addEventListener("keydown", (event) => {
    if (isEnter(event)) {
      event.preventDefault();
      saveSentence(card, true);
    } else if (event.key === "Escape") {
      setValue(card.text, card.frame.caption);
      card.text.blur();
    }
  });
  card.text.addEventListener("blur", () => {
    show(card.hint, false);
    if (isDirty(card)) saveSentence(card, false);
  });
  grow.append(card.text);
  box.append(grow, card.hint);
  return box;
}

function makeState(card) {
  const box = make("div", "sb-state");
  card.who = make("ul", "sb-who");
  card.error = make("p", "sb-problem");
  card.error.setAttribute("role", "alert");
  box.append(card.who, card.error);
  return box;
}

function makeActions(card) {
  const box = make("div", "sb-actions");
  card.draw = makeButton("sb-draw", "", () => act(card, "draw_frame"));
  card.reroll = makeButton("sb-reroll", say("reroll"), () => act(card, "reroll_frame"));
  card.remove = makeButton("sb-remove", say("remove"), () => removeFrame(card));
  card.remove.addEventListener("blur", () => askRemove(card, false));
  box.append(card.draw, card.reroll, card.remove);
  return box;
}

function paintCard(card, frame) {
  const { job: before, takes } = card.frame;
  card.frame = frame;
  paintPicture(card, frame);
  paintProgress(card, frame);
  paintSentence(card, frame);
  paintWho(card, frame);
  paintActions(card, frame);
  const failure = frame.job && frame.job.state === "failed" ? frame.job.error : null;
  setText(card.error, card.problem || failure || "");
  show(card.error, Boolean(card.problem || failure));
  if (frame.takes.ids.length > takes.ids.length) announce(say("drawn", frame.number));
  if (failure && (!before || before.state !== "failed")) {
    toast(failure);
    announce(say("failed", frame.number));
  }
}

function paintPicture(card, frame) {
  const busy = isBusy(frame);
  const preview = busy ? frame.job.preview : null;
  setPicture(card.picture, frame.picture && pictureAddress(frame.picture));
  setAttribute(card.picture, "alt", say("picture_alt", frame.number, frame.caption));
  setPicture(card.preview, preview);
  setAttribute(card.preview, "alt", say("preview_alt", frame.number));
  // An old picture stays where it is and the new one grows in a corner; the first one grows in full.
  card.preview.classList.toggle("sb-inset", Boolean(frame.picture));
  show(card.blank, !frame.picture && !preview);
  card.blank.classList.toggle("sb-shimmer", busy);
  setText(card.blank, busy ? "" : say("undrawn"));
  setText(card.number, String(frame.number));
  show(card.stale, frame.stale && !busy);
}

function paintProgress(card, frame) {
  const busy = isBusy(frame);
  show(card.progress, busy);
  card.root.classList.toggle("sb-busy", busy);
  if (!busy) return;
  const { state, ahead, step, steps } = frame.job;
  const percent = state === "drawing" && steps ? Math.round((100 * step) / steps) : 0;
  setAttribute(card.bar, "aria-valuenow", percent);
  setAttribute(card.bar, "aria-label", say("frame", frame.number));
  card.bar.firstChild.style.width = `${percent}%`;
  if (state === "queued") setText(card.status, ahead ? say("queued", ahead) : say("queued_next"));
  else setText(card.status, percent ? say("drawing", percent) : say("starting"));
}

function paintSentence(card, frame) {
  setAttribute(card.text, "aria-label", say("sentence_label", frame.number));
  // Words that differ from the last known sentence are being written: they stay, whatever the server has.
  if (card.saved === undefined || card.text.value === card.saved) setValue(card.text, frame.caption);
  card.saved = frame.caption;
}

function paintWho(card, frame) {
  setAttribute(card.who, "aria-label", say("who", frame.mentioned.join(", ")));
  if (card.who.dataset.names === JSON.stringify(frame.mentioned)) return;
  card.who.dataset.names = JSON.stringify(frame.mentioned);
  card.who.replaceChildren(...frame.mentioned.map((name) => makeNameChip(name, "li")));
}

function paintActions(card, frame) {
  const busy = isBusy(frame);
  const failed = Boolean(frame.job && frame.job.state === "failed");
  setText(card.draw, say(failed ? "retry" : frame.picture ? "redraw" : "draw"));
  card.draw.classList.toggle("sb-next-step", failed || !frame.picture);
  card.draw.classList.toggle("sb-worth", frame.stale);
  show(card.draw, !busy);
  show(card.reroll, !busy && Boolean(frame.picture));
  const { chosen, ids } = frame.takes;
  show(card.takes, !busy && ids.length > 1);
  setText(card.take, `${chosen + 1}/${ids.length}`);
  setAttribute(card.take, "aria-label", say("take", chosen + 1, ids.length));
  setAttribute(card.before, "aria-label", say("take_before", frame.number));
  setAttribute(card.after, "aria-label", say("take_after", frame.number));
  card.before.disabled = chosen <= 0;
  card.after.disabled = chosen >= ids.length - 1;
}

function isBusy(frame) {
  return Boolean(frame.job) && frame.job.state !== "failed";
}

function isDirty(card) {
  return card.text.value !== card.frame.caption;
}

async function saveSentence(card, draw) {
  const text = card.text.value;
  // A blur that follows Enter finds the same words on their way already.
  if (card.sent === text && !draw) return;
  card.sent = text;
  const answer = await act(card, "edit_frame", { caption: text, draw });
  card.sent = null;
  // The server tidies a sentence (spaces, accents); one that was not typed over since takes that form.
  if (answer.view && card.text.value === text) setValue(card.text, card.frame.caption);
  show(card.hint, isDirty(card) && document.activeElement === card.text);
}

// Sends one request about this card; its error, if any, stays on the card until the next one.
async function act(card, verb, message = {}) {
  const answer = await ask(verb, { frame: card.id, ...message });
  card.problem = answer.error;
  if (answer.view) card.problem = null;
  if (answer.error) toast(answer.error);
  paintCard(card, card.frame);
  return answer;
}

function chooseTake(card, by) {
  const { chosen, ids } = card.frame.takes;
  if (ids[chosen + by] !== undefined) act(card, "choose_take", { take: ids[chosen + by] });
}

function askRemove(card, asking) {
  card.remove.classList.toggle("sb-sure", asking);
  setText(card.remove, say(asking ? "remove_sure" : "remove"));
}

function removeFrame(card) {
  if (!card.remove.classList.contains("sb-sure")) return askRemove(card, true);
  const next = card.root.nextElementSibling || card.root.previousElementSibling;
  const focus = next ? next.querySelector("textarea") : composer.text;
  act(card, "remove_frame").then((answer) => answer.view && focus.focus({ preventScroll: true }));
}

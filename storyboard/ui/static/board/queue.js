// One line about what is being drawn: how far, how many wait, how long it takes; opened, a row with a stop for each.

let queueOpen = false;

const queueLine = {
  fill: make("div", "sb-fill"),
  text: make("span", "sb-queue-text"),
  toggle: makeButton("sb-plain", "", () => {
    queueOpen = !queueOpen;
    paintQueue();
  }),
  rows: make("ul", "sb-queue-rows"),
};

function startQueue() {
  const bar = make("div", "sb-bar");
  bar.append(queueLine.fill);
  const head = make("div", "sb-queue-head");
  const all = makeButton("sb-plain", say("cancel_all"), () => askOrToast("cancel_all"));
  head.append(queueLine.text, queueLine.toggle, all);
  pagePart("queue").append(bar, head, queueLine.rows);
}

function paintQueue() {
  const active = view.jobs.filter(isActive);
  show(pagePart("queue"), active.length > 0);
  if (!active.length) {
    queueOpen = false; // the next one is a line again
    return;
  }
  const [first] = active;
  const percent = percentOf(first);
  const parts = [view.doing ? sayPhrase(view.doing) : sayFirst(first, percent)];
  if (active.length > 1) parts.push(say("queue_more", active.length - 1));
  const left = Math.max(...active.map((job) => job.left || 0));
  if (left) parts.push(say("queue_left", sayTime(left)));
  setText(queueLine.text, parts.join(" · "));
  queueLine.fill.style.width = `${percent}%`;
  setText(queueLine.toggle, say(queueOpen ? "queue_hide" : "queue_show"));
  setAttribute(queueLine.toggle, "aria-expanded", queueOpen);
  show(queueLine.toggle, active.length > 1);
  show(queueLine.rows, queueOpen && active.length > 1);
  if (queueOpen) paintQueueRows(active);
}

/** @param {Job} job @param {number} percent */
function sayFirst(job, percent) {
  const number = numberOf(job.frame);
  if (job.state === "drawing") return say("queue_now", number, percent);
  return job.ahead ? say("queue_ahead", job.ahead) : say("queue_start", number);
}

/** @param {Job[]} active */
function paintQueueRows(active) {
  refill(queueLine.rows, active.map((job) => [job.id, numberOf(job.frame), job.state]), () => active.map((job) => {
    const row = make("li", "sb-row");
    const number = numberOf(job.frame);
    const frame = view.frames[number - 1];
    const stop = keyed(makeIconButton("", "close", say("cancel_one", number), () => askOrToast("cancel_job", { job: job.id })), job.id);
    const same = active.filter((other) => other.frame === job.frame); // variants of one frame are told apart
    const which = same.length > 1 ? make("span", "sb-quiet", say("queue_of", same.indexOf(job) + 1, same.length)) : "";
    row.append(make("b", "", String(number)), make("span", "sb-queue-words", frame ? frame.caption : ""), which, stop);
    return row;
  }));
}

/** @param {string} frameId */
function numberOf(frameId) {
  return view.frames.findIndex((frame) => frame.id === frameId) + 1;
}

// " about 12 s" for so many frames, from what one took lately; nothing before the first was drawn.
/** @param {number} count */
function sayAbout(count) {
  return view.seconds ? say("about", sayTime(view.seconds * count)) : "";
}

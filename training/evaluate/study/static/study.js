// The study's page: asks for a pair, paints it, sends the answers. Whatever came from elsewhere is shown as text.

const KEY = "story-study-person";
const CHOICES = [["a", "A"], ["same", "No difference"], ["b", "B"]];
const LOST = "The study cannot be reached just now. Your earlier answers are kept; try once more in a moment.";
const part = (name) => element.querySelector(`.st-${name}`);
let person = new URLSearchParams(window.location.search).get("person") || remembered();
let pair = null;
let busy = false;

function remembered() {
  try {
    return localStorage.getItem(KEY);
  } catch (error) {
    return null; // a browser that keeps nothing: the address of one's own still works
  }
}

function remember(code) {
  try {
    localStorage.setItem(KEY, code);
  } catch (error) {
    console.warn(error);
  }
}

function made(tag, className = "", text = "") {
  const node = document.createElement(tag);
  if (className) node.className = className;
  node.textContent = text;
  return node;
}

function picture(path, alt) {
  const image = made("img");
  const root = (window.gradio_config && window.gradio_config.root) || "";
  image.src = `${root.replace(/\/$/, "")}/gradio_api/file=${path}`;
  image.alt = alt;
  return image;
}

function complain(sentence) {
  part("problem").textContent = sentence || "";
  part("problem").hidden = !sentence;
}

// One request at a time. Returns the state, or null, and then a sentence on the page says why.
async function ask(verb, message) {
  if (busy) return null;
  busy = true;
  try {
    const answer = await server[verb]({ person, ...message });
    complain(answer ? answer.error : LOST);
    return answer && !answer.error ? answer : null;
  } catch (error) {
    console.warn(error);
    complain(LOST);
    return null;
  } finally {
    busy = false;
  }
}

function take(state) {
  person = state.person;
  remember(person);
  pair = state.pair;
  const told = pair ? `${state.done + 1} of ${state.of}` : `${state.done} of ${state.of} answered`;
  for (const place of element.querySelectorAll(".st-progress")) place.textContent = told;
  part("own").href = `?person=${encodeURIComponent(person)}`;
  part("begin").textContent = state.done ? "Go on" : "Start";
  part("begin").disabled = false;
}

function show(name) {
  for (const section of ["welcome", "pair", "done"]) part(section).hidden = section !== name;
  const heading = part(name).querySelector("[tabindex]");
  if (heading) heading.focus({ preventScroll: true });
  window.scrollTo(0, 0);
}

function paint() {
  if (!pair) return show("done");
  part("people").replaceChildren(...pair.people.map(paintPerson));
  part("who").hidden = !pair.people.length;
  part("frames").replaceChildren(...pair.frames.map(paintFrame));
  part("asked").replaceChildren(...props.questions.map(paintQuestion));
  return show("pair");
}

function paintPerson(one) {
  const item = made("li");
  item.append(picture(one.portrait, ""), made("span", "", one.name));
  return item;
}

function paintFrame(frame, place) {
  const item = made("li");
  item.append(made("p", "", frame.caption));
  for (const [choice, letter] of [["a", "A"], ["b", "B"]]) {
    const button = made("button", `st-picture st-${choice}`);
    button.type = "button";
    button.setAttribute("aria-label", `${letter}, picture ${place + 1}, larger`);
    button.append(picture(frame[choice], `${letter}, picture ${place + 1}`), made("span", "st-letter", letter));
    button.addEventListener("click", () => enlarge(frame, choice, letter));
    item.append(button);
  }
  return item;
}

function enlarge(frame, choice, letter) {
  const dialog = part("large");
  dialog.querySelector("img").replaceWith(picture(frame[choice], letter));
  dialog.querySelector("p").textContent = `${letter}: ${frame.caption}`;
  dialog.showModal();
}

function paintQuestion(question) {
  const group = made("fieldset");
  group.append(made("legend", "", question.words));
  const row = made("div", "st-choices");
  for (const [choice, words] of CHOICES) {
    const label = made("label", `st-choice st-${choice}`);
    const radio = made("input");
    radio.type = "radio";
    radio.name = question.id;
    radio.value = choice;
    label.append(radio, made("span", "", words));
    row.append(label);
  }
  group.append(row);
  return group;
}

const groups = () => [...element.querySelectorAll(".st-asked fieldset")];
const unanswered = () => groups().find((group) => !group.querySelector("input:checked"));

async function send() {
  const open = unanswered();
  if (open) {
    complain("Please answer this one too.");
    open.append(part("problem"));
    open.querySelector("input").focus();
    return;
  }
  element.querySelector(".st-questions").append(part("problem"));
  const answers = Object.fromEntries(new FormData(part("questions")));
  const state = await ask("vote", { pair: pair.id, answers });
  if (!state) return;
  take(state);
  paint();
}

function press(event) {
  if (part("pair").hidden || part("large").open || event.ctrlKey || event.metaKey || event.altKey) return;
  const number = ["1", "2", "3"].indexOf(event.key);
  const open = unanswered();
  if (number >= 0 && open) {
    const radio = open.querySelectorAll("input")[number];
    radio.checked = true;
    radio.focus();
    complain("");
    event.preventDefault();
  } else if (event.key === "Enter" && !event.target.closest("button, summary, a, form")) {
    event.preventDefault();
    send(); // within the form the browser does it
  }
}

part("begin").addEventListener("click", paint);
part("questions").addEventListener("submit", (event) => {
  event.preventDefault();
  send();
});
part("questions").addEventListener("change", () => complain(""));
part("large").addEventListener("click", () => part("large").close());
document.addEventListener("keydown", press);
ask("arrive", {}).then((state) => state && take(state));

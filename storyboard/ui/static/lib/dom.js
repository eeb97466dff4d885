// Building blocks. Text of a writer's only ever goes through textContent, .value or setAttribute: never through HTML.

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function makeButton(className, text, onClick) {
  const button = make("button", className, text);
  button.type = "button";
  if (onClick) button.addEventListener("click", onClick);
  return button;
}

// A button with a picture on it and its name for everyone who cannot see that.
function makeIconButton(className, icon, label, onClick) {
  const button = makeButton(`sb-icon ${className}`, undefined, onClick);
  button.append(makeIcon(icon));
  setLabel(button, label);
  return button;
}

function setLabel(node, label) {
  setAttribute(node, "aria-label", label);
  setAttribute(node, "title", label);
}

// Writing a value that is already there would restart animations and screen readers, so every write asks first.
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, value);
}

function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

// Our own server serves pictures; previews are data URLs it made.
function setPicture(image, source) {
  setAttribute(image, "src", source);
  show(image, source !== null);
}

function fileAddress(path) {
  const root = (window.gradio_config && window.gradio_config.root) || "";
  return `${root.replace(/\/$/, "")}/gradio_api/file=${path}`;
}

function pictureAddress(key) {
  return fileAddress(`${props.pictures}/${key}.png`);
}

function makeImage(className, key, alt) {
  const image = make("img", className);
  image.alt = alt;
  image.loading = "lazy";
  image.src = pictureAddress(key);
  return image;
}

// A textarea that is as high as its text: the mirror behind it repeats the text and gives the height (see .sb-grow).
function makeGrowing(className) {
  const box = make("div", "sb-grow");
  const text = make("textarea", className);
  const mirror = make("div", "sb-mirror");
  text.rows = 1;
  mirror.setAttribute("aria-hidden", "true");
  box.append(text, mirror);
  return { box, text };
}

// `marks` are [start, end) ranges to underline, in order.
function fitHeight(textarea, marks = []) {
  const mirror = textarea.nextElementSibling;
  const { value } = textarea;
  const pieces = [];
  let from = 0;
  for (const [start, end] of marks) {
    pieces.push(value.slice(from, start), make("u", "", value.slice(start, end)));
    from = end;
  }
  mirror.replaceChildren(...pieces, `${value.slice(from)} `);
}

function setValue(textarea, text) {
  if (textarea.value !== text) textarea.value = text;
  fitHeight(textarea);
}

// `box` keeps `limit` characters. A browser drops the rest of what is typed, pasted or dropped in silence: `tell` is told
// how many characters that is.
function limitLength(box, limit, tell) {
  box.maxLength = limit;
  box.addEventListener("beforeinput", (event) => {
    if (!event.data || event.isComposing || event.defaultPrevented) return;
    const over = lengthWith(box, event.data) - limit;
    if (over > 0) tell(over);
  });
}

// How long the text of `box` gets with `text` at the caret, in place of what is marked.
function lengthWith(box, text) {
  return box.value.length - (box.selectionEnd - box.selectionStart) + text.replace(/\r\n/g, "\n").length;
}

function isEnter(event) {
  return event.key === "Enter" && !event.shiftKey && !isComposed(event);
}

// A key that belongs to a word being composed. Safari ends the word before it tells of the Enter that did so, and only
// the old number still says which key that was.
function isComposed(event) {
  return event.isComposing || event.keyCode === 229;
}

function isTyping(target) {
  return target instanceof Element && target.closest("textarea, input, select, [contenteditable]") !== null;
}

// Puts `roots` into `list` in this order. A moved element loses its focus, so the one that has it stays where it is
// and the others are put around it; one that is where it belongs is never touched.
function place(list, roots) {
  for (const node of [...list.children]) if (!roots.includes(node)) node.remove();
  const anchor = roots.findIndex((root) => root.contains(document.activeElement));
  for (let index = anchor - 1; index >= 0; index -= 1) {
    if (roots[index].nextSibling !== roots[index + 1]) list.insertBefore(roots[index], roots[index + 1]);
  }
  let before = anchor < 0 ? null : roots[anchor];
  for (const root of roots.slice(anchor + 1)) {
    const next = before ? before.nextSibling : list.firstChild;
    if (next !== root) list.insertBefore(root, next);
    before = root;
  }
}

// Builds what `box` holds anew when `facts` changed, and gives the focus back to the part with the same data-key.
function refill(box, facts, build) {
  const now = JSON.stringify(facts);
  if (box.facts === now) return;
  box.facts = now;
  const held = box.contains(document.activeElement) ? document.activeElement.closest("[data-key]") : null;
  const key = held && held.dataset.key;
  box.replaceChildren(...build().filter(Boolean));
  const again = key && [...box.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key);
  if (again) again.focus({ preventScroll: true });
}

function keyed(node, key) {
  node.dataset.key = key;
  return node;
}

function scrollTo(node) {
  uncover(node, window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
}

const EDGE = 20; // px left free above and below what is scrolled to

// Scrolls as little as brings `node` between the top of the window and the line to write in, which lies over the page;
// what is higher than that room is shown from its top.
function uncover(node, behavior = "auto") {
  const { top, bottom } = node.getBoundingClientRect();
  const above = top - EDGE;
  const by = above < 0 ? above : Math.min(above, Math.max(0, bottom + EDGE - topOfComposer()));
  if (by) window.scrollBy({ top: by, behavior });
}

async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch (error) {
    console.warn(error); // no permission, or a page without https
    toast(text);
  }
}

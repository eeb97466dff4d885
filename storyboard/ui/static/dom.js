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

function pictureAddress(key) {
  const root = (window.gradio_config && window.gradio_config.root) || "";
  return `${root.replace(/\/$/, "")}/gradio_api/file=${props.pictures}/${key}.png`;
}

// A textarea that is as high as its text: the label behind it repeats the text and gives the height (see .sb-grow).
function fitHeight(textarea) {
  textarea.parentElement.dataset.text = textarea.value;
}

function setValue(textarea, text) {
  if (textarea.value !== text) textarea.value = text;
  fitHeight(textarea);
}

function isEnter(event) {
  return event.key === "Enter" && !event.shiftKey && !event.isComposing;
}

// Makes `list` hold one element per item, in order, reusing elements by key and moving only those out of place: a
// moved element loses its focus, so one that is where it belongs is never touched.
function reconcile(list, parts, items, keyOf, create) {
  const wanted = new Set(items.map(keyOf));
  for (const [key, part] of parts) {
    if (wanted.has(key)) continue;
    part.root.remove();
    parts.delete(key);
  }
  items.forEach((item, index) => {
    const key = keyOf(item);
    if (!parts.has(key)) parts.set(key, create(item));
    const { root } = parts.get(key);
    if (list.children[index] !== root) list.insertBefore(root, list.children[index] || null);
  });
}

function toast(text) {
  const box = element.querySelector(".sb-toasts");
  if ([...box.children].some((note) => note.firstChild.textContent === text)) return;
  const note = make("div", "sb-toast");
  note.append(make("span", "", text), makeButton("sb-close", "×", () => note.remove()));
  note.lastChild.setAttribute("aria-label", say("close"));
  box.append(note);
  setTimeout(() => note.remove(), 9000);
  while (box.children.length > 3) box.firstChild.remove();
}

function announce(text) {
  setText(element.querySelector(".sb-said"), text);
}

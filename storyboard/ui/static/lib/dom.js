// Building blocks. Text of a writer's only ever goes through textContent, .value or setAttribute: never through HTML.

/**
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag @param {string} [className] @param {string} [text] @returns {HTMLElementTagNameMap[Tag]}
 */
function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

/** @param {string} className @param {string} [text] @param {(event: MouseEvent) => unknown} [onClick] */
function makeButton(className, text, onClick) {
  const button = make("button", className, text);
  button.type = "button";
  if (onClick) button.addEventListener("click", onClick);
  return button;
}

// What is in the page from the start.
/** @template {keyof Template} Name @param {Name} name */
function pagePart(name, within = element) {
  return /** @type {Template[Name]} */ (within.querySelector(`.sb-${name}`));
}

/** @param {Element} node @param {string} selector @returns {HTMLElement[]} */
function allIn(node, selector) {
  return [.../** @type {NodeListOf<HTMLElement>} */ (node.querySelectorAll(selector))];
}

// A button with a picture on it and its name for everyone who cannot see that.
/**
 * @param {string} className @param {Icon} icon @param {string} label @param {(event: MouseEvent) => unknown} [onClick]
 */
function makeIconButton(className, icon, label, onClick) {
  const button = makeButton(`sb-icon ${className}`, undefined, onClick);
  button.append(makeIcon(icon));
  setLabel(button, label);
  return button;
}

/** @param {Element} node @param {string} label */
function setLabel(node, label) {
  setAttribute(node, "aria-label", label);
  setAttribute(node, "title", label);
}

// Writing a value that is already there would restart animations and screen readers, so every write asks first.
/** @param {Element} node @param {string} text */
function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/** @param {Element} node @param {string} name @param {string | number | boolean | null} value */
function setAttribute(node, name, value) {
  if (value === null) node.removeAttribute(name);
  else if (node.getAttribute(name) !== String(value)) node.setAttribute(name, String(value));
}

/** @param {HTMLElement} node @param {boolean} visible */
function show(node, visible) {
  if (node.hidden === visible) node.hidden = !visible;
}

// Our own server serves pictures; previews are data URLs it made.
/** @param {HTMLImageElement} image @param {string | null} source */
function setPicture(image, source) {
  setAttribute(image, "src", source);
  show(image, source !== null);
}

// Where the app is, which may be below another page.
function appAddress() {
  const { root = "" } = window.gradio_config || {};
  return root.replace(/\/$/, "");
}

/** @param {string} path */
function fileAddress(path) {
  return `${appAddress()}/gradio_api/file=${path}`;
}

/** @param {string} key */
function pictureAddress(key) {
  return fileAddress(`${props.pictures}/${key}.png`);
}

/** @param {string} className @param {string} key @param {string} alt */
function makeImage(className, key, alt) {
  const image = make("img", className);
  image.alt = alt;
  image.loading = "lazy";
  image.src = pictureAddress(key);
  return image;
}

// A textarea that is as high as its text: the mirror behind it repeats the text and gives the height (see .sb-grow).
/** @param {string} className */
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
/** @param {HTMLTextAreaElement} textarea @param {[number, number][]} [marks] */
function fitHeight(textarea, marks = []) {
  const mirror = /** @type {HTMLElement} */ (textarea.nextElementSibling);
  const { value } = textarea;
  const pieces = [];
  let from = 0;
  for (const [start, end] of marks) {
    pieces.push(value.slice(from, start), make("u", "", value.slice(start, end)));
    from = end;
  }
  mirror.replaceChildren(...pieces, `${value.slice(from)} `);
}

/** @param {HTMLTextAreaElement} textarea @param {string} text */
function setValue(textarea, text) {
  if (textarea.value !== text) textarea.value = text;
  fitHeight(textarea);
}

// `take` gets every file that is chosen, also the same one again.
/** @param {HTMLInputElement} input @param {(file: File) => unknown} take */
function onFile(input, take) {
  input.addEventListener("change", () => {
    const file = input.files && input.files[0];
    input.value = "";
    if (file) take(file);
  });
}

// `box` keeps `limit` characters. A browser drops the rest of what is typed, pasted or dropped in silence: `tell` is told
// how many characters that is.
/** @param {HTMLTextAreaElement} box @param {number} limit @param {(over: number) => void} tell */
function limitLength(box, limit, tell) {
  box.maxLength = limit;
  box.addEventListener("beforeinput", (event) => {
    if (!event.data || event.isComposing || event.defaultPrevented) return;
    const over = lengthWith(box, event.data) - limit;
    if (over > 0) tell(over);
  });
}

// How long the text of `box` gets with `text` at the caret, in place of what is marked.
/** @param {HTMLTextAreaElement} box @param {string} text */
function lengthWith(box, text) {
  return box.value.length - (box.selectionEnd - box.selectionStart) + text.replace(/\r\n/g, "\n").length;
}

/** @param {KeyboardEvent} event */
function isEnter(event) {
  return event.key === "Enter" && !event.shiftKey && !isComposed(event);
}

// A key that belongs to a word being composed. Safari ends the word before it tells of the Enter that did so, and only
// the old number still says which key that was.
/** @param {KeyboardEvent} event */
function isComposed(event) {
  return event.isComposing || event.keyCode === 229;
}

/** @param {Node} node @param {EventTarget | null} target */
function isInside(node, target) {
  return target instanceof Node && node.contains(target);
}

/** @param {EventTarget | null} target */
function isTyping(target) {
  return target instanceof Element && target.closest("textarea, input, select, [contenteditable]") !== null;
}

// Puts `roots` into `list` in this order. A moved element loses its focus, so the one that has it stays where it is
// and the others are put around it; one that is where it belongs is never touched.
/** @param {Element} list @param {Element[]} roots */
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

/** @param {Part[]} parts */
function present(parts) {
  return /** @type {(Node | string)[]} */ (parts.filter(Boolean));
}

// Builds what `box` holds anew when `facts` changed, and gives the focus back to the part with the same data-key.
/** @param {Element} box @param {unknown} facts @param {() => Part[]} build */
function refill(box, facts, build) {
  const now = JSON.stringify(facts);
  if (box.facts === now) return;
  box.facts = now;
  const { activeElement: active } = document;
  const held = active && box.contains(active) ? active.closest("[data-key]") : null;
  const key = held && held.getAttribute("data-key");
  box.replaceChildren(...present(build()));
  const again = key && allIn(box, "[data-key]").find((node) => node.dataset.key === key);
  if (again) again.focus({ preventScroll: true });
}

/** @template {HTMLElement} Kind @param {Kind} node @param {string} key @returns {Kind} */
function keyed(node, key) {
  node.dataset.key = key;
  return node;
}

/** @param {Element} node */
function bringIntoSight(node) {
  uncover(node, window.matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth");
}

const EDGE = 20; // px left free above and below what is scrolled to

// Scrolls as little as brings `node` between the top of the window and the line to write in, which lies over the page;
// what is higher than that room is shown from its top.
/** @param {Element} node @param {ScrollBehavior} [behavior] */
function uncover(node, behavior = "auto") {
  const { top, bottom } = node.getBoundingClientRect();
  const above = top - EDGE;
  const by = above < 0 ? above : Math.min(above, Math.max(0, bottom + EDGE - topOfComposer()));
  if (by) window.scrollBy({ top: by, behavior });
}

/** @param {string} text @param {string} done */
async function copyText(text, done) {
  try {
    await navigator.clipboard.writeText(text);
    toast(done);
  } catch (error) {
    console.warn(error); // no permission, or a page without https
    toast(text);
  }
}

// The place for an error that sheets and panels have.
/** @param {Problematic} part @param {string | null} error */
function showProblem(part, error) {
  setText(part.problem, error || "");
  show(part.problem, Boolean(error));
}

// Menus and dialogs: one of each at a time, with keys, Escape, and the focus going back to where it came from.

/** @type {{ box: HTMLElement, opener: HTMLElement } | null} */
let menu = null; // the open one

/** @param {HTMLElement} opener @param {MenuItem[]} items */
function openMenu(opener, items) {
  const again = menu && menu.opener === opener;
  closeMenu(false);
  if (again) return;
  const box = make("div", "sb-menu");
  box.setAttribute("role", "menu");
  box.setAttribute("aria-label", opener.getAttribute("aria-label") || opener.textContent);
  box.append(...items.map(makeMenuItem));
  pagePart("root").append(box);
  menu = { box, opener };
  opener.setAttribute("aria-expanded", "true");
  putNear(box, opener);
  box.addEventListener("keydown", walkMenu);
  const first = allIn(box, "[aria-checked=true]")[0] || menuButtons(box)[0];
  if (first) first.focus({ preventScroll: true });
}

/** @param {MenuItem} item */
function makeMenuItem(item) {
  if (item === null) {
    const line = make("div", "sb-menu-line");
    line.setAttribute("role", "separator");
    return line;
  }
  if (item.heading !== undefined) {
    const heading = make("p", "sb-menu-heading", item.heading);
    heading.setAttribute("role", "presentation");
    return heading;
  }
  const button = makeButton("sb-menu-item", undefined, () => {
    closeMenu(true);
    item.run();
  });
  button.setAttribute("role", item.checked === undefined ? "menuitem" : "menuitemradio");
  if (item.checked !== undefined) button.setAttribute("aria-checked", String(item.checked));
  button.disabled = Boolean(item.disabled);
  button.tabIndex = -1;
  button.append(item.lead || make("span", "sb-menu-lead"), make("span", "", item.label));
  return button;
}

/** @param {HTMLElement} box */
function menuButtons(box) {
  return allIn(box, "button:enabled");
}

/** @param {KeyboardEvent} event */
function walkMenu(event) {
  if (!menu) return;
  const buttons = menuButtons(menu.box);
  const at = buttons.findIndex((button) => button === document.activeElement);
  /** @type {Record<string, number>} */
  const places = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 };
  const to = places[event.key];
  if (event.key === "Escape" || event.key === "Tab") {
    event.preventDefault();
    closeMenu(true);
  } else if (to !== undefined) {
    event.preventDefault();
    buttons[(to + buttons.length) % buttons.length].focus({ preventScroll: true });
  }
  event.stopPropagation();
}

/** @param {boolean} giveBackFocus */
function closeMenu(giveBackFocus) {
  if (!menu) return;
  const { box, opener } = menu;
  menu = null;
  box.remove();
  opener.setAttribute("aria-expanded", "false");
  if (giveBackFocus && opener.isConnected) opener.focus({ preventScroll: true });
}

// Below the opener where there is room, else above it; never over the edge of the window.
/** @param {HTMLElement} box @param {HTMLElement} opener */
function putNear(box, opener) {
  const gap = 6;
  const from = opener.getBoundingClientRect();
  const { width, height } = box.getBoundingClientRect();
  const below = from.bottom + gap + height <= window.innerHeight;
  const top = below ? from.bottom + gap : Math.max(gap, from.top - gap - height);
  box.style.top = `${Math.min(top, Math.max(gap, window.innerHeight - height - gap))}px`;
  box.style.left = `${Math.min(Math.max(gap, from.left), window.innerWidth - width - gap)}px`;
}

/** @param {HTMLButtonElement} button @param {() => MenuItem[]} items */
function makeMenuButton(button, items) {
  button.setAttribute("aria-haspopup", "menu");
  button.setAttribute("aria-expanded", "false");
  button.addEventListener("click", () => openMenu(button, items()));
  return button;
}

// A modal dialog with a title and a way to close it. The browser keeps the focus inside.
/** @param {string} title @param {string} [className] @returns {Dialog} */
function openDialog(title, className = "") {
  closeMenu(false);
  const root = make("dialog", `sb-dialog ${className}`);
  const heading = make("h2", "", title);
  const body = make("div", "sb-dialog-body");
  const close = () => root.close();
  const head = make("div", "sb-dialog-head");
  heading.id = `sb-dialog-${Math.random().toString(36).slice(2)}`;
  root.setAttribute("aria-labelledby", heading.id);
  head.append(heading, makeIconButton("sb-dialog-close", "close", say("close"), close));
  root.append(head, body);
  root.addEventListener("close", () => root.remove());
  root.addEventListener("mousedown", (event) => event.target === root && close());
  root.addEventListener("keydown", (event) => event.stopPropagation());
  pagePart("root").append(root);
  root.showModal();
  return { root, body, close, heading };
}

function startPopups() {
  document.addEventListener("mousedown", ({ target }) => {
    if (menu && !isInside(menu.box, target) && !isInside(menu.opener, target)) closeMenu(false);
  });
  window.addEventListener("resize", () => closeMenu(false));
  document.addEventListener("scroll", ({ target }) => {
    if (menu && !isInside(menu.box, target)) putNear(menu.box, menu.opener);
  }, true);
}

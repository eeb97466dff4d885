// Line drawings for buttons, 20 by 20, in the colour of the text around them.

const ICONS = {
  undo: "M7 4 3.5 7.5 7 11M3.5 7.5H12a4.5 4.5 0 0 1 0 9H8",
  redo: "M13 4l3.5 3.5L13 11M16.5 7.5H8a4.5 4.5 0 0 0 0 9h4",
  stories: "M3.5 4.5h5v11h-5zM8.5 4.5h4v11h-4zM12.8 5.4l3-.8 2 10.6-3 .7z",
  export: "M10 12.5v-9M6.5 7 10 3.5 13.5 7M4 11v5.5h12V11",
  settings: "M3.5 6.5h6M14 6.5h2.5M3.5 13.5H6M10.5 13.5h6M11.8 4.3a2.2 2.2 0 1 0 .01 0M8.2 11.3a2.2 2.2 0 1 0 .01 0",
  link: "M8.5 11.5 11.5 8.5M9 6l2-2a3.5 3.5 0 0 1 5 5l-2 2M11 14l-2 2a3.5 3.5 0 0 1-5-5l2-2",
  help: "M7.3 7.5a2.7 2.7 0 1 1 4 2.4c-.9.5-1.3 1-1.3 2M10 14.6v.2",
  lock: "M5.5 9h9v7.5h-9zM7.2 9V6.6a2.8 2.8 0 0 1 5.6 0V9",
  unlock: "M5.5 9h9v7.5h-9zM7.2 9V6.2a2.8 2.8 0 0 1 5.4-1",
  more: "M5 10h.01M10 10h.01M15 10h.01",
  dice: "M4.5 4.5h11v11h-11zM7.6 7.6h.01M12.4 7.6h.01M10 10h.01M7.6 12.4h.01M12.4 12.4h.01",
  plus: "M10 4.5v11M4.5 10h11",
  close: "M5.5 5.5l9 9M14.5 5.5l-9 9",
  before: "M12 5 7 10l5 5",
  after: "M8 5l5 5-5 5",
  copy: "M7 7h9v9H7zM4 13V4h9",
  trash: "M4.5 6h11M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  place: "M10 17c3.2-4.2 4.8-6.7 4.8-9a4.8 4.8 0 0 0-9.6 0c0 2.3 1.6 4.8 4.8 9zM10 6.4a1.7 1.7 0 1 0 .01 0",
  pen: "M4 16l.8-3.4L13.5 4 16 6.5 7.4 15.2z",
  play: "M6.5 4.5v11l9-5.5z",
  pause: "M7 4.5v11M13 4.5v11",
  compare: "M4 4.5h5v11H4zM11 4.5h5v11h-5z",
};

/** @typedef {keyof typeof ICONS} Icon */

/** @param {Icon} name */
function makeIcon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("sb-drawing");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

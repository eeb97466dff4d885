// Starts everything. All scripts run as one, of which this is the end, inside gr.HTML's js_on_load, whose scope gives
// `element`, `props`, `server` and `upload`. Nothing here outlives the page.

// A first visit, with no story named, is shown the finished example.
async function openFirst() {
  const wanted = new URLSearchParams(window.location.search).get("story");
  const first = !wanted && remembered(SHELF_KEY) === null;
  if (!(await openStory(wanted, { first }))) return setTimeout(openFirst, CALM);
  pagePart("root").classList.add("sb-ready");
  // On a touch screen the focus would bring up the keyboard before anything was seen.
  if (window.matchMedia("(pointer: fine)").matches) composer.text.focus({ preventScroll: true });
  return undefined;
}

translate(pagePart("root"));
startPopups();
startPressing();
startBar();
startLooks();
startQueue();
startComposer();
startDrops();
startKeys();
startHistory();
document.addEventListener("visibilitychange", () => view && !document.hidden && look(0));
openFirst();

// The list of this browser's stories: open, rename, duplicate, delete and bring back.

/** @type {StoriesSheet | null} */
let storiesSheet = null; // the open one

async function openStories() {
  const dialog = openDialog(say("stories_title"), "sb-sheet sb-stories");
  const sheet = {
    dialog,
    list: make("ul", "sb-story-list"),
    gone: make("ul", "sb-story-list"),
    goneBox: make("details", "sb-gone"),
    account: make("p", "sb-quiet"),
    problem: make("p", "sb-problem"),
  };
  sheet.goneBox.append(make("summary", "", say("stories_deleted")), sheet.gone);
  sheet.problem.setAttribute("role", "alert");
  storiesSheet = sheet;
  dialog.root.addEventListener("close", () => (storiesSheet = null));
  const row = make("div", "sb-row");
  row.append(makeButton("sb-filled", say("new_story"), openNewStory), makeImportButton());
  const notes = [make("p", "sb-quiet", say(`stories_on_${props.kept}`)), props.sign_in ? sheet.account : ""];
  dialog.body.append(...notes, row, sheet.problem, sheet.list, sheet.goneBox);
  await paintStories(sheet);
}

/** @param {StoriesSheet} sheet */
async function paintStories(sheet) {
  const { stories, deleted, error, account } = await ask("list_stories");
  showProblem(sheet, error);
  if (error) return;
  refill(sheet.account, account || "", () => [...account ? [say("signed_in", account), " "] : [], makeSignLink(Boolean(account))]);
  refill(sheet.list, [stories, storyId], () => (stories.length
    ? stories.map((story) => makeStoryRow(sheet, story))
    : [make("li", "sb-quiet", say("stories_none"))]));
  refill(sheet.gone, deleted, () => deleted.map((story) => makeGoneRow(sheet, story)));
  show(sheet.goneBox, deleted.length > 0);
}

// Signing in is a page of the Hub's, which no frame may show and whose cookie a frame may not keep: a tab of its own.
/** @param {boolean} signedIn */
function makeSignLink(signedIn) {
  const link = make("a", "", say(signedIn ? "sign_out" : "sign_in"));
  const back = encodeURIComponent(`/?story=${encodeURIComponent(storyId)}`);
  link.href = `${appAddress()}/${signedIn ? "logout" : "login/huggingface"}?_target_url=${back}`;
  if (window.parent !== window) link.target = "_blank";
  return link;
}

/** @param {StoryLine} story */
function titleOf(story) {
  return story.title || story.opening || say("untitled");
}

/** @param {StoriesSheet} sheet @param {StoryLine} story */
function makeStoryRow(sheet, story) {
  const row = make("li", "sb-story-row");
  const title = titleOf(story);
  const open = keyed(makeButton("sb-story-open", undefined, () => openStory(story.id)), `open-${story.id}`);
  const face = make("span", "sb-story-face");
  if (story.picture) face.append(makeImage("", story.picture, ""));
  const words = make("span", "sb-story-words");
  const when = new Date(1000 * story.updated).toLocaleString(region(), { dateStyle: "medium", timeStyle: "short" });
  words.append(make("b", "", title), make("span", "sb-quiet", say("story_updated", sayCount("frames", story.frames), when)));
  open.setAttribute("aria-current", String(story.id === storyId));
  setLabel(open, say("story_open", title));
  open.append(face, words);
  const again = () => paintStories(sheet);
  const tool = (/** @type {Icon} */ icon, /** @type {Key} */ key, /** @type {() => unknown} */ run) => keyed(makeIconButton("", icon, say(key, title), run), `${key}-${story.id}`);
  row.append(
    open,
    tool("pen", "story_rename", () => renameRow(sheet.list, row, story, again)),
    tool("copy", "story_duplicate", () => askOrToast("duplicate_story", { of: story.id }).then(again)),
    tool("trash", "story_delete", () => deleteStory(story, again)),
  );
  return row;
}

/** @param {HTMLElement} list @param {HTMLElement} row @param {StoryLine} story @param {() => unknown} again */
function renameRow(list, row, story, again) {
  const input = make("input", "sb-rename");
  input.value = story.title;
  input.maxLength = 200;
  input.setAttribute("aria-label", say("story_rename", titleOf(story)));
  const done = async () => {
    const { error } = await askOrToast("rename_story", { of: story.id, title: input.value });
    if (!error) list.facts = null;
    again();
  };
  input.addEventListener("keydown", (event) => {
    if (isEnter(event)) done();
    if (event.key === "Escape") {
      event.preventDefault();
      list.facts = null;
      again();
    }
  });
  row.replaceChildren(input, makeButton("sb-filled", say("save_person"), done));
  input.select();
}

/** @param {StoryLine} story @param {() => unknown} again */
async function deleteStory(story, again) {
  const { error } = await askOrToast("delete_story", { of: story.id });
  if (error) return;
  await again();
  const back = async () => {
    await askOrToast("restore_story", { of: story.id });
    if (storiesSheet) paintStories(storiesSheet);
  };
  toast(say("story_deleted", titleOf(story)), { label: say("undo"), run: back });
  if (story.id === storyId) openNewStory();
}

/** @param {StoriesSheet} sheet @param {StoryLine} story */
function makeGoneRow(sheet, story) {
  const row = make("li", "sb-row");
  const back = () => askOrToast("restore_story", { of: story.id }).then(() => paintStories(sheet));
  row.append(make("span", "sb-split-words", titleOf(story)), keyed(makeButton("sb-plain", say("restore"), back), story.id));
  return row;
}

// -- Opening ---------------------------------------------------------------------------------------------------------

// Another story in the same page. Words that are not saved yet are, or stay behind as drafts of the old one.
/** @param {string | null} id @param {{ first?: boolean, fresh?: boolean }} [extra] */
async function openStory(id, extra = {}) {
  if (view) await saveEverything();
  const answer = await server.open_story({ story: id, shelf: shelf(), ...extra });
  setOffline(!answer);
  if (!answer) return false;
  if (answer.error) {
    setNotice(sayPhrase(answer.error));
    return false;
  }
  if (storiesSheet) storiesSheet.dialog.close();
  begin(/** @type {Opened} */ (answer));
  return true;
}

// The browser's Back and Forward: the address is there already.
function startHistory() {
  window.addEventListener("popstate", async () => {
    const wanted = new URLSearchParams(window.location.search).get("story");
    if (!wanted || wanted === storyId) return;
    if (!(await openStory(wanted))) rememberStory();
  });
}

async function openNewStory() {
  const opened = await openStory(null, { fresh: true });
  if (opened) composer.text.focus(); // the button that was pressed may be gone, and writing is what comes next
  return opened;
}

/** @param {Opened} answer */
function begin(answer) {
  storyId = answer.view.story;
  view = NONE_OPEN;
  panel = null;
  cards.clear();
  composer.insert = null;
  pagePart("cards").replaceChildren();
  pagePart("cards").classList.remove("sb-only-wrong");
  setValue(composer.text, "");
  rememberStory();
  takeIn(answer.view);
  bringBackDrafts();
  const notice = [answer.not_found ? say("not_found") : answer.notice, noticeOnce()].filter(Boolean).join(" ");
  const begun = answer.example ? { label: say("new_story"), run: openNewStory } : null;
  setNotice(notice || (answer.example ? say("example_note") : null), begun);
  look(QUICK);
}

/** @param {string} title */
async function renameStory(title) {
  if (title === view.title) return;
  await askOrToast("rename_story", { of: storyId, title });
}

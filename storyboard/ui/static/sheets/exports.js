// Out and in: the export menu, and files dropped on the page: a project file, a picture that was made here, or a script.

const PER_PAGE = [1, 2, 4, 6, 9];

function exportMenu() {
  const item = (/** @type {Key} */ key, /** @type {string} */ kind) => ({ label: say(key), run: () => exportStory(kind) });
  return [
    { heading: say("export_title") },
    ...PER_PAGE.map((count) => ({
      label: sayCount("export_pdf", count), run: () => exportStory("pdf", { per_page: count }),
    })),
    item("export_sheet", "sheet"), item("export_comic", "comic"), item("export_zip", "zip"),
    item("export_gif", "gif"), item("export_mp4", "mp4"),
    null, item("export_fountain", "fountain"), item("export_csv", "csv"),
    null, item("export_project", "project"),
    null, { label: say("import_file"), run: chooseFile },
  ];
}

/** @param {string} kind @param {{ per_page?: number }} [options] */
async function exportStory(kind, options = {}) {
  if (!["project", "fountain", "csv"].includes(kind) && !view.frames.some((frame) => frame.picture)) return toast(say("export_none"));
  await saveEverything();
  const note = toast(say("exporting"));
  const { files, error } = await askOrToast("export", { kind, ...options });
  if (note) note.remove();
  if (error || !files) return undefined;
  for (const { path, name } of files) download(fileAddress(path), name);
  return announce(say("exported", files[0].name));
}

/** @param {Card} card */
async function exportFrame(card) {
  const { files } = await act(card, "export_frame");
  if (files) download(fileAddress(files[0].path), files[0].name);
}

/** @param {string} address @param {string} name */
function download(address, name) {
  const link = make("a");
  link.href = address;
  link.download = name;
  link.hidden = true;
  element.append(link);
  link.click();
  link.remove();
}

function makeImportButton() {
  return makeButton("sb-plain", say("import_file"), chooseFile);
}

function chooseFile() {
  pagePart("import").click();
}

/** @param {File} file */
async function importFile(file) {
  if (isScriptFile(file)) return openScriptFile(file);
  const note = toast(say("importing"));
  const sent = await sendFile(file);
  if (note) note.remove();
  if (!sent) return toast(say("upload_failed", props.upload_mb));
  return /\.png$/i.test(file.name) ? importPicture(sent) : importProject(sent);
}

/** @param {Uploaded} sent */
async function importPicture({ path }) {
  const answer = await askOrToast("import_picture", { path });
  if (answer.error) return;
  const card = cards.get(answer.frame);
  if (card) bringIntoSight(card.root);
  toast(say("imported_frame"));
}

/** @param {Uploaded} sent */
async function importProject({ path }) {
  const answer = await askOrToast("import_project", { path });
  if (answer.error) return;
  await openStory(answer.opened);
  toast(say("imported", view.title || say("untitled")));
  for (const notice of answer.notices) toast(sayPhrase(notice));
}

// A card being moved is dragged inside the page; a file comes from outside and shows where it may go.
function startDrops() {
  const cover = pagePart("drop");
  const isFile = (/** @type {DragEvent} */ { dataTransfer }) => dataTransfer && [...dataTransfer.types].includes("Files");
  element.addEventListener("dragover", (event) => {
    if (!isFile(event)) return;
    event.preventDefault();
    show(cover, true);
  });
  element.addEventListener("dragleave", (event) => {
    if (!isInside(element, event.relatedTarget)) show(cover, false);
  });
  element.addEventListener("drop", (event) => {
    show(cover, false);
    if (!isFile(event)) return;
    event.preventDefault();
    const file = event.dataTransfer && event.dataTransfer.files[0];
    if (file) importFile(file);
  });
  onFile(pagePart("import"), importFile);
}

// Paste a script, see the frames it becomes, leave some out, accept. `text` is one that was pasted somewhere else.

function openScript(text = "") {
  const dialog = openDialog(say("script_title"), "sb-wide sb-script-dialog");
  const part = { dialog, frames: [], dropped: new Set(), timer: 0, over: 0 };
  const label = make("label", "", say("script_label"));
  part.text = make("textarea", "sb-script-text");
  part.text.rows = 8;
  part.text.value = text.slice(0, props.script_limit);
  part.over = text.length - part.text.value.length;
  limitLength(part.text, props.script_limit, (over) => {
    part.over = over;
    splitSoon(part);
  });
  label.append(part.text);
  part.count = make("p", "sb-quiet");
  part.count.setAttribute("role", "status");
  part.list = make("ol", "sb-split");
  part.problem = make("p", "sb-problem");
  part.problem.setAttribute("role", "alert");
  part.draw = make("input");
  part.draw.type = "checkbox";
  part.draw.checked = true;
  part.accept = makeButton("sb-filled", "", () => acceptScript(part));
  const draw = make("label", "sb-check");
  draw.append(part.draw, make("span", "", say("script_draw")));
  const row = make("div", "sb-row sb-dialog-foot");
  row.append(draw, makeButton("sb-plain", say("cancel"), dialog.close), part.accept);
  dialog.body.append(make("p", "sb-quiet", say("script_note")), label, part.count, part.list, part.problem, row);
  part.text.addEventListener("input", () => splitSoon(part));
  paintSplit(part);
  if (text) splitSoon(part);
  part.text.focus();
}

function splitSoon(part) {
  clearTimeout(part.timer);
  part.timer = setTimeout(async () => {
    const { frames, error } = await ask("split_script", { text: part.text.value });
    part.frames = frames || [];
    part.dropped.clear();
    showProblem(part, error || (part.over ? sayCount("left_out", part.over, props.script_limit) : null));
    part.over = 0; // said until the next change
    paintSplit(part);
  }, 250);
}

function paintSplit(part) {
  const kept = part.frames.length - part.dropped.size;
  setText(part.count, sayCount("script_split", kept));
  setText(part.accept, sayCount("script_accept", kept, sayAbout(kept)));
  part.accept.disabled = kept === 0;
  refill(part.list, [part.frames, [...part.dropped]], () => part.frames.map((caption, index) => {
    const row = make("li", "sb-row");
    const dropped = part.dropped.has(index);
    const icon = dropped ? "plus" : "close";
    const toggle = keyed(makeIconButton("", icon, say(dropped ? "script_keep" : "script_drop", caption), () => {
      if (!part.dropped.delete(index)) part.dropped.add(index);
      paintSplit(part);
    }), `line-${index}`);
    row.classList.toggle("sb-dropped", dropped);
    row.append(make("span", "sb-split-words", caption), toggle);
    return row;
  }));
}

async function acceptScript(part) {
  const captions = part.frames.filter((_, index) => !part.dropped.has(index));
  part.accept.disabled = true;
  const answer = await ask("add_script", { captions, draw: part.draw.checked, ...placeOfNext() });
  part.accept.disabled = false;
  showProblem(part, answer.error);
  if (answer.error) return;
  part.dialog.close();
  announce(sayCount("script_added", captions.length));
  showAdded(answer.frames.at(-1));
}

function showProblem(part, error) {
  setText(part.problem, error || "");
  show(part.problem, Boolean(error));
}

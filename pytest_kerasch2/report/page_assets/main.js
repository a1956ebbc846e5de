// What people do, turned into a view; and the view, turned into the page and its link.
const form = document.getElementById("filters");
const said = document.getElementById("said");
let view = viewOf(location.hash);
let openedFrom = null;

function say(text) {
  said.textContent = text;
}

function draw() {
  const columns = columnsOf(view);
  show(rowsOf(view, columns), columns);
  drawAnswers(view);
  drawPanel();
}

function drawPanel() {
  for (const marked of table.querySelectorAll(".opened")) marked.classList.remove("opened");
  const place = placeOf(view.open);
  if (place.claim < 0 && place.column < 0) {
    panel.close();
    return;
  }
  elementAt(place)?.closest("td, th").classList.add("opened");
  if (panel.dataset.open !== view.open || !panel.open) fillPanel(place);
  panel.dataset.open = view.open;
}

function keep() {
  // A file that is opened from disk has a link too; where the browser forbids it, the page works without.
  try {
    history.replaceState(null, "", linkOf(view) || location.pathname + location.search);
  } catch {
    location.hash = linkOf(view);
  }
}

function openPanel(name) {
  if (!panel.contains(document.activeElement)) openedFrom = document.activeElement;
  view = { ...view, open: name };
  drawPanel();
  showOpened();
  keep();
  document.getElementById("panel-title").focus();
}

function closePanel() {
  const place = placeOf(view.open);
  view = { ...view, open: "" };
  drawPanel();
  keep();
  if (answers.contains(openedFrom)) openedFrom.focus();
  else focusOn(place);
}

function readForm() {
  const filled = new FormData(form);
  const asked = new FormData(ask);
  view = { ...view, release: asked.get("release"), error: asked.get("error") };
  view = { ...view, text: filled.get("text"), section: filled.get("section"), changes: filled.has("changes") };
  for (const name of LISTS) view[name] = filled.getAll(name);
  draw();
  keep();
}

function fillForm() {
  ask.elements.release.value = view.release;
  ask.elements.error.value = view.error;
  form.elements.text.value = view.text;
  form.elements.section.value = view.section;
  form.elements.changes.checked = view.changes;
  for (const box of form.querySelectorAll("[type=checkbox][value]:not([name=changes])")) box.checked = view[box.name].includes(box.value);
}

function restore() {
  view = viewOf(location.hash);
  fillForm();
  // A value that this table does not have would filter everything away, unseen.
  const asked = linkOf(view);
  const filled = new FormData(form);
  view = { ...view, section: filled.get("section") ?? "", release: new FormData(ask).get("release") ?? "" };
  for (const name of LISTS) view[name] = filled.getAll(name);
  form.elements.section.value = view.section;
  ask.elements.release.value = view.release;
  const place = placeOf(view.open);
  const lost = view.open && place.claim < 0 && place.column < 0;
  if (lost) view.open = "";
  draw();
  if (linkOf(view) !== asked) say("The link names something that this table does not have; the rest of it is shown.");
  if (view.open) showOpened();
}

// The panel takes room from the table, which may have hidden the very cell that was opened.
function showOpened() {
  activate(nearest(placeOf(view.open)));
  if (elementAt(active)) reveal(elementAt(active));
}

function copy(text, button) {
  const done = (word) => {
    const before = button.textContent;
    button.textContent = word;
    say(word);
    setTimeout(() => (button.textContent = before), 1500);
  };
  const kept = navigator.clipboard?.writeText(text) ?? Promise.reject(new Error("no clipboard"));
  kept.then(() => done("Copied"), () => prompt("Copy this:", text));
}

function switchTheme() {
  const root = document.documentElement;
  const dark = getComputedStyle(root).colorScheme === "dark" || (!root.dataset.theme && matchMedia("(prefers-color-scheme: dark)").matches);
  root.dataset.theme = dark ? "light" : "dark";
  try {
    localStorage.setItem("kerasch2-theme", root.dataset.theme);
  } catch {
    // Kept for this visit only.
  }
}

for (const one of [ask, form]) {
  // Some browsers and what drives them tell a choice by the second alone.
  for (const event of ["input", "change"]) one.addEventListener(event, readForm);
  one.addEventListener("reset", () => setTimeout(readForm));
}
ask.addEventListener("submit", (event) => event.preventDefault());
document.getElementById("switch").addEventListener("click", () => {
  view = { ...view, table: !view.table };
  draw();
  keep();
});
form.addEventListener("submit", (event) => event.preventDefault());
document.querySelector("#empty button").addEventListener("click", () => form.reset());
document.getElementById("theme").addEventListener("click", switchTheme);
document.getElementById("link").addEventListener("click", (event) => copy(location.href, event.target));
addEventListener("hashchange", restore);

function openAt(target) {
  const place = placeAt(target);
  if (place) openPanel(nameOf(place));
}

table.addEventListener("click", (event) => openAt(event.target));
table.addEventListener("keydown", (event) => {
  // A button opens by itself; a cell is none.
  if ((event.key === "Enter" || event.key === " ") && event.target.matches("td")) {
    event.preventDefault();
    openAt(event.target);
  }
});
function press(event) {
  const button = event.target.closest("button");
  if (button?.matches(".close")) closePanel();
  else if (button?.matches(".copy")) copy(button.value, button);
  else if (button?.matches(".open")) openPanel(button.value);
}

for (const one of [panel, answers]) one.addEventListener("click", press);
panel.addEventListener("cancel", (event) => {
  event.preventDefault();
  closePanel();
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.open && event.target !== form.elements.text && event.target !== ask.elements.error) closePanel();
});

// On a small screen the table comes first.
if (matchMedia("(max-width: 720px)").matches) document.querySelector("details.filters").open = false;
restore();

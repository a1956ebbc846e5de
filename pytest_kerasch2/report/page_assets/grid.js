// The table in the page: what of it is shown, and where the keyboard is in it.
const table = document.getElementById("grid");
const groups = [...table.tHead.rows[0].cells].slice(1);
const heads = [...table.tHead.rows[1].cells];
const lines = [...table.tBodies].flatMap((body) => [...body.rows].slice(1));
const cells = lines.map((line) => [...line.cells]);
// Places count from 0; -1 is the heading of the row or of the column.
let shown = { rows: [...lines.keys()], columns: [...heads.keys()] };
let active = { claim: 0, column: 0 };

function show(rows, columns) {
  const kept = { rows: new Set(rows), columns: new Set(columns) };
  lines.forEach((line, row) => (line.hidden = !kept.rows.has(row)));
  heads.forEach((head, column) => {
    if (head.hidden === !kept.columns.has(column)) return;
    head.hidden = !head.hidden;
    for (const line of cells) line[column + 1].hidden = head.hidden;
  });
  let first = 0;
  for (const group of groups) {
    const size = Number(group.dataset.size);
    const left = columns.filter((column) => column >= first && column < first + size).length;
    group.hidden = !left;
    group.colSpan = left || 1;
    group.style.setProperty("--size", left);
    first += size;
  }
  for (const body of table.tBodies) showSection(body, columns.length);
  document.body.style.setProperty("--columns", columns.length);
  document.body.style.setProperty("--head", `${table.tHead.offsetHeight}px`);
  shown = { rows, columns };
  document.getElementById("empty").hidden = rows.length > 0;
  document.getElementById("shown").textContent = summary();
  activate(nearest(active));
}

function showSection(body, columns) {
  const left = [...body.rows].slice(1).filter((line) => !line.hidden).length;
  body.hidden = !left;
  body.rows[0].cells[0].colSpan = columns + 1;
  body.rows[0].querySelector("small").textContent = left;
}

function summary() {
  const part = (left, all, word) => (left === all ? `${all} ${word}` : `${left} of ${all} ${word}`);
  return `${part(shown.rows.length, lines.length, "claims")}, ${part(shown.columns.length, heads.length, "releases")}`;
}

function elementAt({ claim, column }) {
  if (claim < 0) return heads[column]?.firstElementChild;
  const cell = cells[claim]?.[column + 1];
  return column < 0 ? cell?.firstElementChild : cell;
}

function placeAt(element) {
  const cell = element.closest("td, th");
  const line = cell?.closest("tr");
  if (heads.includes(cell)) return { claim: -1, column: heads.indexOf(cell) };
  const claim = lines.indexOf(line);
  return claim < 0 ? null : { claim, column: cells[claim].indexOf(cell) - 1 };
}

function nearest({ claim, column }) {
  const close = (all, wanted) => (wanted < 0 ? wanted : (all.find((one) => one >= wanted) ?? all.at(-1) ?? -1));
  return { claim: close(shown.rows, claim), column: close(shown.columns, column) };
}

// One element of the grid is in the order of the tab key, as the pattern for grids has it.
function activate(place) {
  elementAt(active)?.setAttribute("tabindex", "-1");
  active = place;
  elementAt(active)?.setAttribute("tabindex", "0");
}

function focusOn(place) {
  activate(nearest(place));
  const element = elementAt(active);
  element?.focus({ preventScroll: true });
  if (element) reveal(element);
}

// The browser's own scrolling leaves a cell under the sticky headings.
function reveal(element) {
  const frame = table.parentElement;
  const box = (element.closest("td, th") ?? element).getBoundingClientRect();
  const outer = frame.getBoundingClientRect();
  const top = outer.top + table.tHead.offsetHeight + (element.closest("tbody")?.rows[0].offsetHeight ?? 0);
  const left = outer.left + table.rows[0].cells[0].offsetWidth;
  const over = (low, high, from, to) => (low < from ? low - from : Math.max(0, Math.min(high - to, low - from)));
  if (active.claim >= 0) frame.scrollTop += over(box.top, box.bottom, top, outer.top + frame.clientHeight);
  if (active.column >= 0) frame.scrollLeft += over(box.left, box.right, left, outer.left + frame.clientWidth);
}

function step(all, from, by) {
  const axis = [-1, ...all];
  const at = axis.indexOf(from);
  return axis[Math.max(0, Math.min(axis.length - 1, at + by))];
}

function moved(event) {
  const { claim, column } = active;
  const far = event.ctrlKey || event.metaKey;
  const down = (by) => ({ claim: step(shown.rows, claim, by), column });
  const across = (by) => ({ claim, column: step(shown.columns, column, by) });
  switch (event.key) {
    case "ArrowDown": return down(1);
    case "ArrowUp": return down(-1);
    case "PageDown": return down(10);
    case "PageUp": return down(-10);
    case "ArrowRight": return across(1);
    case "ArrowLeft": return across(-1);
    case "Home": return { claim: far ? shown.rows[0] ?? -1 : claim, column: -1 };
    case "End": return { claim: far ? shown.rows.at(-1) ?? -1 : claim, column: shown.columns.at(-1) ?? -1 };
    default: return null;
  }
}

table.addEventListener("keydown", (event) => {
  const place = moved(event);
  if (!place) return;
  event.preventDefault();
  // The corner is nothing that one could be on.
  if (place.claim >= 0 || place.column >= 0) focusOn(place);
});

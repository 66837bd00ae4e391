"use strict";
// Sorting: a click on a heading sorts by it, a second click turns the order round. Unknown values stay last.
function sort(heading) {
  const table = heading.closest("table"), body = table.tBodies[0], column = heading.cellIndex;
  const up = heading.getAttribute("aria-sort") !== "ascending";
  const value = row => {
    const cell = row.cells[column], text = cell.dataset.v ?? cell.textContent.trim();
    const number = Number(text.replace(/^(-?)inf$/, "$1Infinity"));
    return ["", "–", "nan"].includes(text) ? null : Number.isNaN(number) ? text : number;
  };
  const compare = (a, b) => typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b));
  const rows = [...body.rows].map(row => [value(row), row]);
  rows.sort(([a], [b]) => a === null ? (b === null ? 0 : 1) : b === null ? -1 : up ? compare(a, b) : compare(b, a));
  body.append(...rows.map(([, row]) => row));
  for (const other of heading.parentNode.cells) other.removeAttribute("aria-sort");
  heading.setAttribute("aria-sort", up ? "ascending" : "descending");
}
for (const heading of document.querySelectorAll(".sortable thead th")) {
  heading.tabIndex = 0;
  heading.addEventListener("click", () => sort(heading));
  heading.addEventListener("keydown", event => {
    if (event.key === "Enter" || event.key === " ") { event.preventDefault(); sort(heading); }
  });
}

const cases = () => [...document.querySelectorAll("details.case")];
const button = document.getElementById("open");  // the page of the history has neither this nor the next
const anyShut = () => cases().some(c => !c.open);
const label = () => { button.textContent = anyShut() ? "Open all" : "Close all"; };
if (button) {
  button.addEventListener("click", () => { const open = anyShut(); cases().forEach(c => { c.open = open; }); label(); });
  cases().forEach(c => c.addEventListener("toggle", label));
  label();
}
addEventListener("beforeprint", () => cases().forEach(c => { c.open = true; }));

const root = document.documentElement;
// What is linked to must not end up behind the bar of links, which may have several lines.
const bar = document.querySelector("nav");
const clear = () => {
  root.style.scrollPaddingTop = getComputedStyle(bar).position === "sticky" ? `${bar.offsetHeight + 8}px` : "";
};
if (bar) { addEventListener("resize", clear); clear(); }

document.getElementById("theme")?.addEventListener("click", () => {
  const now = root.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  root.dataset.theme = now === "dark" ? "light" : "dark";
});

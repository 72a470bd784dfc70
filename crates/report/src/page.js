"use strict";
const errors = [];
addEventListener("error", (event) => errors.push(event.message));

// The theme: as chosen before, else as the system has it.
const root = document.documentElement;
const dark = matchMedia("(prefers-color-scheme: dark)");
const remembered = () => { try { return localStorage.getItem("theme"); } catch { return null; } };
const show = (theme) => { root.dataset.theme = theme; };
const asked = location.hash.match(/theme=(light|dark)/);
show(asked ? asked[1] : remembered() || (dark.matches ? "dark" : "light"));
dark.addEventListener("change", () => { if (!remembered()) show(dark.matches ? "dark" : "light"); });
document.getElementById("theme").addEventListener("click", () => {
  show(root.dataset.theme === "dark" ? "light" : "dark");
  try { localStorage.setItem("theme", root.dataset.theme); } catch { /* A file may have no storage: not remembered. */ }
});

// Hovering: what the pointer is on, or else the nearest point of a line.
const tip = document.getElementById("tip");
for (const svg of document.querySelectorAll("svg[data-plot]")) {
  const hits = [...svg.querySelectorAll(".hit")].map((element) =>
    ({ element, x: element.cx.baseVal.value, y: element.cy.baseVal.value }));
  let lit = null;
  const light = (element) => {
    if (lit) lit.classList.remove("on");
    lit = element && element.classList.contains("hit") ? element : null;
    if (lit) lit.classList.add("on");
  };
  svg.addEventListener("pointermove", (event) => {
    let found = event.target.closest("[data-tip]");
    if (!found && hits.length) {
      const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      let best = 40;
      for (const hit of hits) {
        const distance = Math.hypot(hit.x - at.x, (hit.y - at.y) / 2);
        if (distance < best) { best = distance; found = hit.element; }
      }
    }
    light(found);
    tip.hidden = !found;
    if (!found) return;
    tip.textContent = found.dataset.tip;
    const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
    tip.style.left = `${left}px`;
    tip.style.top = `${Math.max(event.clientY - tip.offsetHeight - 12, 4)}px`;
  });
  svg.addEventListener("pointerleave", () => { light(null); tip.hidden = true; });
}

// Tables: a click on a heading sorts by it, a word in the field leaves the rows that have it.
for (const table of document.querySelectorAll(".grid table")) {
  const body = table.tBodies[0];
  const headings = [...table.querySelectorAll("th")];
  headings.forEach((heading, column) => heading.querySelector("button").addEventListener("click", () => {
    const down = heading.getAttribute("aria-sort") === "ascending";
    headings.forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    const rows = [...body.rows].sort((a, b) => {
      const [left, right] = [a.cells[column], b.cells[column]];
      const order = "value" in left.dataset
        ? left.dataset.value - right.dataset.value
        : left.textContent.localeCompare(right.textContent, "en", { numeric: true });
      return down ? -order : order;
    });
    body.append(...rows);
  }));
  const filter = table.querySelector("input");
  if (filter) filter.addEventListener("input", () => {
    const wanted = filter.value.toLowerCase();
    for (const row of body.rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}

// Opened with #selfcheck, the page says of each figure how many of its marks can be seen.
if (location.hash.includes("selfcheck")) {
  const figures = [...document.querySelectorAll("figure")].map((figure) => {
    const svg = figure.querySelector("svg[data-plot]");
    const marks = svg ? [...svg.querySelectorAll(".mark")] : [];
    const seen = marks.filter((mark) => { const box = mark.getBBox(); return box.width > 0 || box.height > 0; });
    return { plot: svg && svg.dataset.plot, marks: marks.length, seen: seen.length };
  });
  const first = document.querySelector(".grid table:has(tbody tr + tr) th button");
  if (first) { first.click(); first.click(); }
  const report = document.createElement("script");
  report.type = "application/json";
  report.id = "selfcheck";
  report.textContent = JSON.stringify({ figures, errors, sorted: Boolean(document.querySelector("th[aria-sort=descending]")) });
  document.body.append(report);
}

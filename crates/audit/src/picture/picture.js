
// Cells: their evidence beside them while they are pointed at or focused, and until Escape when they were chosen. Without
// this they are links to the same evidence further down.
{
  const cells = [...document.querySelectorAll(".matrix td[data-state] a")];
  const columns = new Set(cells.map((cell) => cell.parentElement.dataset.principal)).size;
  const card = document.createElement("div");
  card.id = "card";
  card.hidden = true;
  card.setAttribute("role", "status");
  document.body.append(card);
  let shown = null;
  let pinned = false;

  const hide = () => {
    if (shown) shown.classList.remove("on");
    shown = null;
    pinned = false;
    card.hidden = true;
  };
  const show = (cell, pin) => {
    hide();
    const evidence = document.getElementById(decodeURIComponent(cell.hash.slice(1)));
    if (!evidence) return;
    shown = cell;
    pinned = pin;
    cell.classList.add("on");
    card.className = pin ? "cell pinned" : "cell";
    card.dataset.of = evidence.dataset.of;
    card.replaceChildren(...[...evidence.cloneNode(true).childNodes]);
    card.hidden = false;
    card.removeAttribute("style");
    // On a narrow screen the style has a place for it.
    if (matchMedia("(max-width: 62rem)").matches) return;
    const at = cell.getBoundingClientRect();
    const right = at.right + 10;
    const left = right + card.offsetWidth < innerWidth ? right : Math.max(at.left - card.offsetWidth - 10, 8);
    const top = Math.max(Math.min(at.top, innerHeight - card.offsetHeight - 8), 8);
    card.style.left = `${left + scrollX}px`;
    card.style.top = `${top + scrollY}px`;
  };

  cells.forEach((cell, index) => {
    // One stop for the tabulator; arrows go from cell to cell.
    cell.tabIndex = index ? -1 : 0;
    cell.addEventListener("pointerenter", (event) => { if (!pinned && event.pointerType === "mouse") show(cell, false); });
    cell.addEventListener("pointerleave", (event) => { if (!pinned && event.pointerType === "mouse") hide(); });
    cell.addEventListener("focus", () => { if (cell.matches(":focus-visible")) show(cell, false); });
    cell.addEventListener("blur", () => { if (!pinned) hide(); });
    cell.addEventListener("click", (event) => {
      event.preventDefault();
      if (pinned && shown === cell) hide(); else show(cell, true);
    });
    cell.addEventListener("keydown", (event) => {
      const start = index - index % columns;
      const next = { ArrowLeft: index - 1, ArrowRight: index + 1, ArrowUp: index - columns, ArrowDown: index + columns,
        Home: start, End: start + columns - 1 }[event.key];
      if (next === undefined || !cells[next]) return;
      event.preventDefault();
      cells.forEach((other) => { other.tabIndex = -1; });
      cells[next].tabIndex = 0;
      cells[next].focus();
    });
  });
  addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
  addEventListener("pointerdown", (event) => {
    if (pinned && !card.contains(event.target) && !event.target.closest(".matrix td a")) hide();
  });
  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((details) => { details.open = true; }));
}

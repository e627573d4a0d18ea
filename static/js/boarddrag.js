/** Dragging a session to another time or lane, or its lower edge to another length. The server decides; nothing snaps back unsaid. */
const { board } = globalThis;
const FAR = 5; // pixels before a press becomes a drag
const CAN_RESIZE = ["booked", "arrived"];
let held = null;

function pressed(event) {
  const visit = event.target.closest("[data-visit]");
  if (!visit || event.button !== 0 || event.pointerType === "touch" || event.target.closest(".ev-mark")) return;
  const resizing = event.target.closest(".grip") !== null;
  if (!resizing && visit.dataset.state !== "booked") return;
  const box = visit.getBoundingClientRect();
  const span = Number(visit.dataset.span);
  held = {
    visit, resizing, span, x: event.clientX, y: event.clientY, ghost: null, lane: null, row: 0,
    top: Number(visit.className.match(/\bb(\d+)\b/)?.[1] ?? 1) - 1,
    grabbed: Math.floor(((event.clientY - box.top) / box.height) * span),
  };
}

function carried(event) {
  if (!held) return;
  if (!held.ghost) {
    if (Math.hypot(event.clientX - held.x, event.clientY - held.y) < FAR) return;
    held.ghost = board.ghost("ev-drop");
    board.busy = true;
    held.visit.classList.add("is-lifted");
    document.body.classList.add(held.resizing ? "is-resizing" : "is-dragging");
  }
  event.preventDefault();
  getSelection()?.removeAllRanges();
  if (held.resizing) stretch(event.clientY);
  else hover(document.elementFromPoint(event.clientX, event.clientY)?.closest("[data-day]"), event.clientY);
}

function hover(lane, y) {
  if (!lane) {
    held.lane = null;
    held.ghost.gone();
    return;
  }
  held.lane = lane;
  const cell = lane.matches("td");
  held.row = cell ? 0 : board.rowAt(lane, y, held.span, held.grabbed);
  held.at = cell ? held.visit.dataset.at : board.clock(held.row);
  held.ghost.put(lane, held.row, held.span, `${held.at} ${held.visit.dataset.who}`);
}

function stretch(y) {
  held.lane = held.visit.closest("[data-day]");
  held.row = Math.max(board.rowAt(held.lane, y, 0), held.top + 1);
  held.ghost.put(held.lane, held.top, held.row - held.top, `${held.visit.dataset.at} to ${board.clock(held.row)}`);
}

function let_go() {
  if (!held) return;
  const { visit, ghost, lane, resizing, row, top, at } = held;
  held = null;
  if (!ghost) return;
  addEventListener("click", (event) => { event.preventDefault(); event.stopPropagation(); }, { capture: true, once: true });
  setTimeout(() => document.body.classList.remove("is-resizing", "is-dragging"));
  visit.classList.remove("is-lifted");
  board.busy = false;
  const address = `/board/${visit.dataset.visit}/`;
  const focus = `[data-visit="${visit.dataset.visit}"] .ev-link`;
  const here = visit.closest("[data-day]");
  if (!lane || (!resizing && lane === here && at === visit.dataset.at)) {
    ghost.gone();
    return;
  }
  ghost.wait();
  if (resizing) board.send(`${address}resize/`, { minutes: (row - top) * 5, version: visit.dataset.version }, focus);
  else board.send(`${address}move/`, { on: lane.dataset.day, at, therapist: lane.dataset.therapist ?? "", lane: lane.dataset.lane, version: visit.dataset.version }, focus);
}

function drop_it() {
  held?.ghost?.gone();
  held?.visit.classList.remove("is-lifted");
  document.body.classList.remove("is-resizing", "is-dragging");
  if (held?.ghost) board.busy = false;
  held = null;
}

/** The edge that is pulled; only where a pointer can take it. */
function grips() {
  for (const visit of document.querySelectorAll(".lane [data-visit]")) {
    if (!CAN_RESIZE.includes(visit.dataset.state) || visit.querySelector(".grip")) continue;
    const grip = document.createElement("i");
    grip.className = "grip";
    visit.append(grip);
  }
}

/* Where a click in a free gap would book. */
const hint = globalThis.board.ghost("ev-hint");
function pointed(event) {
  const gap = held ? null : event.target.closest?.("a[data-gap]");
  if (!gap) {
    hint.gone();
    return;
  }
  const lane = gap.closest("[data-lane]");
  const first = Number(gap.className.match(/\bb(\d+)\b/)[1]) - 1;
  const last = first + Number(gap.className.match(/\bl(\d+)\b/)[1]);
  const row = Math.max(first, board.rowAt(lane, event.clientY, 1));
  hint.put(lane, row, Math.max(1, Math.min(Number(board.work().dataset.span || 6), last - row)), `+ ${board.clock(row)}`);
}

document.addEventListener("pointerdown", pressed);
document.addEventListener("pointermove", (event) => { carried(event); pointed(event); });
document.addEventListener("pointerup", let_go);
document.addEventListener("pointercancel", drop_it);
document.addEventListener("dragstart", (event) => { if (event.target.closest?.("[data-visit]")) event.preventDefault(); });
document.addEventListener("keydown", (event) => { if (event.key === "Escape" && held) drop_it(); });
document.addEventListener("board:swapped", grips);
grips();

// Dragging a booked session to another time or lane opens its move page with that day, time and therapist filled in.
// Nothing is changed by the drag itself; without script the session's own page leads to the same form.
const board = document.querySelector("[data-first-hour]");
const STEP_ROWS = 3; // a quarter of an hour
let dragged = null;

function rowAt(lane, y) {
  const box = lane.getBoundingClientRect();
  const rows = Number(board.dataset.rows);
  const row = Math.floor(((y - box.top) / box.height) * rows) - dragged.grabbed;
  const snapped = Math.round(row / STEP_ROWS) * STEP_ROWS;
  return Math.min(Math.max(snapped, 0), rows - dragged.span);
}

function clock(row) {
  const minutes = Number(board.dataset.firstHour) * 60 + row * 5;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

function mark(lane, row) {
  const ghost = dragged.ghost;
  ghost.className = `ev-drop b${row + 1} l${dragged.span}`;
  ghost.textContent = clock(row);
  if (ghost.parentElement !== lane) lane.append(ghost);
}

if (board) {
  board.addEventListener("dragstart", (event) => {
    const session = event.target.closest("a.ev-booked");
    if (!session) return;
    const span = Number(session.className.match(/\bl(\d+)\b/)[1]);
    const box = session.getBoundingClientRect();
    const grabbed = Math.floor(((event.clientY - box.top) / box.height) * span);
    dragged = { url: session.getAttribute("href"), span, grabbed, ghost: document.createElement("div") };
    event.dataTransfer.effectAllowed = "move";
  });
  board.addEventListener("dragover", (event) => {
    const lane = event.target.closest("[data-day]");
    if (!dragged || !lane) return;
    event.preventDefault();
    mark(lane, rowAt(lane, event.clientY));
  });
  board.addEventListener("drop", (event) => {
    const lane = event.target.closest("[data-day]");
    if (!dragged || !lane) return;
    event.preventDefault();
    const query = new URLSearchParams({ on: lane.dataset.day, at: clock(rowAt(lane, event.clientY)), therapist: lane.dataset.therapist });
    window.location.assign(`${dragged.url}move/?${query}`);
  });
  board.addEventListener("dragend", () => {
    dragged?.ghost.remove();
    dragged = null;
  });
}

/** The board by keyboard: arrows go from block to block, M carries a session, single letters mark it. `?` lists the keys. */
const { board } = globalThis;
const OFF = "board-keys-off";
const MARKS = { a: "arrived", c: "completed", x: "no_show", b: "booked" };
const keys = document.querySelector("#keys");
const jump = document.querySelector(".jump");
const day = document.querySelector("#jump");
const box = keys.querySelector("[data-keys-off]");
let carry = null;
let last = null;

const blocks = () => [...document.querySelectorAll("#lanes [data-block]")];
const target = (block) => (block.matches("a, button") ? block : block.querySelector(".ev-link"));
const blockOf = (element) => element?.closest?.("#lanes [data-block]");
const middle = (block) => { const { left, right, top, bottom } = block.getBoundingClientRect(); return [(left + right) / 2, (top + bottom) / 2]; };
const lanes = () => [...document.querySelectorAll("#lanes [data-lane]")];
const rowOf = (block) => Number(block.className.match(/\bb(\d+)\b/)?.[1] ?? 1) - 1;

/** One stop for Tab in the whole board; arrows do the rest. */
function rove(current) {
  const found = blocks();
  const here = current ?? found.find((block) => target(block) === document.activeElement) ?? found.find((block) => last && block.matches(last)) ?? found[0];
  for (const block of found) {
    target(block).tabIndex = block === here ? 0 : -1;
    for (const mark of block.querySelectorAll(".ev-mark")) mark.tabIndex = -1;
  }
  document.querySelector("#lanes")?.setAttribute("tabindex", found.length ? "-1" : "0");
  if (here?.dataset.visit) last = `[data-visit="${here.dataset.visit}"]`;
}

function next(from, key) {
  const [x, y] = middle(from);
  const sideways = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  const home = from.closest("[data-lane]");
  let best = null;
  for (const block of blocks()) {
    if (block === from) continue;
    const [bx, by] = middle(block);
    const [along, across] = sideways ? [(bx - x) * sign, Math.abs(by - y)] : [(by - y) * sign, Math.abs(bx - x)];
    if (along <= 1 || (sideways && block.closest("[data-lane]") === home)) continue;
    const score = sideways ? along * 4 + across : along + across * 8;
    if (!best || score < best.score) best = { block, score };
  }
  return best?.block;
}

function pickUp(visit) {
  if (visit.dataset.state !== "booked") {
    board.say(`${visit.dataset.who} is ${visit.dataset.state.replace("_", " ")}: only a booked session can be moved.`);
    return;
  }
  const lane = visit.closest("[data-lane]");
  carry = { visit, lane, row: rowOf(visit), span: Number(visit.dataset.span), ghost: board.ghost("ev-drop"), cell: lane.matches("td") };
  board.busy = true;
  visit.classList.add("is-lifted");
  place(`Carrying ${visit.dataset.who}. Arrows to move, Enter to put down, Escape to leave.`);
}

const at = () => (carry.cell ? carry.visit.dataset.at : board.clock(carry.row));

function taken() {
  if (carry.cell) return "";
  for (const other of carry.lane.querySelectorAll(".ev, .ev-off")) {
    if (other === carry.visit) continue;
    const first = rowOf(other);
    const rows = Number(other.className.match(/\bl(\d+)\b/)?.[1] ?? 1);
    if (first < carry.row + carry.span && first + rows > carry.row) return other.dataset.who ?? other.textContent.trim();
  }
  return "";
}

function place(words) {
  carry.ghost.put(carry.lane, carry.row, carry.span, `${at()} ${carry.visit.dataset.who}`);
  carry.lane.querySelector(".ev-drop").scrollIntoView({ block: "nearest", inline: "nearest" });
  const there = taken();
  board.say(words ?? `${at()}, ${carry.lane.dataset.name}, ${there ? `taken: ${there}` : "free"}`);
}

function step(key) {
  const all = lanes();
  const here = all.indexOf(carry.lane);
  const rows = Number(document.querySelector("[data-rows]")?.dataset.rows ?? 0);
  const width = carry.cell ? carry.lane.parentElement.querySelectorAll("[data-lane]").length : 1;
  if (key === "ArrowLeft") carry.lane = all[here - 1] ?? carry.lane;
  else if (key === "ArrowRight") carry.lane = all[here + 1] ?? carry.lane;
  else if (carry.cell) carry.lane = all[here + (key === "ArrowDown" ? width : -width)] ?? carry.lane;
  else carry.row = Math.min(Math.max(carry.row + (key === "ArrowDown" ? 3 : -3), 0), rows - carry.span);
  place();
}

function putDown(send) {
  const { visit, lane, ghost } = carry;
  const time = at();
  const home = lane === visit.closest("[data-lane]") && time === visit.dataset.at;
  visit.classList.remove("is-lifted");
  carry = null;
  board.busy = false;
  if (!send || home) {
    ghost.gone();
    board.say(`${visit.dataset.who} stays at ${visit.dataset.at}.`);
    return;
  }
  ghost.wait();
  board.send(
    `/board/${visit.dataset.visit}/move/`,
    { on: lane.dataset.day, at: time, therapist: lane.dataset.therapist ?? "", lane: lane.dataset.lane, version: visit.dataset.version },
    `[data-visit="${visit.dataset.visit}"] .ev-link`,
  );
}

function onBlock(event, block) {
  const { visit, minutes, version } = block.dataset;
  const focus = `[data-visit="${visit}"] .ev-link`;
  if (event.key.startsWith("Arrow")) {
    const found = next(block, event.key);
    if (found) {
      rove(found);
      target(found).focus();
      found.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
    return true;
  }
  if (!visit || localStorage.getItem(OFF)) return false;
  const letter = event.key.toLowerCase();
  if (letter === "m") pickUp(block);
  else if (letter in MARKS) board.send(`/board/${visit}/mark/`, { state: MARKS[letter], version }, focus);
  else if (event.key === "+" || event.key === "=") board.send(`/board/${visit}/resize/`, { minutes: Number(minutes) + 15, version }, focus);
  else if (event.key === "-") board.send(`/board/${visit}/resize/`, { minutes: Number(minutes) - 15, version }, focus);
  else return false;
  return true;
}

function anywhere(event) {
  if (localStorage.getItem(OFF) && event.key !== "?") return false;
  const go = { n: "new", t: "today", "[": "earlier", "]": "later" }[event.key.toLowerCase()];
  if (go) document.querySelector(`[data-go="${go}"]`).click();
  else if (event.key === "/") document.querySelector("#who").focus();
  else if (event.key.toLowerCase() === "g") jump.open = true;
  else if (event.key === "?") keys.showModal();
  else if (event.key.toLowerCase() === "u") document.querySelector(".undo-line button")?.click();
  else if (event.key === "Escape" && document.querySelector("[data-card-close]")) document.querySelector("[data-card-close]").click();
  else return false;
  return true;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || keys.open) return;
  if (carry) {
    if (event.key.startsWith("Arrow")) step(event.key);
    else if (event.key === "Enter") putDown(true);
    else if (event.key === "Escape" || event.key === "Tab") putDown(false);
    event.preventDefault();
    return;
  }
  if (event.target.closest("input, select, textarea, [contenteditable]")) return;
  const block = blockOf(event.target);
  if ((block && onBlock(event, block)) || anywhere(event)) event.preventDefault();
});

document.addEventListener("focusin", (event) => {
  const block = blockOf(event.target);
  if (block && target(block) === event.target) rove(block);
});

document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-open]")) keys.showModal(); });

document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
jump.addEventListener("toggle", () => { if (jump.open) day.focus(); });
jump.addEventListener("submit", (event) => {
  event.preventDefault();
  window.location.assign(board.url({ day: day.value }));
});
jump.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  jump.open = false;
  jump.querySelector("summary").focus();
});

function ready() {
  rove();
  for (const button of document.querySelectorAll("[data-keys-open], [data-print]")) button.hidden = false;
}

box.checked = Boolean(localStorage.getItem(OFF));
box.addEventListener("change", () => (box.checked ? localStorage.setItem(OFF, "1") : localStorage.removeItem(OFF)));
document.addEventListener("board:swapped", ready);
ready();

/** The board keeps itself fresh: asks now and then whether anything changed, moves the now-line, lets the undo run out. */
const { board } = globalThis;
const EVERY = 6000;
let asking = false;

/** Whether a swap would disturb somebody's hand; a search field that is still empty is no reason to stand still. */
function typing() {
  const field = document.activeElement?.closest?.("#board-work input, #board-work select");
  return Boolean(field) && (field.id !== "who" || field.value !== "");
}

async function look() {
  if (asking || board.busy || typing() || document.visibilityState !== "visible") return;
  asking = true;
  try {
    const { here, stamp } = board.work().dataset;
    const answer = await fetch(`/board/stamp/${here}`, { headers: { "If-None-Match": stamp }, cache: "no-store" });
    if (answer.redirected) window.location.reload();
    if (answer.status !== 204 || board.busy || typing()) return;
    const news = await board.show(board.url());
    if (news?.changed.length) board.say(`Changed meanwhile: ${news.changed.slice(0, 3).join(", ")}.`);
    else if (news?.gone) board.say("A session has left the board.");
  } catch {
    // Offline: the page says so by itself, and the next look asks again.
  } finally {
    asking = false;
  }
}

/** The clinic's clock as hours and minutes, wherever the screen stands. */
function clinicTime() {
  const parts = new Intl.DateTimeFormat("en-GB", { timeZone: board.work().dataset.zone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).formatToParts(new Date());
  return [Number(parts.find((part) => part.type === "hour").value), Number(parts.find((part) => part.type === "minute").value)];
}

function moveLine() {
  const line = document.querySelector(".now-rule.at");
  const lanes = document.querySelector("[data-first-hour]");
  if (!line || !lanes) return;
  const [hour, minute] = clinicTime();
  const row = (hour - Number(lanes.dataset.firstHour)) * 12 + Math.floor(minute / 5) + 1;
  if (row < 1 || row > Number(lanes.dataset.rows)) return;
  line.className = line.className.replace(/\bb\d+\b/, `b${row}`);
  line.dataset.now = `${String(hour).padStart(2, "0")}:${String(minute).padStart(2, "0")}`;
}

function runOut() {
  for (const line of document.querySelectorAll(".undo-line[data-until]")) {
    const left = Math.ceil((Date.parse(line.dataset.until) - Date.now()) / 1000);
    if (left <= 0) line.remove();
    else line.querySelector("[data-left]").textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left`;
  }
}

setInterval(look, EVERY);
setInterval(moveLine, 20_000);
setInterval(runOut, 1000);
document.addEventListener("visibilitychange", () => { look(); moveLine(); });
document.addEventListener("board:swapped", runOut);
runOut();

/** The board's core: sends what is done, swaps what the answer brings, keeps the focus and the place that was scrolled to. */
const PART = { "X-Board-Part": "1" };
const work = () => document.querySelector("#board-work");
const board = (globalThis.board = { busy: false, work, send, show, say, tell, clock, rowAt, ghost, url });

function say(words) {
  const place = document.querySelector("#board-said");
  place.textContent = "";
  setTimeout(() => { place.textContent = words; }, 50);
}

/** A sentence that must be seen: what could not be sent at all. */
function tell(words) {
  const notice = document.createElement("div");
  notice.className = "notice notice-stop mb-3";
  notice.role = "alert";
  notice.textContent = words;
  work().prepend(notice);
}

/** The address of this board with other parameters; "" takes one away. */
function url(changes = {}) {
  const query = new URLSearchParams(work().dataset.here);
  for (const [key, value] of Object.entries(changes)) {
    if (value) query.set(key, value);
    else query.delete(key);
  }
  return `?${query}`;
}

function clock(row) {
  const minutes = Number(document.querySelector("[data-first-hour]").dataset.firstHour) * 60 + row * 5;
  return `${String(Math.floor(minutes / 60)).padStart(2, "0")}:${String(minutes % 60).padStart(2, "0")}`;
}

/** The quarter-hour row (from 0) of a lane at the height `y`, so that `span` rows fit below it. */
function rowAt(lane, y, span, grabbed = 0) {
  const box = lane.getBoundingClientRect();
  const rows = Number(document.querySelector("[data-rows]").dataset.rows);
  const row = Math.floor(((y - box.top) / box.height) * rows) - grabbed;
  return Math.min(Math.max(Math.round(row / 3) * 3, 0), Math.max(rows - span, 0));
}

/** A block that shows where something would come to lie; `put(lane, row, span, words)` moves it, `gone()` takes it away. */
function ghost(name) {
  const block = document.createElement("div");
  block.setAttribute("aria-hidden", "true");
  return {
    put(lane, row, span, words) {
      block.className = lane.matches("td") ? `${name} in-cell` : `${name} b${row + 1} l${span}`;
      block.textContent = words;
      if (block.parentElement !== lane) lane.append(block);
    },
    wait() { block.classList.add("is-sent"); },
    gone() { block.remove(); },
  };
}

function focusKey() {
  const held = document.activeElement;
  if (!work()?.contains(held)) return null;
  const visit = held.closest("[data-visit]");
  if (visit) return `[data-visit="${visit.dataset.visit}"] .ev-link`;
  if (held.id) return `#${CSS.escape(held.id)}`;
  const lane = held.closest("[data-lane]");
  if (lane && held.href) return `[data-lane="${CSS.escape(lane.dataset.lane)}"] [href="${CSS.escape(held.getAttribute("href"))}"]`;
  if (held.matches(".pick")) return `.pick[href="${CSS.escape(held.getAttribute("href"))}"]`;
  return null;
}

function standing() {
  const found = new Map();
  for (const visit of work().querySelectorAll("[data-visit]")) {
    const lane = visit.closest("[data-lane]");
    const { at, minutes, state, who } = visit.dataset;
    found.set(visit.dataset.visit, { what: [lane.dataset.lane, lane.dataset.day, at, minutes, state].join(), words: `${at} ${who}`, visit });
  }
  return found;
}

function scrolled() {
  const lanes = document.querySelector("#lanes");
  return lanes ? [lanes.scrollLeft, lanes.scrollTop] : [0, 0];
}

/** Put the board of an answer in place of the one shown. Returns what is new on it, in words. */
function swap(text, focus) {
  const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("#board-work");
  if (!fresh) return null;
  const wanted = focus ?? focusKey();
  const [left, top] = scrolled();
  const before = standing();
  const typed = document.querySelector("#why")?.value;
  work().replaceWith(document.adoptNode(fresh));
  document.querySelector("#lanes")?.scrollTo(left, top);
  if (typed && document.querySelector("#why")) document.querySelector("#why").value = typed;
  const changed = [];
  for (const [key, now] of standing()) {
    if (before.get(key)?.what === now.what) continue;
    now.visit.classList.add("is-fresh");
    changed.push(now.words);
  }
  document.dispatchEvent(new CustomEvent("board:swapped"));
  const target = wanted && document.querySelector(wanted);
  if (target) target.focus({ preventScroll: focus == null });
  return { changed, gone: [...before.keys()].filter((key) => !document.querySelector(`[data-visit="${key}"]`)).length };
}

async function ask(address, options, focus) {
  board.busy = true;
  let news = null;
  try {
    const answer = await fetch(address, { ...options, headers: PART, credentials: "same-origin" });
    news = swap(await answer.text(), focus);
    if (news === null) window.location.reload();
  } catch {
    tell("That did not reach the clinic’s server. Nothing was changed. Try again when you are online.");
  } finally {
    board.busy = false;
  }
  return news;
}

/** Do something; the answer is the board as it stands then, with the reason where it was refused. */
async function send(address, fields, focus) {
  const data = fields instanceof FormData ? fields : new FormData(document.querySelector("#deed"));
  if (!(fields instanceof FormData)) for (const [key, value] of Object.entries(fields)) data.set(key, value);
  const news = await ask(address, { method: "POST", body: data }, focus);
  const refused = document.querySelector("#refused");
  if (refused) (refused.querySelector("#why") ?? refused).focus();
  else if (work().dataset.said) say(work().dataset.said);
  return news;
}

/** Show another state of the board (somebody picked, another service). */
async function show(address, focus) {
  const news = await ask(address, {}, focus);
  if (news) history.replaceState(null, "", url());
  const lit = document.querySelector(".board-aside .notice-info");
  if (lit) say(lit.textContent.trim());
  for (const link of document.querySelectorAll(".desk-head a[href^='?']")) {
    const query = new URLSearchParams(link.getAttribute("href"));
    if (query.get("by") === "rooms") continue;
    const here = new URLSearchParams(work().dataset.here);
    for (const key of ["pick", "service", "visit"]) {
      if (here.get(key)) query.set(key, here.get(key));
      else query.delete(key);
    }
    link.setAttribute("href", `?${query}`);
  }
  return news;
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (form.matches("[data-swap]")) {
    event.preventDefault();
    show(`?${new URLSearchParams(new FormData(form))}`);
  } else if (form.id === "deed" || (form.method === "post" && work()?.contains(form))) {
    event.preventDefault();
    const button = event.submitter;
    send(button?.hasAttribute("formaction") ? button.formAction : form.action, new FormData(form, button));
  }
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form[data-swap]");
  if (form) form.requestSubmit();
});

const narrow = window.matchMedia("(max-width: 63.99rem)");
const plain = (event) => event.button === 0 && !event.ctrlKey && !event.metaKey && !event.shiftKey && !event.altKey;

document.addEventListener("click", (event) => {
  if (!plain(event) || event.defaultPrevented) return;
  const link = event.target.closest("a[data-swap], a[data-dismiss], [data-visit] .ev-link, a[data-gap]");
  if (!link || !work().contains(link)) return;
  if (link.matches(".ev-link") && narrow.matches) return; // on a phone the session's own page is nearer than a card
  const byKey = event.detail === 0;
  if (link.matches("[data-swap]")) {
    event.preventDefault();
    const was = link.matches("[data-card-close]") ? `[data-visit="${work().dataset.picked}"] .ev-link` : undefined;
    show(link.getAttribute("href"), was);
  } else if (link.matches("[data-dismiss]")) {
    event.preventDefault();
    link.closest(".refused").remove();
  } else if (link.matches("[data-gap]")) {
    intoGap(event, link, byKey);
  } else {
    event.preventDefault();
    const { visit } = link.closest("[data-visit]").dataset;
    show(url({ visit, pick: "", service: "" }), byKey ? "#card" : `[data-visit="${visit}"] .ev-link`);
  }
});

/** A free time was clicked: the picked session goes there, else it is booked, at the quarter hour that was hit. */
function intoGap(event, gap, byKey) {
  const lane = gap.closest("[data-lane]");
  const first = Number(gap.className.match(/\bb(\d+)\b/)[1]) - 1;
  const { moving, picked, book } = work().dataset;
  const row = byKey ? first : Math.max(first, rowAt(lane, event.clientY, 1));
  if (moving) {
    event.preventDefault();
    send(moving, { on: lane.dataset.day, at: clock(row), therapist: lane.dataset.therapist }, `[data-visit="${picked}"] .ev-link`);
    return;
  }
  const address = new URL(gap.href);
  const start = new Date(address.searchParams.get("start"));
  start.setMinutes(start.getMinutes() + (row - first) * 5);
  address.searchParams.set("start", `${start.toISOString().slice(0, 16)}Z`);
  for (const [key, value] of new URLSearchParams(book ?? "")) address.searchParams.set(key, value);
  event.preventDefault();
  window.location.assign(address);
}

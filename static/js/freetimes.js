// Pages of free times: what somebody else has taken meanwhile is struck through, without a reload and without moving
// anything. Asks every 15 seconds while the page is seen; the server answers 304 while nothing has changed.
const EVERY = 15_000;
const page = document.querySelector("[data-free]");
const voice = page?.querySelector("[data-free-voice]");
let tag = "";
let asked = performance.now();

function buttons() {
  return document.querySelectorAll('button.time[name="slot"]');
}

function show(free) {
  for (const button of buttons()) {
    const gone = !free.has(button.value);
    if (gone === button.hasAttribute("data-gone")) continue;
    button.toggleAttribute("data-gone", gone);
    if (gone) {
      button.setAttribute("aria-disabled", "true");
      button.insertAdjacentHTML("beforeend", '<span class="visually-hidden" data-taken>, taken</span>');
      if (button === document.activeElement) say(button);
    } else {
      button.removeAttribute("aria-disabled");
      button.querySelector("[data-taken]")?.remove();
    }
  }
}

function say(button) {
  voice.textContent = `${button.firstChild.textContent.trim()} has just gone. Choose another time.`;
}

async function ask() {
  if (document.hidden) return;
  asked = performance.now();
  try {
    const answer = await fetch(page.dataset.free, { headers: tag ? { "If-None-Match": tag } : {}, cache: "no-store" });
    if (answer.status !== 200) return;
    tag = answer.headers.get("ETag") ?? "";
    show(new Set((await answer.json()).free));
  } catch { /* no signal: the next look tells */ }
}

if (page) {
  setInterval(ask, EVERY);
  document.addEventListener("visibilitychange", () => { if (performance.now() - asked > EVERY) ask(); });
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-gone]");
    if (!button) return;
    event.preventDefault();
    say(button);
  }, true);
}

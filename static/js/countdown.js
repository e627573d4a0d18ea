// The ring of a hold: counts down to data-until, speaks at 60 and 15 seconds, and says so when the time is free again.
// The server draws the first state from the same instants, so a reload changes nothing.
const spokenAt = [60, 15];

function words(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

export function start(hold) {
  const ring = hold.querySelector(".ring");
  const arc = ring.querySelector(".go");
  const text = ring.querySelector("text");
  const voice = hold.querySelector("[data-voice]");
  const length = Number(hold.dataset.length);
  // The device's clock may be wrong: count from what the server said was left.
  const ends = performance.now() + Number(hold.dataset.left) * 1000;
  let before = Infinity;
  let timer;

  function tick() {
    const left = Math.max(0, Math.ceil((ends - performance.now()) / 1000));
    arc.setAttribute("stroke-dasharray", `${(100 * left) / length} 100`);
    text.textContent = words(left);
    ring.setAttribute("aria-label", `${words(left)} left`);
    ring.classList.toggle("is-short", left <= 60);
    for (const mark of spokenAt) {
      if (before > mark && left <= mark && left > 0 && before !== Infinity) voice.textContent = `${mark} seconds left.`;
    }
    before = left;
    if (left === 0) {
      clearInterval(timer);
      ring.classList.add("is-over");
      for (const part of document.querySelectorAll("[data-while-held]")) part.hidden = true;
      for (const part of document.querySelectorAll("[data-when-over]")) part.hidden = false;
      voice.textContent = hold.dataset.over;
    }
  }
  timer = setInterval(tick, 1000);
  tick();
  document.addEventListener("visibilitychange", tick);
}

for (const hold of document.querySelectorAll("[data-hold]")) start(hold);

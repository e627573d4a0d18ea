/** An undo offer leaves when its time is over: `data-undo-seconds` on the toast; time stands still while it is touched.
 *  With `data-undo-strict` the server keeps the time: it runs on, and is shown as minutes and seconds. */
function countDown(toast) {
  let left = Number(toast.dataset.undoSeconds);
  const strict = "undoStrict" in toast.dataset;
  const ends = performance.now() + left * 1000;
  const label = toast.querySelector("[data-undo-left]");
  const clock = setInterval(() => {
    if (!strict && toast.matches(":hover, :focus-within")) return;
    left = strict ? Math.ceil((ends - performance.now()) / 1000) : left - 1;
    if (label) label.textContent = strict ? words(Math.max(0, left)) : left;
    if (left > 0) return;
    clearInterval(clock);
    if (toast.contains(document.activeElement)) document.querySelector("main")?.focus();
    toast.remove();
  }, 1000);
}

function words(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

function start(root) {
  for (const toast of root.querySelectorAll("[data-undo-seconds]:not([data-counting])")) {
    toast.dataset.counting = "";
    countDown(toast);
  }
}

start(document);
document.addEventListener("htmx:afterSettle", () => start(document));

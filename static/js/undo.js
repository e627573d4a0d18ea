/** An undo offer leaves when its time is over: `data-undo-seconds` on the toast; time stands still while it is touched. */
function countDown(toast) {
  let left = Number(toast.dataset.undoSeconds);
  const label = toast.querySelector("[data-undo-left]");
  const clock = setInterval(() => {
    if (toast.matches(":hover, :focus-within")) return;
    left -= 1;
    if (label) label.textContent = left;
    if (left > 0) return;
    clearInterval(clock);
    toast.remove();
  }, 1000);
}

function start(root) {
  for (const toast of root.querySelectorAll("[data-undo-seconds]:not([data-counting])")) {
    toast.dataset.counting = "";
    countDown(toast);
  }
}

start(document);
document.addEventListener("htmx:afterSettle", () => start(document));

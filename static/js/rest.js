/** The rest between two sets counts down (`data-rest`, seconds); the button never waits for it. */
const rest = document.querySelector("[data-rest]");
if (rest) {
  const end = Date.now() + Number(rest.dataset.rest) * 1000;
  const left = rest.querySelector("[data-rest-left]");
  const clock = setInterval(() => {
    const seconds = Math.max(0, Math.ceil((end - Date.now()) / 1000));
    left.textContent = seconds;
    if (seconds) return;
    clearInterval(clock);
    rest.setAttribute("role", "status");
    rest.lastElementChild.textContent = "Rest is over. Go when you are ready.";
  }, 250);
}

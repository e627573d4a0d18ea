/** A form is sent once: its button keeps its width, says it is busy, and takes no second tap. */
const BUSY = "aria-busy";

function hold(button) {
  button.style.setProperty("min-width", `${button.offsetWidth}px`);
  button.setAttribute(BUSY, "true");
  button.dataset.sent = "";
  if (button.dataset.busy) {
    button.dataset.idle = button.innerHTML;
    button.textContent = button.dataset.busy;
  }
}

function release(button) {
  button.removeAttribute(BUSY);
  delete button.dataset.sent;
  if (button.dataset.idle) button.innerHTML = button.dataset.idle;
  delete button.dataset.idle;
  button.removeAttribute("style");
}

/* Sent within this tick: a second click can be quicker than the timer that marks the button. */
const justSent = new WeakSet();

document.addEventListener("submit", (event) => {
  const button = event.submitter ?? event.target.querySelector('button[type="submit"], button:not([type])');
  if (event.target.method !== "post" || !button) return;
  if (button.getAttribute(BUSY) === "true" || justSent.has(event.target)) {
    event.preventDefault();
    event.stopImmediatePropagation();
    return;
  }
  justSent.add(event.target);
  setTimeout(() => {
    justSent.delete(event.target);
    if (!event.defaultPrevented || event.target.matches('[hx-post], [hx-boost="true"]')) hold(button);
  });
}, true);

addEventListener("pageshow", () => document.querySelectorAll("button[data-sent]").forEach(release));
/* Before the swap, so that no style attribute is copied into the new page: the policy forbids those. */
for (const name of ["htmx:beforeSwap", "htmx:afterRequest"]) {
  document.addEventListener(name, () => document.querySelectorAll("button[data-sent]").forEach(release));
}

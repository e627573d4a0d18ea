/** A button with `data-print` opens the print dialogue; without script it is not there. */
for (const button of document.querySelectorAll("[data-print]")) {
  button.hidden = false;
  button.addEventListener("click", () => print());
}

/** A number with a smaller and a larger button (`data-step`); says "as planned" while it is what was planned. */
for (const stepper of document.querySelectorAll(".stepper")) {
  const number = stepper.querySelector("input");
  const word = stepper.querySelector("[data-as-planned]");
  const told = () => { if (word) word.hidden = number.value !== number.dataset.planned; };
  for (const button of stepper.querySelectorAll("[data-step]")) {
    button.hidden = false;
    button.addEventListener("click", () => {
      const wanted = Number(number.value || 0) + Number(button.dataset.step);
      number.value = Math.min(Number(number.max), Math.max(Number(number.min), wanted));
      told();
    });
  }
  number.addEventListener("input", told);
  told();
}

// The button says how many sessions it books: those ticked, and every conflict that has a time picked.
for (const form of document.querySelectorAll("[data-series]")) {
  const button = form.querySelector("[data-label]");
  const count = () => {
    const picked = [...form.querySelectorAll("input:checked")].filter((each) => each.value).length;
    button.textContent = picked === 1 ? "Book this one" : button.dataset.label.replace("#", picked);
    button.disabled = !picked;
  };
  form.addEventListener("change", count);
  count();
}

// The button says how many sessions it books: those ticked, and every conflict that has a time picked; beside it their price.
for (const form of document.querySelectorAll("[data-series]")) {
  const total = form.querySelector("[data-total]");
  const button = form.querySelector("[data-label]");
  const count = () => {
    const chosen = [...form.querySelectorAll("input[data-pence]:checked")];
    const picked = chosen.length;
    const pence = chosen.reduce((sum, each) => sum + Number(each.dataset.pence), 0);
    total.textContent = `£${(pence / 100).toFixed(pence % 100 ? 2 : 0).replace(/\B(?=(\d{3})+(?!\d))/g, ",")}`;
    const label = picked === 1 ? "Book this one" : button.dataset.label.replace("#", picked);
    button.textContent = picked ? `${label} for ${total.textContent}` : "Pick at least one";
    button.disabled = !picked;
  };
  form.addEventListener("change", count);
  count();
}

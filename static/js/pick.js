/** Finding an exercise in the builder's list as one types; the list stays whole without script. */
const box = document.querySelector("[data-pick-find]");
if (box) {
  box.hidden = false;
  for (const plain of document.querySelectorAll("[data-only-plain]")) plain.hidden = true;
  const find = box.querySelector("input");
  find.addEventListener("input", () => {
    const words = find.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const group of document.querySelectorAll(".pick-group")) {
      let shown = 0;
      for (const row of group.querySelectorAll(".pick-row")) {
        row.hidden = !words.every((word) => row.dataset.words.includes(word));
        shown += row.hidden ? 0 : 1;
      }
      group.hidden = shown === 0;
    }
  });
}

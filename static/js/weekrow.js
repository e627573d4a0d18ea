// On a phone: the sticky week row follows the list of days, and turns to the week being read.
const strip = document.querySelector(".week-row .strip-2");
const days = [...document.querySelectorAll(".weekgrid .dayslots")];

function follow(day) {
  for (const link of strip.querySelectorAll(".day")) {
    const here = link.getAttribute("href") === `#${day.id}`;
    if (here) {
      link.setAttribute("aria-current", "date");
      const week = link.closest(".fortnight");
      strip.scrollTo({ left: week.offsetLeft - strip.offsetLeft, behavior: "auto" });
    } else {
      link.removeAttribute("aria-current");
    }
  }
}

if (strip && days.length && "IntersectionObserver" in window) {
  const seen = new Set();
  const watcher = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) {
        if (entry.isIntersecting) seen.add(entry.target);
        else seen.delete(entry.target);
      }
      const first = days.find((day) => seen.has(day));
      if (first) follow(first);
    },
    { rootMargin: "-120px 0px -45% 0px" },
  );
  const free = days.filter((day) => day.querySelector(".times"));
  if (free.length) follow(free[0]); // the first may stand too low to be seen as read
  for (const day of free) watcher.observe(day);
}

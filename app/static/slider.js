// Lets a slider find each point of its chart; the button below it enters the value, and gives its answer.
for (const place of document.querySelectorAll("[data-points]")) {
  const points = JSON.parse(place.dataset.points);
  const slider = place.querySelector("input"), button = place.querySelector("button");
  const [value, prediction] = button.children, mark = place.closest("figure").querySelector(".trial");
  const show = () => {
    const [text, answer, entry, x, y] = points[slider.value];
    value.textContent = text;
    prediction.textContent = answer;
    button.value = `${place.dataset.field}:${entry}`;
    slider.setAttribute("aria-valuetext", `${text}: ${answer}`);
    mark.setAttribute("cx", x);
    mark.setAttribute("cy", y);
  };
  slider.addEventListener("input", () => { show(); mark.setAttribute("visibility", "visible"); });
  show();
  place.hidden = false;
}

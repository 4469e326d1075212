// Shows how many rows of a long table are done while its answer is fetched. What goes wrong is left to the form itself.
const place = document.querySelector("[data-rows]");
const form = place.closest("form"), bar = place.querySelector("progress"), button = form.querySelector("button");
const fetched = async () => {
  const response = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
  const name = /filename="([^"]+)"/.exec(response.headers.get("Content-Disposition"));
  const reader = response.body.getReader(), pieces = [];
  for (let rows = 0, piece; !(piece = await reader.read()).done; pieces.push(piece.value)) {
    for (const byte of piece.value) rows += byte === 10;
    if (name[1].endsWith(".csv")) bar.value = rows;
  }
  return { file: new Blob(pieces), name: name[1] };
};
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  place.hidden = false;
  button.disabled = true;
  try {
    const { file, name } = await fetched();
    const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: name });
    link.click();
    bar.value = bar.max;
  } catch {
    form.submit();
  }
  button.disabled = false;
});

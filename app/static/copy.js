// Shows the buttons that copy a link's address, and copies it: where a page came by HTTP, in the way of old.
const copied = async (address) => {
  if (navigator.clipboard) return navigator.clipboard.writeText(address).then(() => true, () => false);
  const text = document.body.appendChild(document.createElement("textarea"));
  text.value = address;
  text.select();
  const done = document.execCommand("copy");
  text.remove();
  return done;
};
for (const button of document.querySelectorAll("[data-copies]")) {
  const link = document.getElementById(button.dataset.copies);
  button.hidden = false;
  button.addEventListener("click", async () => {
    if (await copied(link.href)) button.textContent = button.dataset.copied;
    button.focus();
  });
}

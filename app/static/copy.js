// Shows the buttons that copy a link's address, and copies it: by HTTP and in frames in the way of old.
const copied = async (address) => {
  if (await navigator.clipboard?.writeText(address).then(() => true, () => false)) return true;
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

"use strict";
// Reading needs no script. This adds two buttons to each table, which copy and save it as CSV: what the page shows, no more.
const plain = (cell) =>
  [...cell.childNodes].map((node) => node.textContent.trim()).filter(Boolean).join("; ")
    .replaceAll("\u2212", "-").replaceAll("\u202f", "").replaceAll("\u00a0", " ");
// A spreadsheet would compute what begins like a formula; a number may begin with its sign.
const safe = (text) => (/^[=+@\t\r]|^-(?![\d.])/.test(text) ? `'${text}` : text);
const quote = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const write = (table) =>
  [...table.rows].map((row) => [...row.cells].map((cell) => quote(safe(plain(cell)))).join(",") + "\n").join("");
const say = (button, text) => {
  const before = button.textContent;
  button.textContent = text;
  setTimeout(() => { button.textContent = before; }, 2000);
};
const add = (holder, text, act) => {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = text;
  button.addEventListener("click", () => act(button));
  holder.append(button);
};
const save = (table, name) => {
  const link = document.createElement("a");
  // The mark at the beginning tells spreadsheets that the file is Unicode.
  link.href = URL.createObjectURL(new Blob(["\ufeff", write(table)], { type: "text/csv;charset=utf-8" }));
  link.download = `${name}.csv`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
};
for (const place of document.querySelectorAll("[data-name]")) {
  const table = place.querySelector("table");
  const holder = document.createElement("p");
  const name = (document.body.classList.contains("synthetic") ? "synthetic-" : "") + place.dataset.name;
  holder.className = "copy";
  if (navigator.clipboard) {
    add(holder, "Copy as CSV", (button) => navigator.clipboard.writeText(write(table))
      .then(() => say(button, "Copied"), () => say(button, "The browser does not allow it")));
  }
  add(holder, "Download CSV", () => save(table, name));
  place.append(holder);
}
// What can be scrolled sideways can be reached with the keyboard.
for (const part of document.querySelectorAll(".scroll")) {
  if (part.scrollWidth > part.clientWidth) {
    part.tabIndex = 0;
    part.setAttribute("role", "group");
    part.setAttribute("aria-label", part.querySelector("caption")?.textContent ?? "Figure");
  }
}

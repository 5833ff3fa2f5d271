"use strict";
// Reading needs no script. This adds a button to each table that copies it as CSV.
const quote = (text) => (/[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
const plain = (cell) =>
  [...cell.childNodes].map((node) => node.textContent.trim()).filter(Boolean).join("; ")
    .replaceAll("\u2212", "-").replaceAll("\u202f", "");
for (const table of document.querySelectorAll("table")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy as CSV";
  button.addEventListener("click", async () => {
    const lines = [...table.rows].map((row) => [...row.cells].map((cell) => quote(plain(cell))).join(","));
    await navigator.clipboard.writeText(lines.join("\n") + "\n");
    button.textContent = "Copied";
  });
  table.closest("details, .table").append(button);
}

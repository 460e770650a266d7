// Where a row is shown as a card some browsers forget that it is a row: they are told again.
const roles = { TABLE: "table", THEAD: "rowgroup", TBODY: "rowgroup", TFOOT: "rowgroup", TR: "row", TD: "cell" };

for (const table of document.querySelectorAll("table.stacks")) {
  for (const node of [table, ...table.querySelectorAll("thead, tbody, tfoot, tr, td")]) node.role = roles[node.tagName];
  for (const node of table.querySelectorAll("th")) node.role = node.scope === "row" ? "rowheader" : "columnheader";
}

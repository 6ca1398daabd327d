// A table that reads like print: text cells, an interval drawn to scale, a link per row.
// Everything arrives as text and leaves as text nodes; nothing is parsed as HTML.

import { linked, make } from "./texts.js"

const SVG = "http://www.w3.org/2000/svg"

const draw = (tag, attributes) => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  return element
}

// value with its interval between `from` and `to`; the thin line is the figure of all answers
const interval = ({ low, value, high, from, to, rest }) => {
  const at = number => `${(100 * (number - from)) / (to - from)}%`
  const svg = draw("svg", { class: "interval", "aria-hidden": "true" })
  if (rest !== null) svg.append(draw("line", { class: "rest", x1: at(rest), x2: at(rest), y1: 0, y2: 22 }))
  svg.append(draw("line", { class: "reach", x1: at(low), x2: at(high), y1: 11, y2: 11 }))
  svg.append(draw("circle", { class: "value", cx: at(value), cy: 11, r: 4.5 }))
  return svg
}

const cell = (content, column, row) => {
  const td = make("td", `${column.align ?? "start"} ${column.css ?? ""}`)
  if (content === null) return td
  if (typeof content === "object") {
    td.append(interval(content))
    return td
  }
  if (!column.link || !row.href) {
    td.append(make("bdi", "", content))
    return td
  }
  const link = linked("", content, row.href)
  if (column.spoken) link.setAttribute("aria-label", column.spoken.replace("%", row.cells[0]))
  td.append(link)
  return td
}

export default function ({ data, parentElement }) {
  const table = make("table")
  table.append(make("caption", "", data.caption))
  const head = make("tr")
  for (const column of data.columns) {
    const th = make("th", `${column.align ?? "start"} ${column.css ?? ""}`, column.label)
    th.scope = "col"
    head.append(th)
  }
  const thead = make("thead")
  thead.append(head)
  const body = make("tbody")
  for (const row of data.rows) {
    const tr = make("tr", row.tone ?? "")
    data.columns.forEach((column, i) => tr.append(cell(row.cells[i], column, row)))
    body.append(tr)
  }
  table.append(thead, body)
  const frame = make("div", "frame")
  frame.append(table)
  const old = parentElement.querySelector(".frame")
  old ? old.replaceWith(frame) : parentElement.append(frame)
}

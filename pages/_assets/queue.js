// Cases in their order: why now, who, how low, what they said, by when, whose. A row is chosen by
// its number, never by its place. Every text is a text node of its own.
import { isolated, linked, make } from "./texts.js"

const SHAPES = { overdue: "\u25b2", soon: "\u25c6", later: "\u25cb", paused: "\u2016", done: "\u2713" }

const score = row => {
  const chip = make("span", `score ${row.tone}`)
  const shape = make("span", "shape", row.shape)
  shape.setAttribute("aria-hidden", "true")
  chip.append(row.score, " ", shape)
  chip.title = row.band
  return chip
}

const due = row => {
  const cell = make("span", `due ${row.standing}`)
  const shape = make("span", "shape", SHAPES[row.standing] ?? "")
  shape.setAttribute("aria-hidden", "true")
  cell.append(shape, " ", row.due)
  cell.title = row.exact
  return cell
}

const why = row => {
  const list = make("span", "why")
  row.why.forEach((reason, n) => list.append(n ? "; " : "", isolated("", reason)))
  if (!row.why.length) list.append(make("span", "soft", row.plain))
  return list
}

const who = row => {
  const cell = make("div", "who")
  cell.append(linked("person", row.customer, row.href))
  if (row.account) cell.append(isolated("soft", row.account))
  return cell
}

const action = (row, name, label, act) => {
  const button = make("button", "", label)
  button.type = "button"
  button.setAttribute("aria-label", `${label}: case ${row.number}`)
  button.onclick = event => {
    event.stopPropagation()
    act({ action: name, number: row.number, version: row.version })
  }
  return button
}

const cell = (css, content, label) => {
  const td = make("td", css)
  if (label) td.dataset.label = label
  td.append(content)
  return td
}

const line = (row, data, act) => {
  const tr = make("tr", row.number === data.chosen ? "chosen" : "")
  tr.dataset.number = row.number
  if (row.number === data.chosen) tr.setAttribute("aria-current", "true")
  const acts = make("div", "acts")
  for (const { name, label } of row.actions) acts.append(action(row, name, label, act))
  const said = row.said ? isolated("said", row.said) : make("span", "soft", "no comment")
  const owner = row.owner ? isolated("owner", row.owner) : make("span", "soft", "nobody")
  tr.append(
    cell("why", why(row)), cell("customer", who(row)), cell("low", score(row)), cell("words", said),
    cell("by", due(row)), cell("of", owner), cell("do", acts),
  )
  tr.onclick = event => {
    if (!event.target.closest("a, button")) act({ action: "choose", number: row.number })
  }
  return tr
}

const HEAD = ["Why now", "Customer", "Score", "Said", "Due", "Owner", ""]

export default function ({ data, parentElement, setTriggerValue }) {
  const table = make("table")
  table.append(make("caption", "", data.label))
  const head = make("tr")
  for (const word of HEAD) {
    const th = make("th", "", word)
    th.scope = "col"
    if (!word) th.append(make("span", "unseen", "Actions"))
    head.append(th)
  }
  const thead = make("thead")
  thead.append(head)
  const body = make("tbody")
  for (const row of data.rows) body.append(line(row, data, sent => setTriggerValue("act", sent)))
  table.append(thead, body)
  const frame = make("div", data.chosen ? "queue beside" : "queue")
  frame.append(table)
  const old = parentElement.querySelector(".queue")
  old ? old.replaceWith(frame) : parentElement.append(frame)
}

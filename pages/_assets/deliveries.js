// Deliveries, the newest first: when, what to whom, about which case, how it stands, what was said
// about it. A row is acted on by its id, never by its place. Every text is a text node of its own.
import { rowsOf } from "./rows.js"
import { headed, isolated, linked, make } from "./texts.js"

const SHAPES = {
  pending: "\u25cb", sending: "\u25d0", sent: "\u2713", unknown: "\u25c7", asks: "\u25c6",
  failed: "\u25b2", cancelled: "\u2013",
}
const HEAD = ["When", "What", "Case", "State", "Said", ""]

const cell = (css, ...content) => {
  const td = make("td", css)
  td.append(...content.filter(Boolean))
  return td
}

const remote = row => {
  if (!row.link) return isolated("soft", row.vendor)
  const link = make("a", "", `Open in ${row.vendor}`)
  link.href = row.link
  link.target = "_blank"
  link.rel = "noopener noreferrer"
  link.setAttribute("aria-label", `Open in ${row.vendor}, in a new tab: ${row.what}`)
  return link
}

const state = row => {
  const mark = make("span", `state ${row.tone}`)
  const shape = make("span", "shape", SHAPES[row.tone] ?? "")
  shape.setAttribute("aria-hidden", "true")
  mark.append(shape, " ", row.state)
  mark.title = row.since
  return mark
}

const stepped = rows => {
  const list = make("ol", "steps")
  for (const row of rows) {
    const item = make("li")
    item.append(make("time", "soft", row.when), " ", row.what)
    if (row.said) item.append(": ", isolated("", row.said))
    if (row.print) item.append(" ", make("span", "print", `content ${row.print}`))
    list.append(item)
  }
  return list
}

// across the whole list: in a column of its own each step would be a tower of words
const more = row => {
  const tr = make("tr", "more")
  const all = cell("", stepped(row.steps))
  all.colSpan = HEAD.length
  tr.append(all)
  return tr
}

const button = (row, { name, label }, act) => {
  const one = make("button", "", label)
  one.type = "button"
  one.setAttribute("aria-label", `${label}: ${row.what}${row.case ? `, ${row.case}` : ""}`)
  one.onclick = () => act({ action: name, row })
  return one
}

const line = (row, act) => {
  const tr = make("tr", row.open ? "open" : "")
  tr.dataset.number = row.id
  tr.tabIndex = -1
  const when = make("time", "soft", row.when)
  when.title = row.exact
  const details = button(row, { name: "open", label: row.open ? "Hide the steps" : "Steps" }, act)
  details.setAttribute("aria-expanded", String(row.open))
  const acts = make("div", "acts")
  // the first button gets the focus when the row is drawn anew: it must do no harm
  acts.append(details, ...row.actions.map(one => button(row, one, act)))
  tr.append(
    cell("when", when),
    cell("what", make("span", "name", row.what), remote(row)),
    cell("case", row.case ? linked("", row.case, row.href) : make("span", "soft", "none")),
    cell("how", state(row), make("span", "soft", [row.tries, row.next].filter(Boolean).join("; "))),
    cell("said", row.error ? isolated("error", row.error) : ""),
    cell("do", acts),
  )
  return tr
}

export default function ({ data, parentElement, setTriggerValue }) {
  const act = ({ action, row }) => {
    if (rows.twice()) return
    rows.hold(row.id)
    setTriggerValue("act", { action, id: row.id })
  }
  const rows = rowsOf(parentElement)
  const before = rows.focused()
  const table = headed(data.label, HEAD)
  const body = make("tbody")
  body.append(...data.rows.flatMap(row => [line(row, act), ...(row.open ? [more(row)] : [])]))
  table.append(body)
  const frame = make("div", data.of_case ? "deliveries of-case" : "deliveries")
  frame.append(table)
  const old = parentElement.querySelector(".deliveries")
  old ? old.replaceWith(frame) : parentElement.append(frame)
  rows.drawn(frame, before)
}

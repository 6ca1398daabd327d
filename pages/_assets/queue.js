// Cases in their order: why now, who, how low, what they said, by when, whose. A row is chosen by
// its number, never by its place. Every text is a text node of its own.
import { pickAll, pickBox, pickedRows } from "./picks.js"
import { placeHere, showHere } from "./here.js"
import { rowsOf } from "./rows.js"
import { backTo, headed, isolated, linked, make, toTop, travel } from "./texts.js"

// here is no room for a case beside the list: it gets the page to itself
const ALONE = matchMedia("(max-width: 1099px)")

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
  if (row.alarm) {
    const shape = make("span", "shape", "\u25bc")
    shape.setAttribute("aria-hidden", "true")
    const alarm = make("span", "alarm")
    alarm.append(shape, " ", row.alarm)
    list.append(alarm, " ")
  }
  row.why.forEach((reason, n) => list.append(n ? "; " : "", isolated("", reason)))
  if (!row.why.length) list.append(make("span", "soft", row.plain))
  for (const tag of row.tags) list.append(" ", isolated("tag", tag))
  return list
}

const who = row => {
  const cell = make("div", "who")
  cell.append(linked("person", row.customer, row.href))
  if (row.account) cell.append(isolated("soft", row.account))
  return cell
}

const action = (row, { name, label }, act) => {
  const button = make("button", "", label)
  button.type = "button"
  button.setAttribute("aria-label", `${label}: case ${row.number}`)
  button.onclick = event => {
    event.stopPropagation()
    act({ action: name, row })
  }
  return button
}

const cell = (css, content) => {
  const td = make("td", css)
  td.append(content)
  return td
}

const line = (row, chosen, act, pick) => {
  const tr = make("tr", chosen ? "chosen" : "")
  // what a key has to know of it: see keys.js
  for (const name of ["number", "version", "who", "status", "asleep"]) tr.dataset[name] = row[name]
  tr.tabIndex = -1
  if (chosen) tr.setAttribute("aria-current", "true")
  const acts = make("div", "acts")
  acts.append(...row.actions.map(one => action(row, one, act)))
  const said = row.said ? isolated("said", row.said) : make("span", "soft", "no comment")
  const owner = row.owner ? isolated("owner", row.owner) : make("span", "soft", "nobody")
  const of = make("div", "held")
  of.append(owner, placeHere("span", row.number))
  if (pick) tr.append(cell("pick", pickBox(row, pick)))
  tr.append(
    cell("why", why(row)), cell("customer", who(row)), cell("low", score(row)), cell("words", said),
    cell("by", due(row)), cell("of", of), cell("do", acts),
  )
  const choose = () => act({ action: "choose", row })
  tr.onclick = event => event.target.closest("a, button, .pick") || choose()
  tr.onkeydown = event => {
    if (event.target === tr && event.key === "Enter") choose()
  }
  return tr
}

const HEAD = ["Why now", "Customer", "Score", "Said", "Due", "Owner", ""]

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const act = ({ action, row }) => {
    if (action === "choose" && ALONE.matches) return travel(row.href)
    if (action !== "choose" && rows.twice()) return
    rows.hold(row.number)
    setTriggerValue("act", { action, number: row.number, version: row.version, alone: ALONE.matches })
  }
  const rows = rowsOf(parentElement)
  const before = rows.focused()
  const table = headed(data.label, HEAD)
  const pick = data.picks && pickedRows(rows, data, setStateValue)
  if (pick) table.querySelector("tr").prepend(pickAll(data.rows, pick))
  const body = make("tbody")
  body.append(...data.rows.map(row => line(row, row.number === data.chosen, act, pick)))
  table.append(body)
  const frame = make("div", data.picks ? "queue picks" : "queue")
  frame.dataset.page = data.page
  frame.dataset.chosen = data.chosen ?? ""
  // how far the name of who has a case open may reach beside its owner: see .here
  const acts = data.rows.flatMap(row => row.actions).map(one => one.label.length)
  frame.style.setProperty("--acts", `${Math.max(0, ...acts)}ch`)
  frame.append(table)
  const old = parentElement.querySelector(".queue")
  old ? old.replaceWith(frame) : parentElement.append(frame)
  rows.drawn(frame, before)
  showHere(frame, true)
  if (!old) backTo()
  else if (old.dataset.page !== data.page) toTop(frame)
  if (old && old.dataset.chosen !== frame.dataset.chosen) document.querySelector(".st-key-panel")?.scrollTo(0, 0)
}

// The desk by keyboard. A key means the case that is on the screen: its number and the version that
// was seen go with it, never a place in the list. What the desk has to do is said again with every
// later press until the desk has heard it: however fast they come, none is lost, and each is done once.
import { anyTime, help, hint, picker } from "./keys_parts.js"
import { travel } from "./texts.js"
import { ahead, find, granted, granting, type, wishes, write } from "./wishes.js"

const ALONE = matchMedia("(max-width: 1099px)") // here a case gets the page to itself: see queue.js
const PATIENCE = 3000 // ms
const SOON = 50 // ms
const OURS = /\/(queue|case)$/
const SIGNS = new Set(["checkbox", "radio", "button", "submit", "reset", "range"])

const desk = { data: null, box: null, set: null, pending: [], seq: 0, tries: 0, token: "", done: new Set(), early: [] }

const inside = key => {
  const around = document.querySelector(`.st-key-${key}`)
  return [...(around?.querySelectorAll("*") ?? [])].find(one => one.shadowRoot)?.shadowRoot
}

const list = () => (desk.data.page === "queue" ? inside("queue") : null)
const rows = () => [...(list()?.querySelectorAll("tbody tr") ?? [])]
const focused = () => list()?.activeElement?.closest("tbody tr")
const rowOf = number => rows().find(row => Number(row.dataset.number) === number)

const told = ({ dataset }) => ({
  number: Number(dataset.number), version: Number(dataset.version), who: dataset.who,
  status: dataset.status, asleep: dataset.asleep === "true",
})

// the case that a key is about: the row in focus, else the one that is open
const meant = () => {
  const row = focused()
  return row ? told(row) : desk.data.case
}

const say = (name, one, more = {}) => {
  desk.seq = Math.max(desk.seq + 1, Date.now())
  const { number = 0, version = 0 } = one ?? {}
  desk.pending.push({ seq: desk.seq, name, number, version, ...more })
  send()
}

// a run that was ended by a later one may have heard nothing: then it is said once more
const send = () => {
  clearTimeout(desk.timer)
  if (!desk.pending.length) return
  desk.timer = setTimeout(send, PATIENCE)
  desk.tries += 1
  desk.set?.("q", desk.pending.map(one => ({ ...one, token: desk.token, tries: desk.tries })))
}

// the next row that waits for nothing; at the end of the list the one before
const beside = (number, step) => {
  const all = rows()
  const at = all.findIndex(row => Number(row.dataset.number) === number)
  const waits = row => !desk.done.has(Number(row.dataset.number))
  return step > 0 ? all.slice(at + 1).find(waits) : all.slice(0, Math.max(at, 0)).findLast(waits)
}

const shows = () => (desk.data.page === "queue" ? desk.data.case?.number : 0)

const go = row => {
  if (!row) return
  row.focus()
  // the case beside the list is the one in focus: two of them would be one too many to act on
  if (shows()) say("open", told(row))
}

const move = step => {
  if (desk.data.page === "case") {
    const href = step > 0 ? desk.data.next : desk.data.back
    return href && travel(href)
  }
  const here = focused() ?? (shows() && rowOf(shows()))
  go(here ? beside(Number(here.dataset.number), step) : reachable())
}

const open = one => {
  const href = `case?number=${one.number}`
  if (ALONE.matches || (desk.data.page === "queue" && one.number === shows())) travel(href)
  else if (desk.data.page === "queue") say("open", one)
}

// done with it: on to the next, while the desk does it
const act = (name, more = {}) => one => {
  const panel = shows()
  const row = rowOf(one.number)
  desk.done.add(one.number)
  row?.classList.add("going")
  say(name, one, more)
  const next = row && (beside(one.number, 1) ?? beside(one.number, -1))
  next?.focus()
  if (next && panel) say("open", told(next))
}

const reachable = () => list()?.querySelector("tbody tr[tabindex='0']")

// a key changes the case in focus: it has to be one that is seen
const focusOn = row => {
  row?.focus({ preventScroll: true })
  row?.scrollIntoView({ block: "nearest" })
}

// the row that had the focus may have been drawn anew under a box
const back = number => focusOn(rowOf(number) ?? reachable())

const shown = () => {
  const number = Number(focused()?.dataset.number)
  help(desk.box, () => number && back(number))
}

const choose = (title, steps, name) => one =>
  picker(desk.box, `${title}: case ${one.number}, ${one.who}`, steps(one), values => {
    back(one.number)
    act(values.wake ? "wake" : name, values)(one)
  }, () => back(one.number))

const resolve = choose("Resolve", () => [
  { name: "outcome", label: "How it ended", options: desk.data.outcomes },
  { name: "cause", label: "Root cause", options: desk.data.causes },
], "resolve")

const wake = { name: "wake", label: "Now: wake it", as: "wake" }
const snooze = choose("Snooze until", one => [
  { name: "until", label: "Until when", ...anyTime([...(one.asleep ? [wake] : []), ...desk.data.snoozes]) },
], "snooze")

const assign = choose("Assign", () => [
  { name: "to", label: "A person, or a team for anybody of it", options: desk.data.people },
], "assign")

const compose = kind => one => {
  write(one.number, kind)
  if (desk.data.page === "queue" && one.number !== shows()) open(one)
}

const search = () => {
  find()
  if (desk.data.page === "case") travel(desk.data.list)
}

const ON_CASE = {
  o: open, a: act("take"), g: assign, e: one => (one.status === "resolved" ? act("reopen")(one) : resolve(one)),
  s: snooze, w: one => act(one.status === "waiting" ? "resume" : "wait")(one),
  m: compose("reply"), n: compose("note"), t: compose("template"), l: compose("contact"),
  x: one => rowOf(one.number)?.querySelector("td.pick input")?.click(),
}
const ANY = { j: () => move(1), k: () => move(-1), f: search, u: () => say("undo", desk.data.page === "case" ? desk.data.case : null), h: shown, "?": shown }
const READS = new Set(["o", "j", "k", "f", "h", "?"]) // what those may do who do not work on cases
const AGAIN = new Set(["j", "k"]) // what a key that is held down does again

// the field may be drawn after the keys
const searching = () => {
  clearTimeout(desk.looking)
  if (!wishes(one => one.find)) return
  const field = desk.data?.page === "queue" && document.querySelector(".st-key-f_text input")
  if (!field) return void (desk.looking = setTimeout(searching, SOON))
  const wish = granted(one => one.find)
  field.focus()
  field.select()
  type(field, wish)
}

const types = ({ tagName, type, isContentEditable }) =>
  isContentEditable || tagName === "TEXTAREA" || tagName === "SELECT" || (tagName === "INPUT" && !SIGNS.has(type))

const elsewhere = target => target.closest?.("[role=dialog], [data-testid=stPopoverBody], [role=listbox], [role=menu]")

const leave = target => {
  target.blur()
  focusOn(reachable())
}

// whether the keys know what is on the screen: after a step to another page or case they do not, yet
const arrived = () => {
  const { pathname, search: query } = location
  const [, here] = pathname.match(OURS) ?? []
  const { page, asked } = desk.data
  if (!desk.box.isConnected || page !== here) return false
  return page === "queue" || asked === new URLSearchParams(query).get("number")
}

const hear = key => {
  if (key in ANY) return ANY[key]()
  const one = meant()
  if (one) ON_CASE[key](one)
  else move(0) // nothing is meant yet: the first press shows what the next one would be about
}

const writing = () => {
  let field = document.activeElement
  while (field?.shadowRoot?.activeElement) field = field.shadowRoot.activeElement
  return field && types(field) ? field : null
}

// what was pressed on the way here is about what is here; a box that it opens takes the keys after it
const late = () => {
  const held = arrived() ? desk.early.splice(0) : []
  for (const { key, at } of held) {
    if (at < Date.now() - PATIENCE || desk.box.querySelector("dialog[open]")) continue
    const field = writing()
    if (field) type(field, { typed: key })
    else if (!ahead(key)) hear(key)
  }
}

const pressed = event => {
  const [target] = event.composedPath()
  if (!desk.box || event.defaultPrevented || event.isComposing || desk.box.querySelector("dialog[open]")) return
  if (!desk.box.isConnected && !OURS.test(location.pathname)) return // another page
  if (types(target)) return event.key === "Escape" && !elsewhere(target) && leave(target)
  if (event.ctrlKey || event.metaKey || event.altKey || elsewhere(target)) return
  const { key } = event
  if (ahead(key)) return event.preventDefault()
  if (!(key in ON_CASE || key in ANY) || (event.repeat && !AGAIN.has(key))) return
  if (!desk.data.works && !READS.has(key)) return
  event.preventDefault()
  if (arrived()) hear(key)
  else if (!event.repeat) desk.early.push({ key, at: Date.now() })
}

// a link to a case beside the list, where there is no room for it: the case gets its page, and Back
// leads to the list
const alone = ({ page, case: one }) => {
  if (page !== "queue" || !one || !ALONE.matches) return
  const list = new URL(location)
  list.searchParams.delete("case")
  history.replaceState(history.state, "", list)
  travel(`case?number=${one.number}`)
}

export default function ({ data, parentElement, setStateValue }) {
  const { box } = desk
  Object.assign(desk, { data, box: parentElement, set: setStateValue })
  if (desk.token !== data.token) desk.token = data.token
  else if (box !== parentElement) desk.done.clear()
  const before = desk.pending.length
  desk.pending = desk.pending.filter(({ seq }) => seq > data.heard)
  if (before && !desk.pending.length) desk.done.clear()
  // another page, or another session after the connection was lost: say it again there
  if (desk.pending.length && box !== parentElement) send()
  if (box !== parentElement) alone(data)
  hint(parentElement, data, shown)
  desk.granting ??= granting(searching, () => false)
  searching()
  late()
  document.addEventListener("keydown", pressed) // the same function is never added twice
}

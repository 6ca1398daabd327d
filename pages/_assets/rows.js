// The rows of a list that is drawn anew after each act: what has the focus keeps it, what was acted
// on stays where it is on the screen, and the arrow keys go from row to row.
import { scroller } from "./texts.js"

const PATIENCE = 2500 // ms in which the list may still change its width because of an act
const AGAIN = 1200 // ms in which a second press is none: it would meet a row that has just moved there
const ROW = "tbody tr:not(.more)" // what a row tells more of stands below it and is none itself
const lists = new WeakMap()

const all = list => [...(list.frame?.querySelectorAll(ROW) ?? [])]

// the row of this number, or the one that has taken its place
const found = (list, { number, index }) => {
  const rows = all(list)
  return rows.find(row => row.dataset.number === number) ?? rows[Math.min(index, rows.length - 1)]
}

const named = (list, row) => ({ number: row.dataset.number, index: all(list).indexOf(row) })

const keepInPlace = list => {
  if (!list.held || Date.now() > list.held.until) return
  const row = found(list, list.held)
  if (row) scroller().scrollTop += row.getBoundingClientRect().top - list.held.top
}

// one row can be reached with Tab: the chosen one, else the one that was last in focus
const reachable = (list, row) => {
  for (const other of all(list)) other.tabIndex = other === row ? 0 : -1
}

const pressed = (list, event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
  const here = event.target.closest(ROW)
  if (!step || !here || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  all(list)[all(list).indexOf(here) + step]?.focus()
}

const drawn = (list, frame, before) => {
  list.frame = frame
  list.watch.disconnect()
  list.watch.observe(frame)
  frame.addEventListener("keydown", event => pressed(list, event))
  frame.addEventListener("focusin", event => {
    const row = event.target.closest(ROW)
    if (!row) return
    list.last = named(list, row)
    reachable(list, row)
  })
  const row = before && found(list, before)
  const last = row ?? (list.last && found(list, list.last))
  reachable(list, last ?? frame.querySelector("tr.chosen") ?? all(list)[0])
  keepInPlace(list)
  const part = row?.querySelector(before.part)
  if (row) (part ?? row).focus({ preventScroll: true })
}

const focused = list => {
  const here = list.frame?.getRootNode().activeElement
  const row = here?.closest?.(ROW)
  return row && { ...named(list, row), part: here === row ? "none" : here.tagName }
}

const begin = () => {
  const list = {}
  list.watch = new ResizeObserver(() => keepInPlace(list))
  list.focused = () => focused(list)
  list.drawn = (frame, before) => drawn(list, frame, before)
  list.twice = () => {
    const before = list.pressed ?? 0
    list.pressed = Date.now()
    return list.pressed - before < AGAIN
  }
  list.hold = number => {
    const row = found(list, { number: String(number), index: 0 })
    list.held = { ...named(list, row), top: row.getBoundingClientRect().top, until: Date.now() + PATIENCE }
  }
  // whoever scrolls knows where they want to be
  for (const name of ["wheel", "touchmove"]) addEventListener(name, () => (list.held = null), { passive: true })
  return list
}

export const rowsOf = parent => {
  if (!lists.has(parent)) lists.set(parent, begin())
  return lists.get(parent)
}

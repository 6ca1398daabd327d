// What a key asks another part of the page for, which may not be there yet: it is written on the
// document, and whoever can grants it, once.

const PATIENCE = 15000 // ms; later it would be a surprise
const HEARD = "loopdesk:wish"

const HOLDS = 5000 // ms in which what is typed waits for its field
const marks = document.documentElement.dataset

const keep = words => (marks.wish = JSON.stringify(words))

const wish = words => {
  const now = Date.now()
  keep({ ...words, typed: "", until: now + PATIENCE, holds: now + HOLDS })
  document.dispatchEvent(new Event(HEARD))
}

const read = () => {
  const found = marks.wish && JSON.parse(marks.wish)
  return found && Date.now() <= found.until ? found : null
}

export const write = (number, kind) => wish({ number, kind })
export const find = () => wish({ find: true })

export const wishes = fits => {
  const found = read()
  return Boolean(found && fits(found))
}

// the wish, if it is one that `fits`; it is granted by that
export const granted = fits => {
  const found = read()
  if (!found || !fits(found)) return null
  delete marks.wish
  return found
}

// Whoever asked for a field goes on typing before it is there: no key of it is an act on a case.
// True if it was kept for the field.
export const ahead = key => {
  const found = read()
  if (!found || Date.now() > found.holds) return false
  const { typed } = found
  if (key === "Escape") delete marks.wish
  else if (key === "Backspace") keep({ ...found, typed: typed.slice(0, -1) })
  else if (key.length === 1) keep({ ...found, typed: typed + key })
  else return false
  return true
}

// what was typed for the field before it was there
export const type = (field, { typed }) => {
  if (!typed) return
  field.setRangeText(typed, field.selectionStart, field.selectionEnd, "end")
  field.dispatchEvent(new InputEvent("input", { bubbles: true, composed: true }))
}

// look now, and at every later wish until `gone`
export const granting = (look, gone) => {
  const heard = () => (gone() ? document.removeEventListener(HEARD, heard) : look())
  document.addEventListener(HEARD, heard)
  heard()
  return heard
}

// What a key asks another part of the page for, which may not be there yet: it is written on the
// document, and whoever can grants it, once.

const PATIENCE = 15000 // ms; later it would be a surprise
const HEARD = "loopdesk:wish"

const wish = words => {
  document.documentElement.dataset.wish = JSON.stringify({ ...words, until: Date.now() + PATIENCE })
  document.dispatchEvent(new Event(HEARD))
}

export const write = (number, kind) => wish({ number, kind })
export const find = () => wish({ find: true })

// the wish, if it is one that `fits`; it is granted by that
export const granted = fits => {
  const { wish: text } = document.documentElement.dataset
  const found = text && JSON.parse(text)
  if (!found || Date.now() > found.until || !fits(found)) return null
  delete document.documentElement.dataset.wish
  return found
}

// look now, and at every later wish until `gone`
export const granting = (look, gone) => {
  const heard = () => (gone() ? document.removeEventListener(HEARD, heard) : look())
  document.addEventListener(HEARD, heard)
  heard()
  return heard
}

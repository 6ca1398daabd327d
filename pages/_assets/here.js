// Who else has a case open, as presence.js hears it. A case has a place for it that is always there:
// nothing moves when somebody comes or goes. Names are text nodes.
import { isolated, make } from "./texts.js"

const HEARD = "loopdesk:here"

export const tell = cases => {
  document.documentElement.dataset.here = JSON.stringify(cases)
  document.dispatchEvent(new Event(HEARD))
}

const fill = (place, short) => {
  const { here } = document.documentElement.dataset
  const who = here && JSON.parse(here)[place.dataset.number]
  const told = who ? JSON.stringify(who) : ""
  if (place.dataset.told === told) return
  place.dataset.told = told
  place.title = who?.words ?? ""
  place.classList.toggle("writing", Boolean(who?.writing))
  if (!who) return place.replaceChildren()
  const shape = make("span", "shape", who.writing ? "\u270e\ufe0e" : "\u25c9")
  shape.setAttribute("aria-hidden", "true")
  const words = isolated("", short ? who.short : who.words)
  place.replaceChildren(shape, " ", words)
  if (short && !who.writing) place.append(make("span", "unseen", " (open)"))
}

// the places inside `box`, now and whenever it changes, as long as it is part of the page
export const showHere = (box, short) => {
  const draw = () => {
    if (!box.isConnected) return document.removeEventListener(HEARD, draw)
    for (const place of box.querySelectorAll(".here")) fill(place, short)
  }
  document.addEventListener(HEARD, draw)
  draw()
}

export const placeHere = (tag, number) => {
  const place = make(tag, "here")
  place.dataset.number = number
  return place
}

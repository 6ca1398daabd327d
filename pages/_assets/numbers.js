// The table of table.js, in which each number leads to the cases behind it (`links`: an address a
// cell, or null) and a share may be drawn as a bar (`bars`: a width in % a row, or null).
import table from "./table.js"
import { linked, make } from "./texts.js"

const sheet = new CSSStyleSheet()
const BARS = `
  td .bar { display: inline-block; height: 0.5rem; margin-inline-end: 0.5rem; border-radius: 2px;
    background: var(--st-primary-color); opacity: 0.7; min-width: 1px; }
  td .track { display: inline-block; width: min(8rem, 22vw); text-align: start; }
`

const link = (td, href, spoken) => {
  if (!href) return
  const anchor = linked("", td.textContent, href)
  anchor.setAttribute("aria-label", spoken)
  td.replaceChildren(anchor)
}

const bar = (td, width) => {
  if (width === null) return
  const track = make("span", "track")
  const drawn = make("span", "bar")
  drawn.style.width = `calc(${width}% - 0.5rem)`
  track.setAttribute("aria-hidden", "true")
  track.append(drawn)
  td.prepend(track)
}

export default function (component) {
  const { data, parentElement } = component
  sheet.replaceSync(data.looks + BARS)
  parentElement.getRootNode().adoptedStyleSheets = [sheet]
  table(component)
  let name = ""
  parentElement.querySelectorAll("tbody tr").forEach((tr, row) => {
    name = tr.cells[0].textContent || name // a row without one goes on with that of the row above
    data.columns.forEach((column, k) => {
      const td = tr.cells[k]
      link(td, data.links[row][k], k ? `${name}, ${column.label}: ${td.textContent}` : name)
      if (column.bar) bar(td, data.bars[row])
    })
  })
}

// Boxes that pick rows. A click is shown at once and said again with the later ones until the page
// has heard it: however fast they come, none is lost when the rows are drawn anew.
import { make } from "./texts.js"

// The rows as they are picked by now, and the way to pick: `on` for each of these numbers.
export const pickedRows = (list, data, setStateValue) => {
  list.clicks = (list.clicks ?? []).filter(click => click.seq > data.heard)
  for (const { number, on } of list.clicks) {
    const row = data.rows.find(one => one.number === number)
    if (row) row.picked = on
  }
  return (numbers, on) => {
    for (const number of numbers) {
      list.seq = Math.max((list.seq ?? 0) + 1, Date.now())
      list.clicks.push({ seq: list.seq, number, on })
    }
    setStateValue("picks", [...list.clicks])
  }
}

const box = (label, checked, clicked) => {
  const input = make("input")
  input.type = "checkbox"
  input.checked = checked
  input.setAttribute("aria-label", label)
  input.onchange = () => clicked(input.checked)
  const around = make("label")
  around.append(input)
  return around
}

export const pickBox = (row, pick) => box(`Pick case ${row.number}`, row.picked, on => pick([row.number], on))

// all rows that are on the page
export const pickAll = (rows, pick) => {
  const head = make("th", "pick")
  head.scope = "col"
  head.append(box("Pick all cases on this page", rows.every(row => row.picked), on => {
    for (const one of head.closest("table").querySelectorAll("td.pick input")) one.checked = on
    pick(rows.map(row => row.number), on)
  }))
  return head
}

// What happened to a case, the latest first. Notes are what people typed: text nodes only.
import { isolated, make } from "./texts.js"

const step = (row, act) => {
  const item = make("li", `step ${row.kind}${row.undone ? " gone" : ""}`)
  const head = make("div", "head")
  head.append(isolated("who", row.who), " ", isolated("did", row.said))
  if (row.undone) head.append(make("span", "mark", "taken back"))
  const when = make("time", "when", row.when)
  when.dateTime = row.iso
  when.title = row.exact
  head.append(when)
  if (row.action) {
    const button = make("button", "", "Take back")
    button.type = "button"
    button.setAttribute("aria-label", `Take back: ${row.said}`)
    button.onclick = () => act({ event_id: row.id })
    head.append(button)
  }
  item.append(head)
  if (row.body) {
    const body = make("p", "body")
    body.dir = "auto"
    body.append(isolated("", row.body))
    item.append(body)
  }
  return item
}

export default function ({ data, parentElement, setTriggerValue }) {
  const list = make("ol", "journal")
  list.setAttribute("aria-label", data.label)
  for (const row of data.rows) list.append(step(row, sent => setTriggerValue("act", sent)))
  const old = parentElement.querySelector(".journal")
  old ? old.replaceWith(list) : parentElement.append(list)
}

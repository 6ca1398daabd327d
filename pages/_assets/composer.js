// A note or a logged contact that is being written. What is typed is kept half a second after the
// last key. A rerun of the page never touches it: only what was sent begins anew (`data.sent`).
import { make } from "./texts.js"

const PAUSE = 500
const open = new WeakMap()

// the boxes for how and when the customer was reached
const contact = data => {
  const fields = make("div", "fields")
  const way = make("select")
  for (const { name, label } of data.ways) {
    const option = make("option", "", label)
    option.value = name
    way.append(option)
  }
  const at = make("input")
  at.type = "datetime-local"
  for (const [text, field] of [["How", way], [`When (${data.zone}; empty: just now)`, at]]) {
    const label = make("label", "", text)
    label.append(field)
    fields.append(label)
  }
  return { fields, way, at }
}

const build = data => {
  const form = make("form", "composer")
  const tabs = make("div", "tabs")
  tabs.setAttribute("role", "tablist")
  const label = make("label", "body")
  const name = make("span", "")
  const text = make("textarea")
  text.rows = 4
  label.append(name, text)
  const foot = make("div", "foot")
  const send = make("button", "send")
  send.type = "submit"
  const kept = make("span", "kept")
  kept.setAttribute("aria-live", "polite")
  foot.append(send, kept)
  const extra = contact(data)
  form.append(tabs, extra.fields, label, foot)
  return { form, tabs, name, text, send, kept, ...extra, kind: data.kinds[0].name, typed: {}, sent: {}, timer: 0 }
}

const show = (part, data) => {
  const kind = data.kinds.find(one => one.name === part.kind)
  part.tabs.replaceChildren(...data.kinds.map(one => {
    const tab = make("button", one === kind ? "tab on" : "tab", one.label)
    tab.type = "button"
    tab.setAttribute("role", "tab")
    tab.setAttribute("aria-selected", one === kind)
    tab.onclick = () => part.turn(one.name)
    return tab
  }))
  part.fields.hidden = !kind.reached
  part.name.textContent = kind.label
  part.text.placeholder = kind.hint
  part.text.maxLength = data.longest
  part.send.textContent = kind.button
  if (part.text.value !== part.typed[kind.name]) part.text.value = part.typed[kind.name]
  part.kept.textContent = part.typed[kind.name].trim() && !part.timer ? "Draft kept" : ""
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let part = open.get(parentElement)
  if (!part || !parentElement.contains(part.form)) {
    part = build(data)
    parentElement.append(part.form)
    open.set(parentElement, part)
  }
  for (const { name, value } of data.kinds) {
    if (part.sent[name] === data.sent[name]) continue
    part.sent[name] = data.sent[name]
    part.typed[name] = value
    if (name === part.kind) part.at.value = ""
  }
  const keep = () => {
    clearTimeout(part.timer)
    part.timer = 0
    setStateValue("text", { kind: part.kind, body: part.text.value })
    part.kept.textContent = part.text.value.trim() ? "Draft kept" : ""
  }
  part.turn = kind => {
    if (part.timer) keep()
    part.kind = kind
    show(part, data)
    part.text.focus()
  }
  part.text.oninput = () => {
    part.typed[part.kind] = part.text.value
    part.kept.textContent = ""
    clearTimeout(part.timer)
    part.timer = setTimeout(keep, PAUSE)
  }
  part.text.onblur = () => part.timer && keep()
  const sent = event => {
    event.preventDefault()
    clearTimeout(part.timer)
    part.timer = 0
    const { kind, way, at, text } = part
    setTriggerValue("sent", { kind, body: text.value, way: way.value, at: at.value, n: Date.now() })
  }
  part.form.onsubmit = sent
  part.text.onkeydown = event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sent(event)
  }
  show(part, data)
  // leaving the page must not lose the last half second
  return () => part.timer && keep()
}

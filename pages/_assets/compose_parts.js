// How the box under a case is built and shown; composer.js says what happens in it.
import { isolated, make } from "./texts.js"

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

// what another tab wrote, and what may become of it
const clash = part => {
  const choice = make("div", "choice")
  const other = make("p", "other")
  other.dir = "auto"
  choice.append(make("strong", "", "Changed in another tab:"), other)
  for (const [label, both] of [["Add it to mine", true], ["Drop it", false]]) {
    const button = make("button", "", label)
    button.type = "button"
    button.onclick = () => part.settle(both)
    choice.append(button)
  }
  return { choice, other }
}

export const build = data => {
  const form = make("form", "composer")
  const tabs = data.kinds.map(({ name, label }) => {
    const tab = make("button", "tab", label)
    tab.type = "button"
    tab.setAttribute("role", "tab")
    tab.onclick = () => part.turn(name)
    return tab
  })
  const bar = make("div", "tabs")
  bar.setAttribute("role", "tablist")
  bar.append(...tabs)
  const label = make("label", "body")
  const name = make("span", "")
  const text = make("textarea")
  text.rows = 4
  text.maxLength = data.longest
  label.append(name, text)
  const refused = make("p", "refused")
  refused.setAttribute("role", "alert")
  const foot = make("div", "foot")
  const send = make("button", "send")
  send.type = "submit"
  const kept = make("span", "kept")
  kept.setAttribute("role", "status")
  foot.append(send, kept)
  const part = { form, tabs, name, text, send, kept, refused, ...contact(data), texts: {}, kind: null, timer: 0 }
  Object.assign(part, clash(part))
  form.append(bar, part.fields, label, part.choice, refused, foot)
  part.read = () => ({ body: text.value, way: part.fields.hidden ? "" : part.way.value, at: part.fields.hidden ? "" : part.at.value })
  form.oninput = () => part.changed()
  text.onblur = () => part.left()
  form.onsubmit = event => {
    event.preventDefault()
    part.submit()
  }
  text.onkeydown = event => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
    event.preventDefault()
    part.submit()
  }
  return part
}

const put = (field, value) => {
  if (field.value !== value) field.value = value
}

const told = text => {
  if (text.busy) return "Sending"
  if (text.said) return text.said
  return text.typed.body.trim() && !text.dirty ? "Draft kept" : ""
}

export const show = (part, data, text) => {
  const kind = data.kinds.find(one => one.name === part.kind)
  data.kinds.forEach((one, n) => {
    part.tabs[n].classList.toggle("on", one === kind)
    part.tabs[n].setAttribute("aria-selected", one === kind)
  })
  part.fields.hidden = !kind.reached
  part.name.textContent = kind.label
  part.text.placeholder = kind.hint
  part.text.readOnly = Boolean(text.busy)
  put(part.text, text.typed.body)
  put(part.way, text.typed.way || data.ways[0].name)
  put(part.at, text.typed.at)
  part.send.textContent = kind.button
  part.choice.hidden = !text.other
  part.other.replaceChildren(...(text.other ? [isolated("", text.other.body)] : []))
  if (part.refused.textContent !== text.refused) part.refused.textContent = text.refused
  const words = told(text)
  if (part.kept.textContent !== words) part.kept.textContent = words
}

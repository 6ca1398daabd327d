// How the box under a case is built and shown; composer.js says what happens in it.
import { buildReply, showReply } from "./reply_parts.js"
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
  const tabs = {}
  for (const { name, label } of data.kinds) {
    const tab = (tabs[name] = make("button", "tab", label))
    tab.type = "button"
    tab.setAttribute("role", "tab")
    tab.dataset.name = name
    tab.onclick = () => part.turn(name)
  }
  const bar = make("div", "tabs")
  bar.setAttribute("role", "tablist")
  bar.append(...Object.values(tabs))
  const label = make("label", "body")
  const name = make("span", "")
  const text = make("textarea")
  text.rows = 4
  text.maxLength = data.longest
  label.append(name, text)
  const refused = make("p", "refused")
  refused.setAttribute("role", "alert")
  const foot = make("div", "foot")
  const sends = make("div", "sends")
  const kept = make("span", "kept")
  kept.setAttribute("role", "status")
  const part = { form, tabs, name, text, label, sends, kept, refused, ...contact(data), texts: {}, kind: null, timer: 0 }
  const reply = (part.reply = buildReply(part))
  Object.assign(part, clash(part))
  foot.append(sends, reply.look, kept)
  form.append(
    bar, part.fields, reply.why, reply.top, label, part.choice, reply.swap, reply.missing, reply.preview,
    reply.ending.box, refused, foot,
  )
  part.read = () => {
    const typed = { body: text.value, way: "", at: "", subject: "" }
    if (!part.fields.hidden) Object.assign(typed, { way: part.way.value, at: part.at.value })
    if (!reply.top.hidden) Object.assign(typed, { way: reply.by.value, subject: reply.subject.value })
    return typed
  }
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

// what sends it: the first one is what Enter does, too
const buttons = (part, kind) => {
  const told = JSON.stringify([kind.name, kind.buttons])
  if (part.told === told) return
  part.told = told
  part.sends.replaceChildren(
    ...kind.buttons.map(({ then, label }, n) => {
      const button = make("button", n ? "send" : "send first", label)
      button.type = n ? "button" : "submit"
      if (n) button.onclick = () => part.submit(then)
      return button
    }),
  )
}

const told = text => {
  if (text.busy) return "Sending"
  if (text.said) return text.said
  return text.typed.body.trim() && !text.dirty ? "Draft kept" : ""
}

export const show = (part, data, text) => {
  const kind = data.kinds.find(one => one.name === part.kind)
  for (const [name, tab] of Object.entries(part.tabs)) {
    tab.classList.toggle("on", name === part.kind)
    tab.setAttribute("aria-selected", name === part.kind)
  }
  part.fields.hidden = !kind.reached
  part.name.textContent = kind.label
  part.text.placeholder = kind.hint
  part.text.readOnly = Boolean(text.busy)
  part.text.rows = kind.reply ? 8 : 4
  put(part.text, text.typed.body)
  if (kind.reached) {
    put(part.way, text.typed.way || data.ways[0].name)
    put(part.at, text.typed.at)
  }
  showReply(part.reply, part, kind.reply, text)
  if (!kind.reply) part.reply.ending.box.hidden = true
  // nobody can be written to: what was typed before stays in sight
  part.sends.hidden = Boolean(kind.reply) && !kind.reply.ways.length
  part.label.hidden = part.sends.hidden && !text.typed.body
  buttons(part, kind)
  part.choice.hidden = !text.other
  part.other.replaceChildren(...(text.other ? [isolated("", text.other.body)] : []))
  if (part.refused.textContent !== text.refused) part.refused.textContent = text.refused
  const words = told(text)
  if (part.kept.textContent !== words) part.kept.textContent = words
}

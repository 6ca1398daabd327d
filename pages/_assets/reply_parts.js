// What the box under a case has for a reply: how, with what subject, from which template, what the
// customer will get, and how the case ends with it. Whatever somebody typed is a text node.
import { isolated, make } from "./texts.js"

const labelled = (text, field, css = "") => {
  const label = make("label", css, text)
  label.append(field)
  return label
}

// the options of a box, made anew only where they are others
export const fill = (select, options, first) => {
  const all = first === undefined ? options : [{ name: "", label: first }, ...options]
  const told = JSON.stringify(all)
  if (select.told === told) return
  select.told = told
  select.replaceChildren(
    ...all.map(({ name, label }) => {
      const option = make("option", "", label)
      option.value = name
      return option
    }),
  )
}

// what is chosen here is no part of the text
const aside = element => (element.oninput = event => event.stopPropagation())

const ending = part => {
  const box = make("div", "fields ending")
  const [outcome, cause] = [make("select"), make("select")]
  const cancel = make("button", "quiet", "Do not resolve it")
  cancel.type = "button"
  box.append(labelled("Outcome", outcome), labelled("Root cause", cause), cancel)
  aside(box)
  const close = () => {
    outcome.value = cause.value = ""
    box.hidden = true
  }
  close()
  cancel.onclick = () => {
    close()
    part.text.focus()
  }
  // true once both are said; else the box opens at what is missing
  const said = () => {
    if (outcome.value && cause.value) return true
    const opened = box.hidden
    box.hidden = false
    for (const one of [outcome, cause]) one.setAttribute("aria-invalid", String(!opened && !one.value))
    ;(outcome.value ? cause : outcome).focus()
    return false
  }
  return { box, outcome, cause, said, close }
}

const swap = part => {
  const box = make("div", "choice swap")
  box.setAttribute("role", "group")
  box.setAttribute("aria-label", "Your text or the new one")
  box.append(make("strong", "", "Replace what you have written with the template?"), make("br"))
  for (const [label, yes] of [["Replace it", true], ["Keep mine", false]]) {
    const button = make("button", "", label)
    button.type = "button"
    button.onclick = () => part.swap(yes)
    box.append(button)
  }
  return box
}

export const buildReply = part => {
  const [by, template, subject] = [make("select"), make("select"), make("input")]
  subject.maxLength = 200
  subject.onkeydown = event => event.key === "Enter" && event.preventDefault() // would send it
  aside(template)
  template.onchange = () => part.choose(template.value)
  const top = make("div", "fields reply")
  const line = labelled("Subject", subject, "wide")
  const start = labelled("Template", template)
  top.append(labelled("By", by, "way"), start, line)
  const [missing, why] = [make("p", "missing"), make("p", "why")]
  missing.setAttribute("role", "status")
  const preview = make("section", "preview")
  preview.setAttribute("aria-label", "What the customer gets")
  const look = make("button", "quiet look", "Preview")
  look.type = "button"
  look.onclick = () => {
    part.looking = !part.looking
    part.draw()
  }
  return { by, template, start, subject, line, top, missing, why, preview, look, ending: ending(part), swap: swap(part) }
}

const row = (name, text) => {
  const line = make("div", "line")
  line.append(make("span", "name", name), " ", isolated("", text))
  return line
}

const seen = ({ typed }, way, { mail, ways }) => {
  const found = []
  if (way === "email" && mail) {
    const subject = typed.subject.trim().replace(/\s+/g, " ") || mail.subject
    found.push(row("From", mail.from), row("To", mail.to), row("Subject", subject))
  } else found.push(row("By", ways.find(({ name }) => name === way)?.label ?? ""))
  const body = make("p", "text")
  body.dir = "auto"
  const signed = way === "email" && mail?.signature ? `\n\n-- \n${mail.signature}` : ""
  const text = typed.body.trim()
  body.append(text ? isolated("", `${text}${signed}`) : "Nothing is written yet.")
  return [...found, body]
}

// the fields of the template that nothing is known for, as long as they stand in the text
const words = ({ template, typed }) => {
  const stands = name => new RegExp(`\\{\\{\\s*${name}\\s*\\}\\}`).test(`${typed.subject}\n${typed.body}`)
  const left = template.missing.filter(stands).map(name => `{{${name}}}`)
  return left.length ? `Nothing is known for ${left.join(", ")}: write what belongs there.` : ""
}

const put = (field, value) => {
  if (field.value !== value) field.value = value
}

export const showReply = (reply, part, data, text) => {
  const open = Boolean(data?.ways.length)
  for (const one of [reply.top, reply.look]) one.hidden = !open
  reply.why.hidden = !data || open
  reply.preview.hidden = !open || !part.looking
  reply.swap.hidden = !open || !text.template.offer
  if (!open) reply.ending.box.hidden = true
  reply.why.textContent = data?.why ?? ""
  const told = open ? words(text) : ""
  if (reply.missing.textContent !== told) reply.missing.textContent = told
  if (!open) return
  fill(reply.by, data.ways)
  fill(reply.template, data.templates, "Start from a template")
  fill(reply.ending.outcome, data.outcomes, "Choose")
  fill(reply.ending.cause, data.causes, "Choose")
  const known = data.ways.some(({ name }) => name === text.typed.way)
  put(reply.by, known ? text.typed.way : data.ways[0].name)
  put(reply.template, text.template.id)
  put(reply.subject, text.typed.subject)
  reply.start.hidden = !data.templates.length
  reply.line.hidden = reply.by.value !== "email"
  reply.subject.placeholder = data.mail?.subject ?? ""
  reply.subject.readOnly = Boolean(text.busy)
  reply.look.setAttribute("aria-expanded", String(Boolean(part.looking)))
  if (part.looking) reply.preview.replaceChildren(...seen(text, reply.by.value, data))
}

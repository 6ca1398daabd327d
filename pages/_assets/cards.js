// Responses as cards. Every text is put in a text node of its own inside <bdi>, so that markup,
// links, images and right-to-left tricks in it stay letters.

import { backTo, isolated, linked, make, toTop } from "./texts.js"

// `marks` are [start, end] in characters as Python counts them, not in UTF-16 units
const marked = ({ comment, marks }) => {
  const body = make("p", "comment")
  body.dir = "auto"
  const letters = Array.from(comment)
  let done = 0
  for (const [start, end] of marks) {
    body.append(letters.slice(done, start).join(""))
    body.append(make("mark", "", letters.slice(start, end).join("")))
    done = end
  }
  body.append(letters.slice(done).join(""))
  return body
}

const score = ({ score, scale, tone, shape, band }) => {
  const chip = make("div", `score ${tone}`)
  chip.append(make("span", "number", score))
  const word = make("span", "band")
  const glyph = make("span", "shape", shape)
  glyph.setAttribute("aria-hidden", "true")
  word.append(glyph, ` ${band}`)
  chip.append(word)
  chip.title = `${score} on ${scale}`
  return chip
}

const heading = row => {
  const line = make("div", "who")
  const person = make("div", "person")
  person.append(linked(row.known ? "name" : "name nobody", row.name, row.contact))
  if (row.account) person.append(linked("other", row.account, row.company))
  for (const other of row.others) person.append(isolated("other", other))
  for (const state of row.states) person.append(make("span", `state ${state.css}`, state.text))
  line.append(person)
  const when = make("time", "when", row.when)
  when.dateTime = row.iso
  when.title = row.exact
  line.append(when)
  return line
}

const pair = (css, [name, value]) => {
  const both = make("div", css)
  const term = make("dt")
  term.append(isolated("", name))
  const detail = make("dd")
  detail.append(isolated("", value))
  both.append(term, detail)
  return both
}

const facts = row => {
  const list = make("dl", "facts")
  for (const fact of row.facts) list.append(pair("", fact))
  for (const prop of row.props) list.append(pair("prop", prop))
  return list
}

// where there is little room the facts wait behind a button
const unfold = article => {
  const button = make("button", "unfold", "Details")
  button.type = "button"
  button.setAttribute("aria-expanded", "false")
  button.onclick = () => button.setAttribute("aria-expanded", article.classList.toggle("open"))
  return button
}

const card = (row, act) => {
  const article = make("article", row.quiet ? "quiet" : "")
  article.setAttribute("aria-label", `Response ${row.id}`)
  const said = make("div", "said")
  said.append(heading(row))
  said.append(row.comment ? marked(row) : make("p", "comment none", "No comment"))
  if (row.note) said.append(isolated("note", row.note))
  const foot = make("div", "foot")
  const links = make("div", "links")
  foot.append(facts(row), links)
  links.append(unfold(article))
  if (row.before) links.append(linked("case", row.before.text, row.before.href))
  if (row.case) links.append(linked("case", row.case.text, row.case.href))
  for (const action of row.actions) {
    const button = make("button", "", action.label)
    button.type = "button"
    button.setAttribute("aria-label", `${action.label} response ${row.id}`)
    button.onclick = () => act({ action: action.name, id: row.id })
    links.append(button)
  }
  said.append(foot)
  article.append(score(row), said)
  return article
}

export default function ({ data, parentElement, setTriggerValue }) {
  const list = make("section", "cards")
  list.setAttribute("aria-label", data.label)
  list.dataset.page = data.page ?? ""
  for (const row of data.rows) list.append(card(row, sent => setTriggerValue("act", sent)))
  const old = parentElement.querySelector(".cards")
  if (!old) {
    parentElement.append(list)
    if (data.page !== null) backTo()
    return
  }
  old.replaceWith(list)
  if (old.dataset.page !== list.dataset.page) toTop(list)
}

// What the keyboard shows: the line of hints, all keys, and boxes in which a few more keys say whom,
// until when or why. Every text is a text node.
import { isolated, make } from "./texts.js"

const MOST = 9 // options that have a digit

const HINTS = [
  ["j k", "move"], ["o", "open"], ["a", "take"], ["m", "reply"], ["e", "resolve"], ["u", "undo"], ["f", "search"],
]
const ALL = [
  ["Go", [
    ["j", "next case"], ["k", "previous case"], ["o", "open the case; once more: all about it"],
    ["f", "search"], ["h", "these keys"], ["Esc", "leave a field, close a box"],
  ]],
  ["Do", [
    ["a", "assign to me"], ["g", "give to somebody"], ["s", "snooze, or wake"], ["w", "wait for the customer, or go on"],
    ["e", "resolve, or reopen"], ["x", "pick for an act on many"], ["u", "take back the last act, then the one before"],
  ]],
  ["Write", [["m", "reply"], ["t", "reply from a template"], ["n", "note"], ["l", "log a call or meeting"], ["Ctrl Enter", "send"]]],
]
const READING = new Set(["j k", "o", "f", "j", "k", "h", "Esc"])

const keyed = (keys, words) => {
  const one = make("span", "one")
  one.append(...keys.split(" ").map(key => make("kbd", "", key)), " ", words)
  return one
}

export const hint = (parent, { works }, asked) => {
  const told = String(works)
  let line = parent.querySelector(".hints")
  if (line?.dataset.told === told) return
  line?.remove()
  line = make("div", "hints")
  line.dataset.told = told
  line.append(...HINTS.filter(([key]) => works || READING.has(key)).map(([key, words]) => keyed(key, words)))
  const all = make("button", "one")
  all.type = "button"
  all.append(make("kbd", "", "h"), " all keys")
  all.onclick = asked
  line.append(all)
  line.dataset.works = works
  parent.prepend(line)
}

// a box over the page; `closed` once it is gone without an answer
const box = (parent, title, closed) => {
  const dialog = make("dialog", "box")
  const head = make("h2", "")
  head.id = "keys-title"
  head.append(isolated("", title))
  dialog.setAttribute("aria-labelledby", head.id)
  dialog.append(head)
  // at once: the next key may come before the browser says that it is closed
  const end = () => {
    if (!dialog.isConnected) return
    dialog.close()
    dialog.remove()
    closed()
  }
  dialog.end = end
  dialog.onclose = end
  dialog.addEventListener("click", event => event.target === dialog && end())
  dialog.addEventListener("keydown", event => {
    if (event.key !== "Escape") return
    event.preventDefault()
    end()
  })
  parent.append(dialog)
  return dialog
}

export const help = (parent, closed) => {
  const { works } = parent.querySelector(".hints").dataset
  const dialog = box(parent, "Keys", closed)
  dialog.classList.add("help")
  const groups = make("div", "groups")
  for (const [name, keys] of ALL) {
    const known = keys.filter(([key]) => works === "true" || READING.has(key))
    if (!known.length) continue
    const group = make("section", "")
    const table = make("dl", "")
    for (const [key, words] of known) {
      const term = make("dt", "")
      term.append(...key.split(" ").map(one => make("kbd", "", one)))
      table.append(term, make("dd", "", words))
    }
    group.append(make("h3", "", name), table)
    groups.append(group)
  }
  const close = make("button", "close", "Close")
  close.type = "button"
  close.onclick = dialog.end
  dialog.append(groups, close)
  dialog.onkeydown = event => {
    if (event.key !== "h" && event.key !== "?") return
    event.preventDefault()
    dialog.end()
  }
  dialog.showModal()
}

const fold = text => text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "")

const matching = (options, typed) =>
  options.filter(({ label }) => fold(typed).split(/\s+/).every(word => fold(label).includes(word)))

const TYPED = { name: "at", words: "Until", example: "3 Dec, Friday 14:00, 2026-12-03 09:00" }

// times to choose from, or one in one's own words: the desk reads them
export const anyTime = options => ({
  free: TYPED,
  options: [...options, { label: "Another day or time", more: { name: "at", label: "Day and time", free: TYPED, options: [] } }],
})

// the digits, the arrows and Enter choose; letters narrow what there is to choose from. A step that is
// `free` also takes words of one's own: once some are typed, digits belong to them
export const picker = (parent, title, steps, done, dropped) => {
  const values = {}
  const dialog = box(parent, title, () => (values.done ? 0 : dropped()))
  const label = make("label", "typed")
  const name = make("span", "")
  const input = make("input", "")
  const listed = make("ul", "")
  const more = make("p", "more")
  more.setAttribute("role", "status")
  listed.id = "keys-options"
  listed.setAttribute("role", "listbox")
  const combo = { role: "combobox", "aria-expanded": "true", "aria-controls": listed.id, "aria-autocomplete": "list" }
  for (const [key, value] of Object.entries(combo)) input.setAttribute(key, value)
  input.autocomplete = "off"
  label.append(name, input)
  dialog.append(label, listed, more)
  let step = 0, at = 0, found = []

  const draw = () => {
    const { label: words, options, free } = steps[step]
    name.textContent = words
    listed.setAttribute("aria-label", words)
    found = matching(options, input.value)
    const own = input.value.trim()
    if (free && own && !found.length) found = [{ name: own, label: `${free.words} ${own}`, as: free.name, own: true }]
    at = Math.min(at, Math.max(Math.min(found.length, MOST) - 1, 0))
    listed.replaceChildren(...found.slice(0, MOST).map((option, n) => {
      const line = make("li", n === at ? "at" : "")
      line.id = `keys-option-${n}`
      line.setAttribute("role", "option")
      line.setAttribute("aria-selected", n === at)
      line.append(make("kbd", "", option.own ? "Enter" : String(n + 1)), " ", isolated("", option.label))
      line.onclick = () => take(option)
      return line
    }))
    if (found.length) input.setAttribute("aria-activedescendant", `keys-option-${at}`)
    else input.removeAttribute("aria-activedescendant")
    const hidden = found.length - MOST
    const none = free ? `For example: ${free.example}` : "Nothing is called so."
    more.textContent = !found.length ? none : hidden > 0 ? `and ${hidden} more: type to narrow` : ""
  }
  const take = option => {
    if (!option) return
    if (option.more) steps[step] = option.more
    else {
      values[option.as ?? steps[step].name] = option.name
      step += 1
    }
    if (step === steps.length) {
      values.done = true
      dialog.end()
      const { done: _, ...said } = values
      return done(said)
    }
    input.value = ""
    at = 0
    draw()
    input.focus() // a click took it away
  }
  const chooses = () => !steps[step].free || (steps[step].options.length && !input.value)
  input.oninput = () => {
    at = 0
    draw()
  }
  input.onkeydown = event => {
    const turn = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    const digit = /^[1-9]$/.test(event.key) && !event.ctrlKey && !event.altKey && !event.metaKey && chooses()
    if (!turn && !digit && event.key !== "Enter" && event.key !== "Tab") return
    event.preventDefault()
    if (event.repeat && !turn) return
    if (turn) at = Math.max(0, Math.min(at + turn, Math.min(found.length, MOST) - 1))
    if (turn) draw()
    else if (digit) take(found.slice(0, MOST)[Number(event.key) - 1])
    else if (event.key === "Enter") take(found[at])
  }
  draw()
  dialog.showModal()
  input.focus()
}

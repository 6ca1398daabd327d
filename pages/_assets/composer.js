// A reply, a note or a logged contact that is being written: what happens in the box. The page's own runs
// never touch what the desk has not got yet.
import { build, show } from "./compose_parts.js"
import { channel, forget, remember, remembered } from "./drafts.js"
import { another, answered, begin, came, choose, declined, put, token } from "./typed.js"
import { granted, granting, type } from "./wishes.js"

const PAUSE = 500 // ms after the last key
const PATIENCE = 15000 // ms; then a text that nobody answered for may be sent again
const open = new WeakMap()

const partOf = (parentElement, data) => {
  let part = open.get(parentElement)
  if (part?.store === data.store && parentElement.contains(part.form)) return part
  part?.form.remove()
  part = build(data)
  part.store = data.store
  parentElement.append(part.form)
  open.set(parentElement, part)
  return part
}

const copy = (store, kind, text) => {
  // while it is open what becomes of the other text, this one is based on nothing
  const base = text.other ? "" : text.base
  if (text.dirty && text.typed.body.trim()) remember(store, kind, { ...text.typed, base, once: text.once })
  else forget(store, kind)
}

const listen = part =>
  channel(part.store, words => {
    if (!part.form.isConnected) return part.line.close()
    const text = part.texts[words.kind]
    if (text && another(text, words)) part.draw()
  })

// a key asked for this box
const opened = (part, number) => {
  const wish = granted(one => one.number === number)
  if (!wish) return
  part.turn(wish.kind === "template" ? "reply" : wish.kind)
  const { start, template } = part.reply
  if (wish.kind === "template" && !start.hidden && !part.reply.top.hidden) template.focus()
  else if (part.label.hidden) part.tabs[part.kind].focus()
  else type(part.text, wish)
}

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  const part = partOf(parentElement, data)
  const { store, texts } = part
  const text = () => texts[part.kind]

  const ask = (kind, one) => {
    one.asked = Date.now()
    setStateValue("typed", { kind, ...one.typed, rev: one.base, n: one.asked })
  }
  // One at a time: a second one would be measured against what the first has not changed yet.
  const keep = (kind = part.kind) => {
    clearTimeout(part.timer)
    part.timer = 0
    const one = texts[kind]
    if (!one.dirty || one.other || one.busy) return
    if (one.asked && Date.now() - one.asked < PATIENCE) part.timer = setTimeout(() => keep(kind), 150)
    else ask(kind, one)
  }
  const touched = (changes, pause = PAUSE) => {
    Object.assign(text(), { dirty: true, said: "", ...changes })
    copy(store, part.kind, text())
    clearTimeout(part.timer)
    const { kind } = part
    part.timer = setTimeout(() => keep(kind), pause)
    part.draw()
  }

  part.draw = () => show(part, data, text())
  part.changed = () => {
    // other words are another message
    const other = text().typed.body !== part.text.value
    touched({ typed: part.read(), ...(other ? { once: token(), refused: "" } : {}) })
  }
  part.left = () => part.timer && keep()
  part.turn = kind => {
    part.left()
    part.kind = kind
    part.draw()
    part.text.focus()
  }
  part.sent = () => {
    part.looking = false
    part.reply.ending.close()
  }
  part.more = then => {
    const { hidden } = part.reply.top
    if (hidden) return {}
    if (then === "resolve" && !part.reply.ending.said()) return null
    const { by, ending, template } = part.reply
    return { way: by.value, then, outcome: ending.outcome.value, cause: ending.cause.value, template: template.value }
  }
  part.settle = both => {
    const { typed, other } = text()
    const body = both ? `${typed.body.trimEnd()}\n\n${other.body}` : typed.body
    const subject = typed.subject || (both ? other.subject : "")
    touched({ typed: { ...typed, body, subject }, other: null, once: token() }, 0)
  }
  part.choose = id => {
    if (!id) declined(text())
    else {
      choose(text(), id)
      setTriggerValue("template", { template: id, n: text().template.n })
    }
    part.draw()
  }
  // the text is another one: it goes with another token
  part.filled = (one, filled) => put(one, filled) && touched({ once: token(), refused: "" }, 0)
  part.swap = yes => {
    const one = text()
    if (yes) part.filled(one, one.template.offer)
    else declined(one)
    part.draw()
    part.text.focus()
  }
  part.submit = (then = "") => {
    const one = text()
    if (one.other) return part.choice.querySelector("button").focus()
    if (one.busy || part.sends.hidden) return // a double click
    const more = part.more(then)
    if (!more) return
    clearTimeout(part.timer)
    part.timer = 0
    Object.assign(one, { busy: Date.now(), refused: "", said: "" })
    const { busy: n, once, base: rev, typed } = one
    setTriggerValue("sent", { kind: part.kind, ...typed, ...more, rev, once, n })
    setTimeout(() => {
      if (one.busy !== n) return
      Object.assign(one, { busy: 0, refused: "There is no answer yet. Your text is kept: send it again." })
      part.draw()
    }, PATIENCE)
    part.draw()
  }

  part.line ??= listen(part)
  for (const { name, ...desk } of data.kinds) {
    if (texts[name])
      for (const words of answered(texts[name], desk)) {
        if (words.sent) part.sent()
        part.line.tell({ kind: name, ...words })
      }
    else {
      texts[name] = begin(desk, remembered(store, name))
      if (texts[name].dirty && !texts[name].other) ask(name, texts[name])
    }
    if (came(texts[name], desk.filled)) {
      Object.assign(texts[name], { dirty: true, once: token() })
      ask(name, texts[name])
    }
    copy(store, name, texts[name])
  }
  part.kind ??= (data.kinds.find(({ name }) => texts[name].typed.body) ?? data.kinds[0]).name
  part.draw()
  part.granting ??= granting(() => opened(part, data.number), () => !part.form.isConnected)
  // leaving the page must not lose the last half second
  return () => part.left()
}

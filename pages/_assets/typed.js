// What is typed in one kind of text, against what the desk has of it and other tabs have written.
//
// `base` names what the desk had when it was last seen here (its `rev`); `dirty`: the desk has less
// than this tab; `other`: what another tab wrote instead; `once` goes with the text, so that it is
// taken once however often it is sent; `busy` and `asked` number what waits for an answer.

const FIELDS = ["body", "way", "at", "subject"]

const plain = from => Object.fromEntries(FIELDS.map(name => [name, from[name] ?? ""]))
const same = (one, other) => FIELDS.every(name => (one[name] ?? "") === (other[name] ?? ""))

export const token = () => Array.from(crypto.getRandomValues(new Uint32Array(3)), n => n.toString(36)).join("")

// the template that was chosen, the question for it, what came and waits for a yes, what it lacks
const nothing = () => ({ id: "", n: 0, offer: null, missing: [] })

// as the desk has it, or as this browser kept it before the desk did
export const begin = ({ value }, copy) => {
  const text = {
    typed: plain(value), base: value.rev, dirty: false, other: null, once: token(), busy: 0, asked: 0,
    said: "", refused: "", template: nothing(),
  }
  if (!copy || same(copy, value)) return text
  Object.assign(text, { typed: plain(copy), dirty: true, once: copy.once })
  if (value.rev && copy.base !== value.rev) text.other = plain(value)
  return text
}

// what was empty here before is a draft again, or was begun elsewhere: it says itself that it is kept
const moved = ({ base }, rev) => {
  if (!rev) return "Sent or removed in another tab"
  return base ? "Changed in another tab" : ""
}

// the desk has `theirs` now: taken over where nothing is lost by it, else both are shown
const differs = (text, theirs, rev) => {
  if (rev === text.base) return
  if (same(theirs, text.typed)) text.dirty = false
  else if (text.dirty && rev) text.other = theirs
  else if (!text.dirty)
    Object.assign(text, { typed: theirs, once: token(), said: moved(text, rev) })
  text.base = rev
}

// what the desk answered; returns what other tabs should hear
export const answered = (text, { value, kept, clash, sent, refused }) => {
  const theirs = plain(value)
  if (text.busy && sent === text.busy) {
    Object.assign(text, { busy: 0, asked: 0, refused })
    if (!refused) {
      const words = { sent: text.typed }
      Object.assign(text, { typed: theirs, base: value.rev, dirty: false, once: token(), template: nothing() })
      return [words]
    }
  }
  const heard = text.asked && kept === text.asked
  if (heard) text.asked = 0
  const mine = heard && !clash
  if (mine) {
    text.base = value.rev
    if (same(theirs, text.typed)) text.dirty = false
  }
  differs(text, theirs, value.rev)
  return mine ? [{ kept: theirs, rev: value.rev }] : []
}

// what another tab of this browser did; whether it shows here
export const another = (text, { sent, kept, rev }) => {
  if (text.busy) return false
  if (kept) differs(text, kept, rev)
  else if (!text.dirty || same(sent, text.typed))
    Object.assign(text, { typed: plain({}), base: "", dirty: false, once: token(), said: text.typed.body ? "Sent in another tab" : "" })
  return true
}

export const choose = (text, id) => Object.assign(text, { template: { ...nothing(), id, n: Date.now() }, refused: "" })

// the template that was asked for: put in where nothing is lost by it; whether it was
export const came = (text, filled) => {
  const { template } = text
  if (!filled || filled.n !== template.n) return false
  template.n = 0
  if (filled.refused) Object.assign(text, { template: nothing(), refused: filled.refused })
  else if (text.typed.body.trim()) template.offer = filled
  else return put(text, filled)
  return false
}

export const put = (text, { subject, body, missing }) => {
  Object.assign(text.template, { offer: null, missing })
  text.typed = { ...text.typed, body, subject: subject || text.typed.subject }
  return true
}

export const declined = text => (text.template = nothing())

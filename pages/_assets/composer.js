// A text that is being written: kept half a second after the last key, and whole when it is sent.
// A rerun of the page never touches what is being typed; only another `data.mark` begins anew.
import { make } from "./texts.js"

const PAUSE = 500
const open = new WeakMap()

export default function ({ data, parentElement, setStateValue, setTriggerValue }) {
  let part = open.get(parentElement)
  if (!part || !parentElement.contains(part.form)) {
    const form = make("form", "composer")
    const label = make("label", "", data.label)
    const text = make("textarea")
    const foot = make("div", "foot")
    const send = make("button", "", data.button)
    const kept = make("span", "kept", "")
    kept.setAttribute("aria-live", "polite")
    label.append(text)
    foot.append(send, kept)
    form.append(label, foot)
    parentElement.append(form)
    part = { form, text, send, kept, mark: null, timer: 0 }
    open.set(parentElement, part)
  }
  const { form, text, send, kept } = part
  if (part.mark !== data.mark) {
    part.mark = data.mark
    text.value = data.value
    kept.textContent = data.value ? "Draft kept" : ""
  }
  text.placeholder = data.placeholder
  text.rows = data.rows
  text.maxLength = data.longest
  send.textContent = data.button
  const keep = () => {
    clearTimeout(part.timer)
    part.timer = 0
    setStateValue("text", { mark: part.mark, body: text.value })
    kept.textContent = text.value.trim() ? "Draft kept" : ""
  }
  text.oninput = () => {
    kept.textContent = ""
    clearTimeout(part.timer)
    part.timer = setTimeout(keep, PAUSE)
  }
  text.onblur = () => part.timer && keep()
  const sent = event => {
    event.preventDefault()
    clearTimeout(part.timer)
    part.timer = 0
    setTriggerValue("sent", { mark: part.mark, body: text.value, at: Date.now() })
  }
  form.onsubmit = sent
  text.onkeydown = event => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) sent(event)
  }
  // leaving the page must not lose the last half second
  return () => part.timer && keep()
}

// A day and a button: Enter does what the button does.
import { make } from "./texts.js"

export default function ({ data, parentElement, setTriggerValue }) {
  if (parentElement.querySelector(".day")) return // a day that is being typed stays
  const form = make("form", "day")
  const label = make("label", "", data.label)
  const day = make("input")
  day.type = "date"
  day.min = data.first
  day.required = true
  label.append(day)
  const button = make("button", "", data.button)
  button.type = "submit"
  form.append(label, button)
  form.onsubmit = event => {
    event.preventDefault()
    setTriggerValue("picked", day.value)
  }
  parentElement.append(form)
}

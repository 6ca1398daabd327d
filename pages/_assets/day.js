// A day with a time, and a button: Enter does what the button does.
import { make } from "./texts.js"

// a popover hangs outside of what knows whether it is dark: the field's own icon would stay black
const scheme = () => getComputedStyle(document.querySelector("[data-testid=stApp]") ?? document.body).colorScheme

export default function ({ data, parentElement, setTriggerValue }) {
  const there = parentElement.querySelector(".day")
  if (there) return void (there.style.colorScheme = scheme()) // what is being typed stays
  const form = make("form", "day")
  const label = make("label", "", data.label)
  const day = make("input")
  day.type = "datetime-local"
  Object.assign(day, { min: data.first, max: data.last, value: data.value })
  day.required = true
  label.append(day)
  const button = make("button", "", data.button)
  button.type = "submit"
  form.append(label, button)
  form.style.colorScheme = scheme()
  form.onsubmit = event => {
    event.preventDefault()
    setTriggerValue("picked", day.value)
  }
  parentElement.append(form)
}

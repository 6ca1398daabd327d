// What the last act came to. The region is there before it speaks, so that it is read out.
import { isolated, make } from "./texts.js"

const button = (label, name, act) => {
  const one = make("button", name, label)
  one.type = "button"
  one.onclick = () => act(name)
  return one
}

export default function ({ data, parentElement, setTriggerValue }) {
  let box = parentElement.querySelector(".notice")
  if (!box) {
    box = make("div", "notice")
    for (const role of ["status", "alert"]) {
      const region = make("span", role)
      region.setAttribute("role", role)
      box.append(region)
    }
    parentElement.append(box)
  }
  const act = name => {
    box.hidden = true
    setTriggerValue("act", name)
  }
  const [said, refused] = box.querySelectorAll("[role]")
  said.replaceChildren(...(data.words ? [isolated("", data.words)] : []))
  refused.replaceChildren(...(data.refused ? [isolated("", data.refused)] : []))
  for (const old of box.querySelectorAll("button")) old.remove()
  if (data.undo) box.append(button("Undo", "undo", act))
  box.append(button("Close", "close", act))
  box.classList.toggle("refused", Boolean(data.refused))
  box.classList.toggle("silent", !data.words && !data.refused)
  box.hidden = false
}

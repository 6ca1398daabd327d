// Links in our own HTML (st.html) are followed as links of the desk itself, without loading it anew.
import { backTo, follow } from "./texts.js"

const clicked = event => {
  const link = event.target.closest?.("a.ld-to")
  if (link) follow(event, link)
}

export default function () {
  document.addEventListener("click", clicked) // the same function is never added twice
  backTo()
}

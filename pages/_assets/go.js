// Go to another page of the desk as a link does.
import { travel } from "./texts.js"

let gone = null

export default function ({ data }) {
  if (gone === data.trip) return
  gone = data.trip
  travel(data.href)
}

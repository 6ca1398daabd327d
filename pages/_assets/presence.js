// Who else has which case open: said on the document, for whoever shows a case.
import { tell } from "./here.js"

export default function ({ data }) {
  tell(data.cases)
}

// Go to another page of the desk as a link does. Streamlit's own switch leaves a half-way entry in
// the browser's history (the old page with the new filter), so that Back leads astray; this is
// what Back and Forward themselves do, and leaves one entry.

let gone = null

export default function ({ data }) {
  if (gone === data.trip) return
  gone = data.trip
  history.pushState({}, "", data.href)
  dispatchEvent(new PopStateEvent("popstate"))
}

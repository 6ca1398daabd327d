// Links in our own HTML (st.html) are followed as links of the desk itself: without loading it
// anew, and with one entry in the history (see go.js).

const follow = event => {
  const link = event.target.closest?.("a.ld-to")
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  event.preventDefault()
  history.pushState({}, "", link.href)
  dispatchEvent(new PopStateEvent("popstate"))
}

export default function () {
  document.addEventListener("click", follow) // the same function is never added twice
}

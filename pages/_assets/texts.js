// What our components share: elements whose texts are text nodes, whatever somebody typed.

export const make = (tag, css, text) => {
  const element = document.createElement(tag)
  if (css) element.className = css
  if (text !== undefined) element.textContent = text
  return element
}

// customer text: it cannot turn around what stands beside it
export const isolated = (css, text) => make("bdi", css, text)

// To another page of the desk, as Back and Forward go: with one entry in the history. Streamlit's
// own switch leaves a half-way entry (the old page with the new filter), so that Back leads astray.
export const travel = href => {
  history.pushState({}, "", href)
  dispatchEvent(new PopStateEvent("popstate"))
}

// follow a link of the desk itself, unless it is to open elsewhere
export const follow = (event, link = event.currentTarget) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  event.preventDefault()
  travel(link.href)
}

// `text`, as a link where there is an `href`
export const linked = (css, text, href) => {
  if (!href) return isolated(css, text)
  const link = make("a", css)
  link.append(isolated("", text))
  link.href = href
  link.onclick = event => follow(event)
  return link
}

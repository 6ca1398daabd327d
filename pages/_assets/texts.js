// What our components share: elements whose texts are text nodes, whatever somebody typed.

export const make = (tag, css, text) => {
  const element = document.createElement(tag)
  if (css) element.className = css
  if (text !== undefined) element.textContent = text
  return element
}

// customer text: it cannot turn around what stands beside it
export const isolated = (css, text) => make("bdi", css, text)

// a link of the desk itself is followed as Back and Forward are: one entry in the history (go.js)
const follow = event => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return
  event.preventDefault()
  history.pushState({}, "", event.currentTarget.href)
  dispatchEvent(new PopStateEvent("popstate"))
}

// `text`, as a link where there is an `href`
export const linked = (css, text, href) => {
  if (!href) return isolated(css, text)
  const link = make("a", css)
  link.append(isolated("", text))
  link.href = href
  link.onclick = follow
  return link
}

// What our components share: elements whose texts are text nodes, whatever somebody typed, and the
// way from page to page and back.

export const make = (tag, css, text) => {
  const element = document.createElement(tag)
  if (css) element.className = css
  if (text !== undefined) element.textContent = text
  return element
}

// a table with its caption and the words above its columns; a column of actions has none
export const headed = (label, words) => {
  const table = make("table")
  table.append(make("caption", "", label))
  const head = make("tr")
  for (const word of words) {
    const th = make("th", "", word)
    th.scope = "col"
    if (!word) th.append(make("span", "unseen", "Actions"))
    head.append(th)
  }
  const thead = make("thead")
  thead.append(head)
  table.append(thead)
  return table
}

// customer text: it cannot turn around what stands beside it
export const isolated = (css, text) => make("bdi", css, text)

// what scrolls is Streamlit's main part, not the window
export const scroller = () => document.querySelector("[data-testid=stMain]")

// To another page of the desk, as Back and Forward go: with one entry in the history. Streamlit's
// own switch leaves a half-way entry (the old page with the new filter), so that Back leads astray.
export const travel = href => {
  history.replaceState({ ...history.state, top: scroller()?.scrollTop }, "")
  history.pushState({}, "", href)
  dispatchEvent(new PopStateEvent("popstate"))
}

// Back at what was left by `travel`: to where the reader was, while the page grows to what it was,
// and no longer once the reader moves.
export const backTo = () => {
  const { top, ...others } = history.state ?? {}
  if (!top) return
  history.replaceState(others, "")
  let until = Date.now() + 3000
  for (const name of ["wheel", "touchstart", "keydown", "pointerdown"])
    addEventListener(name, () => (until = 0), { once: true, passive: true })
  const go = () => {
    if (Date.now() > until) return
    const main = scroller()
    if (main && Math.abs(main.scrollTop - top) > 1) main.scrollTop = top
    requestAnimationFrame(go)
  }
  go()
}

// another page of a list is read from its top
export const toTop = list => list.getBoundingClientRect().top < 0 && list.scrollIntoView()

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

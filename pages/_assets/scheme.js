// Plotly charts keep the colours they were drawn with. When the reader turns from light to dark
// this asks for a new drawing; Streamlit calls it again whenever the theme changes.

let asked = null

export default function ({ data, parentElement, setStateValue }) {
  requestAnimationFrame(() => {
    const host = parentElement.host ?? parentElement
    const scheme = getComputedStyle(host).colorScheme.includes("dark") ? "dark" : "light"
    if (scheme === data.drawn) asked = null
    else if (scheme !== asked) setStateValue("scheme", (asked = scheme))
  })
}

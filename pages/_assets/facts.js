// The head of a page about a person, an account or a case. Everything arrives as text and leaves
// as text nodes; earlier scores are drawn small, one mark each, with their band's shape and colour.

import { placeHere, showHere } from "./here.js"
import { isolated, linked, make } from "./texts.js"

const SVG = "http://www.w3.org/2000/svg"
const WIDTH = 240, HEIGHT = 54, EDGE = 7 // in units of the drawing

const draw = (tag, attributes, text) => {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== undefined) element.textContent = text
  return element
}

// as in the cards: a square is low, a circle in the middle, a triangle high
const MARKS = {
  low: (x, y, r) => draw("rect", { x: x - r, y: y - r, width: 2 * r, height: 2 * r }),
  middle: (x, y, r) => draw("circle", { cx: x, cy: y, r: 1.1 * r }),
  top: (x, y, r) => draw("path", { d: `M${x} ${y - 1.3 * r}l${1.3 * r} ${2.3 * r}h${-2.6 * r}z` }),
}

// what is pointed at says which score it was, and when
const mark = ({ tone, text }, x, y, r, reach) => {
  const group = draw("g", { class: `mark ${tone}` })
  group.append(draw("title", {}, text))
  group.append(draw("rect", { class: "reach", x: x - reach, y: 0, width: 2 * reach, height: HEIGHT }))
  group.append(MARKS[tone](x, y, r))
  return group
}

const spark = points => {
  const svg = draw("svg", { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" })
  const step = points.length > 1 ? (WIDTH - 2 * EDGE) / (points.length - 1) : 0
  const gap = Math.min(step, 36) // few points stand together, not a page apart
  const at = points.map((point, i) => [EDGE + i * gap, EDGE + (1 - point.height) * (HEIGHT - 2 * EDGE)])
  for (const y of [EDGE, HEIGHT - EDGE]) svg.append(draw("line", { class: "end", x1: 0, x2: WIDTH, y1: y, y2: y }))
  svg.append(draw("polyline", { class: "way", points: at.map(xy => xy.join(",")).join(" ") }))
  const r = points.length > 40 ? 1.7 : points.length > 20 ? 2.4 : 3.4
  points.forEach((point, i) => svg.append(mark(point, ...at[i], r, Math.max(gap / 2, r))))
  return svg
}

const line = ({ name, size, best, worst, first, last, points }) => {
  const now = points[points.length - 1]
  const box = make("div", "line")
  const head = make("div", "head")
  head.append(make("span", "metric", name), make("span", `latest ${now.tone}`, now.score))
  head.append(make("span", "word", now.word))
  const ends = make("div", "ends")
  ends.setAttribute("aria-hidden", "true")
  ends.append(make("span", "", best), make("span", "", worst))
  const chart = make("div", "chart")
  chart.append(ends, spark(points))
  const foot = make("div", "foot")
  foot.setAttribute("aria-hidden", "true")
  foot.append(make("span", "", first === last ? first : `${first} \u2013 ${last}`))
  if (size) foot.append(make("span", "", size))
  const told = make("ol", "told")
  for (const point of points) told.append(make("li", "", point.text))
  told.setAttribute("aria-label", `${name} scores, oldest first${size ? `, ${size}` : ""}`)
  box.append(head, chart, foot, told)
  return box
}

const chip = ({ text, tone, shape }) => {
  const box = make("span", `chip ${tone}`)
  if (shape) {
    const glyph = make("span", "shape", shape)
    glyph.setAttribute("aria-hidden", "true")
    box.append(glyph, " ")
  }
  box.append(isolated("", text))
  return box
}

const row = ({ label, value, href }) => {
  const both = make("div", "fact")
  const term = make("dt")
  term.append(isolated("", label))
  const detail = make("dd")
  detail.append(linked("", value, href))
  both.append(term, detail)
  return both
}

export default function ({ data, parentElement }) {
  const head = make("header", "facts")
  const name = make("div", "name")
  const title = make(`h${data.level}`)
  title.append(isolated("", data.title))
  name.append(title, ...data.chips.map(chip))
  head.append(name)
  if (data.subtitle.length) {
    const under = make("p", "under")
    for (const text of data.subtitle) under.append(isolated("", text))
    head.append(under)
  }
  if (data.here) {
    const who = placeHere("p", data.here)
    who.setAttribute("role", "status")
    head.append(who)
  }
  const body = make("div", "body")
  if (data.rows.length) {
    const list = make("dl")
    list.append(...data.rows.map(row))
    body.append(list)
  }
  if (data.lines.length) {
    const lines = make("div", "lines")
    lines.append(...data.lines.map(line))
    body.append(lines)
  }
  if (body.children.length) head.append(body)
  const old = parentElement.querySelector(".facts")
  old ? old.replaceWith(head) : parentElement.append(head)
  if (data.here) showHere(head)
}

// Maps over a photo, side by side. Opacity and the reading line of the curves live here, in the
// browser: moving them asks the server for nothing.

const SVG = "http://www.w3.org/2000/svg"
const PLOT = { width: 260, height: 118, left: 26, right: 6, top: 6, bottom: 26 }

// The reader's choice outlives a redraw of the component.
const chosen = { opacity: null, isGrey: true }

function make(tag, properties = {}, children = []) {
  const element = document.createElement(tag)
  Object.assign(element, properties)
  element.append(...children)
  return element
}

function makeSvg(tag, attributes = {}, text = null) {
  const element = document.createElementNS(SVG, tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  if (text !== null) element.textContent = text
  return element
}

const toX = (share) => PLOT.left + share * (PLOT.width - PLOT.left - PLOT.right)
const toY = (probability) => PLOT.top + (1 - probability) * (PLOT.height - PLOT.top - PLOT.bottom)

function drawLine(points, name) {
  return makeSvg("polyline", {
    class: name,
    points: points.map(([x, y]) => `${toX(x)},${toY(y)}`).join(" "),
  })
}

function readAt(points, share) {
  const next = points.findIndex(([x]) => x >= share)
  if (next <= 0) return points[0][1]
  const [x0, y0] = points[next - 1]
  const [x1, y1] = points[next]
  return y0 + ((y1 - y0) * (share - x0)) / (x1 - x0 || 1)
}

function drawCurves(curves) {
  const svg = makeSvg("svg", {
    class: "plot",
    viewBox: `0 0 ${PLOT.width} ${PLOT.height}`,
    role: "img",
    "aria-label": curves.description,
  })
  svg.append(
    makeSvg("path", { class: "axis", d: `M${toX(0)},${toY(1)} V${toY(0)} H${toX(1)}` }),
    makeSvg("text", { x: toX(0) - 4, y: toY(1) + 7, "text-anchor": "end" }, "100%"),
    makeSvg("text", { x: toX(0) - 4, y: toY(0), "text-anchor": "end" }, "0"),
  )
  for (const points of curves.random) svg.append(drawLine(points, "random"))
  svg.append(drawLine(curves.insertion, "insertion"), drawLine(curves.deletion, "deletion"))
  const reading = makeSvg("text", { x: toX(0), y: PLOT.height - 14 })
  const reading2 = makeSvg("text", { x: toX(0), y: PLOT.height - 3 })
  const cursor = makeSvg("line", { class: "cursor", y1: toY(0), y2: toY(1) })
  const rest = () => {
    cursor.style.visibility = "hidden"
    reading.textContent = "— most important pixels shown first"
    reading2.textContent = "- - most important pixels removed first"
  }
  svg.append(cursor, reading, reading2)
  svg.onpointermove = (event) => {
    const box = svg.getBoundingClientRect()
    const x = ((event.clientX - box.left) / box.width) * PLOT.width
    const share = Math.min(1, Math.max(0, (x - toX(0)) / (toX(1) - toX(0))))
    const percent = (value) => `${Math.round(100 * value)}%`
    cursor.setAttribute("x1", toX(share))
    cursor.setAttribute("x2", toX(share))
    cursor.style.visibility = "visible"
    reading.textContent = `— ${percent(share)} shown: probability ${percent(readAt(curves.insertion, share))}`
    reading2.textContent = `- - ${percent(share)} removed: probability ${percent(readAt(curves.deletion, share))}`
  }
  svg.onpointerleave = rest
  rest()
  return svg
}

function drawCard(card, photo) {
  const stack = make("div", { className: "stack" }, [
    make("img", { className: "photo", src: photo, alt: "" }),
    make("img", { className: "map", src: card.overlay, alt: card.alt }),
  ])
  const title = make("h4", {}, [card.title, make("small", { textContent: card.kind })])
  const parts = [title, stack]
  if (card.verdict === null) {
    parts.push(make("div", { className: "waiting", textContent: "Being tested …" }))
  } else {
    parts.push(make("div", { className: `verdict ${card.verdict.level}`, textContent: card.verdict.text }))
    parts.push(drawCurves(card.curves))
    const facts = make("dl", { className: "facts" })
    for (const [name, value, help] of card.facts) {
      facts.append(make("dt", { textContent: name, title: help }), make("dd", { textContent: value }))
    }
    parts.push(facts)
  }
  return make("article", { className: "card" }, parts)
}

function drawBar(root, data) {
  const slider = make("input", { type: "range", min: 0, max: 100, step: 1 })
  slider.value = Math.round(100 * (chosen.opacity ?? data.opacity))
  const number = make("output")
  const grey = make("input", { type: "checkbox", checked: chosen.isGrey })
  const apply = () => {
    chosen.opacity = slider.value / 100
    chosen.isGrey = grey.checked
    root.style.setProperty("--opacity", chosen.opacity)
    root.style.setProperty("--grey", chosen.isGrey ? 1 : 0)
    number.textContent = `${slider.value}%`
  }
  slider.oninput = apply
  grey.onchange = apply
  apply()
  const scales = data.scales.map(({ gradient, low, high }) => {
    const strip = make("i")
    strip.style.background = gradient
    return make("span", { className: "scale" }, [low, strip, high])
  })
  return make("div", { className: "bar" }, [
    make("label", {}, ["Opacity of the maps", slider, number]),
    make("label", {}, [grey, "Photo in grey"]),
    ...scales,
  ])
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const grid = make("div", { className: "grid" }, data.cards.map((card) => drawCard(card, data.photo)))
  root.replaceChildren(drawBar(root, data), grid)
}

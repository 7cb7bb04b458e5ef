// One neuron, opened: inputs times weights, plus a bias, through an activation. The sums are made
// here, so a slider moves the numbers at once; when it is let go, the link is told.

const SVG = "http://www.w3.org/2000/svg"
const NAMES = ["input x₁", "input x₂", "weight w₁", "weight w₂", "bias b"]
const LABELS = { relu: "ReLU", sigmoid: "Sigmoid", tanh: "tanh" }
const APPLY = {
  relu: (z) => Math.max(0, z),
  sigmoid: (z) => 1 / (1 + Math.exp(-z)),
  tanh: Math.tanh,
}

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

const show = (value, digits = 2) => value.toFixed(digits).replace("-", "−")

export function fire([x1, x2, w1, w2, bias], activation) {
  const products = [x1 * w1, x2 * w2]
  const total = products[0] + products[1] + bias
  return { products, total, output: APPLY[activation](total) }
}

function drawEdge(svg, x1, y1, x2, y2, value, text) {
  const sign = value < 0 ? "below" : "above"
  svg.append(
    makeSvg("line", { x1, y1, x2, y2, class: `edge ${sign}`, "stroke-width": 1 + 2 * Math.min(3, Math.abs(value)) }),
  )
  if (value < 0) svg.lastChild.setAttribute("stroke-dasharray", "7 4")
  svg.append(makeSvg("text", { x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 10, class: "number" }, text))
}

function drawUnit(svg, x, y, lines, name = "unit") {
  svg.append(makeSvg("circle", { cx: x, cy: y, r: 30, class: name }))
  lines.forEach((line, i) =>
    svg.append(makeSvg("text", { x, y: y + 4 + (i - (lines.length - 1) / 2) * 15, class: "number" }, line)),
  )
}

// The activation's curve with a dot where the sum is: which part of it this neuron uses.
function drawCurve(svg, left, top, activation, total, output) {
  const [width, height, span] = [130, 90, 4]
  const high = activation === "relu" ? 4 : 1.1
  const low = activation === "tanh" ? -1.1 : activation === "relu" ? -0.4 : -0.1
  const toX = (z) => left + ((Math.max(-span, Math.min(span, z)) + span) / (2 * span)) * width
  const toY = (a) => top + ((high - Math.min(high, a)) / (high - low)) * height
  const points = Array.from({ length: 81 }, (_, i) => -span + i / 10)
  svg.append(
    makeSvg("path", { class: "axis", d: `M${left},${toY(0)}h${width}M${toX(0)},${top}v${height}` }),
    makeSvg("polyline", { class: "curve", points: points.map((z) => `${toX(z)},${toY(APPLY[activation](z))}`).join(" ") }),
    makeSvg("circle", { class: "dot", cx: toX(total), cy: toY(output), r: 5.5 }),
    makeSvg("text", { x: left + width / 2, y: top + height + 16, class: "small" }, `${LABELS[activation]}: the sum in, the output out`),
  )
}

function drawFigure(values, activation) {
  const { products, total, output } = fire(values, activation)
  const [x1, x2, w1, w2, bias] = values
  const svg = makeSvg("svg", {
    viewBox: "0 0 620 250",
    role: "img",
    "aria-label": `Sum ${show(total)}, ${LABELS[activation]}, output ${show(output, 3)}`,
  })
  drawEdge(svg, 66, 55, 270, 118, w1, `× ${show(w1)} = ${show(products[0])}`)
  drawEdge(svg, 66, 195, 270, 132, w2, `× ${show(w2)} = ${show(products[1])}`)
  drawEdge(svg, 300, 40, 300, 95, bias, "")
  svg.append(makeSvg("text", { x: 300, y: 30, class: "number" }, `bias ${show(bias)}`))
  svg.append(makeSvg("line", { x1: 330, y1: 125, x2: 400, y2: 125, class: "wire" }))
  svg.append(makeSvg("line", { x1: 542, y1: 125, x2: 560, y2: 125, class: "wire" }))
  drawUnit(svg, 40, 55, ["x₁", show(x1)])
  drawUnit(svg, 40, 195, ["x₂", show(x2)])
  drawUnit(svg, 300, 125, ["sum", show(total)], "unit body")
  drawCurve(svg, 405, 70, activation, total, output)
  drawUnit(svg, 588, 125, ["out", show(output, 3)], "unit out")
  return svg
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".neuron")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  // A rerun that brings back what was told, now or a moment ago, must neither undo what has been
  // moved since nor take the slider away from under a finger.
  const state = [...data.values, data.activation].join(",")
  const echo = (root.told ?? []).indexOf(state)
  if (echo >= 0) {
    root.told.splice(0, echo)
    return
  }
  root.told = [state]
  const values = [...data.values]
  let activation = data.activation
  const figure = make("div", { className: "figure" })
  const sentence = make("p", { className: "sum" })
  sentence.setAttribute("role", "status")
  const tell = () => {
    const now = [...values, activation].join(",")
    root.told.push(now)
    setTriggerValue("neuron", now)
  }
  const draw = () => {
    const { products, total, output } = fire(values, activation)
    figure.replaceChildren(drawFigure(values, activation))
    sentence.textContent =
      `${show(products[0])} + ${show(products[1])} + ${show(values[4])} = ${show(total)}; ` +
      `${LABELS[activation]} makes it ${show(output, 3)}.`
  }
  const sliders = NAMES.map((name, i) => {
    const slider = make("input", { type: "range", min: -data.limit, max: data.limit, step: 0.1 })
    slider.value = values[i]
    const number = make("output", { textContent: show(values[i], 1) })
    slider.oninput = () => {
      values[i] = Number(slider.value)
      number.textContent = show(values[i], 1)
      draw()
    }
    slider.onchange = tell
    return make("label", {}, [make("span", { textContent: name }), slider, number])
  })
  const buttons = Object.entries(LABELS).map(([name, label]) => {
    const button = make("button", { type: "button", textContent: label })
    button.setAttribute("aria-pressed", name === activation)
    button.onclick = () => {
      activation = name
      buttons.forEach((each) => each.setAttribute("aria-pressed", each === button))
      draw()
      tell()
    }
    return button
  })
  root.replaceChildren(
    make("div", { className: "bar" }, buttons),
    make("div", { className: "row" }, [make("div", { className: "sliders" }, sliders), figure]),
    sentence,
  )
  draw()
}

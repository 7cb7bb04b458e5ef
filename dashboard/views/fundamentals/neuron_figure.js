// One neuron, opened: inputs times weights, plus a bias, through an activation. The sums are made
// here, so a slider moves the numbers at once; when it is let go, the link is told.

import {
  ACTIVATIONS,
  createChoice,
  createFigure,
  createSlider,
  joinPoints,
  make,
  makeDrawing,
  makeStatus,
  makeSvg,
  number,
} from "../../figures/core.js"

const NAMES = ["input x₁", "input x₂", "weight w₁", "weight w₂", "bias b"]

/**
 * Return the products, their sum with the bias, and what the activation makes of it.
 * @param {number[]} values two inputs, their weights, the bias
 * @param {string} activation
 */
export function fire([x1, x2, w1, w2, bias], activation) {
  const products = [x1 * w1, x2 * w2]
  const total = products[0] + products[1] + bias
  return { products, total, output: ACTIVATIONS[activation].apply(total) }
}

/** @type {(from: number[], to: number[], value: number, text?: string) => Node[]} */
const drawEdge = ([x1, y1], [x2, y2], value, text = "") => {
  const name = `edge ${value < 0 ? "below" : "above"}`
  return [
    makeSvg("line", { x1, y1, x2, y2, class: name, "stroke-width": 1 + 2 * Math.min(3, Math.abs(value)) }),
    makeSvg("text", { x: (x1 + x2) / 2, y: (y1 + y2) / 2 - 10, class: "number" }, [text]),
  ]
}

/** @type {(x: number, y: number, lines: string[], name?: string) => Node[]} */
const drawUnit = (x, y, lines, name = "unit") => [
  makeSvg("circle", { cx: x, cy: y, r: 30, class: name }),
  ...lines.map((line, i) => makeSvg("text", { x, y: y - 3 + i * 15, class: "number" }, [line])),
]

/**
 * Return the activation's curve with a dot where the sum is: which part of it this neuron uses.
 * @param {string} activation
 * @param {number} total
 * @param {number} output
 */
function drawCurve(activation, total, output) {
  const { label, apply } = ACTIVATIONS[activation]
  const [left, top, width, height, span] = [405, 70, 130, 90, 4]
  const high = activation === "relu" ? 4 : 1.1
  const low = activation === "tanh" ? -1.1 : activation === "relu" ? -0.4 : -0.1
  /** @param {number} z */
  const toX = (z) => left + ((Math.max(-span, Math.min(span, z)) + span) / (2 * span)) * width
  /** @param {number} a */
  const toY = (a) => top + ((high - Math.min(high, a)) / (high - low)) * height
  const places = Array.from({ length: 81 }, (_, i) => -span + i / 10)
  return [
    makeSvg("path", { class: "wire", d: `M${left},${toY(0)}h${width}M${toX(0)},${top}v${height}` }),
    makeSvg("polyline", { class: "curve", points: joinPoints(places.map((z) => [toX(z), toY(apply(z))])) }),
    makeSvg("circle", { class: "dot", cx: toX(total), cy: toY(output), r: 5.5 }),
    makeSvg("text", { x: left + width / 2, y: top + height + 16, class: "small-print" }, [
      `${label}: the sum in, the output out`,
    ]),
  ]
}

/**
 * @param {number[]} values
 * @param {string} activation
 */
function drawNeuron(values, activation) {
  const { products, total, output } = fire(values, activation)
  const [x1, x2, w1, w2, bias] = values
  const label = `Sum ${number(total)}, ${ACTIVATIONS[activation].label}, output ${number(output, 3)}`
  return makeDrawing(620, 250, label, [
    ...drawEdge([66, 55], [270, 118], w1, `× ${number(w1)} = ${number(products[0])}`),
    ...drawEdge([66, 195], [270, 132], w2, `× ${number(w2)} = ${number(products[1])}`),
    ...drawEdge([300, 40], [300, 95], bias),
    makeSvg("text", { x: 300, y: 30, class: "number" }, [`bias ${number(bias)}`]),
    makeSvg("path", { d: "M330,125H400M542,125H560", class: "wire" }),
    ...drawUnit(40, 55, ["x₁", number(x1)]),
    ...drawUnit(40, 195, ["x₂", number(x2)]),
    ...drawUnit(300, 125, ["sum", number(total)], "unit body"),
    ...drawCurve(activation, total, output),
    ...drawUnit(588, 125, ["out", number(output, 3)], "unit out"),
  ])
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<{limit: number}, {neuron: string}>} scene */
  ({ data, state, tell }) => {
    const parts = state.neuron.split(",")
    let activation = parts[NAMES.length]
    const values = parts.slice(0, NAMES.length).map(Number)
    const figure = make("div", { className: "drawing" })
    const sentence = makeStatus("what sum")
    const draw = () => {
      state.neuron = [...values, activation].join(",")
      const { products, total, output } = fire(values, activation)
      figure.replaceChildren(drawNeuron(values, activation))
      sentence.textContent =
        `${number(products[0])} + ${number(products[1])} + ${number(values[4])} = ${number(total)}; ` +
        `${ACTIVATIONS[activation].label} makes it ${number(output, 3)}.`
    }
    const sliders = NAMES.map((label, i) => {
      const slider = createSlider({
        label,
        min: -data.limit,
        max: data.limit,
        step: 0.1,
        describe: (value) => number(value, 1),
        show: (value) => {
          values[i] = value
          draw()
        },
        rest: tell,
      })
      slider.move(values[i])
      return slider.element
    })
    const names = Object.keys(ACTIVATIONS)
    const choice = createChoice(
      names.map((name) => ACTIVATIONS[name].label),
      (index) => {
        activation = names[index]
        choice.press(index)
        draw()
        tell()
      },
    )
    choice.press(names.indexOf(activation))
    draw()
    return [
      make("div", { className: "bar" }, choice.buttons),
      make("div", { className: "row" }, [make("div", { className: "sliders" }, sliders), figure]),
      sentence,
    ]
  },
)

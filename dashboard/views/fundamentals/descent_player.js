// Gradient descent, blindfolded on a mountain. The walk was made on the server; it is scrubbed here.
// A click on the map asks the server for a walk from there.

import {
  createChart,
  createFigure,
  createPlayer,
  decodeBytes,
  joinPoints,
  make,
  makeDrawing,
  makeStatus,
  makeSvg,
  numberOfAnySize,
} from "../../figures/core.js"

/**
 * @typedef {object} Walk
 * @property {number[][]} domain the ends of both axes
 * @property {string[]} axes
 * @property {string} label
 * @property {number} resolution
 * @property {string} heights bytes, (resolution, resolution), lowest y first
 * @property {number[][]} path
 * @property {number[]} values
 * @property {number[][]} gradients
 * @property {string} verdict
 * @property {string} kind
 * @property {{point: number[], is_global: boolean}[]} minima
 * @typedef {{step: number, is_blind: boolean, x: number, y: number}} State x, y: where it starts
 */

const SIDE = 400
const SIGHT = 0.045 // how far, as a share of the map, the ground is felt while blindfolded
const LEAST = 1e-6 // of a height that is drawn

// Low is dark blue, high is pale yellow (cividis: read alike with every kind of colour vision).
const RAMP = [
  [0, 34, 78],
  [53, 69, 108],
  [102, 105, 112],
  [148, 142, 119],
  [200, 184, 102],
  [254, 232, 56],
]

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Walk} data
 * @param {(x: number, y: number) => boolean} isSeen at shares of the map
 */
function paintHeights(canvas, { resolution: n, heights }, isSeen) {
  const bytes = decodeBytes(heights)
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const image = pen.createImageData(n, n)
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++) {
      // Steps of 16 instead of a smooth ramp: their borders are contour lines.
      const share = ((Math.floor(bytes[row * n + column] / 16) + 0.5) / 16) * (RAMP.length - 1)
      const [from, to] = [RAMP[Math.floor(share)], RAMP[Math.min(RAMP.length - 1, Math.ceil(share))]]
      const color = from.map((each, c) => each + (share % 1) * (to[c] - each))
      const alpha = isSeen(column / (n - 1), 1 - row / (n - 1)) ? 255 : 0
      image.data.set([...color, alpha], 4 * ((n - 1 - row) * n + column))
    }
  pen.putImageData(image, 0, 0)
}

/** @param {Walk} data */
function drawHeight({ values }) {
  const held = values.map((value) => Math.max(value, LEAST))
  const [low, high] = [Math.min(...held), Math.max(...held)]
  const [first, last] = [values[0], values[values.length - 1]].map(numberOfAnySize)
  return createChart({
    label: `Height by step, from ${first} to ${last}`,
    caption: `steps, 0 to ${values.length - 1}`,
    low,
    high,
    ticks: [low, high],
    scale: Math.log10,
    write: (value) => numberOfAnySize(value ?? 0),
    lines: [{ title: "height (logarithmic)", values }],
  })
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Walk, State>} scene */
  ({ data, state, tell }) => {
    const last = data.path.length - 1
    const [[x0, x1], [y0, y1]] = data.domain
    /** @param {number[]} point */
    const toShare = ([x, y]) => [(x - x0) / (x1 - x0), (y1 - y) / (y1 - y0)]
    /** @param {number[]} point */
    const toMap = (point) => toShare(point).map((share) => share * SIDE)
    const canvas = make("canvas", { width: data.resolution, height: data.resolution })
    const map = makeDrawing(SIDE, SIDE, `Map of ${data.label}; the walk: ${data.verdict}`)
    const blind = make("input", { type: "checkbox", checked: state.is_blind })
    const verdict = make("p")
    const what = makeStatus()
    const curve = drawHeight(data)

    const paint = () => {
      const felt = data.path.slice(0, state.step + 1).map(toShare)
      /** @type {(x: number, y: number) => boolean} */
      const isFelt = (x, y) => felt.some(([fx, fy]) => (fx - x) ** 2 + (fy - y) ** 2 < SIGHT ** 2)
      paintHeights(canvas, data, state.is_blind ? isFelt : () => true)
    }
    const drawMinima = () =>
      data.minima.flatMap(({ point, is_global }) => {
        const [x, y] = toMap(point)
        const name = data.minima.length > 1 ? (is_global ? "global" : "local") : ""
        return [
          makeSvg("text", { x, y: y + 5, class: "tag" }, ["✕"]),
          makeSvg("text", { x, y: y + 21, class: "tag" }, [name]),
        ]
      })
    const draw = () => {
      const { step } = state
      const walked = data.path.slice(0, step + 1).map(toMap)
      const points = joinPoints(walked)
      const [x, y] = walked[step]
      const [gx, gy] = data.gradients[step]
      const length = Math.hypot(gx, gy)
      const [x2, y2] = length > 1e-9 ? [x - (26 * gx) / length, y + (26 * gy) / length] : [x, y]
      map.replaceChildren(
        ...(state.is_blind ? [] : drawMinima()),
        makeSvg("polyline", { class: "halo", points }),
        makeSvg("polyline", { class: "path", points }),
        ...walked.map(([cx, cy]) => makeSvg("circle", { cx, cy, r: 2, class: "step" })),
        makeSvg("circle", { cx: walked[0][0], cy: walked[0][1], r: 6, class: "begin" }),
        makeSvg("line", { x1: x, y1: y, x2, y2, class: "slope" }),
        makeSvg("circle", { cx: x, cy: y, r: 7, class: "walker" }),
      )
      curve.move(step)
      const [right, up] = data.path[step].map(numberOfAnySize)
      what.textContent =
        `At ${data.axes[0]} ${right}, ${data.axes[1]} ${up}: height ${numberOfAnySize(data.values[step])}, ` +
        `slope underfoot ${numberOfAnySize(length)}.`
      verdict.textContent = step === last ? data.verdict : "Still walking …"
      const end = data.kind === "GLOBAL_MINIMUM" ? "good" : "poor"
      verdict.className = step === last ? `verdict ${end}` : "verdict"
    }
    const player = createPlayer({
      label: "Step of the walk",
      max: last,
      describe: (step) => `step ${step} of ${last}`,
      show: (step) => {
        state.step = step
        if (state.is_blind) paint()
        draw()
      },
      rest: tell,
    })
    blind.onchange = () => {
      state.is_blind = blind.checked
      paint()
      draw()
      tell()
    }
    map.onclick = (event) => {
      const box = map.getBoundingClientRect()
      const right = (event.clientX - box.left) / box.width
      const down = (event.clientY - box.top) / box.height
      state.x = Math.round(100 * (x0 + right * (x1 - x0))) / 100
      state.y = Math.round(100 * (y1 - down * (y1 - y0))) / 100
      tell()
    }
    paint()
    player.go(state.step)
    player.bar.append(make("label", {}, [blind, "Blindfold"]))
    const help =
      `Dark is low, yellow is high; across: ${data.axes[0]} ${x0} to ${x1}, up: ${data.axes[1]} ${y0} to ${y1}. ` +
      "Click the map to start elsewhere."
    return [
      player.element,
      make("div", { className: "row" }, [
        make("div", { className: "map" }, [canvas, map]),
        make("div", { className: "side" }, [curve.element, verdict, what, make("p", { className: "note" }, [help])]),
      ]),
    ]
  },
)

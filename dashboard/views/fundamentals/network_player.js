// A small network learning, step by step. Every step has four phases: forward, loss, backward,
// update. Weights and the gradients of all points come as frames; the passes of the one point that
// is opened are made here, by the formulas of dashboard/learning/mlp.py.

import {
  ACTIVATIONS,
  createChart,
  createChoice,
  createFigure,
  createPlayer,
  make,
  makeButton,
  makeDrawing,
  makeStatus,
  makeSvg,
  number,
  percent,
  readColor,
} from "../../figures/core.js"

/**
 * @typedef {{w: number[], g: number[], loss: number, test_loss: number, accuracy: number}} Frame
 * @typedef {object} Training
 * @property {number[]} sizes units a layer
 * @property {string} activation
 * @property {number} rate
 * @property {number[][]} points
 * @property {number[]} labels
 * @property {Frame[]} frames
 * @typedef {{step: number, phase: number, point: number}} State
 * @typedef {object} Edge
 * @property {number} l from this layer
 * @property {number} i from this unit
 * @property {number} j to this unit of the next layer
 * @property {number} value
 * @property {string} text
 * @property {string} sentence
 */

const PHASES = ["1 Forward", "2 Loss", "3 Backward", "4 Update"]
const [FORWARD, LOSS, BACKWARD, UPDATE] = [0, 1, 2, 3]
const EXTENT = 1.2
const CELLS = 56
const LAYOUT = { width: 660, height: 400, margin: 46 }

/** @param {number} value a small gradient is not zero: more digits where they are needed */
const fine = (value) => number(value, value !== 0 && Math.abs(value) < 0.01 ? 4 : 3)

/**
 * Return where an edge's number lies in a frame: all weights first, layer by layer, then all biases.
 * @param {number[]} sizes
 */
export function createIndex(sizes) {
  const starts = [0]
  for (let l = 0; l + 1 < sizes.length; l++) starts.push(starts[l] + sizes[l] * sizes[l + 1])
  const biases = [starts.at(-1) ?? 0]
  for (const size of sizes.slice(1)) biases.push(biases[biases.length - 1] + size)
  return {
    /** @type {(l: number, i: number, j: number) => number} */
    weight: (l, i, j) => starts[l] + i * sizes[l + 1] + j,
    /** @type {(l: number, j: number) => number} */
    bias: (l, j) => biases[l] + j,
  }
}

/**
 * Return what every unit sums up and passes on, for one point.
 * @param {number[]} w
 * @param {Pick<Training, "sizes" | "activation">} network
 * @param {number[]} point
 */
export function pass(w, { sizes, activation }, point) {
  const index = createIndex(sizes)
  const activations = [point]
  const sums = []
  for (let l = 0; l + 1 < sizes.length; l++) {
    const z = Array.from({ length: sizes[l + 1] }, (_, j) =>
      activations[l].reduce((sum, a, i) => sum + a * w[index.weight(l, i, j)], w[index.bias(l, j)]),
    )
    sums.push(z)
    activations.push(z.map(ACTIVATIONS[l + 2 === sizes.length ? "sigmoid" : activation].apply))
  }
  return { sums, activations, probability: activations[sums.length][0] }
}

/**
 * Return the blame of every unit, last layer first made: delta = (blame sent back) * slope.
 * @param {number[]} w
 * @param {Pick<Training, "sizes" | "activation">} network
 * @param {{sums: number[][], probability: number}} passed
 * @param {number} label
 */
export function passBack(w, { sizes, activation }, { sums, probability }, label) {
  const index = createIndex(sizes)
  const deltas = [[probability - label]]
  for (let l = sizes.length - 2; l > 0; l--) {
    const next = deltas[0]
    /** @type {(i: number) => number} */
    const collect = (i) => next.reduce((sum, d, j) => sum + d * w[index.weight(l, i, j)], 0)
    deltas.unshift(sums[l - 1].map((z, i) => collect(i) * ACTIVATIONS[activation].slope(z)))
  }
  return deltas
}

/**
 * Return -log of the probability of the label; it overflows nowhere.
 * @param {number} logit
 * @param {number} label
 */
export function computeLoss(logit, label) {
  const z = label === 1 ? -logit : logit
  return Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z)))
}

/**
 * @param {HTMLCanvasElement} canvas
 * @param {Training} data
 * @param {number[]} w
 * @param {number[][]} colors of class 0 and class 1
 */
function paintSurface(canvas, data, w, [zero, one]) {
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"))
  const image = pen.createImageData(CELLS, CELLS)
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++) {
      const point = [EXTENT * ((2 * column + 1) / CELLS - 1), -EXTENT * ((2 * row + 1) / CELLS - 1)]
      const p = pass(w, data, point).probability
      const [side, share] = p < 0.5 ? [zero, 1 - 2 * p] : [one, 2 * p - 1]
      const color = side.map((each) => 255 - 0.75 * share * (255 - each))
      image.data.set([...color, 255], 4 * (row * CELLS + column))
    }
  pen.putImageData(image, 0, 0)
}

/**
 * Return what a phase writes on edges and units, and under the network.
 * @param {Training} data
 * @param {State} state
 */
function describe(data, { step, phase, point }) {
  const { sizes, frames, rate, points } = data
  const { w, g, loss: mean } = frames[step]
  const index = createIndex(sizes)
  const { sums, activations, probability: p } = pass(w, data, points[point])
  const label = data.labels[point]
  const deltas = passBack(w, data, { sums, probability: p }, label)
  /** @type {(l: number, i: number, j: number) => Edge} */
  const describeEdge = (l, i, j) => {
    const at = index.weight(l, i, j)
    const [weight, a, delta, slope] = [w[at], activations[l][i], deltas[l][j], g[at]]
    const [share, next] = [a * delta, weight - rate * slope]
    /** @type {[number, string, string][]} */
    const phases = [
      [a * weight, number(weight), `Carries ${number(a)} × weight ${number(weight)} = ${number(a * weight)}.`],
      [a * weight, number(a * weight), `Carried ${number(a * weight)}.`],
      [
        share,
        fine(share),
        `Came in ${fine(a)} × blame ${fine(delta)} = ${fine(share)}, this point's share; ` +
          `mean over all ${points.length} points ${fine(slope)}.`,
      ],
      [
        next - weight,
        `${next < weight ? "" : "+"}${fine(next - weight)}`,
        `${number(weight, 4)} − ${rate} × ${number(slope, 4)} = ${number(next, 4)}.`,
      ],
    ]
    const [value, text, sentence] = phases[phase]
    return { l, i, j, value, text, sentence }
  }
  /** @type {(l: number, i: number) => string[]} what stands in a unit, and under it */
  const describeUnit = (l, i) => {
    const passed = number(activations[l][i])
    if (l === 0) return [passed, `x${i + 1}`]
    const bias = index.bias(l - 1, i)
    if (phase === BACKWARD) return [fine(deltas[l - 1][i]), "blame"]
    if (phase === UPDATE) return [number(w[bias] - rate * g[bias]), "new bias"]
    return [passed, phase === FORWARD ? `bias ${number(w[bias])}` : ""]
  }
  const layers = sizes.map((count, l) => Array.from({ length: count }, (_, i) => describeUnit(l, i)))
  const edges = sizes
    .slice(1)
    .flatMap((count, l) =>
      Array.from({ length: sizes[l] * count }, (_, k) => describeEdge(l, Math.floor(k / count), k % count)),
    )
  const loss = computeLoss(sums[sums.length - 1][0], label)
  const sentence = [
    "Forward: on each edge its weight; thick is a large product, orange positive, blue and dashed negative. " +
      `In each circle what the unit passes on. The network answers ${number(p, 3)} for this point.`,
    `Loss: the point is of class ${label}, the answer is ${number(p, 3)}: −log ${number(label ? p : 1 - p, 3)} = ` +
      `${number(loss, 3)}. Mean over all ${points.length} points: ${number(mean, 3)}.`,
    `Backward: the error ${number(p - label, 3)} runs back along the same edges. On each edge what its weight ` +
      "contributed, input × blame: the slope of this point's loss.",
    "Update: on each edge how far its weight moves, against its slope averaged over all points: " +
      `w ← w − ${rate} × slope. In the circles the new biases.`,
  ][phase]
  return { edges, layers, sentence }
}

/**
 * @param {ReturnType<typeof describe>} scene
 * @param {State} state
 * @param {(sentence: string | null) => void} say
 */
function drawNetwork({ edges, layers }, { step, phase }, say) {
  /** @type {(l: number, i: number) => [number, number]} */
  const place = (l, i) => [
    LAYOUT.margin + (l / (layers.length - 1)) * (LAYOUT.width - 2 * LAYOUT.margin),
    18 + ((i + 0.5) / layers[l].length) * (LAYOUT.height - 36),
  ]
  const strongest = Math.max(...edges.map(({ value }) => Math.abs(value)), 1e-9)
  const label = `The network, step ${step}, phase ${PHASES[phase].slice(2).toLowerCase()}`
  const drawing = makeDrawing(LAYOUT.width, LAYOUT.height, label)
  const texts = []
  for (const { l, i, j, value, text, sentence } of edges) {
    const [[x1, y1], [x2, y2]] = [place(l, i), place(l + 1, j)]
    const isFaint = phase === LOSS && l + 2 < layers.length
    const name = `edge ${value < 0 ? "below" : "above"}${isFaint ? " faint" : ""}`
    const hit = makeSvg("line", { x1, y1, x2, y2, class: "hit" }, [makeSvg("title", {}, [sentence])])
    hit.onpointerenter = () => say(sentence)
    hit.onpointerleave = () => say(null)
    drawing.append(
      makeSvg("line", { x1, y1, x2, y2, class: name, "stroke-width": 1 + 5 * (Math.abs(value) / strongest) }),
      hit,
    )
    // Near the unit they leave, where edges are still apart; every other unit's further out.
    const share = i % 2 === 0 ? 0.26 : 0.47
    const [x, y] = [x1 + share * (x2 - x1), y1 + share * (y2 - y1) + 4]
    if (!isFaint) texts.push(makeSvg("text", { x, y, class: "number", "pointer-events": "none" }, [text]))
  }
  drawing.append(...texts)
  layers.forEach((layer, l) => {
    layer.forEach(([text, caption], i) => {
      const [x, y] = place(l, i)
      drawing.append(
        makeSvg("circle", { cx: x, cy: y, r: 24, class: "unit" }),
        makeSvg("text", { x, y: y + 4, class: "number inside" }, [text]),
        makeSvg("text", { x, y: y + 37, class: "small-print" }, [caption]),
      )
    })
  })
  return drawing
}

/** @param {Training} data class 0 is a disc, class 1 a square: told apart without colour too */
const drawPoints = ({ points, labels }) =>
  points.map(([x, y], i) =>
    labels[i] === 1
      ? makeSvg("rect", { x: x - 0.04, y: -y - 0.04, width: 0.08, height: 0.08, class: "point one" })
      : makeSvg("circle", { cx: x, cy: -y, r: 0.045, class: "point zero" }),
  )

/** @param {Training} data */
function drawLoss({ frames, points }) {
  const [first, last] = [frames[0], frames[frames.length - 1]]
  return createChart({
    label: `Mean loss from ${number(first.loss)} at the start to ${number(last.loss)} at the end`,
    caption: "steps",
    low: 0,
    high: Math.max(...frames.slice(0, 60).flatMap(({ loss, test_loss }) => [loss, test_loss]), 0.1),
    lines: [
      { title: `loss on these ${points.length} points`, values: frames.map(({ loss }) => loss) },
      { title: "on 200 others", values: frames.map(({ test_loss }) => test_loss) },
    ],
  })
}

export default createFigure(
  /** @param {import("../../figures/core.js").Scene<Training, State>} scene */
  ({ root, data, state, tell }) => {
    const last = data.frames.length - 1
    const colors = [readColor(root, "blue"), readColor(root, "orange")]
    const net = make("div", { className: "net" })
    const canvas = make("canvas", { width: CELLS, height: CELLS })
    const ring = makeSvg("circle", { r: 0.09, class: "ring" })
    const points = makeDrawing(2 * EXTENT, 2 * EXTENT, "The points and the network's answer over the plane", [
      ...drawPoints(data),
      ring,
    ])
    points.setAttribute("viewBox", `${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`)
    const loss = drawLoss(data)
    const score = make("h5")
    const what = makeStatus()

    const draw = () => {
      const { w, loss: mean, accuracy } = data.frames[state.step]
      const scene = describe(data, state)
      /** @param {string | null} text */
      const say = (text) => {
        what.textContent = text ?? scene.sentence
      }
      net.replaceChildren(drawNetwork(scene, state, say))
      say(null)
      paintSurface(canvas, data, w, colors)
      const [x, y] = data.points[state.point]
      ring.setAttribute("cx", String(x))
      ring.setAttribute("cy", String(-y))
      score.textContent = `Loss ${number(mean, 3)} · right on new points: ${percent(accuracy)}`
      loss.move(state.step)
      phases.press(state.phase)
    }
    const player = createPlayer({
      label: "Step of the training",
      max: last,
      describe: (step) => `step ${step} of ${last}`,
      show: (step) => {
        state.step = step
        draw()
      },
      rest: tell,
    })
    /** @param {Partial<State>} change */
    const go = (change) => {
      player.halt()
      Object.assign(state, change)
      player.go(state.step)
      tell()
    }
    const phases = createChoice(PHASES, (phase) => go({ phase }))
    const advance = makeButton("Next phase", () => {
      if (state.phase < UPDATE) go({ phase: state.phase + 1 })
      else if (state.step < last) go({ phase: FORWARD, step: state.step + 1 })
    })
    const another = makeButton("Another point", () => go({ point: (state.point + 1) % data.points.length }))
    points.onclick = (event) => {
      const box = points.getBoundingClientRect()
      const x = EXTENT * ((2 * (event.clientX - box.left)) / box.width - 1)
      const y = EXTENT * ((2 * (event.clientY - box.top)) / box.height - 1)
      const far = data.points.map(([px, py]) => (px - x) ** 2 + (py + y) ** 2)
      go({ point: far.indexOf(Math.min(...far)) })
    }
    player.go(state.step)
    const hint = make("h5", { textContent: "■ class 1, ● class 0. Click a point to open it (ringed)." })
    return [
      player.element,
      make("div", { className: "bar" }, [...phases.buttons, advance, another]),
      make("div", { className: "row" }, [
        make("div", { className: "left" }, [net, what]),
        make("div", { className: "side" }, [
          score,
          make("div", { className: "plane" }, [canvas, points]),
          hint,
          loss.element,
        ]),
      ]),
    ]
  },
)

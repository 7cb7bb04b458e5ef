// A small network learning, step by step. Every step has four phases: forward, loss, backward,
// update. Weights and the gradients of all points come as frames; the passes of the one point that
// is opened are made here, by the formulas of dashboard/learning/mlp.py.

const SVG = "http://www.w3.org/2000/svg"
const PHASES = ["forward", "loss", "backward", "update"]
const LABELS = ["1 Forward", "2 Loss", "3 Backward", "4 Update"]
const EXTENT = 1.2
const CELLS = 56
const APPLY = { relu: (z) => Math.max(0, z), sigmoid: (z) => 1 / (1 + Math.exp(-z)), tanh: Math.tanh }
const SLOPE = {
  relu: (z) => (z > 0 ? 1 : 0),
  sigmoid: (z) => APPLY.sigmoid(z) * (1 - APPLY.sigmoid(z)),
  tanh: (z) => 1 - Math.tanh(z) ** 2,
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
// A small gradient is not zero: more digits where they are needed.
const fine = (value) => (value !== 0 && Math.abs(value) < 0.01 ? show(value, 4) : show(value, 3))

// Where an edge's number lies in a frame: all weights first, layer by layer, then all biases.
function createIndex(sizes) {
  const starts = [0]
  for (let l = 0; l + 1 < sizes.length; l++) starts.push(starts[l] + sizes[l] * sizes[l + 1])
  let at = starts[sizes.length - 1]
  const biases = sizes.slice(1).map((n) => (at += n) - n)
  return {
    weight: (l, i, j) => starts[l] + i * sizes[l + 1] + j,
    bias: (l, j) => biases[l] + j,
  }
}

export function pass(w, index, sizes, activation, point) {
  const activations = [point]
  const sums = []
  for (let l = 0; l + 1 < sizes.length; l++) {
    const z = Array.from({ length: sizes[l + 1] }, (_, j) =>
      activations[l].reduce((sum, a, i) => sum + a * w[index.weight(l, i, j)], w[index.bias(l, j)]),
    )
    sums.push(z)
    const isLast = l + 2 === sizes.length
    activations.push(z.map(isLast ? APPLY.sigmoid : APPLY[activation]))
  }
  return { sums, activations, probability: activations.at(-1)[0] }
}

// The blame of every unit, last layer first: delta = (blame sent back) * slope.
export function passBack(w, index, sizes, activation, { sums, probability }, label) {
  const deltas = [[probability - label]]
  for (let l = sizes.length - 2; l > 0; l--) {
    const next = deltas[0]
    deltas.unshift(
      sums[l - 1].map(
        (z, i) => next.reduce((sum, d, j) => sum + d * w[index.weight(l, i, j)], 0) * SLOPE[activation](z),
      ),
    )
  }
  return deltas
}

function computeLoss(logit, label) {
  const z = label === 1 ? -logit : logit
  return Math.max(0, z) + Math.log1p(Math.exp(-Math.abs(z))) // overflows nowhere
}

const toRgb = (hex) => [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16))

function paintSurface(canvas, data, index, w) {
  const pen = canvas.getContext("2d")
  const image = pen.createImageData(CELLS, CELLS)
  const [zero, one] = [toRgb(data.colors.zero), toRgb(data.colors.one)]
  for (let row = 0; row < CELLS; row++)
    for (let column = 0; column < CELLS; column++) {
      const x = EXTENT * ((2 * column + 1) / CELLS - 1)
      const y = -EXTENT * ((2 * row + 1) / CELLS - 1)
      const p = pass(w, index, data.sizes, data.activation, [x, y]).probability
      const [side, share] = p < 0.5 ? [zero, 1 - 2 * p] : [one, 2 * p - 1]
      const at = 4 * (row * CELLS + column)
      for (let c = 0; c < 3; c++) image.data[at + c] = 255 - 0.75 * share * (255 - side[c])
      image.data[at + 3] = 255
    }
  pen.putImageData(image, 0, 0)
}

const LAYOUT = { width: 660, height: 400, left: 46, right: 46 }

function place(sizes, l, i) {
  const x = LAYOUT.left + (l / (sizes.length - 1)) * (LAYOUT.width - LAYOUT.left - LAYOUT.right)
  return [x, 18 + ((i + 0.5) / sizes[l]) * (LAYOUT.height - 36)]
}

function drawNetwork(data, index, state) {
  const { sizes } = data
  const svg = makeSvg("svg", { viewBox: `0 0 ${LAYOUT.width} ${LAYOUT.height}`, role: "img" })
  const phase = PHASES[state.phase]
  svg.setAttribute("aria-label", `The network, step ${state.step}, phase ${phase}`)
  const labels = []
  const strongest = Math.max(...state.edges.map((edge) => Math.abs(edge.value)), 1e-9)
  for (const edge of state.edges) {
    const [x1, y1] = place(sizes, edge.l, edge.i)
    const [x2, y2] = place(sizes, edge.l + 1, edge.j)
    const sign = edge.value < 0 ? "below" : "above"
    const isFaint = phase === "loss" && edge.l + 2 < sizes.length
    const width = 1 + 5 * (Math.abs(edge.value) / strongest)
    svg.append(makeSvg("line", { x1, y1, x2, y2, class: `edge ${sign}${isFaint ? " faint" : ""}`, "stroke-width": width }))
    const hit = makeSvg("line", { x1, y1, x2, y2, class: "hit" })
    hit.append(makeSvg("title", {}, edge.sentence))
    hit.onpointerenter = () => state.say(edge.sentence)
    hit.onpointerleave = () => state.say(null)
    svg.append(hit)
    // Near the unit they leave, where edges are still apart; every other unit's further out.
    const share = edge.i % 2 === 0 ? 0.26 : 0.47
    if (!isFaint) labels.push(makeSvg("text", { x: x1 + share * (x2 - x1), y: y1 + share * (y2 - y1) + 4, class: "number", "pointer-events": "none" }, edge.text))
  }
  svg.append(...labels)
  for (let l = 0; l < sizes.length; l++)
    for (let i = 0; i < sizes[l]; i++) {
      const [x, y] = place(sizes, l, i)
      svg.append(makeSvg("circle", { cx: x, cy: y, r: 24, class: "unit" }))
      svg.append(makeSvg("text", { x, y: y + 4, class: "number unitText" }, state.units[l][i]))
      const caption = state.captions[l][i]
      if (caption) svg.append(makeSvg("text", { x, y: y + 37, class: "small" }, caption))
    }
  return svg
}

// What each phase writes on edges and units.
function describe(data, index, step, phase, chosen) {
  const { sizes, frames, rate } = data
  const { w, g } = frames[step]
  const passed = pass(w, index, sizes, data.activation, data.points[chosen])
  const label = data.labels[chosen]
  const deltas = passBack(w, index, sizes, data.activation, passed, label)
  const edges = []
  for (let l = 0; l + 1 < sizes.length; l++)
    for (let i = 0; i < sizes[l]; i++)
      for (let j = 0; j < sizes[l + 1]; j++) {
        const at = index.weight(l, i, j)
        const [weight, a] = [w[at], passed.activations[l][i]]
        const share = a * deltas[l][j]
        const next = weight - rate * g[at]
        edges.push({ l, i, j, ...{
          forward: { value: a * weight, text: show(weight), sentence: `Carries ${show(a)} × weight ${show(weight)} = ${show(a * weight)}.` },
          loss: { value: a * weight, text: show(a * weight), sentence: `Carried ${show(a * weight)}.` },
          backward: { value: share, text: fine(share), sentence: `Came in ${fine(a)} × blame ${fine(deltas[l][j])} = ${fine(share)}, this point's share; mean over all ${data.points.length} points ${fine(g[at])}.` },
          update: { value: -rate * g[at], text: `${next < weight ? "" : "+"}${fine(next - weight)}`, sentence: `${show(weight, 4)} − ${rate} × ${show(g[at], 4)} = ${show(next, 4)}.` },
        }[phase] })
      }
  const units = sizes.map((n, l) => Array.from({ length: n }, (_, i) => {
    if (phase === "backward") return l === 0 ? show(passed.activations[0][i]) : fine(deltas[l - 1][i])
    if (phase === "update" && l > 0) return show(w[index.bias(l - 1, i)] - rate * g[index.bias(l - 1, i)])
    return show(passed.activations[l][i])
  }))
  const captions = sizes.map((n, l) => Array.from({ length: n }, (_, i) => {
    if (l === 0) return `x${i + 1}`
    if (phase === "backward") return "blame"
    if (phase === "update") return "new bias"
    return phase === "forward" ? `bias ${show(w[index.bias(l - 1, i)])}` : ""
  }))
  return { edges, units, captions, passed, label, loss: computeLoss(passed.sums.at(-1)[0], label) }
}

function tellPhase(data, step, phase, scene) {
  const p = scene.passed.probability
  const frame = data.frames[step]
  return {
    forward: `Forward: on each edge its weight; thick is a large product, orange positive, blue and dashed negative. In each circle what the unit passes on. The network answers ${show(p, 3)} for this point.`,
    loss: `Loss: the point is of class ${scene.label}, the answer is ${show(p, 3)}: −log ${show(scene.label ? p : 1 - p, 3)} = ${show(scene.loss, 3)}. Mean over all ${data.points.length} points: ${show(frame.loss, 3)}.`,
    backward: `Backward: the error ${show(p - scene.label, 3)} runs back along the same edges. On each edge what its weight contributed, input × blame: the slope of this point's loss.`,
    update: `Update: on each edge how far its weight moves, against its slope averaged over all points: w ← w − ${data.rate} × slope. In the circles the new biases.`,
  }[phase]
}

function drawLoss(data) {
  const { frames } = data
  const [width, height, left, bottom] = [300, 110, 30, 18]
  const top = Math.max(...frames.slice(0, 60).flatMap((f) => [f.loss, f.test_loss]), 0.1)
  const toX = (i) => left + (i / Math.max(1, frames.length - 1)) * (width - left - 4)
  const toY = (v) => 6 + (1 - Math.min(1, v / top)) * (height - 6 - bottom)
  const svg = makeSvg("svg", { class: "loss", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Mean loss from ${frames[0].loss} at the start to ${frames.at(-1).loss} at the end` })
  const line = (key) => frames.map((f, i) => `${toX(i)},${toY(f[key])}`).join(" ")
  const cursor = makeSvg("line", { class: "cursor", y1: 6, y2: height - bottom })
  svg.append(
    makeSvg("path", { class: "axis", d: `M${left},6V${height - bottom}H${width - 4}` }),
    makeSvg("text", { x: 2, y: 14 }, show(top)),
    makeSvg("text", { x: 18, y: height - bottom }, "0"),
    makeSvg("polyline", { class: "train", points: line("loss") }),
    makeSvg("polyline", { class: "test", points: line("test_loss") }),
    makeSvg("text", { x: left, y: height - 4 }, "— loss on these points   - - on 200 others"),
    cursor,
  )
  return { svg, move: (i) => { cursor.setAttribute("x1", toX(i)); cursor.setAttribute("x2", toX(i)) } }
}

// The reader's place outlives a redraw of the component.
const kept = { step: 0, phase: 0, chosen: 0 }

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".player")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const index = createIndex(data.sizes)
  const last = data.frames.length - 1
  kept.step = Math.min(kept.step, last)
  let timer = null
  const net = make("div", { className: "net" })
  const canvas = make("canvas", { width: CELLS, height: CELLS })
  const points = makeSvg("svg", { viewBox: `${-EXTENT} ${-EXTENT} ${2 * EXTENT} ${2 * EXTENT}`, role: "img", "aria-label": "The points and the network's answer over the plane" })
  data.points.forEach(([x, y], i) => {
    const isOne = data.labels[i] === 1
    // Class 0 is a disc, class 1 a square: told apart without colour too.
    const mark = isOne
      ? makeSvg("rect", { x: x - 0.04, y: -y - 0.04, width: 0.08, height: 0.08, class: "point one" })
      : makeSvg("circle", { cx: x, cy: -y, r: 0.045, class: "point zero" })
    points.append(mark)
  })
  const ring = makeSvg("circle", { r: 0.09, class: "ring" })
  points.append(ring)
  points.onclick = (event) => {
    const box = points.getBoundingClientRect()
    const x = EXTENT * ((2 * (event.clientX - box.left)) / box.width - 1)
    const y = -EXTENT * ((2 * (event.clientY - box.top)) / box.height - 1)
    const far = data.points.map(([px, py]) => (px - x) ** 2 + (py - y) ** 2)
    kept.chosen = far.indexOf(Math.min(...far))
    draw()
  }
  const loss = drawLoss(data)
  const what = make("p", { className: "what" })
  what.setAttribute("role", "status")
  const slider = make("input", { type: "range", min: 0, max: last, step: 1 })
  slider.setAttribute("aria-label", "Step of the training")
  const number = make("output")
  const score = make("h5")

  const draw = () => {
    const { step, phase, chosen } = kept
    const scene = describe(data, index, step, PHASES[phase], chosen)
    const sentence = tellPhase(data, step, PHASES[phase], scene)
    const say = (text) => { what.textContent = text ?? sentence }
    net.replaceChildren(drawNetwork(data, index, { ...scene, step, phase, say }))
    say(null)
    paintSurface(canvas, data, index, data.frames[step].w)
    ring.setAttribute("cx", data.points[chosen][0])
    ring.setAttribute("cy", -data.points[chosen][1])
    slider.value = step
    number.textContent = `step ${step} of ${last}`
    score.textContent = `Loss ${show(data.frames[step].loss, 3)} · right on new points: ${Math.round(100 * data.frames[step].accuracy)} %`
    loss.move(step)
    buttons.forEach((button, i) => button.setAttribute("aria-pressed", i === phase))
  }
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶ Play" }
  const buttons = LABELS.map((label, i) => make("button", { type: "button", textContent: label, onclick: () => { stop(); kept.phase = i; draw() } }))
  const advance = make("button", { type: "button", textContent: "Next phase", onclick: () => {
    stop()
    if (kept.phase < 3) kept.phase += 1
    else if (kept.step < last) { kept.phase = 0; kept.step += 1 }
    draw()
  } })
  const another = make("button", { type: "button", textContent: "Another point", onclick: () => { kept.chosen = (kept.chosen + 1) % data.points.length; draw() } })
  const play = make("button", { type: "button", textContent: "▶ Play" })
  play.onclick = () => {
    if (timer !== null) return stop()
    play.textContent = "⏸ Pause"
    if (kept.step === last) kept.step = 0
    timer = setInterval(() => {
      if (!root.isConnected || kept.step === last) return stop()
      kept.step += 1
      draw()
    }, 60)
  }
  slider.oninput = () => { stop(); kept.step = Number(slider.value); draw() }
  const plane = make("div", { className: "plane" }, [canvas, points])
  const hint = make("h5", { textContent: "■ class 1, ● class 0. Click a point to open it (ringed)." })
  root.replaceChildren(
    make("div", { className: "bar" }, [play, advance, slider, number]),
    make("div", { className: "bar" }, [...buttons, another]),
    make("div", { className: "row" }, [make("div", { className: "left" }, [net, what]), make("div", { className: "side" }, [score, plane, hint, loss.svg])]),
  )
  draw()
  return () => clearInterval(timer)
}

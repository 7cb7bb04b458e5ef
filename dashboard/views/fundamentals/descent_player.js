// Gradient descent, blindfolded on a mountain. The walk was made on the server; it is scrubbed here.
// A click on the map asks the server for a walk from there.

const SVG = "http://www.w3.org/2000/svg"
const SIDE = 400
const SIGHT = 0.045 // how far, as a share of the map, the ground is felt while blindfolded

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

const show = (value, digits = 3) => {
  const size = Math.abs(value)
  const text = size >= 1e4 || (size > 0 && size < 1e-3) ? value.toExponential(1) : value.toFixed(digits)
  return text.replace("-", "−")
}

// Low is dark blue, high is pale yellow (cividis: read alike with every kind of colour vision).
const RAMP = [[0, 34, 78], [53, 69, 108], [102, 105, 112], [148, 142, 119], [200, 184, 102], [254, 232, 56]]

function paintHeights(canvas, data, isSeen) {
  const n = data.resolution
  const bytes = Uint8Array.from(atob(data.heights), (c) => c.charCodeAt(0))
  const pen = canvas.getContext("2d")
  const image = pen.createImageData(n, n)
  for (let row = 0; row < n; row++)
    for (let column = 0; column < n; column++) {
      const height = bytes[row * n + column]
      // Steps of 16 instead of a smooth ramp: their borders are contour lines.
      const share = ((Math.floor(height / 16) + 0.5) / 16) * (RAMP.length - 1)
      const [from, to] = [RAMP[Math.floor(share)], RAMP[Math.min(RAMP.length - 1, Math.ceil(share))]]
      const at = 4 * ((n - 1 - row) * n + column)
      for (let c = 0; c < 3; c++) image.data[at + c] = from[c] + (share % 1) * (to[c] - from[c])
      image.data[at + 3] = isSeen(column / (n - 1), 1 - row / (n - 1)) ? 255 : 0
    }
  pen.putImageData(image, 0, 0)
}

// The reader's choice outlives a redraw of the component.
const chosen = { isBlind: false }

function drawHeight(data) {
  const [width, height, left, bottom] = [360, 170, 48, 22]
  const shown = data.values.map((v) => Math.max(v, 1e-12))
  const [low, high] = [Math.max(Math.min(...shown), 1e-6), Math.max(...shown)]
  const toX = (i) => left + (i / Math.max(1, shown.length - 1)) * (width - left - 6)
  const log = (v) => Math.log10(Math.max(v, low))
  const toY = (v) => 8 + ((log(high) - log(v)) / (log(high) - log(low) || 1)) * (height - 8 - bottom)
  const svg = makeSvg("svg", { viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Height by step, from ${show(data.values[0])} to ${show(data.values.at(-1))}` })
  const cursor = makeSvg("line", { class: "cursor", y1: 8, y2: height - bottom })
  svg.append(
    makeSvg("path", { class: "axis", d: `M${left},8V${height - bottom}H${width - 6}` }),
    makeSvg("text", { x: left - 4, y: 16, "text-anchor": "end" }, show(high, 2)),
    makeSvg("text", { x: left - 4, y: height - bottom, "text-anchor": "end" }, show(low, 2)),
    makeSvg("text", { x: (left + width) / 2, y: height - 6, "text-anchor": "middle" }, `steps, 0 to ${shown.length - 1}`),
    makeSvg("polyline", { class: "line", points: shown.map((v, i) => `${toX(i)},${toY(v)}`).join(" ") }),
    cursor,
  )
  return { svg, move: (i) => { cursor.setAttribute("x1", toX(i)); cursor.setAttribute("x2", toX(i)) } }
}

export default function ({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".player")
  for (const [name, color] of Object.entries(data.colors)) root.style.setProperty(`--${name}`, color)
  const last = data.path.length - 1
  let at = last
  let timer = null
  const [[x0, x1], [y0, y1]] = data.domain
  const toShare = ([x, y]) => [(x - x0) / (x1 - x0), (y1 - y) / (y1 - y0)]
  const toMap = (point) => toShare(point).map((share) => share * SIDE)
  const canvas = make("canvas", { width: data.resolution, height: data.resolution })
  const svg = makeSvg("svg", { viewBox: `0 0 ${SIDE} ${SIDE}`, role: "img" })
  svg.setAttribute("aria-label", `Map of ${data.label}; the walk: ${data.verdict}`)
  svg.onclick = (event) => {
    const box = svg.getBoundingClientRect()
    const [right, down] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
    setTriggerValue("start", [x0 + right * (x1 - x0), y1 - down * (y1 - y0)])
  }
  const slider = make("input", { type: "range", min: 0, max: last, step: 1 })
  slider.setAttribute("aria-label", "Step of the walk")
  const number = make("output")
  const play = make("button", { type: "button", textContent: "▶ Play" })
  const blind = make("input", { type: "checkbox", checked: chosen.isBlind })
  const verdict = make("p", { className: "verdict" })
  const what = make("p", { className: "what" })
  what.setAttribute("role", "status")
  const curve = drawHeight(data)

  const paint = () => {
    const felt = data.path.slice(0, at + 1).map(toShare)
    const isSeen = (x, y) => felt.some(([fx, fy]) => (fx - x) ** 2 + (fy - y) ** 2 < SIGHT ** 2)
    paintHeights(canvas, data, chosen.isBlind ? isSeen : () => true)
  }
  const draw = () => {
    const walked = data.path.slice(0, at + 1).map(toMap)
    const line = walked.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`).join(" ")
    const [x, y] = walked[at]
    const [gx, gy] = data.gradients[at]
    const length = Math.hypot(gx, gy)
    svg.replaceChildren()
    if (!chosen.isBlind)
      for (const { point, is_global } of data.minima) {
        const [mx, my] = toMap(point)
        svg.append(makeSvg("text", { x: mx, y: my + 5, class: "tag" }, "✕"))
        if (data.minima.length > 1) svg.append(makeSvg("text", { x: mx, y: my + 21, class: "tag" }, is_global ? "global" : "local"))
      }
    svg.append(makeSvg("polyline", { class: "halo", points: line }), makeSvg("polyline", { class: "path", points: line }))
    for (const [px, py] of walked) svg.append(makeSvg("circle", { cx: px, cy: py, r: 2, class: "step" }))
    svg.append(makeSvg("circle", { cx: walked[0][0], cy: walked[0][1], r: 6, class: "begin" }))
    if (length > 1e-9) svg.append(makeSvg("line", { x1: x, y1: y, x2: x - (26 * gx) / length, y2: y + (26 * gy) / length, class: "slope" }))
    svg.append(makeSvg("circle", { cx: x, cy: y, r: 7, class: "walker" }))
    if (chosen.isBlind) paint()
    slider.value = at
    number.textContent = `step ${at} of ${last}`
    curve.move(at)
    what.textContent = `At ${data.axes[0]} ${show(data.path[at][0])}, ${data.axes[1]} ${show(data.path[at][1])}: height ${show(data.values[at])}, slope underfoot ${show(length)}.`
    verdict.textContent = at === last ? data.verdict : "Still walking …"
    verdict.className = at < last ? "verdict" : `verdict ${data.kind === "GLOBAL_MINIMUM" ? "good" : "poor"}`
  }
  const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶ Play" }
  play.onclick = () => {
    if (timer !== null) return stop()
    play.textContent = "⏸ Pause"
    if (at === last) { at = 0; draw() }
    timer = setInterval(() => {
      if (!root.isConnected || at === last) return stop()
      at += 1
      draw()
    }, Math.max(25, Math.min(160, 8000 / last)))
  }
  slider.oninput = () => { stop(); at = Number(slider.value); draw() }
  blind.onchange = () => { chosen.isBlind = blind.checked; paint(); draw() }
  root.replaceChildren(
    make("div", { className: "bar" }, [play, slider, number, make("label", {}, [blind, "Blindfold"])]),
    make("div", { className: "row" }, [
      make("div", { className: "map" }, [canvas, svg]),
      make("div", { className: "side" }, [
        make("h5", { textContent: "Height at every step (logarithmic)" }), curve.svg, verdict, what,
        make("h5", { textContent: `Dark is low, yellow is high; across: ${data.axes[0]} ${x0} to ${x1}, up: ${data.axes[1]} ${y0} to ${y1}. Click the map to start elsewhere.` }),
      ]),
    ]),
  )
  paint()
  draw()
  return () => clearInterval(timer)
}
